"""The record of marking many: submissions, marks, and what a person decided, in one SQLite file.

A student's marks are written together with a mark of everything that decided them, in one transaction.
So whatever is the same is never marked again, and a kill at any time leaves whole students.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backhand.errors import DataError
from backhand.grading.marking import Marked, Task
from backhand.grading.submissions import Submission
from backhand.jobs import record
from backhand.jobs.record import said

TABLES = (
    """CREATE TABLE IF NOT EXISTS students (
    student TEXT PRIMARY KEY, place INTEGER NOT NULL, run INTEGER NOT NULL,
    variant TEXT NOT NULL, details TEXT NOT NULL, answers TEXT NOT NULL, problem TEXT NOT NULL,
    wanted TEXT NOT NULL, done TEXT
) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS marks (
    student TEXT NOT NULL, part INTEGER NOT NULL, verdict TEXT NOT NULL, credit REAL NOT NULL,
    slip TEXT, followed INTEGER NOT NULL, answer TEXT NOT NULL, understood TEXT NOT NULL,
    feedback INTEGER NOT NULL, PRIMARY KEY (student, part)
) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS feedback (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    """CREATE TABLE IF NOT EXISTS asked (
    student TEXT NOT NULL, part INTEGER NOT NULL, answer TEXT NOT NULL, credit REAL,
    PRIMARY KEY (student, part)
) WITHOUT ROWID""",
    """CREATE VIEW IF NOT EXISTS earned AS
    SELECT m.student, m.part, m.verdict, m.slip, m.followed, m.answer, m.understood, m.feedback,
           coalesce(a.credit, m.credit) AS credit, a.credit IS NOT NULL AS by_hand
    FROM marks m LEFT JOIN asked a
    ON a.student = m.student AND a.part = m.part AND a.answer = m.answer""",
)
KIND = record.Kind(
    application=0x62486772,  # "bHgr"
    version=1,
    tables=TABLES,
    called="record of marks",
    writer="another run",
)
KEPT = 20_000
"""Feedback texts whose numbers are kept in memory."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What came of taking submissions in.

    `replaced`: students of whom a later submission counts; `gone`: those marked before who aren't
    among them any more; `changed`: those marked before whose marks no longer hold.
    """

    students: int
    todo: int
    changed: int
    gone: int
    replaced: tuple[str, ...]


