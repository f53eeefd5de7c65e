"""The objective written out: for one data point, and as the mean over N of them."""

from __future__ import annotations

from fractions import Fraction

from backhand.calculus.forward import ancestors, equation
from backhand.calculus.gradient import objective_of
from backhand.graph import POINT, Graph, Quantity, Role
from backhand.matrices import matrix_form
from backhand.notation import equals, named
from backhand.syntax import (
    Call,
    Entry,
    Formula,
    Name,
    Num,
    Over,
    Sum,
    Times,
    replaced,
)
from backhand.working import Step, Working

MAX_INLINED = 40
"""A network with more equations is written with its own names only."""


def objective(graph: Graph) -> Working:
    """What is minimised: J of one point by names and in full, then the mean over N points."""
    name = objective_of(graph)
    one = equation(graph[name], graph)
    whole = written_out(graph, name)
    left = _call(graph, name)
    # The loss of a point is what the mean is taken of, whatever it is called.
    short = one.sides[-1]
    one_point = equals(left, short, whole if whole != short else None)
    count = Num(Fraction(graph.point_count)) if graph.point_count > 1 else Name("N")
    steps = (
        Step(title=("For one data point",), rule="stochastic gradient descent", formula=one_point),
        Step(
            title=("For all data points",),
            rule="gradient descent",
            formula=equals(
                left,
                _mean(_with_point(short, graph), count),
                _mean(_with_point(whole, graph), count) if whole != short else None,
            ),
        ),
    )
    return Working(ask="objective", answer=(steps[0].formula or left,), steps=steps)


def _mean(term: Formula, count: Formula) -> Formula:
    total = Sum(POINT, Num(Fraction(1)), count, term)
    return Times((Over(Num(Fraction(1)), count), total))


def _call(graph: Graph, name: str) -> Formula:
    """J(W_1, W_2): the objective as a function of what training changes."""
    wanted = ancestors(graph, name)
    learned = [named(graph, q.name) for q in graph.parameters if q.name in wanted]
    return Call(name, tuple(learned)) if learned else named(graph, name)


def written_out(graph: Graph, name: str) -> Formula:
    """The equation of a quantity with the equations of all others put in, as far as it goes."""
    found = equation(graph[name], graph).sides[-1]
    for _ in range(MAX_INLINED):
        deeper = replaced(found, lambda part: _definition(part, graph))
        if deeper == found:
            return found
        found = deeper
    return equation(graph[name], graph).sides[-1]


def _definition(part: Formula, graph: Graph) -> Formula | None:
    if isinstance(part, Entry):
        return part
    if not isinstance(part, Name) or part.name not in graph:
        return None
    quantity = graph[part.name]
    return matrix_form(quantity, graph) if _is_inlined(quantity) else None


def _is_inlined(quantity: Quantity) -> bool:
    return quantity.definition is not None and quantity.role is not Role.GRADIENT


def _with_point(f: Formula, graph: Graph) -> Formula:
    """Every quantity that differs from point to point with its superscript (i)."""
    varying = {q.name for q in graph.with_role(Role.DATA, Role.TARGET)}
    for quantity in graph:
        if varying & ancestors(graph, quantity.name):
            varying.add(quantity.name)

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Entry(Name(name), slots) if name in varying:
                return Entry(Name(name), slots, Name(POINT))
            case Name(name) if name in varying:
                return Entry(part, (), Name(POINT))
            case _:
                return None

    return replaced(f, leaf)
