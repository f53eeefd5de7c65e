"""Every verb of an ask, on networks of several kinds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import backhand
from backhand.calculus.answer import ANSWERS, answer
from backhand.calculus.points import over_points
from backhand.errors import AskError
from backhand.graph import Graph
from backhand.reading.asks import ASKS, parse_ask
from backhand.working import Working
from backhand.writing.text import prose_text

TWO = (
    "x = [2; 5]; y = 1; W_1 = [[2, 3, -1], [-1, -3, 1]]; W_2 = [[1, -2, 2]]\n"
    "a = W_1 x; z = relu(a); b = W_2 z; yhat = sigmoid(b); J = (y - yhat)^2"
)
SOFTMAX = "x = [1; 2]; y = [0; 1; 0]; W = [[1, 0], [-1, 2], [2, -1]]; s = W x; p = softmax(s)\n"
POINTS = (
    "x^{(1)} = 1; x^{(2)} = 2; x^{(3)} = 4; y^{(1)} = 2; y^{(2)} = 3; y^{(3)} = 7\n"
    "w = 1; b = 0; yhat = w x + b; J = (y - yhat)^2"
)


def ask(graph: Graph | str, text: str, layout: str = "numerator") -> Working:
    model = backhand.model(graph) if isinstance(graph, str) else graph
    return answer(model, parse_ask(text), layout)  # type: ignore[arg-type]


def told(graph: Graph | str, text: str) -> str:
    return prose_text(ask(graph, text).answer)


def test_every_ask_has_an_answer() -> None:
    assert set(ANSWERS) == set(ASKS)


# ---- classes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        (TWO, "class", 0),
        (TWO, "class threshold=0.001", 1),
        ("x = 1; y = -1; w = 2; s = w x; J = hinge(y, s)", "class", 1),
        ("x = -1; y = -1; w = 2; s = w x; J = hinge(y, s)", "class", -1),
        ("x = 1; y = 1; w = 2; s = w x; J = bce_from_logits(y, s)", "class", 1),
        ("x = -1; y = 1; w = 2; t_1 = tanh(w x); J = (y - t_1)^2", "class", 0),
        (SOFTMAX + "J = cross_entropy(y, p)", "class", 2),
        (SOFTMAX + "J = squared_error(y, p)", "class", 2),
    ],
)
def test_classes(page: str, text: str, expected: int) -> None:
    assert ask(page, text).value == expected


def test_the_first_of_equal_outputs_wins_and_that_is_said() -> None:
    page = "x = 1; y = [1; 0]; W = [[1], [1]]; s = W x; p = softmax(s); J = cross_entropy(y, p)"
    working = ask(page, "class")
    assert working.value == 1
    assert "first of several" in prose_text(working.steps[0].note)


def test_a_regression_names_no_class() -> None:
    with pytest.raises(AskError, match="names no class"):
        ask("x = 1; y = 2; w = 3; yhat = w x; J = (y - yhat)^2", "class")


def test_a_loss_without_a_target_names_no_prediction() -> None:
    with pytest.raises(AskError, match="compares with a target"):
        ask("x = 1; w = 3; u = w x; v = w + x; J = u v", "class")


# ---- local derivatives -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local yhat b", "∂ŷ/∂b = ŷ (1 − ŷ) ≈ 0.006648"),
        ("local yhat b in yhat", "∂ŷ/∂b = ŷ (1 − ŷ) ≈ 0.006648"),
        ("local yhat b in b", "∂ŷ/∂b = σ(b) (1 − σ(b)) ≈ 0.006648"),
        ("local J yhat in y,yhat", "∂J/∂ŷ = −2 (y − ŷ) ≈ −1.987"),
        ("local J yhat in y b", "∂J/∂ŷ = −2 (y − σ(b)) ≈ −1.987"),
        ("local b z[2]", "∂b/∂z₂ = W₂[1,2] = 2"),
        ("local a[1] W_1[1,0]", "∂a₁/∂W₁[1,0] = 1"),
        ("local a[1] W_1[2,1]", "∂a₁/∂W₁[2,1] = 0"),
    ],
)
def test_local_derivatives(text: str, expected: str) -> None:
    assert told(TWO, text) == expected


def test_a_local_derivative_of_arrays_names_its_layout() -> None:
    working = ask(TWO, "local b z", "denominator")
    assert np.asarray(working.value).tolist() == [-2, 2]
    assert working.layout == "denominator"
    whole = ask(TWO, "local z a")
    assert np.asarray(whole.value).tolist() == [[1, 0], [0, 0]]


def test_a_local_derivative_needs_a_direct_use() -> None:
    with pytest.raises(AskError, match="doesn't use a"):
        ask(TWO, "local yhat a[1]")
    with pytest.raises(AskError, match="it also needs"):
        ask(TWO, "local J yhat in y")


# ---- values, shapes, counts --------------------------------------------------------------------


def test_an_entry_and_a_given_value() -> None:
    assert ask(TWO, "value a[2]").value == -2
    assert told(TWO, "value x") == "x = [2; 5]"
    assert ask(TWO, "value yhat").steps[-1].rule == "apply σ"


def test_shapes_say_why() -> None:
    working = ask(TWO, "shapes")
    assert working.value == "W_1: 2×3; W_2: 1×3"
    assert "one for the bias and 2 for the entries of x" in prose_text(working.steps[0].note)
    assert told("u = [1; 2; 3]; v = u ⊙ u", "shapes").startswith("u is a vector of 3 entries")


def test_parameters_by_layer_and_kind() -> None:
    assert [ask(TWO, f"parameters layer {n}").value for n in (1, 2)] == [6, 3]
    assert ask(TWO, "parameters activation 2").value == 0
    assert ask(TWO, "parameters").value == 9
    assert ask(TWO, "matrices").value == 2
    with pytest.raises(AskError, match="layers are 1 to 2"):
        ask(TWO, "parameters layer 3")


def test_a_shared_or_unused_parameter_is_counted_once() -> None:
    shared = "x = [1; 2]; W = [[1, 0], [0, 1]]; a = W x; h = tanh(a); c = W h; J = sum(c)"
    assert ask(shared, "parameters").value == 4
    unused = "x = 1; w = 2; w_2 = 3; a = w x; J = a^2"
    assert ask(unused, "parameters").value == 2


def test_the_objective_of_one_point_and_of_all() -> None:
    working = ask(TWO, "objective")
    assert prose_text(working.answer) == (
        "J(W₁, W₂) = (y − ŷ)² = (y − σ(W₂ [1; ReLU(W₁ [1; x])]))²"
    )
    assert "Σ_{i=1}^{N}" in working.text()
    assert "Σ_{i=1}^{3}" in ask(POINTS, "objective").text()


# ---- chains, gradients, layouts ----------------------------------------------------------------


def test_a_chain_of_vectors_turns_with_the_layout() -> None:
    assert told(TWO, "chain J a") == "∂J/∂a = ∂J/∂ŷ · ∂ŷ/∂b · ∂b/∂z · ∂z/∂a"
    turned = prose_text(ask(TWO, "chain J a", "denominator").answer)
    assert turned == "∂J/∂a = ∂z/∂a · ∂b/∂z · ∂ŷ/∂b · ∂J/∂ŷ"


def test_jacobians_in_both_layouts() -> None:
    page = "x = [1; 2; 3]; A = [[1, 2, 3], [4, 5, 6]]; u = A x; J = sum(u)"
    rows = np.asarray(ask(page, "jacobian u x").value)
    columns = np.asarray(ask(page, "jacobian u x", "denominator").value)
    assert rows.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert columns.tolist() == rows.T.tolist()


def test_a_derivative_that_no_matrix_holds_is_written_by_entries() -> None:
    working = ask(TWO, "derivative a W_1")
    assert np.asarray(working.value).shape == (2, 2, 3)
    assert "∂a[j]/∂W₁[k,l] = [j = k] (1,x)[l]" in working.text() or "no matrix" in working.text()
    assert np.asarray(working.value)[1, 1].tolist() == [1, 2, 5]


def test_an_entry_by_a_whole_array_is_refused() -> None:
    with pytest.raises(AskError, match="whole array"):
        ask(TWO, "derivative a W_1[1,1]")


def test_the_gradient_is_that_of_a_scalar() -> None:
    assert np.asarray(ask(TWO, "gradient J W_2").value).shape == (1, 3)
    with pytest.raises(AskError, match="that of a scalar"):
        ask(TWO, "gradient a")


# ---- updates -----------------------------------------------------------------------------------


def slope(points: list[tuple[float, float]]) -> float:
    """By hand: the mean of -2 (y - x) x at w = 1, b = 0."""
    return float(np.mean([-2 * (y - x) * x for x, y in points]))


@pytest.mark.parametrize(
    ("option", "points"),
    [
        ("", [(1, 2)]),
        (" point=3", [(4, 7)]),
        (" over=all", [(1, 2), (2, 3), (4, 7)]),
    ],
)
def test_updates_on_one_point_and_on_all(option: str, points: list[tuple[float, float]]) -> None:
    assert ask(POINTS, f"update w eta=0.5{option}").value == 1 - 0.5 * slope(points)


def test_an_update_stays_exact() -> None:
    result = ask(POINTS, "update w eta=1/3 over=all").result
    assert result is not None
    assert not isinstance(result, str)
    assert result.item() == 1 + Fraction(1, 3) * Fraction(2 + 4 + 24, 3)


def test_a_matrix_is_updated_whole() -> None:
    before = np.array([[1, -2, 2]])
    gradient = np.asarray(ask(TWO, "gradient J W_2").value)
    assert np.asarray(ask(TWO, "update W_2 eta=2").value) == pytest.approx(before - 2 * gradient)


def test_only_parameters_are_updated() -> None:
    with pytest.raises(AskError, match="is no parameter"):
        ask(TWO, "update x eta=1")
    with pytest.raises(AskError, match="has no value"):
        ask("x ∈ R; y = 1; w = 2; J = (y - w x)^2", "update w eta=1")
    with pytest.raises(backhand.BackhandError, match="points are 1 to 3"):
        ask(POINTS, "update w eta=1 point=4")


def test_the_graph_over_all_points_has_the_mean_as_objective() -> None:
    graph = backhand.model(POINTS)
    whole = over_points(graph)
    single = [graph.forward(point=n).value for n in (1, 2, 3)]
    assert whole.forward().value == pytest.approx(np.mean(single))  # type: ignore[arg-type]
    by_w = whole.gradient("w").value
    assert by_w == pytest.approx(slope([(1, 2), (2, 3), (4, 7)]))
