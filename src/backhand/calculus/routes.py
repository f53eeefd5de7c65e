"""A derivative where too many paths lead to list them: backwards, one quantity at a time.

The chain is then a sum over the entries of every quantity on the way, and each step works out the
derivative by one quantity from those after it, so the work grows with the layers and not with the
number of paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import chain, count, pairwise
from typing import TypeAlias

import numpy as np

from backhand.calculus.chain import backward, partial_name
from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.forward import ancestors, equation
from backhand.calculus.paths import MAX_PATHS, Spot, partial, routes
from backhand.expr import Index, names, substitute
from backhand.graph import Graph, Value
from backhand.notation import (
    DOTS,
    LETTERS,
    equals,
    formula,
    named,
    product,
    result,
    size_formula,
    value_formula,
)
from backhand.syntax import Equal, Formula, Name, Num, Partial, Plus, Sum
from backhand.working import Step, Working


def route(graph: Graph, of: Spot, by: Spot) -> list[str]:
    """The quantities between the two, the output's first."""
    below = {by.name}
    found: list[str] = []
    wanted = ancestors(graph, of.name) | {of.name}
    for quantity in graph:
        if quantity.definition is None or quantity.name not in wanted:
            continue
        if names(quantity.definition) & below:
            below.add(quantity.name)
            found.append(quantity.name)
    return list(reversed(found))


def layer_by_layer(graph: Graph, of: Spot, by: Spot, values: Mapping[str, Value]) -> Working:
    """The working backwards, one quantity at a time."""
    whole = backward(graph, of.name)
    steps = [every_path(graph, of, by)]
    known = dict(values)
    # Only what lies on the way is evaluated: a wide layer's own gradient is never needed.
    for name in [*route(graph, of, by)[1:], by.name]:
        quantity = whole[partial_name(of.name, name)]
        assert quantity.definition is not None
        if computable(quantity.definition, known):
            known[quantity.name] = evaluate(quantity.definition, quantity.axes, whole, known)
        if name != by.name:
            steps.append(adjoint_step(quantity.name, whole, known))
    last = whole[partial_name(of.name, by.name)]
    value = None
    if last.name in known:
        value = np.array(last.entry(known[last.name], (*of.slots, *by.slots)))
    steps.append(entry_step(whole, of, by, known, value))
    left = partial(graph, of, by)
    return Working(
        ask=f"derivative {of.name} {by.name}",
        answer=(result(left, value),) if value is not None else (left,),
        result=value,
        steps=tuple(steps),
        values=known,
    )


def every_path(graph: Graph, of: Spot, by: Spot) -> Step:
    """The chain rule as sums over the entries of every quantity on the way."""
    return Step(
        title=("Sum over every path",),
        rule="multivariate chain rule",
        formula=general_chain(graph, of, by),
        note=("worked backwards, one quantity at a time",),
    )


def adjoint_step(name: str, graph: Graph, values: Mapping[str, Value]) -> Step:
    """The derivative by one quantity on the way, from those after it."""
    quantity = graph[name]
    return Step(
        title=("Back to ", named(graph, name)),
        rule="chain rule",
        formula=equation(quantity, graph),
        value=value_formula(values[name]) if name in values else None,
    )


def entry_step(
    graph: Graph, of: Spot, by: Spot, values: Mapping[str, Value], value: Value | None
) -> Step:
    """The last step: the derivative by the entry asked for; `graph` has the derivatives of `of`."""
    last = graph[partial_name(of.name, by.name)]
    assert last.definition is not None
    here = substitute(last.definition, dict(zip(last.axes, (*of.slots, *by.slots), strict=True)))
    return Step(
        title=("The entry asked for",),
        rule="chain rule",
        formula=equals(partial(graph, of, by), formula(here, graph)),
        substitution=formula(here, graph, values) if value is not None else None,
        value=value_formula(value) if value is not None else None,
    )


def general_chain(graph: Graph, of: Spot, by: Spot) -> Equal:
    """The chain from one entry to another as sums over indices, for every route."""
    numbers = [tuple(Num(Fraction(slot)) for slot in spot.slots) for spot in (of, by)]
    return chain_sum(graph, (of.name, numbers[0]), (by.name, numbers[1]))


Sign: TypeAlias = tuple[str, tuple[Formula, ...]]
"""A quantity and its entry numbers or letters."""


def chain_sum(graph: Graph, of: Sign, by: Sign) -> Equal:
    """The multivariate chain rule: a sum over every entry of every quantity on the way."""
    start, end = named(graph, *of), named(graph, *by)
    straight = graph.single_variable
    found = routes(graph, of[0], by[0], MAX_PATHS)
    taken = {slot.name for _, slots in (of, by) for slot in slots if isinstance(slot, Name)}
    terms: list[Formula] = []
    for route in found[:MAX_PATHS]:
        spare = (letter for letter in ("i", *LETTERS) if letter not in taken)
        letters = chain(spare, (f"k_{n}" for n in count(1)))
        signs: list[Formula] = [start]
        bound: list[tuple[str, Index]] = []
        for name in route[1:-1]:
            slots: list[Formula] = []
            for axis in graph[name].axes:
                letter = next(letters)
                bound.append((letter, axis))
                slots.append(Name(letter))
            signs.append(named(graph, name, tuple(slots)))
        signs.append(end)
        term = product([Partial(a, b, straight) for a, b in pairwise(signs)])
        for letter, axis in reversed(bound):
            term = Sum(letter, Num(Fraction(axis.lower)), size_formula(axis.upper), term)
        terms.append(term)
    if len(found) > MAX_PATHS:
        terms.append(DOTS)
    left = Partial(start, end, straight)
    if len(found) > 1 and [of[0], by[0]] in found:
        left = Partial(start, end, straight=True)
    return equals(left, terms[0] if len(terms) == 1 else Plus(tuple(terms)))
