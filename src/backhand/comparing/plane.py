"""Where the models decide for which class, on a plane of the features; or a number's curve.

Of two features it is their own plane; of more, that of the first two principal components through the
mean, if these hold most of the variance: the models are those of all features, asked at its points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.comparing.fits import Fitted, Scale, scale_of
from backhand.comparing.task import Floats, Task

COLUMNS, ROWS = 90, 72
"""The points of the plane at which the models are asked."""
MARGIN = 0.08
LEAST_SHARE = 0.6
"""Where two principal components hold less of the variance, a picture of them would say little."""
MAX_SHOWN = 400
"""Data points in a picture."""
CURVE = 240


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A grid of the plane and the data points on it.

    `across` (COLUMNS,) and `up` (ROWS,): its coordinates. `points`: (n, 2), with their `classes`.
    `names`: of the two axes. `share`: the part of the variance in it, None for the features' own.
    `margins`: for each model (classes or 1, ROWS, COLUMNS), by how much the class is ahead of the next,
    or the output over 1/2; `decided`: (ROWS, COLUMNS), the class.
    """

    across: Floats
    up: Floats
    points: Floats
    classes: NDArray[np.intp]
    names: tuple[str, str]
    share: float | None
    margins: tuple[Floats, ...]
    decided: tuple[NDArray[np.intp], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """A number predicted from one feature: the data points, and each model's curve over `x`."""

    x: Floats
    points: Floats
    curves: tuple[Floats, ...]


def shown_rows(task: Task, seed: int) -> NDArray[np.intp]:
    """The rows of the points in a picture: all, or a sample of them."""
    if task.count <= MAX_SHOWN:
        return np.arange(task.count)
    return np.sort(np.random.default_rng(seed).permutation(task.count)[:MAX_SHOWN])


def plane(task: Task, models: Sequence[Fitted], seed: int) -> Plane | None:
    """The decisions of the models; None where the task is no classes or no plane shows them."""
    if task.kind != "classes" or task.features < 2:
        return None
    scale = scale_of(task.X)
    standard = scale.into(task.X)
    share: float | None = None
    if task.features == 2:
        axes, flat, names = np.eye(2), standard, (task.columns[0], task.columns[1])
    else:
        axes, share = principal(standard)
        if share < LEAST_SHARE:
            return None
        flat, names = standard @ axes.T, ("principal component 1", "principal component 2")
    across, up = _range(flat[:, 0], COLUMNS), _range(flat[:, 1], ROWS)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    asked = scale.back(grid @ axes)
    rows = shown_rows(task, seed)
    margins = tuple(_margins(model, asked) for model in models)
    decided = tuple(model.decided(asked).reshape(ROWS, COLUMNS) for model in models)
    points = flat[rows]
    if share is None:
        across, up, points = _unscaled(scale, across, up, points)
    classes = task.y[rows].astype(np.intp)
    return Plane(across, up, points, classes, names, share, margins, decided)


def principal(standard: Floats) -> tuple[Floats, float]:
    """The first two principal components of points with mean 0, (2, d), and their part of the variance.

    The sign of each is such that its largest entry is positive.
    """
    _, sizes, rows = np.linalg.svd(standard, full_matrices=False)
    axes = rows[:2] * np.sign(rows[np.arange(2), np.abs(rows[:2]).argmax(axis=1)])[:, None]
    return axes, float((sizes[:2] ** 2).sum() / (sizes**2).sum())


def _unscaled(
    scale: Scale, across: Floats, up: Floats, points: Floats
) -> tuple[Floats, Floats, Floats]:
    """Coordinates in the features' own units."""
    own = across * scale.spread[0] + scale.mean[0], up * scale.spread[1] + scale.mean[1]
    return *own, scale.back(points)


def _range(values: Floats, count: int) -> Floats:
    low, high = float(values.min()), float(values.max())
    edge = MARGIN * ((high - low) or 1.0)
    return np.linspace(low - edge, high + edge, count)


def _margins(model: Fitted, X: Floats) -> Floats:
    """By how much each class is ahead of the best other one; of one output, how far it is over 1/2."""
    outputs = model.outputs(X)
    if outputs.shape[1] == 1:
        return (outputs.T - 0.5).reshape(1, ROWS, COLUMNS)
    ordered = np.sort(outputs, axis=1)
    best, second = ordered[:, -1:], ordered[:, -2:-1]
    ahead = np.where(outputs == best, outputs - second, outputs - best)
    return ahead.T.reshape(-1, ROWS, COLUMNS)


def curves(task: Task, models: Sequence[Fitted], seed: int) -> Curves | None:
    """Each model's curve over the one feature; None where there are more, or classes."""
    if task.kind != "numbers" or task.features != 1:
        return None
    x = _range(task.X[:, 0], CURVE)
    rows = shown_rows(task, seed)
    points = np.column_stack([task.X[rows, 0], task.y[rows]])
    return Curves(x, points, tuple(model.outputs(x[:, None])[:, 0] for model in models))
