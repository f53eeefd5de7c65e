"""The table of functions of a whole matrix that have no finite sum to stand for them.

The inverse, the determinant and its logarithm. An entry gives the value and the derivative by an
entry of the matrix, so the chain rule needs nothing else. What can be written as a sum over
entries (a trace, a norm, a quadratic form) is written so, and needs no entry here.

Source: Petersen and Pedersen, The Matrix Cookbook (2012), equations 49, 57 and 60.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.expr import Expr, image, mul
from backhand.functions import ARRAYS_AS, claim
from backhand.slots import Slot

Array: TypeAlias = NDArray[Any]
Slope: TypeAlias = Callable[[str, tuple[Slot, ...], Slot, Slot], Expr]


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrayFunction:
    """One function of a square matrix.

    `rank`: 2 where it gives a matrix, 0 for a number. `value`: on a float64 array or, exactly, on
    one of fractions. `slope`: the derivative of entry `slots` of f(X) by X[k,m], from X's name.
    """

    name: str
    aliases: tuple[str, ...]
    rank: int
    latex: str
    text: str
    value: Callable[[Array], Array]
    slope: Slope


ARRAY_FUNCTIONS: dict[str, ArrayFunction] = {}


def _define(entry: ArrayFunction) -> None:
    claim(ARRAYS_AS, entry.name, entry.aliases)
    ARRAY_FUNCTIONS[entry.name] = entry


def _inverse_entry(matrix: str, row: Slot, column: Slot) -> Expr:
    return image("inv", (matrix,), (row, column))


def _inverse(matrix: Array) -> Array:
    if matrix.dtype == object:
        determinant, inverse = _eliminated(matrix.tolist())
        return inverse if determinant else np.full(matrix.shape, np.nan)
    try:
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return np.full(matrix.shape, np.nan)


def _determinant(matrix: Array) -> Array:
    if matrix.dtype == object:
        return np.array(_eliminated(matrix.tolist())[0], dtype=object)
    return np.asarray(np.linalg.det(matrix))


def _log_determinant(matrix: Array) -> Array:
    sign, size = np.linalg.slogdet(matrix.astype(float))
    return np.asarray(size if sign > 0 else np.nan if sign else -np.inf)


def _eliminated(rows: Sequence[Sequence[Fraction]]) -> tuple[Fraction, Array]:
    """The determinant and the inverse by exact elimination; without an inverse the determinant is 0."""
    size = len(rows)
    work = [
        [*map(Fraction, row), *(Fraction(r == c) for c in range(size))]
        for r, row in enumerate(rows)
    ]
    determinant = Fraction(1)
    for at in range(size):
        pivot = next((r for r in range(at, size) if work[r][at]), None)
        if pivot is None:
            return Fraction(0), np.empty((size, size), dtype=object)
        if pivot != at:
            work[at], work[pivot] = work[pivot], work[at]
            determinant = -determinant
        lead = work[at][at]
        determinant *= lead
        work[at] = [x / lead for x in work[at]]
        for r in range(size):
            if r != at and work[r][at]:
                factor = work[r][at]
                work[r] = [x - factor * y for x, y in zip(work[r], work[at], strict=True)]
    inverse = np.empty((size, size), dtype=object)
    inverse[...] = [row[size:] for row in work]
    return determinant, inverse


_define(
    ArrayFunction(
        name="inv",
        aliases=("inverse",),
        rank=2,
        latex=r"{}^{-1}",
        text="⁻¹",
        value=_inverse,
        slope=lambda X, at, k, m: mul(-1, _inverse_entry(X, at[0], k), _inverse_entry(X, m, at[1])),
    )
)
_define(
    ArrayFunction(
        name="det",
        aliases=(),
        rank=0,
        latex=r"\det",
        text="det",
        value=_determinant,
        slope=lambda X, at, k, m: mul(image("det", (X,)), _inverse_entry(X, m, k)),
    )
)
_define(
    ArrayFunction(
        name="logdet",
        aliases=(),
        rank=0,
        latex=r"\log\det",
        text="log det",
        value=_log_determinant,
        slope=lambda X, at, k, m: _inverse_entry(X, m, k),
    )
)
