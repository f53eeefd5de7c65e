"""From one data point to all of them: the same equations with a point index, and the mean as objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from backhand.errors import AskError
from backhand.expr import Expr, Index, Padded, Ref, mul, names, padded, ref, rewrite, total
from backhand.graph import POINT, Graph, Quantity, Role
from backhand.values import Value


def over_points(graph: Graph) -> Graph:
    """The graph over all its data points: what depends on data gets the point as its first axis.

    The objective becomes the mean over the points; the loss of each point is named `ell`, or `loss`
    where that is taken. Raises `AskError` where there is no objective.
    """
    if graph.objective is None:
        raise AskError("this graph has no objective", "define J, such as J = (y - yhat)^2")
    objective, each = graph[graph.objective], _free_name(graph)
    loss = replace(objective, name=each, role=Role.INTERMEDIATE)
    own = tuple(loss if q is objective else q for q in graph)
    whole = at_points(replace(graph, quantities=own, objective=None), graph.points)
    if whole[each].rank == objective.rank:
        return replace(
            whole,
            quantities=tuple(objective if q.name == each else q for q in whole),
            objective=graph.objective,
        )
    point = whole[each].axes[0]
    mean = replace(
        objective, definition=mul(Fraction(1, point.size), total(point, ref(each, point)))
    )
    return replace(whole, quantities=(*whole.quantities, mean), objective=graph.objective)


def at_points(graph: Graph, points: Mapping[str, Value]) -> Graph:
    """The graph with the point as the first axis of all that depends on the data `points`."""
    count = max((len(rows) for rows in points.values()), default=1)
    point = Index(POINT, 1, count)
    varying: set[str] = set()
    made: list[Quantity] = []
    for quantity in graph:
        if quantity.name in points or (
            quantity.definition is not None and names(quantity.definition) & varying
        ):
            varying.add(quantity.name)
            made.append(_with_point(quantity, point, varying, points))
        else:
            made.append(quantity)
    return replace(graph, quantities=tuple(made), points={})


def _free_name(graph: Graph) -> str:
    return next(n for n in ("ell", "loss", "loss_point") if n not in graph)


def _with_point(
    quantity: Quantity, point: Index, varying: set[str], points: Mapping[str, Value]
) -> Quantity:
    return replace(
        quantity,
        axes=(point, *quantity.axes),
        value=points.get(quantity.name),
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
