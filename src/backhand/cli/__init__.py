"""The command `backhand`: arguments in, one call of the API, its output or one clear message out."""

from __future__ import annotations

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
    app()
