"""Whether a hyperplane separates two classes: one that does, or a point in both classes' hulls.

Of two finite sets either a hyperplane has them on different sides, or their convex hulls meet
(Boyd and Vandenberghe, Convex Optimization (2004), section 2.5.1). The linear program that looks for
a common point also gives the hyperplane; either answer is checked here by arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from backhand.comparing.fits import scale_of
from backhand.comparing.task import Floats, Task

MAX_POINTS = 5000
MAX_ENTRIES = 1_000_000
"""Larger data isn't asked: the linear program would take longer than the training."""
TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class Separation:
    """`separable`: whether a hyperplane separates; `common`: else a point in both hulls, as it came."""

    separable: bool
    common: tuple[float, ...] = ()


def separation(task: Task) -> Separation | None:
    """The answer for two classes; None for other tasks, for large data, and where neither is certain.

    >>> from backhand.comparing.task import task_of
    >>> from backhand.training.table import Table
    >>> corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> separation(task_of(Table(corners, np.array([0, 1, 1, 0]), ("a", "b"), "xor"), "xor"))
    Separation(separable=False, common=(0.5, 0.5))
    >>> separation(task_of(Table(corners, np.array([0, 0, 0, 1]), ("a", "b"), "and"), "and"))
    Separation(separable=True, common=())
    """
    if len(task.labels) != 2 or task.count > MAX_POINTS or task.X.size > MAX_ENTRIES:
        return None
    scale = scale_of(task.X)
    X = scale.into(task.X)
    first, second = X[task.y == 0], X[task.y == 1]
    if _is_plane(first, second):
        return Separation(True)
    common = _common(first, second)
    return (
        None if common is None else Separation(False, tuple(scale.back(common).round(6).tolist()))
    )


def _is_plane(first: Floats, second: Floats) -> bool:
    """Whether w·x + b <= -1 on one side and >= 1 on the other can be met, and is."""
    X = np.vstack([first, -second])
    ones = np.concatenate([np.ones(len(first)), -np.ones(len(second))])
    size = X.shape[1]
    found: Any = import_module("scipy.optimize").linprog(
        np.zeros(size + 1),
        A_ub=np.column_stack([X, ones]),
        b_ub=-np.ones(len(X)),
        bounds=[(None, None)] * (size + 1),
        method="highs",
    )
    if not found.success:
        return False
    w, b = found.x[:-1], found.x[-1]
    return bool((first @ w + b).max() < 0 < (second @ w + b).min())


def _common(first: Floats, second: Floats) -> Floats | None:
    """A point that is a mean of the one class's points and of the other's, by weights."""
    size = first.shape[1]
    sums = np.zeros((2, len(first) + len(second)))
    sums[0, : len(first)], sums[1, len(first) :] = 1, 1
    found: Any = import_module("scipy.optimize").linprog(
        np.zeros(len(first) + len(second)),
        A_eq=np.vstack([np.hstack([first.T, -second.T]), sums]),
        b_eq=np.concatenate([np.zeros(size), [1.0, 1.0]]),
        bounds=(0, None),
        method="highs",
    )
    if not found.success:
        return None
    one, two = found.x[: len(first)], found.x[len(first) :]
    is_met = np.abs(one @ first - two @ second).max() < TOLERANCE and min(one.min(), two.min()) >= 0
    return one @ first if is_met else None
