"""One factor of a path: the function and the input that make it what it is, and what that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backhand.calculus.chain import at, local_derivative
from backhand.calculus.paths import Spot, partial, spot_formula
from backhand.calculus.units import FLAT, flat_below
from backhand.expr import Apply, Expr, Ref
from backhand.functions import TABLE
from backhand.graph import Graph, Value
from backhand.notation import equals, formula
from backhand.rounding import digits, is_rounded, number
from backhand.syntax import Call, Equal, Formula
from backhand.working import Prose, Step

NEARLY = 10
"""A slope under so many times that of a saturated unit is called nearly saturated."""


@dataclass(frozen=True, slots=True)
class Factor:
    """The derivative of the entry `of` by the entry `by`, which its equation uses.

    `slope` is its expression and `value` its number. `function` is set where `of` is a function of
    the table at the one entry `by`, and `value` that function's slope there.
    """

    of: Spot
    by: Spot
    slope: Expr
    value: float
    function: str | None


def factor(graph: Graph, of: Spot, by: Spot, value: float) -> Factor:
    """The factor between two entries, whose number is known."""
    slope = local_derivative(graph, of.name, of.slots, by.name, by.slots)
    match at(graph[of.name], of.slots):
        case Apply(name, (Ref(used, slots),)) if (used, slots) == (by.name, by.slots):
            return Factor(of, by, slope, value, name)
        case _:
            return Factor(of, by, slope, value, None)


def factor_step(graph: Graph, factor: Factor, values: Mapping[str, Value], title: Prose) -> Step:
    """The step that shows a factor in names, in numbers, and what it means."""
    sign = partial(graph, factor.of, factor.by)
    right = formula(factor.slope, graph)
    numbers = formula(factor.slope, graph, values)
    shown = number(factor.value)
    if factor.function is not None:
        right = Call(factor.function, (spot_formula(graph, factor.by),), primes=1)
        numbers = Call(factor.function, (_input(graph, factor, values),), primes=1)
    return Step(
        title=(*title, sign),
        rule="factor",
        formula=equals(sign, right),
        substitution=numbers if numbers not in (right, shown) else None,
        value=shown,
        note=meaning(graph, factor),
        place=graph[factor.of.name].place,
    )


def in_short(graph: Graph, factor: Factor, values: Mapping[str, Value]) -> Formula:
    """A factor in one line: ∂z/∂a = ReLU'(-3) = 0."""
    sign = partial(graph, factor.of, factor.by)
    if factor.function is not None:
        middle: Formula = Call(factor.function, (_input(graph, factor, values),), primes=1)
    elif isinstance(factor.slope, Ref):
        middle = formula(factor.slope, graph)
    else:
        middle = sign
    rough = is_rounded(factor.value)
    sides = (sign, number(factor.value)) if middle is sign else (sign, middle, number(factor.value))
    return Equal(sides, (*("=" for _ in sides[2:]), "≈" if rough else "="))


def meaning(graph: Graph, factor: Factor) -> Prose:
    """What a factor says of its unit: dead or saturated; empty where neither."""
    if factor.function is None:
        return ()
    function = TABLE[factor.function]
    limit = flat_below(function)
    unit, sign = spot_formula(graph, factor.of), function.notation.text
    if limit is None or abs(factor.value) >= NEARLY * limit:
        return ()
    if function.kinks:
        return ("the unit ", unit, f" is dead, {sign} is flat there")
    word = "saturated" if abs(factor.value) < limit else "nearly saturated"
    part = f"{digits(100 * FLAT * abs(factor.value) / limit)} %"
    return ("the unit ", unit, f" is {word}, with {part} of the largest slope of {sign}")


def _input(graph: Graph, factor: Factor, values: Mapping[str, Value]) -> Formula:
    return number(float(graph[factor.by.name].entry(values[factor.by.name], factor.by.slots)))
