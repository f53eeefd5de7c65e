"""How a number is shown. It is rounded here and nowhere else; nothing computes with what is shown."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from backhand.syntax import Num

DIGITS = 4
"""Significant digits of a shown number."""
MAX_DECIMALS = 9
"""A constant of an equation with more decimals is rounded as any number is."""


def digits(value: Fraction | float) -> str:
    """A number to four significant digits; whole thousands keep all theirs.

    >>> digits(0.00669285), digits(Fraction(-5, 2)), digits(12345.6), digits(-0.0)
    ('0.006693', '-2.5', '12346', '0')
    >>> digits(Fraction(-(10**400), 3))
    '-3.333e+399'
    """
    try:
        x = float(value)
    except OverflowError:  # a fraction beyond the floats
        top, bottom = value.as_integer_ratio()
        return f"{(Decimal(top) / bottom).normalize(Context(DIGITS)):g}"
    if x == 0 or not np.isfinite(x):
        return "0" if x == 0 else str(x)
    if 1000 <= abs(x) < 1e7:
        return f"{x:.0f}"
    return f"{x:.{DIGITS}g}"


def is_rounded(value: Fraction | float) -> bool:
    """Whether the number shown is not the number itself."""
    if isinstance(value, Fraction):
        shown = number(value)
        return bool(shown.text) and Fraction(shown.text) != value
    return not np.isfinite(value) or Fraction(digits(value)) != Fraction(value)


def constant(value: Fraction) -> Num:
    """A number of an equation, which isn't rounded where its decimals end soon: 0.044715."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1 or value.denominator < 10:
        return number(value)
    text = f"{float(value):.{MAX_DECIMALS}f}".rstrip("0")
    return Num(value, text) if Fraction(text) == value else number(value)


def number(value: Any) -> Num:
    """A number as it is shown: whole, as a short decimal or fraction, else rounded."""
    if isinstance(value, Fraction):
        if value.denominator == 1 and abs(value) < 10**9:
            return Num(value)
        short = digits(value)
        if Fraction(short) == value:
            return Num(value, short)
        if value.denominator < 100 and abs(value.numerator) < 10_000:
            return Num(value)
        return Num(value, short)
    return Num(float(value), digits(value))
