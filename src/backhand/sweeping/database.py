"""The record of a sweep: one SQLite file, one row a run, written by one process alone.

A run is told from others by everything that decides its result. So a file holds any number of
sweeps, a grid can grow, and what is finished is never done again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from backhand.errors import AskError
from backhand.jobs import record
from backhand.jobs.record import said
from backhand.sweeping.choices import SETTINGS, Choice
from backhand.sweeping.trials import Outcome

TABLE = """CREATE TABLE IF NOT EXISTS runs (
    key TEXT PRIMARY KEY,
    data TEXT NOT NULL, fingerprint TEXT NOT NULL, held_out REAL NOT NULL, network TEXT NOT NULL,
    epochs INTEGER NOT NULL, batch_size ANY NOT NULL, learning_rate REAL NOT NULL,
    optimizer TEXT NOT NULL, schedule TEXT NOT NULL, l1 REAL NOT NULL, l2 REAL NOT NULL,
    dtype TEXT NOT NULL, seed INTEGER NOT NULL, measure TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'done', 'failed')),
    score REAL, loss REAL, losses TEXT, seconds REAL, compile_seconds REAL, error TEXT,
    parameters BLOB, worker TEXT, finished TEXT
)"""
KIND = record.Kind(
    application=0x6248736D,  # "bHsm"
    version=1,
    tables=(TABLE,),
    called="record of sweeps",
    writer="another sweep",
)
MARKS = ("key", "data", "fingerprint", "held_out", "network", "measure")
PLAN = (*MARKS, *SETTINGS)
READ = (*PLAN, "status", "score", "loss", "losses", "seconds", "error")


@dataclass(frozen=True, slots=True)
class Record:
    """A run as it is written down.

    `data`: the name of its data, `fingerprint` tells data apart. `losses`: the mean loss of each
    epoch; `loss` and `score`: on the points held out; `measure`: what the score is.
    """

    key: str
    data: str
    fingerprint: str
    held_out: float
    network: str
    measure: str
    choice: Choice
    status: Literal["waiting", "done", "failed"] = "waiting"
    score: float | None = None
    loss: float | None = None
    losses: tuple[float, ...] = ()
    seconds: float | None = None
    error: str | None = None


class Database:
    """An open file of runs. Make it with `writing` or `reading`."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self.connection, self.name = connection, name

    def plan(self, records: Iterable[Record]) -> None:
        """Write down the runs that are to be done; those that are there already stay as they are."""
        rows = (tuple(getattr(r, n) for n in MARKS) + astuple(r.choice) for r in records)
        command = f"INSERT OR IGNORE INTO runs ({', '.join(PLAN)}) VALUES ({_marks(PLAN)})"
        with said(self.name), self.connection:
            self.connection.executemany(command, rows)

    def record(self, key: str, outcome: Outcome) -> None:
        """Write what a run gave, on the disk before this returns."""
        found: dict[str, Any] = {
            "status": "done" if outcome.error is None else "failed",
            "score": outcome.score,
            "loss": outcome.loss,
            "losses": json.dumps(outcome.losses),
            "seconds": outcome.seconds,
            "compile_seconds": outcome.compile_seconds,
            "error": outcome.error,
            "parameters": outcome.parameters,
            "worker": outcome.worker,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        command = f"UPDATE runs SET ({', '.join(found)}) = ({_marks(found)}) WHERE key = ?"
        with said(self.name), self.connection:
            self.connection.execute(command, (*found.values(), key))

    def records(self, keys: Sequence[str] | None = None) -> tuple[Record, ...]:
        """The runs of these keys in their order, or all there are."""
        command = f"SELECT {', '.join(READ)} FROM runs ORDER BY rowid"
        with said(self.name):
            rows = self.connection.execute(command)
            if keys is None:
                return tuple(map(_record, rows))
            wanted = set(keys)
            found = {row[0]: _record(row) for row in rows if row[0] in wanted}
            return tuple(found[key] for key in keys)

    def parameters(self, key: str) -> dict[str, NDArray[Any]]:
        """A run's parameters by name. Raises `AskError` where they weren't kept."""
        with said(self.name):
            row = self.connection.execute("SELECT parameters FROM runs WHERE key = ?", (key,))
            found = row.fetchone()
        if found is None or found[0] is None:
            raise AskError("this run's parameters aren't kept", "sweep with keep_parameters=True")
        return import_module("safetensors.numpy").load(found[0])


def _marks(names: Collection[str]) -> str:
    return ", ".join("?" * len(names))


def _record(row: tuple[Any, ...]) -> Record:
    start, end = len(MARKS), len(PLAN)
    status, score, loss, losses, seconds, error = row[end:]
    return Record(
        *row[:start],
        choice=Choice(**dict(zip(SETTINGS, row[start:end], strict=True))),
        status=status,
        score=score,
        loss=loss,
        losses=tuple(json.loads(losses or "[]")),
        seconds=seconds,
        error=error,
    )


# ---- opening -----------------------------------------------------------------------------------


@contextmanager
def writing(path: str | PathLike[str] | None) -> Generator[Database]:
    """A file of runs to write to, made where it isn't there; None: in memory.

    Raises `AskError` for a file that is something else, which stays as it is, for one that another
    sweep is writing to, and for a place that can't be written.
    """
    if path is None:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute(TABLE)
            yield Database(connection, "the record in memory")
        return
    with record.writing(Path(path), KIND) as connection:
        yield Database(connection, str(path))


@contextmanager
def reading(path: str | PathLike[str]) -> Generator[Database]:
    """A file of runs to read only. Raises `AskError` where it isn't there or is something else."""
    with record.reading(Path(path), KIND) as connection:
        yield Database(connection, str(path))
