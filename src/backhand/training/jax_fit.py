"""Training in JAX: the same derivation, update equations and order of points as `fit`'s loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backhand.errors import DivergenceError
from backhand.graph import Graph
from backhand.initial import initialised
from backhand.training.batch_gradient import batch_gradient
from backhand.training.data import Data, arrange
from backhand.training.fit import Fit, check_numbers, check_targets, check_whole
from backhand.training.jax_devices import Devices, check_agreement, devices_for
from backhand.training.jax_operations import (
    Array,
    checked_dtype,
    functions,
    jax_module,
    precision,
)
from backhand.training.jax_steps import Standing, Steps, update_program
from backhand.training.kernel import arrays_of, chosen_settings
from backhand.training.labels import ClassWeight
from backhand.training.optimizers import Optimizer
from backhand.training.optimizers import optimizer as optimizer_named
from backhand.training.schedules import Schedule, rates
from backhand.values import floats

CALL_POINTS = 1 << 18
"""About how many points go through one call: between calls Ctrl-C and an overflow are seen."""


def fit_jax(
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
    devices: Sequence[Any] | None = None,
) -> Fit:
    """Train as `fit` does, with the same meaning of every argument, on JAX's devices.

    `devices`: those that share the points of each batch, such as `jax.devices()`; by default the
    first, or all where several processes run (`jax_devices.initialise`), each of which calls this
    with the same arguments. The data lies whole on every device. Ctrl-C ends a run with the
    parameters after the last call that was done.
    Raises what `fit` raises; `AskError` also without JAX, for devices that make no sense, and where
    the processes were given different things.

    >>> import pytest; _ = pytest.importorskip("jax")
    >>> import backhand
    >>> graph = backhand.network("2 -> 3 tanh -> 1 sigmoid", loss="binary_cross_entropy", seed=3)
    >>> points = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> found = fit_jax(graph, points, [0, 1, 1, 0], epochs=200, learning_rate=1, batch_size=4)
    >>> found.history[0] > 0.6, found.history[-1] < 0.3
    (True, True)
    """
    start, kind = perf_counter(), checked_dtype(dtype)
    optimum, shared = optimizer_named(optimizer), devices_for(devices)
    data = arrange(graph, X, y, sample_weight=sample_weight, class_weight=class_weight)
    check_targets(graph, data)
    size = data.count if batch_size == "all" else batch_size
    check_whole(batch_size=size, epochs=epochs)
    check_whole(0, seed=seed)
    check_numbers(learning_rate=learning_rate, l1=l1, l2=l2)
    numbers = chosen_settings(optimum, settings or {}, l1, l2)
    order = seed if shuffle else None
    course = Course(data.count, min(size, data.count), epochs, learning_rate, schedule, order)
    started = initialised(graph, seed)
    with precision(kind):
        training = _training(started, data, optimum, numbers, kind, shared)
        check_agreement(_mark(started, data, course, (optimizer, kind, *numbers.items())))
        return training.fit(course, start)


# ---- what is to be done ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Course:
    """The steps ahead, of `size` points; `seed` None: the points in the order in which they came."""

    points: int
    size: int
    epochs: int
    rate: float
    schedule: Schedule
    seed: int | None

    @property
    def steps_an_epoch(self) -> int:
        """The last step of an epoch may have fewer points."""
        return -(-self.points // self.size)

    def calls(self, width: int) -> Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
        """For each call the points of its steps, how many of these count, and the learning rates.

        The points of a step are a row of `width` places. How many steps a call has depends on the
        course alone, so that all processes make the same calls.
        """
        whole = self.epochs * self.steps_an_epoch
        most = max(1, CALL_POINTS // self.size)
        epochs, rows = iter(range(self.epochs)), np.empty((0, width), np.int32)
        for first in range(0, whole, most):
            count = min(most, whole - first)
            while len(rows) < count:
                more = self._rows(next(epochs), width)
                rows = np.concatenate([rows, more]) if len(rows) else more
            steps = np.arange(first, first + count) % self.steps_an_epoch
            sizes = np.minimum(self.size, self.points - steps * self.size).astype(np.int32)
            yield rows[:count], sizes, rates(self.schedule, self.rate, first, count, whole)
            rows = rows[count:]

    def _rows(self, epoch: int, width: int) -> NDArray[np.int32]:
        """The steps of an epoch; its order comes from the seed and its number alone, as in `run.Run`."""
        order = np.arange(self.points)
        if self.seed is not None:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.points)
        # What fills up is a point of the same batch, with the weight 0: another's loss might overflow.
        last = order[(self.steps_an_epoch - 1) * self.size]
        missing = self.steps_an_epoch * self.size - self.points
        rows = np.append(order, [last] * missing).astype(np.int32).reshape(-1, self.size)
        return np.concatenate([rows, np.repeat(rows[:, :1], width - self.size, axis=1)], axis=1)


def _mark(graph: Graph, data: Data, course: Course, chosen: tuple[object, ...]) -> int:
    """A checksum of all that must be the same in every process."""
    schedule = course.schedule if isinstance(course.schedule, str) else "a function"
    numbers = (course.points, course.size, course.epochs, course.rate, course.seed, schedule)
    found = crc32(repr((numbers, chosen)).encode())
    starts = {q.name: floats(q.value) for q in graph.parameters if q.value is not None}
    for name, array in {**starts, **arrays_of(data)}.items():
        found = crc32(np.ascontiguousarray(array).tobytes(), crc32(name.encode(), found))
    return found


# ---- the run -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Training:
    """A graph, and on the devices its data and the optimiser's numbers.

    `compiled`: by the number of steps in a call.
    """

    graph: Graph
    steps: Steps
    devices: Devices
    data: Mapping[str, Array]
    numbers: Mapping[str, Array]
    compiled: dict[int, Callable[..., Any]] = field(default_factory=dict[int, Callable[..., Any]])

    def fit(self, course: Course, start: float) -> Fit:
        """Take all steps; `start`: when the work on this fit began."""
        standing, losses = self._start(), list[float]()
        ended: Literal["done", "interrupted"] = "done"
        compiling, spent = perf_counter() - start, 0.0
        try:
            for order, sizes, rate in course.calls(self.devices.padded(course.size)):
                given = (standing, *self._placed(order, sizes, rate), self.data, self.numbers)
                begun = perf_counter()
                steps = self._ready(given)
                ready = perf_counter()
                after, here = steps(*given)
                found = np.asarray(here)
                compiling, spent = compiling + ready - begun, spent + perf_counter() - ready
                self._check(found, after[0], len(losses), course)
                standing = after
                losses += found.tolist()
        except KeyboardInterrupt:
            ended = "interrupted"
        parameters = {name: np.asarray(array).copy() for name, array in standing[0].items()}
        graph, history = self.graph.with_values(**parameters), _history(losses, course)
        epochs, steps = len(history), len(losses)
        return Fit(graph, parameters, history, (), spent, compiling, epochs, steps, ended)

    def _start(self) -> Standing:
        """Every parameter, the optimiser's states for each, from 0, and its running numbers."""
        put, whole, kind = self.devices.put, self.devices.whole, self.steps.dtype
        learned, zeros = dict[str, Array](), dict[str, Array]()
        for name, shape in self.steps.gradient.shapes.items():
            value = self.graph[name].value
            assert value is not None
            learned[name] = put(floats(value).astype(kind).reshape(shape), whole)
            zeros[name] = put(np.zeros(shape, kind), whole)
        runs = self.steps.optimizer.runs.items()
        starts = {name: put(np.asarray(float(first), kind), whole) for name, (first, _) in runs}
        return learned, dict.fromkeys(self.steps.optimizer.states, zeros), starts

    def _placed(
        self, order: NDArray[Any], sizes: NDArray[Any], rate: NDArray[Any]
    ) -> tuple[Array, Array, Array]:
        put, devices = self.devices.put, self.devices
        rate = rate.astype(self.steps.dtype)
        return put(order, devices.split), put(sizes, devices.whole), put(rate, devices.whole)

    def _ready(self, given: tuple[Any, ...]) -> Callable[..., Any]:
        """The compiled steps of a call; one of another length is compiled again."""
        count = len(given[1])
        if count not in self.compiled:
            jitted = jax_module().jit(self.steps, out_shardings=self.devices.whole)
            self.compiled[count] = jitted.lower(*given).compile()
        return self.compiled[count]

    def _check(
        self, losses: NDArray[Any], learned: Mapping[str, Array], before: int, course: Course
    ) -> None:
        """Raise `DivergenceError` at the first step whose loss, or whose updates, aren't finite."""
        bad = np.flatnonzero(~np.isfinite(losses))
        finite = all(np.isfinite(np.asarray(array)).all() for array in learned.values())
        if len(bad) or not finite:
            step = before + (int(bad[0]) if len(bad) else len(losses) - 1)
            what = f"{self.steps.gradient.objective} isn't" if len(bad) else "a parameter isn't"
            raise DivergenceError(
                f"{what} finite in step {step + 1} (epoch {step // course.steps_an_epoch + 1})",
                f"try a learning rate below {course.rate:g}, or scale the data",
            )


