"""Certain bounds on an expression's value: interval arithmetic, rounded outwards.

A number put in as an interval without width gives a value that is certain to all the digits it
shows; two such intervals that don't meet prove that two values differ. An interval with a width
bounds the expression over a whole range. Where an argument may lie outside a function's domain
`enclosure` has no answer rather than a wrong one; `reach` keeps to the arguments inside it.

Source: Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), chapters 2 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import Any

from backhand.errors import LimitError
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Mul,
    Number,
    Padded,
    Power,
    Same,
    Total,
    add,
    postorder,
    rebuilt,
    ref,
    substitute,
)
from backhand.functions import DECREASING, INCREASING, REALS, TABLE, Function, Interval

BITS = 100
MAX_TERMS = 50_000
"""An expression whose sums have more nodes when written out is not bounded."""
HUGE = 2**40
"""Beyond this an exponential's argument counts as infinite: its result would fill the memory."""
_ARGUMENT = ref("•")


@cache
def _mp() -> Any:
    return import_module("mpmath").mp


@cache
def arithmetic(bits: int = BITS) -> Any:
    """mpmath's interval arithmetic at this precision, apart from that of other users."""
    context = import_module("mpmath.ctx_iv").MPIntervalContext()
    context.prec = bits
    return context


def interval(low: Fraction | int, high: Fraction | int | None = None, bits: int = BITS) -> Any:
    """The tightest interval at this precision around a number, or around two and what is between.

    >>> interval(Fraction(1, 2), 3)
    mpi('0.5', '3.0')
    """
    iv = arithmetic(bits)
    first = _around(Fraction(low), iv)
    return first if high is None else hull(first, _around(Fraction(high), iv))


def between(limits: Interval, bits: int = BITS) -> Any:
    """The interval of a domain or range; a fractional end is taken as rounded and moved out."""
    ends = limits.low, limits.high
    whole = [math.isinf(end) or end.is_integer() for end in map(float, ends)]
    low = ends[0] if whole[0] else math.nextafter(ends[0], -math.inf)
    high = ends[1] if whole[1] else math.nextafter(ends[1], math.inf)
    return arithmetic(bits).mpf([low, high])


def hull(a: Any, b: Any) -> Any:
    """The smallest interval that holds two others."""
    return a.ctx.mpf([min(low(a), low(b)), max(high(a), high(b))])


def common(bound: Any, other: Any) -> Any:
    """What two intervals have in common; an end of `other` where that is nothing."""
    least, most = max(low(bound), low(other)), min(high(bound), high(other))
    return bound.ctx.mpf([least, most] if least <= most else low(other))


def beyond(end: Fraction, direction: int) -> Any:
    """Everything from a number on upwards (1) or downwards (-1)."""
    point = interval(end)
    return point.ctx.mpf([low(point), "inf"] if direction > 0 else ["-inf", high(point)])


def low(bound: Any) -> Any:
    """The lower end as a number of mpmath, exactly."""
    return _end(bound._mpi_[0])


def high(bound: Any) -> Any:
    """The upper end as a number of mpmath, exactly."""
    return _end(bound._mpi_[1])


def _end(raw: Any) -> Any:
    return _mp().make_mpf(raw)


def exact(end: Any) -> Fraction | None:
    """An end of an interval as a fraction; None where it is infinite."""
    if math.isinf(end):
        return None
    negative, mantissa, exponent, _ = end._mpf_
    value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -value if negative else value


def enclosure(expr: Expr, box: Mapping[Expr, Any], bits: int = BITS) -> Any | None:
    """An interval that holds every value of `expr` while each entry stays in its interval.

    `box`: entries (`ref("x")`, `ref("W", 1, 2)`) and their intervals. None where it can't be told:
    an argument may lie outside a domain, a function has neither formula nor a bound, an entry has
    no interval, or the sums are too long to be written out.

    >>> x = ref("x")
    >>> enclosure(x**2 - 1, {x: interval(-1, 2)})
    mpi('-1.0', '3.0')
    >>> enclosure(1 / x, {x: interval(-1, 2)}) is None
    True
    """
    try:
        flat = written_out(expr)
    except LimitError:
        return None
    iv = arithmetic(bits)
    done: dict[Expr, Any] = {}
    for node in postorder(flat):
        found = box.get(node)
        args = [done[arg] for arg in node.args]
        done[node] = _bound(node, args, iv) if found is None else iv.mpf(found)
        if done[node] is None or not low(done[node]) <= high(done[node]):
            return None
    return done[flat]


