"""What a page gives as numbers: values, shapes without values, and data points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import chain
from math import prod
from typing import cast

import numpy as np

from backhand.errors import LimitError, MeaningError, Place
from backhand.expr import MAX_EXPONENT
from backhand.graph import AXES, Quantity, Role, Value, axes
from backhand.reading.definitions import Definition
from backhand.reading.tensors import in_words
from backhand.syntax import (
    Entry,
    Flipped,
    Formula,
    Minus,
    Name,
    Num,
    Over,
    Plus,
    Raised,
    Rows,
    Space,
    Times,
)
from backhand.values import as_value

MAX_ENTRIES = 10_000_000
"""How many numbers a page may give."""


def literal(formula: Formula) -> Value | None:
    """A formula of numbers only, worked out exactly; None for any other.

    >>> literal(Over(Num(Fraction(1)), Num(Fraction(2)))).item()
    Fraction(1, 2)
    """
    match formula:
        case Rows(rows):
            return _rows(rows)
        case Flipped(of):
            return _turned(literal(of), formula.place)
        case Times(factors):
            parts = [literal(f) for f in factors]
            known = [p for p in parts if p is not None]
            whole = len(known) == len(parts) and sum(p.ndim > 0 for p in known) <= 1
            return _shaped(prod(known[1:], start=known[0])) if whole else None
        case _:
            found = rational(formula)
            return None if found is None else _shaped(found)


def rational(formula: Formula) -> Fraction | None:
    """The value of a formula of plain numbers, or None. Raises `MeaningError` for a division by 0."""
    match formula:
        case Num(Fraction() as value):
            return value
        case Minus(of):
            found = rational(of)
            return None if found is None else -found
        case Plus(terms):
            found = _rationals(terms)
            return None if found is None else sum(found, Fraction(0))
        case Times(factors):
            found = _rationals(factors)
            return None if found is None else prod(found, start=Fraction(1))
        case Over(top, bottom):
            found = _rationals((top, bottom))
            if found and not found[1]:
                raise MeaningError("this divides by 0", "give another number", formula.place)
            return None if found is None else found[0] / found[1]
        case Raised(base, exponent):
            found = _rationals((base, exponent))
            return None if found is None else _power(found[0], found[1], formula.place)
        case _:
            return None


def _rationals(formulas: tuple[Formula, ...]) -> list[Fraction] | None:
    found = [rational(f) for f in formulas]
    return None if any(f is None for f in found) else cast(list[Fraction], found)


def _power(base: Fraction, exponent: Fraction, place: Place | None) -> Fraction | None:
    if exponent.denominator != 1:
        return None
    digits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if digits * abs(exponent) > 4 * MAX_EXPONENT:
        raise LimitError(f"{base}^{exponent} is too large a number", "use a smaller power", place)
    if not base and exponent < 0:
        raise MeaningError("this divides by 0", "give another number", place)
    return base ** int(exponent)


def _rows(rows: tuple[tuple[Formula, ...], ...]) -> Value | None:
    """A bracket of numbers; one column is a vector, and a vector of one entry a number."""
    entries = [rational(item) for item in chain.from_iterable(rows)]
    if any(entry is None for entry in entries):
        return None
    table = np.array(entries, dtype=object).reshape(len(rows), -1)
    return _vector(table)


def _vector(table: Value) -> Value:
    column = table[:, 0] if table.shape[1] == 1 else table
    return column.reshape(()) if column.shape == (1,) else column


def _turned(value: Value | None, place: Place | None) -> Value | None:
    if value is None or value.ndim == 0:
        return value
    if value.ndim == 1:
        # A list of numbers is a column here, and a row to be turned into one in many textbooks.
        raise MeaningError(
            "a transposed column is a row", "write [2, 5] for a column, [[2, 5]] for a row", place
        )
    return _vector(value.T)


def _shaped(value: object) -> Value:
    return np.array(value, dtype=object)


def value_of(formula: Formula, place: Place) -> Value | None:
    """The value that a formula gives, if it is one of numbers; `LimitError` for too many."""
    found = literal(formula)
    if found is not None and found.size > MAX_ENTRIES:
        raise LimitError(f"over {MAX_ENTRIES} numbers are given", "give fewer", place)
    return None if found is None else as_value(found)


# ---- shapes ------------------------------------------------------------------------------------


def declared(name: str, space: Space, place: Place) -> Quantity:
    """A quantity of which the page gives the shape only: `x ∈ R^2`."""
    return Quantity(name=name, axes=axes(*shape_of(space)), role=Role.DATA, place=place)


def shape_of(space: Space) -> tuple[int | str, ...]:
    """The shape that a space stands for: R^1 is a number, R^{2×1} a vector, R^N one of N entries.

    Raises `MeaningError` for a size that is no whole number, `LimitError` for too many entries.
    """
    sizes = tuple(_size(size) for size in space.sizes)
    if len(sizes) > len(AXES):
        raise MeaningError(
            f"an array of {len(sizes)} axes can't be declared",
            f"use at most {len(AXES)}: R^{{2×3×4}}",
            space.place,
        )
    if prod(size for size in sizes if isinstance(size, int)) > MAX_ENTRIES:
        raise LimitError(f"an array has over {MAX_ENTRIES} entries", "make it smaller", space.place)
    column = sizes[:1] if sizes[1:] == (1,) else sizes
    return () if column == (1,) else column


def _size(formula: Formula) -> int | str:
    match formula:
        case Name(letter):
            return letter
        case Num(Fraction() as value) if value.denominator == 1 and value >= 1:
            return int(value)
        case _:
            raise MeaningError(
                "a size must be a letter or a whole number from 1",
                "write R^2, R^N or R^{2×3}",
                formula.place,
            )


def check_shape(quantity: Quantity, space: Space, place: Place) -> None:
    """Raise `MeaningError` where a quantity differs from what the page declared."""
    wanted = shape_of(space)
    if not agrees(quantity.extents, wanted):
        raise MeaningError(
            f"{quantity.name} is declared as {in_words(wanted)} and is {in_words(quantity.extents)}",
            "change one of the two",
            place,
        )


def agrees(shape: Sequence[int | str], declared: Sequence[int | str]) -> bool:
    """Whether an array has the declared shape, in which a letter stands for any size."""
    return len(shape) == len(declared) and all(
        isinstance(wanted, str) or size == wanted
        for size, wanted in zip(shape, declared, strict=True)
    )


# ---- matrices of symbols -----------------------------------------------------------------------


def is_symbols(side: Formula, name: str) -> bool:
    """Whether a side is the matrix itself by its entries: W_1 = [W_{1,1,0} & W_{1,1,1} ...]."""
    if not isinstance(side, Rows):
        return False
    return all(_slots(item, name) is not None for item in chain.from_iterable(side.rows))


def _slots(item: Formula, name: str) -> tuple[int, ...] | None:
    """The entry numbers of a symbol of the array `name`."""
    match item:
        case Entry(Name(base), slots, None) if all(isinstance(s, Num) for s in slots):
            numbers = tuple(int(cast(Num, s).value) for s in slots)
            layered = numbers and name == f"{base}_{numbers[0]}"
            return numbers[1:] if layered else numbers if name == base else None
        case Name(spelled):
            base, _, tail = spelled.rpartition("_")
            if base != name or not tail.isdigit():
                return None
            return tuple(map(int, tail)) if len(tail) == 2 else (int(tail),)
        case _:
            return None


def counts_from_0(side: Rows, name: str, value: Value, place: Place) -> bool:
    """Whether the symbols of a matrix count its columns from 0, as one with its bias folded in.

    Raises `MeaningError` where they don't number the entries of `value` in order.
    """
    table = value.reshape(value.shape[0] if value.ndim else 1, -1)
    if (len(side.rows), len(side.rows[0])) != table.shape:
        raise MeaningError(
            f"the symbols of {name} are {len(side.rows)}×{len(side.rows[0])}, "
            f"its numbers {'×'.join(map(str, table.shape))}",
            "make the two brackets alike",
            place,
        )
    first = (_slots(side.rows[0][0], name) or (1,))[-1]
    vector = value.ndim < 2
    for r, row in enumerate(side.rows):
        for c, item in enumerate(row):
            wanted = (r + first,) if vector else (r + 1, c + first)
            if _slots(item, name) != wanted or first not in (0, 1):
                raise MeaningError(
                    f"in row {r + 1} of {name} the symbols are out of order",
                    f"number rows from 1, columns from {min(first, 1)} on",
                    item.place or place,
                )
    return first == 0


# ---- data points -------------------------------------------------------------------------------


def points(
    found: Mapping[str, Mapping[int, Definition]], before: Mapping[str, Value]
) -> dict[str, Value]:
    """The values of x^(1), x^(2), ... by name, first axis the point, with those `before`.

    Raises `MeaningError` for a gap, for points of different shapes, and for unlike numbers of them.
    """
    rows = dict(before)
    for name, each in found.items():
        place = next(iter(each.values())).place
        if sorted(each) != list(range(1, len(each) + 1)):
            missing = min(set(range(1, len(each) + 1)) - set(each))
            raise MeaningError(
                f"data point {missing} of {name} is missing", "number the points from 1", place
            )
        values = [_point(each[n], n) for n in sorted(each)]
        for number, value in enumerate(values, 1):
            if value.shape != values[0].shape:
                raise MeaningError(
                    f"data point {number} of {name} is {in_words(value.shape)}, "
                    f"the first is {in_words(values[0].shape)}",
                    "give every point the same number of entries",
                    each[number].place,
                )
        rows[name] = np.stack(values)
        if len(rows[name]) != len(next(iter(rows.values()))):
            listed = ", ".join(f"{len(v)} of {n}" for n, v in rows.items())
            raise MeaningError(f"the data has {listed}", "give as many targets as inputs", place)
    return rows


def _point(found: Definition, number: int) -> Value:
    value = value_of(found.sides[0], found.place)
    if value is None or len(found.sides) > 1:
        raise MeaningError(
            f"data point {number} of {found.name} isn't given as numbers",
            "give its value, as in x^(1) = [2; 5]",
            found.place,
        )
    return value
