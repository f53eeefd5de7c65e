"""A graph as the text of a worksheet that defines the same one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import numpy as np

from backhand.calculus.forward import equation
from backhand.errors import BackhandError, MeaningError
from backhand.expr import names
from backhand.graph import Graph, Quantity, Role
from backhand.page.alike import alike
from backhand.page.editing import plainly
from backhand.reading.document import worksheet
from backhand.values import Value, floats
from backhand.writing.text import formula_text

ROLES = ((Role.PARAMETER, "parameters"), (Role.DATA, "data"), (Role.TARGET, "targets"))


def text_of(graph: Graph) -> str:
    """A worksheet's text from which the graph is read: its numbers, its equations, its roles.

    Of a graph without an objective the page takes its last result for one, where that is a number.
    Raises `MeaningError` where it would be read as another graph.

    >>> import backhand
    >>> print(text_of(backhand.model("x = 3; w = 1/2; J = (w x - 5)^2")))
    parameters: w
    data: x
    x = 3
    w = 1/2
    J = (w x − 5)²
    """
    for quantity in graph:
        if quantity.definition is None and quantity.rank > 2:
            raise _other(
                f"{quantity.name} has {quantity.rank} axes, and it writes matrices at most"
            )
    text = "\n".join(_lines(graph))
    try:
        again = worksheet(text).graph
    except BackhandError as error:
        raise _other(error.what) from None
    if not alike(again, _plain(graph, again.objective)) or not _same_points(again, graph):
        raise _other("it would be read as another graph")
    return text


def _plain(graph: Graph, objective: str | None) -> Graph:
    """The graph without the gradients that were worked out, which aren't part of the page.

    `objective`: what the page takes for one; no other quantity may be made from it.
    """
    kept = tuple(q for q in graph if q.role is not Role.GRADIENT)
    used = frozenset[str]().union(*(names(q.definition) for q in kept if q.definition is not None))
    if graph.objective is not None or objective is None or objective in used:
        return Graph(kept, graph.objective)
    as_such = (replace(q, role=Role.OBJECTIVE) if q.name == objective else q for q in kept)
    return Graph(tuple(as_such), objective)


def _other(why: str) -> MeaningError:
    return MeaningError(
        f"this graph can't be written as a worksheet: {why}",
        "give a module one data point, not several; or write the worksheet yourself and use its "
        "widget: backhand.read(file).widget()",
    )


def _lines(graph: Graph) -> Iterator[str]:
    for role, word in ROLES:
        if names := [q.name for q in graph.with_role(role)]:
            yield f"{word}: {', '.join(names)}"
    for name, (letters, body) in graph.functions.items():
        yield f"{name}({', '.join(letters)}) = {formula_text(body)}"
    for quantity in graph:
        if quantity.role is Role.GRADIENT or quantity.name in graph.functions:
            continue
        if quantity.definition is not None:
            yield formula_text(equation(quantity, graph))
        elif quantity.name in graph.points:
            for number, row in enumerate(graph.points[quantity.name], 1):
                yield f"{quantity.name}^({number}) = {_value(row)}"
        else:
            yield _given(quantity)


def _given(quantity: Quantity) -> str:
    if quantity.value is not None:
        return f"{quantity.name} = {_value(quantity.value)}"
    shape = "×".join(map(str, quantity.extents))
    return f"{quantity.name} in R^{{{shape}}}" if shape else f"{quantity.name} in R"


def _value(value: Value) -> str:
    """Numbers in brackets, a matrix row by row; fractions stay what they are."""
    return _bracketed(np.asarray(value).tolist())


def _bracketed(item: Any) -> str:
    if isinstance(item, list):
        return f"[{', '.join(map(_bracketed, cast(list[Any], item)))}]"
    return plainly(item) if isinstance(item, float) else str(item)


def _same_points(one: Graph, other: Graph) -> bool:
    return one.points.keys() == other.points.keys() and all(
        np.array_equal(floats(np.asarray(rows)), floats(np.asarray(other.points[name])))
        for name, rows in one.points.items()
    )
