"""A SQLite file that records what jobs gave: ours alone, written by one process, readable meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from backhand.errors import AskError

WAIT = 30.0
"""Seconds to wait for another process that is reading or writing."""
HEADER = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of record. `application` stands in the header of a file of this kind.

    `tables`: the statements that make it. `called`: a record of sweeps; `writer`: another sweep.
    """

    application: int
    version: int
    tables: tuple[str, ...]
    called: str
    writer: str


@contextmanager
def writing(place: Path, kind: Kind) -> Generator[sqlite3.Connection]:
    """A record to write to, made where it isn't there.

    Raises `AskError` for a file that is something else, which stays as it is, for one that another
    process is writing to, and for a place that can't be written.
    """
    _check(place, kind)
    with _alone(place, kind), closing(_made(place, kind)) as connection:
        yield connection


@contextmanager
def reading(place: Path, kind: Kind) -> Generator[sqlite3.Connection]:
    """A record to read only. Raises `AskError` where it isn't there or is something else."""
    if not place.exists():
        raise AskError(f"there is no file {place}", "check its name")
    _check(place, kind)
    with said(str(place)):
        # Not mode=ro, with which SQLite would leave two files beside this one.
        connection = sqlite3.connect(f"{place.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT)
    with closing(connection):
        connection.execute("PRAGMA query_only = ON")
        yield connection


def _made(place: Path, kind: Kind) -> sqlite3.Connection:
    """The file with its tables; killed in between, it is one that a next run completes."""
    with said(str(place)):
        connection = sqlite3.connect(place, timeout=WAIT)
        try:
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                # The first to reach the disk: without it the file would be taken for another's.
                connection.execute(f"PRAGMA application_id = {kind.application}")
                for table in kind.tables:
                    connection.execute(table)
                connection.execute(f"PRAGMA user_version = {kind.version}")
            # Readers can look on while a row is written, and a kill at any time leaves whole rows.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _check(place: Path, kind: Kind) -> None:
    """Raise `AskError` for a file that isn't of this kind, before anything touches it."""
    if place.is_dir():
        raise AskError(f"{place} is a folder", "name a file in it")
    if not place.absolute().parent.is_dir():
        raise AskError(f"there is no folder {place.absolute().parent}", "make it first")
    with said(str(place)):
        header = _start(place) if place.exists() else b""
    # https://sqlite.org/fileformat2.html, 1.3: the version at byte 60, the application at 68.
    version, application = (int.from_bytes(header[at : at + 4]) for at in (60, 68))
    if header and (not header.startswith(HEADER) or application != kind.application):
        raise AskError(f"{place} is no {kind.called}", "name another file")
    if version > kind.version:
        raise AskError(f"{place} was written by a newer Backhand", "update Backhand")


def _start(place: Path) -> bytes:
    with place.open("rb") as file:
        return file.read(100)


@contextmanager
def _alone(place: Path, kind: Kind) -> Generator[None]:
    """A lock beside the file, which ends with the process however it ends."""
    beside = place.with_name(f"{place.name}.lock")
    with said(str(place)):
        lock = sqlite3.connect(beside, timeout=0, isolation_level=None)
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise AskError(f"{place} can't be used: {error}", "choose another file") from error
            raise AskError(
                f"{place} is being written by {kind.writer}", "wait for it, or name another file"
            ) from None
        try:
            yield
        finally:
            with suppress(OSError):
                beside.unlink()


@contextmanager
def said(name: str) -> Generator[None]:
    """What SQLite and the system say about a file, as an error that names it."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise AskError(f"{name} can't be used: {error}", "choose another file") from error
