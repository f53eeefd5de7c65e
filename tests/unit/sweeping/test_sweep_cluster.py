"""A sweep on Dask clusters: with a worker killed half-way, with nobody there, with the scheduler gone."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from cluster_processes import cluster
from long_sweep import RUNS, long_sweep

from backhand.errors import AskError
from backhand.sweeping.database import reading
from backhand.sweeping.sweep import Progress, Results, sweep

distributed = pytest.importorskip("distributed")


def numbers(found: Results) -> list[object]:
    return [(run.choice, run.losses, run.loss, run.score) for run in found.runs]


@pytest.mark.no_cover
def test_a_local_cluster_gives_what_this_process_gives(tmp_path: Path) -> None:
    options = {"n_workers": 2, "threads_per_worker": 2, "dashboard_address": None}
    with distributed.LocalCluster(**options, local_directory=str(tmp_path)) as here:
        found = long_sweep(engine="dask", scheduler=here.scheduler_address)
        data = [[float(k)] for k in range(8)], [float(k) for k in range(8)]
        lost = sweep(
            "1 -> 1",
            *data,
            {"learning_rate": 1e30},
            engine="dask",
            scheduler=here.scheduler_address,
        )
    assert numbers(found) == numbers(long_sweep(workers=1))
    assert lost.runs[0].status == "failed"
    assert "DivergenceError" in str(lost.runs[0].error)


@pytest.mark.no_cover
def test_a_worker_killed_half_way_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    seen: list[int] = []
    with cluster(tmp_path, workers=2) as processes:

        def kill_one(at: Progress) -> None:
            seen.append(at.done)
            if at.done == RUNS // 3:
                processes.workers[0].kill()

        found = long_sweep(
            engine="dask", scheduler=processes.address, database=path, progress=kill_one
        )
        assert processes.workers[0].wait(timeout=10) != 0
        assert processes.workers[1].poll() is None
    assert seen == list(range(RUNS + 1))
    assert {run.status for run in found.runs} == {"done"}
    assert numbers(found) == numbers(long_sweep(workers=1))
    with reading(path) as database:
        rows = database.connection.execute("SELECT worker FROM runs ORDER BY rowid").fetchall()
    done = [int(worker.rpartition(":")[2]) for [worker] in rows]
    pids = [process.pid for process in processes.workers]
    assert len(done) == RUNS
    assert set(done) <= set(pids)
    assert done.count(pids[0]) <= RUNS // 3 + 1 < done.count(pids[1])


@pytest.mark.no_cover
def test_a_scheduler_that_goes_leaves_a_record_that_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    before = logging.getLogger("distributed").level
    with cluster(tmp_path, workers=1) as processes:

        def kill(at: Progress) -> None:
            if at.done == 2:
                processes.scheduler.kill()

        with pytest.raises(AskError, match="is gone; start it and run this again"):
            long_sweep(engine="dask", scheduler=processes.address, database=path, progress=kill)
    assert logging.getLogger("distributed").level == before
    seen: list[Progress] = []
    found = long_sweep(workers=1, database=path, progress=seen.append)
    assert seen[0].done >= 2
    assert {run.status for run in found.runs} == {"done"}


@pytest.mark.no_cover
def test_nobody_left_to_do_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cluster(tmp_path, workers=1) as processes:
        address = processes.address

        def kill(at: Progress) -> None:
            if at.done == 2:
                monkeypatch.setattr("backhand.jobs.cluster.PATIENCE", 1.0)
                processes.workers[0].kill()

        for _ in range(2):
            with pytest.raises(
                AskError, match=rf"has no workers; start some: dask worker {address}"
            ):
                long_sweep(engine="dask", scheduler=address, progress=kill)
    for wrong in (address, "nowhere", "tcp://", "http://a b:1"):
        with pytest.raises(AskError, match="no Dask scheduler answers at"):
            long_sweep(engine="dask", scheduler=wrong)
