"""Numbers as an author writes them: plain arrays of them, their last digits, and what fits them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from backhand.checking.numerals import Numeral
from backhand.graph import Value
from backhand.syntax import Flipped, Formula, Minus, Num, Over, Plus, Rows

FLOAT = 1e-9
"""Float64 values closer than this, by their size, are the same."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number or an array of plain numbers as they stand on a line."""

    rows: tuple[tuple[Numeral, ...], ...]
    flat: bool
    """Whether it is one number, in no bracket."""

    @property
    def cells(self) -> tuple[Numeral, ...]:
        return tuple(cell for row in self.rows for cell in row)

    @property
    def value(self) -> Value:
        """As float64, without the axes of one entry."""
        return squeezed(np.array([[_float(c.value) for c in row] for row in self.rows]))

    @property
    def exact(self) -> bool:
        """Whether no number was written with a decimal point."""
        return all(c.last is None or c.last >= 0 for c in self.cells)


def squeezed(value: Value) -> Value:
    """An array without the axes of one entry, which pages write in many ways."""
    return np.squeeze(np.asarray(value, dtype=float))


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def numbers(found: Formula) -> Numbers | None:
    """A side that is nothing but numbers, or None.

    >>> numbers(Num(Fraction(67, 10000), "0.0067")).cells[0].last
    -4
    """
    match found:
        case Rows(rows):
            cells = [[_numeral(cell) for cell in row] for row in rows]
            if len({len(row) for row in cells}) != 1:
                return None
            whole = tuple(tuple(c for c in row if c is not None) for row in cells)
            if sum(map(len, whole)) != sum(map(len, cells)):
                return None
            return Numbers(whole, False)
        case Flipped(of):
            inner = numbers(of)
            if inner is None or inner.flat:
                return None
            return Numbers(tuple(zip(*inner.rows, strict=True)), False)
        case _:
            one = _numeral(found)
            return Numbers(((one,),), True) if one is not None else None


def _numeral(found: Formula) -> Numeral | None:
    match found:
        case Num(Fraction() as value, text):
            return Numeral(value, last_place(value, text))
        case Minus(of):
            inner = _numeral(of)
            return None if inner is None else Numeral(-inner.value, inner.last)
        case Over(top, bottom):
            a, b = _numeral(top), _numeral(bottom)
            if a is None or b is None or not b.value or (a.last or 0) < 0 or (b.last or 0) < 0:
                return None
            return Numeral(a.value / b.value)
        case Plus((only,)):
            return _numeral(only)
        case _:
            return None


def last_place(value: Fraction, text: str) -> int | None:
    """The power of ten of a number's last digit; None for a fraction, 0 for a whole number."""
    if not text:
        return 0 if value.denominator == 1 else None
    mantissa, _, power = text.lower().partition("e")
    return int(power or 0) - len(mantissa.partition(".")[2])


def half(cell: Numeral) -> float:
    """How far what a number stands for may be from it; 0 for exact ones."""
    return 0.0 if cell.last is None or cell.last >= 0 else 0.5 * 10.0**cell.last


def fits(written: Numbers, value: Value, *, about: bool) -> bool:
    """Whether these are the entries of a value, each rounded to the digits that were written.

    `about`: after ≈, so that whole numbers may be rounded too.
    """
    if written.value.shape != value.shape or not np.all(np.isfinite(value)):
        return False
    pairs = zip(written.cells, value.ravel().tolist(), strict=True)
    return all(_fits(cell, number, about) for cell, number in pairs)


def _fits(cell: Numeral, value: float, about: bool) -> bool:
    gap = abs(_float(cell.value) - value)
    room = half(cell)
    if about and cell.last is not None and cell.last >= 0:
        room = 0.5 * 10.0**cell.last
    if not cell.value and room and value:
        return about  # 0.00 for a number that isn't 0 says nothing
    return gap <= room * (1 + 1e-7) + FLOAT * max(abs(value), abs(_float(cell.value)))


def same(left: Value, right: Value, room: Value | float = 0.0) -> bool:
    """Whether two arrays are equal but for rounding in float64, or by so much `room`."""
    if left.shape != right.shape or not (np.all(np.isfinite(left)) and np.all(np.isfinite(right))):
        return False
    scale = max(float(np.max(np.abs(left), initial=0)), float(np.max(np.abs(right), initial=0)))
    return bool(np.all(np.abs(left - right) <= room + FLOAT * scale + 1e-300))


def trusted(written: Value, true: Value) -> int | None:
    """How many significant digits of what was written are those of the unrounded value."""
    if written.shape != true.shape:
        return None
    found = list(_trusted(written.ravel().tolist(), true.ravel().tolist()))
    return min(found) if found else None


def _trusted(written: Sequence[float], true: Sequence[float]) -> Iterator[int]:
    for a, b in zip(written, true, strict=True):
        gap = abs(a - b)
        if gap > FLOAT * abs(b) and b:
            leading = int(np.floor(np.log10(abs(b))))
            yield max(0, leading - int(np.ceil(np.log10(2 * gap) - 1e-9)) + 1)
