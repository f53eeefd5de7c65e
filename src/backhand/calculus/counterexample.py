"""Two points and a weight at which the definition of convexity fails, for certain.

The search is in float64 over short numbers first; what it finds is worked out again at exact
fractions in interval arithmetic, and only what holds there is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, TypeAlias

import numpy as np

from backhand.calculus.entrywise import BITS, Array, Point, Written
from backhand.calculus.intervals import (
    exact,
    high,
    interval,
    low,
)

MAX_WORK = 5_000_000
"""Nodes times points worked out in one round of the search."""
MAX_NUMBERS = 400_000
"""Entries times points drawn in one round."""
MAX_CERTAIN = 20_000
"""Nodes times pairs of points worked out in interval arithmetic in one round."""
MAX_HESSIAN = 30
"""With more entries no Hessian is worked out by differences."""
ROUGH = 1e-7
"""A smaller gap, as a part of the values, may be rounding and isn't looked into."""
ROUNDS = (
    (-1, 0, 1),
    (-2, -1, 0, 1, 2),
    (-3, -2, -1, Fraction(-1, 2), 0, Fraction(1, 2), 1, 2, 3),
    (-20, -10, -5, -4, -1, Fraction(-1, 4), 0, Fraction(1, 8), Fraction(1, 4), 1, 4, 5, 10, 20),
)
"""The numbers tried for each entry, round by round."""
WEIGHTS = (Fraction(1, 2), Fraction(1, 4), Fraction(3, 4))
TRIALS = 2000


@dataclass(frozen=True, slots=True)
class Violation:
    """Two points, the weight of the first, the value between them and the chord's height there."""

    first: Point
    second: Point
    weight: Fraction
    left: Any
    right: Any

    @property
    def between(self) -> Point:
        """The point at which the definition fails."""
        pairs = zip(self.first, self.second, strict=True)
        return tuple(self.weight * a + (1 - self.weight) * b for a, b in pairs)


# ---- the search --------------------------------------------------------------------------------


def violations(written: Written) -> tuple[Violation | None, Violation | None]:
    """A violation of convexity and one of concavity, each None where the search finds none."""
    found: list[Violation | None] = [None, None]
    for batch in _batches(written):
        gaps = _gaps(written, batch)
        for at_place, side in enumerate((1, -1)):
            if found[at_place] is None:
                found[at_place] = _first_certain(written, batch, gaps, side)
        if None not in found:
            break
    return found[0], found[1]


Batch: TypeAlias = tuple[Array, Array, Array]
"""First points and second points, a row each, and the weights of the first."""


