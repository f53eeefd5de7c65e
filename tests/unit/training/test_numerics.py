"""Numbers at the edge of floats: confident wrong answers, 0 · log 0, huge logits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.training.emitted import FORMS, interpreted, loop, taken

from backhand import model, network
from backhand.errors import DivergenceError
from backhand.training.kernel import Kernel

BOTH = pytest.mark.parametrize("dtype", ["float32", "float64"])
SIDES = pytest.mark.parametrize("logit", [1000.0, -1000.0, 60.0, -60.0])


def stepped(graph: Any, arrays: dict[str, Any], dtype: str, form: str) -> tuple[Kernel, float]:
    """The loop after one pass at rate 1, and the loss."""
    batch = 1 if form in FORMS[:3] else len(arrays["x"])
    with interpreted(form):
        made = loop(graph, arrays, dtype=dtype, batch_size=batch)
        return made, taken(made, rate=1.0)


@BOTH
@SIDES
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "binary_cross_entropy_from_logits"])
def test_a_confident_wrong_yes_or_no(dtype: str, logit: float, form: str, loss: str) -> None:
    """The loss is |logit|, the gradient by the bias σ − y = ±1."""
    end = "" if loss.endswith("logits") else "sigmoid"
    graph = network(f"1 -> 1 {end}", loss=loss).with_values(W_1=[[logit, 0]])
    wrong = float(logit < 0)
    made, found = stepped(graph, {"x": np.zeros(1), "y": np.array([wrong])}, dtype, form)
    assert found == pytest.approx(abs(logit), rel=1e-6)
    learned = made.parameters["W_1"].ravel()
    assert learned == pytest.approx([logit - np.sign(logit), 0], abs=1e-4)


@BOTH
@pytest.mark.parametrize("logit", [1000.0, -1000.0, 60.0])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("loss", ["cross_entropy", "cross_entropy_from_logits"])
def test_a_confident_wrong_class(dtype: str, logit: float, form: str, loss: str) -> None:
    """Logits (l, 0, l, 0), class 2: the loss is |l| + log 2 or log 2, the gradient softmax − one-hot."""
    end = "" if loss.endswith("logits") else "softmax"
    biases = np.array([logit, 0, logit, 0])
    graph = network(f"1 -> 4 {end}", loss=loss)
    graph = graph.with_values(W_1=np.stack([biases, np.zeros(4)], axis=1))
    arrays = {"x": np.zeros(1), "y": np.array([[0.0, 1, 0, 0]])}
    made, found = stepped(graph, arrays, dtype, form)
    half = np.array([0.5, 0, 0.5, 0]) if logit > 0 else np.array([0, 0.5, 0, 0.5])
    assert found == pytest.approx(max(logit, 0) + np.log(2), rel=1e-6)
    expected = biases - (half - arrays["y"][0])
    assert made.parameters["W_1"][:, 0] == pytest.approx(expected, abs=1e-4)


@BOTH
@pytest.mark.parametrize("form", FORMS)
def test_a_softmax_of_huge_numbers_under_a_square(dtype: str, form: str) -> None:
    graph = network("1 -> 3 softmax").with_values(W_1=[[1000, 0], [1000, 0], [-1000, 0]])
    arrays = {"x": np.zeros(1), "y": np.array([[0.0, 1, 0]])}
    made, found = stepped(graph, arrays, dtype, form)
    assert found == pytest.approx(0.5)
    # The Jacobian of softmax at (1/2, 1/2, 0) times 2 (ŷ − y) = (1, −1, 0).
    assert made.parameters["W_1"][:, 0] == pytest.approx([999.5, 1000.5, -1000], rel=1e-6)


@BOTH
@pytest.mark.parametrize("form", ["written out", "loops"])
def test_log_sum_exp_of_huge_numbers(dtype: str, form: str) -> None:
    graph = model("x = 1; w = 2; b = [900; 900; -900]; a = w x b; J = logsumexp(a)")
    made, found = stepped(graph, {"x": np.ones(1)}, dtype, form)
    assert found == pytest.approx(1800 + np.log(2), rel=1e-6)
    assert all(np.isfinite(array).all() for array in made.parameters.values())


@BOTH
@pytest.mark.parametrize("form", ["written out", "loops", "products"])
def test_nothing_times_the_log_of_nothing_costs_nothing(dtype: str, form: str) -> None:
    graph = model("w = 2; x = [0; 0.5]; y = [0; 1]; J = w^2 - sum_{j=1}^2 y_j log(x_j)")
    arrays = {"x": np.array([[0, 0.5]]), "y": np.array([[0.0, 1]])}
    made, found = stepped(graph, arrays, dtype, form)
    assert found == pytest.approx(4 + np.log(2))
    assert made.parameters["w"] == pytest.approx([-2])


@BOTH
@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "softplus", "silu", "gelu", "gelu_tanh", "erf"]
)
@pytest.mark.parametrize("side", [300.0, -300.0])
def test_an_activation_far_out_stays_finite(dtype: str, name: str, side: float) -> None:
    graph = network(f"1 -> 1 {name}", loss="absolute_error").with_values(W_1=[[side, 1]])
    made, found = stepped(graph, {"x": np.zeros(1), "y": np.zeros(1)}, dtype, "loops")
    assert np.isfinite(found)
    assert np.isfinite(made.parameters["W_1"]).all()


@pytest.mark.parametrize(("dtype", "huge"), [("float32", 1e25), ("float64", 1e200)])
@pytest.mark.parametrize("batch", [1, "all"])
def test_a_loss_that_is_undefined_ends_the_run(dtype: Any, huge: float, batch: Any) -> None:
    """log σ of an overflow is inf − inf; the parameters stay finite, so that nothing else tells."""
    graph = network("2 -> 1 sigmoid", loss="binary_cross_entropy", seed=0)
    graph = graph.with_values(W_1=[[0, huge, 0]])
    with pytest.raises(DivergenceError, match=r"a_1 overflowed in step 1 \(epoch 1\)"):
        graph.fit(np.full((4, 2), huge), [0, 1, 0, 1], batch_size=batch, dtype=dtype)
