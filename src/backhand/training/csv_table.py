"""Text of rows and columns as a table: read in blocks, the numbers by NumPy's own reader.

NumPy says of a block only that something is wrong with it. The same block is then read cell by
cell, which is also what quoted cells need.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError, LimitError
from backhand.training.cells import MISSING, REPLACE, named, shown
from backhand.training.csv_dialect import (
    Dialect,
    as_number,
    is_decimal_comma,
    records,
    sniffed,
)
from backhand.training.gathering import Classes, gathered
from backhand.training.intake import NUMBERS
from backhand.training.table import Table, target_column

BLOCK_BYTES = 1 << 20
MAX_ROW_BYTES = 1 << 24
"""The longest row: what has none of its ends in so many bytes is no table."""
NO_LABEL = MISSING - {"none", "-"}
"""Missing among labels, of which "none" and "-" may be two."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole rows of the file. `line`: that of its beginning, from 1; `last`: whether the file ends."""

    text: str
    line: int
    last: bool


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is known of the whole file: its dialect, which column is the target, that one's classes."""

    dialect: Dialect
    at: int
    classes: Classes | None

    def where(self, row: int, line: int) -> str:
        """A row, and its line in a text editor if that differs; both from 1."""
        return f"row {row}" if row == line else f"row {row} (line {line})"


def read_csv(path: Path, target: str | int | None) -> Table:
    """A text file as a table. Raises `DataError` naming the first cell that can't be used.

    The separator is told from the first rows, and so is whether they begin with names. Numbers are
    float64, those nearest to what is written.
    """
    with path.open("rb") as file:
        blocks = _blocks(file)
        first = _beginning(blocks)
        # NumPy writes a header as a comment.
        text = first.text.removeprefix("#")
        dialect = sniffed(text)
        at = target_column(target, dialect.columns, dialect.width)
        rest = text.split("\n", dialect.body)[dialect.body :]
        first = Block("".join(rest), 1 + dialect.body, first.last)
        sheet = _Sheet(dialect, at, Classes() if _is_text(first, dialect, at) else None)
        return gathered(_numbers(sheet, first, blocks), dialect.columns, at, sheet.classes)


# ---- blocks of rows ----------------------------------------------------------------------------


def _blocks(file: BinaryIO) -> Iterator[Block]:
    """The file in pieces that end where a row ends."""
    rest, line, end = b"", 1, b"\n"
    while True:
        more = file.read(BLOCK_BYTES)
        if line == 1 and not rest:
            more = more.removeprefix(b"\xef\xbb\xbf")
            end = b"\r" if b"\r" in more and b"\n" not in more else b"\n"
        rest += more
        cut = _end_of_rows(rest, end) if more else len(rest)
        if not cut and len(rest) > MAX_ROW_BYTES:
            raise LimitError(
                f"line {line} begins a row of over {MAX_ROW_BYTES} bytes",
                'end each row with a new line, and close each quote (")',
            )
        if cut:
            yield Block(_decoded(rest[:cut], line), line, last=not more)
            line += rest.count(end, 0, cut)
            rest = rest[cut:]
        if not more:
            return


def _beginning(blocks: Iterator[Block]) -> Block:
    """The first blocks as one: two rows at least, where there are so many."""
    text, last = "", False
    for block in blocks:
        text, last = text + block.text, block.last
        if "\n" in text.strip() or len(text) > MAX_ROW_BYTES:
            break
    if not text.strip():
        raise DataError("the file is empty", "give a row for each data point")
    return Block(text, 1, last)


def _end_of_rows(data: bytes, end: bytes) -> int:
    """The place after the last row's end; a new line inside quotes is none."""
    cut = data.rfind(end) + 1
    odd = data.count(b'"', 0, cut) % 2
    while odd and cut:
        before = data.rfind(end, 0, cut - 1) + 1
        odd ^= data.count(b'"', before, cut) % 2
        cut = before
    return cut


