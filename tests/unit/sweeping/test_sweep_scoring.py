"""The score against scikit-learn's, for every kind of output."""

from __future__ import annotations

import numpy as np
import pytest

import backhand
from backhand.sweeping.scoring import score
from backhand.training.data import arrange

sklearn_metrics = pytest.importorskip("sklearn.metrics")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))


@pytest.mark.parametrize(
    ("layers", "loss", "classes"),
    [
        ("3 -> 4 softmax", "cross_entropy", 4),
        ("3 -> 4", "cross_entropy_from_logits", 4),
        ("3 -> 1 sigmoid", "binary_cross_entropy", 2),
        ("3 -> 1 sigmoid", "squared_error", 2),
        ("3 -> 1 tanh", "squared_error", 2),
        ("3 -> 1", "binary_cross_entropy_from_logits", 2),
        ("3 -> 1", "hinge", 2),
    ],
)
def test_accuracy(layers: str, loss: str, classes: int) -> None:
    graph = backhand.network(layers, loss=loss, seed=2)
    y = RNG.integers(0, classes, 60)
    data = arrange(graph, X, y)
    assert data.labels == tuple(range(classes))
    weights = graph["W_1"].value
    assert weights is not None
    outputs = np.column_stack([np.ones(60), X]) @ weights.astype(float).T
    # A softmax, a sigmoid and a tanh keep the order: the scores before them decide.
    said = outputs.argmax(axis=1) if classes > 2 else (outputs[:, 0] > 0).astype(int)
    found = score(graph, data.arrays, classes=True)
    assert found == pytest.approx(sklearn_metrics.accuracy_score(y, said))


@pytest.mark.parametrize("outputs", [1, 3])
def test_r_squared(outputs: int) -> None:
    graph = backhand.network(f"3 -> {outputs}", seed=2)
    y = RNG.standard_normal((60, outputs))
    found = score(graph, arrange(graph, X, y).arrays, classes=False)
    assert found == pytest.approx(sklearn_metrics.r2_score(y, graph.predict(X).reshape(60, -1)))


def test_r_squared_of_a_constant_target_is_a_number() -> None:
    graph = backhand.network("3 -> 2", seed=2)
    y = np.column_stack([np.full(60, 2.0), RNG.standard_normal(60)])
    found = score(graph, arrange(graph, X, y).arrays, classes=False)
    assert found == pytest.approx(sklearn_metrics.r2_score(y, graph.predict(X)))
