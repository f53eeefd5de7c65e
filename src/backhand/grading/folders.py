"""A folder of submissions: one file a student, whose name is the student."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from backhand.checking.cells import assigned, variable
from backhand.errors import DataError
from backhand.grading.columns import Numbers
from backhand.grading.tables import as_text, cut, plain_json

BYTES = 4_000_000
"""The largest file of one student."""
_NUMBERED = re.compile(r"^\s{0,3}(?:\*\*)?(\d+(?:\.\d+)*[a-z]?)(?:\*\*)?\s*[:)]\s*(?:\*\*)?(.*)$")
_CELL = re.compile(r"answer-\d+-(.+)")
BLANK = "YOUR ANSWER HERE"


def files(folder: Path) -> Iterator[Path]:
    """The files that may be submissions, by name."""
    return (p for p in sorted(folder.iterdir()) if p.suffix.lower() in FILES and p.is_file())


def read_file(path: Path, numbers: Numbers) -> dict[str, str]:
    """One student's answers by part. Raises `DataError` for a file that can't be read."""
    try:
        with path.open("rb") as file:
            data = file.read(BYTES + 1)
    except OSError as error:
        raise DataError(f"the file can't be read: {error.strerror or error}") from None
    if len(data) > BYTES:
        raise DataError(f"the file is over {BYTES:,} bytes", "ask for the answers only")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError("the file isn't UTF-8 text", "save it as UTF-8") from None
    found: dict[str, str] = {}
    for number, answer in FILES[path.suffix.lower()](text, numbers):
        if number not in numbers.parts:
            raise DataError(f"there is no question {number[:40]}", numbers.nearest(number))
        found |= {part: cut(a) for part, a in numbers.spread(number, answer).items()}
    return found


def _json(text: str, numbers: Numbers) -> Iterator[tuple[str, str]]:
    try:
        found = plain_json(text)
    except ValueError as error:
        raise DataError(f"this is no JSON: {error}", 'write {"3.1.4": "(3, -2)"}') from None
    if not isinstance(found, dict):
        raise DataError("this is no JSON object", 'write {"3.1.4": "(3, -2)"}')
    cells = cast(dict[str, Any], found)
    inside = cells.get("answers")
    for name, value in cast(dict[str, Any], inside if isinstance(inside, dict) else cells).items():
        if name not in ("student", "name"):
            yield numbers.named(name) or name, as_text(value)


def _lines(text: str, numbers: Numbers) -> Iterator[tuple[str, str]]:
    """`3.2.5: -0.0396`; an answer goes on until the next number of the sheet."""
    number, answer = "", list[str]()
    for line in text.replace("\r\n", "\n").split("\n"):
        found = _NUMBERED.match(line)
        if found is not None and (found[1] in numbers.parts or "." in found[1]):
            if number:
                yield number, "\n".join(answer).strip()
            number, answer = found[1], [found[2]]
        else:
            answer.append(line)
    if number:
        yield number, "\n".join(answer).strip()


def _notebook(text: str, numbers: Numbers) -> Iterator[tuple[str, str]]:
    """The answer cells of a notebook that `backhand sheet` wrote, by nbgrader's names of them."""
    try:
        found = plain_json(text)
        cells = cast(list[dict[str, Any]], found["cells"])
        dashed = {re.sub(r"[^A-Za-z0-9]+", "-", n)[:40]: n for n in numbers.parts}
        named = [(c["metadata"].get("nbgrader", {}).get("grade_id", ""), c) for c in cells]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError("this is no notebook", "hand in the sheet's own notebook") from None
    held = {variable(n): n for n in numbers.parts}
    for name, cell in named:
        if cell.get("cell_type") == "code":
            yield from ((held[n], text) for n, text in assigned(_source(cell)) if n in held)
            continue
        match = _CELL.fullmatch(str(name))
        if match is None or match[1] not in dashed:
            continue
        answer = _source(cell)
        yield dashed[match[1]], "" if answer.strip() == BLANK else answer


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(map(str, cast(list[Any], source))) if isinstance(source, list) else str(source)


FILES: Mapping[str, Callable[[str, Numbers], Iterator[tuple[str, str]]]] = {
    ".json": _json,
    ".md": _lines,
    ".txt": _lines,
    ".ipynb": _notebook,
}
"""What reads one student's file, by its suffix."""
