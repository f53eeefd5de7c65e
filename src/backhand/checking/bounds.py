"""How much work an answer may be: counted on what was typed, before anything is worked out."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, cast, get_args

from backhand.errors import LimitError, Place
from backhand.syntax import Call, Derive, Formula, Num, Partial, Sum

MAX_WORK = 800
"""The most work in one answer: a number is 1, anything else `PART`, a derivative `DERIVATIVE`."""
PART, DERIVATIVE = 6, 30
MAX_ORDER = 2
"""How often a formula may be differentiated, all the derivatives around it together."""
MAX_SUMS = 3
"""How many sums may stand inside one another."""
_INSIDE = {
    kind: tuple(f.name for f in fields(kind) if f.name not in ("place", "font", "text"))
    for kind in get_args(Formula)
}


def check_work(found: Formula) -> int:
    """The work in an answer. Raises `LimitError` where it is more than one may be.

    >>> from backhand.reading.maths import parse
    >>> check_work(parse("2 (y - yhat)").formula)
    31
    """
    work = 0
    stack: list[tuple[Formula, int, int]] = [(found, 0, 0)]
    while stack:
        part, order, sums = stack.pop()
        own, cost = _own(part)
        order += own
        sums += isinstance(part, Sum)
        work += cost
        if order > MAX_ORDER:
            raise _limit(f"this is differentiated more than {MAX_ORDER} times", part)
        if sums > MAX_SUMS:
            raise _limit(f"over {MAX_SUMS} sums stand inside one another", part)
        if work > MAX_WORK:
            raise _limit("the answer has too many parts", part)
        for name in _INSIDE[type(part)]:
            stack += [(each, order, sums) for each in _formulas(getattr(part, name))]
    return work


def _own(part: Formula) -> tuple[int, int]:
    """How often a part differentiates what is in it, and its own work."""
    match part:
        case Num():
            return 0, 1
        case Derive(_, by):
            return len(by), DERIVATIVE * len(by)
        case Partial(then=then):
            return 1 + len(then), DERIVATIVE * (1 + len(then))
        case Call(primes=primes) if primes:
            return primes, DERIVATIVE * primes
        case _:
            return 0, PART


def _formulas(value: Any) -> list[Formula]:
    if type(value) in _INSIDE:
        return [value]
    if not isinstance(value, tuple):
        return []
    return [found for each in cast(tuple[Any, ...], value) for found in _formulas(each)]


def _limit(what: str, part: Formula) -> LimitError:
    place: Place | None = part.place
    return LimitError(what, "give a shorter one", place)
