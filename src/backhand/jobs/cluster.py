"""Jobs on a Dask cluster: this process alone hands out jobs and takes in results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from logging import CRITICAL, getLogger
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from backhand.errors import AskError, WorkerError

if TYPE_CHECKING:
    from backhand.jobs.engine import J, Job, Work

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds to wait for a scheduler to answer, and for a worker to join."""
LARGE = "distributed.admin.large-graph-warning-threshold"
LOGGERS = ("distributed", "distributed.client")


class Cluster:
    """An engine on the workers of the scheduler at `address`, such as tcp://10.0.0.1:8786.

    The data is kept by the scheduler as a task of its own, so a worker that dies takes nothing
    along that can't be had again. Used as a context; raises `AskError` where no scheduler answers.
    """

    def __init__(self, address: str | None) -> None:
        if not address:
            raise AskError("no scheduler is named", "give its address, such as tcp://10.0.0.1:8786")
        self.address = address
        self.distributed = _package()
        self.sent: list[Any] | None = None
        self.levels: dict[str, int] = {}

    def __enter__(self) -> Cluster:
        # Where a connection breaks, Dask prints tracebacks; what they mean is said by the errors here.
        self.levels = {name: getLogger(name).level for name in LOGGERS}
        self._hush(dict.fromkeys(LOGGERS, CRITICAL))
        try:
            self.client = self.distributed.Client(
                self.address, timeout=PATIENCE, set_as_default=False
            )
        except (OSError, ValueError, TypeError) as error:
            self._hush(self.levels)
            raise AskError(
                f"no Dask scheduler answers at {self.address}", "start one: dask scheduler"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self.sent = None
        self.client.close(timeout=5)
        self._hush(self.levels)

    def _hush(self, levels: Mapping[str, int]) -> None:
        for name, level in levels.items():
            getLogger(name).setLevel(level)

    def once(self, work: Work[None], jobs: Sequence[Job], stock: Sequence[Any]) -> None:
        """The work done for every job on one worker of each machine."""
        sent = self._sent(stock)
        futures = [
            self.client.submit(
                *(work, job, *(sent[at] for at in job.uses)),
                workers=[worker],
                allow_other_workers=True,
                key=_name(job),
            )
            for worker in self._machines()
            for job in jobs
        ]
        for _ in self._watched(self._as_completed(futures)):
            pass

    def each(self, work: Work[T], jobs: Sequence[J], stock: Sequence[Any]) -> Iterator[tuple[J, T]]:
        """Every job with its result, as they come; those of a worker that dies are done by others.

        Raises `AskError` where the scheduler or all workers are gone, `WorkerError` for jobs
        that killed every worker they were tried on, once all others are done.
        """
        self._machines()
        sent = self._sent(stock)
        futures: dict[Any, J] = {
            self.client.submit(work, job, *(sent[at] for at in job.uses), key=_name(job)): job
            for job in jobs
        }
        lost: list[str] = []
        done = self._as_completed(futures)
        for future in self._watched(done):
            try:
                result: T = future.result(timeout=PATIENCE)
            except TimeoutError:
                # It was with a worker that died before it was fetched, and is being done again.
                self._check_workers()
                done.add(future)
            except self.distributed.CancelledError:
                raise self._gone() from None
            except Exception as error:
                lost.append(self._why(error))
            else:
                yield futures.pop(future), result
        if lost:
            raise WorkerError(f"{len(lost)} jobs aren't done: {lost[0]}", "run this again")

    def _why(self, error: Exception) -> str:
        """What went wrong with a job, in words; raises where it would with every other too."""
        if isinstance(error, ModuleNotFoundError):
            raise AskError(
                f"the workers lack a package: {error}", 'pip install "backhand[train,dask]" there'
            ) from error
        if isinstance(error, self.distributed.KilledWorker):
            return "the workers that tried them died, perhaps for lack of memory"
        return f"{type(error).__name__}: {error}"

    def _sent(self, stock: Sequence[Any]) -> list[Any]:
        """The stock as tasks on the scheduler, which can do them again on any worker."""
        if self.sent is None:
            config = import_module("dask.config")
            with config.set({LARGE: "1TiB"}):
                self.sent = [self.client.submit(_itself, each, pure=False) for each in stock]
        return self.sent

    def _machines(self) -> list[str]:
        """The address of one worker on each machine; waits until there is a worker at all."""
        try:
            self.client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise self._none_left() from error
        return list({address.rpartition(":")[0]: address for address in self._workers()}.values())

    def _workers(self) -> list[str]:
        return list(self.client.nthreads())

    def _as_completed(self, futures: Iterable[Any]) -> Any:
        return self.distributed.as_completed(list(futures), loop=self.client.loop)

    def _watched(self, done: Any) -> Iterator[Any]:
        """Futures as they finish; watches that there is still somebody to finish them."""
        seen, pause = monotonic(), 0.001
        while not done.is_empty():
            if done.has_ready():
                yield next(done)
                seen, pause = monotonic(), 0.001
                continue
            sleep(pause)
            pause = min(2 * pause, 0.1)
            if self.client.status != "running":
                raise self._gone()
            if monotonic() - seen > PATIENCE:
                self._check_workers()
                seen = monotonic()

    def _check_workers(self) -> None:
        if not self._workers():
            raise self._none_left()

    def _gone(self) -> AskError:
        return AskError(f"the scheduler at {self.address} is gone", "start it and run this again")

    def _none_left(self) -> AskError:
        return AskError(
            f"the scheduler at {self.address} has no workers",
            f"start some: dask worker {self.address}",
        )


def _itself(given: T) -> T:
    return given


def _name(job: Job) -> str:
    """A name that no other task has, on a scheduler that others use too."""
    return f"backhand-{job.key[:12]}-{uuid4().hex[:12]}"


def _package() -> Any:
    try:
        return import_module("distributed")
    except ImportError:
        raise AskError(
            "the engine dask needs Dask's distributed, which isn't installed",
            'pip install "backhand[dask]"',
        ) from None
