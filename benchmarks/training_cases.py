"""What is trained: networks, where they start, their data points and the order in which these come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

import backhand
from backhand import Graph

Array: TypeAlias = NDArray[Any]
Layers: TypeAlias = Sequence[tuple[Array, Array]]
"""Weights and biases, layer by layer; those of a convolution are (filters, kernel, kernel)."""

POINTS = 2048
BATCHES = (1, 32, 256)

CONVOLUTION = """
x ∈ R^{14×14}; y ∈ R^10; W_1 ∈ R^{8×3×3}; b_1 ∈ R^8; W_2 ∈ R^{10×8×12×12}; b_2 ∈ R^10
a_{m,p,q} = b_{1,m} + sum_{u=1}^3 sum_{v=1}^3 W_{1,m,u,v} x_{p+u-1,q+v-1}
z_{m,p,q} = relu(a_{m,p,q})
s_o = b_{2,o} + sum_m sum_p sum_q W_{2,o,m,p,q} z_{m,p,q}
yhat = softmax(s)
J = cross_entropy(y, yhat)
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """A network with relu between its layers: `shapes` are those of the weights without biases.

    `end`: the squared error of a sigmoid, or the cross-entropy of softmax.
    """

    name: str
    text: str
    x: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    end: Literal["sigmoid", "softmax"] = "softmax"
    rate: float = 0.02

    @property
    def numbers(self) -> tuple[int, int]:
        """The numbers in a data point, target included, and in the parameters."""
        return prod(self.x) + self.outputs, sum(prod(s) + s[0] for s in self.shapes)

    @property
    def outputs(self) -> int:
        """The entries of yhat."""
        return self.shapes[-1][0]

    def graph(self, layers: Layers) -> Graph:
        """The network as Backhand reads it, with these parameters."""
        if "=" in self.text:
            graph = backhand.model(self.text)
        else:
            loss = "squared_error" if self.end == "sigmoid" else "cross_entropy"
            graph = backhand.network(self.text, loss=loss)
        values: dict[str, Array] = {}
        for n, (weights, biases) in enumerate(layers, 1):
            matrix = graph[f"W_{n}"]
            if matrix.folded:
                values[f"W_{n}"] = np.column_stack([biases, weights])
            else:
                values |= {f"W_{n}": weights.reshape(matrix.shape), f"b_{n}": biases}
        return graph.with_values(**values)

    def layers(self, parameters: Mapping[str, Array]) -> Layers:
        """A graph's parameters as weights and biases."""
        found: list[tuple[Array, Array]] = []
        for n, shape in enumerate(self.shapes, 1):
            matrix, biases = parameters[f"W_{n}"], parameters.get(f"b_{n}")
            if biases is None:
                matrix, biases = matrix[:, 1:], matrix[:, 0]
            found.append((matrix.reshape(shape).copy(), biases.copy()))
        return found

    def start(self) -> Layers:
        """Where everyone starts: small random numbers; for 2-2-1 the worksheet's."""
        if self.end == "sigmoid":
            folded = [[2, 3, -1], [-1, -3, 1]], [[1, -2, 2]]
            whole = [np.array(matrix, np.float32) for matrix in folded]
            return [(matrix[:, 1:].copy(), matrix[:, 0].copy()) for matrix in whole]
        rng = np.random.default_rng(1)
        found: list[tuple[Array, Array]] = []
        for rows, *rest in self.shapes:
            bound = np.sqrt(3 / prod(rest))
            weights = rng.uniform(-bound, bound, (rows, *rest)).astype(np.float32)
            found.append((weights, rng.uniform(0, 0.1, rows).astype(np.float32)))
        return found

    def points(self, count: int = POINTS) -> tuple[Array, Array]:
        """`count` points: x, and y as numbers or one-hot rows, in float32."""
        rng = np.random.default_rng(2)
        if self.end == "sigmoid":
            x = rng.standard_normal((count, *self.x), np.float32)
            return x, (x.prod(axis=1, keepdims=True) > 0).astype(np.float32)
        # Mostly zeros, as the pixels of a digit are.
        x = np.maximum(rng.random((count, *self.x), np.float32) * 5 - 4, 0)
        teacher = rng.standard_normal((prod(self.x), self.outputs), np.float32)
        classes = np.argmax(x.reshape(count, -1) @ teacher, axis=1)
        return x, np.eye(self.outputs, dtype=np.float32)[classes]


@lru_cache(maxsize=2)
def order(count: int) -> Array:
    """The first `count` points that are met: all in random order, then all in another."""
    rng = np.random.default_rng(3)
    # So many that no processor remembers which branches they take.
    epochs = [rng.permutation(POINTS) for _ in range(64)]
    return np.resize(np.concatenate(epochs), count).astype(np.int64, copy=False)


def dense(*widths: int) -> Workload:
    """ReLU layers of these widths, the first of them the inputs, and softmax at the end."""
    last = len(widths) - 1
    layers = [f"{w} {'softmax' if n == last else 'relu'}" for n, w in enumerate(widths) if n]
    shapes = tuple(zip(widths[1:], widths[:-1], strict=True))
    text = " -> ".join([str(widths[0]), *layers])
    return Workload("-".join(map(str, widths)), text, widths[:1], shapes)


WORKLOADS = {
    each.name: each
    for each in (
        Workload(
            "2-2-1", "2 -> 2 relu -> 1 sigmoid", (2,), ((2, 2), (1, 2)), end="sigmoid", rate=0.05
        ),
        dense(64, 32, 10),
        dense(784, 100, 10),
        dense(784, 512, 256, 10),
        Workload("convolution", CONVOLUTION, (14, 14), ((8, 3, 3), (10, 8 * 12 * 12))),
    )
}
