"""How well each model predicts points that it wasn't trained on, and which differences are real."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from backhand.comparing.fits import Course, fitted
from backhand.comparing.intervals import LEVEL, Interval, corrected, exact
from backhand.comparing.models import Candidate
from backhand.comparing.splits import Split
from backhand.comparing.task import Floats, Task

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """The held-out scores of one model, one a split, with the interval of their mean.

    `training`: its mean score on the points that it was trained on. `predicted`: for a number the
    prediction of each point by the model of the first repeat that hadn't seen it, else None.
    """

    name: str
    each: tuple[float, ...]
    interval: Interval
    training: float
    predicted: Floats | None


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better `better` scored than `worse` on the same splits; `beyond`: more than chance.

    The interval's level is such that all pairs hold at once with 95 % (Bonferroni).
    """

    better: str
    worse: str
    interval: Interval

    @property
    def beyond(self) -> bool:
        """Whether 0 is outside the interval."""
        return self.interval.low > 0


def scores(
    models: Sequence[Candidate],
    task: Task,
    splits: Sequence[Split],
    course: Course,
    progress: Progress | None = None,
) -> tuple[Score, ...]:
    """Every model trained and scored on every split."""
    found: list[Score] = []
    for model in models:
        if progress is not None:
            progress(f"{model.name}: {len(splits)} times")
        found.append(_scored(model, task, splits, course))
    return tuple(found)


def _scored(model: Candidate, task: Task, splits: Sequence[Split], course: Course) -> Score:
    each: list[float] = []
    seen: list[float] = []
    predicted = np.zeros(task.count) if task.kind == "numbers" else None
    for split in splits:
        trained = fitted(model, task, course, split.training)
        each.append(trained.score(task.X[split.held_out], task.y[split.held_out]))
        seen.append(trained.score(task.X[split.training], task.y[split.training]))
        if predicted is not None and split.repeat == 0:
            predicted[split.held_out] = trained.outputs(task.X[split.held_out])[:, 0]
    interval = _interval(each, ratio(splits), task)
    return Score(model.name, tuple(each), interval, float(np.mean(seen)), predicted)


def ratio(splits: Sequence[Split]) -> float:
    """Held-out points for each training point."""
    return float(np.mean([len(s.held_out) / len(s.training) for s in splits]))


def _interval(each: Sequence[float], part: float, task: Task) -> Interval:
    """The interval of a mean score, cut at what a score can be."""
    if task.kind == "classes" and min(each) == max(each):
        # Scores that don't differ have no variance, yet a finite number of points is behind them.
        return exact(round(each[0] * task.count), task.count)
    found = corrected(each, part)
    floor = 0.0 if task.kind == "classes" else -np.inf
    return Interval(found.mean, max(found.low, floor), min(found.high, 1.0))


def differences(found: Sequence[Score], part: float) -> tuple[Difference, ...]:
    """Every pair of models, the one with the higher mean first."""
    pairs = list(combinations(found, 2))
    level = 1 - (1 - LEVEL) / max(len(pairs), 1)
    made: list[Difference] = []
    for first, second in pairs:
        better, worse = sorted((first, second), key=lambda s: -s.interval.mean)
        apart = np.subtract(better.each, worse.each).tolist()
        made.append(Difference(better.name, worse.name, corrected(apart, part, level)))
    return tuple(made)
