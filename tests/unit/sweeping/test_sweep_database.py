"""The record: rows as they were written, and files that are something else left as they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from backhand.errors import AskError
from backhand.sweeping.choices import choices
from backhand.sweeping.database import KIND, Record, reading, writing
from backhand.sweeping.trials import Outcome

RECORDS = [
    Record(f"key {at}", "moons", "mark", 0.2, "2 -> 3 relu -> 1", "accuracy", choice)
    for at, choice in enumerate(choices({"batch_size": [1, "all"], "learning_rate": 1 / 3}, 2))
]
DONE = Outcome((0.5, 1 / 3), 0.25, 0.75, 1.5, 0.5, b"bytes", None, "host:1")


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    with writing(tmp_path / "a.db") as database:
        database.plan(RECORDS)
        assert database.records() == tuple(RECORDS)
        database.record("key 1", DONE)
        database.record("key 2", Outcome(error="DivergenceError: J overflowed"))
    with reading(tmp_path / "a.db") as database:
        first, done, failed, _ = database.records()
        assert (first, done.choice) == (RECORDS[0], RECORDS[1].choice)
        assert (done.status, done.losses, done.loss, done.score) == (
            "done",
            (0.5, 1 / 3),
            0.25,
            0.75,
        )
        assert (failed.status, failed.error) == ("failed", "DivergenceError: J overflowed")
        assert [r.key for r in database.records(["key 3", "key 0"])] == ["key 3", "key 0"]
        assert {type(r.choice.batch_size) for r in database.records()} == {int, str}


def test_nothing_is_left_beside_the_record(tmp_path: Path) -> None:
    with writing(tmp_path / "a.db") as database:
        database.plan(RECORDS)
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]
    with reading(tmp_path / "a.db") as database:
        assert len(database.records()) == 4
        with pytest.raises(AskError, match="readonly"):
            database.record("key 0", DONE)
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]


def test_planning_again_leaves_what_is_done(tmp_path: Path) -> None:
    for _ in range(2):
        with writing(tmp_path / "a.db") as database:
            database.plan(RECORDS)
            if database.records()[0].status == "waiting":
                database.record("key 0", DONE)
    with reading(tmp_path / "a.db") as database:
        assert [r.status for r in database.records()] == ["done", *["waiting"] * 3]


def test_parameters_that_were_not_kept(tmp_path: Path) -> None:
    with writing(tmp_path / "a.db") as database:
        database.plan(RECORDS)
        with pytest.raises(AskError, match="keep_parameters=True"):
            database.parameters("key 0")


def test_a_score_that_is_no_number_is_none() -> None:
    with writing(None) as database:
        database.plan(RECORDS)
        database.record("key 0", Outcome(score=float("nan"), loss=float("inf")))
        assert database.records()[0].score is None
        assert database.records()[0].loss == np.inf


def test_it_can_be_read_while_a_sweep_is_writing(tmp_path: Path) -> None:
    with writing(tmp_path / "a.db") as database:
        database.plan(RECORDS)
        database.record("key 0", DONE)
        with reading(tmp_path / "a.db") as other:
            assert [r.status for r in other.records()] == ["done", *["waiting"] * 3]
            database.record("key 1", DONE)
            assert other.records()[1].status == "done"


def test_two_sweeps_do_not_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with (
        writing(path),
        pytest.raises(AskError, match=r"written by another sweep.*name another file"),
        writing(path),
    ):
        pass
    with writing(path) as database:
        assert database.records() == ()


def _other(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE runs (key TEXT)")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("x,y\n1,2\n"),
        lambda path: path.write_bytes(b"SQLite format 3\x00"),
        lambda path: path.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 40),
        _other,
    ],
    ids=["text", "header", "noise", "other"],
)
def test_a_file_that_is_something_else_stays_as_it_is(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(AskError, match=r"a\.db is no record of sweeps"), writing(path):
        pass
    with pytest.raises(AskError, match=r"a\.db is no record of sweeps"), reading(path):
        pass
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.parametrize("kept", [100, 5000])
def test_a_damaged_record_is_an_error_and_gets_no_worse(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with writing(path) as database:
        database.plan(RECORDS)
    whole = path.read_bytes()
    path.write_bytes(whole[:kept] + b"\xff" * (len(whole) - 6000))
    before = path.read_bytes()
    with pytest.raises(AskError, match=r"a\.db can't be used"), reading(path) as database:
        database.records()
    with pytest.raises(AskError, match=r"a\.db can't be used"), writing(path) as database:
        database.plan(RECORDS)
    assert path.read_bytes() == before


def test_a_newer_record_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with writing(path) as database:
        database.connection.execute(f"PRAGMA user_version = {KIND.version + 1}")
    with pytest.raises(AskError, match="newer Backhand"), writing(path):
        pass


def test_an_empty_file_becomes_a_record(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    with writing(tmp_path / "a.db") as database:
        database.plan(RECORDS)
        assert len(database.records()) == 4


def test_places_where_nothing_can_be(tmp_path: Path) -> None:
    with pytest.raises(AskError, match="is a folder"), writing(tmp_path):
        pass
    with pytest.raises(AskError, match="there is no folder"), writing(tmp_path / "no" / "a.db"):
        pass
    with pytest.raises(AskError, match="there is no file"), reading(tmp_path / "a.db"):
        pass
