"""Other ways to write a side: what it would be under a slip of the pen, one edit at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from backhand.checking.audit_sides import Pool
from backhand.syntax import (
    Call,
    Entry,
    Flipped,
    Formula,
    Minus,
    Name,
    Num,
    Partial,
    Plus,
    Raised,
    Rows,
    Times,
    replaced,
)

MAX_EDITS = 80
"""The most places of one formula that are tried."""
MAX_PARTS = 80
"""Formulas of more parts aren't edited."""
Change = Callable[[Formula], Iterator[Formula]]


def edits(formula: Formula, change: Change) -> Iterator[Formula]:
    """The formula with one of its parts changed, for each part and each change of it."""
    parts: list[tuple[int, Formula]] = []
    seen = 0

    def collect(part: Formula) -> Formula | None:
        nonlocal seen
        parts.extend((seen, new) for new in change(part))
        seen += 1
        return part if isinstance(part, Partial) else None

    replaced(formula, collect)
    if seen > MAX_PARTS:
        return
    for at, new in parts[:MAX_EDITS]:
        passed = 0

        def put(part: Formula, at: int = at, new: Formula = new) -> Formula | None:
            nonlocal passed
            here = passed
            passed += 1
            if here == at:
                return new
            return part if isinstance(part, Partial) else None

        yield replaced(formula, put)


def without_square(part: Formula) -> Iterator[Formula]:
    """x for x²."""
    if isinstance(part, Raised) and isinstance(part.exponent, Num) and part.exponent.value == 2:
        yield part.base


def with_square(part: Formula) -> Iterator[Formula]:
    """x² for x."""
    if isinstance(part, Name | Plus):
        yield Raised(part, Num(Fraction(2)))


def without_factor(part: Formula) -> Iterator[Formula]:
    """A product without one of its factors, and a number of the product of two."""
    if isinstance(part, Times) and len(part.factors) > 1:
        for at in range(len(part.factors)):
            rest = part.factors[:at] + part.factors[at + 1 :]
            yield Times(rest, part.sign) if len(rest) > 1 else next(iter(rest))


def other_sign(part: Formula) -> Iterator[Formula]:
    """One term, or a number, with the other sign."""
    match part:
        case Plus(terms):
            for at, term in enumerate(terms):
                turned = term.of if isinstance(term, Minus) else Minus(term)
                yield replace(part, terms=(*terms[:at], turned, *terms[at + 1 :]))
        case Num(Fraction() as value) if value:
            yield Minus(part)
        case Minus(of):
            yield of
        case _:
            return


def turned(pool: Pool) -> Change:
    """A matrix or a vector transposed, or not."""

    def change(part: Formula) -> Iterator[Formula]:
        match part:
            case Flipped(of):
                yield of
            case Name(name) if name in pool.own or (name in pool.graph and pool.graph[name].rank):
                yield Flipped(part)
            case Rows():
                yield Flipped(part)
            case _:
                return

    return change


def other_prime(part: Formula) -> Iterator[Formula]:
    """σ for σ′, or σ′ for σ."""
    if isinstance(part, Call) and len(part.args) == 1 and part.primes < 2:
        yield replace(part, primes=1 - part.primes)


def other_entry(pool: Pool) -> Change:
    """The entry beside the one that is named."""

    def change(part: Formula) -> Iterator[Formula]:
        match part:
            case Entry(_, slots):
                for at, slot in enumerate(slots):
                    if isinstance(slot, Num) and isinstance(slot.value, Fraction):
                        for by in (-1, 1):
                            moved = (*slots[:at], Num(slot.value + by), *slots[at + 1 :])
                            yield replace(part, slots=moved)
            case Name(name):
                base, _, tail = name.rpartition("_")
                if base in pool.graph and name not in pool.graph and tail.isdecimal():
                    yield from (replace(part, name=f"{base}_{int(tail) + by}") for by in (-1, 1))
            case Partial(of, by):
                yield from (replace(part, by=new) for new in change(by))
                yield from (replace(part, of=new) for new in change(of))
            case _:
                return

    return change


def other_number(sizes: list[Fraction]) -> Change:
    """A number that was copied wrongly: one of the page's for another."""

    def change(part: Formula) -> Iterator[Formula]:
        if isinstance(part, Num) and isinstance(part.value, Fraction):
            sign = -1 if part.value < 0 else 1
            yield from (Num(sign * size) for size in sizes if sign * size != part.value)

    return change
