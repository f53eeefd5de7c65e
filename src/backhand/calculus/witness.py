"""A point where two formulas differ for certain: short numbers, and bounds that don't meet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import import_module
from random import Random
from typing import Any

from backhand.calculus.intervals import enclosure, high, interval, low, written_out
from backhand.calculus.kinks import gap_of
from backhand.differentiation import local
from backhand.errors import LimitError
from backhand.expr import (
    Expr,
    Image,
    Number,
    Power,
    Ref,
    add,
    apply,
    mul,
    number,
    postorder,
    power,
    ref,
    rewrite,
    substitute,
)
from backhand.functions import Interval
from backhand.graph import Graph

SHORT = [Fraction(*pair) for pair in (
    (1, 1), (2, 1), (-1, 1), (1, 2), (3, 1), (-2, 1), (-1, 2), (3, 2), (1, 3), (0, 1), (5, 1), (-3, 1),
)]  # fmt: skip
"""Values to try first, the easiest to check by hand in front."""
SAME = {4: Fraction(0), 8: Fraction(1), 11: Fraction(-1)}
"""Points at which all entries are the same number, by when they are tried."""
MAX_POINTS = 60
SCALES = (1, 1, 1, 10, 100)
"""By what random points are multiplied, in turn."""
MAX_POWERS = 3
"""In powers of powers deeper than this the exponents stay names."""
BITS = 200
WIDE = 1e-9
"""Bounds further apart than this, measured by their size, say nothing."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A point with the two values; `functions`: formulas that were taken for unknown functions.

    `difference`: the size of theirs to a few digits, for values that are the same as floats.
    """

    point: Mapping[Ref, Fraction]
    left: float
    right: float
    difference: str
    functions: Mapping[str, Expr] = field(default_factory=dict[str, Expr])


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: a witness, or at how many points the sides agree to many digits.

    `tried`: whether there was a formula for everything, so that points could be tried at all.
    """

    witness: Witness | None
    agreed: int
    tried: bool = True


def search(
    sides: Sequence[Expr],
    graph: Graph,
    domain: Mapping[str, Interval],
    differentiated: Sequence[Expr] = (),
    enough: int = MAX_POINTS,
) -> Search:
    """Look for a point of the domain where the sides certainly differ.

    `differentiated`: the formulas whose derivatives stand in the sides; they have a value at the
    point, and no kink. The search ends where the sides have agreed `enough` times.
    """
    kinks = [gap for node in postorder(*differentiated) if (gap := gap_of(node)) is not None]
    agreed = 0
    slight: Witness | None = None
    for chosen in _functions(graph, sides):
        every = [_made(each, chosen, graph) for each in (*sides, *differentiated, *kinks)]
        made = [each for each in every if each is not None]
        if len(made) < len(every):
            return Search(None, 0, tried=False)
        (left, right), bodies = made[:2], made[2 : 2 + len(differentiated)]
        gaps = made[2 + len(differentiated) :]
        variables = [n for n in postorder(left, right, *bodies) if isinstance(n, Ref)]
        for point in _points(variables, domain):
            box: dict[Expr, Any] = {
                variable: interval(value, bits=BITS) for variable, value in point.items()
            }
            if any(_may_be_zero(gap, box) for gap in gaps):
                continue
            a, b, *others = (
                enclosure(_with_exponents(each, point), box, BITS)
                for each in (left, right, *bodies)
            )
            if a is None or b is None or None in others:
                continue
            if not (_is_finite(a) and _is_finite(b)):
                continue
            if high(a) < low(b) or high(b) < low(a):
                found = Witness(point, _middle(a), _middle(b), _size(a - b), chosen)
                if found.left != found.right:
                    return Search(found, agreed)
                slight = slight or found
            agreed += _is_narrow(a) and _is_narrow(b)
            if agreed >= enough:
                return Search(slight, agreed)
    return Search(slight, agreed, tried=any(True for _ in _functions(graph, sides)))


def _may_be_zero(gap: Expr, box: Mapping[Expr, Any]) -> bool:
    bound = enclosure(gap, box, BITS)
    return bound is None or low(bound) <= 0 <= high(bound)


def _middle(bound: Any) -> float:
    return float((low(bound) + high(bound)) / 2)


def _with_exponents(side: Expr, point: Mapping[Ref, Fraction]) -> Expr:
    """The side with numbers for the names in exponents: (-2)^n has a value where n is whole."""

    numbers: dict[Expr, Expr] = {variable: number(value) for variable, value in point.items()}

    def leaf(node: Expr) -> Expr | None:
        match node:
            case Power((base, exponent)) if not isinstance(exponent, Number):
                placed = rewrite(exponent, numbers.get)
                is_whole = isinstance(placed, Number) and placed.value.denominator == 1
                return power(base, placed) if is_whole else None
            case _:
                return None

    try:
        for _ in range(MAX_POWERS):
            side = rewrite(side, leaf)
    except (LimitError, ZeroDivisionError):
        pass
    return side


