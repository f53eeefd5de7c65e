"""`backhand read` and `solve` on a page without asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from backhand.cli import app

PAGE = "$$x = 3$$\n\n$$y = x^2$$\n\n1. What is $y$?\n2. What is the rank of $x$?\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "raw.md"
    file.write_text(PAGE, encoding="utf-8")
    return file


def test_read_tells_what_was_understood_and_what_was_not(page: Path) -> None:
    found = CliRunner().invoke(app, ["read", str(page)])
    assert found.exit_code == 1
    assert "1       value y\n        from: What is $y$?" in found.stdout
    assert "2       not understood: 'rank' asks for something that no ask answers" in found.stdout
    assert "1 of 2 questions understood" in found.stdout
    assert all(len(line) <= 80 for line in found.stdout.splitlines())


def test_read_writes_the_explicit_worksheet(page: Path) -> None:
    explicit = page.with_name("explicit.md")
    CliRunner().invoke(app, ["read", str(page), "-o", str(explicit)])
    assert "   % ask: value y" in explicit.read_text(encoding="utf-8")
    again = CliRunner().invoke(app, ["read", str(explicit)])
    assert again.exit_code == 0
    assert again.stdout.startswith("1       value y")


def test_read_pipes_the_explicit_worksheet(page: Path) -> None:
    found = CliRunner().invoke(app, ["read", str(page), "-o", "-"])
    assert "   % ask: value y" in found.stdout
    assert found.stderr.startswith("1       value y")
    assert not Path("-").exists()


def test_read_never_replaces_the_worksheet(page: Path) -> None:
    found = CliRunner().invoke(app, ["read", str(page), "-o", str(page)])
    assert found.exit_code == 2
    assert page.read_text(encoding="utf-8") == PAGE


def test_solve_answers_what_was_understood_and_says_the_rest(page: Path) -> None:
    found = CliRunner().invoke(app, ["solve", str(page)])
    assert found.exit_code == 0
    assert "9" in found.stdout
    assert "question 2 isn't answered" in found.stdout
