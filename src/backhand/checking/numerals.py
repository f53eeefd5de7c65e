"""Typed numbers and arrays of numbers: what is read without the parser, since most answers are that.

A number keeps the place of its last digit, so that a rounded one can be judged as rounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import inf

_SIGN = r"[+\-−–]?\s*"
_PLAIN = r"(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})"
_TIMES_TEN = (
    r"(?:[eE]([+\-−]?\d{1,3})"
    r"|\s*(?:×|\\times|\\cdot|·|\*)\s*10\s*(?:\^|\*\*)\s*\{?([+\-−]?\d{1,3})\}?)?"
)
_NUMBER = re.compile(rf"\s*({_SIGN})({_PLAIN}){_TIMES_TEN}\s*(\\?%)?\s*")
_FRACTION = re.compile(
    rf"\s*({_SIGN})(?:\\[dt]?frac\s*\{{\s*({_SIGN}\d{{1,40}})\s*\}}\s*\{{\s*(\d{{1,40}})\s*\}}"
    rf"|(\d{{1,40}})\s*/\s*(\d{{1,40}}))\s*"
)
_COMMA = re.compile(rf"\s*{_SIGN}\d{{1,15}},\d{{1,15}}\s*")
_DIGITS = str.maketrans({"−": "-", "–": "-"})
_MATRIX = re.compile(r"\\(begin|end)\s*\{([bpvB]?matrix|array)\}(?:\{[lcr|]+\})?")
_NUMPY = re.compile(
    r"\s*(?:np|numpy|torch|jnp)?\.?(?:array|tensor|Matrix|matrix)\s*\((.*)\)\s*", re.S
)
_FLIP = re.compile(r"\s*(?:\^\s*\{?\s*(?:T|\\top|⊤|\\intercal|\\mathsf\{T\})\s*\}?|\.T|'|ᵀ)\s*$")
PAIRS = {"[": "]", "(": ")", "{": "}", "⟨": "⟩"}
OPENING = frozenset(PAIRS)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as typed: its exact value, and the power of ten of its last digit.

    `last` is None for a fraction, which is exact. `number` is the value as a float, or infinite;
    `room` how far off it may be through rounding.
    """

    value: Fraction
    last: int | None = None
    number: float = field(init=False, compare=False, repr=False)
    room: float = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        try:
            number = float(self.value)
        except OverflowError:
            number = inf if self.value > 0 else -inf
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "room", 0.0 if self.last is None else 0.5 * 10.0**self.last)

    @property
    def digits(self) -> int:
        """How many significant digits were typed; 99 for a fraction."""
        if self.last is None:
            return 99
        top, bottom = abs(self.value.numerator), self.value.denominator
        if self.last < 0:
            return len(str(top * 10**-self.last // bottom))
        return len(str(top // (bottom * 10**self.last)))

    def __str__(self) -> str:
        if self.last is None or self.last >= 0:
            return str(self.value)
        return f"{self.number:.{min(-self.last, 17)}f}"


@lru_cache(maxsize=4096)
def numeral(text: str) -> Numeral | None:
    r"""The number that a text is, or None where it isn't one plain number.

    >>> numeral("-0.0396"), numeral(r"\frac{1}{3}").value, numeral("12%").value
    (Numeral(value=Fraction(-99, 2500), last=-4), Fraction(1, 3), Fraction(3, 25))
    """
    found = _NUMBER.fullmatch(text)
    if found is not None:
        sign, plain, power, ten, percent = found.groups()
        raised = int((power or ten or "0").translate(_DIGITS)) - (2 if percent else 0)
        if abs(raised) > 200:
            return None
        whole, _, behind = plain.partition(".")
        last = raised - len(behind)
        digits = -int(whole + behind) if _negative(sign) else int(whole + behind)
        value = Fraction(digits * 10**last) if last >= 0 else Fraction(digits, 10**-last)
        return Numeral(value, last)
    found = _FRACTION.fullmatch(text)
    if found is not None:
        sign, top, bottom, over, under = found.groups()
        above = (top or over).translate(_DIGITS).replace(" ", "")
        below = int(bottom or under)
        if below:
            value = Fraction(int(above), below)
            return Numeral(-value if _negative(sign) else value)
    if _COMMA.fullmatch(text):
        return numeral(text.replace(",", "."))
    return None


def _negative(sign: str) -> bool:
    return sign.strip().translate(_DIGITS) == "-"


def array(text: str) -> tuple[tuple[Numeral, ...], ...] | None:
    r"""The rows of a vector or matrix of plain numbers, or None where the text isn't one.

    >>> [len(array(s)) for s in ("(3, -2)", "[3; -2]", r"\begin{bmatrix}3\\-2\end{bmatrix}")]
    [1, 2, 2]
    """
    if OPENING.isdisjoint(text):
        return None
    body = text.strip()
    numpy = _NUMPY.fullmatch(body)
    body = (numpy[1] if numpy else body).strip()
    flip = _FLIP.search(body)
    body = body[: flip.start()] if flip else body
    body = body.replace("\\left", "").replace("\\right", "").strip().removesuffix(",")
    if "matrix" in body or "array" in body:
        body = _MATRIX.sub(lambda m: "[" if m[1] == "begin" else "]", body).replace("\\\\", ";")
        body = body.replace("&", ",")
    rows = _rows(body)
    if rows is None:
        return None
    found = [[numeral(cell) for cell in row] for row in rows]
    if len({len(row) for row in found}) != 1:
        return None
    whole = tuple(tuple(cell for cell in row if cell is not None) for row in found)
    if sum(map(len, whole)) != sum(map(len, found)):
        return None
    return tuple(zip(*whole, strict=True)) if flip else whole


def _rows(body: str) -> list[list[str]] | None:
    """The cells of a bracketed text by rows."""
    if len(body) < 3 or PAIRS.get(body[0]) != body[-1]:
        return None
    inside = body[1:-1].strip().removesuffix(";").removesuffix(",")
    if inside[:1] in PAIRS and inside[-1:] == PAIRS[inside[0]]:
        each = re.split(r"[\])]\s*[,;]?\s*[\[(]", inside[1:-1])
        return [_cells(row) for row in each]
    return [_cells(row) for row in re.split(r"[;\n]", inside)]


def _cells(row: str) -> list[str]:
    row = row.strip()
    return row.removesuffix(",").split(",") if "," in row else row.split()
