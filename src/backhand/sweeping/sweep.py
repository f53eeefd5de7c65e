"""A sweep: every network with every choice of settings and seeds, spread, scored and recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from os import PathLike

from backhand.errors import AskError
from backhand.graph import Graph, Role
from backhand.jobs.engine import Engine, EngineName
from backhand.jobs.engine import engine as engine_of
from backhand.sweeping.choices import Choice, choices
from backhand.sweeping.database import Database, Record, writing
from backhand.sweeping.networks import Network, networks
from backhand.sweeping.points import Points, divided, fingerprint
from backhand.sweeping.scoring import ACCURACY, R_SQUARED
from backhand.sweeping.summary import Group, ranked, table
from backhand.sweeping.trials import Job, run, warm
from backhand.training.data import arrange


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is: runs done, of these failed, and all; those recorded before count too."""

    done: int
    failed: int
    total: int


@dataclass(frozen=True, slots=True)
class Results:
    """The runs of a sweep, in the order of the grid."""

    runs: tuple[Record, ...]

    def best(self, count: int = 10) -> tuple[Group, ...]:
        """The best settings, each with its runs over the seeds, the best mean score first."""
        return ranked(self.runs)[:count]

    def __str__(self) -> str:
        return table(self.runs)


def sweep(
    given: str | Graph | Sequence[str | Graph],
    X: object,
    y: object = None,
    grid: Mapping[str, object] | None = None,
    *,
    seeds: int | Sequence[int] = 1,
    held_out: float = 0.2,
    loss: str | None = None,
    database: str | PathLike[str] | None = None,
    name: str = "data",
    keep_parameters: bool = False,
    engine: EngineName = "joblib",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Results:
    """Train every network with every combination of settings, and score it on points held out.

    `given`: graphs, or words that are completed to fit the data; see `networks.networks`. `grid`:
    a setting of `choices.GRID` to one value or several. `held_out`: the part of the points for the
    score, the same for all runs. `database`: the file that the runs are recorded in; what it holds
    is not done again. `engine`: the cores of this machine (`workers` of them), or a Dask cluster
    at `scheduler`. A run that fails is recorded with its error. A graph's parameters that have
    values start from these with every seed. Raises `AskError` and `DataError` before anything runs.

    >>> found = sweep("2 tanh", [[0, 0], [0, 1], [1, 0], [1, 1]] * 5, [0, 1, 1, 0] * 5,
    ...               {"learning_rate": [0.1, 1.0], "epochs": 5}, workers=1)
    >>> [(run.choice.learning_rate, run.status) for run in found.runs]
    [(0.1, 'done'), (1.0, 'done')]
    """
    several = [given] if isinstance(given, str | Graph) else list(given)
    every = choices(grid or {}, seeds)
    made = networks(several, X, y, loss)
    points, places = _divided(made, X, y, held_out)
    stock = (*(network.graph for network in made), *points)
    mark = fingerprint(X, y)
    planned: dict[str, tuple[Job, Record]] = {}
    for at, network in enumerate(made):
        measure = ACCURACY if points[places[at]].classes else R_SQUARED
        for choice in every:
            key = _key(mark, held_out, network, choice)
            record = Record(key, name, mark, held_out, network.label, measure, choice)
            planned[key] = Job(key, at, len(made) + places[at], choice, keep_parameters), record
    chosen = engine_of(engine, workers, scheduler)
    with writing(database) as kept:
        kept.plan(record for _, record in planned.values())
        _carry_out({key: job for key, (job, _) in planned.items()}, stock, kept, chosen, progress)
        return Results(kept.records(list(planned)))


def _key(mark: str, held_out: float, network: Network, choice: Choice) -> str:
    """A mark of everything that decides what a run gives."""
    text = json.dumps([mark, held_out, network.mark, asdict(choice)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


# ---- the data ----------------------------------------------------------------------------------


def _divided(
    made: Sequence[Network], X: object, y: object, held_out: float
) -> tuple[list[Points], list[int]]:
    """The points, equal ones once, and for each network the place of its own."""
    points: list[Points] = []
    places: list[int] = []
    for network in made:
        data = arrange(network.graph, X, y)
        if not data.arrays.keys() & {q.name for q in network.graph.with_role(Role.TARGET)}:
            raise AskError("there is no target", "give y")
        found = divided(network.graph, data, held_out)
        at = next((at for at, other in enumerate(points) if other.same(found)), len(points))
        if at == len(points):
            points.append(found)
        places.append(at)
    return points, places


# ---- carrying it out ---------------------------------------------------------------------------


def _carry_out(
    jobs: Mapping[str, Job],
    stock: Sequence[Graph | Points],
    kept: Database,
    chosen: AbstractContextManager[Engine],
    progress: Callable[[Progress], None] | None,
) -> None:
    """Do what isn't done yet, each result recorded as it comes."""
    states = [record.status for record in kept.records(list(jobs))]
    left = [job for job, state in zip(jobs.values(), states, strict=True) if state == "waiting"]
    done, failed = len(jobs) - len(left), states.count("failed")
    if progress is not None:
        progress(Progress(done, failed, len(jobs)))
    if not left:
        return
    with chosen as engine:
        engine.once(warm, _shared(left), stock)
        for job, outcome in engine.each(run, left, stock):
            kept.record(job.key, outcome)
            done, failed = done + 1, failed + (outcome.error is not None)
            if progress is not None:
                progress(Progress(done, failed, len(jobs)))


def _shared(jobs: Sequence[Job]) -> list[Job]:
    """One job of each shape that several have: its loop is compiled before they are spread."""
    shapes: dict[object, list[Job]] = {}
    for job in jobs:
        shapes.setdefault(job.shape, []).append(job)
    return [several[0] for several in shapes.values() if len(several) > 1]
