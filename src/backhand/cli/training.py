"""The commands that train: code, train."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import Output, Target
from backhand.cli.output import bar, errors_of, say, write
from backhand.errors import AskError

if TYPE_CHECKING:
    from backhand.graph import Graph
    from backhand.training.fit import Fit
    from backhand.training.run import Progress


class Precision(StrEnum):
    """The kinds of numbers that a loop works in."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


Model = Annotated[
    str, typer.Argument(metavar="FILE", help='A worksheet, or a network: "2 -> 8 relu -> 1".')
]
Loss = Annotated[
    str, typer.Option(metavar="NAME", help="The loss of a network that isn't in a file.")
]
Optimizer = Annotated[
    str, typer.Option(metavar="NAME", help="sgd, momentum, nesterov, adam or adamw.")
]
BatchSize = Annotated[int, typer.Option(min=1, help="Data points a step.")]
Dtype = Annotated[Precision, typer.Option(help="The precision of the loop.")]
L1 = Annotated[float, typer.Option(min=0, help="The penalty on sum |w|.")]
L2 = Annotated[float, typer.Option(min=0, help="The penalty on half of sum w^2.")]


@app.command(
    epilog="""Examples:

\b
  backhand code worksheet.md
  backhand code worksheet.md --optimizer adam --batch-size 32 -o loop.py
  backhand code "64 -> 32 relu -> 10 softmax" --loss cross_entropy
"""
)
def code(
    file: Model,
    optimizer: Optimizer = "sgd",
    batch_size: BatchSize = 1,
    dtype: Dtype = Precision.FLOAT32,
    loss: Loss = "squared_error",
    l1: L1 = 0.0,
    l2: L2 = 0.0,
    output: Output = None,
) -> None:
    """Print the training loop of a model as Python. Forward, backward, update, as derived."""
    with errors_of(_path(file)):
        from backhand.graph import Role
        from backhand.training.frame import Plan
        from backhand.training.loops import loop_source
        from backhand.training.optimizers import optimizer as named

        graph = _model(file, loss)
        plan = Plan(batch_size, dtype.value, l1 > 0, l2 > 0)
        data = [q.name for q in graph.with_role(Role.DATA, Role.TARGET)]
        write(loop_source(graph, named(optimizer), data, plan).text.rstrip("\n"), output)


@app.command(
    epilog="""Examples:

\b
  backhand train worksheet.md points.csv --epochs 20
  backhand train "2 -> 8 tanh -> 1 sigmoid" moons --loss binary_cross_entropy --epochs 200
  backhand train net.md data.parquet --target price --optimizer adam --learning-rate 0.001
  backhand train net.md data.csv --epochs 1000 --checkpoint run.safetensors --resume

DATA is a file (CSV, Parquet, Arrow, .npy, .npz) or the name of a built-in data set.
"""
)
def train(
    file: Model,
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file, or a data set's name.")],
    target: Target = None,
    epochs: Annotated[int, typer.Option(min=1, help="Times through all data points.")] = 10,
    batch_size: BatchSize = 1,
    learning_rate: Annotated[float, typer.Option(min=0, help="The learning rate, eta.")] = 0.05,
    optimizer: Optimizer = "sgd",
    schedule: Annotated[
        str, typer.Option(metavar="NAME", help="How the rate falls: constant, cosine, ...")
    ] = "constant",
    l1: L1 = 0.0,
    l2: L2 = 0.0,
    loss: Loss = "squared_error",
    held_out: Annotated[
        float, typer.Option(min=0, max=0.9, help="The part of the points kept apart, to test on.")
    ] = 0.0,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many epochs without getting better.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of starting values and order.")] = 0,
    dtype: Dtype = Precision.FLOAT32,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write where the run stands to this file.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT", help="Write the parameters (safetensors)."),
    ] = None,
) -> None:
    """Train a model's parameters on data. Ctrl-C keeps the best so far."""
    with errors_of(_path(file)):
        graph = _model(file, loss)
    with errors_of():
        from backhand.training.datasets import find
        from backhand.training.files import refuse
        from backhand.training.split import split

        if resume and checkpoint is None:
            raise AskError("there is nothing to resume from", "name the file by --checkpoint")
        if output is not None:
            refuse(output)  # before the work, not after it
        table = find(data, target)
        part, apart = split(table, held_out, seed)
        with _shown(epochs) as progress, _unless_interrupted():
            found = graph.fit(
                part,
                batch_size=batch_size,
                epochs=epochs,
                learning_rate=learning_rate,
                optimizer=optimizer,
                schedule=schedule,
                l1=l1,
                l2=l2,
                validation=None if apart is None else (apart, None),
                patience=patience,
                seed=seed,
                dtype=dtype.value,
                checkpoint=checkpoint,
                resume=resume,
                progress=progress,
            )
        write(_said(found, len(part.features)))
        if output is not None:
            from backhand import save_parameters

            save_parameters(found.graph, output)
            say(f"backhand: the parameters are in {output}")


@contextmanager
def _unless_interrupted() -> Generator[None]:
    """Training itself hears of Ctrl-C and keeps what it has; before it there is nothing yet."""
    try:
        yield
    except KeyboardInterrupt:
        say("backhand: interrupted before the first step; there is nothing to keep")
        raise


def _path(file: str) -> Path | None:
    return None if "->" in file else Path(file)


def _model(file: str, loss: str) -> Graph:
    """The model of a worksheet, the last where it holds several, or a network by its layers."""
    path = _path(file)
    if path is None:
        from backhand.reading.shorthand import network

        return network(file, loss=loss)
    from backhand.cli.worksheets import last_model

    return last_model(path).graph


def _said(found: Fit, count: int) -> str:
    """How training went, in a few lines."""
    from backhand.calculus.counting import plural

    how = {
        "done": "trained",
        "early": "stopped early, at the best parameters",
        "interrupted": "interrupted; these are the best parameters so far",
    }[found.ended]
    each = found.seconds / max(found.steps, 1)
    lines = [
        f"{how}: {plural(found.epochs, 'epoch')} of {plural(count, 'point')}, "
        f"{plural(found.steps, 'step')} in "
        f"{found.seconds:.3g} s ({_time(each)} a step; {found.compile_seconds:.2g} s to compile)",
    ]
    if found.history:
        lines.append(
            f"mean loss: {found.history[0]:.4g} in the first epoch, "
            f"{found.history[-1]:.4g} in the last"
        )
    if found.validation:
        lines.append(
            f"on the points held out: {min(found.validation):.4g} at best, "
            f"{found.validation[-1]:.4g} at the end"
        )
    lines += [f"{name} =\n{_numbers(value)}" for name, value in found.parameters.items()]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def _numbers(value: object) -> str:
    import numpy as np

    with np.printoptions(precision=4, suppress=True, threshold=60, edgeitems=3, linewidth=78):
        return "  " + str(value).replace("\n", "\n  ")


@contextmanager
def _shown(epochs: int) -> Generator[Callable[[Progress], None] | None]:
    """A bar with loss and learning rate where a person watches."""
    with bar("epoch", epochs) as moved:
        if moved is None:
            yield None
            return

        def show(at: Progress) -> None:
            held = "" if at.validation is None else f"  held out {at.validation:.4g}"
            said = f"loss {at.loss:.4g}{held}  η {at.rate:.3g}"
            moved(completed=at.epoch, description=said)

        yield show
