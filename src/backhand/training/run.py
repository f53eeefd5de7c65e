"""One training run: where it stands, and the calls of the loop that take it on.

The loop is called for about a tenth of a second at a time, so that progress shows and Ctrl-C is
heard; how the epochs are cut up changes nothing in the numbers.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import Any, Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from backhand.graph import Graph
from backhand.training.checkpoints import Standing, read_standing, write_standing
from backhand.training.data import Data
from backhand.training.divergence import divergence
from backhand.training.evaluation import mean_loss
from backhand.training.kernel import Kernel
from backhand.training.schedules import Schedule, rates

CALL_SECONDS = 0.1
"""About how long one call of the loop takes."""
CALL_POINTS = 1 << 20
"""The most points in one call: their order is made before it."""
CHECKPOINT_SECONDS = 10.0
"""A checkpoint is written about so often, and at the end."""
Ended = Literal["done", "early", "interrupted"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far training is: epochs done, of how many, the last mean losses, the learning rate."""

    epoch: int
    epochs: int
    loss: float
    validation: float | None
    rate: float


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be done: epochs, the learning rate and its schedule, the seed of the order or None."""

    epochs: int
    learning_rate: float
    schedule: Schedule
    seed: int | None


class Run:
    """A kernel on its way through the epochs.

    `history` and `validation`: the mean losses of the epochs done; `at`: the points done of the
    epoch under way, `partial` the sum of their losses; `best`: the parameters so far that were.
    """

    def __init__(
        self, graph: Graph, data: Data, held: Data | None, kernel: Kernel, course: Course
    ) -> None:
        self.graph, self.data, self.held = graph, data, held
        self.kernel, self.course = kernel, course
        self.history: list[float] = []
        self.validation: list[float] = []
        self.at, self.partial, self.seconds = 0, 0.0, 0.0
        self.best = {name: array.copy() for name, array in kernel.parameters.items()}
        self.best_loss, self.waited = np.inf, 0
        self.checkpoint: Path | None = None
        self._budget = min(64 * kernel.source.plan.batch_size, CALL_POINTS)
        self._order: tuple[int, NDArray[np.int64]] | None = None
        self._saved = perf_counter()

    @property
    def steps_an_epoch(self) -> int:
        """The last step of an epoch may have fewer points."""
        return -(-self.data.count // self.kernel.source.plan.batch_size)

    # ---- the epochs ----------------------------------------------------------------------------

    def train(
        self,
        patience: int | None,
        tolerance: float,
        progress: Callable[[Progress], None] | None,
    ) -> Ended:
        """Take all steps that are left. Raises `DivergenceError` where the loss isn't finite."""
        ended: Ended = "done"
        try:
            while len(self.history) < self.course.epochs:
                if patience is not None and self.waited >= patience:
                    ended = "early"
                    break
                with _heard_later():
                    self._call()
                    if self.at == 0:
                        self._epoch_ended(tolerance)
                if progress is not None:
                    progress(self._progress())
                if perf_counter() - self._saved > CHECKPOINT_SECONDS:
                    self._save()
        except KeyboardInterrupt:
            ended = "interrupted"
        if not self.history:
            self.best = {name: array.copy() for name, array in self.kernel.parameters.items()}
        self._save()
        return ended

    def _call(self) -> None:
        """Several epochs if they are short, one, or a part of one."""
        count, size = self.data.count, self.kernel.source.plan.batch_size
        epoch = len(self.history)
        if self.at == 0 and self._budget >= count:
            rows = 1 if self.held else min(self._budget // count, self.course.epochs - epoch)
            order = np.stack([self._points(epoch + row) for row in range(rows)])
        else:
            wanted = max(1, self._budget // size) * size
            order = self._points(epoch)[None, self.at : self.at + wanted]
        losses = np.zeros(len(order))
        losses[0] = self.partial
        start = perf_counter()
        row, done = self.kernel.take(order, self._rates(epoch, order), losses)
        spent = perf_counter() - start
        self.seconds += spent
        if done < order.shape[1]:
            at = self.at + done
            raise divergence(self, epoch + row, at, order[row, done : done + size])
        if not all(np.isfinite(array).all() for array in self.kernel.parameters.values()):
            raise divergence(self, epoch + row, self.at + done - 1, order[row, :0])
        faster = CALL_SECONDS / max(spent, 1e-6)
        self._budget = int(min(self._budget * min(faster, 4.0) + 1, CALL_POINTS))
        self.at += order.shape[1]
        if self.at == count:
            self.history += [float(loss) / count for loss in losses]
            self.at, self.partial = 0, 0.0
        else:
            self.partial = float(losses[0])

    def _points(self, epoch: int) -> NDArray[np.int64]:
        """The order of an epoch: from the seed and its number alone, so that it can be resumed."""
        if self._order is None or self._order[0] != epoch:
            if self.course.seed is None:
                order = np.arange(self.data.count)
            else:
                rng = np.random.default_rng([self.course.seed, epoch])
                order = rng.permutation(self.data.count)
            self._order = epoch, order.astype(np.int64, copy=False)
        return self._order[1]

    def _rates(self, epoch: int, order: NDArray[np.int64]) -> NDArray[Any]:
        size, course = self.kernel.source.plan.batch_size, self.course
        first = epoch * self.steps_an_epoch + self.at // size
        columns = -(-order.shape[1] // size)
        whole = course.epochs * self.steps_an_epoch
        found = rates(course.schedule, course.learning_rate, first, len(order) * columns, whole)
        return found.reshape(len(order), columns).astype(self.kernel.source.plan.dtype)

    def _epoch_ended(self, tolerance: float) -> None:
        loss = self.history[-1]
        if self.held is not None:
            loss = mean_loss(self.current(), self.held.arrays, self.held.weights)
            self.validation.append(loss)
        if loss < self.best_loss - tolerance or not np.isfinite(self.best_loss):
            self.best_loss, self.waited = loss, 0
            self.best = {name: array.copy() for name, array in self.kernel.parameters.items()}
        else:
            self.waited += 1

    def current(self) -> Graph:
        """The graph with the parameters as they are now."""
        shapes = {name: self.graph[name].shape for name in self.kernel.parameters}
        return self.graph.with_values(
            **{name: self.kernel.parameters[name].reshape(s) for name, s in shapes.items()}
        )

    def _progress(self) -> Progress:
        seen = self.at if self.at else self.data.count
        loss = self.partial / seen if self.at else self.history[-1]
        epoch = len(self.history)
        now = self._rates(max(epoch - (self.at == 0), 0), np.empty((1, 1), np.int64))
        held = self.validation[-1] if self.validation else None
        return Progress(epoch, self.course.epochs, loss, held, float(now[0, 0]))

    # ---- checkpoints ---------------------------------------------------------------------------

    def keep(self, path: Path, resume: bool) -> None:
        """Write checkpoints to a file; `resume`: go on from what it holds, if it is there."""
        self.checkpoint = path
        if resume and path.exists():
            standing = read_standing(path, self.kernel, self._marks())
            self.history, self.validation = list(standing.history), list(standing.validation)
            self.at, self.partial = standing.at, standing.partial
            self.best, self.best_loss = dict(standing.best), standing.best_loss
            self.waited, self.seconds = standing.waited, standing.seconds
        # A place that can't be written to shows now, not after the training.
        self._save()

    def _save(self) -> None:
        if self.checkpoint is not None:
            standing = Standing(
                tuple(self.history),
                tuple(self.validation),
                self.at,
                self.partial,
                self.best,
                self.best_loss,
                self.waited,
                self.seconds,
            )
            write_standing(self.checkpoint, standing, self.kernel, self._marks())
        self._saved = perf_counter()

    def _marks(self) -> Mapping[str, Any]:
        """What must be the same for a run to go on as if it had never stopped."""
        course = self.course
        named = isinstance(course.schedule, str)
        fixed = named and course.schedule == "constant"
        return {
            "points": self.data.count,
            "data": _mark(self.data),
            "learning_rate": course.learning_rate,
            "schedule": course.schedule if named else "a function",
            "epochs": None if fixed else course.epochs,
            "seed": course.seed,
        }


def _mark(data: Data) -> int:
    """A checksum of some rows from all over the data: enough to tell other data, and quick."""
    rows = np.linspace(0, data.count - 1, 64, dtype=np.intp)
    found = 0
    for name, array in data.arrays.items():
        found = crc32(np.ascontiguousarray(array[rows]).tobytes(), crc32(name.encode(), found))
    return found


@contextmanager
def _heard_later() -> Generator[None]:
    """Ctrl-C waits until the block is done, so that arrays and counters stay of the same step."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[FrameType | None] = []

    def hear(_: int, frame: FrameType | None) -> None:
        heard.append(frame)

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if heard and callable(usual):
        usual(signal.SIGINT, heard[0])
