"""Two points and a weight at which the definition of convexity fails, for certain.

The search is in float64 over short numbers first; what it finds is worked out again at exact
fractions in interval arithmetic, and only what holds there is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice, product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.chain import at
from backhand.calculus.curvature import Setting
from backhand.calculus.forward import ancestors
from backhand.calculus.intervals import enclosure, exact, high, interval, low, written_out
from backhand.errors import LimitError
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Mul,
    Number,
    Power,
    Ref,
    number,
    postorder,
    rebuilt,
    ref,
)
from backhand.functions import TABLE
from backhand.graph import Graph

Array: TypeAlias = NDArray[np.float64]
Point: TypeAlias = tuple[Fraction, ...]
MAX_ENTRIES = 20_000
"""A graph with more entries on the way isn't searched."""
MAX_WORK = 20_000_000
"""Nodes times points worked out in one round of the search."""
ROUNDS = (
    (-1, 0, 1),
    (-2, -1, 0, 1, 2),
    (-3, -2, -1, Fraction(-1, 2), 0, Fraction(1, 2), 1, 2, 3),
    (-20, -10, -5, -4, -1, Fraction(-1, 4), 0, Fraction(1, 10), Fraction(1, 4), 1, 4, 5, 10, 20),
)
"""The numbers tried for each entry, round by round."""
WEIGHTS = (Fraction(1, 2), Fraction(1, 4), Fraction(3, 4))
TRIALS = 2000
BITS = 160
_CONSTANTS = {"pi": np.pi, "e": np.e}


@dataclass(frozen=True, eq=False)
class Written:
    """A scalar quantity as one expression in single entries: `moving` vary, `held` have no value."""

    expr: Expr
    moving: tuple[Ref, ...]
    held: tuple[Ref, ...]
    setting: Setting

    @cached_property
    def nodes(self) -> tuple[Expr, ...]:
        """Every node, arguments first."""
        return tuple(postorder(self.expr))

    @property
    def entries(self) -> tuple[Ref, ...]:
        """All entries that a point gives a number to."""
        return self.moving + self.held

    def values(self, points: Array) -> Array:
        """The quantity at each row of numbers for `entries`, NaN where it is undefined."""
        done: dict[Expr, Any] = {e: points[:, n] for n, e in enumerate(self.entries)}
        with np.errstate(all="ignore"):
            for node in self.nodes:
                if node not in done:
                    done[node] = _value(node, [done[arg] for arg in node.args])
            found = np.broadcast_to(np.asarray(done[self.expr], dtype=float), len(points))
        return np.where(np.isfinite(found), found, np.nan)

    def certain(self, point: Point) -> Any | None:
        """The quantity at one point, as a narrow interval; None where it is undefined."""
        box: dict[Expr, Any] = {
            entry: interval(x, bits=BITS) for entry, x in zip(self.entries, point, strict=True)
        }
        return enclosure(self.expr, box, BITS)


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


def in_entries(of: str, setting: Setting) -> Written:
    """A scalar quantity in single entries; `LimitError` where that is too long."""
    graph = setting.graph
    needed = {of, *ancestors(graph, of)}
    own: dict[Expr, Expr] = {}
    moving: list[Ref] = []
    held: list[Ref] = []
    for quantity in graph:
        if quantity.name not in needed:
            continue
        if len(own) + quantity.size > MAX_ENTRIES:
            raise LimitError(
                f"{of} has over {MAX_ENTRIES} entries on its way", "use a smaller model"
            )
        for slots in product(*(range(a.lower, a.lower + a.size) for a in quantity.axes)):
            entry = ref(quantity.name, *slots)
            assert isinstance(entry, Ref)
            if quantity.name in setting.by:
                moving.append(entry)
            elif quantity.definition is not None:
                own[entry] = _put_in(written_out(at(quantity, slots)), own)
            elif quantity.value is not None:
                own[entry] = number(Fraction(quantity.entry(quantity.value, slots)))
            else:
                held.append(entry)
    expr = own[ref(of, *(axis.lower for axis in graph[of].axes))]
    there = set(postorder(expr))
    return Written(
        expr,
        tuple(entry for entry in moving),
        tuple(entry for entry in held if entry in there),
        setting,
    )


def offsets(entry: Ref, graph: Graph) -> tuple[int, ...]:
    """Where an entry stands in the array of its quantity, counted from 0."""
    slots = [slot for slot in entry.slots if isinstance(slot, int)]
    return tuple(s - axis.lower for s, axis in zip(slots, graph[entry.name].axes, strict=True))


