"""Where a formula needs brackets: one set of rules for every notation.

A notation measures strength its own way: on a line a fraction is a slash and binds like a product;
stacked, it is one sign. Each part of a formula comes with the least strength that its place asks
for, and is put in brackets where it has less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from backhand.functions import READ_AS, TABLE
from backhand.syntax import (
    Call,
    Derive,
    Entry,
    Formula,
    Minus,
    Num,
    Over,
    Partial,
    Raised,
    Sum,
    Times,
    strength,
)

Sign: TypeAlias = Literal["", "·", "*", "@", "⊙"]

SUM, TIMES, OVER, POWER, ATOM = 2, 3, 4, 5, 9
"""How tightly the parts of a formula must hold together; see `syntax.strength`."""


def on_line(found: Formula) -> int:
    """How tightly a formula holds together where fractions are written with a slash."""
    if isinstance(found, Num) and found.value >= 0 and "e" in found.text:
        return TIMES
    return OVER if isinstance(found, Partial) else strength(found)


def stacked(found: Formula) -> int:
    """How tightly a formula holds together where fractions are stacked."""
    is_fraction = isinstance(found, Over) or (isinstance(found, Num) and strength(found) == OVER)
    return ATOM if is_fraction else strength(found)


def leads_negative(found: Formula) -> bool:
    """Whether a formula starts with a minus, and so needs a bracket after another sign."""
    return isinstance(found, Minus) or (isinstance(found, Num) and found.value < 0)


def after_minus(found: Formula) -> int:
    """What a negated formula must hold: a sum over an index goes on to its end anyway."""
    return SUM if isinstance(found, Sum) else TIMES


def signed(terms: Sequence[Formula]) -> Iterator[tuple[Literal["", "+", "−"], Formula, int]]:
    """The terms of a sum, each with its sign and the least strength for its place."""
    yield "", terms[0], SUM
    for term in terms[1:]:
        if isinstance(term, Minus):
            yield "−", term.of, after_minus(term.of)
        else:
            # A negative number keeps its bracket: 2 + (−3) · 5 is how it is put in.
            yield "+", term, TIMES if leads_negative(term) else SUM


def signed_factors(product: Times) -> Iterator[tuple[Sign, Formula, int]]:
    """The factors of a product, each with the sign before it and the least strength for its place.

    A product on the left needs no bracket where it reads the same without one, as one of arrays
    doesn't; a sum over an index goes as far as it can, so it needs none at the end.
    """
    factors, sign = product.factors, product.sign
    first, last = factors[0], len(factors) - 1
    open_product = isinstance(first, Times) and (
        first.sign not in (sign, "")
        or first.sign == "@"
        or isinstance(first.factors[-1], Sum | Times)
    )
    yield "", first, POWER if open_product or leads_negative(first) else TIMES
    for at, factor in enumerate(factors[1:], 1):
        least = POWER
        if (isinstance(factor, Sum) and at == last) or isinstance(factor, Partial | Derive):
            least = SUM
        if isinstance(factor, Num) and factor.value >= 0 and "e" in factor.text:
            least = TIMES
        # d/dx takes every factor that stands right after it for its own.
        apart = _starts_with_digit(factor) or isinstance(factors[at - 1], Derive)
        yield "·" if sign in ("", "@") and apart else sign, factor, least


def _starts_with_digit(found: Formula) -> bool:
    base = found.base if isinstance(found, Raised) else found
    return isinstance(base, Num)


def in_power(base: Formula) -> bool:
    """Whether the base of a power needs a bracket; one with a script of its own does too."""
    match base:
        case Num(value, text):
            return value < 0 or "e" in text or strength(base) < ATOM
        case Partial():
            return True
        case Entry(_, _, point):
            return point is not None
        case Call(function):
            return style(function) == "exponent"
        case _:
            return strength(base) < ATOM


def style(function: str) -> Literal["prefix", "fence", "root", "exponent"]:
    """How a function is written; one that isn't in the table stands before its argument."""
    return TABLE[READ_AS[function]].notation.style if function in READ_AS else "prefix"
