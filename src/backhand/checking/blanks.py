"""A page with blanks for its given numbers: filled in anew, its words stay as they were."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from backhand.errors import MeaningError
from backhand.graph import Quantity, Value
from backhand.working import Block, Worksheet

_NUMBER = re.compile(
    r"(?:[-−]\s*)?(?:\\[dt]?frac\s*\{\s*(?P<top>[-−]?\d+)\s*\}\s*\{\s*(?P<bottom>\d+)\s*\}"
    r"|\d+\s*/\s*\d+|\d+\.\d+|\d+)"
)
MAX_LOOKED_AT = 20_000
"""How many signs after a name its numbers are looked for in, and more for each number."""
SIGNS_A_NUMBER = 20


@dataclass(frozen=True, slots=True)
class Blank:
    """A number of the page: from `start` to `end` in its source, entry `at` of quantity `name`."""

    start: int
    end: int
    name: str
    at: int
    written: str


@dataclass(frozen=True, slots=True)
class Blanks:
    """The numbers of some quantities on a page, in the order of the page."""

    source: str
    blanks: tuple[Blank, ...]

    def filled(self, values: Mapping[str, Value]) -> str:
        """The page with these values, each array in the order of its entries."""
        parts: list[str] = []
        at = 0
        flat = {name: value.ravel().tolist() for name, value in values.items()}
        for blank in self.blanks:
            number = flat[blank.name][blank.at]
            parts += [self.source[at : blank.start], spelled(number, blank.written)]
            at = blank.end
        return "".join((*parts, self.source[at:]))


def spelled(number: Fraction, like: str) -> str:
    r"""A number, written in the way of another that stood in its place.

    >>> spelled(Fraction(-3, 2), r"\frac{1}{2}"), spelled(Fraction(3, 2), "0.5")
    ('-\\frac{3}{2}', '1.5')
    """
    if number.denominator == 1:
        return str(number.numerator)
    if "." in like:
        return repr(float(number))
    sign = "-" if number < 0 else ""
    if "frac" in like:
        return rf"{sign}\frac{{{abs(number.numerator)}}}{{{number.denominator}}}"
    return str(number)


def blanks_of(sheet: Worksheet, values: Mapping[str, Value]) -> Blanks:
    """Where the numbers of these quantities of the page's model stand.

    `values`: as the page gives them, those of data points with the point as first axis. Raises
    `MeaningError` where they can't be found one by one in the order of the entries.
    """
    found: list[Blank] = []
    for name, value in values.items():
        quantity = sheet.graph[name]
        found += _numbers(sheet, quantity, value, name in sheet.graph.points)
    found.sort(key=lambda blank: blank.start)
    return Blanks(sheet.source, tuple(found))


def _numbers(sheet: Worksheet, quantity: Quantity, value: Value, many: bool) -> Iterator[Blank]:
    place = quantity.place
    if place is None or not sheet.source:
        raise MeaningError(
            f"{quantity.name} stands on no page", "read the worksheet from a page of Markdown"
        )
    lines = sheet.source.split("\n")
    at = sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1
    rows: list[Value] = list(value) if many else [value]
    count = 0
    for number, row in enumerate(rows, 1):
        wanted: list[Fraction] = np.ravel(row).tolist()
        spans = _matching(sheet.source, at, wanted, number if many else None)
        if spans is None:
            raise MeaningError(
                f"the numbers of {quantity.name} can't be found one by one on the page",
                "write them as one bracket, row by row",
                place,
            )
        for match in spans:
            yield Blank(match.start(), match.end(), quantity.name, count, match[0])
            count += 1
        at = spans[-1].end()


def _matching(
    source: str, start: int, wanted: list[Fraction], point: int | None
) -> list[re.Match[str]] | None:
    """The numbers after the first equals sign that is followed by just these."""
    stop = min(len(source), start + MAX_LOOKED_AT + SIGNS_A_NUMBER * len(wanted))
    at = start
    while (at := source.find("=", at, stop)) >= 0:
        at += 1
        if point is not None and f"({point})" not in source[start:at]:
            continue
        matches: list[re.Match[str]] = []
        for match in _NUMBER.finditer(source, at, stop):
            if _value(match) != wanted[len(matches)]:
                break
            matches.append(match)
            if len(matches) == len(wanted):
                return matches
    return None


def _value(match: re.Match[str]) -> Fraction:
    text = match[0].replace("−", "-").replace(" ", "")
    sign = -1 if text.startswith("-") else 1
    if match["top"]:
        inner = Fraction(int(match["top"].replace("−", "-")), max(int(match["bottom"]), 1))
        return sign * inner
    top, _, bottom = text.lstrip("-").partition("/")
    return sign * Fraction(top.strip()) / max(int(bottom or 1), 1)


def by_block(sheet: Worksheet, blanks: Blanks) -> Iterator[tuple[Block, Blanks | None]]:
    """Every block of a page with the blanks in it, None for no blanks."""
    at = 0
    for block in sheet.blocks:
        start = sheet.source.find(block.source, at)
        if start < 0:
            # An indented block stands in a list: definitions don't, so it has no blanks.
            yield block, None
            continue
        at = start + len(block.source)
        inside = tuple(
            replace(blank, start=blank.start - start, end=blank.end - start)
            for blank in blanks.blanks
            if start <= blank.start < at
        )
        yield block, Blanks(block.source, inside) if inside else None
