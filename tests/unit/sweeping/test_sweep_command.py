"""`backhand sweep`: what it prints and records, and what bad input ends in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from backhand.cli import app
from backhand.sweeping.database import reading

pytest.importorskip("joblib")
RUNNER = CliRunner()


def run(*args: object, code: int = 0) -> str:
    result = RUNNER.invoke(app, ["sweep", *map(str, args)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


@pytest.fixture
def points(tmp_path: Path) -> Path:
    X = np.random.default_rng(0).standard_normal((60, 2))
    lines = [f"{a},{b},{'up' if a * b > 0 else 'down'}" for a, b in X]
    path = tmp_path / "points.csv"
    path.write_text("\n".join(["a,b,side", *lines]) + "\n")
    return path


def test_a_sweep_is_recorded_and_goes_on(points: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.db"
    args = (points, "-n", "3 tanh", "-n", "2 -> 1 sigmoid", "--seeds", 2, "--jobs", 1)
    said = run(*args, "--learning-rate", "0.1, 0.5", "--epochs", 3, "-o", out)
    assert "8 runs (8 done), 0.2 of the points held out" in said
    assert "accuracy loss seeds s a run network learning_rate" in said
    assert "2 -> 3 tanh -> 1 sigmoid" in said
    again = run(*args, "--learning-rate", "0.1,0.5", "--epochs", 3, "-o", out)
    assert again == said
    assert run("--results", out) == said
    assert "and 3 more" in run("--results", out, "--show", 1)
    with reading(out) as database:
        assert {r.data for r in database.records()} == {str(points)}


def test_built_in_data_and_worksheets(tmp_path: Path) -> None:
    sheet = tmp_path / "net.md"
    sheet.write_text("$$x \\in R^2, y \\in R, w \\in R^2, p = \\sigma(w^T x), J = (y - p)^2$$\n")
    args = ("moons", "-n", sheet, "--jobs", 1, "--batch-size", "1,all", "--epochs", 2)
    said = run(*args, "-o", tmp_path / "out.db")
    assert "moons: 2 runs (2 done)" in said
    assert "(2 parameters)" in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "there is no DATA"),
        (["moons"], "no network is given"),
        (["moons", "-n", "3 rleu"], "did you mean relu?"),
        (["moons", "-n", "3 relu", "--learning-rate", "0.1,fast"], "'fast' in --learning-rate"),
        (["moons", "-n", "3 relu", "--epochs", "1.5"], "epochs is '1.5'"),
        (["moons", "-n", "3 relu", "--batch-size", ","], "no value for batch_size"),
        (["moons", "-n", "3 relu", "--optimizer", "adm"], "did you mean 'adam'?"),
        (["moons", "-n", "3 relu", "--seeds", "99999999999"], "over 100000 runs"),
        (["moons", "-n", "3 relu", "--engine", "dask"], "no scheduler is named"),
        (["moons", "-n", "no.md"], "no.md"),
        (["moons", "--results", "a.db"], "leave one of them out"),
        (["--results", "no.db"], "there is no file no.db"),
        (["no.csv", "-n", "3 relu"], "no.csv"),
    ],
)
def test_a_slip_is_one_message(
    args: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in run(*args, code=2)
    assert not list(tmp_path.iterdir())


def test_the_data_is_not_overwritten(points: Path) -> None:
    before = points.read_bytes()
    assert "is no record of sweeps" in run(points, "-n", "3 tanh", "-o", points, code=2)
    assert points.read_bytes() == before
