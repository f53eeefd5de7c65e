"""The arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """The notations a solution is written in."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    LATEX = "latex"
    JSON = "json"


class Plain(StrEnum):
    """The notations of what is no solution: lines to read, or data."""

    TERMINAL = "terminal"
    JSON = "json"


class LevelName(StrEnum):
    """How much is given away to whoever answered."""

    HINT = "hint"
    STEP = "step"
    FULL = "full"


class EngineName(StrEnum):
    """Where much work happens."""

    JOBLIB = "joblib"
    DASK = "dask"


class LayoutName(StrEnum):
    """The two layouts of derivatives by vectors and matrices."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


SUFFIXES = {
    ".txt": Format.TERMINAL,
    ".md": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".tex": Format.LATEX,
    ".json": Format.JSON,
}
"""The format that an output file's name means."""

ASKING = "put a line such as % ask: value a below a question; backhand asks lists them"
"""What to do about a worksheet without a question."""

File = Annotated[Path, typer.Argument(metavar="FILE", help="A worksheet in Markdown.")]


def _named(output: Path | None) -> Path | None:
    """The file to write; none for `-`, which has always meant the standard output."""
    return None if output == Path("-") else output


Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="OUT", help="Write to this file.", callback=_named),
]
Chosen = Annotated[
    Format | None,
    typer.Option(
        "--format",
        "-f",
        case_sensitive=False,
        help="How to write it; else OUT's suffix says, else terminal.",
    ),
]
ChosenPlain = Annotated[
    Plain, typer.Option("--format", "-f", case_sensitive=False, help="How to write it.")
]
Layouted = Annotated[
    LayoutName | None, typer.Option(help="The layout of derivatives; else the worksheet's own.")
]
Level = Annotated[LevelName, typer.Option(help="How much of the answer is given away.")]
Engine = Annotated[EngineName, typer.Option(help="This machine, or a cluster.")]
Scheduler = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Of the Dask scheduler.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", min=1, help="Processes; else one a core."),
]
Layers = Annotated[
    list[str] | None,
    typer.Option(
        "--network",
        "-n",
        metavar="LAYERS",
        help='Hidden layers, such as "16 relu"; may be repeated.',
    ),
]
Target = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="The target's column; else the last.")
]
