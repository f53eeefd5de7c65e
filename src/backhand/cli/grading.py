"""The command grade: many submissions to one worksheet."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import (
    Engine,
    EngineName,
    File,
    Jobs,
    Layouted,
    Level,
    LevelName,
    Scheduler,
)
from backhand.cli.output import bar, errors_of, say, write
from backhand.errors import AskError, DataError

if TYPE_CHECKING:
    from backhand.grading.grade import Graded, Progress


@app.command(
    epilog="""Examples:

\b
  backhand grade worksheet.md answers.csv -o results
  backhand grade worksheet.md answers.csv -o results --student "Email Address" --keep Name
  backhand grade worksheet.md handed-in/ -o results --points 3.2.5=2
  backhand grade worksheet.md answers.csv -o results --variants variants

SUBMISSIONS is CSV, JSON Lines or Parquet, with a column for each question or a row for each answer,
or a folder with a file (.json, .md, .txt, .ipynb) for each student. Started again, it marks what is new.
"""
)
def grade(
    file: File,
    submissions: Annotated[
        Path, typer.Argument(metavar="SUBMISSIONS", help="What the students handed in.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="RESULTS", help="The folder to write to.")
    ],
    student: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Who the student is; else by its name.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="PART=COLUMN", help="A column of answers; may be repeated."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Copied to the marks; may be repeated."),
    ] = None,
    points: Annotated[
        list[str] | None,
        typer.Option(metavar="PART=N", help="What a part is worth, else 1; may be repeated."),
    ] = None,
    level: Level = LevelName.HINT,
    layout: Layouted = None,
    variants: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The variants that were given out.")
    ] = None,
    variant: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Which variant; else by its name.")
    ] = None,
    engine: Engine = EngineName.JOBLIB,
    scheduler: Scheduler = None,
    jobs: Jobs = None,
) -> None:
    """Mark many submissions: marks, feedback, statistics. List what a person has to see."""
    with errors_of():
        from backhand.grading.grade import grade
        from backhand.reading.document import read

        with errors_of(file):
            page = read(file)
        worth = {part: _number(n) for part, n in _pairs("--points", points)}
        columns = dict(_pairs("--column", column))
        try:
            with _shown() as progress:
                found = grade(
                    page,
                    submissions,
                    output,
                    level=level.value,
                    layout=layout.value if layout else None,
                    points=worth,
                    student=student,
                    keep=tuple(keep or ()),
                    columns=columns,
                    variants=variants,
                    variant=variant,
                    engine=engine.value,
                    workers=jobs,
                    scheduler=scheduler,
                    progress=progress,
                )
        except DataError as error:
            raise DataError(f"{submissions}: {error.what}", error.mend) from None
        except KeyboardInterrupt:
            say(f"backhand: interrupted; what is marked is in {output}, the same command goes on")
            raise
        for note in found.notes:
            say(f"backhand: {note}")
        write(_summary(found))


def _pairs(option: str, given: list[str] | None) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for text in given or []:
        part, sign, value = text.partition("=")
        if not sign or not value.strip():
            raise AskError(f"{option} {text} has no value", f"write {option} 3.1.4=…")
        found.append((part.strip(), value.strip()))
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise AskError(f"{text!r} is no number of points", "write --points 3.1.4=2") from None


def _summary(found: Graded) -> str:
    s = found.statistics
    lines = [
        f"{s.students:,} submission{'s' * (s.students != 1)}, {found.marked:,} marked now",
        f"mean {s.mean:.2f} of {s.out_of:g} points, median {s.median:.2f}",
    ]
    if s.waiting:
        wait = "answer waits" if s.waiting == 1 else "answers wait"
        lines.append(f"{s.waiting:,} {wait} for a person: {found.folder / 'for-a-person.csv'}")
    lines.append(f"marks, feedback and report are in {found.folder}")
    return "\n".join(lines)


@contextmanager
def _shown() -> Generator[Callable[[Progress], None] | None]:
    """A bar of the students done where a person watches."""
    with bar("student") as moved:
        yield moved and (lambda at: moved(completed=at.done, total=at.total))
