"""Training: points in random order, epoch after epoch, through the compiled loop."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backhand.errors import AskError, DataError
from backhand.graph import Graph, Role
from backhand.initial import initialised
from backhand.training.data import Data, arrange
from backhand.training.kernel import kernel
from backhand.training.labels import ClassWeight
from backhand.training.optimizers import optimizer as optimizer_named
from backhand.training.run import Course, Progress, Run
from backhand.training.schedules import Schedule

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What training gave.

    `graph`: with the trained values; `parameters`: these by name, in the precision of the loop.
    `history`: the mean loss of each epoch, each point's taken as it was met; `validation`: that on
    the points held out, after each epoch. `seconds`: spent in the loop; `compile_seconds`: to
    derive, emit and compile it. `ended`: "done", "early" (no better on the points held out) or
    "interrupted"; after the latter two the parameters are the best so far.
    """

    graph: Graph
    parameters: Mapping[str, Floats]
    history: tuple[float, ...]
    validation: tuple[float, ...]
    seconds: float
    compile_seconds: float
    epochs: int
    steps: int
    ended: Literal["done", "early", "interrupted"]


def fit(
    graph: Graph,
    X: object,
    y: object = None,
    *,
    batch_size: int | Literal["all"] = 1,
    epochs: int = 1,
    learning_rate: float = 0.05,
    optimizer: str = "sgd",
    settings: Mapping[str, float] | None = None,
    schedule: Schedule = "constant",
    l1: float = 0.0,
    l2: float = 0.0,
    shuffle: bool = True,
    seed: int = 0,
    dtype: Literal["float32", "float64"] = "float32",
    sample_weight: ArrayLike | None = None,
    class_weight: ClassWeight | None = None,
    validation: tuple[object, object] | None = None,
    patience: int | None = None,
    tolerance: float = 0.0,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Fit:
    """Train a graph's parameters on data points by gradient descent.

    `X`, `y`: see `data.arrange`. `batch_size`: points a step, "all" for gradient descent on the whole
    data. `optimizer` and `settings`: an entry of `optimizers.OPTIMIZERS` and its numbers. `l1`, `l2`:
    the penalties l1 Σ|w| and l2/2 Σ w². `validation`: (X, y) held out; with `patience`, training
    ends when it hasn't got better by more than `tolerance` for so many epochs. `checkpoint`: a file
    from which `resume` goes on, to the same bits. Parameters without values are drawn from `seed`.
    The same arguments give the same bits on the same machine.
    Raises `DataError` for data that can't be used, `DivergenceError` where the loss overflows,
    `AskError` for a setting that makes no sense.

    >>> import backhand
    >>> graph = backhand.network("2 -> 3 tanh -> 1 sigmoid", loss="binary_cross_entropy", seed=3)
    >>> found = fit(graph, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=2000)
    >>> found.history[0] > 0.6, found.history[-1] < 0.1
    (True, True)
    """
    optimum = optimizer_named(optimizer)
    data = arrange(graph, X, y, sample_weight=sample_weight, class_weight=class_weight)
    held = None if validation is None else arrange(graph, *_pair(validation), labels=data.labels)
    check_targets(graph, data, held)
    size = data.count if batch_size == "all" else batch_size
    if patience is not None and held is None:
        raise AskError("patience needs points held out", "give validation=(X, y)")
    if resume and checkpoint is None:
        raise AskError("there is nothing to resume from", "give checkpoint=, the file's name")
    check_whole(batch_size=size, epochs=epochs, patience=1 if patience is None else patience)
    check_whole(0, seed=seed)
    check_numbers(learning_rate=learning_rate, l1=l1, l2=l2, tolerance=tolerance)
    if dtype not in ("float32", "float64"):
        raise AskError(f"there is no dtype {dtype!r} to train in", "give float32 or float64")
    started = initialised(graph, seed)
    loop = kernel(
        started,
        data,
        optimum,
        batch_size=min(size, data.count),
        dtype=dtype,
        settings=settings or {},
        l1=l1,
        l2=l2,
    )
    course = Course(epochs, learning_rate, schedule, seed if shuffle else None)
    run = Run(started, data, held, loop, course)
    if checkpoint is not None:
        run.keep(Path(checkpoint), resume)
    ended = run.train(patience, tolerance, progress)
    return _result(run, ended)


def _pair(validation: tuple[object, object]) -> tuple[object, object]:
    if not isinstance(validation, tuple) or len(validation) != 2:  # type: ignore[reportUnnecessaryIsInstance]
        raise AskError("the points held out aren't a pair", "give validation=(X, y)")
    return validation


def check_targets(graph: Graph, *given: Data | None) -> None:
    """Raise `DataError` for points without a target: the one value in the graph would be taken for all."""
    for target in graph.with_role(Role.TARGET):
        if any(data is not None and target.name not in data.arrays for data in given):
            raise DataError(f"there is no {target.name} for the data points", "give y")


def check_whole(least: int = 1, **values: object) -> None:
    """Raise `AskError` for one that is no whole number from `least`."""
    for name, value in values.items():
        if not isinstance(value, int | np.integer) or value < least:
            raise AskError(f"{name} is {value!r}", f"give a whole number from {least}")


def check_numbers(**values: object) -> None:
    """Raise `AskError` for one that is no finite number, 0 or more."""
    for name, value in values.items():
        if not isinstance(value, int | float | np.integer | np.floating) or not 0 <= value < np.inf:
            raise AskError(f"{name} is {value!r}", "give a number, 0 or more")


def _result(run: Run, ended: Literal["done", "early", "interrupted"]) -> Fit:
    names = {name: run.graph[name].shape for name in run.kernel.parameters}
    found = run.kernel.parameters if ended == "done" else run.best
    parameters = {name: found[name].reshape(shape).copy() for name, shape in names.items()}
    steps = len(run.history) * run.steps_an_epoch + -(-run.at // run.kernel.source.plan.batch_size)
    return Fit(
        run.graph.with_values(**parameters),
        parameters,
        tuple(run.history),
        tuple(run.validation),
        run.seconds,
        run.kernel.seconds,
        len(run.history),
        steps,
        ended,
    )
