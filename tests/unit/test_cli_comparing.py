"""The command that compares: its formats, its options, and what bad input ends in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from backhand.cli import app

RUNNER = CliRunner()
QUICK = ["--network", "8 tanh", "--epochs", "20", "--folds", "2"]


def run(*args: str, code: int = 0) -> str:
    result = RUNNER.invoke(app, ["compare", *args])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    size, rooms = rng.uniform(40, 200, 80), rng.integers(1, 3, 80)
    rows = [
        f"{s:.1f},{1000 * s + 5000 * r + rng.normal(0, 4000):.0f},{r}"
        for s, r in zip(size, rooms, strict=True)
    ]
    file = tmp_path / "houses.csv"
    file.write_text("size,price,rooms\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return file


@pytest.mark.no_cover
def test_a_built_in_data_set() -> None:
    found = json.loads(run("circles", *QUICK, "--format", "json"))
    assert [m["family"] for m in found["models"]] == ["linear", "logistic", "network"]
    assert found["data"]["classes"] == {"0": 150, "1": 150}
    assert (found["folds"], found["splits"], found["epochs"], found["seed"]) == (2, 6, 20, 0)


def test_a_file_with_its_target_in_the_middle(houses: Path) -> None:
    found = json.loads(run(str(houses), "--target", "price", *QUICK, "-f", "json"))
    assert found["data"]["features"] == ["size", "rooms"]
    assert found["measure"] == "R²"
    assert [m["family"] for m in found["models"]] == ["linear", "network"]


@pytest.mark.no_cover
def test_whole_numbers_are_classes_unless_one_says_otherwise(houses: Path) -> None:
    assert "classes: 1 (" in run(str(houses), *QUICK)
    found = json.loads(run(str(houses), "--task", "numbers", *QUICK, "-f", "json"))
    assert found["data"]["classes"] is None


def test_a_page_is_written_to_a_file(houses: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    run(str(houses), "--target", "price", *QUICK, "-o", str(out))
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        (["moons", "--target", "y"], "has its own target"),
        (["moons", "--network", "8 rleu"], "did you mean relu"),
        (["moons", "--network", "8"], "has no function"),
        (["moons", "--folds", "500"], "too few for 500 folds"),
        (["moons", "--format", "latex"], "isn't written as latex"),
        (["worksheet"], "1 points are too few"),
    ],
)
def test_bad_input_ends_in_one_message(args: list[str], said: str) -> None:
    result = RUNNER.invoke(app, ["compare", *args])
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_the_data_are_never_overwritten(houses: Path) -> None:
    before = houses.read_bytes()
    said = run(str(houses), *QUICK, "--format", "html", "-o", str(houses), code=2)
    assert "would replace the data" in said
    assert houses.read_bytes() == before


@pytest.mark.parametrize("value", ["1e308", "-1e308", "1e-320"])
def test_numbers_at_the_end_of_the_range_never_show_a_traceback(houses: Path, value: str) -> None:
    text = houses.read_text(encoding="utf-8").splitlines()
    text[3:5] = [f"{value},5,1", f"-{value.lstrip('-')},6,2"]
    houses.write_text("\n".join(text) + "\n", encoding="utf-8")
    result = RUNNER.invoke(app, ["compare", str(houses), "--target", "price", *QUICK])
    assert result.exit_code in (0, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
