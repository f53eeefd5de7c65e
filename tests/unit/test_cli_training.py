"""The commands that train: what they print, and what bad input ends in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from backhand.cli import app
from backhand.graph import Graph

RUNNER = CliRunner()
EXAMPLE = "examples/two-neurons.md"
POINTS = "a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n"


def run(*args: object, code: int = 0) -> str:
    result = RUNNER.invoke(app, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def points(tmp_path: Path) -> str:
    path = tmp_path / "points.csv"
    path.write_text(POINTS, encoding="utf-8")
    return str(path)


def test_the_code_that_is_printed_trains() -> None:
    scope: dict[str, Any] = {}
    exec(run("code", EXAMPLE, "--dtype", "float64"), scope)
    x, y = np.array([[2.0, 5.0]]), np.array([1.0])
    first = np.array([[2.0, 3, -1], [-1, -3, 1]])
    second = np.array([[1.0, -2, 2]])
    losses, order, rates = np.zeros(1), np.zeros((1, 1), np.int64), np.full((1, 1), 2.0)
    assert scope["steps"](order, rates, x, y, first, second, np.zeros(0), losses) == (0, 1)
    # The worksheet's own derivative, ∂J/∂W_{1,1,2} = 0.1321, and its step with η = 2.
    assert first[0, 2] == pytest.approx(-1 - 2 * 0.1320712443)
    assert losses[0] == pytest.approx((1 - 0.006692850924) ** 2)


@pytest.mark.parametrize(
    "options",
    [
        ("--optimizer", "adam", "--batch-size", "8"),
        ("--l1", "0.1", "--l2", "0.1"),
        ("--optimizer", "nesterov", "--dtype", "float64"),
    ],
)
def test_code_for_a_network_by_its_layers(options: tuple[str, ...]) -> None:
    text = run("code", "4 -> 20 relu -> 3 softmax", "--loss", "cross_entropy", *options)
    compile(text, "loop", "exec")
    assert "# update of W_1: " in text


def test_training_says_how_it_went_and_writes_the_parameters(points: str, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    out = tmp_path / "net.safetensors"
    text = run(
        "train", "2 -> 3 tanh -> 1 sigmoid", points, "--loss", "binary_cross_entropy",
        "--epochs", "3000", "--learning-rate", "0.1", "-o", str(out),
    )  # fmt: skip
    assert "trained: 3000 epochs of 4 points, 12000 steps in " in text
    found = re.search(r"mean loss: (\S+) in the first epoch, (\S+) in the last", text)
    assert found is not None
    assert float(found[2]) < 0.1 < float(found[1])
    assert out.stat().st_size > 100


def test_held_out_points_and_a_checkpoint(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    file = str(tmp_path / "run.safetensors")
    usual = ["train", "2 -> 3 tanh -> 1 sigmoid", "moons", "--loss", "binary_cross_entropy"]
    usual += ["--held-out", "0.25", "--checkpoint", file]
    assert "on the points held out: " in run(*usual, "--epochs", "2")
    assert "5 epochs of 225 points" in run(*usual, "--epochs", "5", "--resume")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nope.md", "xor"), "nope.md"),
        (("2 -> 1", "moon"), "did you mean 'moons'"),
        (("2 -> 1", "nope.csv"), "nope.csv"),
        (("2 -> 1 reul", "xor"), "did you mean relu"),
        (("3 -> 1", "xor"), "3 entries"),
        (("2 -> 1", "xor", "--optimizer", "adma"), "did you mean 'adam'"),
        (("2 -> 1", "xor", "--schedule", "cos"), "schedule"),
        (("2 -> 1", "xor", "--patience", "3"), "held out"),
        (("2 -> 1", "xor", "--held-out", "0.01"), "of 4 points"),
        (("2 -> 1", "xor", "--learning-rate", "1e30"), "overflowed"),
        (("2 -> 1", "xor", "--resume"), "name the file by --checkpoint"),
    ],
)
def test_what_is_wrong_is_said(args: tuple[str, ...], words: str) -> None:
    pytest.importorskip("numba")
    text = run("train", *args, code=2)
    assert words in text
    assert "Traceback" not in text


def test_an_output_that_cant_be_is_said_before_the_work(tmp_path: Path) -> None:
    text = run("train", "2 -> 1", "xor", "-o", tmp_path / "nowhere" / "net.safetensors", code=2)
    assert text == f"backhand: there is no folder {tmp_path / 'nowhere'}\n  make it first\n"


def test_ctrl_c_while_compiling_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Graph, *given: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Graph, "fit", interrupted)
    text = run("train", "2 -> 1", "xor", code=130)
    assert "interrupted before the first step" in text


def test_a_cell_that_is_no_number_is_named(points: str) -> None:
    Path(points).write_text(POINTS.replace("1,0,1", "1,x,1"), encoding="utf-8")
    text = run("train", "2 -> 1", points, code=2)
    assert "row 3" in text
    assert "column 'b'" in text
