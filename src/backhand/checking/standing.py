"""What the numbers of an answer stand for: entries of quantities, and derivatives between entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from backhand.calculus.gradient import loss_of
from backhand.calculus.layout import has_matrix
from backhand.calculus.paths import Spot, spot
from backhand.checking.chain_reading import Factor
from backhand.checking.parts import Prepared
from backhand.graph import Graph, Quantity
from backhand.matrices import turned
from backhand.notation import partial_name

T = TypeVar("T")
MAX_ENTRIES = 400
"""An answer of more numbers isn't followed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Both in the order of the answer's numbers, or empty.

    `entries`: those of a quantity, or of a derivative's array. `slopes`: derivatives between entries.
    """

    entries: tuple[Spot, ...] = ()
    slopes: tuple[Factor, ...] = ()


def standing(part: Prepared) -> Standing:
    """What the answer to a part stands for; nothing where later answers can't rest on it.

    >>> import backhand
    >>> from backhand.checking.parts import prepared
    >>> page = backhand.reading.document.worksheet(
    ...     "$$ x = [1; 2]; z = 2x; J = z_1 z_2 $$\\n\\nz?\\n% ask: value z"
    ... )
    >>> standing(next(prepared(page, None))).entries
    (Spot(name='z', slots=(1,)), Spot(name='z', slots=(2,)))
    """
    ask, wanted, graph = part.part.ask, part.part.expected, part.graph
    size = 1 if part.right is None else part.right[0].size
    if (
        wanted.kind == "chain"
        or size > MAX_ENTRIES
        or (part.right is None and wanted.kind != "formula")
    ):
        return Standing()
    match ask.verb:
        case "value":
            found = Standing(entries_of(graph, spot(ask.words[0], graph)))
        case "loss":
            found = Standing(entries_of(graph, spot(loss_of(graph), graph)))
        case "local" | "derivative" | "gradient" | "jacobian":
            found = _slopes(part)
        case _:
            return Standing()
    count = max(len(found.entries), len(found.slopes))
    return found if count == size else Standing()


def entries_of(graph: Graph, at: Spot) -> tuple[Spot, ...]:
    """The entries that are meant, in order: one, or all; none where they can't be counted."""
    if len(at.slots) == graph[at.name].rank:
        return (at,)
    return tuple(Spot(at.name, slots) for slots in _positions(graph[at.name]))


def _positions(quantity: Quantity) -> list[tuple[int, ...]]:
    count, ranges = 1, list[range]()
    for axis in quantity.axes:
        if isinstance(axis.upper, str):
            return []
        ranges.append(range(axis.lower, axis.upper + 1))
        count *= len(ranges[-1])
    return list(product(*ranges)) if count <= MAX_ENTRIES else []


def _slopes(part: Prepared) -> Standing:
    of, by, graph = part.part.expected.of, part.part.expected.by, part.graph
    if of is None or by is None:
        return Standing()
    tops, bottoms = entries_of(graph, of), entries_of(graph, by)
    if not 0 < len(tops) * len(bottoms) <= MAX_ENTRIES:
        return Standing()
    pairs = in_layout(part, list(product(tops, bottoms)))
    slopes = tuple(part.chains.plain(Factor(top, bottom)) for top, bottom in pairs)
    if part.part.ask.verb == "local":
        return Standing(slopes=slopes)
    sign = sign_of(part, of.name, by.name)
    return Standing(tuple(Spot(sign, (*top.slots, *bottom.slots)) for top, bottom in pairs), slopes)


def sign_of(part: Prepared, of: str, by: str) -> str:
    """The name of a derivative's array, the objective's second names left out."""
    return partial_name(part.chains.reader.root(of), by)


def in_layout(part: Prepared, items: Sequence[T]) -> list[T]:
    """What belongs to a derivative's entries in the order of the answer: turned where the layout says so."""
    order = np.arange(len(items))
    shape = part.right[0].shape if part.right is not None else ()
    if len(shape) == 2 and is_turned(part):
        order = order.reshape(shape[::-1]).T.ravel()
    return [items[at] for at in order.tolist()]


def is_turned(part: Prepared) -> bool:
    """Whether the part's answer is the transpose of the array of the derivative."""
    of, by = part.part.expected.of, part.part.expected.by
    if part.part.ask.verb == "gradient" or of is None or by is None:
        return False
    if not has_matrix(part.graph, of.name, by.name):
        return False
    return turned(partial_name(of.name, by.name), part.graph, part.layout)
