"""Functions of known curvature: no wrong verdict, nearly all decided, every witness a true one."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from tests.known_curvature import KNOWN, Known

import backhand
from backhand.calculus.convexity import convexity
from backhand.graph import Graph
from backhand.working import Verdict

UNDECIDED = 0.1
"""The part of the list that may stay undecided."""
VERDICTS: dict[str, str] = {}


def verdict_of(known: Known) -> Verdict:
    return convexity(known.graph(), "f", (), known.domain)


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_no_verdict_is_wrong(known: Known) -> None:
    found = verdict_of(known)
    VERDICTS[str(known)] = found.verdict
    assert found.verdict in (known.truth, "not decided")
    assert found.reason
    assert (found.witness is not None) == (found.verdict == "neither") or known.truth != "neither"
    for which in ("not convex", "not concave"):
        witness = (found.witness or {}).get(which)
        if witness is not None:
            assert_true(known.graph(), witness, which)


def test_nearly_all_are_decided() -> None:
    assert len(KNOWN) >= 150
    for known in KNOWN:
        VERDICTS.setdefault(str(known), verdict_of(known).verdict)
    undecided = [text for text, verdict in VERDICTS.items() if verdict == "not decided"]
    assert len(undecided) <= UNDECIDED * len(KNOWN), undecided


def value_at(graph: Graph, point: dict[str, Any]) -> float:
    """The function's value by NumPy, at a point given by names."""
    filled = graph.with_values(**point)
    return float(filled.forward().values["f"])


def assert_true(graph: Graph, witness: dict[str, Any], which: str) -> None:
    """The definition fails at the witness, worked out again without interval arithmetic."""
    alpha = witness["alpha"]
    assert 0 < alpha < 1
    first = {**witness["x1"], **witness.get("given", {})}
    second = {**witness["x2"], **witness.get("given", {})}
    between = {
        name: alpha * np.asarray(first[name], float) + (1 - alpha) * np.asarray(second[name], float)
        for name in first
    }
    left = value_at(graph, between)
    right = alpha * value_at(graph, first) + (1 - alpha) * value_at(graph, second)
    assert witness["left"] == pytest.approx(left, rel=1e-7, abs=1e-12)
    assert witness["right"] == pytest.approx(right, rel=1e-7, abs=1e-12)
    assert left > right if which == "not convex" else left < right


def test_a_witness_stands_up_to_exact_arithmetic() -> None:
    witness = backhand.convex("f(x) = x^3 - x").witness
    assert witness is not None
    one = witness["not convex"]
    x1, x2, alpha = (Fraction(str(n)) for n in (one["x1"]["x"], one["x2"]["x"], one["alpha"]))

    def cubic(x: Fraction) -> Fraction:
        return x**3 - x

    assert cubic(alpha * x1 + (1 - alpha) * x2) > alpha * cubic(x1) + (1 - alpha) * cubic(x2)


def test_a_witness_stands_up_to_many_digits() -> None:
    witness = backhand.convex("f(x) = tanh(x)").witness
    assert witness is not None
    with mpmath.workdps(50):
        for which, sign in (("not convex", 1), ("not concave", -1)):
            one = witness[which]
            x1, x2, a = (mpmath.mpf(n) for n in (one["x1"]["x"], one["x2"]["x"], one["alpha"]))
            chord = a * mpmath.tanh(x1) + (1 - a) * mpmath.tanh(x2)
            assert sign * (mpmath.tanh(a * x1 + (1 - a) * x2) - chord) > mpmath.mpf(10) ** -20


# ---- networks ----------------------------------------------------------------------------------


def test_logistic_regression_is_convex_in_its_weights() -> None:
    graph = backhand.read("examples/logistic-regression.md").graph
    assert graph.objective is not None
    assert convexity(graph, graph.objective).verdict == "convex"


def test_squared_error_through_a_sigmoid_is_not() -> None:
    graph = backhand.model("x = 2; y = 1; w = 0; p = sigmoid(w x); J = (y - p)^2")
    assert convexity(graph, "J", ["w"]).verdict == "neither"


def test_linear_regression_is_convex() -> None:
    graph = backhand.read("examples/linear-regression.md").graph
    assert graph.objective is not None
    assert convexity(graph, graph.objective).verdict == "convex"


def test_the_two_layer_objective_is_not_and_swapping_units_shows_it() -> None:
    graph = backhand.read("examples/two-neurons.md").graph
    found = convexity(graph, "J")
    assert found.verdict == "neither"
    assert "change places" in found.reason
    assert found.witness is not None
    swap = found.witness["swap"]
    x1, x2 = swap["x1"], swap["x2"]
    assert x1["W_1"] == x2["W_1"][::-1]
    ends = [graph.with_values(**x).forward().value for x in (x1, x2)]
    half = {name: (np.array(x1[name], float) + np.array(x2[name], float)) / 2 for name in x1}
    assert ends[0] == pytest.approx(ends[1])
    assert graph.with_values(**half).forward().value > ends[0]


@pytest.mark.parametrize(
    "function", ["relu(x)", "max(x, y)", "log(e^x + e^y)", "norm(v) where v in R^4"]
)
def test_the_functions_of_the_worksheet_are_convex(function: str) -> None:
    assert backhand.convex(function).verdict == "convex"


@pytest.mark.parametrize(
    ("function", "verdict"),
    [
        ("x^3 for x > 0", "convex"),
        ("x^3 for x < 0", "concave"),
        ("sin(x) for 0 <= x <= 3", "concave"),
        ("sigmoid(x) for x < 0", "convex"),
        ("1/x for x > 0", "convex"),
        ("3 x + 2", "affine"),
        ("x y", "neither"),
    ],
)
def test_a_domain_decides(function: str, verdict: str) -> None:
    assert backhand.convex(function).verdict == verdict
