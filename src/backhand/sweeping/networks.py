"""The networks of a sweep: graphs, or hidden layers in words that are completed to fit the data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backhand.compositions import COMPOSED_AS
from backhand.errors import AskError, DataError
from backhand.expr import show
from backhand.graph import Graph
from backhand.reading.shorthand import ARROW, network
from backhand.training.intake import numbers, values
from backhand.training.table import Table
from backhand.values import floats

MAX_CLASSES = 20
"""Whole numbers with no more different values than this are classes, unless the loss says otherwise."""
WHOLE = re.compile(r"\s*\d+\s*$")


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network of a sweep: what people call it, its graph, and a mark that tells it from others."""

    label: str
    graph: Graph
    mark: str


@dataclass(frozen=True, slots=True)
class Ends:
    """What the data asks of a network: numbers in, numbers out; `classes`: how many, 0 for numbers."""

    inputs: int
    outputs: int
    classes: int


def networks(
    given: Sequence[str | Graph], X: object, y: object, loss: str | None
) -> tuple[Network, ...]:
    """Every network with its graph; those in words get the input and the output that the data needs.

    Words are hidden layers, `16 relu -> 8 relu`, or a whole network, which begins with a bare width:
    `64 -> 16 relu -> 10 softmax`. Without `loss` it is the cross-entropy for classes and after a
    softmax or a sigmoid, else the squared error. Raises `AskError` and `ReadingError`.

    >>> [found] = networks(["4 relu"], [[0, 1], [1, 0], [1, 1]], ["a", "b", "c"], None)
    >>> found.label
    '2 -> 4 relu -> 3 softmax'
    """
    if not given:
        raise AskError("no network is given", 'give one or several, such as "16 relu"')
    ends = _ends(X, y) if any(isinstance(each, str) for each in given) else None
    made: dict[str, Network] = {}
    for each in given:
        found = _drawn(each) if isinstance(each, Graph) else _worded(each, ends, loss)
        made.setdefault(found.mark, found)
    return tuple(made.values())


def _worded(text: str, ends: Ends | None, loss: str | None) -> Network:
    assert ends is not None
    if loss is not None and loss not in COMPOSED_AS:
        network("1 -> 1", loss=loss)  # which says what losses there are
    parts = [part.strip() for part in ARROW.split(text)]
    if len(parts) > 1 and WHOLE.match(parts[0]):
        loss = loss or _loss_after(parts[-1])
    else:
        last, usual = _last(ends, loss)
        parts, loss = [str(ends.inputs), *parts, last], loss or usual
    label = " -> ".join(" ".join(part.split()) for part in parts)
    graph = network(label, loss=loss)
    return Network(label, graph, _mark(graph))


def _drawn(graph: Graph) -> Network:
    mark, size = _mark(graph), sum(q.size for q in graph.parameters)
    return Network(f"graph {mark[:6]} ({size} parameters)", graph, mark)


def _loss_after(layer: str) -> str:
    ended = layer.rpartition(" ")[2].lower()
    return {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}.get(
        ended, "squared_error"
    )


def _last(ends: Ends, loss: str | None) -> tuple[str, str]:
    """The last layer, and the loss that goes with it."""
    classes = ends.classes
    match COMPOSED_AS.get(loss) if loss else None:
        case "cross_entropy":
            return f"{max(classes, ends.outputs)} softmax", "cross_entropy"
        case "cross_entropy_from_logits":
            return str(max(classes, ends.outputs)), "cross_entropy_from_logits"
        case "binary_cross_entropy":
            return f"{ends.outputs} sigmoid", "binary_cross_entropy"
        case None if classes == 2:
            return "1 sigmoid", "binary_cross_entropy"
        case None if classes > 2:
            return f"{classes} softmax", "cross_entropy"
        case _:
            return str(ends.outputs), "squared_error"


# ---- what the data asks for --------------------------------------------------------------------


def _ends(X: object, y: object) -> Ends:
    if isinstance(X, Table):
        classes = len(X.labels) if X.labels is not None else _classes(X.target)
        return Ends(X.features.shape[1], 1, classes)
    if y is None or (hasattr(X, "keys") and not hasattr(X, "columns")):
        raise AskError(
            "a network in words needs X as one array, and y", "give them, or give a graph"
        )
    shape = numbers(X, "x").array.shape
    goal = values(y, "y").array
    if not len(goal):
        raise DataError("y has no rows", "give at least two")
    outputs = int(np.prod(goal.shape[1:], dtype=int))
    classes = _classes(goal.reshape(len(goal))) if outputs == 1 else 0
    return Ends(int(np.prod(shape[1:], dtype=int)), outputs, classes)


def _classes(goal: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> int:
    """How many classes a target has, 0 for numbers."""
    if goal.dtype.kind == "O":
        return len(set(goal.tolist()))
    distinct = np.unique(goal)
    if len(distinct) > MAX_CLASSES and goal.dtype.kind != "b":
        return 0
    whole = all(float(value).is_integer() for value in distinct.tolist())
    return len(distinct) if whole and len(distinct) > 1 else 0


def _mark(graph: Graph) -> str:
    """A mark of the equations, the shapes and the given parameters."""
    hashed = hashlib.sha256(str(graph.objective).encode())
    for q in graph:
        meaning = "" if q.definition is None else show(q.definition)
        hashed.update(f"\n{q.name} {q.role.value} {q.axes} = {meaning}".encode())
    for q in graph.parameters:
        if q.value is not None:
            hashed.update(np.ascontiguousarray(floats(q.value)).tobytes())
    return hashed.hexdigest()