def reach(expr: Expr, leaf: Callable[[Expr], Any | None], bits: int = BITS) -> Any:
    """An interval that holds `expr` wherever it is defined, `leaf` giving those of entries and names.

    Sums aren't written out, and indices may be free: an entry stands for each of its kind.

    >>> x = ref("x")
    >>> reach(1 / x, {x: interval(0, 2)}.get)
    mpi('0.5', '+inf')
    """
    done: dict[Expr, Any] = {}
    for node in postorder(expr):
        found = leaf(node)
        done[node] = reached(node, [done[a] for a in node.args], bits) if found is None else found
    return done[expr]


def reached(node: Expr, args: Sequence[Any], bits: int = BITS) -> Any:
    """As `reach`, of one node, given the intervals of its arguments."""
    iv = arithmetic(bits)
    match node:
        case Total(index):
            many = [1, "inf"] if isinstance(index.upper, str) else index.size
            bound = args[0] * iv.mpf(many)
        case Same():
            bound = iv.mpf([0, 1])
        case Padded():
            bound = None
        case Power((_, Number(value))):
            bound = _reached_power(args[0], value, iv)
        case Apply(name) if TABLE[name].domain != REALS:
            inside = common(args[0], between(TABLE[name].domain, bits))
            bound = _open_log(inside, iv) if name == "log" else _bound(node, [inside], iv)
        case _:
            bound = _bound(node, args, iv)
    if bound is None or not low(bound) <= high(bound):
        return between(TABLE[node.name].range if isinstance(node, Apply) else REALS, bits)
    return bound


def _reached_power(base: Any, exponent: Fraction, iv: Any) -> Any | None:
    if exponent.denominator != 1:
        base = common(base, iv.mpf([0, "inf"]))
    least, most = low(base), high(base)
    if exponent > 0 or not least <= 0 <= most:
        return _power(base, exponent, iv)
    if exponent.denominator == 1 and exponent % 2 == 0:
        base = abs(base)
        least, most = low(base), high(base)
    if least < 0 < most or least == most:
        return None
    if least == 0:
        return iv.mpf([low(_power(iv.mpf(most), exponent, iv)) if most < math.inf else 0, "inf"])
    return iv.mpf(["-inf", high(_power(iv.mpf(least), exponent, iv)) if least > -math.inf else 0])


def _open_log(x: Any, iv: Any) -> Any | None:
    """The logarithm of what is above 0 in x."""
    return None if high(x) <= 0 else iv.log(x) if low(x) > 0 else iv.mpf(["-inf", iv.log(x).b])


def written_out(expr: Expr, limit: int = MAX_TERMS) -> Expr:
    """The expression with every sum over an index as a sum of terms; `LimitError` where it is long.

    >>> from backhand.expr import total
    >>> from backhand.slots import Index
    >>> k = Index("k", 1, 2)
    >>> written_out(total(k, ref("x", k) ** 2))
    (x[1]^(2) + x[2]^(2))
    """
    done: dict[Expr, Expr] = {}
    made = 0
    for node in postorder(expr):
        if not isinstance(node, Total):
            done[node] = rebuilt(node, tuple(done[arg] for arg in node.args))
            continue
        index, body = node.index, done[node.args[0]]
        made += index.size * sum(1 for _ in postorder(body))
        if made > limit:
            raise LimitError(f"the sums have over {limit} terms", "use a smaller size")
        done[node] = add(*(substitute(body, {index: index.lower + at}) for at in range(index.size)))
    return done[expr]


def _around(value: Fraction, iv: Any) -> Any:
    return iv.mpf(value.numerator) / iv.mpf(value.denominator)


def _bound(node: Expr, args: Sequence[Any], iv: Any) -> Any | None:
    """The values of one node, given those of its arguments; None where it may be undefined."""
    match node:
        case Number(value):
            return _around(value, iv)
        case Constant(name):
            return +iv.pi if name == "pi" else +iv.e
        case Add():
            return sum(args[1:], args[0])
        case Mul():
            return math.prod(args[1:], start=args[0])
        case Power((_, Number(value))):
            return _power(args[0], value, iv)
        case Power():
            logarithm = _log(args[0], iv)
            return None if logarithm is None else _exp(logarithm * args[1], iv)
        case Compare(order):
            return _compared(args[0] - args[1], order, iv)
        case Apply(name):
            return _applied(TABLE[name], args, iv)
        case _:
            return None


