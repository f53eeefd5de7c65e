"""NumPy's .npy and .npz files as tables. Nothing is ever unpickled: that would run the file's code."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from backhand.errors import DataError, LimitError
from backhand.training import intake
from backhand.training.cells import located, nearest
from backhand.training.gathering import Classes
from backhand.training.intake import columns_of, labels_or_numbers, numbers
from backhand.training.table import Table, column_name, target_column, without

FEATURES = ("x", "data", "features")
TARGETS = ("y", "target", "targets", "label", "labels")
PAIR = "np.savez(path, X=X, y=y) keeps features and target together"


@dataclass(frozen=True, slots=True)
class _Header:
    """What stands before an array's numbers: its shape, its kind, its order."""

    shape: tuple[int, ...]
    fortran: bool
    kind: np.dtype[Any]

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.kind.itemsize

    @property
    def order(self) -> Any:
        return "F" if self.fortran else "C"


def read_npy(path: Path, target: str | int | None) -> Table:
    """An array (N, n) as a table, memory-mapped: its columns are the features and the target.

    Raises `DataError` for a file that is cut off, for Python objects, for a number that is missing.
    """
    with path.open("rb") as file:
        header = _header(file)
        _check_size(header, path.stat().st_size - file.tell())
        mapped = np.memmap(
            path, header.kind, "r", file.tell(), shape=header.shape, order=header.order
        )
    return _of_array(mapped, target)


def read_npz(path: Path, target: str | int | None) -> Table:
    """An archive of X and y as a table, or of one array that holds both. `target` may name y.

    Raises `DataError` as `read_npy` does, and where it can't tell which array is which, `LimitError`
    for one that is too large to be unpacked.
    """
    try:
        with _archive(path) as archive:
            every = {info.filename: info for info in archive.infolist()}
            names = [n.removesuffix(".npy") for n in every if n.endswith(".npy")]
            if not names:
                raise DataError(*_no_arrays(every))
            chosen = names if len(names) == 1 else _pair(names, target)
            arrays = [_member(archive, every[f"{name}.npy"]) for name in chosen]
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"the archive is damaged: {str(error)[:100]}", "get it again") from error
    except Exception as error:
        if isinstance(error, DataError | LimitError | OSError):
            raise
        raise DataError("the archive is damaged", "get it again") from error
    if len(arrays) == 1:
        return _of_array(arrays[0], target)
    return _of_pair(arrays[0], arrays[1], chosen)


# ---- what a file holds -------------------------------------------------------------------------


def _header(file: IO[bytes]) -> _Header:
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, kind = read(file)
    except Exception as error:
        raise DataError(
            "the header of an array is damaged or cut off", "get the file again"
        ) from error
    if kind.hasobject:
        raise DataError(
            "an array holds Python objects, and reading those could run code",
            "save numbers: np.save(path, np.array(X, float))",
        )
    if any(size < 0 for size in shape) or not kind.itemsize:
        raise DataError("the header of an array is damaged", "get the file again")
    return _Header(shape, fortran, kind)


def _check_size(header: _Header, there: int) -> None:
    """Raise `DataError` where numbers are missing at the end, or there are none."""
    if not math.prod(header.shape):
        raise DataError("there are no rows", "give at least one data point")
    if there < header.bytes:
        rows, whole = header.shape[0] if header.shape else 1, header.bytes
        raise DataError(
            f"the header promises {rows} rows, {whole} bytes, and the file ends after {there} of "
            f"them{'' if header.fortran else f', in row {there * rows // whole + 1}'}: it is cut off",
            "get it again",
        )


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise DataError(
            "the archive ends with a list of its arrays, and this one doesn't: it is cut off",
            "get it again",
        ) from error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(info) as file:
        header = _header(file)
        if header.bytes > intake.MAX_IN_MEMORY:
            raise LimitError(
                f"{info.filename} holds {header.bytes} bytes of numbers, too many to be unpacked",
                "save features and target side by side with np.save: such a file stays on the disk",
            )
        data = file.read(header.bytes)
    _check_size(header, len(data))
    return np.frombuffer(data, header.kind).reshape(header.shape, order=header.order)


def _no_arrays(names: dict[str, Any]) -> tuple[str, str]:
    if "[Content_Types].xml" in names or "mimetype" in names:
        return "this is a spreadsheet or a document", "save the sheet as CSV"
    return "the archive holds no arrays", PAIR


def _pair(names: Sequence[str], target: str | int | None) -> list[str]:
    """The names of features and target."""
    goal = target if isinstance(target, str) else _called(names, TARGETS)
    if goal is not None and goal not in names:
        raise DataError(f"there is no array {goal!r}", nearest(goal, names, "arrays"))
    others = [name for name in names if name != goal]
    data = others[0] if len(others) == 1 else _called(others, FEATURES)
    if goal is None or data is None or isinstance(target, int):
        few = ", ".join(names[:8])
        raise DataError(f"I can't tell features and target among the arrays {few}", PAIR)
    return [data, goal]


def _called(names: Sequence[str], known: Sequence[str]) -> str | None:
    return next((n for k in known for n in names if n.lower() == k), None)


# ---- arrays to tables --------------------------------------------------------------------------


def _of_array(array: NDArray[Any], target: str | int | None) -> Table:
    """An array whose columns are features and target; one of records has names for them."""
    frame = columns_of(array)
    if frame is None and array.ndim != 2:
        raise DataError(f"the array has the shape {array.shape}, not (rows, columns)", PAIR)
    columns = () if frame is None else tuple(name for name, _ in frame)
    at = target_column(target, columns, len(columns) if columns else array.shape[1])
    if not columns:
        whole = numbers(array, "").array
        return Table(_all_but(whole, at), whole[:, at], (), column_name(at, columns))
    features, where = numbers(array[list(without(at, columns))], "").array, located(columns, "")
    goal = labels_or_numbers(array[columns[at]], columns[at], lambda i: where([i[0], at]))
    found, labels = _classes(goal)
    return Table(features, found, without(at, columns), columns[at], labels)


def _all_but(array: NDArray[Any], at: int) -> NDArray[Any]:
    """The columns without one: a view where that is the first or the last."""
    if at == array.shape[1] - 1:
        return array[:, :at]
    if at == 0:
        return array[:, 1:]
    if array.nbytes > intake.MAX_IN_MEMORY:
        raise DataError(
            f"column {at + 1} is the target, inside an array too large to be copied",
            "put the target first or last",
        )
    return np.delete(array, at, axis=1)


def _of_pair(X: NDArray[Any], y: NDArray[Any], names: Sequence[str]) -> Table:
    features = numbers(X, names[0]).array
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise DataError(
            f"{names[1]} has the shape {y.shape}, and a table has one target",
            "give one number or label a row",
        )
    goal = labels_or_numbers(y, names[1], located((), names[1]))
    if len(goal) != len(features):
        raise DataError(
            f"{names[0]} has {len(features)} rows, {names[1]} has {len(goal)}",
            "give both the same data points",
        )
    found, labels = _classes(goal)
    return Table(features.reshape(len(features), -1), found, (), names[1], labels)


def _classes(goal: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    if goal.dtype.kind != "O":
        return (goal.view(np.uint8) if goal.dtype == np.bool_ else goal), None
    classes = Classes()
    return classes.sorted(np.fromiter(map(classes.number, goal), np.intp, len(goal)))
