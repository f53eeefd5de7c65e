"""The command that compares models on data: compare."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import Chosen, Format, Layers, Output, Target
from backhand.cli.output import chosen_format, errors_of, write
from backhand.errors import BackhandError

if TYPE_CHECKING:
    from backhand.training.table import Table


class TaskName(StrEnum):
    """What a target is taken as."""

    CLASSES = "classes"
    NUMBERS = "numbers"


@app.command(
    epilog="""Examples:

\b
  backhand compare moons
  backhand compare iris -o iris.html
  backhand compare houses.csv --target price --network "8 relu" --network "32 tanh -> 8 tanh"

DATA is a file (CSV, Parquet, Arrow, .npy, .npz) or the name of a built-in data set.
A network is given by its hidden layers; input and output are those of the data.
"""
)
def compare(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, or a data set's name.")],
    network: Layers = None,
    target: Target = None,
    task: Annotated[
        TaskName | None, typer.Option(help="What the target is; else its values decide.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Times through the data; else as the data's size needs."),
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Parts, of which one is held out.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of splits, starting values and order.")] = 0,
    format: Chosen = None,
    output: Output = None,
) -> None:
    """Compare linear and logistic regression and networks on data."""
    with errors_of():
        from backhand.comparing import page, record, terminal
        from backhand.comparing.comparison import compare as compared

        writers = {
            Format.TERMINAL: terminal.document,
            Format.HTML: page.document,
            Format.JSON: record.document,
        }
        chosen = chosen_format(format, output)
        if chosen not in writers:
            raise BackhandError(
                f"a comparison isn't written as {chosen.value}",
                f"choose {', '.join(each.value for each in writers)}",
            )
        if output and output.exists() and Path(data).exists() and output.samefile(data):
            raise BackhandError("the output would replace the data", "name another file after -o")
        table, title = _table(data, target)
        with _shown() as progress:
            found = compared(
                table,
                title,
                hidden=tuple(network or ()),
                kind=task.value if task else None,
                epochs=epochs,
                folds=folds,
                seed=seed,
                progress=progress,
            )
        write(writers[chosen](found), output)


def _table(data: str, target: str | None) -> tuple[Table, str]:
    """The data, and what to call them."""
    from backhand.training.datasets import DATASETS, load
    from backhand.training.tables import read_table

    if data in DATASETS and not Path(data).exists():
        if target is not None:
            raise BackhandError(f"the data set {data} has its own target", "leave out --target")
        return load(data), data
    return read_table(data, target), Path(data).name


@contextmanager
def _shown() -> Generator[Callable[[str], None] | None]:
    """What is under way, where a person watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("training") as status:
        yield lambda text: status.update(text)
