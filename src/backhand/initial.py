"""Where training starts: values for the parameters that have none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backhand.graph import Graph, Quantity


def glorot(quantity: Quantity, rng: np.random.Generator) -> NDArray[np.float64]:
    """Numbers so spread that the variance of what goes forward and back stays the same.

    A vector counts as one row, and a column for the bias doesn't count.
    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks (2010), equation 16.

    >>> from backhand.graph import Role, axes
    >>> weights = Quantity(name="W", axes=axes(2, 3, folded=True), role=Role.PARAMETER)
    >>> bool((abs(glorot(weights, np.random.default_rng(0))) <= (6 / (2 + 2)) ** 0.5).all())
    True
    """
    rows, columns = (1, 1, *quantity.shape)[-2:]
    bound = np.sqrt(6 / (rows + columns - quantity.folded))
    return rng.uniform(-bound, bound, quantity.shape)


def initialised(graph: Graph, seed: int) -> Graph:
    """The graph with a value for every parameter; those that have one keep it."""
    rng = np.random.default_rng(seed)
    missing = [q for q in graph.parameters if q.value is None]
    return graph.with_values(**{q.name: glorot(q, rng) for q in missing})
