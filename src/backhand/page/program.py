"""A graph as the program that the page evaluates: equations in index notation, gradients included.

The page expands the equations over their entries by itself, so the program grows with the
equations and not with the sizes, but for the given values.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from backhand.calculus.chain import backward
from backhand.calculus.forward import ancestors, equation
from backhand.calculus.picture import picture
from backhand.errors import LimitError
from backhand.expr import Total, postorder
from backhand.graph import Graph, Quantity, Role
from backhand.notation import named, partial_name, parts
from backhand.page.nodes import Json, Nodes, real
from backhand.page.picture_json import picture_json
from backhand.training.numerics import steady
from backhand.values import Value
from backhand.writing.mathml import formula_mathml
from backhand.writing.text import formula_text

VERSION = 1
MAX_ENTRIES = 250_000
"""Numbers in all quantities and points together, gradients included: a page with more doesn't
follow a hand."""
MAX_QUANTITIES = 1_000
"""Named quantities with their gradients: nobody looks through more, and the drawing has no room."""
MAX_OPERATIONS = 3_000_000
"""Multiplications and the like in one forward and backward pass."""


def program(graph: Graph) -> dict[str, Any]:
    """The graph with the gradient of its objective by everything, as plain JSON.

    Raises `BackhandError` where a function has no formula in index notation, `LimitError` where a
    size is only a letter or the network is too large for a page.

    >>> import backhand
    >>> found = program(backhand.model("x = 3; J = x^2"))
    >>> [q["name"] for q in found["quantities"]], found["quantities"][1]["equation"]
    (['x', 'J', '∂J/∂x'], 2)
    """
    whole = with_gradients(graph)
    check_size(whole)
    nodes = Nodes()
    quantities = [_quantity(q, whole, nodes) for q in whole]
    instead = _steady(graph, whole, nodes)
    return {
        "version": VERSION,
        "objective": graph.objective,
        "quantities": quantities,
        "expressions": nodes.list,
        "updates": _updates(whole),
        "steady": instead,
        "points": {name: [_flat(row) for row in rows] for name, rows in graph.points.items()},
        "picture": picture_json(picture(graph), graph),
    }


def with_gradients(graph: Graph) -> Graph:
    """The graph with the derivative of the objective by all that it depends on."""
    plain = replace(graph, quantities=tuple(q for q in graph if q.role is not Role.GRADIENT))
    return backward(plain, graph.objective) if graph.objective is not None else plain


def check_size(graph: Graph) -> None:
    """Raise `LimitError` where the graph is too large for a page."""
    if len(graph.quantities) > MAX_QUANTITIES:
        raise LimitError(
            f"the page has room for {MAX_QUANTITIES} quantities, gradients included, and this graph "
            f"has {len(graph.quantities)}",
            "put layers together in fewer equations, or use `backhand solve`",
        )
    entries = sum(np.size(rows) for rows in graph.points.values())
    operations = 0
    for quantity in graph:
        entries += quantity.size
        operations += quantity.size * _work(quantity)
        if entries > MAX_ENTRIES or operations > MAX_OPERATIONS:
            raise LimitError(
                f"this network is too large for the page: with its gradients it has over "
                f"{MAX_ENTRIES} numbers or takes over {MAX_OPERATIONS} operations a pass",
                "make its layers narrower, or use `backhand solve` and `backhand fit`",
            )


def _work(quantity: Quantity) -> int:
    """How many operations one entry takes, at most."""
    if quantity.definition is None:
        return 0
    cost: dict[object, int] = {}
    for node in postorder(quantity.definition):
        inner = 1 + sum(cost[arg] for arg in node.args)
        cost[node] = inner * node.index.size if isinstance(node, Total) else inner
    return cost[quantity.definition]


def _quantity(quantity: Quantity, graph: Graph, nodes: Nodes) -> dict[str, Json]:
    sign = named(graph, quantity.name)
    made = quantity.definition is not None
    found: dict[str, Json] = {
        "name": quantity.name,
        "role": quantity.role.value,
        "shape": list(quantity.shape),
        "lower": [axis.lower for axis in quantity.axes],
        "axes": [axis.name for axis in quantity.axes],
        "math": formula_mathml(sign),
        "text": formula_text(sign),
        "value": None if quantity.value is None else _flat(quantity.value),
        "equation": nodes.add(quantity.definition) if quantity.definition is not None else None,
        "formula": formula_mathml(equation(quantity, graph)) if made else None,
    }
    pair = parts(quantity.name)
    if pair is not None and quantity.role is Role.GRADIENT:
        found |= {"of": pair[0], "by": pair[1][0]}
    return found


def _steady(graph: Graph, whole: Graph, nodes: Nodes) -> dict[str, int]:
    """The equations that training uses instead: a confident wrong answer has no infinite loss."""
    found: dict[str, int] = {}
    for quantity in with_gradients(steady(graph)):
        definition = quantity.definition
        if definition is not None and definition is not whole[quantity.name].definition:
            found[quantity.name] = nodes.add(definition)
    return found


def _flat(value: Value) -> list[Json]:
    return [real(x) for x in np.asarray(value).ravel().tolist()]


def _updates(graph: Graph) -> list[list[str]]:
    """Each parameter that the objective depends on, with its gradient."""
    if graph.objective is None:
        return []
    reached = ancestors(graph, graph.objective)
    learned = (q.name for q in graph.parameters if q.name in reached)
    return [[name, partial_name(graph.objective, name)] for name in learned]
