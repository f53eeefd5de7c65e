"""Graphs to export, and their values and gradients by Backhand itself, point by point."""

from __future__ import annotations

from typing import Any

import numpy as np

from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity, Role, axes
from backhand.notation import partial_name
from backhand.reading.building import block
from backhand.reading.meaning import model
from backhand.values import floats

Arrays = dict[str, Any]

LAYERS = {
    "no bias": "W = [[1, 2], [3, -4], [5, 6]]; a = W x; yhat = tanh(a)",
    "a bias of its own": "W = [[1, 2], [3, -4]]; b = [1, 2]; a = W x + b; yhat = silu(a)",
    "a bias before the product": "W = [[1, 2], [3, -4]]; b = [1, 2]; yhat = b + W x",
    "a bias folded in": "W = [[1, 2, 0.3], [3, -4, 1]]; a = W x; yhat = softmax(a)",
    "one output": "W = [[1, 2, 0.3]]; b = W x; yhat = σ(b)",
    "a row of weights": "w = [1, 2]; b = 0.3; yhat = σ(wᵀ x + b)",
    "a transposed weight": "W = [[1, 2, 3], [4, 5, -6]]; b = [1, 2, 3]; yhat = tanh(Wᵀ x + b)",
    "several layers": (
        "W_1 = [[1, 2, 0.3], [3, -4, 1], [-1, 0.5, 0.2]]; a = W_1 x; z = relu(a);"
        "W_2 = [[1, 2, 0.3], [2, 0, 1]]; b_2 = [0.1, 0.2]; yhat = W_2 z + b_2"
    ),
    "every module": "W = [[1, 2], [3, -4]]; a_1 = W x; a_2 = relu(a_1); a_3 = leaky_relu(a_2); "
    "a_4 = softplus(a_3); a_5 = gelu_tanh(a_4); a_6 = identity(a_5); yhat = sigmoid(a_6)",
}
"""Stacks of dense layers on x of two entries."""

OTHERS = {
    "a parameter used twice": "W = [[1, 2], [3, -4]]; a = W x; z = tanh(a); yhat = W z",
    "one number for all rows": "W = [[1, 2], [3, -4]]; b = 2; yhat = W x + b",
    "a gate": "W = [[1, 2], [3, -4]]; V = [[2, 1], [0, 1]]; g = σ(V x); a = W x; yhat = g ⊙ a",
    "a residual": "W = [[1, 2], [3, -4]]; a = W x; yhat = x + relu(a)",
    "a quadratic form": "A = [[1, 2], [3, -4]]; yhat = xᵀ A x",
    "scalars": "w = 2; b = 3; s = sum(x); yhat = w s + b",
    "powers": "w = 2; s = 1 + sum(x ⊙ x); yhat = s^w + s^3 - s^(-1) + s^0.5 + 1/s^2",
    "comparisons": "W = [[1, 2], [3, -4]]; a = W x; yhat = max(a, 0.5) + min(a, x)",
    "a hidden softmax": "W = [[1, 2], [3, -4]]; V = [[2, 1], [0, 1]]; p = softmax(W x); yhat = V p",
    "a log-sum-exp": "W = [[1, 2], [3, -4]]; yhat = logsumexp(W x)",
}
"""What is no stack."""


def named(text: str) -> Graph:
    """The graph of equations on x."""
    return model(f"x = [0.5, -1.5]; {text}")


def activation(name: str) -> Graph:
    """A layer, then a function of the table, on arguments inside its domain."""
    inside = "exp(a)" if name in ("log", "sqrt") else "a"
    args = f"{inside}, 0.3" if TABLE[name].arity == 2 else inside
    return named(f"W = [[1, 2], [3, -4]]; b = [0.1, 0.2]; a = W x + b; yhat = {name}({args})")


def loss(name: str) -> Graph:
    """A prediction between 0 and 1 and its loss J."""
    return named(f"y = [1, 0]; W = [[0.5, 0.25], [0.75, -0.5]]; p = σ(W x); J = {name}(y, p)")


def filled(name: str, **sizes: int) -> Graph:
    """A building block with values for its parameters."""
    graph, rng = block(name, **sizes), np.random.default_rng(1)
    return graph.with_values(**{q.name: rng.normal(size=q.shape) for q in graph.parameters})


def renamed(graph: Graph, names: dict[str, str]) -> Graph:
    """A stack `yhat = relu(W x + b)` whose quantities have names that no page can give them."""
    from backhand.expr import apply, ref, total

    (j, k), (own,) = axes(2, 2), axes(2)
    x, w, b, y = (names[n] for n in ("x", "W", "b", "y"))
    product = total(k, ref(w, j, k) * ref(x, k)) + ref(b, j)
    return Graph((
        Quantity(name=x, axes=(own,), role=Role.DATA),
        Quantity(name=w, axes=(j, k), role=Role.PARAMETER, value=graph["W"].value),
        Quantity(name=b, axes=(own,), role=Role.PARAMETER, value=graph["b"].value),
        Quantity(
            name=y, axes=(own,), role=Role.INTERMEDIATE, definition=apply("cos", product)
        ),
    ))  # fmt: skip


def batch_for(graph: Graph, output: str, size: int = 3) -> Arrays:
    """A batch of data for what `output` needs, a target of zeros and ones."""
    from backhand.calculus.forward import ancestors

    rng, needed = np.random.default_rng(2), ancestors(graph, output)
    found: Arrays = {}
    for q in graph:
        if q.definition is None and q.role is not Role.PARAMETER and q.name in needed:
            shape = (size, *q.shape)
            drawn = rng.normal(size=shape)
            found[q.name] = (drawn > 0).astype(float) if q.role is Role.TARGET else drawn
    return found


def values(graph: Graph, output: str, data: Arrays) -> Any:
    """The values of a quantity, a row for each point."""
    points = len(next(iter(data.values())))
    return np.stack([
        floats(trace(graph.with_values(**{n: rows[at] for n, rows in data.items()}))[output])
        for at in range(points)
    ])  # fmt: skip


def slopes(graph: Graph, output: str, data: Arrays) -> Arrays:
    """The gradients of the sum of a quantity's squares over all points, by each parameter."""
    from dataclasses import replace

    from backhand.expr import ref, total

    squares = ref(output, *graph[output].axes) ** 2
    for index in graph[output].axes:
        squares = total(index, squares)
    whole = Quantity(name="J_", axes=(), role=Role.OBJECTIVE, definition=squares)
    graph = replace(graph, quantities=(*graph.quantities, whole), objective="J_")
    learned = [q.name for q in graph.parameters]
    found = {name: np.zeros(graph[name].shape) for name in learned}
    for at in range(len(next(iter(data.values())))):
        here = graph.with_values(**{n: rows[at] for n, rows in data.items()})
        _, known = gradients(here, "J_", learned, trace(here))
        for name in learned:
            found[name] = found[name] + floats(known[partial_name("J_", name)])
    return found
