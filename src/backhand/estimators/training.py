"""How an estimator's network is trained: on scaled data, from where it stands, in the compiled loop."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError
from backhand.estimators.coordinates import Seen, for_raw, for_scaled, seen
from backhand.estimators.ends import Ends
from backhand.estimators.points import Points, in_shape
from backhand.graph import Graph
from backhand.initial import initialised
from backhand.reading.shorthand import network
from backhand.training.batches import CHUNK
from backhand.training.data import Data
from backhand.training.fit import check_numbers, check_whole
from backhand.training.frame import Plan
from backhand.training.kernel import Kernel, bound
from backhand.training.loops import Source, loop_source
from backhand.training.optimizers import optimizer
from backhand.training.program import WEIGHT
from backhand.training.run import Course, Progress, Run
from backhand.training.schedules import Schedule


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a person chose, as `training.fit.fit` explains it."""

    hidden: tuple[int, ...]
    activation: str
    optimizer: str
    settings: Mapping[str, float]
    learning_rate: float
    schedule: Schedule
    batch_size: int | Literal["all"]
    epochs: int
    l1: float
    l2: float
    shuffle: bool
    seed: int
    dtype: Literal["float32", "float64"]
    patience: int | None
    tolerance: float
    verbose: bool


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where the training of a network stands.

    `graph`: the network for the data as they came; `changing`: the optimiser's own arrays by name;
    `history`, `validation`: mean losses of the epochs, in the target's own unit.
    """

    graph: Graph
    scales: Seen
    changing: Mapping[str, NDArray[Any]]
    history: tuple[float, ...]
    validation: tuple[float, ...]


def choices(estimator: Any) -> Choices:
    """The parameters of an estimator, checked. Raises `AskError` for one that makes no sense."""
    _check(estimator)
    e = estimator
    return Choices(
        hidden=_widths(e.hidden_layer_sizes),
        activation=e.activation,
        optimizer=e.optimizer,
        settings=e.settings or {},
        learning_rate=e.learning_rate,
        schedule=e.schedule,
        batch_size=e.batch_size,
        epochs=e.epochs,
        l1=e.l1,
        l2=e.l2,
        shuffle=bool(e.shuffle),
        seed=_seed(e.random_state),
        dtype=e.dtype,
        patience=e.patience if e.early_stopping else None,
        tolerance=e.tolerance,
        verbose=bool(e.verbose),
    )


def _check(e: Any) -> None:
    check_numbers(learning_rate=e.learning_rate, l1=e.l1, l2=e.l2, tolerance=e.tolerance)
    check_whole(epochs=e.epochs, patience=e.patience)
    if not (isinstance(e.batch_size, str) and e.batch_size == "all"):
        check_whole(batch_size=e.batch_size)
    if not (isinstance(e.activation, str) and e.activation.isidentifier()):
        raise AskError(f"the activation is {e.activation!r}", 'name a function, such as "relu"')
    if not isinstance(e.settings, Mapping | None):
        raise AskError(f"settings is {e.settings!r}", "give {name: number}, or None")
    if e.dtype not in ("float32", "float64"):
        raise AskError(f"there is no dtype {e.dtype!r} to train in", "give float32 or float64")


def _widths(given: Any) -> tuple[int, ...]:
    widths = tuple(given) if np.iterable(given) and not isinstance(given, str) else (given,)
    for at, width in enumerate(widths, 1):
        if not isinstance(width, int | np.integer) or width < 1:
            raise AskError(
                f"hidden layer {at} has {width!r} units",
                "give whole numbers, such as hidden_layer_sizes=(32, 16), or () for none",
            )
    return tuple(int(width) for width in widths)


def _seed(given: Any) -> int:
    """A seed from what scikit-learn takes as one: a number, None, or a generator."""
    return int(import_module("sklearn.utils").check_random_state(given).randint(2**31 - 1))


@lru_cache(maxsize=128)
def loop_of(
    layers: str, ends: Ends, name: str, batch_size: int, dtype: str, l1: bool, l2: bool
) -> tuple[Graph, Source]:
    """A network without values and the loop that trains it: derived once, however often it is fitted."""
    graph = network(f"{layers} -> {ends.last}", loss=ends.loss)
    cast = frozenset(() if dtype == "float64" else ("x", "y", WEIGHT))
    plan = Plan(batch_size, dtype, l1, l2, cast)
    return graph, loop_source(graph, optimizer(name), ["x", "y"], plan, weighted=True)


def _loop_of(choice: Choices, points: Points, ends: Ends) -> tuple[Graph, Source]:
    count, inputs = points.features.shape
    layers = [str(inputs), *(f"{width} {choice.activation}" for width in choice.hidden)]
    size = whole_batch(count) if choice.batch_size == "all" else choice.batch_size
    named = optimizer(choice.optimizer).name
    return loop_of(
        " -> ".join(layers), ends, named, size, choice.dtype, choice.l1 > 0, choice.l2 > 0
    )


def trained(
    choice: Choices,
    ends: Ends,
    points: Points,
    held: Points | None,
    before: Standing | None,
    graph: Graph | None = None,
) -> Standing:
    """Train a network: afresh, from the values in `graph`, or on from where it stood `before`.

    Afresh and from a graph the scales are those of the points; going on, those of all points seen.
    """
    scales = seen(before.scales if before else None, points, ends.degree > 0)
    start = before.graph if before else graph
    plain, source = _loop_of(choice, points, ends)
    if start is None:
        start = initialised(plain, choice.seed)
    else:
        _check_same(plain, start)
        start = for_scaled(start, scales)
    loop = bound(
        source,
        start,
        _data(start, scales.into(points)),
        optimizer(choice.optimizer),
        settings=choice.settings,
        l1=choice.l1,
        l2=choice.l2,
    )
    if before is not None:
        for name, array in before.changing.items():
            loop.changing[name][...] = array
    run = _run(choice, start, scales, loop, points, held, before)
    patience = choice.patience if held is not None else None
    ended = run.train(patience, choice.tolerance, _told if choice.verbose else None)
    if ended == "interrupted":
        warnings.warn("training was interrupted; the best so far is kept", stacklevel=4)
    found = loop.parameters if ended == "done" and held is None else run.best
    unit = float(scales.targets.spread[0]) ** ends.degree
    old = (before.history, before.validation) if before else ((), ())
    return Standing(
        for_raw(_with(start, found), scales),
        scales,
        {n: a for n, a in loop.changing.items() if not n.startswith("parameter/")},
        (*old[0], *(loss * unit for loss in run.history[len(old[0]) :])),
        (*old[1], *(loss * unit for loss in run.validation)),
    )


def _check_same(wanted: Graph, have: Graph) -> None:
    """Raise `AskError` where what was trained isn't the network that is asked for now."""
    if not all(q.name in have and replace(have[q.name], value=None).same_as(q) for q in wanted):
        raise AskError(
            "training can't go on: the layers, the loss or the columns of the data aren't as before",
            "leave them, or train afresh with fit and warm_start=False",
        )


