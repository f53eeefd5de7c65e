"""The table of functions against textbook facts, SciPy's functions and central differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import backhand
from backhand.calculus.curves import FAR
from backhand.calculus.table import Row, rows
from backhand.errors import AskError
from backhand.expr import apply, compare, power
from backhand.functions import REALS, TABLE, Curvature, Direction, Interval, Notation, forget
from backhand.syntax import Equal
from backhand.writing.text import formula_text, prose_text

PEERS: dict[str, Callable[[Any], Any]] = {
    "identity": np.positive,
    "relu": lambda z: np.clip(z, 0, None),
    "leaky_relu": lambda z: np.where(z < 0, 0.01 * z, z),
    "sigmoid": special.expit,
    "tanh": np.tanh,
    "softplus": lambda z: np.logaddexp(0, z),
    "gelu": lambda z: z * stats.norm.cdf(z),
    "gelu_tanh": lambda z: z * special.expit(1.5957691216057308 * (z + 0.044715 * z**3)),
    "silu": lambda z: z * special.expit(z),
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "erf": special.erf,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "abs": np.abs,
}
FACTS = """
identity   | ℝ      | ℝ            | increasing          | affine                     |
relu       | ℝ      | [0, ∞)       | non-decreasing      | convex                     | z = 0
leaky_relu | ℝ      | ℝ            | increasing          | convex                     | z = 0
sigmoid    | ℝ      | (0, 1)       | increasing          | neither convex nor concave |
tanh       | ℝ      | (−1, 1)      | increasing          | neither convex nor concave |
softplus   | ℝ      | (0, ∞)       | increasing          | convex                     |
gelu       | ℝ      | [−0.17, ∞)   | not monotone        | neither convex nor concave |
gelu_tanh  | ℝ      | [−0.17, ∞)   | not monotone        | neither convex nor concave |
silu       | ℝ      | [−0.2785, ∞) | not monotone        | neither convex nor concave |
exp        | ℝ      | (0, ∞)       | increasing          | convex                     |
log        | (0, ∞) | ℝ            | increasing          | concave                    |
sqrt       | [0, ∞) | [0, ∞)       | increasing          | concave                    | z = 0
erf        | ℝ      | (−1, 1)      | increasing          | neither convex nor concave |
sin        | ℝ      | [−1, 1]      | not monotone        | neither convex nor concave |
cos        | ℝ      | [−1, 1]      | not monotone        | neither convex nor concave |
tan        | ℝ where cos(z) isn't 0 | ℝ | not monotone   | neither convex nor concave |
abs        | ℝ      | [0, ∞)       | not monotone        | convex                     | z = 0
max        | ℝ²     | ℝ            | non-decreasing in a | convex                     | a = b
min        | ℝ²     | ℝ            | non-decreasing in a | concave                    | a = b
"""
KNOWN = {
    name: said
    for name, *said in (map(str.strip, line.split("|")) for line in FACTS.split("\n")[1:-1])
}


def row(name: str) -> Row:
    (found,) = rows([name])
    return found


def facts(found: Row) -> list[str]:
    return [
        prose_text(found.domain),
        prose_text(found.range),
        found.monotone,
        found.curvature,
        ", ".join(map(formula_text, found.kinks)),
    ]


def slope(f: Callable[[Any], Any], at: Any, step: float = 1e-5) -> Any:
    return (f(at + step) - f(at - step)) / (2 * step)


def test_every_function_of_the_table_has_its_row() -> None:
    assert [found.function for found in rows()] == list(TABLE.values())
    assert [found.function.name for found in rows(["ReLU", "logistic", "relu"])] == [
        "relu",
        "sigmoid",
    ]


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(AskError, match="no function 'rellu'; the names are identity, relu"):
        rows(["rellu"])


@pytest.mark.parametrize("name", KNOWN)
def test_the_facts_are_the_textbooks(name: str) -> None:
    assert facts(row(name)) == KNOWN[name]


def test_the_signs_of_relu_sigmoid_and_tanh() -> None:
    shown = [[formula_text(each) for each in (r.value, *r.derivatives)] for r in rows(KNOWN)]
    assert ["ReLU(z) = max(0, z)", "ReLU'(z) = [z > 0]"] in shown
    assert ["tanh(z) = (e^z − e^(−z))/(e^z + e^(−z))", "tanh'(z) = 1 − tanh(z)²"] in shown
    assert [
        "σ(z) = 1/(1 + e^(−z))",
        "σ'(z) = σ(z) (1 − σ(z)) = e^(−z)/(1 + e^(−z))²",
    ] in shown
    assert [
        "max(a, b)",
        "∂/∂a(max(a, b)) = [a > b]",
        "∂/∂b(max(a, b)) = [b ≥ a]",
    ] in shown


@pytest.mark.parametrize("name", PEERS)
@settings(max_examples=30)
@given(place=st.floats(0.01, 0.99))
def test_what_is_written_reads_back_as_value_and_slope(name: str, place: float) -> None:
    found = row(name)
    low = max(found.function.domain.low, -FAR)
    z = low + place * (FAR - low)
    if any(abs(z - kink) < 1e-4 for kink in found.function.kinks):
        return
    sides = list(found.value.sides[1:]) if isinstance(found.value, Equal) else [found.value]
    for side in sides:
        assert read(formula_text(side), z) == pytest.approx(PEERS[name](z), rel=1e-4, abs=1e-5)
    for side in found.derivatives[0].sides[1:]:
        there = slope(PEERS[name], z)
        assert read(formula_text(side), z) == pytest.approx(there, rel=1e-3, abs=1e-4)


def read(formula: str, z: float) -> float:
    graph = backhand.model(f"z in R; f = {formula}").with_values(z=z)
    return float(graph.forward().values["f"])


@pytest.mark.parametrize("name", PEERS)
def test_the_curves_are_the_function_and_its_slope(name: str) -> None:
    plot = row(name).plot
    assert plot is not None
    for curves, f, near in (
        (plot.value, PEERS[name], 1e-12),
        (plot.slope, lambda z: slope(PEERS[name], z), 1e-5),
    ):
        for x, y in (np.array(curve).T for curve in curves):
            inner = slice(1, -1)  # an end may be too near to a kink for a difference
            assert y[inner] == pytest.approx(f(x[inner]), rel=near, abs=near)
            assert (np.diff(x) >= 0).all()
            assert plot.left <= x[0]
            assert x[-1] <= plot.right
            assert plot.low <= y.min()
            assert y.max() <= plot.high


@pytest.mark.parametrize(("name", "pieces"), [("tan", 3), ("exp", 1), ("log", 1)])
def test_a_curve_ends_at_the_edge_of_the_window(name: str, pieces: int) -> None:
    plot = row(name).plot
    assert plot is not None
    assert len(plot.value) == pieces
    for curve in plot.value:
        for x, y in (curve[0], curve[-1]):
            edges = (x - plot.left, plot.right - x, y - plot.low, plot.high - y)
            assert min(edges) < 1e-6


@pytest.mark.parametrize(("name", "sides"), [("relu", (0, 1)), ("abs", (-1, 1))])
def test_the_slope_has_a_gap_at_a_kink(name: str, sides: tuple[float, float]) -> None:
    plot = row(name).plot
    assert plot is not None
    left, right = plot.slope
    assert (left[-1][1], right[0][1]) == sides
    assert left[-1][0] < 0 < right[0][0]


# ---- functions that a user defines -------------------------------------------------------------

USUAL: dict[str, Any] = {
    "aliases": (),
    "arity": 1,
    "formula": None,
    "domain": REALS,
    "range": REALS,
    "monotone": Direction.NEITHER,
    "curvature": Curvature.NEITHER,
    "kinks": (),
    "rational": False,
    "loop": "{x}",
}
OWN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "hardtanh": (
        {
            "value": lambda z: np.clip(z, -1, 1),
            "formula": lambda z: apply("max", -1, apply("min", z, 1)),
            "derivative": lambda y, z: compare(z, ">", -1) * compare(1, ">", z),
            "range": Interval(-1, 1),
            "monotone": Direction.INCREASING,
            "kinks": (-1, 1),
        },
        ["ℝ", "[−1, 1]", "non-decreasing", "neither convex nor concave", "z = −1, z = 1"],
    ),
    "bell": (
        {
            "value": lambda z: np.exp(-(z**2)),
            "formula": lambda z: apply("exp", -(z**2)),
            "derivative": lambda y, z: -2 * z * y,
            "range": Interval(0, 1),
        },
        ["ℝ", "(0, 1]", "not monotone", "neither convex nor concave", ""],
    ),
    "reciprocal": (
        {
            "value": lambda z: 1 / z,
            "formula": lambda z: power(z, -1),
            "derivative": lambda y, z: -(y**2),
        },
        ["ℝ where z isn't 0", "ℝ", "not monotone", "neither convex nor concave", ""],
    ),
    "decay": (
        {
            "value": lambda z: np.exp(-z),
            "derivative": lambda y, z: -y,
            "domain": Interval(6, math.inf),
            "range": Interval(0, math.exp(-6)),
            "monotone": Direction.DECREASING,
            "curvature": Curvature.CONVEX,
        },
        ["[6, ∞)", "(0, 0.002479]", "decreasing", "convex", ""],
    ),
    "one": (
        {
            "value": np.ones_like,
            "derivative": lambda y, z: 0,
            "range": Interval(1, 1),
            "monotone": Direction.INCREASING,
            "curvature": Curvature.AFFINE,
        },
        ["ℝ", "[1, 1]", "non-decreasing", "affine", ""],
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_a_function_of_ones_own_has_its_row(name: str) -> None:
    fields, said = OWN[name]
    backhand.define(name=name, notation=Notation(name, name), **(USUAL | fields))
    try:
        found = row(name)
    finally:
        forget(name)
    assert facts(found) == said
    assert found.plot is not None
    for x, y in (np.array(curve).T for curve in found.plot.value):
        assert y == pytest.approx(fields["value"](x))
        assert found.plot.left <= x[0] < x[-1] <= found.plot.right
