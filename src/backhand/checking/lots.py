"""Other numbers of the same kind: small, of the page's own range and signs, labels kept labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from backhand.graph import Graph, Quantity, Role, Value

SMALL_WEIGHT, SMALL_DATUM = 3, 5
"""Numbers go at least this far from 0, however small those of the page are."""
MAX_DENOMINATOR = 1000

Draw = Callable[[Generator, int], NDArray[np.int64]]
"""Numerators of a quantity for a count of candidates, first axis the candidate."""


@dataclass(frozen=True, slots=True)
class Lot:
    """How other values of one quantity are drawn: numerators over one denominator."""

    name: str
    shape: tuple[int, ...]
    denominator: int
    draw: Draw

    def exact(self, numerators: NDArray[np.int64]) -> Value:
        """The values of one candidate as fractions."""
        out = np.empty(self.shape, dtype=object)
        out.ravel()[:] = [Fraction(n, self.denominator) for n in numerators.ravel().tolist()]
        return out


def lot(quantity: Quantity, value: Value, graph: Graph) -> Lot | None:
    """How a quantity's numbers may change; None for one whose numbers are no short fractions."""
    if value.dtype != object:
        return None
    denominator = lcm(*(x.denominator for x in value.ravel().tolist()))
    if denominator > MAX_DENOMINATOR:
        return None
    numbers = np.array([int(x * denominator) for x in value.ravel().tolist()])
    numerators = numbers.reshape(value.shape)
    many = quantity.name in graph.points
    if quantity.role is Role.TARGET and denominator == 1 and set(numbers) <= {-1, 0, 1}:
        draw = _labels(numerators, many)
    else:
        draw = _integers(numerators, quantity.role is Role.PARAMETER)
    return Lot(quantity.name, value.shape, denominator, draw)


def _integers(numbers: NDArray[np.int64], signed: bool) -> Draw:
    """From the page's own range; below 0 and 0 itself where the page or a weight has it."""
    small = SMALL_WEIGHT if signed else SMALL_DATUM
    top = max(int(np.abs(numbers).max()), small)
    low = -top if signed or (numbers < 0).any() else 0
    choices = np.arange(low, top + 1)
    if numbers.all():
        choices = choices[choices != 0]
    return lambda rng, count: rng.choice(choices, (count, *numbers.shape))


def _labels(numbers: NDArray[np.int64], many: bool) -> Draw:
    """Labels of a class: one of the two, one-hot, or those of several points in another order."""
    one_hot = numbers.ndim == 1 + many and set(np.unique(numbers)) == {0, 1} and numbers.size > 1
    if many:
        return lambda rng, count: np.stack([rng.permutation(numbers) for _ in range(count)])
    if one_hot and numbers.sum() == 1:
        unit = np.eye(numbers.size, dtype=np.int64)
        return lambda rng, count: unit[rng.integers(numbers.size, size=count)]
    low = -1 if (numbers < 0).any() else 0
    return lambda rng, count: rng.choice(np.array([low, 1]), (count, *numbers.shape))
