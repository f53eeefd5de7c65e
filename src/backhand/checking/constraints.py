"""What other numbers must keep of a worksheet: a network that is alive, answers worth asking for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.classify import limit
from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients
from backhand.calculus.structure import function_name, layers, prediction
from backhand.errors import AskError, BackhandError
from backhand.expr import Apply, Ref
from backhand.functions import DECREASING, INCREASING, TABLE
from backhand.graph import Graph, Quantity, Role, floats
from backhand.notation import partial_name
from backhand.working import Ask, Worksheet

Values: TypeAlias = Mapping[str, NDArray[np.float64]]
"""Every quantity's values, first axis the candidate."""

APART = 0.05
"""How far from the threshold an output is at least, as a part of its range."""
SATURATED = 0.005
"""How close to the end of its range an output may come, as a part of the range."""
VANISHING = 1e-3
"""A layer is dead where the gradient by none of its weights is larger."""
LARGE = 100.0
"""How large a value on the way may be where the page's own are smaller."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One demand, in words, and which candidates meet it."""

    words: str
    holds: Callable[[Values], NDArray[np.bool_]]


def constraints(sheet: Worksheet) -> tuple[Constraint, ...]:
    """The demands that make sense for the model of a page and for its asks."""
    graph = sheet.graph
    return (
        _small(graph),
        *_kinks(graph),
        *_not_saturated(graph),
        *_decided(graph, [a for q in sheet.questions for a in q.asks]),
        *_alive(graph),
        *_asked_slopes(sheet),
    )


def _flat(array: NDArray[np.float64]) -> NDArray[np.float64]:
    return array.reshape(len(array), -1)


def _small(graph: Graph) -> Constraint:
    made = [q.name for q in graph if q.definition is not None and q.role is not Role.GRADIENT]
    page = [float(np.abs(floats(v)).max()) for n, v in trace(graph).items() if n in made and v.size]
    most = max(LARGE, *(x for x in page if isfinite(x)), 0)

    def holds(values: Values) -> NDArray[np.bool_]:
        every = [np.abs(_flat(values[n])).max(axis=1) <= most for n in made if n in values]
        return np.logical_and.reduce(every)

    return Constraint(f"the values on the way are at most {most:g}", holds)


def _activations(graph: Graph) -> Iterator[tuple[Quantity, str]]:
    """The quantities that are a scalar function of another, entry by entry, with that other."""
    for quantity in graph:
        match quantity.definition:
            case Apply(_, (Ref(name, slots),)) if slots == quantity.axes:
                yield quantity, name
            case _:
                pass


def _kinks(graph: Graph) -> Iterator[Constraint]:
    """No unit at a kink; of two or more, some on either side."""
    for quantity, inner in _activations(graph):
        function = TABLE[function_name(quantity, graph)]
        for kink in function.kinks:
            yield _either_side(quantity, inner, kink)


def _either_side(quantity: Quantity, inner: str, kink: float) -> Constraint:
    def holds(values: Values) -> NDArray[np.bool_]:
        at = _flat(values[inner])
        above, below = at > kink, at < kink
        if quantity.size < 2:
            return np.asarray((above | below).all(axis=1))
        both = above.any(axis=1) & below.any(axis=1)
        return np.asarray((above | below).all(axis=1) & both)

    sides = f"some are above {kink:g} and some below" if quantity.size > 1 else "it isn't there"
    return Constraint(f"no entry of {inner} is {kink:g}, and {sides}", holds)


def _not_saturated(graph: Graph) -> Iterator[Constraint]:
    for quantity, _ in _activations(graph):
        function = TABLE[function_name(quantity, graph)]
        low, high = float(function.range.low), float(function.range.high)
        smooth = function.monotone in (INCREASING, DECREASING) and not function.kinks
        if smooth and isfinite(low) and isfinite(high):
            yield _inside(quantity.name, low, high)
    for quantity in graph:
        if function_name(quantity, graph) == "softmax":
            yield _inside(quantity.name, -1.0, 1.0)


def _inside(name: str, low: float, high: float) -> Constraint:
    rim = SATURATED * (high - low)

    def holds(values: Values) -> NDArray[np.bool_]:
        at = _flat(values[name])
        return np.asarray(((at >= low + rim) & (at <= high - rim)).all(axis=1))

    return Constraint(f"{name} isn't saturated", holds)


