"""The command audit: what it writes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from backhand.cli import app

EXAMPLES = Path(__file__).parents[2] / "examples"
SHEET = str(EXAMPLES / "two-neurons.md")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["audit", SHEET, *arguments])
    return result.exit_code, result.output


def written(folder: Path, text: str) -> str:
    path = folder / "solution.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_example_follows_line_by_line() -> None:
    code, shown = run(str(EXAMPLES / "solutions" / "two-neurons.md"))
    assert code == 0
    assert "WRONG" not in shown
    assert "From here only 3 digits can be trusted." in shown
    assert "Lines: 17 follow, 3 of prose, not judged." in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_wrong_line_is_named_with_its_slip(tmp_path: Path) -> None:
    code, shown = run(written(tmp_path, "z = (3, 0)\nb = W_2 z = 1 + 2·3 + 2·0 = -5\n"))
    assert code == 1
    assert "   2 WRONG  b = W_2 z = 1 + 2·3 + 2·0 = -5" in shown
    assert shown.endswith("The first that doesn't follow is line 2 (sign).\n")


def test_a_line_that_cant_be_read_is_no_success(tmp_path: Path) -> None:
    code, shown = run(written(tmp_path, "b = = 3\n"))
    assert code == 1
    assert "I can't read this: column 5: = can't stand here" in shown


def test_json_holds_every_finding(tmp_path: Path) -> None:
    path = written(tmp_path, "So far so good.\nb = -5\nb = -4\n")
    code, shown = run(path, "--format", "json", "--level", "full")
    found = json.loads(shown)
    assert code == 1
    assert found["first_wrong"] == 3
    assert [f["verdict"] for f in found["findings"]] == ["prose", "follows", "doesn't follow"]
    assert found["findings"][2]["expected"] == "-5"


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "solution.md"
    path.write_bytes(b"\xff\xfe\x00b = 3")
    code, shown = run(str(path))
    assert code == 2
    assert "is no text" in shown


def test_a_solution_that_isnt_there_is_said(tmp_path: Path) -> None:
    code, shown = run(str(tmp_path / "nothing.md"))
    assert code == 2
    assert "No such file" in shown
