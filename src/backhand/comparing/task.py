"""What is to be predicted: a table's numbers, and whether its target is classes or a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError, LimitError
from backhand.training.table import Table
from backhand.writing.typesetting import printable

Floats: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["classes", "numbers"]
MAX_CLASSES = 20
"""Whole numbers with more different values than this are numbers, unless one says otherwise."""
LEAST_POINTS = 4
LARGEST = 1e100
"""Larger numbers can't be squared and added up."""
MAX_ENTRIES = 20_000_000
"""Every model is trained on a copy of the data many times over."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Data points and what is to be predicted of them.

    `X`: (N, d). `y`: (N,), a number, or the place of the class in `labels`, from 0. `labels`: the
    classes as a person calls them, () for numbers. `reason`: why the target was taken so.
    """

    title: str
    X: Floats
    y: Floats
    columns: tuple[str, ...]
    target: str
    labels: tuple[str, ...]
    reason: str

    @property
    def kind(self) -> Kind:
        """Whether the target is classes or a number."""
        return "classes" if self.labels else "numbers"

    @property
    def count(self) -> int:
        """The number of points."""
        return len(self.X)

    @property
    def features(self) -> int:
        """The number of features."""
        return self.X.shape[1]

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of points of each class."""
        return tuple(int((self.y == at).sum()) for at in range(len(self.labels)))


def task_of(table: Table, title: str, kind: Kind | None = None) -> Task:
    """A table as a task. `kind`: what the target is; None lets its values decide.

    Raises `DataError` where the target is one value only, a number where classes are wanted or text
    where a number is; `LimitError` for more data than a comparison can train on again and again.

    >>> table = Table(np.eye(4), np.array([0.0, 1.0, 0.0, 1.0]), ("a", "b", "c", "d"), "e")
    >>> task_of(table, "small").labels
    ('0', '1')
    """
    if table.features.size > MAX_ENTRIES:
        raise LimitError(
            f"{table.features.size} numbers are over {MAX_ENTRIES} for a comparison",
            "give a sample of the rows",
        )
    if len(table.features) < LEAST_POINTS:
        raise DataError(f"{len(table.features)} points are too few", f"give {LEAST_POINTS} or more")
    X = np.ascontiguousarray(table.features, dtype=np.float64)
    columns = table.columns or tuple(f"feature {n}" for n in range(1, X.shape[1] + 1))
    labels, y, reason = _goal(table, kind)
    _check_size(X, columns)
    _check_size(y[:, None], (table.name,))
    if len(np.unique(y)) < 2:
        raise DataError(f"{table.name} has one value only", "choose another target with --target")
    names, classes = tuple(map(printable, columns)), tuple(map(printable, labels))
    return Task(printable(title), X, y, names, printable(table.name), classes, reason)


def _check_size(values: Floats, names: Sequence[str]) -> None:
    """Raise `DataError` for a column whose variance would overflow."""
    largest = np.abs(values).max(axis=0)
    for name, size in zip(names, largest.tolist(), strict=True):
        if size > LARGEST:
            raise DataError(
                f"{name} has the number {size:.6g}, too large to be standardised",
                f"scale the column so that no number is over {LARGEST:g}",
            )


def _goal(table: Table, kind: Kind | None) -> tuple[tuple[str, ...], Floats, str]:
    """The classes, the target in numbers, and why it was taken so."""
    values, places = np.unique(table.target, return_inverse=True)
    if table.labels is not None:
        if kind == "numbers":
            raise DataError(f"{table.name} is text", "leave out --task numbers")
        present = tuple(table.labels[int(at)] for at in values)
        return _checked(present, table.name), places.astype(float), "its values are text"
    whole = bool(np.all(np.mod(values, 1) == 0))
    few = f"it has {len(values)} different whole numbers"
    if kind == "classes" or (kind is None and whole and len(values) <= MAX_CLASSES):
        names = tuple(f"{value:g}" for value in values.tolist())
        return (
            _checked(names, table.name),
            places.astype(float),
            few if kind is None else "as asked",
        )
    many = f"it has {len(values)} different values"
    return (), np.asarray(table.target, dtype=np.float64), many if kind is None else "as asked"


def _checked(labels: tuple[str, ...], name: str) -> tuple[str, ...]:
    if len(labels) > 5 * MAX_CLASSES:
        raise DataError(
            f"{name} has {len(labels)} classes, over {5 * MAX_CLASSES}", "choose another target"
        )
    return labels


def one_hot(codes: NDArray[Any], classes: int) -> Floats:
    """One column a class, 1 where a point is of it.

    >>> one_hot(np.array([0, 2]), 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return np.eye(classes)[codes.astype(int)]
