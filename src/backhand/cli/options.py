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

File = Annotated[Path, typer.Argument(metavar="FILE", help="A worksheet in Markdown.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="OUT", help="Write to this file.")
]
Chosen = Annotated[
    Format | None,
    typer.Option("--format", "-f", help="How to write it; else OUT's suffix says, else terminal."),
]
Layouted = Annotated[
    LayoutName | None, typer.Option(help="The layout of derivatives; else the worksheet's own.")
]
