"""A function of the table and its slope as curves: sampled, cut at kinks and poles, clipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.evaluate import evaluate
from backhand.expr import ZERO, Expr, apply, ref
from backhand.functions import Function, Interval
from backhand.graph import Graph, Quantity, Role, axes, floats

Floats: TypeAlias = NDArray[np.float64]
Real: TypeAlias = Callable[[Floats], Floats]
"""A real function on arrays, not finite where it has no value."""
Curve: TypeAlias = tuple[tuple[float, float], ...]
"""Points (x, y) from left to right, joined by lines."""

FAR = 4.0
"""A plot shows from -FAR to FAR, and of the same height as much as is needed."""
MARGIN = 0.05
"""How much more it shows above and below, as a part of that height."""
DENSITY = 16
"""Samples a unit."""
ROUNDS = 8
"""An edge is found to a 16th of the step each round."""
BESIDE = 1e-9
"""How near to a kink, or to an end of the domain, a curve ends."""


@dataclass(frozen=True, slots=True)
class Plot:
    """g and its slope g' over one window; where there is a gap, the next curve begins."""

    left: float
    right: float
    low: float
    high: float
    value: tuple[Curve, ...]
    slope: tuple[Curve, ...]


def plot(function: Function) -> Plot:
    """The curves of a function of one argument and of its derivative.

    >>> from backhand.functions import TABLE
    >>> [(round(curve[0][1]), round(curve[-1][1])) for curve in plot(TABLE["relu"]).slope]
    [(0, 0), (1, 1)]
    """
    value, slope = value_of(function), slope_of(function)
    parts = sections(function)
    seen = np.concatenate([f(xs) for f in (value, slope) for xs in parts])
    seen = seen[np.isfinite(seen)].clip(-FAR, FAR)
    low, high = seen.min(initial=0.0), seen.max(initial=0.0)
    margin = MARGIN * (high - low) or 1.0
    low, high = low - margin, high + margin
    shown = ([c for xs in parts for c in _clipped(f, xs, low, high)] for f in (value, slope))
    return Plot(*window(function.domain), float(low), float(high), *map(tuple, shown))


def value_of(function: Function) -> Real:
    """The table's own value, of its first argument where it has several, the others 0."""

    def value(xs: Floats) -> Floats:
        others = [np.zeros_like(xs)] * (function.arity - 1)
        with np.errstate(all="ignore"):
            return np.asarray(function.value(xs, *others), dtype=float)

    return value


def slope_of(function: Function) -> Real:
    """The table's own derivative by the first argument, the others 0."""
    others = [ZERO] * (function.arity - 1)
    return on_arrays(lambda z: function.partials(apply(function.name, z, *others), z, *others)[0])


def on_arrays(build: Callable[[Expr], Expr]) -> Real:
    """An expression, given its variable, as a function of arrays."""

    def real(xs: Floats) -> Floats:
        (axis,) = axes(len(xs))
        graph = Graph((Quantity(name="z", axes=(axis,), role=Role.DATA),))
        return floats(evaluate(build(ref("z", axis)), (axis,), graph, {"z": xs}))

    return real


def window(domain: Interval) -> tuple[float, float]:
    """What a plot shows from left to right: around 0 if it can, else from an end of the domain on."""
    if domain.low >= FAR:
        return domain.low, domain.low + 2 * FAR
    if domain.high <= -FAR:
        return domain.high - 2 * FAR, domain.high
    return -FAR, FAR


def sections(function: Function) -> list[Floats]:
    """Samples of the domain inside the window, apart for each stretch between the kinks."""
    domain = function.domain
    left, right = window(domain)
    ends = {domain.low, domain.high, *function.kinks}
    cuts = [left, *sorted(end for end in ends if left < end < right), right]
    return [
        np.linspace(
            a + BESIDE * (a in ends), b - BESIDE * (b in ends), max(3, round(DENSITY * (b - a)))
        )
        for a, b in pairwise(cuts)
        if domain.low <= a and b <= domain.high
    ]


def turns(f: Real, xs: Floats) -> list[float]:
    """Where f changes its sign between the samples; a value of 0 alone is no change."""
    ys = f(xs)
    kept = np.isfinite(ys) & (ys != 0)
    signed = zip(xs[kept].tolist(), np.sign(ys[kept]).tolist(), strict=True)
    return [
        _edge(lambda at, sign=sign: f(at) * sign > 0, x, beyond)
        for (x, sign), (beyond, other) in pairwise(signed)
        if sign != other
    ]


def _clipped(f: Real, xs: Floats, low: float, high: float) -> Iterator[Curve]:
    """The curve of f over the samples, cut where it leaves the window."""

    def inside(at: Floats) -> NDArray[np.bool_]:
        ys = f(at)
        return np.isfinite(ys) & (low <= ys) & (ys <= high)

    samples, within = xs.tolist(), inside(xs).tolist()
    for is_in, run in groupby(range(len(samples)), within.__getitem__):
        if not is_in:
            continue
        numbers = list(run)
        points = [samples[n] for n in numbers]
        before, after = numbers[0] - 1, numbers[-1] + 1
        if before >= 0:
            points.insert(0, _edge(inside, points[0], samples[before]))
        if after < len(samples):
            points.append(_edge(inside, points[-1], samples[after]))
        yield tuple(zip(points, f(np.array(points)).tolist(), strict=True))


def _edge(inside: Callable[[Floats], NDArray[np.bool_]], within: float, beyond: float) -> float:
    """How far one can go from `within` towards `beyond` and stay inside."""
    for _ in range(ROUNDS):
        steps = np.linspace(within, beyond, 17)
        last_in = int(np.argmin([*inside(steps)[1:-1], False]))
        within, beyond = steps[last_in : last_in + 2].tolist()
    return within
