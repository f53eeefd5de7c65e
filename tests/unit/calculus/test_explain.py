"""What an explanation says: the factor that decides, units, norms, overflow, and what it can't do."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.calculus.explaining import layered
from tests.unit.calculus.graphs import given as known
from tests.unit.calculus.graphs import made

import backhand
from backhand.calculus.entries import in_floats
from backhand.calculus.explain import explain
from backhand.calculus.forward import trace
from backhand.calculus.units import flat_below, flat_units
from backhand.errors import AskError
from backhand.expr import apply, ref
from backhand.functions import TABLE
from backhand.graph import Graph, Role, floats

TWO_NEURONS = """
x = [2, 5]; y = 1; W_1 = [[2, 3, -1], [-1, -3, 1]]; W_2 = [[1, -2, 2]]
a = W_1 x
z = relu(a)
b = W_2 z
yhat = sigmoid(b)
J = (y - yhat)^2
"""


def first_line(model: str, by: str, of: str | None = None) -> str:
    return explain(backhand.model(model), by, of).text().splitlines()[0]


def test_a_dead_unit_is_named_with_its_function_and_input() -> None:
    line = first_line(TWO_NEURONS, "W_1[2,1]")
    assert line.startswith("∂J/∂W₁[2,1] = 0: its one path meets a factor of 0")
    assert "ReLU'(−2) = 0: the unit z₂ is dead" in line


def test_a_small_factor_is_named_with_its_function_and_input() -> None:
    line = first_line(TWO_NEURONS, "W_1[1,2]")
    assert "one path carries it" in line
    assert "σ'(−5) ≈ 0.006648" in line
    assert "nearly saturated" in line


def test_a_function_inside_an_equation_is_named_too() -> None:
    line = first_line("x = 2; w = -3; z = relu(w x); J = z + w", "w", "z")
    assert "∂z/∂w = 0: the unit z is dead, since ReLU'(−6) = 0" in line
    line = first_line("x = 1; w = -9; c = 2; z = c sigmoid(w x + 1); J = z", "w")
    assert "the unit z is saturated" in line
    assert "σ'(−8) ≈ 0.0003352" in line


def test_a_saturated_unit_is_named() -> None:
    line = first_line("w = 1; x = 8; a = w x; z = sigmoid(a); J = (z - 0)^2", "w")
    assert "the unit z is saturated" in line


def test_a_large_factor_is_named() -> None:
    line = first_line("w = 1; v = 5000; a = 2 w; b = v a; J = b - 1", "w")
    assert "largest factor is ∂b/∂a = v = 5000" in line


def test_a_zero_weight_blocks_too() -> None:
    line = first_line("w = 1; v = 0; a = 2 w; b = v a; J = b - 1", "w")
    assert "∂b/∂a = v = 0" in line


def test_paths_that_cancel_are_said_to() -> None:
    line = first_line("w = 3; a = 2 w; b = -2 w; J = a + b", "w")
    assert line.endswith("2 paths carry it, and cancel")
    line = first_line("w = 3; a = 2 w; b = -1.999 w; J = a + b", "w")
    assert "nearly cancel" in line


def test_what_does_not_matter_and_what_is_itself() -> None:
    assert first_line("w = 3; v = 1; J = v^2", "w").endswith("J doesn't depend on w")
    assert first_line("w = 3; J = w^2", "J").startswith("dJ/dJ = 1")


def test_any_entry_can_be_asked_about() -> None:
    graph = backhand.model(TWO_NEURONS)
    working = explain(graph, "W_1[1,2]", "a[1]")
    assert working.value == 5.0
    assert explain(graph, "W_1[1,2]", "a[2]").value == 0.0


def test_the_first_value_that_is_not_finite_is_named() -> None:
    model = "x = [1, 500]; w = 2\na_i = w x_i\nz = exp(a)\nJ = sum_{i=1}^2 z_i"
    text = explain(backhand.model(model), "w").text()
    assert "The first value that isn't finite is z₂" in text
    assert "exp(1000)" in text or "e^1000" in text or "e¹⁰⁰⁰" in text


def test_dead_units_at_this_point_and_at_every_point() -> None:
    graph = backhand.model(
        "x^(1) = 1; x^(2) = 2; x^(3) = -1; y^(1) = 0; y^(2) = 0; y^(3) = 1\n"
        "w = [1, -1, 1]; b = [0, 0, -9]; a_i = w_i x + b_i; z = relu(a)\n"
        "s = z_1 + z_2 + z_3; J = (y - s)^2"
    )
    assert graph.point_count == 3
    (units,) = flat_units(in_floats(graph), {"z"}, trace(graph))
    assert [at.slots for at in units.dead] == [(2,), (3,)]
    assert units.always is not None
    assert [at.slots for at in units.always] == [(3,)]
    text = explain(graph, "w[3]").text()
    assert "dead at every one of the 3 points: z₃" in text


def test_saturated_units_are_counted_by_layer() -> None:
    graph = backhand.model("x = [0, 1, 8]; z = sigmoid(x); t = tanh(z); J = t_1 + t_2 + t_3")
    found = {u.quantity: u for u in flat_units(in_floats(graph), {"z", "t"}, trace(graph))}
    assert [at.slots for at in found["z"].saturated] == [(3,)]
    assert found["t"].saturated == ()


def test_which_functions_flatten_out_is_read_off_the_table() -> None:
    flat = {name for name, function in TABLE.items() if flat_below(function) is not None}
    assert {"relu", "sigmoid", "tanh", "softplus", "erf", "gelu", "silu"} <= flat
    assert not flat & {"identity", "exp", "log", "sqrt", "sin", "cos", "tan", "abs", "leaky_relu"}
    assert flat_below(TABLE["sigmoid"]) == pytest.approx(0.0025)


def test_norms_are_those_of_the_gradient() -> None:
    graph = layered(4, 3)
    gradients = graph.gradient("W_2", "z_3").values
    shown = {
        step.formula: step.value
        for step in explain(graph, "W_1[1,1]").steps
        if step.rule == "gradient norm"
    }
    norms = [float(value.value) for value in shown.values()]  # type: ignore[union-attr]
    for name in ("∂J/∂W_2", "∂J/∂z_3"):
        assert any(np.isclose(float(np.linalg.norm(floats(gradients[name]))), n) for n in norms)


def test_vanishing_and_exploding_are_said_in_words() -> None:
    assert "vanishes" in explain(layered(20, 3, "sigmoid"), "W_1[1,1]").text().splitlines()[0]
    assert "explodes" in explain(layered(20, 3, "identity", 5.0), "W_1[1,1]").text().splitlines()[0]
    assert "vanishes" not in explain(layered(2, 3), "W_1[1,1]").text().splitlines()[0]


def test_the_paths_are_drawn() -> None:
    drawn = explain(backhand.model(TWO_NEURONS), "W_1[1,2]").picture
    assert drawn is not None
    assert any(edge.lit for edge in drawn.edges)


# ---- what can't be explained -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "by", "of", "most", "message"),
    [
        (TWO_NEURONS, "W_1", None, 5, "more than one entry"),
        (TWO_NEURONS, "W_1[1,2]", "a", 5, "more than one entry"),
        (TWO_NEURONS, "W_1[9,9]", None, 5, "no entry"),
        (TWO_NEURONS, "W_1[1,2]", None, 0, "paths"),
        ("x in R; J = x^2", "x", None, 5, "no value"),
    ],
)
def test_what_cannot_be_explained_says_why(
    model: str, by: str, of: str | None, most: int, message: str
) -> None:
    with pytest.raises(AskError, match=message):
        explain(backhand.model(model), by, of, most)


@pytest.mark.no_cover
def test_a_chain_as_deep_as_any_is_no_error() -> None:
    chain = [known("x", Role.DATA, 1)]
    for n in range(3000):
        chain.append(made(f"y_{n}", apply("sin", ref(chain[-1].name))))
    working = explain(Graph(tuple(chain)), "x", "y_2999")
    assert "3000 factors" in working.text()
