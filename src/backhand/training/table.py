"""A table of numbers: features, a target, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, SupportsIndex

from numpy.typing import NDArray

from backhand.errors import DataError
from backhand.training.cells import nearest, shown


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Features and a target, read from a file or made.

    `features`: (N, n), finite numbers, in memory or memory-mapped. `target`: (N,), numbers, or
    where it is text the place of each label in `labels`, from 0. `columns`: the features' names, ()
    where they have none. `name`: the target's. `labels`: the classes of a text target in sorted
    order, else None.
    """

    features: NDArray[Any]
    target: NDArray[Any]
    columns: tuple[str, ...]
    name: str
    labels: tuple[str, ...] | None = None


def target_column(target: str | int | None, columns: Sequence[str], count: int) -> int:
    """Which of `count` columns is the target, from 0: by its name, by its number from 1, or the last.

    Raises `DataError` for a column that isn't there, and where none is left for the features.

    >>> target_column("height", ["age", "height"], 2), target_column(1, [], 2), target_column(None, [], 2)
    (1, 0, 1)
    """
    if count < 2:
        what = "one column" if count else "no columns"
        raise DataError(f"there is {what}", "a table needs features and a target")
    if target is None:
        return count - 1
    if isinstance(target, str) and target in columns:
        return list(columns).index(target)
    number = _number(target)
    if number is not None and 1 <= number <= count:
        return number - 1
    if number is not None:
        raise DataError(f"there is no column {number}", f"the columns are 1 to {count}")
    known = nearest(str(target), columns, "columns") if columns else ""
    raise DataError(
        f"there is no column {shown(target)}",
        known or f"the columns have no names: give a number from 1 to {count}",
    )


def _number(target: object) -> int | None:
    """The number that the target's column is given by; a name may be digits as well."""
    if isinstance(target, str):
        return int(target) if target.isdecimal() and target.isascii() and len(target) < 10 else None
    if isinstance(target, SupportsIndex) and not isinstance(target, bool):
        return target.__index__()
    return None


def column_name(at: int, columns: Sequence[str]) -> str:
    """A column's name, or its number where it has none.

    >>> column_name(1, ["age", "height"]), column_name(1, [])
    ('height', 'column 2')
    """
    return columns[at] if columns else f"column {at + 1}"


def without(at: int, columns: Sequence[str]) -> tuple[str, ...]:
    """The names of the features: all but the target's."""
    return tuple(name for place, name in enumerate(columns) if place != at)
