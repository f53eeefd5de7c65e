"""The public objects as a user meets them in Python and in a notebook."""

from __future__ import annotations

import json
from pathlib import Path
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
