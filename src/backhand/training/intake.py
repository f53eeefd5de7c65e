"""What a person hands over as one NumPy array with column names: arrays, lists, data frames, tensors.

Libraries are recognised by the methods of their objects, so none of them is imported. An array is
copied only where its layout or its kind of number asks for it, a memory-mapped one never.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from backhand.errors import BackhandError, DataError
from backhand.training.cells import (
    BLOCK,
    REPLACE,
    Where,
    check_distinct,
    check_finite,
    is_missing,
    located,
    shown,
)
from backhand.values import untracked

NUMBERS = "turn it into numbers first, or leave the column out"
MAX_IN_MEMORY = 1 << 30
"""Bytes of a table's numbers; beyond that they stay on the disk, memory-mapped."""


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """One array, first axis the point, and the names of its columns, () where it has none."""

    array: NDArray[Any]
    columns: tuple[str, ...]


def numbers(given: object, name: str) -> Intake:
    """Anything array-like as finite numbers; `name` is what messages call it.

    The array is C-contiguous or memory-mapped and keeps its type of number (bools become 0 and 1).
    Raises `DataError` for a missing or infinite entry, text, dates, ragged rows, no rows.

    >>> numbers([[1, 2], [3, 4]], "x").array.shape
    (2, 2)
    """
    frame = columns_of(given)
    if frame is None:
        where = located((), name)
        array = _kept(_numeric(_array(given, name), where))
        _check_rows(array, name)
        check_finite(array, where)
        return Intake(array, ())
    columns = tuple(column for column, _ in frame)
    check_distinct(columns)
    if not columns:
        raise DataError(f"{name} has no columns", "give at least one")
    array = assembled([each for _, each in frame], located(columns, name))
    _check_rows(array, name)
    return Intake(array, columns)


def values(given: object, name: str) -> Intake:
    """As `numbers`, but one column of text or bools stays as it is: an object array of labels.

    Raises `DataError` also for a missing label and for text mixed with numbers.

    >>> values(["b", "a"], "y").array.tolist()
    ['b', 'a']
    """
    frame = columns_of(given)
    if frame is not None and len(frame) != 1:
        return numbers(given, name)
    array = _array(given, name) if frame is None else frame[0][1]
    columns = () if frame is None else (frame[0][0],)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        return Intake(numbers(array, name).array, columns)
    return Intake(labels_or_numbers(array, name, located((), name)), columns)


def labels_or_numbers(array: NDArray[Any], name: str, where: Where) -> NDArray[Any]:
    """One column: text as an object array of str, bools as they are, else finite numbers."""
    if array.dtype.kind in "UST":
        array = _decoded(array, name)
    _check_rows(array, name)
    if array.dtype.kind == "O" and _is_text(array):
        return _labels(array, where)
    if array.dtype == np.bool_:
        return array
    array = _kept(_numeric(array, where))
    check_finite(array, where)
    return array


def one_column(given: object, name: str) -> NDArray[np.float64]:
    """Finite numbers along one axis, such as weights.

    >>> one_column([1, 2], "sample_weight")
    array([1., 2.])
    """
    array = numbers(given, name).array
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(f"{name} has the shape {array.shape}", "give one number a row")
    return array.astype(np.float64)


# ---- to columns or an array --------------------------------------------------------------------


def columns_of(given: Any) -> list[tuple[str, NDArray[Any]]] | None:
    """The columns of a data frame of whichever library, by name; None for what is no frame."""
    if hasattr(given, "tocsr"):
        raise DataError("a sparse matrix isn't read", "give X.toarray()")
    if hasattr(given, "collect_schema") and hasattr(given, "collect") and _lazy(given):
        raise DataError("the data frame isn't computed yet", "give X.collect()")
    if hasattr(given, "compute") and hasattr(given, "dask"):
        raise DataError("the data frame isn't computed yet", "give X.compute()")
    if _is_array(given):
        array: NDArray[Any] = given
        fields: tuple[str, ...] | None = array.dtype.names
        return None if fields is None else [(f, array[f]) for f in fields]
    try:
        return _frame(given)
    except BackhandError:
        raise
    except Exception as error:
        raise DataError(f"the data frame can't be read: {_said(error)}") from error


def _is_list(given: object) -> bool:
    return isinstance(given, list | tuple)


def _is_array(given: object) -> bool:
    return isinstance(given, np.ndarray)


def _lazy(given: Any) -> bool:
    return not hasattr(given, "get_columns")


