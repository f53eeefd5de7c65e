"""Which points are trained on and which are held out, the same for every model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.comparing.task import Task
from backhand.errors import AskError

Rows: TypeAlias = NDArray[np.intp]
REPEATS = 3
"""How often the points are dealt into folds anew."""
LEAST_POINTS = 20
"""With fewer points than this nothing can be held out that says anything."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One part held out, the rest trained on; both in the order of the data."""

    repeat: int
    fold: int
    training: Rows
    held_out: Rows


def can_hold_out(task: Task) -> bool:
    """Whether there are points enough: `LEAST_POINTS`, and two of each class."""
    return task.count >= LEAST_POINTS and min(task.counts, default=2) >= 2


def splits(task: Task, folds: int, seed: int) -> tuple[Split, ...]:
    """Repeated k-fold cross-validation; of every class each fold gets the same share.

    Raises `AskError` for fewer than two folds and for more than there are points for.

    >>> from backhand.training.table import Table
    >>> from backhand.comparing.task import task_of
    >>> table = Table(np.zeros((20, 1)), np.arange(20) % 2, ("a",), "b")
    >>> found = splits(task_of(table, "even and odd"), 5, seed=0)
    >>> len(found), len(found[0].training), len(found[0].held_out)
    (15, 16, 4)
    """
    if folds < 2:
        raise AskError(f"{folds} folds leave nothing to train on", "give 2 or more")
    most = min(task.count // 2, min(task.counts, default=task.count))
    if folds > most:
        fewest = "the smallest class has" if task.labels else "there are"
        points = min(task.counts, default=task.count)
        raise AskError(f"{fewest} {points} points, too few for {folds} folds", f"give up to {most}")
    return tuple(_dealt(task, folds, seed))


def _dealt(task: Task, folds: int, seed: int) -> Iterator[Split]:
    for repeat in range(REPEATS):
        order = np.random.default_rng([seed, repeat]).permutation(task.count)
        if task.kind == "classes":
            # Like cards: class by class, so that every fold gets the same number, give or take one.
            order = order[np.argsort(task.y[order], kind="stable")]
        fold = np.empty(task.count, dtype=int)
        fold[order] = np.arange(task.count) % folds
        for number in range(folds):
            held_out = fold == number
            yield Split(repeat, number, np.flatnonzero(~held_out), np.flatnonzero(held_out))
