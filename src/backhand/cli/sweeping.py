"""The command that trains many networks: sweep."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import Engine, EngineName, Jobs, Layers, Scheduler, Target
from backhand.cli.output import bar, errors_of, say, write
from backhand.errors import AskError

if TYPE_CHECKING:
    from backhand.graph import Graph
    from backhand.sweeping.sweep import Progress


def _listing(help: str) -> typer.models.OptionInfo:
    return typer.Option(metavar="LIST", help=help)


@app.command(
    epilog="""Examples:

\b
  backhand sweep digits --network "32 relu" --network "64 relu -> 32 relu" --seeds 5
  backhand sweep data.csv --target price --network "16 tanh" --learning-rate 0.001,0.01,0.1
  backhand sweep moons --network "8 relu" --optimizer sgd,adam --batch-size 1,32 -o moons.db
  backhand sweep moons --network net.md --engine dask --scheduler tcp://10.0.0.1:8786
  backhand sweep --results moons.db

A network is given by its hidden layers, or whole: "2 -> 8 relu -> 1 sigmoid", or as a worksheet.
LIST is one value or several with commas between. Started again, a sweep does what isn't done yet.
"""
)
def sweep(
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="A file, or a data set's name.")
    ] = None,
    network: Layers = None,
    target: Target = None,
    learning_rate: Annotated[str, _listing("Learning rates.")] = "0.05",
    batch_size: Annotated[str, _listing('Data points a step, or "all".')] = "1",
    epochs: Annotated[str, _listing("Times through all data points.")] = "10",
    optimizer: Annotated[str, _listing("sgd, momentum, nesterov, adam, adamw.")] = "sgd",
    schedule: Annotated[str, _listing("How the rate falls: constant, cosine, ...")] = "constant",
    l1: Annotated[str, _listing("Penalties on sum |w|.")] = "0",
    l2: Annotated[str, _listing("Penalties on half of sum w^2.")] = "0",
    dtype: Annotated[str, _listing("float32, float64.")] = "float32",
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds each choice is run with.")] = 1,
    held_out: Annotated[float, typer.Option(help="The part of the points for the score.")] = 0.2,
    loss: Annotated[
        str | None, typer.Option(metavar="NAME", help="The loss; else what fits the target.")
    ] = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The record of all runs (SQLite)."),
    ] = Path("sweep.db"),
    keep_parameters: Annotated[
        bool, typer.Option("--keep-parameters", help="Record the trained parameters too.")
    ] = False,
    engine: Engine = EngineName.JOBLIB,
    scheduler: Scheduler = None,
    jobs: Jobs = None,
    results: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Show what is recorded; run nothing.")
    ] = None,
    show: Annotated[int, typer.Option(min=1, help="How many of the best are shown.")] = 10,
) -> None:
    """Train many networks, and show the best by mean score. Record every run."""
    with errors_of():
        from backhand.sweeping.summary import table

        if results is not None:
            from backhand.sweeping.database import reading

            if data is not None:
                raise AskError("--results runs nothing, and DATA is given", "leave one of them out")
            with reading(results) as database:
                write(table(database.records(), show))
            return
        if data is None:
            raise AskError("there is no DATA", "name a file or a data set, or --results FILE")
        from backhand.sweeping.sweep import sweep
        from backhand.training.datasets import find

        grid = {
            "learning_rate": _numbers("--learning-rate", learning_rate),
            "batch_size": _counts(batch_size),
            "epochs": _counts(epochs),
            "optimizer": _words(optimizer),
            "schedule": _words(schedule),
            "l1": _numbers("--l1", l1),
            "l2": _numbers("--l2", l2),
            "dtype": _words(dtype),
        }
        given = [_network(each) for each in network or []]
        points = find(data, target)
        try:
            with _shown() as progress:
                found = sweep(
                    given,
                    points,
                    grid=grid,
                    seeds=seeds,
                    held_out=held_out,
                    loss=loss,
                    database=output,
                    name=data,
                    keep_parameters=keep_parameters,
                    engine=engine.value,
                    scheduler=scheduler,
                    workers=jobs,
                    progress=progress,
                )
        except KeyboardInterrupt:
            say(f"backhand: interrupted; what is done is in {output}, the same command goes on")
            raise
        write(table(found.runs, show))


def _network(text: str) -> str | Graph:
    """Layers in words, or the model of a worksheet."""
    if Path(text).suffix != ".md":
        return text
    from backhand.cli.worksheets import last_model

    with errors_of(Path(text)):
        return last_model(Path(text)).graph


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _counts(text: str) -> list[int | str]:
    return [int(word) if word.isascii() and word.isdigit() else word for word in _words(text)]


def _numbers(option: str, text: str) -> list[float]:
    found: list[float] = []
    for word in _words(text):
        try:
            found.append(float(word))
        except ValueError:
            raise AskError(f"{word!r} in {option} is no number", "write 0.01,0.1") from None
    return found


@contextmanager
def _shown() -> Generator[Callable[[Progress], None] | None]:
    """A bar of the runs done where a person watches."""
    with bar("run") as moved:
        if moved is None:
            yield None
            return

        def show(at: Progress) -> None:
            said = f"{at.failed} failed" if at.failed else ""
            moved(completed=at.done, total=at.total, description=said)

        yield show
