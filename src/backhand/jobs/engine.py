"""What spreads jobs over processes or machines, and what a job must be for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from backhand.errors import AskError
from backhand.jobs.cluster import Cluster
from backhand.jobs.local import Cores

T = TypeVar("T")
J = TypeVar("J", bound="Job")
EngineName: TypeAlias = Literal["joblib", "dask"]
Work: TypeAlias = Callable[..., T]
"""What is done for a job, wherever an engine does it: called with the job and what it uses."""


class Job(Protocol):
    """A piece of work: its key, and the places in the stock of what it uses."""

    @property
    def key(self) -> str: ...

    @property
    def uses(self) -> tuple[int, ...]: ...


class Engine(Protocol):
    """What spreads jobs over processes or machines; used as a context.

    `stock`: what jobs have in common, which is sent once and not with each.
    """

    def once(self, work: Work[None], jobs: Sequence[J], stock: Sequence[Any]) -> None:
        """The work done once on each machine for every job, all of it before this returns."""
        ...

    def each(self, work: Work[T], jobs: Sequence[J], stock: Sequence[Any]) -> Iterator[tuple[J, T]]:
        """Every job with its result, as they come."""
        ...


def engine(
    name: EngineName, workers: int | None, scheduler: str | None
) -> AbstractContextManager[Engine]:
    """The cores of this machine (`workers` of them, None for all), or the cluster of a scheduler.

    Raises `AskError` for a choice that doesn't fit together, and where a package is missing.
    """
    if name == "joblib":
        if scheduler is not None:
            raise AskError("a scheduler is named, and the engine is joblib", 'give engine="dask"')
        return Cores(workers)
    if name == "dask":
        if workers is not None:
            raise AskError("a Dask cluster has the workers it has", "leave workers out")
        return Cluster(scheduler)
    raise AskError(f"there is no engine {name!r}", "give joblib or dask")