def _put_in(expr: Expr, own: Mapping[Expr, Expr]) -> Expr:
    done: dict[Expr, Expr] = {}
    for node in postorder(expr):
        new = own.get(node)
        done[node] = rebuilt(node, tuple(done[arg] for arg in node.args)) if new is None else new
    return done[expr]


def _value(node: Expr, args: Sequence[Any]) -> Any:
    match node:
        case Number(value):
            return float(value)
        case Constant(name):
            return _CONSTANTS[name]
        case Add():
            return sum(args[1:], args[0])
        case Mul():
            out = args[0]
            for arg in args[1:]:
                out = out * arg
            return out
        case Power():
            return np.power(np.asarray(args[0], dtype=float), args[1])
        case Compare(order):
            test = {">": np.greater, ">=": np.greater_equal, "=": np.equal}[order]
            return np.asarray(test(args[0], args[1])).astype(float)
        case Apply(name):
            return TABLE[name].value(*args)
        case _:
            return np.nan


# ---- the search --------------------------------------------------------------------------------


def violations(written: Written) -> tuple[Violation | None, Violation | None]:
    """A violation of convexity and one of concavity, each None where the search finds none.

    The same seed every time: the same question has the same answer.
    """
    rng = np.random.default_rng(0)
    found: list[Violation | None] = [None, None]
    for batch in _batches(written, rng):
        for at_place, side in enumerate((1, -1)):
            if found[at_place] is None:
                found[at_place] = _first_certain(written, batch, side)
        if None not in found:
            break
    return found[0], found[1]


