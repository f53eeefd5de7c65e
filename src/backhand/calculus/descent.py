"""One step of gradient descent: on one point (stochastic), or on the mean over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from backhand.calculus.chain import partial_name
from backhand.calculus.derive import entry_derivative
from backhand.calculus.evaluate import settled
from backhand.calculus.forward import known, trace
from backhand.calculus.gradient import gradient, objective_of
from backhand.calculus.paths import Spot, is_entry, partial, spot_formula
from backhand.calculus.points import over_points
from backhand.errors import AskError
from backhand.graph import POINT, Graph, Role, Value
from backhand.notation import (
    DOTS,
    MAX_TERMS,
    equals,
    named,
    number,
    product,
    result,
    value_formula,
)
from backhand.syntax import (
    Entry,
    Equal,
    Formula,
    Minus,
    Name,
    Num,
    Over,
    Partial,
    Plus,
    Sum,
    Times,
)
from backhand.working import Prose, Step, Working

RULE = "gradient descent"


def step(graph: Graph, eta: float | Fraction, point: int | None = 1) -> Working:
    """One update of every parameter; `point` None takes the mean over all points.

    The working's `values` hold the updated parameters by name.
    """
    objective_of(graph)
    names = [q.name for q in graph.parameters]
    if not names:
        raise AskError("this graph has no parameter to update", "list one: `parameters: w`")
    return _update_arrays(graph, names, _rate(eta), point)


def update(graph: Graph, what: Spot, eta: float | Fraction, point: int | None = 1) -> Working:
    """One update of one parameter, or of one entry of it: `θ ← θ − η ∂J/∂θ`.

    Raises `AskError` where `what` is no parameter or a value is missing.
    """
    if graph[what.name].role is not Role.PARAMETER:
        learned = ", ".join(q.name for q in graph.parameters)
        raise AskError(f"{what.name} is no parameter", f"the parameters are {learned or 'none'}")
    if is_entry(graph, what):
        return _update_entry(graph, what, _rate(eta), point)
    return _update_arrays(graph, [what.name], _rate(eta), point)


def _rate(eta: float | Fraction) -> Fraction:
    try:
        rate = Fraction(eta) if isinstance(eta, Fraction | int) else Fraction(repr(float(eta)))
    except (TypeError, ValueError):
        raise AskError(f"the learning rate is {eta!r}", "give a number, such as eta=0.1") from None
    if rate <= 0:
        raise AskError(f"the learning rate is {eta}", "give one above 0, such as eta=0.1")
    return rate


def chosen(graph: Graph, point: int | None) -> Graph:
    """The graph on one point, or on all."""
    return over_points(graph) if point is None else graph.at_point(point)


def _method(point: int | None, graph: Graph) -> Prose:
    if point is None:
        return (f"Gradient descent: the mean over {graph.point_count} data points.",)
    which = f" Data point {point}." if graph.point_count > 1 else ""
    return (f"Stochastic gradient descent: one data point.{which}",)


def _update_entry(graph: Graph, what: Spot, eta: Fraction, point: int | None) -> Working:
    of = Spot(objective_of(graph), ())
    here = graph.at_point(point or 1)
    steps, slope = _mean_slope(graph, of, what) if point is None else _point_slope(here, of, what)
    before = here[what.name].entry(known(here, trace(here), what.name), what.slots)
    after = settled(np.array(before - eta * slope, dtype=object))
    sign = partial(here, of, what)
    entry = spot_formula(here, what)
    last = Step(
        title=("Step against the derivative",),
        rule=RULE,
        formula=_rule(entry, sign),
        substitution=_minus(number(before), product([number(eta), number(slope)])),
        value=value_formula(after),
    )
    return Working(
        ask=f"update {what.name}",
        answer=(entry, " becomes ", value_formula(after)),
        result=after,
        steps=(*steps, last),
        notes=(_method(point, graph),),
        values={what.name: after},
    )


def _point_slope(graph: Graph, of: Spot, what: Spot) -> tuple[tuple[Step, ...], Fraction | float]:
    """The derivative on one point, with its steps."""
    derived = entry_derivative(graph, of, what)
    if derived.result is None or isinstance(derived.result, str):
        raise AskError(f"the derivative by {what.name} has no value", "give every input a value")
    return derived.steps, derived.result.item()


def _mean_slope(graph: Graph, of: Spot, what: Spot) -> tuple[tuple[Step, ...], Fraction | float]:
    """The derivative of the mean over all points, and what each of the first few adds to it."""
    whole = over_points(graph)
    derived = gradient(whole, of.name, [what.name])
    sign = partial_name(of.name, what.name)
    if sign not in derived.values:
        raise AskError(f"the gradient by {what.name} has no value", "give every input a value")
    slope = graph[what.name].entry(derived.values[sign], what.slots)
    count = graph.point_count
    shown = range(1, min(count, MAX_TERMS) + 1)
    each = [_point_slope(graph.at_point(n), of, what) for n in shown]
    terms: list[Formula] = [number(value) for _, value in each]
    if count > MAX_TERMS:
        terms.append(DOTS)
    left = partial(graph, of, what)
    share = Over(Num(Fraction(1)), Num(Fraction(count)))
    loss = Partial(
        Entry(Name("ell"), (), Name(POINT)), spot_formula(graph, what), graph.single_variable
    )
    mean = Times((share, Sum(POINT, Num(Fraction(1)), Num(Fraction(count)), loss)))
    steps = (
        *each[0][0],
        Step(
            title=("The same for every point, and the mean",),
            rule="mean over the points",
            formula=equals(left, mean),
            substitution=Times((share, Plus(tuple(terms)))),
            value=value_formula(np.array(slope)),
            note=("the steps above are those of data point 1",),
        ),
    )
    return steps, slope


def _rule(entry: Formula, sign: Formula) -> Equal:
    return Equal((entry, _minus(entry, product([Name("eta"), sign]))), ("←",))


def _minus(left: Formula, right: Formula) -> Plus:
    return Plus((left, Minus(right)))


def _update_arrays(graph: Graph, names: Sequence[str], eta: Fraction, point: int | None) -> Working:
    here = chosen(graph, point)
    of = objective_of(here)
    derived = gradient(here, of, names)
    updated: dict[str, Value] = {}
    steps = list(derived.steps)
    answers: list[str | Formula] = []
    for name in names:
        sign = partial_name(of, name)
        old = known(here, trace(here), name)
        if sign not in derived.values:
            raise AskError(f"the gradient by {name} has no value", "give every input a value")
        slope = derived.values[sign]
        if slope.dtype == float:
            old = old.astype(float)
        rate = eta if slope.dtype == object else float(eta)
        updated[name] = settled(np.asarray(old - rate * slope))
        left, right = (
            named(here, name),
            named(here, sign) if sign in here else _sign(here, of, name),
        )
        steps.append(
            Step(
                title=("Step against the gradient by ", left),
                rule=RULE,
                formula=_rule(left, right),
                substitution=_minus(
                    value_formula(old), product([number(eta), value_formula(slope)])
                ),
                value=value_formula(updated[name]),
            )
        )
        answers += [", " if answers else "", result(left, updated[name])]
    single = updated[names[0]] if len(names) == 1 else None
    return Working(
        ask=f"update {' '.join(names)}",
        answer=tuple(a for a in answers if a),
        result=single,
        steps=tuple(steps),
        notes=(_method(point, graph),),
        values=updated,
    )


def _sign(graph: Graph, of: str, by: str) -> Formula:
    return partial(graph, Spot(of, ()), Spot(by, ()))