def _data(graph: Graph, points: Points) -> Data:
    shaped = in_shape(points, graph["x"].shape, graph["y"].shape)
    return Data({"x": shaped.features, "y": shaped.targets}, shaped.weights)


def whole_batch(count: int) -> int:
    """A batch that has room for so many points: a power of two, so that few loops are compiled.

    >>> whole_batch(15), whole_batch(CHUNK), whole_batch(3000)
    (1024, 1024, 4096)
    """
    return max(CHUNK, 1 << (count - 1).bit_length())


def _run(
    choice: Choices,
    graph: Graph,
    scales: Seen,
    loop: Kernel,
    points: Points,
    held: Points | None,
    before: Standing | None,
) -> Run:
    """The run, which goes on where an earlier one stood."""
    done = len(before.history) if before else 0
    course = Course(
        done + choice.epochs,
        choice.learning_rate,
        choice.schedule,
        choice.seed if choice.shuffle else None,
    )
    data = _data(graph, scales.into(points))
    run = Run(graph, data, None if held is None else _data(graph, scales.into(held)), loop, course)
    run.history = [0.0] * done
    return run


def _with(graph: Graph, parameters: Mapping[str, NDArray[Any]]) -> Graph:
    shaped = {n: a.astype(np.float64).reshape(graph[n].shape) for n, a in parameters.items()}
    return graph.with_values(**shaped)


def _told(progress: Progress) -> None:
    held = "" if progress.validation is None else f", held out {progress.validation:.6g}"
    print(f"epoch {progress.epoch} of {progress.epochs}: loss {progress.loss:.6g}{held}")


def part(choice: Choices) -> Choices:
    """One pass at the rate as it is: what a call of partial_fit does."""
    return replace(choice, epochs=1, schedule="constant", patience=None)


def keep(estimator: Any, standing: Standing) -> None:
    """What a person is given of a trained network."""
    estimator.graph_ = standing.graph
    estimator.history_ = standing.history
    estimator.validation_history_ = standing.validation
    estimator.n_iter_ = len(standing.history)
