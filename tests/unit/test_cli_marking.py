"""The command mark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backhand.cli import app

SHEET = Path(__file__).parents[2] / "examples" / "two-neurons.md"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["mark", str(SHEET), *arguments])
    return result.exit_code, result.output


def test_json_has_the_fields() -> None:
    code, out = run("3.2.5", "-0.0396", "--format", "json")
    assert code == 0
    made = json.loads(out)
    assert made["verdict"] == "right"
    assert made["credit"] == 1.0
    assert set(made) == {"verdict", "credit", "slip", "feedback", "understood", "followed"}


def test_text_says_verdict_slip_and_reading() -> None:
    _, out = run("3.2.5", "0.0396")
    assert out.splitlines()[:2] == ["partly, credit 0.5 (slip: sign)", "read as: 0.0396"]


def test_earlier_answers_count() -> None:
    _, out = run("3.1.6", "-1", "--earlier", "3.1.5=(1,0)")
    assert "given your earlier answer" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("9.9", "1"), "no question 9.9"),
        (("3.1.6", "-1", "--earlier", "3.1.5"), "has no answer"),
        (("3.1.6", "-1", "--earlier", "7=1"), "no question 7"),
    ],
)
def test_what_isnt_there_is_told(arguments: tuple[str, ...], said: str) -> None:
    code, out = run(*arguments)
    assert code == 2
    assert said in out