def _power(base: Any, exponent: Fraction, iv: Any) -> Any | None:
    if exponent.denominator == 1:
        pole = exponent < 0 and low(base) <= 0 <= high(base)
        return None if pole else base ** int(exponent)
    if low(base) < 0 or (exponent < 0 and low(base) == 0):
        return None
    ends = [_root(iv.mpf(end(base)), exponent, iv) for end in (low, high)]
    return hull(ends[0], ends[1])


def _root(point: Any, exponent: Fraction, iv: Any) -> Any:
    """A number from 0 on to a fractional power."""
    if high(point) == 0:
        return point
    if exponent == Fraction(1, 2):
        return iv.sqrt(point)
    if high(point) == math.inf:
        return point if exponent > 0 else iv.mpf(0)
    return _exp(_around(exponent, iv) * iv.log(point), iv)


def _compared(difference: Any, order: str, iv: Any) -> Any:
    """[0, 1] where the comparison isn't settled."""
    least, most = low(difference), high(difference)
    match order:
        case ">":
            holds, fails = least > 0, most <= 0
        case ">=":
            holds, fails = least >= 0, most < 0
        case _:
            holds, fails = least == most == 0, least > 0 or most < 0
    return iv.mpf(1) if holds else iv.mpf(0) if fails else iv.mpf([0, 1])


def _exp(x: Any, iv: Any) -> Any:
    ends = [_exp_of_number(end(x), iv) for end in (low, high)]
    return hull(ends[0], ends[1])


def _exp_of_number(x: Any, iv: Any) -> Any:
    if x >= HUGE:
        return iv.mpf([iv.mpf(2) ** HUGE, "inf"])
    return iv.exp(iv.mpf(x)) if x > -HUGE else iv.mpf([0, iv.mpf(2) ** -HUGE])


def _log(x: Any, iv: Any) -> Any | None:
    return iv.log(x) if low(x) > 0 else None


def _sqrt(x: Any, iv: Any) -> Any | None:
    return iv.sqrt(x) if low(x) >= 0 else None


def _sin(x: Any, iv: Any) -> Any:
    return iv.sin(x) if low(x) > -HUGE and high(x) < HUGE else iv.mpf([-1, 1])


def _cos(x: Any, iv: Any) -> Any:
    return iv.cos(x) if low(x) > -HUGE and high(x) < HUGE else iv.mpf([-1, 1])


def _erf(x: Any, iv: Any) -> Any:
    """mpmath has no erf of intervals: its ends with 40 more bits, moved out by more than the error."""
    mp = _mp()
    with mp.workprec(iv.prec + 40):
        ends = [iv.mpf(mp.erf(end(x))) for end in (low, high)]
    slack = iv.mpf([-1, 1]) * iv.mpf(2) ** -iv.prec
    return common(hull(ends[0], ends[1]) + slack, iv.mpf([-1, 1]))


_DIRECT: dict[str, Callable[[Any, Any], Any | None]] = {
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "sin": _sin,
    "cos": _cos,
    "erf": _erf,
    "abs": lambda x, iv: abs(x),
}


def _applied(function: Function, args: Sequence[Any], iv: Any) -> Any | None:
    """A function of the table: directly, from both ends where it is monotone, or by its formula."""
    if function.name in ("max", "min"):
        pick = max if function.name == "max" else min
        return iv.mpf([pick(map(end, args)) for end in (low, high)])
    if function.name in _DIRECT:
        return _DIRECT[function.name](args[0], iv)
    if function.formula is None or function.arity != 1:
        return None
    meaning = function.formula(_ARGUMENT)
    points = [args[0]]
    if function.monotone in (INCREASING, DECREASING):
        points = [iv.mpf(end(args[0])) for end in (low, high)]
    found = [enclosure(meaning, {_ARGUMENT: point}, iv.prec) for point in points]
    if any(each is None for each in found):
        return None
    return common(hull(found[0], found[-1]), between(function.range, iv.prec))
