"""What the command says of itself: every command in its place, in lines that a terminal holds."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from backhand.cli import app
from backhand.cli.application import SECTIONS

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def shown(*args: str) -> list[str]:
    result = CliRunner().invoke(app, [*args, "--help"], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    return result.stdout.splitlines()


def test_every_command_stands_in_one_section() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(COMMANDS)


def test_the_list_of_commands_cuts_nothing_short() -> None:
    usage, *lines = shown()
    assert usage == "Usage: backhand [OPTIONS] COMMAND [ARGS]..."
    assert not [line for line in lines if line.endswith("...")]
    assert max(map(len, lines)) <= 80
    # One line each, so that the eye can run down the names.
    assert sum(line.startswith("  ") and line[2].isalpha() for line in lines) >= len(COMMANDS)
    assert not [line for line in lines if line.startswith(" " * 13)]


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_named_by_what_they_take(name: str) -> None:
    text = "\n".join(shown(name))
    assert "[[" not in text
    for parameter in COMMANDS[name].params:
        assert parameter.param_type_name == "argument" or "list" not in (parameter.metavar or "")
        assert parameter.help or parameter.name == "help", parameter.name


@pytest.mark.parametrize(
    "option", ["layout", "level", "format", "seed", "jobs", "engine", "target"]
)
def test_an_option_is_one_thing_in_all_commands(option: str) -> None:
    """Short and long names agree wherever an option of that name stands."""
    spelled = {
        tuple(sorted(parameter.opts))
        for command in COMMANDS.values()
        for parameter in command.params
        if parameter.name == option
    }
    assert len(spelled) == 1


def test_a_help_that_a_terminal_cant_show_is_one_message() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backhand", "chain", "--help"],
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"backhand: this terminal can't show")
