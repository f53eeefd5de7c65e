"""Whether a number that was typed is the right one, rounded as it may be."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal, TypeAlias

from backhand.checking.numerals import Numeral

Nearness: TypeAlias = Literal["right", "near", "coarse", "wrong"]
NEAR = 5e-4
"""Digits further back than this, measured by the number, may have gone astray in rounding."""
FLOAT = 1e-9
PLACES = 12
"""A fraction that ends within so many decimal places can be written without rounding."""


def nearness(typed: Numeral, right: Fraction | float, digits: int = 2) -> Nearness:
    """`right`: exact, or rounded rightly to `digits` significant digits at least.

    `near`: only digits from the fourth on are off. `coarse`: rounded rightly, but to fewer digits.

    >>> right = -0.0396213702
    >>> [nearness(Numeral(Fraction(t), -len(t.partition(".")[2])), right) for t in
    ...  ("-0.0396", "-0.03962", "-0.03963", "-0.04", "0.0396")]
    ['right', 'right', 'near', 'coarse', 'wrong']
    """
    value = typed.number
    exact = float(right)
    if value == exact and typed.value == right:
        return "right"
    if not math.isfinite(exact):
        return "wrong"
    gap = abs(value - exact)
    if typed.last is None:
        return "right" if gap <= FLOAT * abs(exact) else "wrong"
    if isinstance(right, Fraction) and ends(right):
        rounded = gap <= typed.room * (1 + FLOAT) and typed.digits > digits
        return "right" if rounded and _needs_more(right, typed) else "wrong"
    if gap <= typed.room * (1 + FLOAT) + FLOAT * abs(exact):
        if not typed.value:
            return "wrong" if exact else "right"
        return "right" if typed.digits >= digits else "coarse"
    return "near" if gap <= NEAR * abs(exact) else "wrong"


def is_far(typed: Numeral, right: float) -> bool:
    """Whether floats tell at once that `nearness` is wrong.

    >>> is_far(Numeral(Fraction("-0.04"), -2), -0.0396), is_far(Numeral(Fraction(1, 25)), -0.0396)
    (False, True)
    """
    return abs(typed.number - right) > typed.room * (1 + FLOAT) + NEAR * abs(right)


def ends(right: Fraction) -> bool:
    """Whether a fraction is a decimal number of bearable length."""
    rest = right.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _needs_more(right: Fraction, typed: Numeral) -> bool:
    """Whether the decimal number goes on behind the last digit typed."""
    assert typed.last is not None
    return (right / Fraction(10) ** typed.last).denominator != 1


def tidy(value: float) -> Fraction | float:
    """A value as a fraction where it is a short one, so that it is compared as one.

    >>> tidy(0.1 + 0.2), tidy(0.123456)
    (Fraction(3, 10), 0.123456)
    """
    if not math.isfinite(value):
        return value
    short = Fraction(value).limit_denominator(1000)
    return short if abs(float(short) - value) <= 1e-12 * abs(value) else value


def close(value: float, right: float, digits: int) -> bool:
    """Whether a number that was worked out from typed ones of so many digits is the right one."""
    if not (math.isfinite(value) and math.isfinite(right)):
        return False
    tolerance = FLOAT if digits >= 15 else min(1e-2, 2 * 10.0 ** (1 - digits))
    return abs(value - right) <= tolerance * abs(right) + 1e-300
