"""The data points of a sweep: what is held out for the score, and a mark that tells data apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError
from backhand.graph import Graph, Role
from backhand.training.cells import blocks
from backhand.training.data import Data
from backhand.training.intake import numbers, values
from backhand.training.table import Table

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """A graph's arrays by name, to train on and held out; `classes`: whether the target is classes."""

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    held: Mapping[str, Array]
    classes: bool

    def same(self, other: Points) -> bool:
        """Whether both hold the same numbers under the same names."""
        return self.classes == other.classes and all(
            mine.keys() == its.keys()
            and all(mine[n].dtype == its[n].dtype and np.array_equal(mine[n], its[n]) for n in mine)
            for mine, its in (
                (self.inputs, other.inputs),
                (self.targets, other.targets),
                (self.held, other.held),
            )
        )


def divided(graph: Graph, data: Data, held_out: float) -> Points:
    """The part `held_out` of the points set apart, the same for every run; classes keep their shares.

    Raises `DataError` where one of the sides would be empty.

    >>> import backhand
    >>> from backhand.training.data import arrange
    >>> graph = backhand.network("1 -> 1 sigmoid")
    >>> data = arrange(graph, [[k] for k in range(8)], [0, 0, 0, 0, 1, 1, 1, 1])
    >>> found = divided(graph, data, 0.25)
    >>> found.held["y"].tolist(), len(found.inputs["x"])
    ([0, 1], 6)
    """
    goals = [q.name for q in graph.with_role(Role.TARGET)]
    sorts = _sorts(data.arrays[goals[0]]) if data.labels is not None else None
    apart = _apart(data.count, sorts, held_out)
    inside = ~apart
    return Points(
        {name: a[inside] for name, a in data.arrays.items() if name not in goals},
        {name: a[inside] for name, a in data.arrays.items() if name in goals},
        {name: a[apart] for name, a in data.arrays.items()},
        data.labels is not None,
    )


def _sorts(target: Array) -> Array:
    """A number for the class of each point."""
    rows = target.reshape(len(target), -1)
    return rows[:, 0] if rows.shape[1] == 1 else rows.argmax(axis=1)


def _apart(count: int, sorts: Array | None, held_out: float) -> NDArray[np.bool_]:
    """Which points are held out: of those in random order, class after class, every so-manieth."""
    if not 0 < held_out < 1:
        raise DataError(f"held_out is {held_out:g}", "give a part between 0 and 1, such as 0.2")
    order = np.random.default_rng(count).permutation(count)
    if sorts is not None:
        order = order[np.argsort(sorts[order], kind="stable")]
    # The small term keeps 0.1 · 10 from falling short of 1.
    taken = np.diff(np.floor(np.arange(count + 1) * held_out + 1e-9)) > 0
    if not 0 < taken.sum() < count:
        raise DataError(
            f"{held_out:g} of {count} points holds out {int(taken.sum())}",
            "leave at least one point on each side",
        )
    apart = np.zeros(count, bool)
    apart[order[taken]] = True
    return apart


# ---- telling data apart ------------------------------------------------------------------------


def fingerprint(X: object, y: object) -> str:
    """A mark of the data: other numbers, labels or column names give another one.

    >>> fingerprint([[1.0], [2.0]], [0, 1]) == fingerprint([[1.0], [2.0]], [0, 2])
    False
    """
    hashed = hashlib.sha256()
    for name, array in _parts(X, y):
        hashed.update(f"{name} {array.dtype} {array.shape};".encode())
        for _, block in blocks(array, 1 << 22):
            plain = block.dtype.kind == "O"
            hashed.update(
                repr(block.tolist()).encode() if plain else np.ascontiguousarray(block).tobytes()
            )
    return hashed.hexdigest()


def _parts(X: object, y: object) -> Iterator[tuple[str, Array]]:
    if isinstance(X, Table):
        yield f"x {X.columns}", X.features
        yield f"y {X.labels}", X.target
    elif isinstance(X, Mapping):
        given = cast("Mapping[str, object]", X)
        yield from (
            (str(name), numbers(given[name], str(name)).array) for name in sorted(given, key=str)
        )
    else:
        taken = numbers(X, "x")
        yield f"x {taken.columns}", taken.array
    if isinstance(y, Mapping):
        goals = cast("Mapping[str, object]", y)
        yield from (
            (str(name), values(goals[name], str(name)).array) for name in sorted(goals, key=str)
        )
    elif y is not None:
        yield "y", values(y, "y").array
