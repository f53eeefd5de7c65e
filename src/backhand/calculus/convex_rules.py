"""The curvature of an expression from the curvatures of its parts: the rules of convex programming.

Beside convex and concave each part carries a *degree*. A positive u is convex of degree a where u^a
is convex (a > 0), log u is (a = 0), or u^a is concave (a < 0); concave of degree a where u^a is
concave (a > 0) or log u is (a = 0). A smaller a says more of a convex u, a larger one of a concave
u. A sum keeps the largest degree of its convex parts, a power divides it, a product adds the
inverses. So one rule each for sums, products and powers gives norms (degree 1/p), log-sum-exp
(degree 0), quadratic over linear (1/2 and -1), and geometric and harmonic means.

Sources: Grant, Boyd and Ye, Disciplined Convex Programming (2006); Boyd and Vandenberghe, Convex
Optimization (2004), sections 3.2 and 3.5; Borell, Convex set functions in d-space (1975).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

from backhand.calculus.intervals import (
    between,
    beyond,
    common,
    enclosure,
    exact,
    high,
    interval,
    low,
)
from backhand.calculus.rational import sign
from backhand.differentiation import local
from backhand.expr import ZERO, apply, ref
from backhand.functions import DECREASING, INCREASING, REALS, Curvature, Function, Interval
from backhand.working import Step

Degree: TypeAlias = Fraction | float
"""A fraction, or an infinity for a constant, to which every degree applies."""
_ARGUMENT = ref("•")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What is known of an expression's curvature: its values, its bends, and the rule that told.

    `bound`: an interval that holds its values. `convex_degree`, `concave_degree`: see the module.
    `steps`: the working of a rule that needs more than its name.
    """

    bound: Any
    rule: str
    constant: bool = False
    convex: bool = False
    concave: bool = False
    convex_degree: Degree | None = None
    concave_degree: Degree | None = None
    steps: tuple[Step, ...] = ()

    @property
    def affine(self) -> bool:
        """Whether it is convex and concave."""
        return self.convex and self.concave

    @property
    def nonnegative(self) -> bool:
        """Whether it is certainly nowhere below 0."""
        return bool(low(self.bound) >= 0)


def completed(found: Shape) -> Shape:
    """The shape with what follows from it by itself."""
    if found.constant:
        positive = bool(low(found.bound) > 0)
        return replace(
            found,
            convex=True,
            concave=True,
            convex_degree=-math.inf if positive else Fraction(1) if found.nonnegative else None,
            concave_degree=math.inf if found.nonnegative else None,
        )
    convex, concave = found.convex_degree, found.concave_degree
    if convex is not None or concave is not None:
        found = replace(found, bound=common(found.bound, beyond(Fraction(0), 1)))
    bent_up = found.convex or (convex is not None and convex <= 1)
    bent_down = found.concave or (concave is not None and concave >= 1)
    if bent_up and found.nonnegative:
        convex = Fraction(1) if convex is None else min(convex, Fraction(1))
    if bent_down and found.nonnegative:
        concave = Fraction(1) if concave is None else max(concave, Fraction(1))
    return replace(
        found, convex=bent_up, concave=bent_down, convex_degree=convex, concave_degree=concave
    )


def sum_of(parts: Sequence[Shape]) -> Shape:
    """Sums of convex functions are convex; (Σ u^p)^(1/p) is convex for p >= 1 and for p < 0 concave."""
    convex = _all_degrees([p.convex_degree for p in parts])
    concave = _all_degrees([p.concave_degree for p in parts])
    rule = "sum of convex functions" if all(p.convex for p in parts) else "sum"
    if all(p.concave for p in parts):
        rule = (
            "sum of affine functions"
            if all(p.convex for p in parts)
            else "sum of concave functions"
        )
    degree = max(convex) if convex and max(convex) <= 1 else None
    if degree is not None and degree < 1:
        rule = "sum of log-convex functions" if degree == 0 else "sum of powers"
    return Shape(
        bound=None,
        rule=rule,
        convex=all(p.convex for p in parts),
        concave=all(p.concave for p in parts),
        convex_degree=degree,
        concave_degree=min(concave) if concave and min(concave) >= 1 else None,
    )


def _all_degrees(degrees: Sequence[Degree | None]) -> list[Degree] | None:
    known = [d for d in degrees if d is not None]
    return known if len(known) == len(degrees) else None


def scaled(part: Shape, factor: Any) -> Shape:
    """A constant times a function: by a negative one convex and concave change places."""
    if part.constant:
        return part
    if low(factor) >= 0:
        return replace(part, rule=f"nonnegative multiple of {_kind(part)} function", steps=())
    flipped = bool(high(factor) <= 0)
    kind = "negative multiple" if flipped else "multiple"
    return Shape(
        bound=None,
        rule=f"{kind} of {_kind(part)} function",
        convex=part.affine or (flipped and part.concave),
        concave=part.affine or (flipped and part.convex),
    )


