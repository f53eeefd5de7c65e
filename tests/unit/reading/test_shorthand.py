"""Networks in one line."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from tests.peers import ACTIVATIONS, LOSSES

from backhand.calculus.chain import partial_name
from backhand.compositions import COMPOSITIONS
from backhand.errors import BackhandError
from backhand.expr import names
from backhand.functions import TABLE
from backhand.graph import Role, floats
from backhand.reading.meaning import model
from backhand.reading.shorthand import MAX_LAYERS, network

LOSS_NAMES = [c.name for c in COMPOSITIONS.values() if c.target_first]


def test_it_is_the_model_written_out() -> None:
    written = model("""
        x ∈ R^2; y ∈ R; W_1 ∈ R^{3×3}; W_2 ∈ R^{1×4}
        a_1 = W_1 x; z_1 = relu(a_1); a_2 = W_2 z_1; yhat = sigmoid(a_2)
        J = (y - yhat)^2
    """)
    assert network("2 -> 3 relu -> 1 sigmoid") == written
    assert network("2→3 ReLU→1 logistic") == written


def test_shapes_and_roles_of_a_wide_one() -> None:
    graph = network("784 -> 100 relu -> 10 softmax", loss="cross_entropy")
    assert {q.name: q.shape for q in graph.parameters} == {"W_1": (100, 785), "W_2": (10, 101)}
    assert all(q.folded for q in graph.parameters)
    assert [q.name for q in graph.with_role(Role.TARGET)] == ["y"]
    assert all(q.value is None for q in graph)
    assert graph.objective == "J"


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_a_loss_compares_with_what_it_expects(loss: str) -> None:
    graph = network("2 -> 3 tanh -> 4 sigmoid", loss=loss)
    expected = "a_2" if COMPOSITIONS[loss].from_logits else "yhat"
    assert names(graph["J"].definition) == {"y", expected}


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_a_seed_gives_values_that_fit(loss: str, size: int) -> None:
    last = LOSSES[loss].last or "identity"
    graph = network(f"3 -> 5 tanh -> {size} {last}", loss=loss, seed=3)
    y = floats(graph["y"].value).ravel()  # type: ignore[arg-type]
    if "binary" in loss:
        assert set(y) <= {0, 1}
    elif "cross" in loss:
        assert sorted(y) == [*([0] * (size - 1)), 1]
    elif loss == "hinge":
        assert set(y) <= {-1, 1}
    for matrix in graph.parameters:
        rows, columns = matrix.shape
        weights = floats(matrix.value)  # type: ignore[arg-type]
        assert np.abs(weights).max() <= np.sqrt(6 / (rows + columns - 1))
        assert np.unique(weights).size == weights.size
    assert np.isfinite(graph.forward().value)
    assert graph == network(f"3 -> 5 tanh -> {size} {last}", loss=loss, seed=3)
    assert graph != network(f"3 -> 5 tanh -> {size} {last}", loss=loss, seed=4)


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_gradients_equal_autograd(loss: str) -> None:
    last = LOSSES[loss].last or "tanh"
    graph = network(f"3 -> 4 silu -> 2 {last}", loss=loss, seed=1)
    x, y = (floats(graph[n].value) for n in "xy")  # type: ignore[arg-type]
    weights = {q.name: floats(q.value) for q in graph.parameters}  # type: ignore[arg-type]

    def value(given: dict[str, np.ndarray]) -> float:
        z = x
        for name, activation in (("W_1", "silu"), ("W_2", last)):
            a = anp.dot(given[name][:, 1:], z) + given[name][:, 0]
            z = ACTIVATIONS[activation].peer(a)
        return LOSSES[loss].peer(y, z if not COMPOSITIONS[loss].from_logits else a)

    ours = graph.gradient().values
    for name, expected in grad(value)(weights).items():
        assert floats(ours[partial_name("J", name)]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", [f.name for f in TABLE.values() if f.arity == 1])
def test_every_function_may_be_an_activation(name: str) -> None:
    assert network(f"2 -> 2 {name} -> 1")["z_1"].shape == (2,)


@pytest.mark.parametrize(
    ("text", "loss", "words"),
    [
        ("2 -> 2 rleu", "squared_error", "did you mean relu?"),
        ("2 -> 2 max", "squared_error", "did you mean softmax?"),
        ("2 -> 2 q", "squared_error", "the functions are identity, relu"),
        ("2 -> 2", "squared", "the losses are squared_error"),
        ("2 -> 2", "softmax", "there is no loss"),
        ("2", "squared_error", "no layer"),
        ("", "squared_error", "no layer"),
        ("2 relu -> 1", "squared_error", "start with a width"),
        ("2 -> -1", "squared_error", "no layer"),
        ("2 -> 2.5", "squared_error", "no layer"),
        ("2 -> 0", "squared_error", "isn't from 1"),
        ("2 -> 999999999", "squared_error", "isn't from 1"),
        ("1000000 -> 1000000", "squared_error", "entries"),
        ("1" + " -> 1" * (MAX_LAYERS + 1), "squared_error", "layers"),
    ],
)
def test_what_is_no_network(text: str, loss: str, words: str) -> None:
    with pytest.raises(BackhandError) as caught:
        network(text, loss=loss)
    assert words in str(caught.value)


def test_as_many_layers_as_are_allowed() -> None:
    graph = network("1" + " -> 1 tanh" * (MAX_LAYERS - 1))
    assert len(graph.parameters) == MAX_LAYERS - 1