def _frame(given: Any) -> list[tuple[str, NDArray[Any]]] | None:
    if hasattr(given, "iloc") and hasattr(given, "columns"):  # pandas
        series = [given.iloc[:, k].to_numpy() for k in range(len(given.columns))]
        return [(str(c), s) for c, s in zip(given.columns, series, strict=True)]
    if hasattr(given, "get_columns"):  # polars
        return [(str(s.name), s.to_numpy()) for s in given.get_columns()]
    if hasattr(given, "column_names") and hasattr(given, "column"):  # pyarrow
        made = [_plain(given.column(k)) for k in range(len(given.column_names))]
        return [(str(c), m) for c, m in zip(given.column_names, made, strict=True)]
    if hasattr(given, "__dataframe__") or _streams_rows(given):
        return _frame(_through_arrow(given))
    return None


def _streams_rows(given: Any) -> bool:
    """Whether it is some other library's table: a series streams too, but knows `to_numpy`."""
    return hasattr(given, "__arrow_c_stream__") and not hasattr(given, "to_numpy")


def _through_arrow(given: Any) -> Any:
    try:
        arrow: Any = import_module("pyarrow")
    except ImportError:
        raise DataError(
            f"a {type(given).__name__} is read through pyarrow, which isn't installed",
            'pip install "backhand[data]", or give a NumPy array',
        ) from None
    if hasattr(given, "__arrow_c_stream__"):
        return arrow.table(given)
    interchange: Any = import_module("pyarrow.interchange")
    return interchange.from_dataframe(given)


def _plain(column: Any) -> NDArray[Any]:
    """A column of pyarrow: chunked ones convert, single arrays only where a copy is allowed."""
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _array(given: Any, name: str) -> NDArray[Any]:
    """An array, a series, a tensor or nested lists as an array of at least one axis."""
    if given is None:
        raise DataError(f"there is no {name}", "give an array with a row for each data point")
    if np.ma.isMaskedArray(given):
        _check_mask(given, name)
        given = given.data
    if is_mapped(given):
        return given
    try:
        # A list with None or with text in it becomes objects, so that each cell keeps its type.
        array: NDArray[Any] = np.asarray(_converted(given))
        if array.dtype.kind in "US" and _is_list(given):
            array = np.asarray(given, dtype=object)
    except Exception as error:
        raise _no_array(given, name, error) from error
    if array.ndim == 0:
        raise DataError(f"{name} is {_article(given)}, no array", "give a row for each data point")
    return array


def is_mapped(given: object) -> bool:
    """Whether it is an array that stays on the disk."""
    return isinstance(given, np.memmap)


def _converted(given: Any) -> Any:
    if hasattr(given, "to_numpy"):
        arrow = hasattr(given, "__arrow_c_array__") or hasattr(given, "chunks")
        is_arrow = type(given).__module__.startswith("pyarrow") and arrow
        return given.to_numpy(zero_copy_only=False) if is_arrow else given.to_numpy()
    return untracked(given)


def _no_array(given: Any, name: str, error: Exception) -> DataError:
    """Why nested lists are no array: the first row whose length differs."""
    rows: Sequence[Any] = given if _is_list(given) else ()
    sizes = [len(row) if hasattr(row, "__len__") else None for row in rows]
    odd = next((i for i, size in enumerate(sizes) if size != sizes[0]), None)
    if odd is not None:
        here, first = (
            "a single value" if sizes[i] is None else f"{sizes[i]} values" for i in (odd, 0)
        )
        return DataError(
            f"row {odd + 1} of {name} has {here}, row 1 has {first}",
            "give every row the same columns",
        )
    return DataError(f"{name} is no array of numbers: {_said(error)}")


def _article(given: object) -> str:
    return (
        f"{shown(given)}" if isinstance(given, str | int | float) else f"a {type(given).__name__}"
    )


def _said(error: Exception) -> str:
    return shown(str(error).splitlines()[0] if str(error) else type(error).__name__)[1:-1]


# ---- to numbers --------------------------------------------------------------------------------


