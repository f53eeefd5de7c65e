"""The record of a sweep: one SQLite file, one row a run, written by one process alone.

A run is told from others by everything that decides its result. So a file holds any number of
sweeps, a grid can grow, and what is finished is never done again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from backhand.errors import AskError
from backhand.sweeping.choices import SETTINGS, Choice
from backhand.sweeping.trials import Outcome

APPLICATION = 0x6248736D
"""Stands in the header of a file that is ours: "bHsm"."""
VERSION = 1
WAIT = 30.0
"""Seconds to wait for another process that is reading or writing."""
HEADER = b"SQLite format 3\x00"
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
        with _said(self.name), self.connection:
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
        with _said(self.name), self.connection:
            self.connection.execute(command, (*found.values(), key))

    def records(self, keys: Sequence[str] | None = None) -> tuple[Record, ...]:
        """The runs of these keys in their order, or all there are."""
        command = f"SELECT {', '.join(READ)} FROM runs ORDER BY rowid"
        with _said(self.name):
            rows = self.connection.execute(command)
            if keys is None:
                return tuple(map(_record, rows))
            wanted = set(keys)
            found = {row[0]: _record(row) for row in rows if row[0] in wanted}
            return tuple(found[key] for key in keys)

    def parameters(self, key: str) -> dict[str, NDArray[Any]]:
        """A run's parameters by name. Raises `AskError` where they weren't kept."""
        with _said(self.name):
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
    place = Path(path)
    _check_ours(place)
    with _alone(place), closing(_made(place)) as connection:
        yield Database(connection, str(path))


@contextmanager
def reading(path: str | PathLike[str]) -> Generator[Database]:
    """A file of runs to read only. Raises `AskError` where it isn't there or is something else."""
    place = Path(path)
    if not place.exists():
        raise AskError(f"there is no file {path}", "check its name")
    _check_ours(place)
    with _said(str(place)):
        # Not mode=ro, with which SQLite would leave two files beside this one.
        connection = sqlite3.connect(f"{place.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT)
    with closing(connection):
        connection.execute("PRAGMA query_only = ON")
        yield Database(connection, str(path))


def _made(place: Path) -> sqlite3.Connection:
    """The file with its table; killed in between, it is one that a next sweep completes."""
    with _said(str(place)):
        connection = sqlite3.connect(place, timeout=WAIT)
        try:
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                # The first to reach the disk: without it the file would be taken for another's.
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(TABLE)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            # Readers can look on while a row is written, and a kill at any time leaves whole rows.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _check_ours(place: Path) -> None:
    """Raise `AskError` for a file that isn't a record of sweeps, before anything touches it."""
    if place.is_dir():
        raise AskError(f"{place} is a folder", "name a file in it")
    if not place.absolute().parent.is_dir():
        raise AskError(f"there is no folder {place.absolute().parent}", "make it first")
    with _said(str(place)):
        header = _start(place) if place.exists() else b""
    # https://sqlite.org/fileformat2.html, 1.3: the version at byte 60, the application at 68.
    version, application = (int.from_bytes(header[at : at + 4]) for at in (60, 68))
    if header and (not header.startswith(HEADER) or application != APPLICATION):
        raise AskError(f"{place} is no record of sweeps", "name another file")
    if version > VERSION:
        raise AskError(f"{place} was written by a newer Backhand", "update Backhand")


def _start(place: Path) -> bytes:
    with place.open("rb") as file:
        return file.read(100)


@contextmanager
def _alone(place: Path) -> Generator[None]:
    """A lock beside the file, which ends with the process however it ends."""
    beside = place.with_name(f"{place.name}.lock")
    with _said(str(place)):
        lock = sqlite3.connect(beside, timeout=0, isolation_level=None)
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise AskError(
                f"{place} is being written by another sweep ({error})",
                "wait for it, or name another file",
            ) from None
        try:
            yield
        finally:
            with suppress(OSError):
                beside.unlink()


@contextmanager
def _said(name: str) -> Generator[None]:
    """What SQLite and the system say about a file, as an error that names it."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise AskError(f"{name} can't be used: {error}", "choose another file") from error
