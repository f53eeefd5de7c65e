"""Ctrl-C, kill -9 and the death of a worker: what is done stays, what isn't is done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from long_sweep import EPOCHS, RUNS, long_sweep

from backhand.sweeping.database import reading
from backhand.sweeping.sweep import Progress

pytest.importorskip("joblib")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
PROGRAM = Path(__file__).with_name("long_sweep.py")


def rows(path: Path) -> list[tuple[Any, ...]]:
    with reading(path) as database:
        query = "SELECT key, status, losses, worker, finished FROM runs ORDER BY rowid"
        return database.connection.execute(query).fetchall()


def cut_short(path: Path, workers: int, by: int, all_of_them: bool) -> list[tuple[Any, ...]]:
    """The rows after a sweep that got a signal when three runs were done."""
    command = [sys.executable, str(PROGRAM), str(path), str(workers)]
    with (
        path.with_name("errors").open("w") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 3:
                break
        (os.killpg if all_of_them else os.kill)(process.pid, by)
        process.communicate(timeout=20)
    assert process.returncode == -by, path.with_name("errors").read_text()
    end = monotonic() + 20
    while _alive(process.pid):
        assert monotonic() < end, "processes are left"
        sleep(0.1)
    return rows(path)


def _alive(session: int) -> bool:
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("workers", "by", "all_of_them"),
    [
        (2, signal.SIGKILL, False),
        (2, signal.SIGINT, True),
        (1, signal.SIGINT, True),
    ],
    ids=["kill", "Ctrl-C", "Ctrl-C in one process"],
)
@pytest.mark.no_cover
def test_a_sweep_that_is_cut_short_goes_on(
    workers: int, by: int, all_of_them: bool, tmp_path: Path
) -> None:
    path = tmp_path / "a.db"
    before = cut_short(path, workers, by, all_of_them)
    done = [row for row in before if row[1] == "done"]
    assert 3 <= len(done) < len(before) == RUNS
    assert all(row[2].count(",") == EPOCHS - 1 for row in done)
    seen: list[Progress] = []
    found = long_sweep(database=path, workers=1, progress=seen.append)
    assert [at.done for at in seen] == list(range(len(done), RUNS + 1))
    assert {run.status for run in found.runs} == {"done"}
    assert {len(run.losses) for run in found.runs} == {EPOCHS}
    after = {row[0]: row for row in rows(path)}
    assert len(after) == RUNS
    assert all(after[row[0]] == row for row in done)
    beside = {each.name for each in tmp_path.iterdir()} - {"errors"}
    assert beside == {"a.db"}


@pytest.mark.no_cover
def test_the_death_of_a_worker_loses_nothing(tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_one(at: Progress) -> None:
        if at.done == 3:
            worker = next(row[3] for row in rows(tmp_path / "a.db") if row[1] == "done")
            killed.append(int(worker.rpartition(":")[2]))
            assert killed[0] != os.getpid()
            os.kill(killed[0], signal.SIGKILL)

    found = long_sweep(database=tmp_path / "a.db", workers=2, progress=kill_one)
    assert {run.status for run in found.runs} == {"done"}
    assert len(killed) == 1
    assert len(rows(tmp_path / "a.db")) == RUNS