def assembled(parts: Sequence[NDArray[Any]], where: Where) -> NDArray[Any]:
    """Columns side by side as finite numbers.

    They are copied in blocks of rows, so that what is written stays in the cache.
    """
    made = [
        _numeric(_flat(part, at, where), _of_column(at, where)) for at, part in enumerate(parts)
    ]
    out = np.empty((len(made[0]), len(made)), np.result_type(*[m.dtype for m in made]))
    rows = max(1, BLOCK // len(made))
    for start in range(0, len(out), rows):
        for at, column in enumerate(made):
            out[start : start + rows, at] = column[start : start + rows]
    check_finite(out, where)
    return out


def _of_column(column: int, where: Where) -> Where:
    return lambda index: where([index[0], column])


def _flat(part: NDArray[Any], column: int, where: Where) -> NDArray[Any]:
    if part.ndim != 1:
        raise DataError(f"{where([0, column])} holds several numbers", "give each its own column")
    return part


def _numeric(array: NDArray[Any], where: Where) -> NDArray[Any]:
    """The array as integers or floats that the loop takes."""
    first = (0,) * array.ndim
    match array.dtype.kind:
        case "f":
            few, many = array.dtype.itemsize < 4, array.dtype.itemsize > 8
            return _copied(array, np.float32 if few else np.float64) if few or many else array
        case "i" | "u":
            return array
        case "b":
            return array.view(np.uint8)
        case "O":
            return _from_objects(array, where)
        case "U" | "S" | "T" if array.size:
            raise DataError(f"{where(first)} is {shown(array[first])}, not a number", NUMBERS)
        case "M" | "m":
            raise DataError(f"{where(first)} is a date, not a number", NUMBERS)
        case "c":
            raise DataError(f"{where(first)} is a complex number", "give its real part")
        case _ if not array.size:
            return array.astype(np.float64)
        case _:
            raise DataError(f"{where(first)} is {array.dtype}, not a number", NUMBERS)


def _from_objects(array: NDArray[Any], where: Where) -> NDArray[np.float64]:
    for index, cell in _cells(array):
        if is_missing(cell):
            raise DataError(f"{where(index)} has no value", REPLACE)
        if not isinstance(cell, Real | Decimal | np.bool_):
            raise DataError(f"{where(index)} is {shown(cell)}, not a number", NUMBERS)
    try:
        return array.astype(np.float64)
    except (OverflowError, TypeError, ValueError):
        raise DataError(f"a number near {where((0,) * array.ndim)} is beyond float64") from None


def _cells(array: NDArray[Any]) -> Iterator[tuple[tuple[int, ...], Any]]:
    return np.ndenumerate(array)


def _kept(array: NDArray[Any]) -> NDArray[Any]:
    """Memory-mapped arrays as they are, others in C order; both in the machine's byte order."""
    native = array.dtype.newbyteorder("=")
    if is_mapped(array):
        return array if array.dtype == native else _copied(array, native)
    return np.ascontiguousarray(array, dtype=native)


def _copied(array: NDArray[Any], kind: DTypeLike) -> NDArray[Any]:
    """The array as another kind of number; `DataError` where it is on the disk for being too large."""
    if is_mapped(array) and array.nbytes > MAX_IN_MEMORY:
        raise DataError(
            f"an array of {array.dtype} on the disk is too large to be converted",
            "save it as float32 or float64 in this machine's byte order",
        )
    with np.errstate(over="ignore"):  # what overflows is found infinite, and named
        return np.ascontiguousarray(array, dtype=kind)


def _check_rows(array: NDArray[Any], name: str) -> None:
    if not len(array):
        raise DataError(f"{name} has no rows", "give at least one data point")


def _check_mask(array: Any, name: str) -> None:
    mask: NDArray[np.bool_] = np.ma.getmaskarray(array)
    if mask.any():
        where = located((), name)([int(i) for i in np.argwhere(mask)[0]])
        raise DataError(f"{where} has no value: it is masked", REPLACE)


# ---- to labels ---------------------------------------------------------------------------------


def _decoded(array: NDArray[Any], name: str) -> NDArray[Any]:
    try:
        return array.astype(str).astype(object)
    except UnicodeDecodeError:
        raise DataError(f"{name} holds bytes that are no ASCII text", "decode them first") from None


def _is_text(array: NDArray[Any]) -> bool:
    """Whether the first cell that has a value is text or a bool."""
    first = next((cell for cell in array if not is_missing(cell)), None)
    return isinstance(first, str | bool | np.bool_)


def _labels(array: NDArray[Any], where: Where) -> NDArray[Any]:
    kind = str if any(isinstance(cell, str) for cell in array) else bool | np.bool_
    what = "text" if kind is str else "true or false"
    for at, cell in enumerate(array):
        if is_missing(cell) or cell == "":
            raise DataError(f"{where((at,))} has no value", REPLACE)
        if not isinstance(cell, kind):
            raise DataError(
                f"{where((at,))} is {shown(cell)}, and other rows are {what}",
                "write all labels as text, or all as numbers",
            )
    return array
