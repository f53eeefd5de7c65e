"""A trained graph on many points: its predictions and its mean loss."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.forward import ancestors, known, trace
from backhand.calculus.points import at_points
from backhand.calculus.structure import prediction
from backhand.errors import AskError
from backhand.graph import Graph, Quantity
from backhand.training.data import arrange
from backhand.training.numerics import steady
from backhand.values import floats

BLOCK = 1024
"""Points that are worked out together."""


def values_at(
    graph: Graph, arrays: Mapping[str, NDArray[Any]], wanted: Collection[str]
) -> dict[str, NDArray[np.float64]]:
    """The wanted quantities for every point, first axis the point; `arrays`: the data by name.

    Raises `AskError` naming a given value that is missing.
    """
    needed = set(wanted).union(*(ancestors(graph, name) for name in wanted))
    own = tuple(_in_floats(q) for q in steady(graph) if q.name in needed)
    graph = replace(graph, quantities=own, points={}, objective=None)
    count = len(next(iter(arrays.values())))
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in wanted}
    for start in range(0, count, BLOCK):
        here = {n: a[start : start + BLOCK].astype(float) for n, a in arrays.items() if n in graph}
        whole = at_points(graph, here)
        values = trace(whole)
        size = min(BLOCK, count - start)
        for name in wanted:
            value = floats(known(whole, values, name))
            found[name].append(np.broadcast_to(value, (size, *graph[name].shape)))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _in_floats(quantity: Quantity) -> Quantity:
    return quantity if quantity.value is None else replace(quantity, value=floats(quantity.value))


def predict(graph: Graph, X: object) -> NDArray[np.float64]:
    """The network's output for each row of X, (N, *shape of the output).

    Raises `DataError` for data that doesn't fit, `AskError` where the graph has no one output.

    >>> import backhand
    >>> predict(backhand.network("2 -> 3 relu -> 1 sigmoid", seed=0), [[0, 1], [1, 1]]).shape
    (2,)
    """
    output = prediction(graph)
    data = arrange(graph, X)
    return values_at(graph, data.arrays, (output.name,))[output.name]


def mean_loss(
    graph: Graph, arrays: Mapping[str, NDArray[Any]], weights: NDArray[np.float64] | None = None
) -> float:
    """The objective's mean over the points, each by its weight."""
    if graph.objective is None:
        raise AskError("this graph has no objective", "define a scalar J, such as J = (y - yhat)^2")
    losses = values_at(graph, arrays, (graph.objective,))[graph.objective]
    return float(np.average(losses.reshape(len(losses)), weights=weights))
