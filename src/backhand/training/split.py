"""Points held out from training, chosen by a seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backhand.errors import DataError
from backhand.training.tables import Table


def split(table: Table, held_out: float, seed: int) -> tuple[Table, Table | None]:
    """The points to train on and those held out, `held_out` of all; None where that is 0.

    Raises `DataError` where nothing would be left on one of the sides.

    >>> table = Table(np.arange(8.0).reshape(4, 2), np.zeros(4), ("a", "b"), "c")
    >>> [len(part.features) for part in split(table, 0.25, seed=0)]
    [3, 1]
    """
    if not held_out:
        return table, None
    count = len(table.features)
    apart = round(held_out * count)
    if not 0 < apart < count:
        raise DataError(
            f"{held_out:g} of {count} points is {apart}", "leave at least one point on each side"
        )
    order = np.random.default_rng([seed, count]).permutation(count)
    # In the order of the file, so that what is memory-mapped is read from front to back.
    rows, kept = np.sort(order[:apart]), np.sort(order[apart:])
    return _rows(table, kept), _rows(table, rows)


def _rows(table: Table, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Table:
    return replace(table, features=table.features[rows], target=table.target[rows])