def _decided(graph: Graph, asks: list[Ask]) -> Iterator[Constraint]:
    """The class is no coin flip, where the page has one."""
    try:
        output = prediction(graph)
        least = [_threshold(graph, output, ask) for ask in asks if ask.verb == "class"]
        if not least and output.size == 1:
            least = [limit(graph, output)]
    except AskError:
        return
    if output.size > 1:
        if function_name(output, graph) == "softmax" or least:
            yield Constraint(
                "the largest output is well above the second", lambda v: _clear(v[output.name])
            )
        return
    function = TABLE.get(function_name(output, graph))
    ends = (float(function.range.low), float(function.range.high)) if function else (0.0, np.inf)
    margin = APART * (ends[1] - ends[0]) if all(map(isfinite, ends)) else 10 * APART
    for threshold in dict.fromkeys(least):
        yield Constraint(
            f"{output.name} is at least {margin:g} away from the threshold {threshold}",
            lambda v, t=float(threshold): np.abs(_flat(v[output.name]) - t).min(axis=1) >= margin,
        )


def _threshold(graph: Graph, output: Quantity, ask: Ask) -> Fraction:
    if output.size > 1:
        return Fraction(0)
    given = ask.options.get("threshold")
    return Fraction(given) if given is not None else limit(graph, output)


def _clear(outputs: NDArray[np.float64]) -> NDArray[np.bool_]:
    ordered = np.sort(_flat(outputs), axis=1)
    return ordered[:, -1] - ordered[:, -2] >= APART


def _alive(graph: Graph) -> Iterator[Constraint]:
    """In every layer, the gradient by some weight isn't 0."""
    if graph.objective is None:
        return
    for layer in layers(graph):
        names = [partial_name(graph.objective, p.name) for p in layer.parameters]

        def holds(values: Values, names: list[str] = names) -> NDArray[np.bool_]:
            known = [np.abs(_flat(values[n])).max(axis=1) for n in names if n in values]
            return np.logical_or.reduce([k >= VANISHING for k in known]) if known else _all(values)

        yield Constraint(f"the gradient by the weights of layer {layer.number} isn't 0", holds)


def _all(values: Values) -> NDArray[np.bool_]:
    return np.ones(len(next(iter(values.values()))), dtype=np.bool_)


def _asked_slopes(sheet: Worksheet) -> Iterator[Constraint]:
    """A derivative that is asked for, and isn't 0 on the page, isn't 0 in a variant."""
    graph = sheet.graph
    for of, name, slots in slopes_asked(sheet):
        whole, values = gradients(graph, of, [name], trace(graph))
        sign = partial_name(of, name)
        if sign not in values:
            continue
        lowers = tuple(axis.lower for axis in whole[name].axes)
        entry = tuple(s - low for s, low in zip(slots, lowers, strict=False))
        own = floats(np.asarray(values[sign]))[entry]
        if np.abs(own).max() < VANISHING:
            continue

        def holds(
            values: Values, sign: str = sign, entry: tuple[int, ...] = entry
        ) -> NDArray[np.bool_]:
            found = values[sign][(slice(None), *entry)]
            return np.abs(_flat(found)).max(axis=1) >= VANISHING

        numbers = f"[{','.join(map(str, slots))}]" if slots else ""
        yield Constraint(f"the derivative of {of} by {name}{numbers} isn't 0", holds)


def slopes_asked(sheet: Worksheet) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """The derivatives of the objective that are asked for: of what, by what, which entry."""
    from backhand.reading.meaning import entry

    graph, found = sheet.graph, dict[tuple[str, str, tuple[int, ...]], None]()
    objective = graph.objective
    for ask in (ask for question in sheet.questions for ask in question.asks):
        if objective is None or ask.verb not in ("derivative", "gradient", "update"):
            continue
        words = ask.words[:1] if ask.verb == "update" else ask.words[1:2]
        of = objective if ask.verb == "update" or not ask.words else ask.words[0]
        try:
            for word in words:
                name, slots = entry(word, graph)
                if graph[entry(of, graph)[0]].single:
                    found[(entry(of, graph)[0], name, slots)] = None
        except BackhandError:
            continue
    return tuple(found)
