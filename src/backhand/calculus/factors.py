"""One factor of a path: the function and the input that make it what it is, and what that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backhand.calculus.chain import at, local_derivative
from backhand.calculus.evaluate import evaluate
from backhand.calculus.paths import Spot, partial, spot_formula
from backhand.calculus.units import FLAT, flat_below
from backhand.expr import Apply, Expr, Ref, names, postorder, ref
from backhand.functions import TABLE
from backhand.graph import Graph, Value, floats
from backhand.notation import equals, formula
from backhand.rounding import digits, is_rounded, number
from backhand.syntax import Call, Equal, Formula
from backhand.working import Prose, Step

NEARLY = 10
"""A slope under so many times that of a saturated unit is called nearly saturated."""
LEAST = 0.01
"""The smallest percentage that is told."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A function of the table in an equation: its argument, the argument's value, the slope there.

    `limit` is the slope under which the function counts as flat, or None.
    """

    function: str
    argument: Expr
    input: float
    slope: float
    limit: float | None

    @property
    def flatness(self) -> float:
        """The slope by the limit, below 1 where the function is flat; infinite without a limit."""
        return abs(self.slope) / self.limit if self.limit else float("inf")

    def sign(self, argument: Formula) -> Formula:
        """The function's derivative at an argument: σ'(a)."""
        return Call(self.function, (argument,), primes=1)


@dataclass(frozen=True, slots=True)
class Factor:
    """The derivative of the entry `of` by the entry `by`, which its equation uses.

    `slope` is its expression and `value` its number. `applied` is the function in the equation of
    `of` through which `by` acts, the flattest if there are several;
    `pure`: the equation is nothing but that function at `by`, so that the factor is its slope.
    """

    of: Spot
    by: Spot
    slope: Expr
    value: float
    applied: Applied | None
    pure: bool


def factor(graph: Graph, of: Spot, by: Spot, value: float, values: Mapping[str, Value]) -> Factor:
    """The factor between two entries, whose number is known."""
    slope = local_derivative(graph, of.name, of.slots, by.name, by.slots)
    here = at(graph[of.name], of.slots)
    inside = [
        _applied(node, graph, values)
        for node in postorder(here)
        if isinstance(node, Apply)
        and len(node.args) == 1
        and not node.free
        and by.name in names(node)
    ]
    flattest = min(inside, key=lambda one: one.flatness, default=None)
    pure = isinstance(here, Apply) and here.args == (ref(by.name, *by.slots),)
    return Factor(of, by, slope, value, flattest, pure)


def _applied(node: Apply, graph: Graph, values: Mapping[str, Value]) -> Applied:
    (partial,) = TABLE[node.name].partials(node, *node.args)
    point, slope = (floats(evaluate(e, (), graph, values)).item() for e in (*node.args, partial))
    return Applied(node.name, node.args[0], point, slope, flat_below(TABLE[node.name]))


def factor_step(graph: Graph, factor: Factor, values: Mapping[str, Value], title: Prose) -> Step:
    """The step that shows a factor in names, in numbers, and what it means."""
    sign = partial(graph, factor.of, factor.by)
    right, numbers = formula(factor.slope, graph), formula(factor.slope, graph, values)
    shown = number(factor.value)
    if factor.applied is not None and factor.pure:
        right = factor.applied.sign(spot_formula(graph, factor.by))
        numbers = factor.applied.sign(number(factor.applied.input))
    return Step(
        title=(*title, sign),
        rule="factor",
        formula=equals(sign, right),
        substitution=numbers if numbers not in (right, shown) else None,
        value=shown,
        note=meaning(graph, factor),
        place=graph[factor.of.name].place,
    )


def in_short(graph: Graph, factor: Factor) -> Formula:
    """A factor in one line: ∂z/∂a = ReLU'(-3) = 0."""
    sign = partial(graph, factor.of, factor.by)
    if factor.applied is not None and factor.pure:
        return _rounded(sign, factor.applied.sign(number(factor.applied.input)), factor.value)
    middle = formula(factor.slope, graph) if isinstance(factor.slope, Ref) else None
    return _rounded(sign, middle, factor.value)


def _rounded(left: Formula, middle: Formula | None, value: float) -> Equal:
    """An equation that ends in a number, with ≈ before it where that is rounded."""
    sides = (left, number(value)) if middle is None else (left, middle, number(value))
    return Equal(sides, (*("=" for _ in sides[2:]), "≈" if is_rounded(value) else "="))


def meaning(graph: Graph, factor: Factor) -> Prose:
    """What a factor says of its unit, dead or saturated, and why; empty where neither."""
    applied = factor.applied
    if applied is None or applied.flatness >= NEARLY:
        return ()
    function = TABLE[applied.function]
    unit, sign = spot_formula(graph, factor.of), function.notation.text
    inside = _rounded(applied.sign(number(applied.input)), None, applied.slope)
    if function.kinks and applied.slope == 0:
        because = f"{sign} is flat there" if factor.pure else inside
        return ("the unit ", unit, " is dead, since ", because)
    word = "saturated" if applied.flatness < 1 else "nearly saturated"
    part = 100 * FLAT * applied.flatness
    least = f"{digits(part)} %" if part >= LEAST else f"under {LEAST} %"
    share: Prose = (f" is {word}, with {least} of the largest slope of {sign}",)
    return ("the unit ", unit, *share, *(() if factor.pure else (", since ", inside)))