def _decoded(data: bytes, line: int) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line += max(before.count(b"\n"), before.count(b"\r"))
        raise DataError(
            f"line {line} holds the byte 0x{data[error.start]:02X}, which is no UTF-8",
            "save the file as UTF-8",
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_text(block: Block, dialect: Dialect, at: int) -> bool:
    """Whether the target is text: in the first row that has one."""
    for _, cells in records(block.text, dialect.delimiter, block.line):
        label = cells[at].strip() if at < len(cells) else ""
        if label.lower() not in NO_LABEL:
            return as_number(label) is None and not is_decimal_comma(label)
    return False


# ---- numbers -----------------------------------------------------------------------------------


def _numbers(
    sheet: _Sheet, first: Block, blocks: Iterator[Block]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Features and targets of each block."""
    row, block = 1, first
    while block is not None:
        if block.text.strip():
            found = _at_once(sheet, block.text)
            if found is None:
                found = _cell_by_cell(sheet, block, row)
            row += len(found)
            yield np.delete(found, sheet.at, axis=1), found[:, sheet.at].copy()
        block = next(blocks, None)
    if row == 1:
        raise DataError("there is a header and no rows", "give at least one data point")


def _at_once(sheet: _Sheet, text: str) -> NDArray[np.float64] | None:
    """A block by NumPy; None where it has quotes or something that isn't a finite number."""
    if '"' in text:
        return None
    coded: dict[int | str, Callable[[str], float]] = {}
    if sheet.classes is not None:
        coded[sheet.at] = partial(_number, sheet, at=sheet.at)
    try:
        found = np.loadtxt(
            text.split("\n"),
            delimiter=sheet.dialect.delimiter,
            comments=None,
            converters=coded or None,
            ndmin=2,
        )
    except (ValueError, IndexError):
        return None
    return found if found.shape[1] == sheet.dialect.width and np.isfinite(found).all() else None


def _cell_by_cell(sheet: _Sheet, block: Block, row: int) -> NDArray[np.float64]:
    """A block by its rows, of which the first is number `row`."""
    width, found = sheet.dialect.width, list[list[float]]()
    for line, cells in records(block.text, sheet.dialect.delimiter, block.line):
        if len(cells) != width:
            at_end = block.last and not block.text.endswith("\n") and len(cells) < width
            raise _ragged(sheet, sheet.where(row + len(found), line), len(cells), at_end)
        numbers = [_number(sheet, cell, at) for at, cell in enumerate(cells)]
        if not all(map(math.isfinite, numbers)):
            at = next(at for at, number in enumerate(numbers) if not math.isfinite(number))
            raise _unusable(sheet, sheet.where(row + len(found), line), at, cells[at].strip())
        found.append(numbers)
    return np.array(found).reshape(-1, width)


def _number(sheet: _Sheet, cell: str, at: int) -> float:
    """A cell's number, or that of its class; NaN where there is none."""
    if sheet.classes is None or at != sheet.at:
        number = as_number(cell)
        return math.nan if number is None else number
    label = cell.strip()
    return math.nan if label.lower() in NO_LABEL else sheet.classes.number(label)


def _unusable(sheet: _Sheet, where: str, at: int, text: str) -> DataError:
    place = f"{where}, {named(at, sheet.dialect.columns)}"
    number = as_number(text)
    if text.lower() in MISSING:
        return DataError(f"{place} has no value", REPLACE)
    if number is None or math.isnan(number):
        return DataError(f"{place} is {shown(text)}, not a number", _mend(sheet, text, at))
    return DataError(f"{place} is {shown(text)}, infinite", "put a finite number there")


def _mend(sheet: _Sheet, text: str, at: int) -> str:
    if is_decimal_comma(text):
        return f"write a decimal point: {text.replace('.', '').replace(',', '.')[:20]}"
    if at == sheet.at:
        return "write all labels as text, or all as numbers"
    return f"{NUMBERS}; if it is the target, name it as the target"


def _ragged(sheet: _Sheet, where: str, count: int, at_end: bool) -> DataError:
    before = "the header" if sheet.dialect.columns else "the first row"
    s = "" if count == 1 else "s"
    what = f"{where} has {count} cell{s}, {before} {sheet.dialect.width}"
    if at_end:
        return DataError(f"{what}, and there the file ends", "it is cut off: get it again")
    return DataError(what, "give every row the same columns")
