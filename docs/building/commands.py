"""The page of the command line: each command's own help, written when the site is built."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import typer
from sphinx.application import Sphinx

from backhand.cli import app as application

PAGE = "command-line"


def page() -> str:
    """A section for every command: what it does, its arguments and options, its examples."""
    group: Any = typer.main.get_command(application)
    return "\n".join(
        line for name in sorted(group.commands) for line in _section(name, group.commands[name])
    )


def _section(name: str, command: Any) -> Iterator[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    needed = "".join(f" {_named(argument)}" for argument in arguments)
    yield f"\n## `backhand {name}`\n"
    yield f"{command.help}\n"
    yield f"```text\nbackhand {name}{needed}{' [OPTIONS]' if options else ''}\n```\n"
    context = typer.Context(command, info_name=name)
    for parameter in (*arguments, *options):
        if record := parameter.get_help_record(context):
            spelled, meaning = (" ".join(text.split()) for text in record)
            yield f"`{spelled}`\n: {meaning}\n"
    _, _, after = (command.epilog or "").partition("\b\n")
    examples, _, rest = after.partition("\n\n")
    if examples:
        yield f"\n```text\n{dedent(examples).strip()}\n```\n\n{dedent(rest)}"


def _named(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name = name if argument.required else f"[{name}]"
    return name if argument.nargs == 1 else f"{name}..."


def _written(app: Sphinx, name: str, source: list[str]) -> None:
    if name == PAGE:
        source[0] += page()


def setup(app: Sphinx) -> None:
    app.connect("source-read", _written)
