"""Sums of indices as positions: the `2i + k - 2` of `x[2i + k - 2]`, and what i then runs over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from backhand.slots import Affine, Index, Slot
from backhand.syntax import Entry, Formula, Minus, Name, Num, Plus, Sum, Times, replaced

Counted = tuple[dict[str, int], int]
"""The coefficients of letters, and the number beside them."""


def counted(found: Formula) -> Counted | None:
    """A sum of letters with whole coefficients; None for any other formula.

    >>> counted(Plus((Times((Num(Fraction(2)), Name("i"))), Num(Fraction(-1)))))
    ({'i': 2}, -1)
    """
    match found:
        case Num(Fraction() as value) if value.denominator == 1:
            return {}, int(value)
        case Name(letter):
            return {letter: 1}, 0
        case Minus(of):
            inner = counted(of)
            return None if inner is None else _scaled(inner, -1)
        case Times((Num(Fraction() as value), of)) if value.denominator == 1:
            inner = counted(of)
            return None if inner is None else _scaled(inner, int(value))
        case Plus(terms):
            parts = [counted(term) for term in terms]
            known = [part for part in parts if part is not None]
            return None if len(known) < len(parts) else _added(known)
        case _:
            return None


def _scaled(part: Counted, factor: int) -> Counted:
    return {letter: factor * n for letter, n in part[0].items()}, factor * part[1]


def _added(parts: list[Counted]) -> Counted:
    terms: dict[str, int] = {}
    for letters, _ in parts:
        for letter, n in letters.items():
            terms[letter] = terms.get(letter, 0) + n
    return terms, sum(number for _, number in parts)


def position(found: Formula, letters: Mapping[str, Index]) -> Slot | None:
    """A sum of index letters as a slot whose axis isn't known yet; None where it is none."""
    sum_of = counted(found)
    if sum_of is None or not sum_of[0] or not sum_of[0].keys() <= letters.keys():
        return None
    terms = tuple((letters[letter], n) for letter, n in sum_of[0].items() if n)
    return Affine(terms, sum_of[1], 0, 0)


def range_within(
    letter: str,
    body: Formula,
    axes: Callable[[str], tuple[Index, ...] | None],
    others: Callable[[str, Formula], Index | None],
) -> Index | None:
    """The values of a letter for which every position that it stands in lies inside its array.

    `axes`: those of an array by its name. `others`: the range of another letter in a formula.
    """
    low, high = 1, None
    sums = {part.letter: part for part in _sums(body)}
    for name, at, slot in _positions(body):
        own, sum_of = axes(name), counted(slot)
        if own is None or len(own) <= at or sum_of is None or sum_of[0].get(letter, 0) <= 0:
            continue
        along, (terms, offset) = own[at], sum_of
        least = most = offset
        for other, n in terms.items():
            if other == letter:
                continue
            index = others(other, sums.get(other, body))
            if index is None or isinstance(index.upper, str):
                return None
            ends = sorted((n * index.lower, n * index.upper))
            least, most = least + ends[0], most + ends[1]
        factor = terms[letter]
        if isinstance(along.upper, str):
            return None
        low = max(low, -((least - along.lower) // factor))
        last = (along.upper - most) // factor
        high = last if high is None else min(high, last)
    return None if high is None or high < low else Index(letter, low, high)


def _sums(body: Formula) -> list[Sum]:
    found: list[Sum] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Sum):
            found.append(part)
        return None

    replaced(body, leaf)
    return found


def _positions(body: Formula) -> list[tuple[str, int, Formula]]:
    """Every position in an entry's brackets: the array, the number of the axis, the formula."""
    found: list[tuple[str, int, Formula]] = []

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Entry(Name(name), slots):
                found.extend((name, at, slot) for at, slot in enumerate(slots))
            case _:
                pass
        return None

    replaced(body, leaf)
    return found


def positioned(letter: str, body: Formula) -> set[str]:
    """The arrays in whose brackets a letter stands in a sum."""
    return {
        name
        for name, _, slot in _positions(body)
        if not isinstance(slot, Name) and mentions(slot, letter)
    }


def mentions(slot: Formula, letter: str) -> bool:
    """Whether a position counts with a letter."""
    sum_of = counted(slot)
    return sum_of is not None and letter in sum_of[0]
