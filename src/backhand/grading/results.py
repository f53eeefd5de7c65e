"""The tables of results: marks, feedback, and what a person has to look at, which is read back too."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from backhand.errors import DataError
from backhand.grading.database import Database
from backhand.training.files import in_place_of

AS_TEXT = "let the spreadsheet keep the columns as text"
MARKS, FEEDBACK, PERSON = "marks.csv", "feedback.jsonl", "for-a-person.csv"
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@contextmanager
def whole(path: Path) -> Generator[IO[str]]:
    """A text file written bit by bit, that takes its name when all of it is there."""
    with in_place_of(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        yield file


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; a plain number stays one.

    >>> guarded("=1+1"), guarded("-0.5"), guarded("@x"), guarded("-b")
    ("'=1+1", '-0.5', "'@x", "'-b")
    """
    risky = text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if risky and not _NUMBER.fullmatch(text) else text


def _bare(cell: str | None) -> str:
    """A cell without the sign that `guarded` put before it."""
    text = cell or ""
    return text[1:] if text[:1] == "'" and guarded(text[1:]) == text else text


def write_marks(
    kept: Database,
    folder: Path,
    parts: Sequence[str],
    points: Sequence[float],
    kept_columns: Sequence[str],
) -> None:
    """A row a student: points for each part, their sum, and how many answers wait for a person."""
    with whole(folder / MARKS) as file:
        table = csv.writer(file, lineterminator="\n")
        head = ["student", *map(guarded, kept_columns), *parts, "total", "out of", "waiting"]
        table.writerow(head)
        for student, details, rows in students(kept):
            earned = [credit * p for (_, credit, *_), p in zip(rows, points, strict=True)]
            waiting = sum(row[0] in ("undecided", "unreadable") and not row[2] for row in rows)
            table.writerow(
                [
                    guarded(student),
                    *(guarded(details.get(name, "")) for name in kept_columns),
                    *map(_points, earned),
                    _points(sum(earned)),
                    _points(sum(points)),
                    waiting,
                ]
            )


def _points(number: float) -> str:
    return f"{round(number, 4) + 0.0:g}" if number < 1e5 else repr(round(number, 4))


def students(kept: Database) -> Iterator[tuple[str, dict[str, str], list[tuple[Any, ...]]]]:
    """Every student in order of the submissions, with details and the rows of all parts.

    A row: verdict, credit, by hand, slip, followed, answer, understood, feedback.
    """
    query = (
        "SELECT s.student, s.details, e.verdict, e.credit, e.by_hand, e.slip, e.followed, e.answer,"
        " e.understood, f.text FROM students s JOIN earned e USING (student)"
        " JOIN feedback f ON f.id = e.feedback ORDER BY s.place, e.part"
    )
    now, details, rows = "", "{}", list[tuple[Any, ...]]()
    for student, its, *row in kept.rows(query):
        if student != now and rows:
            yield now, json.loads(details), rows
            rows = []
        now, details = str(student), str(its)
        rows.append(tuple(row))
    if rows:
        yield now, json.loads(details), rows


def write_feedback(
    kept: Database, folder: Path, parts: Sequence[str], points: Sequence[float]
) -> None:
    """A line of JSON a student, with the mark of every part and what is said of it."""
    with whole(folder / FEEDBACK) as file:
        for student, _, rows in students(kept):
            told: list[dict[str, Any]] = [
                {
                    "part": part,
                    "answer": row[5],
                    "verdict": row[0],
                    "credit": row[1],
                    "points": row[1] * worth,
                    "slip": row[3],
                    "followed": bool(row[4]),
                    "by_hand": bool(row[2]),
                    "understood": row[6],
                    "feedback": row[7],
                }
                for part, worth, row in zip(parts, points, rows, strict=True)
            ]
            total = sum(each["points"] for each in told)
            line = {"student": student, "total": total, "out_of": sum(points), "parts": told}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


# ---- for a person ------------------------------------------------------------------------------


def write_questions(
    kept: Database, folder: Path, parts: Sequence[str], words: Sequence[str]
) -> None:
    """What waits for a person, equal answers below one another, with a column for the credit."""
    kept.ask()
    query = (
        "SELECT e.part, e.student, e.answer, e.verdict, f.text, a.credit FROM earned e"
        " JOIN asked a ON a.student = e.student AND a.part = e.part AND a.answer = e.answer"
        " JOIN feedback f ON f.id = e.feedback ORDER BY e.part, e.answer, e.student"
    )
    with whole(folder / PERSON) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["part", "student", "question", "answer", "verdict", "why", "credit"])
        for part, student, answer, verdict, why, credit in kept.rows(query):
            at = int(str(part))
            filled = "" if credit is None else f"{credit:g}"
            cells = (student, words[at], answer, verdict, why)
            # With a letter before it, no spreadsheet takes 1.10 for a number.
            table.writerow([f"Q{parts[at]}", *(guarded(str(c)) for c in cells), filled])


def read_decisions(folder: Path, parts: Sequence[str]) -> list[tuple[str, int, float | None]]:
    """The credits that a person filled in. Raises `DataError` for one that isn't from 0 to 1."""
    path = folder / PERSON
    if not path.exists():
        return []
    places = {part: at for at, part in enumerate(parts)}
    found: list[tuple[str, int, float | None]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        start = file.readline()
        file.seek(0)
        table = csv.DictReader(file, delimiter=max(",;\t", key=start.count))
        try:
            for row in table:
                text = (row.get("credit") or "").strip()
                student, part = _bare(row.get("student")), _bare(row.get("part")).removeprefix("Q")
                credit = _credit(text, table.line_num) if text else None
                if part in places:
                    found.append((student, places[part], credit))
                elif text:
                    raise DataError(f"line {table.line_num} of {PERSON} has no part", AS_TEXT)
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{path} can't be read: {error}", "save it as CSV UTF-8") from None
    return found


def _credit(text: str, line: int) -> float:
    try:
        credit = float(text.replace(",", "."))
    except ValueError:
        credit = -1.0
    if not 0 <= credit <= 1:
        raise DataError(f"line {line} of {PERSON} has the credit {text[:20]!r}", "give 0 to 1")
    return credit
