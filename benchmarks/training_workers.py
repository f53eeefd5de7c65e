"""Each contender in a process of its own, so that none inherits another's threads or libraries."""

from __future__ import annotations

import multiprocessing
import traceback
import warnings
from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks.training_cases import WORKLOADS, Layers, order
from benchmarks.training_peers import CONTENDERS, LeftOutError, Loop


class NoAnswerError(Exception):
    """What a contender said instead of an answer."""


class Worker:
    """A contender's process: told to build, to show what it computed, and to be timed."""

    def __init__(self, name: str) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, name), daemon=True)
        self._process.start()

    @property
    def alive(self) -> bool:
        """Whether it can be asked anything more."""
        return self._process.is_alive()

    def build(self, workload: str, batch: int, patience: float) -> float:
        """Seconds that it took. Raises `NoAnswerError`, as the others do."""
        return self._ask(patience, "build", workload, batch)

    def computed(self, steps: int, patience: float) -> list[Layers]:
        """The parameters after so many steps from the start, of each loop."""
        return self._ask(patience, "computed", steps)

    def timed(self, loop: int, steps: int, patience: float) -> float:
        """Seconds of so many steps from the start."""
        return self._ask(patience, "timed", loop, steps)

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()

    def _ask(self, patience: float, *question: object) -> Any:
        try:
            self._pipe.send(question)
            if not self._pipe.poll(patience):
                self.end()
                raise NoAnswerError(f"no answer after {patience:.0f} s")
            well, answer = self._pipe.recv()
        except (EOFError, OSError):
            raise NoAnswerError("its process ended") from None
        if not well:
            raise NoAnswerError(answer)
        return answer


# ---- in the process ----------------------------------------------------------------------------


def _serve(pipe: Any, name: str) -> None:
    warnings.simplefilter("ignore")
    bench = _Bench(name)
    while True:
        try:
            task, *rest = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((True, getattr(bench, task)(*rest)))
        except LeftOutError as reason:
            pipe.send((False, str(reason)))
        except Exception as error:
            last = traceback.format_exception_only(error)[-1].strip().splitlines()
            pipe.send((False, f"failed: {last[0][:200]}"))


class _Bench:
    def __init__(self, name: str) -> None:
        self._build = CONTENDERS[name][1]

    def build(self, workload: str, batch: int) -> float:
        start = perf_counter()
        self._workload, self._batch = WORKLOADS[workload], batch
        self._loops = self._build(self._workload, batch)
        return perf_counter() - start

    def computed(self, steps: int) -> list[Layers]:
        found: list[Layers] = []
        for loop in self._loops:
            self._from_the_start(loop, steps)()
            found.append(loop.layers())
        return found

    def timed(self, loop: int, steps: int) -> float:
        go = self._from_the_start(self._loops[loop], steps)
        start = perf_counter()
        go()
        return perf_counter() - start

    def _from_the_start(self, loop: Loop, steps: int) -> Callable[[], object]:
        loop.put(self._workload.start())
        return loop.ready(order(steps * self._batch))
