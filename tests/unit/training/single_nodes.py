"""Graphs of one equation, each with another kind of node, and numbers for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from backhand.expr import add, apply, compare, image, mul, padded, power, ref, same, total
from backhand.graph import Graph, Quantity, Role, axes
from backhand.slots import Index, affine

Arrays = dict[str, Any]
D, P = Role.DATA, Role.PARAMETER


def drawn(graph: Graph, batch: int = 3, seed: int = 0) -> tuple[Graph, Arrays, Arrays]:
    """The graph with parameters, a batch of data for it, and the parameters as arrays."""
    rng = np.random.default_rng(seed)
    learned = {q.name: rng.normal(size=q.shape) for q in graph.parameters}
    free = [q for q in graph if q.definition is None and q.role is not Role.PARAMETER]
    data = {q.name: rng.normal(size=(batch, *q.shape)) for q in free}
    return graph.with_values(**learned), data, learned


def one(graph: Graph, definition: Any, *own: Any) -> Graph:
    """The graph with y, of the axes `own`, defined."""
    made = Quantity(name="y", axes=own, role=Role.INTERMEDIATE, definition=definition)
    return Graph((*graph.quantities, made))


def base(*shapes: tuple[str, Role, tuple[int, ...]]) -> Graph:
    return Graph(tuple(Quantity(name=n, axes=axes(*s), role=r) for n, r, s in shapes))


j, k = Index("j", 1, 3), Index("k", 1, 3)
x, W = ref("x", j), ref("W", j, k)
SQUARE = (("x", D, (3,)), ("M", D, (3, 3)), ("W", P, (3, 3)), ("b", P, (3,)), ("t", D, ()))
WIDE = Index("p", 1, 5)
NODES: dict[str, tuple[Any, tuple[Index, ...]]] = {
    "a number spread over axes": (add(2, 3), (j, k)),
    "a scalar spread over axes": (ref("t") + 1, (j, k)),
    "the diagonal of a matrix": (ref("M", j, j), (j,)),
    "one row of a matrix": (ref("M", 2, j), (j,)),
    "one entry": (ref("M", 2, 3) * ref("x", 1), ()),
    "the transpose": (ref("M", k, j), (j, k)),
    "a trace": (total(j, ref("M", j, j)), ()),
    "a part of a vector": (ref("x", Index("q", 2, 3)), (Index("q", 2, 3),)),
    "a matrix with a delta": (same(j, k) * x + ref("M", j, k), (j, k)),
    "a delta alone": (same(j, k), (j, k)),
    "a delta with a number": (same(j, 2) * x, (j,)),
    "a delta of a sum of indices": (
        same(affine({j: 1, k: 1}, -1, WIDE), Index("q", 1, 3)) * ref("M", j, k),
        (j, k, Index("q", 1, 3)),
    ),
    "positions outside": (ref("x", affine({j: 2, k: -1}, 0, Index("", 1, 3))), (j, k)),
    "one index in two positions": (ref("M", j, affine({j: -1}, 4, Index("", 1, 3))), (j,)),
    "two sums of indices": (
        ref("M", affine({j: 1}, 1, Index("", 1, 3)), affine({k: 1, j: 1}, -2, Index("", 1, 3))),
        (j, k),
    ),
    "comparisons": (compare(x, ">", ref("x", k)) + compare(x, "=", x) * compare(0, ">=", x), (j, k)),
    "a power of a quantity": (power(x**2 + 1, ref("t")), (j,)),
    "roots and divisions": (mul(ref("t"), power(x**2 + 1, -2), 1 / apply("sqrt", x**2 + 1)), (j,)),
    "a sum of quotients": (total(j, ref("t") / (x**2 + 1)), ()),
    "a product of four": (total(j, total(k, x * W * ref("M", j, k) * ref("x", k))), ()),
    "a sum that a factor lacks": (total(j, x) * total(k, ref("b", k)), ()),
    "the transposed weight": (total(j, ref("W", j, k) * x), (k,)),
    "an inverse": (image("inv", ("M",), (k, j)), (j, k)),
    "one entry of an inverse": (image("inv", ("M",), (1, 2)), ()),
    "a determinant": (image("det", ("M",)), ()),
    "a logarithm of a determinant": (image("logdet", ("M",)), ()),
    "an inverse of what is learned": (image("inv", ("W",), (j, k)), (j, k)),
    "a softmax along the first axis": (
        apply("exp", ref("M", j, k)) / total(j, apply("exp", ref("M", j, k))), (j, k)
    ),
    "a part of a softmax": (
        apply("exp", ref("x", Index("q", 1, 2))) / total(j, apply("exp", x)),
        (Index("q", 1, 2),),
    ),
    "one output of a softmax": (apply("exp", ref("x", 2)) / total(j, apply("exp", x)), ()),
    "a 1 before a vector": (padded("x", (Index("q", 0, 3),), 1), (Index("q", 0, 3),)),
    "a 1 before a number": (padded("t", (Index("q", 0, 1),), 0), (Index("q", 0, 1),)),
    "a 1 before a weight": (padded("b", (Index("q", 0, 3),), 1) * ref("t"), (Index("q", 0, 3),)),
    "a product with a logarithm": (total(j, compare(x, ">", 0) * apply("log", power(x, 2))), ()),
    "a logarithm of 0": (compare(x, ">", 9) * apply("log", compare(x, ">", 9)), (j,)),
    "a bias for all rows": (total(k, W * ref("x", k)) + ref("t"), (j,)),
}  # fmt: skip


def node(case: str) -> tuple[Graph, Arrays, Arrays]:
    """The graph of a case with y as its output, a batch of data and the parameters."""
    definition, own = NODES[case]
    return drawn(one(base(*SQUARE), definition, *own))
