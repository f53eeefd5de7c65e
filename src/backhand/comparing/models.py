"""The models of a comparison: which ones fit the task, each as a graph without values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from backhand.comparing.task import Task
from backhand.errors import AskError, LimitError
from backhand.graph import Graph
from backhand.reading.shorthand import ARROW, network

Family: TypeAlias = Literal["linear", "logistic", "network"]
USUAL = ("16 relu", "32 relu -> 32 relu")
"""The hidden layers of the networks where none are given."""
MAX_NETWORKS = 3
"""More columns than these and the two regressions don't fit a page."""
MAX_PARAMETERS = 100_000
"""Every model is trained some thirty times."""
ABSENT = (
    "Logistic regression isn't here: it predicts the probability of a class, a number between 0 and 1, "
    "and {target} is any number."
)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model to be compared: `name` as a person calls it, `layers` in shorthand, its equations."""

    name: str
    family: Family
    layers: str
    graph: Graph


def candidates(task: Task, hidden: Sequence[str] = ()) -> tuple[Candidate, ...]:
    """Linear regression, for classes logistic regression, and networks with these hidden layers.

    For two classes linear regression predicts 0 or 1, for n classes a 1 in the place of the class.
    Raises `AskError` and `ReadingError` for hidden layers that can't be read, `LimitError` for too many.

    >>> from backhand.training.table import Table
    >>> import numpy as np
    >>> from backhand.comparing.task import task_of
    >>> table = Table(np.eye(4), np.array([0, 1, 0, 1]), ("a", "b", "c", "d"), "e")
    >>> [each.layers for each in candidates(task_of(table, "small"), ["8 relu"])]
    ['4 -> 1', '4 -> 1 sigmoid', '4 -> 8 relu -> 1 sigmoid']
    """
    classes = len(task.labels)
    outputs = classes if classes > 2 else 1
    found = [_made("linear regression", "linear", f"{task.features} -> {outputs}", "squared_error")]
    last, loss = str(outputs), "squared_error"
    if classes:
        last, loss = (
            ("1 sigmoid", "binary_cross_entropy")
            if classes == 2
            else (f"{classes} softmax", "cross_entropy")
        )
        found.append(_made("logistic regression", "logistic", f"{task.features} -> {last}", loss))
    given = dict.fromkeys(_tidied(text) for text in hidden or USUAL)
    if len(given) > MAX_NETWORKS:
        raise AskError(f"{len(given)} networks are too many", f"give up to {MAX_NETWORKS}")
    for text in given:
        layers = f"{task.features} -> {text} -> {last}"
        found.append(_made(f"network {text.replace('->', '→')}", "network", layers, loss))
    return tuple(found)


def _made(name: str, family: Family, layers: str, loss: str) -> Candidate:
    graph = network(layers, loss=loss)
    size = sum(q.size for q in graph.parameters)
    if size > MAX_PARAMETERS:
        raise LimitError(
            f"the {name} has {size} parameters, over {MAX_PARAMETERS} for a comparison",
            "use fewer units, or train it by itself",
        )
    return Candidate(name, family, layers, graph)


def _tidied(text: str) -> str:
    """Hidden layers in one spelling; `AskError` where they name no function."""
    parts = [" ".join(part.split()) for part in ARROW.split(text)]
    for part in parts:
        if part.isdigit():
            raise AskError(
                f"the hidden layer {part!r} of {text!r} has no function",
                f'give the hidden layers only, such as "{part} relu"; input and output are added',
            )
        if part.endswith("softmax"):
            raise AskError(f"{part!r} is no hidden layer", 'use a function such as "8 relu"')
    return " -> ".join(parts)