def _kind(part: Shape) -> str:
    return "an affine" if part.affine else "a convex" if part.convex else "a concave"


def product(args: Sequence[Shape]) -> Shape:
    factor = interval(1)
    parts: list[Shape] = []
    for arg in args:
        if arg.constant:
            factor = factor * arg.bound
        else:
            parts.append(arg)
    if len(parts) == 1:
        return scaled(parts[0], factor)
    convex = _product_degree([p.convex_degree for p in parts], _joined_convex)
    concave = _product_degree([p.concave_degree for p in parts], _joined_concave)
    joined = Shape(
        bound=None,
        rule=_product_rule(convex, concave, parts),
        convex=convex is not None and convex <= 1,
        concave=concave is not None and concave >= 1,
        convex_degree=convex,
        concave_degree=concave,
    )
    return replace(scaled(joined, factor), rule=joined.rule)


def _product_rule(convex: Degree | None, concave: Degree | None, parts: Sequence[Shape]) -> str:
    if convex is not None and convex != 0:
        quotient = any((part.convex_degree or 0) > 0 for part in parts)
        if quotient:
            return "power p of a convex function over power q of a concave one with p >= q + 1"
        return "product of negative powers of concave functions"
    if convex is not None:
        return "product of log-convex functions"
    if concave is not None:
        return f"product of {'powers of ' if concave else 'log-'}concave functions"
    return "product"


def _product_degree(
    degrees: Sequence[Degree | None], join: Callable[[Degree, Degree], Degree | None]
) -> Degree | None:
    known = _all_degrees(degrees)
    if known is None:
        return None
    # Negative degrees first: what divides has to be together before it meets what it divides.
    first, *rest = sorted(known)
    out: Degree | None = first
    for degree in rest:
        out = None if out is None else join(out, degree)
    return out


def _joined_convex(a: Degree, b: Degree) -> Degree | None:
    """u^p v^q for convex u and v >= 0 is convex of degree 1/(p + q) unless p and q are positive."""
    if math.isinf(a) or math.isinf(b) or (a > 0 and b > 0):
        return None
    if a == 0 or b == 0:
        return Fraction(0) if a <= 0 and b <= 0 else None
    exponent = 1 / Fraction(a) + 1 / Fraction(b)
    return 1 / exponent if exponent >= 1 or max(a, b) < 0 else None


def _joined_concave(a: Degree, b: Degree) -> Degree | None:
    """u^p v^q for concave u and v >= 0 and positive p and q is concave of degree 1/(p + q)."""
    if math.isinf(a) or math.isinf(b) or a < 0 or b < 0:
        return None
    return Fraction(0) if a == 0 or b == 0 else 1 / (1 / Fraction(a) + 1 / Fraction(b))


def power(base: Shape, exponent: Fraction) -> Shape:
    """A power divides the degree; a negative one makes convex of concave."""
    whole = exponent.denominator == 1
    if whole and not base.nonnegative and high(base.bound) <= 0:
        mirrored = completed(replace(scaled(base, interval(-1)), bound=-base.bound))
        turned = completed(replace(power(mirrored, exponent), bound=beyond(Fraction(0), 1)))
        return turned if exponent % 2 == 0 else scaled(turned, interval(-1))
    convex, concave = base.convex_degree, base.concave_degree
    rule = f"power of {_kind(base)} function that is nowhere negative"
    if not base.nonnegative and whole:
        even = exponent > 0 and exponent % 2 == 0 and base.affine
        convex, rule = (
            (Fraction(1), "even power of an affine function") if even else (None, "power")
        )
    elif not base.nonnegative:
        # What is below 0 lies outside the domain, and that of a concave u >= 0 is convex.
        convex = Fraction(1) if base.affine else None
        concave = Fraction(1) if base.concave else None
    if convex is not None and 0 < convex < 1 and convex == exponent:
        rule = "norm"
    out = Shape(bound=None, rule=rule)
    if exponent > 0:
        over = _over(convex, exponent), _over(concave, exponent)
        return replace(out, convex_degree=over[0], concave_degree=over[1])
    if concave is not None and concave >= 0:
        out = replace(out, convex_degree=_over(concave, exponent))
    if convex is not None and convex <= 0:
        out = replace(out, concave_degree=_over(convex, exponent))
    return out


def _over(degree: Degree | None, exponent: Fraction) -> Degree | None:
    if degree is None or math.isinf(degree):
        return None
    return Fraction(degree) / exponent


