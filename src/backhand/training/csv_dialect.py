"""How a text of rows and columns is written: what separates its cells, and whether it has a header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from backhand.errors import DataError
from backhand.training.cells import MISSING, check_distinct

DELIMITERS = ("\t", ";", ",", None)
"""What separates cells, likeliest first; None is any run of blanks. In 1,5;2,5 it is the semicolon."""
SAMPLE = 50
"""Rows looked at."""
DECIMAL_COMMA = re.compile(r"[+-]?[0-9.]*,[0-9]+([eE][+-]?[0-9]+)?")
Record = tuple[int, list[str]]
"""A row's first line, from 1, and its cells."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`delimiter`: None for any run of blanks. `columns`: the header's names, () without one.

    `width`: the number of columns. `body`: the line, from 1, after which the rows begin.
    """

    delimiter: str | None
    columns: tuple[str, ...]
    width: int
    body: int


def records(text: str, delimiter: str | None, line: int = 1) -> Iterator[Record]:
    """The rows of a text that begins in line number `line`, blank lines left out.

    Raises `DataError` for a quote that is never closed or that is followed by more text.

    >>> list(records('a,"b, c"\\n\\n1,2', ","))
    [(1, ['a', 'b, c']), (3, ['1', '2'])]
    """
    lines = text.split("\n")
    if delimiter is None:
        lines = [one.replace("\t", " ").strip(" ") for one in lines]
    reader = csv.reader(
        (one + "\n" for one in lines),
        delimiter=delimiter or " ",
        skipinitialspace=True,
        strict=True,
    )
    while True:
        first = line + reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise DataError(
                f"line {first}: {_said(error)}", 'write a quote inside a cell twice: ""'
            ) from None
        if cells is None:
            return
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield first, cells


def _said(error: csv.Error) -> str:
    text = str(error)
    return "a quote is opened and never closed" if "unexpected end" in text else text


def sniffed(text: str) -> Dialect:
    """How the beginning of a file is written. Raises `DataError` for a header that can't be used.

    >>> sniffed("x;y\\n1;2\\n3;4\\n")
    Dialect(delimiter=';', columns=('x', 'y'), width=2, body=1)
    """
    delimiter = max(DELIMITERS, key=lambda one: _score(text, one))
    sample = list(islice(records(text, delimiter), SAMPLE))
    if not sample:
        raise DataError("the file is empty", "give a row for each data point")
    first, cells = sample[0]
    if not _is_header([cells for _, cells in sample]):
        return Dialect(delimiter, (), len(cells), first - 1)
    return Dialect(delimiter, _names(cells), len(cells), _last_line(sample, text))


def _last_line(sample: Sequence[Record], text: str) -> int:
    """The line in which the header ends."""
    return sample[1][0] - 1 if len(sample) > 1 else text.count("\n") + (not text.endswith("\n"))


def _score(text: str, delimiter: str | None) -> tuple[int, int]:
    """How many cells are numbers when they are separated so; how often it is there if none are."""
    sample: list[list[str]] = []
    # What is wrong with a quote is said when the delimiter is known.
    with suppress(DataError):
        sample.extend(cells for _, cells in islice(records(text, delimiter), SAMPLE))
    numbers = sum(_is_number(cell) for row in sample for cell in row)
    return numbers, 0 if numbers else sum(len(row) - 1 for row in sample)


def _is_number(cell: str) -> bool:
    """Whether a person means a number, a decimal comma in it or not."""
    return as_number(cell) is not None or is_decimal_comma(cell)


def as_number(cell: str) -> float | None:
    """A cell's number, NaN and infinity among them; None where it is something else.

    >>> as_number(" 1e3 "), as_number("1_000")
    (1000.0, None)
    """
    try:
        number = float(cell)
    except ValueError:
        return None
    return None if "_" in cell else number


def is_decimal_comma(cell: str) -> bool:
    """Whether a cell is a number with a comma in it: 1,5.

    >>> is_decimal_comma("1,5"), is_decimal_comma("1.5")
    (True, False)
    """
    return bool(DECIMAL_COMMA.fullmatch(cell.strip()))


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is names: no number is in it, or text where the rows below have numbers."""
    first, below = rows[0], rows[1:]
    texts = [at for at, cell in enumerate(first) if not _is_value(cell)]
    if len(texts) == len(first):
        return True
    if any(at < len(row) and _is_number(row[at]) for at in texts for row in below[:1]):
        return True
    # 0, 1, 2, ... are the names of a data frame that has none; text beside them names the target.
    counting = [cell.strip() for at, cell in enumerate(first) if at not in texts]
    again = {row[at] for row in below for at in texts if at < len(row)}
    new = not any(first[at] in again for at in texts)
    return (
        len(first) > 2
        and bool(below)
        and new
        and counting == [str(k) for k in range(len(counting))]
    )


def _is_value(cell: str) -> bool:
    """Whether a cell stands where a number would: a number, or nothing in its place."""
    return _is_number(cell) or cell.strip().lower() in MISSING


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    if "" in names:
        raise DataError(
            f"column {names.index('') + 1} has no name in the header",
            "name it, or leave it out (pandas: to_csv(path, index=False))",
        )
    check_distinct(names)
    return names
