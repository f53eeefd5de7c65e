"""The command `backhand`: arguments in, one call of the API, its output or one clear message out."""

from __future__ import annotations

import os
import sys

import typer

from backhand.cli import (
    auditing,
    comparing,
    exporting,
    formulas,
    grading,
    marking,
    publishing,
    reading,
    serving,
    sweeping,
    training,
    worksheets,
)
from backhand.cli.application import app
from backhand.cli.options import SUFFIXES, Format
from backhand.cli.output import errors_of

__all__ = [
    "SUFFIXES",
    "Format",
    "app",
    "auditing",
    "comparing",
    "exporting",
    "formulas",
    "grading",
    "main",
    "marking",
    "publishing",
    "reading",
    "serving",
    "sweeping",
    "training",
    "worksheets",
]


def main() -> None:
    """Run the command. Exit code 2 for bad input, 130 for Ctrl-C."""
    # A shell may close the standard output, and Windows starts programs without one.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    try:
        with errors_of():  # what the help itself runs into: a full disk, a sign that isn't there
            app()
    except typer.Exit as end:
        sys.exit(end.exit_code)
