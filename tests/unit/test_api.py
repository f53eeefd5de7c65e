"""The public objects as a user meets them in Python and in a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import backhand

EXAMPLES = Path(__file__).parents[2] / "examples"
MODEL = "x = [2; 5]; y = 1; W = [[1, 2, -1]]; b = W x; yhat = sigmoid(b); J = (y - yhat)^2"


def test_results_are_floats_and_arrays() -> None:
    graph = backhand.model(MODEL)
    assert isinstance(graph.forward().value, float)
    gradient = graph.gradient().value
    assert isinstance(gradient, np.ndarray)
    assert gradient.shape == (1, 3)
    assert gradient.dtype == float


def test_other_values_for_one_call_leave_the_graph_as_it_was() -> None:
    graph = backhand.model(MODEL)
    before = graph.forward().value
    other = graph.forward({"x": [0, 0]}).value
    assert other == pytest.approx((1 - 1 / (1 + np.exp(-1))) ** 2)
    assert graph.forward().value == before


def test_entries_are_named_in_any_spelling() -> None:
    graph = backhand.model(MODEL)
    values = {graph.derivative("J", name).value for name in ("W[1,2]", "W_{1,2}", "W_12")}
    assert len(values) == 1


def test_a_step_is_against_the_gradient() -> None:
    graph = backhand.model(MODEL)
    gradient = graph.gradient().value
    stepped = graph.step(eta=0.5).values["W"].astype(float)
    assert stepped == pytest.approx(np.array([[1, 2, -1]]) - 0.5 * np.asarray(gradient))


def test_notebooks_show_objects_themselves() -> None:
    graph = backhand.model(MODEL)
    ElementTree.fromstring(graph._repr_svg_())
    assert graph._repr_latex_()
    working = graph.derivative("J", "W[1,2]")
    assert "<math" in working._repr_html_()
    assert r"\frac" in working._repr_latex_()
    assert working._repr_svg_() is None


def test_a_solution_writes_itself() -> None:
    solution = backhand.read(EXAMPLES / "linear-regression.md").solve()
    assert json.loads(solution.json())["answers"]
    assert solution.html().startswith("<!doctype html>")
    assert r"\documentclass" in solution.latex()
    assert str(solution) == solution.text()
    assert solution.markdown()


def test_gradient_descent_over_all_points_is_the_mean_of_single_steps() -> None:
    graph = backhand.read(EXAMPLES / "logistic-regression.md").graph
    single = [graph.step(0.1, point=n).values["w"].astype(float) for n in (1, 2, 3, 4)]
    whole = graph.step(0.1, point=None).values["w"].astype(float)
    assert whole == pytest.approx(np.mean(single, axis=0))


def test_a_network_without_values_still_has_its_equations() -> None:
    graph = backhand.network("3 -> 4 tanh -> 2 softmax", loss="cross_entropy")
    working = graph.gradient()
    assert working.value is None
    assert len(working.steps) >= 6
    with pytest.raises(backhand.BackhandError, match="has no value"):
        graph.forward()


def test_learning_rates_must_be_above_zero() -> None:
    with pytest.raises(backhand.BackhandError, match="learning rate"):
        backhand.model(MODEL).step(0)


def test_the_softmax_of_a_picture_with_paths_has_a_column_of_its_own() -> None:
    graph = backhand.network("2 -> 3 softmax", loss="cross_entropy", seed=0)
    assert "Scores" in graph.draw("W_1[1,1]")
    assert "Scores" not in graph.draw()


def test_what_is_offered_is_what_completion_shows() -> None:
    assert dir(backhand) == sorted(backhand.__all__)
    for name in backhand.__all__:
        assert getattr(backhand, name) is not None
    assert backhand.errors.BackhandError is backhand.BackhandError
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = backhand.nothing


def test_a_repr_fits_a_line() -> None:
    sheet = backhand.read(EXAMPLES / "two-neurons.md")
    assert repr(sheet) == "<Worksheet 'Two neurons, by hand': 23 questions, 1 model>"
    assert repr(sheet.solve(only="3.1")) == "<Solution of 'Two neurons, by hand': 9 answered>"
    assert repr(sheet.graph) == "<Graph of x, y, W_1, W_2, a, z, b, yhat, J, ell>"
    working = sheet.graph.derivative("J", "W_1[1,2]")
    assert repr(working) == "<Working of 'derivative J W_1[1,2]' in 7 steps>"
    assert "<math" in sheet.solve(only="3.1")._repr_html_()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([1j, 2], "no array of numbers"),
        ([1], r"x has the shape \(2,\), the value given \(1,\)"),
        (["a", "b"], "no array of numbers"),
    ],
)
def test_values_that_are_none_are_refused(given: list[object], said: str) -> None:
    with pytest.raises(backhand.BackhandError, match=said):
        backhand.model(MODEL).forward({"x": given})


def test_a_number_beyond_the_floats_is_shown() -> None:
    working = backhand.model("x = 1; y = 2 x").forward({"x": 10**400})
    assert "y = 2 x = 2 · 1×10⁴⁰⁰ = ∞" in working.text()
    assert working.value == float("inf")


def test_a_seed_below_0_is_refused() -> None:
    with pytest.raises(backhand.BackhandError, match="the seed is -1"):
        backhand.network("2 -> 1", seed=-1)


@pytest.mark.torch
def test_a_tensor_is_its_numbers() -> None:
    torch = pytest.importorskip("torch")
    graph = backhand.model(MODEL)
    for tensor in (
        torch.tensor([1.0, 2.0], requires_grad=True),
        torch.tensor([1, 2], dtype=torch.bfloat16),
    ):
        assert graph.forward({"x": tensor}).value == graph.forward({"x": [1, 2]}).value


@pytest.mark.parametrize("eta", [float("nan"), "a", None, 0])
def test_a_rate_that_is_none_is_refused(eta: float) -> None:
    with pytest.raises(backhand.BackhandError, match="the learning rate is"):
        backhand.model(MODEL).step(eta)


def test_an_unknown_layout_is_refused_everywhere() -> None:
    sheet = backhand.read(EXAMPLES / "two-neurons.md")
    layout: Any = "rows"
    for ask in (
        lambda: sheet.graph.derivative("J", "x", layout=layout),
        lambda: sheet.solve(layout=layout),
        lambda: backhand.chain("d/dt f(g(t))", layout),
        lambda: backhand.Marker(sheet, layout=layout),
    ):
        with pytest.raises(
            backhand.BackhandError, match="there is no layout 'rows'; the layouts are"
        ):
            ask()
