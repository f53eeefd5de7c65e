"""Verdicts on functions of known curvature: none wrong, and what they rest on holds."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import mpmath
import numpy as np
import pytest
from tests.curvature_values import ARRAYS, MP, entries, value
from tests.known_curvature import KNOWN, Known

from backhand.calculus.convexity import convexity
from backhand.functions import REALS
from backhand.working import Verdict

PAIRS = 4000


def verdict(known: Known) -> Verdict:
    return convexity(known.graph(), "f", (), known.domain)


def in_mpmath(known: Known, point: dict[str, Any]) -> Any:
    graph = known.graph()
    at = {entry: mpmath.mpf(float(x)) for entry, x in entries(graph, point).items()}
    definition = graph["f"].definition
    assert definition is not None
    return value(definition, at, MP)


def check_witness(known: Known, witness: dict[str, Any], side: int) -> None:
    """The definition fails at the points shown, worked out to 40 digits."""
    with mpmath.workdps(40):
        alpha = mpmath.mpf(witness["alpha"])
        assert 0 < alpha < 1
        x1, x2 = witness["x1"], witness["x2"]
        middle = {
            name: (float(alpha) * np.asarray(x1[name]) + (1 - float(alpha)) * np.asarray(x2[name]))
            for name in x1
        }
        for point in (x1, x2, middle):
            for name, limits in known.domain.items():
                numbers = np.asarray(point[name])
                assert (limits.low <= numbers).all()
                assert (numbers <= limits.high).all()
        left = in_mpmath(known, middle)
        right = alpha * in_mpmath(known, x1) + (1 - alpha) * in_mpmath(known, x2)
        assert side * (left - right) > 0
        assert float(left) == pytest.approx(witness["left"], rel=1e-12, abs=1e-15)
        assert float(right) == pytest.approx(witness["right"], rel=1e-12, abs=1e-15)


def sampled(known: Known, count: int, rng: np.random.Generator) -> dict[Any, Any]:
    """Random points of the domain, an array for each entry."""
    graph = known.graph()
    at: dict[Any, Any] = {}
    for quantity in graph:
        if quantity.definition is None:
            limits = known.domain.get(quantity.name, REALS)
            for entry in entries(graph, {quantity.name: np.zeros(quantity.shape)}):
                spread = rng.normal(0, 1, count) * rng.choice([0.3, 1, 4], count)
                if math.isfinite(limits.low) and math.isfinite(limits.high):
                    spread = rng.uniform(limits.low, limits.high, count)
                elif math.isfinite(limits.low):
                    spread = limits.low + abs(spread)
                elif math.isfinite(limits.high):
                    spread = limits.high - abs(spread)
                at[entry] = spread
    return at


def check_samples(known: Known, side: int) -> None:
    """No chord in a random sample lies on the wrong side of the curve."""
    rng = np.random.default_rng(1)
    definition = known.graph()["f"].definition
    assert definition is not None
    first, second = (sampled(known, PAIRS, rng) for _ in range(2))
    middle = {entry: (first[entry] + second[entry]) / 2 for entry in first}
    with np.errstate(all="ignore"):
        left, a, b = (
            np.broadcast_to(np.asarray(value(definition, at, ARRAYS), dtype=float), PAIRS)
            for at in (middle, first, second)
        )
        inside = np.isfinite(a) & np.isfinite(b)
        assert inside.sum() > 20
        slack = 1e-9 * (1 + abs(a) + abs(b))
        # A convex function is defined between any two points at which it is.
        assert np.isfinite(left[inside]).all()
        assert (side * (left - (a + b) / 2) <= slack)[inside].all()


def test_the_list_is_long_and_names_each_function_once() -> None:
    assert len(KNOWN) >= 150
    assert max(Counter(map(str, KNOWN)).values()) == 1
    assert set(Counter(k.truth for k in KNOWN)) == {"affine", "convex", "concave", "neither"}


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_no_verdict_is_wrong_and_its_grounds_hold(known: Known) -> None:
    found = verdict(known)
    assert found.verdict in (known.truth, "not decided")
    witness = dict(found.witness or {})
    assert set(witness) <= {"not convex", "not concave"}
    for key, side in (("not convex", 1), ("not concave", -1)):
        if key in witness:
            check_witness(known, witness[key], side)
    if found.verdict == "neither":
        assert len(witness) == 2
    if found.verdict in ("convex", "affine"):
        check_samples(known, 1)
    if found.verdict in ("concave", "affine"):
        check_samples(known, -1)


@pytest.mark.no_cover
def test_nine_in_ten_are_decided() -> None:
    decided = sum(verdict(known).verdict != "not decided" for known in KNOWN)
    assert decided >= 0.9 * len(KNOWN)
