"""Submissions in whatever form they come, one at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backhand.errors import BackhandError, DataError
from backhand.grading.columns import Chosen, Columns, Numbers, columns
from backhand.grading.folders import FILES, files, read_file
from backhand.grading.tables import TABLES, Row, Table

MAX_NAME = 200
"""Characters of a student's name or number."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a student handed in. `answers`: part to what was typed, blanks left out.

    `problem`: why a student's file couldn't be read.
    """

    student: str
    answers: Mapping[str, str]
    variant: str = ""
    details: Mapping[str, str] = field(default_factory=dict[str, str])
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Submissions to be gone through once. `notes`: what is to be said of them.

    `one_by_one`: each is a single answer, and those of one student add up.
    """

    each: Iterator[Submission]
    one_by_one: bool = False
    notes: tuple[str, ...] = ()


def submissions(path: Path, numbers: Numbers, chosen: Chosen | None = None) -> Source:
    """The submissions in a table (CSV, JSON Lines, Parquet) or a folder of files, as they come.

    Raises `DataError` for what can't be read: the whole file or, while it is gone through, a row.
    """
    chosen = chosen or Chosen()
    if path.is_dir():
        return _folder(path, numbers)
    if not path.exists():
        raise DataError("there is no such file", "check its name")
    if path.suffix.lower() not in TABLES:
        kinds = ", ".join(TABLES)
        raise DataError("this is no table of a kind I read", f"give {kinds}, or a folder")
    table = TABLES[path.suffix.lower()](path)
    found = columns(table.names, numbers, chosen)
    notes = [_unused(found.unused)] if found.unused else []
    if not (found.answers or found.part) and (found.unused or not table.ragged):
        first = next(iter(numbers.parts), "1")
        raise DataError(
            "no column has answers", f"call it by its question, such as {first}, or use --column"
        )
    if found.part:
        return Source(_long(table, found, numbers), True, tuple(notes))
    if not table.ragged:
        answered = {part for n in found.answers.values() for part in numbers.parts[n]}
        every = dict.fromkeys(p for several in numbers.parts.values() for p in several)
        missing = [part for part in every if part not in answered]
        if missing:
            notes.append(f"no column answers {_few(missing)}: counted as unanswered")
    return Source(_wide(table, found, numbers, chosen), False, tuple(notes))


def _unused(names: tuple[str, ...]) -> str:
    return f"not used: {_few([repr(n[:40]) for n in names])}"


def _few(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


# ---- tables ------------------------------------------------------------------------------------


def _wide(table: Table, first: Columns, numbers: Numbers, chosen: Chosen) -> Iterator[Submission]:
    """A row a student."""
    known = {table.names: first}
    for row in table.rows:
        names = tuple(row.cells) if table.ragged else table.names
        if names not in known:
            if len(known) > 1_000:
                known.clear()
            with _placed(row):
                known[names] = columns(names, numbers, _within(chosen, names))
        found = known[names]
        answers: dict[str, str] = {}
        for column, number in found.answers.items():
            text = row.cells.get(column, "").strip()
            if text:
                answers |= numbers.spread(number, text)
        student = _student(row, found, bool(answers))
        if student:
            yield _submission(row, found, student, answers)


def _long(table: Table, found: Columns, numbers: Numbers) -> Iterator[Submission]:
    """A row an answer."""
    for row in table.rows:
        number = row.cells.get(found.part, "").strip()
        text = row.cells.get(found.answer, "").strip()
        student = _student(row, found, bool(number or text))
        if not student:
            continue
        with _placed(row):
            part = number if number in numbers.parts else numbers.named(number)
            if part is None:
                raise DataError(f"there is no question {number[:40]!r}", numbers.nearest(number))
        yield _submission(row, found, student, numbers.spread(part, text))


def _submission(row: Row, found: Columns, student: str, answers: Mapping[str, str]) -> Submission:
    variant = row.cells.get(found.variant, "").strip() if found.variant else ""
    kept = {name: row.cells.get(name, "").strip() for name in found.kept}
    return Submission(student, answers, variant, kept)


def _student(row: Row, found: Columns, answered: bool) -> str:
    student = " ".join(row.cells.get(found.student, "").split())[:MAX_NAME]
    if not student and answered:
        raise DataError(
            f"{row.where} has answers and no student", f"fill in the column {found.student!r}"
        )
    return student


def _within(chosen: Chosen, names: tuple[str, ...]) -> Chosen:
    """What of it concerns these columns: where rows name their own cells, some lack one."""
    return Chosen(
        chosen.student,
        chosen.variant if chosen.variant in names else None,
        tuple(name for name in chosen.kept if name in names),
        {part: name for part, name in chosen.parts.items() if name in names},
    )


@contextmanager
def _placed(row: Row) -> Generator[None]:
    """Says the row of what is wrong in it."""
    try:
        yield
    except BackhandError as error:
        raise DataError(f"{row.where}: {error.what}", error.mend) from None


# ---- a folder ----------------------------------------------------------------------------------


def _folder(path: Path, numbers: Numbers) -> Source:
    if next(files(path), None) is None:
        raise DataError("the folder has no submissions", f"each is a file {', '.join(FILES)}")
    other = [p.name for p in sorted(path.iterdir()) if p.suffix.lower() not in FILES]
    notes = (f"not used: {_few(other)}",) if other else ()
    return Source(_from_files(path, numbers), False, notes)


def _from_files(folder: Path, numbers: Numbers) -> Iterator[Submission]:
    for path in files(folder):
        student = " ".join(path.stem.split())[:MAX_NAME]
        try:
            found = read_file(path, numbers)
        except BackhandError as error:
            yield Submission(student, {}, problem=f"{path.name}: {error}")
            continue
        yield Submission(student, {k: v.strip() for k, v in found.items() if v.strip()})
