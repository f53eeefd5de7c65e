"""One run of a sweep, wherever it happens: trained, scored, and brought back as plain numbers."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError, BackhandError
from backhand.graph import Graph
from backhand.initial import initialised
from backhand.sweeping.choices import Choice
from backhand.sweeping.points import Points
from backhand.sweeping.scoring import score
from backhand.training.data import Data, arrange
from backhand.training.evaluation import mean_loss
from backhand.training.fit import fit
from backhand.training.kernel import kernel
from backhand.training.optimizers import optimizer


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A run: its key, the places of its graph and points in the engine's stock, its settings.

    `keep`: whether the parameters come back.
    """

    key: str
    graph: int
    points: int
    choice: Choice
    keep: bool

    @property
    def uses(self) -> tuple[int, ...]:
        return self.graph, self.points

    @property
    def shape(self) -> tuple[object, ...]:
        """Jobs of one shape run the same compiled loop."""
        c = self.choice
        return self.graph, c.batch_size, c.optimizer, c.dtype, c.l1 > 0, c.l2 > 0


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a run gave: mean losses of its epochs, loss and score on the points held out, or its error.

    `parameters`: a safetensors file's bytes, where they were to be kept. `worker`: host and process.
    """

    losses: tuple[float, ...] = ()
    loss: float | None = None
    score: float | None = None
    seconds: float = 0.0
    compile_seconds: float = 0.0
    parameters: bytes | None = None
    error: str | None = None
    worker: str = ""


def run(job: Job, graph: Graph, points: Points) -> Outcome:
    """Train and score. What Backhand can say about a failure is an outcome, not an exception."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    try:
        with _one_thread():
            return replace(_outcome(job, graph, _writable(points)), worker=worker)
    except BackhandError as error:
        return Outcome(error=f"{type(error).__name__}: {error}", worker=worker)
    except MemoryError as error:
        # Not an outcome: on another day the same run may have the memory it needs.
        raise AskError(
            "a run needs more memory than there is", "try fewer workers or smaller networks"
        ) from error


def warm(job: Job, graph: Graph, points: Points) -> None:
    """Compile a job's loop, so that it lies in the cache; what fails here fails again in the run."""
    c, points = job.choice, _writable(points)
    try:
        data = arrange(graph, points.inputs, points.targets)
        size = data.count if c.batch_size == "all" else min(c.batch_size, data.count)
        kernel(
            initialised(graph, c.seed),
            Data(data.arrays),
            optimizer(c.optimizer),
            batch_size=size,
            dtype=c.dtype,
            settings={},
            l1=c.l1,
            l2=c.l2,
        )
    except BackhandError:
        return


def _outcome(job: Job, graph: Graph, points: Points) -> Outcome:
    c = job.choice
    found = fit(
        graph,
        points.inputs,
        points.targets,
        batch_size=c.batch_size,
        epochs=c.epochs,
        learning_rate=c.learning_rate,
        optimizer=c.optimizer,
        schedule=c.schedule,
        l1=c.l1,
        l2=c.l2,
        seed=c.seed,
        dtype=c.dtype,
    )
    if found.ended == "interrupted":
        # A run cut short mustn't be taken for a finished one.
        raise KeyboardInterrupt
    return Outcome(
        found.history,
        mean_loss(found.graph, points.held),
        score(found.graph, points.held, points.classes),
        found.seconds,
        found.compile_seconds,
        _bytes(found.parameters) if job.keep else None,
    )


def _bytes(parameters: Mapping[str, NDArray[Any]]) -> bytes:
    save = import_module("safetensors.numpy").save
    return save({name: np.ascontiguousarray(array) for name, array in parameters.items()})


def _writable(points: Points) -> Points:
    """Arrays that came over a network may be read-only, which would compile the loop once more."""

    def own(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {n: a if a.flags.writeable else a.copy() for n, a in arrays.items()}

    return replace(points, inputs=own(points.inputs), targets=own(points.targets))


def _one_thread() -> Any:
    """The BLAS of this process limited to one thread: the other cores have runs of their own."""
    # It is limited where it is loaded already, so it is loaded here.
    import_module("scipy.linalg.cython_blas")
    return import_module("threadpoolctl").threadpool_limits(1)
