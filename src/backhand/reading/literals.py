"""Numbers as they are typed: exact, and small enough to work with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from backhand.expr import MAX_EXPONENT
from backhand.reading.tokens import MAX_DIGITS
from backhand.syntax import (
    Formula,
    Minus,
    Num,
    Raised,
)

if TYPE_CHECKING:
    from backhand.reading.grammar import Parser


def number(parser: Parser) -> Formula:
    """An exact number; decimals keep the digits that were typed."""
    token = parser.take()
    text = token.text
    if "/" in text:
        return Num(Fraction(text), "", parser.place(token))
    mantissa, _, power = text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(power) > 5 or abs(int(power or 0)) > MAX_DIGITS:
        raise parser.source.limit(
            f"the number has more than {MAX_DIGITS} digits", "round it", token.at
        )
    return Num(_exact(text), "" if text.isdigit() else text.rstrip("."), parser.place(token))


@lru_cache(maxsize=4096)
def _exact(text: str) -> Fraction:
    return Fraction(text)


def scientific(factors: Sequence[Formula]) -> Num | None:
    """`2.5 · 10^{-3}` is one number."""
    match factors:
        case [Num(Fraction() as m, text), Raised(Num(base), Num(Fraction() as power))]:
            plain = base == 10 and power.denominator == 1 and "e" not in text
            if not plain or (m.denominator != 1 and not text) or abs(power) > MAX_DIGITS:
                return None
            value = m * Fraction(10) ** int(power)
            return Num(value, f"{text or m}e{power}", factors[0].place)
        case _:
            return None


def magnitude(formula: Formula) -> float | None:
    """The value of a number or a tower of numbers, infinite where it is too large; else None."""
    match formula:
        case Num(value):
            return float(value) if abs(value) < 10**300 else math.inf
        case Minus(of):
            return magnitude(of)
        case Raised(base, exponent):
            low, high = magnitude(base), magnitude(exponent)
            if low is None or high is None:
                return None
            return math.inf if abs(low) > 1 and abs(high) > MAX_EXPONENT else _power(low, high)
        case _:
            return None


def _power(base: float, exponent: float) -> float:
    try:
        return abs(base) ** exponent
    except (OverflowError, ZeroDivisionError):
        return math.inf
