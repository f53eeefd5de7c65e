"""What a trained classifier or regressor says about new points, read off its graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.estimators.points import Classes, Floats, features
from backhand.graph import Graph
from backhand.training.evaluation import values_at

HALF = 0.5


def outputs(estimator: Any, X: Any) -> Floats:
    """What the network predicts for each row of X, (N, outputs)."""
    given = features(estimator, X)
    return _values(estimator.graph_, given, "yhat")


def decisions(estimator: Any, X: Any) -> Floats:
    """What goes into the last sigmoid, (N,), or the last softmax, (N, classes)."""
    given = features(estimator, X)
    graph: Graph = estimator.graph_
    found = _values(graph, given, f"a_{len(graph.parameters)}")
    return found[:, 0] if estimator._classes.kind == "binary" else found


def _values(graph: Graph, given: Floats, name: str) -> Floats:
    shaped = given.reshape(len(given), *graph["x"].shape)
    return values_at(graph, {"x": shaped}, (name,))[name].reshape(len(given), -1)


def probabilities(estimator: Any, X: Any) -> Floats:
    """The probability of each class, (N, classes)."""
    found = outputs(estimator, X)
    if estimator._classes.kind == "binary":
        return np.hstack([1 - found, found])
    return found


def labels(estimator: Any, X: Any) -> NDArray[Any]:
    """The most probable class of each point; of several labels each one over 1/2, as 1."""
    found = outputs(estimator, X)
    classes: Classes = estimator._classes
    if classes.kind == "multilabel":
        return (found > HALF).astype(np.intp)
    if classes.kind == "binary":
        return classes.values[(found[:, 0] > HALF).astype(np.intp)]
    return classes.values[found.argmax(axis=1)]