Batch: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""First points and second points, a row each, and the weights of the first, all fractions."""


def _batches(written: Written, rng: np.random.Generator) -> Iterator[Batch]:
    count = int(min(TRIALS, MAX_WORK // max(1, len(written.nodes))))
    if count < 20:
        return
    for round_ in range(len(ROUNDS)):
        numbers = [numbers_for(entry, written.setting, round_) for entry in written.entries]
        yield _short(numbers, len(written.moving), count, rng)
    if len(written.moving) <= 30:
        yield from _along_curvature(written, rng)


def numbers_for(entry: Ref, setting: Setting, round_: int) -> list[Fraction]:
    """The numbers of a round inside the entry's domain, or where few are, some that are.

    The ends stay out: whether they belong to the domain isn't known.
    """
    bound = setting.bound(entry)
    least, most = (None, None) if bound is None else (exact(low(bound)), exact(high(bound)))
    every = [Fraction(x) for x in ROUNDS[round_]]
    kept = [x for x in every if (least is None or least < x) and (most is None or x < most)]
    if least is not None and most is not None:
        parts = 2 ** (round_ + 2)
        kept += [least + (most - least) * Fraction(n, parts) for n in range(1, parts)]
    elif len(kept) < 3:
        end, way = (least, 1) if least is not None else (most or Fraction(0), -1)
        kept += [end + way * abs(x) for x in every if x]
    return list(dict.fromkeys(kept))


def _short(
    numbers: Sequence[Sequence[Fraction]], moving: int, count: int, rng: np.random.Generator
) -> Batch:
    """Pairs of points of short numbers: every pair of one entry, random pairs of more."""
    if len(numbers) == 1 and len(numbers[0]) ** 2 * len(WEIGHTS) <= count:
        triples = list(product(numbers[0], numbers[0], WEIGHTS))
        first, second, weights = (
            np.array(each, dtype=object) for each in zip(*triples, strict=True)
        )
        return first[:, None], second[:, None], weights
    columns = [np.array(each, dtype=object) for each in numbers]
    first = np.stack([rng.choice(column, count) for column in columns], axis=1)
    second = np.stack([rng.choice(column, count) for column in columns], axis=1)
    # Half of the pairs differ in one or two entries only: fewer numbers to read.
    steps = rng.integers(0, max(1, moving), (count, 2))
    kept = np.ones((count, len(numbers)), dtype=bool)
    kept[np.arange(count), steps[:, 0]] = False
    kept[np.arange(count), steps[:, 1]] = False
    kept[: count // 2, :moving] = False
    kept[:, moving:] = True
    second = np.where(kept, first, second)
    return first, second, rng.choice(np.array(WEIGHTS, dtype=object), count)


def _along_curvature(written: Written, rng: np.random.Generator) -> Iterator[Batch]:
    """Pairs to both sides of random points, along the directions of the largest curvatures."""
    size, total = len(written.moving), len(written.entries)
    bounds = [written.setting.bound(entry) for entry in written.entries]
    ends = np.array([[float(low(b)), float(high(b))] for b in bounds if b is not None])
    for scale in (0.5, 2.0, 8.0):
        pairs: list[tuple[Array, Array]] = []
        for _ in range(8):
            centre = np.clip(rng.normal(0, scale, total), ends[:, 0] + 0.1, ends[:, 1] - 0.1)
            hessian = _differences(written, centre, size)
            if not np.isfinite(hessian).all():
                continue
            directions = np.linalg.eigh(hessian)[1]
            for direction in (directions[:, 0], directions[:, -1]):
                for length in (0.1, 0.5, 1.0, 2.0):
                    step = np.concatenate([length * direction, np.zeros(total - size)])
                    pairs.append((centre - step, centre + step))
        if pairs:
            sides = [
                np.clip(np.array(side), ends[:, 0], ends[:, 1]) for side in zip(*pairs, strict=True)
            ]
            first, second = (_fractions(side) for side in sides)
            second[:, size:] = first[:, size:]
            yield first, second, np.full(len(first), WEIGHTS[0], dtype=object)


def _differences(written: Written, centre: Array, size: int, step: float = 1e-3) -> Array:
    """The Hessian by differences."""
    moves = np.eye(size, len(centre)) * step
    pairs = [(a, b) for a in range(size) for b in range(a, size)]
    shifts = [
        s * moves[a] + t * moves[b]
        for a, b in pairs
        for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ]
    values = written.values(centre + np.array(shifts)).reshape(-1, 4)
    out = np.zeros((size, size))
    for (a, b), row in zip(pairs, values, strict=True):
        out[a, b] = out[b, a] = (row[0] - row[1] - row[2] + row[3]) / (4 * step**2)
    return out


def _fractions(rows: Array) -> NDArray[Any]:
    """Each number as a multiple of 1/16."""
    out = np.empty(rows.shape, dtype=object)
    out.ravel()[:] = [Fraction(round(16 * x), 16) for x in rows.ravel().tolist()]
    return out


def _first_certain(written: Written, batch: Batch, side: int) -> Violation | None:
    """The shortest pair of a batch that is certain to violate the definition on that side."""
    first, second, weights = batch
    between = weights[:, None] * first + (1 - weights[:, None]) * second
    left, a, b = (written.values(each.astype(float)) for each in (between, first, second))
    w = weights.astype(float)
    chord = w * a + (1 - w) * b
    gap = side * (left - chord)
    scale = np.abs(a) + np.abs(b) + np.abs(left)
    places = np.flatnonzero(gap > 1e-7 * scale)
    lengths = [_length(first[n]) + _length(second[n]) + weights[n].denominator for n in places]
    # Where two pairs are as short, the wider gap is the clearer one.
    order = sorted(
        range(len(places)), key=lambda n: (lengths[n], -gap[places[n]] / scale[places[n]])
    )
    for n in order[:20]:
        row = places[n]
        weight: Fraction = weights.tolist()[row]
        found = checked(written, tuple(first[row]), tuple(second[row]), weight, side)
        if found is not None:
            return found
    return None


def _length(point: Sequence[Fraction]) -> int:
    """How much there is to read of a point."""
    return sum(abs(x.numerator) + 3 * (x.denominator - 1) for x in point)


def checked(
    written: Written, first: Point, second: Point, weight: Fraction, side: int
) -> Violation | None:
    """The violation, if it is one for certain: of convexity for side 1, of concavity for -1."""
    values = [written.certain(point) for point in (first, second)]
    trial = Violation(first, second, weight, None, None)
    left = written.certain(trial.between)
    if left is None or None in values:
        return None
    w = interval(weight, bits=BITS)
    right = w * values[0] + (1 - w) * values[1]
    gap = left - right if side > 0 else right - left
    return Violation(first, second, weight, left, right) if low(gap) > 0 else None


def steepest(written: Written) -> tuple[Point, Point] | None:
    """The pair of points of short numbers between which the curve is farthest from its chord."""
    best: tuple[float, Point, Point] | None = None
    for first, second, _ in islice(_batches(written, np.random.default_rng(0)), 2):
        middle = (first + second) / 2
        left, a, b = (written.values(each.astype(float)) for each in (middle, first, second))
        gap = np.abs(left - (a + b) / 2) / (1 + np.abs(a) + np.abs(b))
        gap = np.where(np.isfinite(gap), gap, -1.0)
        n = int(np.argmax(gap))
        if gap[n] >= 0 and (best is None or gap[n] > best[0]):
            best = float(gap[n]), tuple(first[n]), tuple(second[n])
    return None if best is None else best[1:]
