"""What can be chosen on the page: activations, losses, data sets, and the models beside a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backhand.calculus.table import rows
from backhand.compositions import COMPOSITIONS
from backhand.errors import DataError
from backhand.graph import Graph
from backhand.notation import formula
from backhand.page.bodies import Beside, Points
from backhand.reading.meaning import model
from backhand.reading.shorthand import network
from backhand.syntax import Formula
from backhand.training.datasets import DATASETS, load
from backhand.writing.mathml import formula_mathml
from backhand.writing.text import formula_text


def functions() -> dict[str, Any]:
    """The activations and the losses: their names, and how each is written."""
    activations = [
        _written(row.function.name, row.function.notation.text, row.value)
        for row in rows()
        if row.function.arity == 1
    ]
    softmax = _meaning("p ∈ R^3; q = softmax(p)", "q")
    activations.append(_written("softmax", COMPOSITIONS["softmax"].text, softmax))
    losses = [
        {
            **_written(entry.name, entry.text, _meaning(f"{BOTH}; J = {entry.name}(y, p)", "J")),
            "from_logits": entry.from_logits,
        }
        for entry in COMPOSITIONS.values()
        if entry.target_first
    ]
    return {"activations": activations, "losses": losses}


BOTH = "y ∈ R^N; p ∈ R^N"
"""A target and a prediction of any size."""


def _meaning(text: str, name: str) -> Formula:
    graph = model(text)
    definition = graph[name].definition
    assert definition is not None
    return formula(definition, graph)


def _written(name: str, sign: str, meaning: Formula) -> dict[str, Any]:
    return {
        "name": name,
        "sign": sign,
        "math": formula_mathml(meaning),
        "text": formula_text(meaning),
    }


def data_sets() -> dict[str, Any]:
    """The data sets, each with what it is and what is to be learned from it."""
    return {
        "names": list(DATASETS),
        "data": [
            {
                "name": name,
                "title": each.title,
                "source": each.source,
                "task": each.task,
                "inputs": each.inputs,
            }
            for name, each in DATASETS.items()
        ],
    }


def points(asked: Points) -> dict[str, Any]:
    """Points of a data set; of one that is as it is, so many of them in random order.

    `targets` are numbers to be predicted where `classes` is 0, else the numbers of the classes from 0.
    """
    entry = DATASETS.get(asked.name)
    count = None if entry is None or entry.points is None else asked.count
    table = load(asked.name, points=count, seed=asked.seed)
    order = np.arange(len(table.target))
    if count is None:
        order = np.random.default_rng(asked.seed).permutation(len(order))[: asked.count]
    if table.target.dtype == object:
        raise DataError(f"the targets of {asked.name} are no numbers", "choose another data set")
    task = DATASETS[asked.name].task
    return {
        "inputs": table.features[order].tolist(),
        "targets": table.target[order].tolist(),
        "names": list(table.columns),
        "target": table.name,
        "classes": {"numbers": 0, "two classes": 2}.get(task) or _count(task),
        "labels": list(table.labels or ()),
    }


def _count(task: str) -> int:
    words = task.split()
    return int(words[0]) if words[0].isdecimal() else 0


def models_beside(asked: Beside) -> Iterator[tuple[str, Graph | None]]:
    """Linear regression, and for classes logistic regression, started from zero."""
    outputs = asked.classes if asked.classes > 2 else 1
    yield "linear", _zeroed(f"{asked.inputs} -> {outputs}", "squared_error")
    match asked.classes:
        case 0:
            yield "logistic", None
        case 2:
            yield "logistic", _zeroed(f"{asked.inputs} -> 1 sigmoid", "binary_cross_entropy")
        case n:
            yield "logistic", _zeroed(f"{asked.inputs} -> {n} softmax", "cross_entropy")


def _zeroed(layers: str, loss: str) -> Graph:
    graph = network(layers, loss=loss, seed=0)
    return graph.with_values(**{q.name: np.zeros(q.shape) for q in graph.parameters})
