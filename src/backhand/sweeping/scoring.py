"""The score of a trained network on points held out: accuracy for classes, R² for numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.structure import function_name, prediction
from backhand.graph import Graph, Role
from backhand.training.evaluation import values_at

ACCURACY, R_SQUARED = "accuracy", "R²"


def score(graph: Graph, arrays: Mapping[str, NDArray[Any]], classes: bool) -> float:
    """The part of the points whose class is right, or R²; both are 1 at best.

    `arrays`: the graph's data and its one target. A class is the largest of several outputs; one
    output is on one side or the other of 1/2 after a sigmoid, else of 0. R² of several outputs is
    their mean. Raises `AskError` where the graph has no one prediction.

    >>> import backhand
    >>> graph = backhand.model("x in R; y in R; w = 1; p = sigmoid(w x); J = BCE(y, p)")
    >>> score(graph, {"x": np.array([-1.0, 2.0, 3.0]), "y": np.array([0.0, 1.0, 0.0])}, True)
    0.6666666666666666
    """
    output = prediction(graph)
    goal = graph.with_role(Role.TARGET)[0].name
    count = len(arrays[goal])
    found = values_at(graph, arrays, (output.name,))[output.name].reshape(count, -1)
    wanted = np.asarray(arrays[goal], dtype=float).reshape(count, -1)
    if not classes:
        return _r_squared(found, wanted)
    if wanted.shape[1] > 1:
        return _part(found.argmax(axis=1) == wanted.argmax(axis=1))
    border = 0.5 if function_name(output, graph) == "sigmoid" else 0.0
    # Of a tanh or a hinge the classes are -1 and 1, of a loss from logits 0 and 1.
    return _part((found > border) == (wanted > 0))


def _part(right: NDArray[Any]) -> float:
    return int(right.sum()) / right.size


def _r_squared(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """1 − Σ (y − ŷ)² / Σ (y − ȳ)²; of targets that are all the same, 1 if met exactly and 0 if not."""
    left = ((wanted - found) ** 2).sum(axis=0)
    whole = ((wanted - wanted.mean(axis=0)) ** 2).sum(axis=0)
    varies = whole > 0
    each = np.where(left == 0, 1.0, 0.0)
    each[varies] = 1 - left[varies] / whole[varies]
    return float(each.mean())
