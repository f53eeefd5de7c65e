"""Predictions and mean losses on many points against the forward pass point by point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.training.emitted import points

from backhand import model, network
from backhand.errors import BackhandError
from backhand.graph import Graph
from backhand.training import evaluation
from backhand.training.evaluation import mean_loss, predict, values_at
from backhand.values import floats

NETWORKS = [
    ("2 -> 3 relu -> 1 sigmoid", "binary_cross_entropy", "bits"),
    ("3 -> 4 tanh -> 3 softmax", "cross_entropy", "one-hot"),
    ("3 -> 4 gelu -> 3", "cross_entropy_from_logits", "one-hot"),
    ("1 -> 1", "squared_error", ""),
    ("2 -> 3 softmax -> 2", "absolute_error", ""),
]


def one_by_one(graph: Graph, arrays: dict[str, Any], name: str) -> Any:
    """A quantity from the forward pass of each point."""
    count = len(arrays["x"])
    rows = [graph.with_values(**{n: a[at] for n, a in arrays.items()}) for at in range(count)]
    return np.stack([floats(row.forward().values[name]) for row in rows])


@pytest.mark.parametrize("block", [1024, 2])
@pytest.mark.parametrize(("text", "loss", "kind"), NETWORKS)
def test_many_points_are_each_of_them(
    text: str, loss: str, kind: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "BLOCK", block)
    graph = network(text, loss=loss, seed=4)
    arrays = points(graph, 5, kind)
    expected = one_by_one(graph, arrays, "yhat")
    found = predict(graph, arrays["x"])
    assert found.shape == (5, *graph["yhat"].shape)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    losses = one_by_one(graph, arrays, "J").ravel()
    assert mean_loss(graph, arrays) == pytest.approx(losses.mean(), rel=1e-12)
    weights = np.arange(5.0)
    expected_mean = (weights * losses).sum() / weights.sum()
    assert mean_loss(graph, arrays, weights) == pytest.approx(expected_mean, rel=1e-12)


def test_every_quantity_at_once() -> None:
    graph = network("2 -> 3 relu -> 2", seed=4)
    arrays = points(graph, 3)
    names = [q.name for q in graph]
    found = values_at(graph, arrays, names)
    for name in names:
        assert found[name].shape == (3, *graph[name].shape)
        np.testing.assert_allclose(found[name], one_by_one(graph, arrays, name), rtol=1e-12)


def test_a_loss_without_overflow() -> None:
    graph = network("1 -> 1 sigmoid", loss="binary_cross_entropy").with_values(W_1=[[1000, 0]])
    assert mean_loss(graph, {"x": np.zeros(2), "y": np.zeros(2)}) == 1000


def test_any_shape_and_kind_of_input() -> None:
    graph = network("2 -> 3 relu -> 1 sigmoid", seed=0)
    rows = [[0, 1], [1, 1], [3, 2]]
    expected = predict(graph, rows)
    for given in (
        np.array(rows),
        np.array(rows, "float32"),
        np.array(rows).T.copy().T,
        tuple(rows),
    ):
        assert np.array_equal(predict(graph, given), expected)
    assert predict(graph, rows).dtype == np.float64
    assert np.array_equal(graph.predict(rows), expected)


def test_an_output_that_is_the_same_for_all_points() -> None:
    graph = model("x ∈ R^2; y ∈ R; b = 3; yhat = b; J = (y - yhat)^2 + 0 x_1")
    try:
        found = predict(graph, [[0, 1], [1, 1]])
    except BackhandError:
        pytest.skip("the reader takes x out of this graph")
    assert found.tolist() == [3, 3]


def test_a_parameter_without_a_value_is_named() -> None:
    with pytest.raises(BackhandError, match="W_1"):
        predict(network("2 -> 1"), [[0, 1]])


@pytest.mark.parametrize("given", [[[1, 2, 3]], [["a", "b"]], [[np.nan, 1]], [], None, "x"])
def test_data_that_does_not_fit(given: Any) -> None:
    with pytest.raises(BackhandError):
        predict(network("2 -> 1", seed=0), given)
