"""Cells of data: where one stands, how it is shown, and whether all of them are numbers.

Rows and columns count from 1. What is scanned may be larger than memory, so it is read in blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError

Where: TypeAlias = Callable[[Sequence[int]], str]
"""Says where an entry stands, from its index."""
BLOCK = 1 << 16
"""Entries looked at together: few enough to stay in the processor's cache."""
MAX_SHOWN = 40
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})
"""Cells that people leave where a number is missing, in lower case."""
REPLACE = "fill it in or leave the row out"


def shown(text: object) -> str:
    """A cell as a message shows it: quoted, short, without control characters.

    >>> shown("a\\x1b[31m" + 50 * "b")
    "'a[31mbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…'"
    """
    # A cell may be megabytes long; only its beginning is looked at.
    start = str(text)[: 4 * MAX_SHOWN]
    clean = "".join(c for c in start if c.isprintable())
    return f"'{clean if len(clean) <= MAX_SHOWN else clean[:MAX_SHOWN] + '…'}'"


def named(column: int, columns: Sequence[str]) -> str:
    """Column number `column`, counted from 0, by its name where it has one.

    >>> named(1, ["age", "height"]), named(1, [])
    ("column 'height'", 'column 2')
    """
    return f"column {shown(columns[column])}" if columns else f"column {column + 1}"


def place(index: Sequence[int], columns: Sequence[str], name: str) -> str:
    """Where an entry stands, from its index counted from 0; `name`: of the array, or "".

    >>> place((16, 2), [], "x"), place((16,), [], "y"), place((0, 1, 1), [], "x")
    ('row 17, column 3 of x', 'row 17 of y', 'row 1, entry (2, 2) of x')
    """
    row = f"row {index[0] + 1}"
    of = f" of {name}" if name else ""
    if len(index) == 1:
        return row + of
    if len(index) == 2:
        return f"{row}, {named(index[1], columns)}{of}"
    return f"{row}, entry ({', '.join(str(i + 1) for i in index[1:])}){of}"


def located(columns: Sequence[str], name: str, first: int = 0) -> Where:
    """`place` for the rows from number `first` on, counted from 0: a block of a longer table.

    >>> located(["age"], "", first=1000)((16, 0))
    "row 1017, column 'age'"
    """
    return lambda index: place((index[0] + first, *index[1:]), columns, name)


def blocks(array: NDArray[Any], entries: int = BLOCK) -> Iterator[tuple[int, NDArray[Any]]]:
    """An array in pieces of about `entries` entries along its first axis, each with its first row."""
    width = max(1, array.size // max(1, len(array)))
    rows = max(1, entries // width)
    for start in range(0, len(array), rows):
        yield start, array[start : start + rows]


def check_finite(array: NDArray[Any], where: Where) -> None:
    """Raise `DataError` naming the first entry that is missing (NaN) or infinite.

    >>> check_finite(np.array([[1, 2], [3, np.nan]]), located(["age", "height"], ""))
    Traceback (most recent call last):
    backhand.errors.DataError: row 2, column 'height' has no value; fill it in or leave the row out
    """
    if array.dtype.kind != "f":
        return
    for start, block in blocks(array):
        good = np.isfinite(block)
        if not good.all():
            index = tuple(int(i) for i in np.argwhere(~good)[0])
            there = where((start + index[0], *index[1:]))
            if np.isnan(block[index]):
                raise DataError(f"{there} has no value", REPLACE)
            raise DataError(f"{there} is infinite", "put a finite number there")


def check_distinct(columns: Sequence[str]) -> None:
    """Raise `DataError` where two columns have one name.

    >>> check_distinct(["age", "age"])
    Traceback (most recent call last):
    backhand.errors.DataError: columns 1 and 2 are both called 'age'; rename one
    """
    first: dict[str, int] = {}
    for at, column in enumerate(columns):
        if column in first:
            raise DataError(
                f"columns {first[column] + 1} and {at + 1} are both called {shown(column)}",
                "rename one",
            )
        first[column] = at


def nearest(wanted: str, known: Sequence[str], what: str) -> str:
    """A mend for a name that isn't there: the nearest one, or the first of those there are.

    >>> nearest("hieght", ["age", "height"], "columns")
    "did you mean 'height'?"
    """
    # difflib compares every pair of letters, which a hostile name or 100,000 columns make slow.
    by_lower = {name[:100].lower(): name for name in known[:1000]}
    near = get_close_matches(wanted[:100].lower(), by_lower, 1)
    return f"did you mean {shown(by_lower[near[0]])}?" if near else listed(known, what)


def listed(known: Sequence[str], what: str) -> str:
    """The names there are, not all of them where they are many.

    >>> listed(["a", "b"], "columns")
    "the columns are 'a', 'b'"
    """
    few = ", ".join(shown(k) for k in known[:12])
    more = f" and {len(known) - 12} more" if len(known) > 12 else ""
    return f"the {what} are {few}{more}"


def is_missing(cell: object) -> bool:
    """Whether an object stands for no value: None, NaN, pandas' NA and NaT.

    >>> is_missing(None), is_missing(float("nan")), is_missing(0)
    (True, True, False)
    """
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, float | np.floating | np.datetime64) and bool(cell != cell)
