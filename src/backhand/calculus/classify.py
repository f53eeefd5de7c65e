"""The class that a network assigns: by a threshold for one output, by the largest of several."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from backhand.calculus.forward import known, trace
from backhand.calculus.structure import function_name, prediction
from backhand.errors import AskError
from backhand.expr import Apply, postorder
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity, Role, Value, floats
from backhand.notation import named, value_formula
from backhand.rounding import number
from backhand.syntax import Test
from backhand.working import Step, Working


def classify(graph: Graph, threshold: Fraction | None = None) -> Working:
    """The class of the data point, as a number.

    One output is compared with `threshold`: 1/2 for a probability, 0 for a score, by default. Of
    several outputs the largest wins; classes are numbered like the entries, from 1. Raises
    `AskError` where the output is neither (a regression), or has no value.
    """
    output = prediction(graph)
    values = trace(graph)
    value = known(graph, values, output.name)
    if output.size > 1:
        return _largest(graph, output, value)
    return _above(graph, output, value, threshold)


def _above(graph: Graph, output: Quantity, value: Value, threshold: Fraction | None) -> Working:
    low = low_label(graph)
    least = threshold if threshold is not None else limit(graph, output)
    score = value.ravel()[0]
    label = 1 if score >= least else low
    sign = named(graph, output.name)
    meets = "is at least" if label == 1 else "is below"
    step = Step(
        title=("Compare ", sign, " with the threshold"),
        rule="threshold",
        formula=Test(sign, ">=", number(least)),
        substitution=Test(number(score), ">=", number(least)),
        value=number(Fraction(label)),
        note=(number(score), f" {meets} ", number(least)),
    )
    return Working(
        ask="class",
        answer=(f"class {label}",),
        result=np.array(Fraction(label), dtype=object),
        steps=(step,),
    )


def low_label(graph: Graph) -> int:
    """The label of the lower class: -1 where a target says so, else 0."""
    targets = [q.value for q in graph.with_role(Role.TARGET) if q.value is not None]
    targets += [
        graph.points[q.name] for q in graph.with_role(Role.TARGET) if q.name in graph.points
    ]
    return -1 if any((floats(t) < 0).any() for t in targets) else 0


def limit(graph: Graph, output: Quantity) -> Fraction:
    """The threshold of one output where none is given; `AskError` where it names no class."""
    function = TABLE.get(function_name(output, graph))
    if function is not None and (function.range.low, function.range.high) == (0, 1):
        return Fraction(1, 2)
    if function is not None and (function.range.low, function.range.high) == (-1, 1):
        return Fraction(0)
    if graph.objective is not None and _takes_scores(graph[graph.objective]):
        return Fraction(0)
    raise AskError(
        f"{output.name} is neither a probability nor a score, so it names no class",
        "give the limit: `class threshold=0.5`",
    )


def _takes_scores(objective: Quantity) -> bool:
    """Whether the loss is one of scores: hinge, or cross-entropy from logits."""
    if objective.definition is None:
        return False
    return any(
        isinstance(node, Apply) and node.name in ("max", "softplus")
        for node in postorder(objective.definition)
    )


def _largest(graph: Graph, output: Quantity, value: Value) -> Working:
    entries = floats(value).ravel()
    best = int(np.argmax(entries))
    label = best + output.axes[0].lower
    sign = named(graph, output.name)
    tied = int(np.sum(entries == entries[best])) > 1
    step = Step(
        title=("Take the largest entry of ", sign),
        rule="argmax",
        formula=sign,
        value=value_formula(value),
        note=(f"entry {label} is the largest" + ("; the first of several" if tied else ""),),
    )
    return Working(
        ask="class",
        answer=(f"class {label}",),
        result=np.array(Fraction(label), dtype=object),
        steps=(step,),
    )
