"""Marking many: submissions in, all cores at work, marks and statistics out, nothing done twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backhand.checking.marking import Marker, Part
from backhand.checking.marks import Level
from backhand.errors import AskError, BackhandError, WorkerError
from backhand.grading import results
from backhand.grading.columns import Chosen, Numbers
from backhand.grading.database import Database, Intake, writing
from backhand.grading.given_out import GivenOut, given_out
from backhand.grading.marking import Batch, Entry, Marked, Task, mark_batch, packed
from backhand.grading.report import REPORT, document
from backhand.grading.statistics import Statistics, statistics
from backhand.grading.submissions import Submission, submissions
from backhand.graph import Layout
from backhand.jobs.engine import Engine, EngineName
from backhand.jobs.engine import engine as engine_of
from backhand.reading.document import read
from backhand.working import Worksheet

ROUND = 2_000
"""Students taken from the record at once: what memory is needed for."""
BATCH = 25
"""Students that are sent to a worker together."""
VERSION = "1"
"""Another number marks everything again: raise it when the same answer gets another mark."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: students marked in this run, and those there are to mark in it."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Graded:
    """What a run did. `marked`: students marked in it, the others were marked before."""

    folder: Path
    marked: int
    notes: tuple[str, ...]
    statistics: Statistics


def grade(
    worksheet: str | os.PathLike[str] | Worksheet,
    submitted: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    level: Level = "hint",
    layout: Layout | None = None,
    points: Mapping[str, float] | None = None,
    student: str | None = None,
    keep: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    variants: str | os.PathLike[str] | None = None,
    variant: str | None = None,
    engine: EngineName = "joblib",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Graded:
    """Mark every submission of a file or a folder, and write marks, feedback and statistics.

    `submitted`: CSV, JSON Lines, Parquet, or a folder with a file a student. `student`, `variant` and
    `columns` (part to column) name columns where their names don't say it; those in `keep` are copied
    to the marks. `points`: of parts that aren't worth 1. `variants`: the folder that `backhand variants`
    made, where each student had one. `engine`: the cores of this machine (`workers` of them) or a Dask
    cluster at `scheduler`. What `folder` has the marks of already isn't marked again.

    Raises `DataError` for submissions that can't be read, before anything is marked, and `AskError`
    where another run writes to the folder. No answer raises anything.
    """
    page = worksheet if isinstance(worksheet, Worksheet) else read(worksheet)
    marker = Marker(page, layout=layout)
    if not marker.parts:
        raise AskError("the worksheet asks nothing", "put a line `% ask: …` below a question")
    names = [part.number for part in marker.parts]
    worth = _worth(points or {}, marker)
    place = _made(Path(folder))
    chosen = Chosen(student, variant, tuple(keep), dict(columns or {}))
    sheets = given_out(page, variants)
    setting = _setting(page, layout, level, sheets)
    with writing(place) as kept:
        kept.decide(results.read_decisions(place, names))
        source = submissions(Path(submitted), Numbers.of(marker.parts), chosen)
        each = sheets.checked(source.each) if sheets else source.each
        taken = kept.take_in(_some(each, Path(submitted)), source.one_by_one, setting)
        lost: list[str] = []
        if taken.todo:
            pages = sheets.worksheets if sheets else (page,)
            stock = [packed(each, layout, level) for each in pages]
            with engine_of(engine, workers, scheduler) as spread:
                lost = _mark_all(kept, spread, stock, sheets, taken.todo, len(names), progress)
        notes = (*source.notes, *_told(taken, kept, lost))
        found = statistics(kept, names, worth)
        results.write_marks(kept, place, names, worth, keep)
        results.write_feedback(kept, place, names, worth)
        results.write_questions(kept, place, names, [_words(part) for part in marker.parts])
        with results.whole(place / REPORT) as file:
            file.write(document(page, marker.parts, found, notes))
    return Graded(place, taken.todo, notes, found)


def _worth(points: Mapping[str, float], marker: Marker) -> list[float]:
    given = {marker.part(number).number: worth for number, worth in points.items()}
    for number, worth in given.items():
        if not 0 <= worth <= 1_000_000:
            raise AskError(f"{number} is worth {worth}", "give a number of points, 0 or more")
    return [float(given.get(part.number, 1)) for part in marker.parts]


def _made(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise AskError(f"{folder} is a file", "name a folder after -o")
    there = [p.name for p in folder.iterdir()] if folder.exists() else []
    if there and not any(name.startswith("results.sqlite") for name in there):
        raise AskError(f"the folder {folder} holds other things: {sorted(there)[0]}",
                       "name an empty or a new folder after -o")  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _setting(page: Worksheet, layout: Layout | None, level: Level, sheets: GivenOut | None) -> str:
    """A mark of all that decides the mark of an answer."""
    key = page.source or page.solve(layout=layout).json()
    text = json.dumps([VERSION, key, layout, level, sheets.mark if sheets else None])
    return hashlib.sha256(text.encode()).hexdigest()


def _some(each: Iterable[Submission], path: Path) -> Iterator[Submission]:
    """The submissions; an error where there are none."""
    empty = True
    for submission in each:
        empty = False
        yield submission
    if empty:
        raise BackhandError(f"{path.name} has no submissions", "export them again")


def _words(part: Part) -> str:
    """What a part asks, on one line."""
    asked = " ".join(part.question.words.split())
    return f"{asked} [{part.ask.text}]" if len(part.question.asks) > 1 else asked


# ---- marking -----------------------------------------------------------------------------------


def _mark_all(
    kept: Database,
    engine: Engine,
    stock: Sequence[bytes],
    sheets: GivenOut | None,
    total: int,
    parts: int,
    progress: Callable[[Progress], None] | None,
) -> list[str]:
    """Mark all that isn't marked, written as it comes; the students over whom a worker was killed."""
    done, lost = 0, list[str]()
    if progress is not None:
        progress(Progress(0, total))
    while tasks := kept.todo(ROUND):
        for marked in _marked(engine, _batches(tasks, sheets), stock, parts, lost):
            kept.put_marks(marked)
            done += len(marked)
            if progress is not None:
                progress(Progress(done, total))
    return lost


def _batches(tasks: Sequence[Task], sheets: GivenOut | None) -> list[Batch]:
    """The tasks cut into batches, each of one worksheet."""
    by_sheet: dict[int, list[Task]] = {}
    for task in tasks:
        place = sheets.place(task.variant) if sheets else 0
        by_sheet.setdefault(place, []).append(task)
    return [
        Batch(f"{sheet}-{at}", sheet, tuple(several[at : at + BATCH]))
        for sheet, several in by_sheet.items()
        for at in range(0, len(several), BATCH)
    ]


def _marked(
    engine: Engine, batches: Sequence[Batch], stock: Sequence[bytes], parts: int, lost: list[str]
) -> Iterator[list[Marked]]:
    """The marks of all batches. Where workers are killed, what they were at is tried in smaller pieces."""
    left = {batch.key: batch for batch in batches}
    try:
        for batch, marked in engine.each(mark_batch, batches, stock):
            del left[batch.key]
            yield marked
    except WorkerError:
        if len(batches) == 1 and len(batches[0].tasks) == 1:
            task = batches[0].tasks[0]
            lost.append(task.student)
            yield [Marked(task.student, task.wanted, _by_hand(task, parts))]
            return
        pieces = (
            list(left.values())
            if len(batches) > 1
            else [
                Batch(f"{batches[0].key}-{at}", batches[0].worksheet, (task,))
                for at, task in enumerate(batches[0].tasks)
            ]
        )
        for piece in pieces:
            yield from _marked(engine, [piece], stock, parts, lost)


def _by_hand(task: Task, parts: int) -> tuple[Entry, ...]:
    """Marks for a submission that no worker survives: a person has to look at all of it."""
    said = "The process that marked this was killed. A person has to look at it."
    text = "; ".join(f"{part}: {answer}" for part, answer in task.answers.items())[:2_000]
    return (Entry("undecided", 0.0, None, False, text, "", said),) * parts


# ---- what is said ------------------------------------------------------------------------------


def _told(taken: Intake, kept: Database, lost: Sequence[str]) -> Iterator[str]:
    if taken.replaced:
        yield f"several submissions of {_few(taken.replaced)}: the last counts"
    if taken.changed:
        yield (
            f"marked again, since the submission or the worksheet has changed: {taken.changed} students"
        )
    if taken.gone:
        yield f"no longer among the submissions, and left out: {taken.gone} students"
    yield from kept.problems(20)
    if lost:
        yield f"a worker was killed over the submission of {_few(lost)}: a person has to mark it"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
