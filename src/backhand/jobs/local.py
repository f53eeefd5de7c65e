"""Jobs on the cores of this machine, by joblib."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING, Any, TypeVar

from backhand.errors import AskError, WorkerError

if TYPE_CHECKING:
    from backhand.jobs.engine import J, Job, Work

T = TypeVar("T")


class Cores:
    """An engine of `workers` processes, None for one on each core."""

    def __init__(self, workers: int | None) -> None:
        if workers is not None and workers < 1:
            raise AskError(f"workers is {workers}", "give a number from 1, or leave it out")
        self.workers = workers or -1
        self.joblib = _joblib()

    def __enter__(self) -> Cores:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def once(self, work: Work[None], jobs: Sequence[J], stock: Sequence[Any]) -> None:
        """The work done for every job, all of it before this returns."""
        for _ in self.each(work, jobs, stock):
            pass

    def each(self, work: Work[T], jobs: Sequence[J], stock: Sequence[Any]) -> Iterator[tuple[J, T]]:
        """Every job with its result, as they come.

        A worker that is killed takes those of the others with it; what is left is started again
        as long as something gets done. Raises `WorkerError` where nothing does.
        """
        left = {job.key: job for job in jobs}
        while left:
            before = len(left)
            try:
                for key, result in self._round(work, list(left.values()), stock):
                    yield left.pop(key), result
            except self._broken() as error:
                if len(left) == before:
                    raise WorkerError(
                        "the worker processes are killed before anything is done",
                        "there may be too little memory: try fewer workers",
                    ) from error

    def _round(self, work: Work[T], jobs: list[J], stock: Sequence[Any]) -> Iterator[tuple[str, T]]:
        delayed = self.joblib.delayed(_tagged)
        # Copy on write: read-only arrays would be another type to the compiler, and compiled again.
        with self.joblib.parallel_config("loky", inner_max_num_threads=1, mmap_mode="c"):
            parallel = self.joblib.Parallel(
                n_jobs=self.workers,
                return_as="generator_unordered",
                batch_size=1,
            )
            results = parallel(
                delayed(work, os.getpid(), job, *(stock[at] for at in job.uses)) for job in jobs
            )
        try:
            yield from results
        finally:
            with warnings.catch_warnings():
                # Closed early, on Ctrl-C, joblib warns that it had to stop its workers.
                warnings.simplefilter("ignore")
                results.close()

    def _broken(self) -> type[Exception]:
        return import_module("joblib.externals.loky.process_executor").BrokenProcessPool


def _tagged(work: Work[T], client: int, job: Job, *used: Any) -> tuple[str, T]:
    if client != os.getpid():
        _follow(client)
    return job.key, work(job, *used)


@cache
def _follow(client: int) -> None:
    """End this worker when the process that it works for was killed; loky's would linger for minutes."""

    def watch() -> None:
        while os.getppid() == client:
            sleep(0.5)
        os._exit(1)

    # The parent is another process where this worker came by a fork server; then leave it be.
    if os.getppid() == client:
        Thread(target=watch, daemon=True).start()


def _joblib() -> Any:
    try:
        import_module("threadpoolctl")
        return import_module("joblib")
    except ImportError:
        raise AskError(
            "work on several cores needs joblib, which isn't installed",
            'pip install "backhand[train]"',
        ) from None
