"""From one data point to all of them: the same equations with a point index, and the mean as objective."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from backhand.errors import AskError
from backhand.expr import Expr, Index, Padded, Ref, mul, names, padded, ref, rewrite, total
from backhand.graph import POINT, Graph, Quantity, Role


def over_points(graph: Graph) -> Graph:
    """The graph over all its data points: what depends on data gets the point as its first axis.

    The objective becomes the mean over the points; the loss of each point is named `ell`, or `loss`
    where that is taken. Raises `AskError` where there is no objective.
    """
    if graph.objective is None:
        raise AskError("this graph has no objective", "define J, such as J = (y - yhat)^2")
    point = Index(POINT, 1, graph.point_count)
    each = _free_name(graph)
    varying: set[str] = set()
    made: list[Quantity] = []
    for quantity in graph:
        if quantity.name in graph.points or (
            quantity.definition is not None and names(quantity.definition) & varying
        ):
            varying.add(quantity.name)
            made.append(_with_point(quantity, point, varying, graph, each))
        else:
            made.append(quantity)
    loss = ref(each, point) if graph.objective in varying else graph[graph.objective].definition
    if graph.objective in varying and loss is not None:
        mean = mul(Fraction(1, point.size), total(point, loss))
        made.append(replace(graph[graph.objective], definition=mean))
    return replace(graph, quantities=tuple(made), points={})


def _free_name(graph: Graph) -> str:
    return next(n for n in ("ell", "loss", "loss_point") if n not in graph)


def _with_point(
    quantity: Quantity, point: Index, varying: set[str], graph: Graph, each: str
) -> Quantity:
    is_loss = quantity.name == graph.objective
    return replace(
        quantity,
        name=each if is_loss else quantity.name,
        role=Role.INTERMEDIATE if is_loss else quantity.role,
        axes=(point, *quantity.axes),
        value=graph.points.get(quantity.name),
        definition=None
        if quantity.definition is None
        else rewrite(quantity.definition, lambda node: _at_point(node, point, varying)),
    )


def _at_point(node: Expr, point: Index, varying: set[str]) -> Expr | None:
    match node:
        case Ref(name, slots) if name in varying:
            return ref(name, point, *slots)
        case Padded(name, slots, rank) if name in varying:
            return padded(name, (point, *slots), rank + 1)
        case _:
            return None
