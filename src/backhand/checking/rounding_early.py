"""Rounded too early: the question worked out with every value on the way rounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.forward import trace
from backhand.calculus.gradient import loss_of
from backhand.calculus.layout import arranged, has_matrix
from backhand.calculus.paths import Hop, spot
from backhand.checking.case import Case
from backhand.checking.chain_mistakes import along_paths, point_of, used
from backhand.checking.recomputing import Number, value_of, with_derivatives
from backhand.graph import Graph, Value
from backhand.notation import partial_name
from backhand.values import floats

MAX_ENTRIES = 2_000
"""A model with more entries, those of its backward pass among them, isn't worked out rounded."""
NUDGE = 1 + 1e-12
"""So that a half is rounded up, as one does by hand."""
FAR = 0.5
"""Measured by the right number, what is further off than this wasn't only rounded."""
Habit: TypeAlias = Callable[[Value], Value]


def _habit(pattern: str) -> Habit:
    """Rounding by a format's pattern."""

    def rounded(value: Value) -> Value:
        texts = [format(x * NUDGE, pattern) for x in floats(value).ravel().tolist()]
        return np.array([Fraction(text) for text in texts], dtype=object).reshape(value.shape)

    return rounded


HABITS = tuple(map(_habit, (".1e", ".0e", ".2e", ".2f", ".3f", ".4f", ".1f")))
"""To 2, 1 and 3 significant digits; to 2, 3, 4 and 1 decimal places."""


def rounded_early(case: Case) -> Iterator[Value]:
    """What the question comes to where every value on the way is rounded, by one habit or another."""
    if case.value is None or sum(q.size for q in case.graph if _counts(q.extents)) > MAX_ENTRIES:
        return
    right = floats(case.value)
    for habit in HABITS:
        for found in _worked_out(case, habit):
            value = floats(np.asarray(found))
            if value.size == right.size and np.all(np.isfinite(value)):
                off = np.abs(value.ravel() - right.ravel())
                if np.all(off <= FAR * np.abs(right.ravel())):
                    yield value.reshape(right.shape)


def _counts(extents: tuple[int | str, ...]) -> bool:
    return all(isinstance(extent, int) for extent in extents)


def _worked_out(case: Case, habit: Habit) -> Iterator[Value]:
    ask = case.ask
    if ask.verb in ("value", "loss", "forward"):
        at = spot(ask.words[0] if ask.verb == "value" else loss_of(case.graph), case.graph)
        found = _values(case.graph, habit, at.name).get(at.name)
        if found is not None:
            entry = case.graph[at.name].entry(found, at.slots) if at.slots else found
            yield np.asarray(entry)
        return
    if ask.options.get("over") == "all":
        return
    graph = point_of(case)
    forward = _values(graph, habit, "")
    yield from along_paths(case, lambda hop: None, forward)
    for known in (forward, trace(graph)):
        yield from along_paths(case, _rounded_slopes(graph, habit, known), known)
    yield from _backward(case, graph, habit)


def _values(graph: Graph, habit: Habit, last: str) -> dict[str, Value]:
    """Every value that is worked out, each from rounded ones and rounded itself, but the last."""
    values: dict[str, Value] = {}
    for quantity in graph:
        if quantity.value is not None:
            values[quantity.name] = quantity.value
        elif quantity.definition is not None and computable(quantity.definition, values):
            found = evaluate(quantity.definition, quantity.axes, graph, values)
            if not np.all(np.isfinite(floats(found))):
                return values
            values[quantity.name] = found if quantity.name == last else habit(found)
            if quantity.name == last:
                break
    return values


def _rounded_slopes(
    graph: Graph, habit: Habit, known: Mapping[str, Value]
) -> Callable[[Hop], Number | None]:
    """Each factor of a chain worked out and rounded."""

    def slope(hop: Hop) -> Number | None:
        found = value_of(hop.slope, graph, known)
        return None if found is None else habit(np.asarray(found)).item()

    return slope


def _backward(case: Case, graph: Graph, habit: Habit) -> Iterator[Value]:
    """By the backward pass, its derivatives rounded as well."""
    of, by, ask = case.expected.of, case.expected.by, case.ask
    if of is None or by is None or ask.verb not in ("derivative", "gradient", "jacobian", "update"):
        return
    whole = with_derivatives(graph, of.name)
    sign = partial_name(of.name, by.name)
    if sign not in whole or sum(q.size for q in whole) > MAX_ENTRIES:
        return
    found = _values(whole, habit, sign).get(sign)
    if found is None:
        return
    slots = (*of.slots, *by.slots)
    if len(slots) == whole[sign].rank:
        number = whole[sign].entry(found, slots)
        yield from used(case, graph, by, number)
        if ask.verb == "update":
            yield from used(case, graph, by, habit(np.asarray(number)).item())
    elif ask.verb == "gradient" or not has_matrix(graph, of.name, by.name):
        yield found
    elif ask.verb != "update":
        yield arranged(found, whole[sign], whole, case.layout)