def draws(written: Written) -> int:
    """How many points may be tried at once: fewer of a larger quantity."""
    return min(TRIALS, MAX_WORK // len(written.nodes), MAX_NUMBERS // len(written.entries))


def choices(written: Written, round_: int) -> list[Array]:
    """The short numbers of a round for each entry."""
    known: dict[tuple[Any, Any], Array] = {}
    out: list[Array] = []
    for bound in written.bounds:
        ends = exact(low(bound)), exact(high(bound))
        if ends not in known:
            known[ends] = np.array(_numbers(*ends, round_), dtype=float)
        out.append(known[ends])
    return out


def _numbers(least: Fraction | None, most: Fraction | None, round_: int) -> list[Fraction]:
    """The numbers of a round inside a domain, or where few are, some that are.

    The ends stay out: whether they belong to the domain isn't known.
    """
    every = [Fraction(x) for x in ROUNDS[round_]]
    kept = [x for x in every if (least is None or least < x) and (most is None or x < most)]
    if least is not None and most is not None:
        parts = 2 ** (round_ + 2)
        kept += [least + (most - least) * Fraction(n, parts) for n in range(1, parts)]
    elif len(kept) < 3:
        end, way = (least, 1) if least is not None else (most or Fraction(0), -1)
        kept += [end + way * abs(x) for x in every if x]
    return list(dict.fromkeys(kept))


def _batches(written: Written) -> Iterator[Batch]:
    """Pairs of points, those of the shortest numbers first. The same seed every time."""
    rng = np.random.default_rng(0)
    count = draws(written)
    if count < 20:
        return
    for round_ in range(len(ROUNDS)):
        yield _short(choices(written, round_), len(written.moving), count, rng)
    if len(written.moving) <= MAX_HESSIAN:
        for scale in (0.5, 2.0, 8.0):
            yield _along_curvature(written, scale, rng)


def _short(columns: Sequence[Array], moving: int, count: int, rng: np.random.Generator) -> Batch:
    """Pairs of points of short numbers: every pair of one entry, random pairs of more."""
    weights = np.array(WEIGHTS, dtype=float)
    if len(columns) == 1 and len(columns[0]) ** 2 * len(weights) <= count:
        grid = np.meshgrid(columns[0], columns[0], weights, indexing="ij")
        first, second, weight = (each.ravel() for each in grid)
        return first[:, None], second[:, None], weight
    first, second = (
        np.stack([rng.choice(column, count) for column in columns], axis=1) for _ in range(2)
    )
    # Half of the pairs differ in one or two entries only: fewer numbers to read.
    kept = np.ones(first.shape, dtype=bool)
    for places in rng.integers(0, moving, (2, count)):
        kept[np.arange(count), places] = False
    kept[: count // 2] = False
    kept[:, moving:] = True
    return first, np.where(kept, first, second), rng.choice(weights, count)


def _along_curvature(written: Written, scale: float, rng: np.random.Generator) -> Batch:
    """Pairs to both sides of random points, along the directions of extreme curvature."""
    size, total = len(written.moving), len(written.entries)
    ends = np.array([[float(low(b)), float(high(b))] for b in written.bounds])
    pairs: list[tuple[Array, Array]] = []
    for _ in range(8):
        centre = np.clip(rng.normal(0, scale, total), ends[:, 0] + 0.1, ends[:, 1] - 0.1)
        hessian = _differences(written, centre, size)
        if not np.isfinite(hessian).all():
            continue
        for direction in np.linalg.eigh(hessian)[1].T[[0, -1]]:
            for length in (0.1, 0.5, 1.0, 2.0):
                step = np.concatenate([length * direction, np.zeros(total - size)])
                pairs.append((centre - step, centre + step))
    first, second = (
        # Multiples of 1/16: short enough to be read, and exact.
        np.round(16 * np.array([pair[side] for pair in pairs]).reshape(-1, total)) / 16
        for side in (0, 1)
    )
    second[:, size:] = first[:, size:]
    return first, second, np.full(len(first), 0.5)


def _differences(written: Written, centre: Array, size: int, step: float = 1e-3) -> Array:
    """The Hessian by differences."""
    moves = np.eye(size, len(centre)) * step
    pairs = [(a, b) for a in range(size) for b in range(a, size)]
    signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
    shifts = [s * moves[a] + t * moves[b] for a, b in pairs for s, t in signs]
    values = written.values(centre + np.array(shifts)).reshape(-1, 4)
    out = np.zeros((size, size))
    for (a, b), row in zip(pairs, values, strict=True):
        out[a, b] = out[b, a] = (row[0] - row[1] - row[2] + row[3]) / (4 * step**2)
    return out


def _gaps(written: Written, batch: Batch) -> tuple[Array, Array]:
    """How far the curve is above the chord, pair by pair, and the size of the values."""
    first, second, weights = batch
    between = weights[:, None] * first + (1 - weights[:, None]) * second
    left, a, b = (written.values(points) for points in (between, first, second))
    return left - (weights * a + (1 - weights) * b), np.abs(a) + np.abs(b) + np.abs(left)


def _first_certain(
    written: Written, batch: Batch, gaps: tuple[Array, Array], side: int
) -> Violation | None:
    """The shortest pair of a batch that is certain to violate the definition on that side."""
    first, second, weights = batch
    gap, scale = side * gaps[0], gaps[1]
    places = np.flatnonzero(gap > ROUGH * scale)
    lengths = _lengths(first[places]) + _lengths(second[places]) + 4 * (weights[places] != 0.5)
    # Where two pairs are as short, the wider gap is the clearer one.
    order = np.lexsort((-gap[places] / scale[places], lengths))
    for row in places[order[: max(2, min(20, MAX_CERTAIN // len(written.nodes)))]].tolist():
        points = (as_point(first[row]), as_point(second[row]))
        found = checked(written, *points, Fraction(float(weights[row])), side)
        if found is not None:
            return found
    return None


def _lengths(points: Array) -> Array:
    """How much there is to read of each point: large numbers and fractions are longer."""
    return (np.abs(points) + 2 * (points != np.round(points))).sum(axis=1)


def as_point(row: Array) -> Point:
    """A row of numbers as fractions."""
    return tuple(Fraction(float(x)) for x in row)


def checked(
    written: Written, first: Point, second: Point, weight: Fraction, side: int
) -> Violation | None:
    """The violation, if it is one for certain: of convexity for side 1, of concavity for -1."""
    trial = Violation(first, second, weight, None, None)
    if not all(map(written.allows, (first, second))):
        return None
    values = [written.certain(point) for point in (first, second)]
    left = written.certain(trial.between)
    if left is None or any(value is None for value in values):
        return None
    w = interval(weight, bits=BITS)
    right = w * values[0] + (1 - w) * values[1]
    gap = left - right if side > 0 else right - left
    return Violation(first, second, weight, left, right) if low(gap) > 0 else None


def steepest(written: Written) -> tuple[Array, Array] | None:
    """The pair of points of short numbers between which the curve is farthest from its chord."""
    best: tuple[float, Array, Array] | None = None
    for batch in islice(_batches(written), 2):
        gap, scale = _gaps(written, batch)
        part = np.nan_to_num(np.abs(gap) / (1 + scale), nan=-1.0)
        row = int(np.argmax(part))
        if part[row] >= 0 and (best is None or part[row] > best[0]):
            best = float(part[row]), batch[0][row], batch[1][row]
    return None if best is None else best[1:]
