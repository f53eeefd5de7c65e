"""Tables of submissions, a row at a time: CSV, JSON Lines, Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, cast

from backhand.checking.answers import MAX_LENGTH
from backhand.errors import DataError

LONGEST = 4_000_000
"""Characters of a cell; an answer is cut far below that, a quote that isn't closed runs into it."""
LINE = 8_000_000
"""Characters of a line of JSON."""
ROWS = 1_000
"""Rows read together from a Parquet file."""
DELIMITERS = ",;\t"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its columns' names, all of it text; `where` says where it stands."""

    where: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns' names, and its rows, to be gone through once.

    `ragged`: rows name their own cells, as in JSON, so another row may have other columns.
    """

    names: tuple[str, ...]
    rows: Iterator[Row]
    ragged: bool = False


def cut(text: str) -> str:
    """An answer short enough to keep, and still too long to be marked where it was."""
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH + 1]


def read_csv(path: Path) -> Table:
    """A CSV file with a header, UTF-8, delimited by commas, semicolons or tabs.

    Raises `DataError` for another encoding, an empty file, and rows longer than the header.
    """
    rows = _records(path)
    header = next(rows, None)
    if header is None:
        raise DataError("the file is empty", "export the submissions again")
    names = tuple(name.strip() for name in header[1])
    return Table(_distinct(names), _cells(_distinct(names), rows))


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Every record with the line it ends on, but for those that are blank."""
    _check_encoding(path)
    with path.open("rb") as start:
        first = start.readline(LINE)
    delimiter = max(DELIMITERS, key=lambda sign: first.count(sign.encode()))
    with path.open(encoding="utf-8-sig", newline="") as file:
        before = csv.field_size_limit(LONGEST)
        try:
            reader = csv.reader(_lines(file), delimiter=delimiter)
            for record in reader:
                if any(cell.strip() for cell in record):
                    yield reader.line_num, record
        except csv.Error as error:
            raise DataError(f"the table can't be read: {error}", "is a quote not closed?") from None
        finally:
            csv.field_size_limit(before)


def _lines(file: TextIO) -> Iterator[str]:
    """The lines of a file that is text, none of them endless."""
    number = 0
    while True:
        try:
            line = file.readline(LINE)
        except UnicodeDecodeError:
            raise DataError(
                f"line {number + 1}, or one soon after, isn't UTF-8 text",
                "save the table as CSV UTF-8",
            ) from None
        if not line:
            return
        number += 1
        yield line.replace("\0", "�")


def _check_encoding(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] in UTF_16:
        raise DataError("the file is UTF-16", "save it as UTF-8 (in Excel: CSV UTF-8)")
    if start == b"PK\x03\x04":
        raise DataError("the file is a spreadsheet or a zip", "save it as CSV UTF-8")


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, those that stand twice with their number: they may be columns nobody needs."""
    seen: dict[str, int] = {}
    found: list[str] = []
    for at, name in enumerate(names, 1):
        name = name or f"column {at}"
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(found)


def _cells(names: tuple[str, ...], rows: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    for line, record in rows:
        if len(record) > len(names):
            raise DataError(
                f"line {line} has {len(record)} cells, and the header has {len(names)}",
                'put answers that hold commas into quotes: "(3,-2)"',
            )
        yield Row(f"line {line}", dict(zip(names, map(cut, record), strict=False)))


# ---- JSON Lines --------------------------------------------------------------------------------


def read_json_lines(path: Path) -> Table:
    """One object a line. Answers may stand in it, or together in an object `answers`.

    Raises `DataError` for a line that is no object, with its number.
    """
    _check_encoding(path)
    rows = _objects(path)
    first = next(rows, None)
    if first is None:
        raise DataError("the file is empty", "export the submissions again")

    def every() -> Iterator[Row]:
        yield first
        yield from rows

    return Table(tuple(first.cells), every(), ragged=True)


def _objects(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(_lines(file), 1):
            if line.strip():
                yield Row(f"line {number}", _object(line, number))


def _object(line: str, number: int) -> dict[str, str]:
    if len(line) >= LINE:
        raise DataError(f"line {number} is over {LINE:,} characters", "split it")
    try:
        found = plain_json(line)
    except ValueError as error:
        raise DataError(
            f"line {number} is no JSON: {error}", 'write an object: {"student": "…", "3.1.4": "…"}'
        ) from None
    if not isinstance(found, dict):
        raise DataError(f"line {number} is no object", 'write {"student": "…", "3.1.4": "…"}')
    cells = cast(dict[str, Any], found)
    inside = cells.get("answers")
    if isinstance(inside, dict):
        cells = {k: v for k, v in cells.items() if k != "answers"} | cast(dict[str, Any], inside)
    return {name: as_text(value) for name, value in cells.items()}


def plain_json(text: str) -> Any:
    """JSON with its numbers as they were typed. Raises `ValueError`.

    >>> plain_json('{"3.1.6": 0.50}')
    {'3.1.6': '0.50'}
    """
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def as_text(value: object) -> str:
    """A cell of JSON or Parquet as what would have been typed.

    >>> as_text(["3", "-2"]), as_text([["1", "2"], ["3", "4"]]), as_text(None), as_text(True)
    ('[3, -2]', '[[1, 2], [3, 4]]', '', 'true')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        try:
            inside = ", ".join(map(as_text, islice(cast(list[object], value), MAX_LENGTH)))
        except RecursionError:
            return "[" * 100
        return cut(f"[{inside}]")
    return cut(str(value))


# ---- Parquet -----------------------------------------------------------------------------------


def read_parquet(path: Path) -> Table:
    """A Parquet file. Raises `DataError` for a damaged file, and where pyarrow isn't installed."""
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise DataError(
            "a Parquet file is read through pyarrow, which isn't installed",
            'pip install "backhand[data]", or save the table as CSV',
        ) from None
    try:
        file = parquet.ParquetFile(str(path))
    except Exception as error:
        raise _damaged(error) from error
    return Table(tuple(map(str, file.schema_arrow.names)), _batches(file))


def _batches(file: Any) -> Iterator[Row]:
    number = 0
    with file:
        batches = file.iter_batches(ROWS)
        while True:
            try:
                batch = next(batches, None)
                if batch is None:
                    return
                batch.validate(full=True)
                found = batch.to_pylist()
            except Exception as error:
                raise _damaged(error) from error
            for each in found:
                number += 1
                yield Row(f"row {number}", {str(k): as_text(v) for k, v in each.items()})


def _damaged(error: Exception) -> DataError:
    said = str(error).splitlines() or [type(error).__name__]
    return DataError(f"the file is damaged: {said[0][:200]}", "get it again")


TABLES: Mapping[str, Callable[[Path], Table]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".parquet": read_parquet,
    ".pq": read_parquet,
}
"""What reads a table, by its file's suffix."""