def _is_finite(bound: Any) -> bool:
    """Whether the value is finite as a float, so that it can be shown."""
    return math.isfinite(float(low(bound))) and math.isfinite(float(high(bound)))


def _size(bound: Any) -> str:
    middle = (low(bound) + high(bound)) / 2
    return import_module("mpmath").nstr(abs(middle), 3)


def _is_narrow(bound: Any) -> bool:
    size = max(abs(float(low(bound))), abs(float(high(bound))), 1.0)
    return float(high(bound) - low(bound)) < WIDE * size


# ---- points ------------------------------------------------------------------------------------


def _points(
    variables: Sequence[Ref], domain: Mapping[str, Interval]
) -> Iterator[dict[Ref, Fraction]]:
    """Points of the domain, those with short numbers first."""
    random = Random(0)
    choices = {variable: _choices(domain.get(variable.name)) for variable in variables}
    for at_point in range(MAX_POINTS):
        if at_point in SAME:
            yield {v: _inside(domain.get(v.name), SAME[at_point]) for v in variables}
            continue
        point: dict[Ref, Fraction] = {}
        for at, variable in enumerate(variables):
            values = choices[variable]
            if at_point < len(SHORT):
                # Each variable runs through the list from another place.
                point[variable] = values[(at_point + at * (1 + at_point // 4)) % len(values)]
            else:
                far = SCALES[at_point % len(SCALES)]
                value = Fraction(far * random.randint(-400, 400), 97)
                point[variable] = _inside(domain.get(variable.name), value)
        yield point


def _choices(bound: Interval | None) -> list[Fraction]:
    fitting = [value for value in SHORT if bound is None or bound.low < value < bound.high]
    return fitting or [_inside(bound, Fraction(n, 3)) for n in (1, 2, 3)]


def _inside(bound: Interval | None, value: Fraction) -> Fraction:
    """A number moved into the domain."""
    if bound is None or bound.low < value < bound.high:
        return value
    if bound.low == -math.inf:
        return Fraction(bound.high) - abs(value) - Fraction(1, 2)
    if bound.high == math.inf:
        return Fraction(bound.low) + abs(value) + Fraction(1, 2)
    share = abs(value) / (abs(value) + 1)
    start, end = Fraction(bound.low), Fraction(bound.high)
    return start + (end - start) * (share + Fraction(1, 16)) / Fraction(9, 8)


# ---- unknown functions -------------------------------------------------------------------------


def _functions(graph: Graph, sides: Sequence[Expr]) -> Iterator[dict[str, Expr]]:
    """Formulas to take for the functions of which only the signature is known, a few choices."""
    unknown = {node.name: node.of for node in postorder(*sides) if isinstance(node, Image)}
    for quantity in graph:
        if isinstance(quantity.definition, Image):
            unknown.setdefault(quantity.definition.name, quantity.definition.of)
    if not unknown:
        yield {}
        return
    for choice in range(len(SIMPLE)):
        found: dict[str, Expr] = {}
        for at, (name, of) in enumerate(sorted(unknown.items())):
            if any(graph[arg].rank for arg in of):
                return
            args = [ref(arg) for arg in of]
            simple = SIMPLE[(choice + at) % len(SIMPLE)]
            product = mul(*args) if len(args) > 1 else 0
            found[name] = add(*(simple(arg) * (n + 1) for n, arg in enumerate(args)), product)
        yield found


SIMPLE: tuple[Callable[[Expr], Expr], ...] = (
    lambda x: x**2 + 1,
    lambda x: apply("sin", x),
    lambda x: apply("exp", x),
    lambda x: 2 * x + 1,
    lambda x: x**3 - x,
)
"""Functions that stand for an unknown one; none is a constant."""


def _made(side: Expr, chosen: Mapping[str, Expr], graph: Graph) -> Expr | None:
    """A side with the chosen formulas in the place of unknown functions, sums written out."""

    def leaf(node: Expr) -> Expr | None:
        if isinstance(node, Image) and node.name in chosen:
            found = chosen[node.name]
            for name, slots in node.by:
                found = local(found, name, slots)
            return found
        if isinstance(node, Ref) and node.name in graph:
            quantity = graph[node.name]
            if quantity.definition is not None:
                return substitute(
                    quantity.definition, dict(zip(quantity.axes, node.slots, strict=True))
                )
        return None

    previous = None
    while side is not previous:
        previous, side = side, rewrite(side, leaf)
    try:
        return written_out(side)
    except LimitError:
        return None