def _training(
    graph: Graph,
    data: Data,
    optimizer: Optimizer,
    numbers: Mapping[str, float],
    dtype: str,
    devices: Devices,
) -> _Training:
    """Everything derived, and on the devices."""
    known = functions()
    update = update_program(optimizer, numbers["l1"] > 0, numbers["l2"] > 0, known)
    gradient = batch_gradient(graph, list(data.arrays), known)
    arrays = {name: _narrow(array, dtype) for name, array in arrays_of(data).items()}
    settings = {name: np.asarray(value, dtype) for name, value in numbers.items()}
    return _Training(
        graph,
        Steps(gradient, update, optimizer, dtype),
        devices,
        {name: devices.put(array, devices.whole) for name, array in arrays.items()},
        {name: devices.put(value, devices.whole) for name, value in settings.items()},
    )


def _narrow(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Data as it is put on a device: what is smaller stays so, and is cast where it is used."""
    return array if array.dtype.itemsize < np.dtype(dtype).itemsize else array.astype(dtype)


def _history(losses: Sequence[float], course: Course) -> tuple[float, ...]:
    """The mean loss of each whole epoch."""
    whole = len(losses) // course.steps_an_epoch
    epochs = np.reshape(losses[: whole * course.steps_an_epoch], (whole, course.steps_an_epoch))
    return tuple((epochs.sum(axis=1) / course.points).tolist())
