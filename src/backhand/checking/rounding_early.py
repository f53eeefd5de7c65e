"""Rounded too early: the question worked out with every value on the way rounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.gradient import loss_of
from backhand.calculus.layout import arranged, has_matrix
from backhand.calculus.paths import Hop, spot
from backhand.checking.case import Case
from backhand.checking.chain_mistakes import ALONG_PATHS, along_paths, point_of, used
from backhand.checking.recomputing import (
    Number,
    leading,
    own_factors,
    value_of,
    ways,
    with_derivatives,
)
from backhand.graph import Graph, Quantity, Value
from backhand.notation import partial_name
from backhand.values import floats

MAX_ENTRIES = 2_000
"""A model with more entries, those of its backward pass among them, isn't worked out rounded."""
NUDGE = 1 + 1e-12
"""So that a half is rounded up, as one does by hand."""
FAR = 0.5
"""Measured by the right number, what is further off than this wasn't only rounded."""
Habit: TypeAlias = Callable[[Value], Value]
NONE: Mapping[str, Value] = MappingProxyType({})


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
        way = leading(case.graph, at.name)
        found = _values(case.graph, way, habit, last=at.name).get(at.name)
        if found is not None:
            entry = case.graph[at.name].entry(found, at.slots) if at.slots else found
            yield np.asarray(entry)
        return
    if ask.options.get("over") == "all":
        return
    graph = point_of(case)
    forward = _values(graph, graph.quantities, habit)
    yield from _by_factors(case, graph, habit, forward)
    yield from _backward(case, graph, habit, forward)


def _values(
    graph: Graph,
    quantities: Iterable[Quantity],
    habit: Habit,
    known: Mapping[str, Value] = NONE,
    last: str = "",
) -> dict[str, Value]:
    """Every value that is worked out, each from rounded ones and rounded itself, but the last."""
    values = dict(known)
    for quantity in quantities:
        if quantity.name in values:
            continue
        if quantity.value is not None:
            values[quantity.name] = quantity.value
        elif quantity.definition is not None and computable(quantity.definition, values):
            found = evaluate(quantity.definition, quantity.axes, graph, values)
            if not np.all(np.isfinite(floats(found))):
                return values
            values[quantity.name] = found if quantity.name == last else habit(found)
    return values


def _by_factors(
    case: Case, graph: Graph, habit: Habit, forward: Mapping[str, Value]
) -> Iterator[Value]:
    """The product of the factors: of rounded values, then rounded themselves as well, then only so."""
    of, by = case.expected.of, case.expected.by
    found = None if of is None or by is None else ways(graph, of, by)
    if of is None or by is None or found is None or case.ask.verb not in ALONG_PATHS:
        return
    numbers = {hop: value_of(hop.slope, graph, forward) for hop in found.hops}
    slopes = {hop: number for hop, number in numbers.items() if number is not None}
    _, own = own_factors(graph, of, by)
    yield from along_paths(case, slopes.get, forward)
    yield from along_paths(case, _rounded(slopes, habit).get, forward)
    yield from along_paths(case, _rounded(own, habit).get)


def _rounded(slopes: Mapping[Hop, Number], habit: Habit) -> dict[Hop, Number]:
    return {hop: habit(np.asarray(slope)).item() for hop, slope in slopes.items()}


def _backward(
    case: Case, graph: Graph, habit: Habit, forward: Mapping[str, Value]
) -> Iterator[Value]:
    """By the backward pass, its derivatives rounded as well."""
    of, by, ask = case.expected.of, case.expected.by, case.ask
    if of is None or by is None or ask.verb not in ("derivative", "gradient", "jacobian", "update"):
        return
    whole = with_derivatives(graph, of.name)
    sign = partial_name(of.name, by.name)
    if sign not in whole or sum(q.size for q in whole) > MAX_ENTRIES:
        return
    found = _values(whole, leading(whole, sign), habit, forward, sign).get(sign)
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