class Database:
    """An open record. Make it with `writing`."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self.connection, self.name = connection, name
        self.feedback: dict[str, int] = {}

    # ---- submissions ---------------------------------------------------------------------------

    def take_in(self, each: Iterable[Submission], one_by_one: bool, setting: str) -> Intake:
        """Write down the submissions, all or none, instead of those that were there.

        `setting`: a mark of the worksheet and all else that decides marks.
        """
        with said(self.name), self.connection:
            run = self._one("SELECT coalesce(max(run), 0) + 1 FROM students")
            replaced: dict[str, None] = {}
            for place, submission in enumerate(each):
                old = self._before(submission.student, run)
                if old is None or not one_by_one:
                    answers = submission.answers
                else:
                    answers = {**old, **submission.answers}
                doubled = not one_by_one or bool(old and old.keys() & submission.answers.keys())
                if old is not None and doubled and len(replaced) < 1_000:
                    replaced[submission.student] = None
                self._put(submission, answers, place, run, setting)
            gone = self._drop(run)
            counts = self.connection.execute(
                "SELECT count(*), sum(done IS NOT wanted), sum(done IS NOT NULL AND done <> wanted)"
                " FROM students"
            ).fetchone()
        return Intake(counts[0], counts[1] or 0, counts[2] or 0, gone, tuple(replaced))

    def _before(self, student: str, run: int) -> dict[str, str] | None:
        row = self.connection.execute(
            "SELECT answers FROM students WHERE student = ? AND run = ?", (student, run)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def _put(
        self, found: Submission, answers: Mapping[str, str], place: int, run: int, setting: str
    ) -> None:
        text = json.dumps(answers, ensure_ascii=False, sort_keys=True)
        details = json.dumps(found.details, ensure_ascii=False)
        wanted = hashlib.sha256(f"{setting}\n{found.variant}\n{text}".encode()).hexdigest()[:32]
        self.connection.execute(
            "INSERT INTO students VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (student)"
            " DO UPDATE SET (place, run, variant, details, answers, problem, wanted)"
            " = (excluded.place, excluded.run, excluded.variant, excluded.details,"
            " excluded.answers, excluded.problem, excluded.wanted)",
            (found.student, place, run, found.variant, details, text, found.problem, wanted),
        )

    def _drop(self, run: int) -> int:
        """Forget the students who aren't in this run; what a person decided of them stays."""
        gone = self._one("SELECT count(*) FROM students WHERE run <> ?", run)
        if gone:
            self.connection.execute(
                "DELETE FROM marks WHERE student IN (SELECT student FROM students WHERE run <> ?)",
                (run,),
            )
            self.connection.execute("DELETE FROM students WHERE run <> ?", (run,))
        return gone

    def problems(self, most: int) -> list[str]:
        """Why files couldn't be read, the first of them."""
        rows = self.connection.execute(
            "SELECT problem FROM students WHERE problem <> '' ORDER BY place LIMIT ?", (most,)
        )
        return [row[0] for row in rows]

    # ---- marks ---------------------------------------------------------------------------------

    def todo(self, most: int) -> list[Task]:
        """The next students to be marked, those of one variant together."""
        with said(self.name):
            rows = self.connection.execute(
                "SELECT student, variant, answers, wanted FROM students"
                " WHERE done IS NOT wanted ORDER BY variant, place LIMIT ?",
                (most,),
            )
            return [Task(s, v, json.loads(a), w) for s, v, a, w in rows]

    def put_marks(self, marked: Sequence[Marked]) -> None:
        """The marks of some students, on the disk before this returns."""
        with said(self.name), self.connection:
            for student in marked:
                rows = [
                    (student.student, at, m.verdict, m.credit, m.slip, m.followed, m.answer,
                     m.understood, self._feedback(m.feedback))
                    for at, m in enumerate(student.marks)
                ]  # fmt: skip
                self.connection.execute("DELETE FROM marks WHERE student = ?", (student.student,))
                self.connection.executemany(
                    "INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
                )
                self.connection.execute(
                    "UPDATE students SET done = ? WHERE student = ?",
                    (student.wanted, student.student),
                )

    def _feedback(self, text: str) -> int:
        """The number of a text, which stands once in the file however many were told it."""
        if text not in self.feedback:
            if len(self.feedback) >= KEPT:
                self.feedback.clear()
            self.connection.execute("INSERT OR IGNORE INTO feedback (text) VALUES (?)", (text,))
            self.feedback[text] = self._one("SELECT id FROM feedback WHERE text = ?", text)
        return self.feedback[text]

    # ---- what a person decides -----------------------------------------------------------------

    def decide(self, decided: Iterable[tuple[str, int, float | None]]) -> None:
        """Take over credits by a person for what was asked of them, None for none yet.

        Raises `DataError` for a student who wasn't asked about.
        """
        update = "UPDATE asked SET credit = ?3 WHERE student = ?1 AND part = ?2"
        with said(self.name), self.connection:
            for each in decided:
                if not self.connection.execute(update, each).rowcount and each[2] is not None:
                    raise DataError(
                        f"nothing was asked about the student {each[0][:40]!r}",
                        "let the spreadsheet keep the columns as text",
                    )

    def ask(self) -> None:
        """Ask a person about every answer that waits for one; an answer that has changed anew."""
        with said(self.name), self.connection:
            self.connection.execute(
                "INSERT INTO asked SELECT student, part, answer, NULL FROM marks"
                " WHERE verdict IN ('undecided', 'unreadable') ON CONFLICT DO UPDATE"
                " SET answer = excluded.answer, credit = NULL WHERE answer <> excluded.answer"
            )

    def rows(self, query: str, *given: object) -> Iterator[tuple[object, ...]]:
        """What a question to the record gives, row by row."""
        with said(self.name):
            yield from self.connection.execute(query, given)

    def _one(self, query: str, *given: object) -> int:
        return self.connection.execute(query, given).fetchone()[0]


@contextmanager
def writing(folder: Path) -> Generator[Database]:
    """The record in a folder of results, made where it isn't there; raises as `record.writing`."""
    place = folder / "results.sqlite"
    with record.writing(place, KIND) as connection:
        # After a power cut the last students may be marked again; a kill costs nothing.
        connection.execute("PRAGMA synchronous = NORMAL")
        yield Database(connection, str(place))
