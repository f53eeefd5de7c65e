"""An emitted loop bound to its arrays: what changes from call to call is the order of the points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError
from backhand.graph import Graph
from backhand.training.compiling import compiled
from backhand.training.data import Data
from backhand.training.frame import Plan
from backhand.training.loops import Source, loop_source
from backhand.training.optimizers import DECAY, Optimizer
from backhand.training.program import WEIGHT
from backhand.values import floats

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """A compiled loop and the arrays that it changes: parameters, the optimiser's states, its runs.

    Names of states are those of `program.state_name`. `seconds`: to derive, emit and compile.
    """

    source: Source
    parameters: Mapping[str, Array]
    states: Mapping[str, Array]
    runs: Array
    data: tuple[Array, ...]
    fixed: tuple[Array, ...]
    settings: tuple[Any, ...]
    seconds: float

    def take(self, order: Array, rates: Array, losses: Array) -> tuple[int, int]:
        """Steps over the points in `order`, a row an epoch; see `loops.Source`."""
        steps = compiled(self.source.text)
        made = (*self.parameters.values(), *self.states.values(), self.runs)
        given = (order, rates, *self.data, *self.fixed, *made, *self.settings, losses)
        epoch, done = steps(*given)
        return int(epoch), int(done)

    @property
    def changing(self) -> dict[str, Array]:
        """Everything that a step changes, by name."""
        parts = {"parameter": self.parameters, "state": self.states, "runs": {"": self.runs}}
        return {f"{kind}/{name}": a for kind, each in parts.items() for name, a in each.items()}


def kernel(
    graph: Graph,
    data: Data,
    optimizer: Optimizer,
    *,
    batch_size: int,
    dtype: str,
    settings: Mapping[str, float],
    l1: float,
    l2: float,
) -> Kernel:
    """The loop for a graph and its data, compiled. Raises `AskError` for a setting that isn't there."""
    start = perf_counter()
    arrays = arrays_of(data)
    cast = frozenset(name for name, array in arrays.items() if array.dtype != np.dtype(dtype))
    plan = Plan(batch_size, dtype, l1 > 0, l2 > 0, cast)
    source = loop_source(graph, optimizer, arrays, plan, weighted=data.weights is not None)
    made = bound(source, graph, data, optimizer, settings=settings, l1=l1, l2=l2)
    return replace(made, seconds=perf_counter() - start)


def bound(
    source: Source,
    graph: Graph,
    data: Data,
    optimizer: Optimizer,
    *,
    settings: Mapping[str, float],
    l1: float,
    l2: float,
) -> Kernel:
    """An emitted loop with the values of its graph and its data, compiled; errors as in `kernel`."""
    start = perf_counter()
    chosen = chosen_settings(optimizer, settings, l1, l2)
    arrays, kind = arrays_of(data), np.dtype(source.plan.dtype)
    parameters = {name: _own(graph, name, kind) for name in source.parameters}
    made = Kernel(
        source,
        parameters,
        {f"{s} of {p}": np.zeros_like(parameters[p]) for s, p in source.states},
        np.array([float(optimizer.runs[name][0]) for name in source.runs], kind),
        tuple(arrays[name] for name in source.data),
        tuple(_own(graph, name, kind) for name in source.fixed),
        tuple(kind.type(chosen[name]) for name in source.settings),
        0.0,
    )
    made.take(np.empty((0, 0), np.int64), np.empty((0, 0), kind), np.zeros(0))
    return replace(made, seconds=perf_counter() - start)


def arrays_of(data: Data) -> dict[str, Array]:
    """What each point has its own of; the weights with a mean of 1."""
    arrays = {name: np.asarray(array) for name, array in data.arrays.items()}
    if data.weights is not None:
        arrays[WEIGHT] = data.weights / data.weights.mean()
    return arrays


def _own(graph: Graph, name: str, kind: np.dtype[Any]) -> Array:
    """A given value in an array of its own; one of a scalar has one entry."""
    value = graph[name].value
    if value is None:
        raise AskError(f"{name} has no value", f"graph.with_values({name}=...) gives it one")
    return np.array(floats(value), kind).reshape(graph[name].shape or (1,))


def chosen_settings(
    optimizer: Optimizer, given: Mapping[str, float], l1: float, l2: float
) -> dict[str, float]:
    known: Sequence[str] = [*optimizer.settings, *([DECAY] if optimizer.decoupled else [])]
    for name, value in given.items():
        if name not in known:
            there = f"it has {', '.join(known)}" if known else "it has none"
            raise AskError(f"{optimizer.name} has no setting {name!r}", there)
        if not isinstance(value, int | float | np.number) or not np.isfinite(value):  # type: ignore[reportUnnecessaryIsInstance]
            raise AskError(f"{name} is {value!r}", "give a finite number")
    defaults = {name: float(value) for name, value in optimizer.settings.items()}
    return {**defaults, DECAY: 0.01, **given, "l1": l1, "l2": l2}
