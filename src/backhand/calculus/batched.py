"""One graph at many given values at once: every quantity gets a first axis that numbers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.evaluate import computable, evaluate
from backhand.errors import AskError
from backhand.expr import Expr, Image, Padded, Ref, padded, postorder, ref, rewrite
from backhand.graph import Graph, floats
from backhand.slots import Index

NUMBER = "•n"
"""The letter that numbers the sets of given values; no page has it."""


def batched(graph: Graph, count: int) -> Graph:
    """The graph of `count` copies side by side. Raises `AskError` where it inverts matrices."""
    index = Index(NUMBER, 1, count)
    quantities = tuple(
        replace(
            q,
            axes=(index, *q.axes),
            value=None,
            definition=None if q.definition is None else _numbered(q.definition, index, q.name),
        )
        for q in graph
    )
    return Graph(quantities, graph.objective)


def _numbered(expr: Expr, index: Index, name: str) -> Expr:
    """The expression with `index` before the slots of every quantity in it."""
    if any(isinstance(node, Image) for node in postorder(expr)):
        raise AskError(
            f"{name} takes a function of a whole matrix, or one without a formula",
            "leave it out of the page",
        )

    def leaf(node: Expr) -> Expr | None:
        match node:
            case Ref(named, slots):
                return ref(named, index, *slots)
            case Padded(named, slots, rank):
                return padded(named, (index, *slots), rank + 1)
            case _:
                return None

    return rewrite(expr, leaf)


def values_of(
    graph: Graph, given: Mapping[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    """The value of every quantity of a `batched` graph, first axis the copy, as far as known."""
    values = dict(given)
    for quantity in graph:
        definition = quantity.definition
        if quantity.name in values or definition is None or not computable(definition, values):
            continue
        values[quantity.name] = floats(evaluate(definition, quantity.axes, graph, values))
    return values