def exponential(arg: Shape) -> Shape:
    return Shape(
        bound=None,
        rule=f"exponential of {_kind(arg)} function",
        convex_degree=Fraction(0) if arg.convex else None,
        concave_degree=Fraction(0) if arg.concave else None,
    )


def logarithm(arg: Shape) -> Shape:
    degree = arg.convex_degree
    log_convex = degree is not None and degree <= 0
    log_concave = arg.concave or (arg.concave_degree is not None and arg.concave_degree >= 0)
    rule = "logarithm of a log-convex function" if log_convex else "logarithm of a concave function"
    if log_concave and not arg.concave:
        rule = "logarithm of a log-concave function"
    return Shape(bound=None, rule=rule, convex=log_convex, concave=log_concave)


def extremum(name: str, args: Sequence[Shape]) -> Shape:
    """The largest of convex functions is convex, of whatever degree they all have."""
    if len(args) == 2 and low(args[0].bound) >= high(args[1].bound):
        return args[0] if name == "max" else args[1]
    if len(args) == 2 and low(args[1].bound) >= high(args[0].bound):
        return args[1] if name == "max" else args[0]
    convex = _all_degrees([a.convex_degree for a in args])
    concave = _all_degrees([a.concave_degree for a in args])
    if name == "max":
        return Shape(
            bound=None,
            rule="maximum of convex functions",
            convex=all(a.convex for a in args),
            convex_degree=max(convex) if convex else None,
        )
    return Shape(
        bound=None,
        rule="minimum of concave functions",
        concave=all(a.concave for a in args),
        concave_degree=min(concave) if concave else None,
    )


def composition(function: Function, args: Sequence[Shape]) -> Shape:
    """h(u) is convex for a convex h where, u by u, h is increasing and u convex, or decreasing and
    u concave, or u affine."""
    moves, convex, concave = _character(function, tuple(map(_ends, args)))
    up = [
        arg.affine or (arg.convex and move > 0) or (arg.concave and move < 0)
        for arg, move in zip(args, moves, strict=True)
    ]
    down = [
        arg.affine or (arg.concave and move > 0) or (arg.convex and move < 0)
        for arg, move in zip(args, moves, strict=True)
    ]
    bend = "convex" if convex else "concave"
    way = "" if any(a.affine for a in args) else " increasing" if moves[0] > 0 else " decreasing"
    return Shape(
        bound=None,
        rule=f"{bend}{way} function of {_kind(args[0])} function",
        convex=convex and all(up),
        concave=concave and all(down),
    )


def _ends(arg: Shape) -> Interval:
    """The interval of a shape's values in floats, moved out."""
    ends = [exact(end(arg.bound)) for end in (low, high)]
    least = -math.inf if ends[0] is None else math.nextafter(float(ends[0]), -math.inf)
    most = math.inf if ends[1] is None else math.nextafter(float(ends[1]), math.inf)
    if ends[0] is not None and ends[0] == Fraction(float(ends[0])):
        least = float(ends[0])
    if ends[1] is not None and ends[1] == Fraction(float(ends[1])):
        most = float(ends[1])
    return Interval(least, most)


@lru_cache(maxsize=512)
def _character(
    function: Function, inputs: tuple[Interval, ...]
) -> tuple[tuple[int, ...], bool, bool]:
    """How a function moves by each argument (1, -1, 0 unknown) there, and whether it bends up or down."""
    flat = function.curvature is Curvature.AFFINE
    convex = flat or function.curvature is Curvature.CONVEX
    concave = flat or function.curvature is Curvature.CONCAVE
    move = {INCREASING: 1, DECREASING: -1}.get(function.monotone, 0)
    if function.arity != 1:
        return (move,) * function.arity, convex, concave
    inside = Interval(
        max(inputs[0].low, function.domain.low), min(inputs[0].high, function.domain.high)
    )
    if inside.low > inside.high or any(inside.low < kink < inside.high for kink in function.kinks):
        return (move,), convex, concave
    box = {_ARGUMENT: between(inside)}
    meaning = function.formula(_ARGUMENT) if function.formula else ZERO
    if function.domain == REALS and enclosure(meaning, box) is None:
        # A pole lies inside: what holds on either side doesn't hold across it.
        return (move,), convex, concave
    slope = function.partials(apply(function.name, _ARGUMENT), _ARGUMENT)[0]
    if not move and (found := sign(slope, box.get)):
        move = found.direction
    if not flat and (found := sign(local(slope, "•", ()), box.get)):
        convex, concave = convex or found.direction >= 0, concave or found.direction <= 0
    return (move,), convex, concave
