"""How entries lie in memory: rows first, so the loop that runs along a row should be innermost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from backhand.expr import Expr, Padded, Ref, postorder
from backhand.slots import Affine, Index, indices

MANY = 1_000_000
SHORT = 16
"""A loop of so few turns is written out by the compiler, and many of them run side by side."""
VECTOR = 8
"""Float32 numbers in one vector of AVX2."""
LONG = 128
"""A loop of more isn't written out, but runs in vectors."""


def innermost_last(candidates: Sequence[Index], factors: Iterable[Expr]) -> list[Index]:
    """The indices with the one last along which the entries lie side by side."""
    best = min(reversed(candidates), key=lambda index: (strides(index, factors), -extent([index])))
    return [*(i for i in candidates if i != best), best]


def strides(index: Index, factors: Iterable[Expr]) -> int:
    """How many of the entries mentioned lie apart along the index."""
    return sum(
        index in indices(node.slots[:-1])
        for factor in factors
        for node in postorder(factor)
        if isinstance(node, Ref | Padded)
    )


def extent(together: Iterable[Index]) -> int:
    """The number of turns of loops in one another; that of data points counts as many."""
    return prod(index.size if isinstance(index.upper, int) else MANY for index in together)


def always_inside(slot: Affine) -> bool:
    """Whether a position lies inside its axis whatever its indices are."""
    least = most = slot.offset
    for index, coefficient in slot.terms:
        if isinstance(index.upper, str):
            return False
        ends = (coefficient * index.lower, coefficient * index.upper)
        least, most = least + min(ends), most + max(ends)
    return slot.lower <= least and most <= slot.upper
