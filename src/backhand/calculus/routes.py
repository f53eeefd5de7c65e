"""A derivative where too many paths lead to list them: backwards, one quantity at a time.

The chain is then a sum over the entries of every quantity on the way, and each step works out the
derivative by one quantity from those after it, so the work grows with the layers and not with the
number of paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import chain, count, pairwise

import numpy as np

from backhand.calculus.chain import backward, partial_name
from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.forward import ancestors, equation
from backhand.calculus.paths import MAX_PATHS, Spot, partial, routes, spot_formula
from backhand.expr import Index, names, substitute
from backhand.graph import Graph, Value
from backhand.notation import DOTS, LETTERS, equals, formula, named, product, result, value_formula
from backhand.syntax import Equal, Formula, Name, Num, Partial, Plus, Sum
from backhand.working import Step, Working


def _route(graph: Graph, of: Spot, by: Spot) -> list[str]:
    """The quantities between the two, the output's first."""
    below = {by.name}
    route: list[str] = []
    wanted = ancestors(graph, of.name) | {of.name}
    for quantity in graph:
        if quantity.definition is None or quantity.name not in wanted:
            continue
        if names(quantity.definition) & below:
            below.add(quantity.name)
            route.append(quantity.name)
    return list(reversed(route))


def layer_by_layer(graph: Graph, of: Spot, by: Spot, values: Mapping[str, Value]) -> Working:
    route = _route(graph, of, by)
    whole = backward(graph, of.name)
    steps = [
        Step(
            title=("Sum over every path",),
            rule="multivariate chain rule",
            formula=general_chain(graph, of, by),
            note=("worked backwards, one quantity at a time",),
        )
    ]
    known = dict(values)
    # Only what lies on the way is evaluated: a wide layer's own gradient is never needed.
    for name in [*route[1:], by.name]:
        quantity = whole[partial_name(of.name, name)]
        assert quantity.definition is not None
        if computable(quantity.definition, known):
            known[quantity.name] = evaluate(quantity.definition, quantity.axes, whole, known)
        if name != by.name:
            steps.append(_adjoint_step(quantity.name, whole, known))
    last = whole[partial_name(of.name, by.name)]
    assert last.definition is not None
    here = substitute(last.definition, dict(zip(last.axes, (*of.slots, *by.slots), strict=True)))
    left = partial(graph, of, by)
    value = None
    if last.name in known:
        value = np.array(last.entry(known[last.name], (*of.slots, *by.slots)))
    steps.append(
        Step(
            title=("The entry asked for",),
            rule="chain rule",
            formula=equals(left, formula(here, whole)),
            substitution=formula(here, whole, known) if value is not None else None,
            value=value_formula(value) if value is not None else None,
        )
    )
    return Working(
        ask=f"derivative {of.name} {by.name}",
        answer=(result(left, value),) if value is not None else (left,),
        result=value,
        steps=tuple(steps),
        values=known,
    )


def _adjoint_step(name: str, graph: Graph, values: Mapping[str, Value]) -> Step:
    quantity = graph[name]
    return Step(
        title=("Back to ", named(graph, name)),
        rule="chain rule",
        formula=equation(quantity, graph),
        value=value_formula(values[name]) if name in values else None,
    )


def general_chain(graph: Graph, of: Spot, by: Spot) -> Equal:
    """The chain as sums over indices, one for each quantity on the way, for every route."""
    left = partial(graph, of, by)
    found = routes(graph, of.name, by.name, MAX_PATHS)
    terms: list[Formula] = []
    for route in found[:MAX_PATHS]:
        letters = chain(LETTERS, (f"k_{n}" for n in count(1)))
        signs: list[Formula] = [spot_formula(graph, of)]
        bound: list[tuple[str, Index]] = []
        for name in route[1:-1]:
            slots: list[Formula] = []
            for axis in graph[name].axes:
                letter = next(letters)
                bound.append((letter, axis))
                slots.append(Name(letter))
            signs.append(named(graph, name, tuple(slots)))
        signs.append(spot_formula(graph, by))
        term = product([Partial(a, b) for a, b in pairwise(signs)])
        for letter, axis in reversed(bound):
            term = Sum(letter, Num(Fraction(axis.lower)), Num(Fraction(int(axis.upper))), term)
        terms.append(term)
    if len(found) > MAX_PATHS:
        terms.append(DOTS)
    return equals(left, terms[0] if len(terms) == 1 else Plus(tuple(terms)))
