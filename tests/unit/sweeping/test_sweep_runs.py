"""A sweep on this machine: its runs are those of `fit`, none is done twice, failures are recorded."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

import backhand
from backhand.errors import AskError, BackhandError, DataError
from backhand.sweeping.database import reading
from backhand.sweeping.points import divided
from backhand.sweeping.sweep import Progress, Results, sweep
from backhand.training.data import arrange

pytest.importorskip("joblib")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
GRID = {"learning_rate": [0.1, 0.5], "epochs": 4}
NETWORK = "3 tanh"


def scores(found: Results) -> list[float | None]:
    return [run.score for run in found.runs]


def test_a_run_is_what_fit_gives_with_the_same_settings() -> None:
    found = sweep(NETWORK, X, Y, {**GRID, "optimizer": "adam"}, seeds=2, workers=1)
    assert [(r.choice.learning_rate, r.choice.seed) for r in found.runs] == [
        *((0.1, 0), (0.1, 1), (0.5, 0), (0.5, 1))
    ]
    graph = backhand.network("2 -> 3 tanh -> 1 sigmoid", loss="binary_cross_entropy")
    points = divided(graph, arrange(graph, X, Y), 0.2)
    for run in found.runs:
        c = run.choice
        fit = graph.fit(
            *(points.inputs, points.targets),
            epochs=4,
            learning_rate=c.learning_rate,
            optimizer="adam",
            seed=c.seed,
        )
        assert run.losses == fit.history
        said = fit.graph.predict(points.held["x"]).reshape(-1) > 0.5
        assert run.score == np.mean(said == (points.held["y"].reshape(-1) > 0.5))


def test_processes_give_the_same_as_one(tmp_path: Path) -> None:
    alone = sweep(NETWORK, X, Y, GRID, seeds=3, workers=1)
    spread = sweep(NETWORK, X, Y, GRID, seeds=3, workers=2, database=tmp_path / "a.db")
    assert [(r.choice, r.losses, r.loss, r.score) for r in alone.runs] == [
        (r.choice, r.losses, r.loss, r.score) for r in spread.runs
    ]
    with reading(tmp_path / "a.db") as database:
        workers = database.connection.execute("SELECT DISTINCT worker FROM runs").fetchall()
    assert not any(worker.endswith(f":{os.getpid()}") for [worker] in workers)


def test_large_data_is_compiled_for_once() -> None:
    # Over a megabyte: joblib hands it to its processes as a memory map.
    X = RNG.standard_normal((80_000, 2))
    y = X @ [1.0, -1.0]
    found = sweep(NETWORK, X, y, {"epochs": 1, "learning_rate": 0.01}, seeds=2, workers=2)
    alone = sweep(NETWORK, X, y, {"epochs": 1, "learning_rate": 0.01}, seeds=2, workers=1)
    assert scores(found) == scores(alone)


@pytest.mark.no_cover
def test_the_loop_of_a_shape_is_compiled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from joblib.externals.loky import get_reusable_executor

    # Processes that are there already know the environment as it was.
    get_reusable_executor().shutdown()
    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path))
    sweep("4 tanh", X, Y, {"learning_rate": [0.1, 0.2, 0.3]}, seeds=4, workers=2)
    get_reusable_executor().shutdown()
    assert len(list(tmp_path.rglob("*.nbc"))) == 1


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    first = sweep(NETWORK, X, Y, GRID, seeds=2, workers=1, database=path)
    seen: list[Progress] = []
    again = sweep(NETWORK, X, Y, GRID, seeds=2, workers=1, database=path, progress=seen.append)
    assert seen == [Progress(4, 0, 4)]
    assert again == first


def test_a_grid_can_grow_and_data_can_change(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    sweep(NETWORK, X, Y, GRID, workers=1, database=path, name="first")
    seen: list[Progress] = []
    wider = {**GRID, "learning_rate": [0.1, 0.2, 0.5]}
    sweep(NETWORK, X, Y, wider, workers=1, database=path, name="first", progress=seen.append)
    assert [p.done for p in seen] == [2, 3]
    sweep(NETWORK, -X, Y, GRID, workers=1, database=path, name="second", progress=seen.append)
    assert [p.done for p in seen] == [2, 3, 0, 1, 2]
    with reading(path) as database:
        assert [r.data for r in database.records()] == ["first"] * 3 + ["second"] * 2


def test_a_run_that_fails_is_recorded_and_stops_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    y = X @ [1.0, 2.0]
    grid = {"learning_rate": [1e9, 0.01], "epochs": 4}
    found = sweep(NETWORK, X, y, grid, seeds=2, workers=1, database=path)
    assert [run.status for run in found.runs] == ["failed", "failed", "done", "done"]
    assert str(found.runs[0].error).startswith("DivergenceError: J overflowed")
    assert found.best(1)[0].runs == found.runs[2:]
    seen: list[Progress] = []
    sweep(NETWORK, X, y, grid, seeds=2, workers=1, database=path, progress=seen.append)
    assert seen == [Progress(4, 2, 4)]


def test_parameters_are_kept_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    [run] = sweep(NETWORK, X, Y, workers=1, database=path, keep_parameters=True).runs
    with reading(path) as database:
        parameters = database.parameters(run.key)
    graph = backhand.network("2 -> 3 tanh -> 1 sigmoid", loss="binary_cross_entropy")
    points = divided(graph, arrange(graph, X, Y), 0.2)
    said = graph.with_values(**parameters).predict(points.held["x"]).reshape(-1) > 0.5
    assert run.score == np.mean(said == (points.held["y"].reshape(-1) > 0.5))


def test_graphs_of_any_form_are_swept() -> None:
    graph = backhand.model("x ∈ R^2; y ∈ R; w ∈ R^2; yhat = w^T x; J = (y - yhat)^2")
    y = X @ [1.0, -1.0]
    found = sweep([graph, "3 tanh"], X, y, {"learning_rate": 0.1, "epochs": 4}, workers=2)
    assert found.best(1)[0].score == (pytest.approx(1.0), None)
    assert found.runs[0].network.startswith("graph ")
    assert [run.measure for run in found.runs] == ["R²", "R²"]
    assert str(found).splitlines()[2].split()[:2] == ["R²", "loss"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"engine": "spark"}, "give joblib or dask"),
        ({"workers": 0}, "give a number from 1"),
        ({"scheduler": "tcp://a:1"}, 'give engine="dask"'),
        ({"engine": "dask"}, "no scheduler is named"),
        ({"engine": "dask", "workers": 2}, "leave workers out"),
        ({"held_out": 0}, "between 0 and 1"),
        ({"loss": "hubber"}, "there is no loss"),
    ],
)
def test_a_slip_is_named_before_anything_runs(
    changed: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(BackhandError) as error:
        sweep(NETWORK, X, Y, database=tmp_path / "a.db", **changed)  # type: ignore[arg-type]
    assert said in str(error.value)
    assert not list(tmp_path.iterdir())


def test_data_that_does_not_fit_is_named_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with pytest.raises(DataError, match="2 columns"):
        sweep("3 -> 2 relu -> 1 sigmoid", X, Y, database=path)
    with pytest.raises(AskError, match="there is no target"):
        sweep(backhand.network("2 -> 1"), X, database=path)
    with pytest.raises(AskError, match="no network is given"):
        sweep([], X, Y, database=path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("package", "engine", "extra"),
    [
        ("joblib", "joblib", "train"),
        ("threadpoolctl", "joblib", "train"),
        ("distributed", "dask", "dask"),
    ],
)
def test_a_package_that_is_missing(
    package: str, engine: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    address = "tcp://127.0.0.1:1" if engine == "dask" else None
    with pytest.raises(AskError, match=rf'pip install "backhand\[{extra}\]"'):
        sweep(NETWORK, X, Y, engine=engine, scheduler=address)  # type: ignore[arg-type]
