"""Range, direction, curvature and kinks, as sampled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backhand.functions import TABLE, Curvature, Direction

NEAR = np.linspace(-4, 4, 8001)
FAR = np.concatenate([-np.logspace(-300, 300, 301), np.logspace(-300, 300, 301)])
SLACK = 1e-9


def sampled(name: str, *xs: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(TABLE[name].value(*xs), dtype=float)


def in_domain(name: str, xs: Any) -> Any:
    entry = TABLE[name]
    return xs[(xs >= entry.domain.low) & (xs <= entry.domain.high)]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_range_holds_the_values_and_no_more(name: str) -> None:
    entry = TABLE[name]
    xs = in_domain(name, np.concatenate([NEAR, FAR, [np.pi / 2, -np.pi / 2]]))
    found = sampled(name, *([xs] * entry.arity))
    assert entry.range.low - SLACK <= found.min()
    assert found.max() <= entry.range.high + SLACK
    for end, met in ((entry.range.low, found.min()), (entry.range.high, found.max())):
        assert abs(met) > 600 if np.isinf(end) else met == pytest.approx(end, abs=1e-6)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_direction(name: str) -> None:
    entry = TABLE[name]
    xs = in_domain(name, NEAR)
    rest = [np.full_like(xs, 0.3)] * (entry.arity - 1)
    steps = np.diff(sampled(name, xs, *rest))
    rises, falls = bool((steps > SLACK).any()), bool((steps < -SLACK).any())
    assert (rises, falls) == {
        Direction.INCREASING: (True, False),
        Direction.DECREASING: (False, True),
        Direction.NEITHER: (True, True),
    }[entry.monotone]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_curvature(name: str) -> None:
    entry = TABLE[name]
    draw = np.random.default_rng(0).uniform
    low, high = max(entry.domain.low, -4), min(entry.domain.high, 4)
    left, right = draw(low, high, (entry.arity, 4000)), draw(low, high, (entry.arity, 4000))
    chord = (sampled(name, *left) + sampled(name, *right)) / 2
    gap = chord - sampled(name, *((left + right) / 2))
    above, below = bool((gap > SLACK).any()), bool((gap < -SLACK).any())
    assert (above, below) == {
        Curvature.AFFINE: (False, False),
        Curvature.CONVEX: (True, False),
        Curvature.CONCAVE: (False, True),
        Curvature.NEITHER: (True, True),
    }[entry.curvature]


def smooth(name: str, x: float) -> bool:
    """Whether the slopes from the left and from the right exist and agree, in the first argument."""
    rest = (0.4,) * (TABLE[name].arity - 1)
    at = x + sum(rest)
    slopes = [(sampled(name, at + h, *rest) - sampled(name, at, *rest)) / h for h in (-1e-6, 1e-6)]
    return bool(np.isfinite(slopes).all()) and abs(slopes[0] - slopes[1]) < 1e-3 * (
        1 + abs(slopes[0])
    )


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_kinks_are_where_the_slopes_of_both_sides_differ(name: str) -> None:
    entry = TABLE[name]
    points = in_domain(name, np.array([*np.linspace(-3, 3, 25), *entry.kinks]))
    found = {x for x in points if np.isfinite(sampled(name, x, *[0.4] * (entry.arity - 1)))}
    assert {x for x in found if not smooth(name, x)} == set(entry.kinks)
