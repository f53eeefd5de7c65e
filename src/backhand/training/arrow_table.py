"""Parquet and Arrow files as tables, read by pyarrow in batches of rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError
from backhand.training.cells import check_distinct, located
from backhand.training.gathering import Classes, gathered
from backhand.training.intake import assembled, labels_or_numbers
from backhand.training.table import Table, target_column

ROWS = 1 << 16
"""Rows read together from a Parquet file."""
PANDAS_INDEX = re.compile(r"__index_level_\d+__")
"""How pandas calls the row names that it keeps as a column."""
END = 8
"""The last bytes of a file that are looked at."""


def read_parquet(path: Path, target: str | int | None) -> Table:
    """A Parquet file as a table. Raises `DataError` for a damaged file, or a cell that can't be used."""
    _check_end(path, b"PAR1", "a Parquet file")
    parquet = _pyarrow("pyarrow.parquet", "a Parquet file")
    with _opened(parquet.ParquetFile, path) as file:
        return _read(file.schema_arrow, file.iter_batches(ROWS), target)


def read_arrow(path: Path, target: str | int | None) -> Table:
    """An Arrow or Feather file (version 2) as a table; errors as in `read_parquet`."""
    _check_end(path, b"ARROW1", "an Arrow file")
    arrow = _pyarrow("pyarrow", "an Arrow file")
    with _opened(arrow.memory_map, path) as source, _opened(arrow.ipc.open_file, source) as file:
        every = (file.get_batch(at) for at in range(file.num_record_batches))
        return _read(file.schema, every, target)


def read_stream(path: Path, target: str | int | None) -> Table:
    """An Arrow stream in a file as a table; errors as in `read_parquet`."""
    arrow = _pyarrow("pyarrow", "an Arrow stream")
    with _opened(arrow.memory_map, path) as source, _opened(arrow.ipc.open_stream, source) as file:
        return _read(file.schema, file, target)


def _check_end(path: Path, mark: bytes, kind: str) -> None:
    with path.open("rb") as file:
        file.seek(-min(END, path.stat().st_size), 2)
        if not file.read().endswith(mark):
            raise DataError(
                f"{kind} ends with {mark.decode()}, and this one doesn't: it is cut off",
                "get it again",
            )


def _pyarrow(module: str, kind: str) -> Any:
    try:
        import_module("pyarrow.ipc")
        return import_module(module)
    except ImportError:
        raise DataError(
            f"{kind} is read through pyarrow, which isn't installed",
            'pip install "backhand[data]", or save the table as CSV or .npy',
        ) from None


def _opened(opens: Callable[[Any], Any], place: Any) -> Any:
    try:
        return opens(str(place) if isinstance(place, Path) else place)
    except Exception as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> DataError:
    said = str(error).splitlines() or [type(error).__name__]
    return DataError(f"the file is damaged: {said[0][:200]}", "get it again")


def _read(schema: Any, batches: Iterable[Any], target: str | int | None) -> Table:
    kept = [at for at, name in enumerate(schema.names) if not PANDAS_INDEX.fullmatch(name)]
    columns = tuple(str(schema.names[at]) for at in kept)
    check_distinct(columns)
    at = target_column(target, columns, len(columns))
    classes = Classes() if _is_text(schema.field(kept[at]).type) else None
    blocks = _blocks(_each(batches), kept, columns, at, classes)
    return gathered(blocks, columns, at, classes)


def _is_text(kind: Any) -> bool:
    kind = getattr(kind, "value_type", kind)  # of a dictionary
    return str(kind) in ("string", "large_string", "string_view")


def _each(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches; whatever the library says of a damaged one in our words."""
    every = iter(batches)
    while True:
        try:
            batch = next(every, None)
            if batch is not None:
                # Offsets in a damaged file may point anywhere, and the library follows them.
                batch.validate(full=True)
        except Exception as error:
            raise _damaged(error) from error
        if batch is None:
            return
        yield batch


def _blocks(
    batches: Iterable[Any],
    kept: Sequence[int],
    columns: Sequence[str],
    at: int,
    classes: Classes | None,
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    first = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        parts = [_array(batch.column(place)) for place in kept]
        where = located(columns, "", first)
        goal = labels_or_numbers(parts[at], columns[at], lambda index, w=where: w([index[0], at]))
        yield _features(parts, at, columns, first), _coded(goal, classes)
        first += batch.num_rows


def _features(
    parts: Sequence[NDArray[Any]], at: int, columns: Sequence[str], first: int
) -> NDArray[Any]:
    names = [name for place, name in enumerate(columns) if place != at]
    return assembled(
        [part for place, part in enumerate(parts) if place != at], located(names, "", first)
    )


def _array(column: Any) -> NDArray[Any]:
    try:
        return np.asarray(column.to_numpy(zero_copy_only=False))
    except Exception as error:
        raise _damaged(error) from error


def _coded(goal: NDArray[Any], classes: Classes | None) -> NDArray[Any]:
    """Labels by their numbers, true and false as 1 and 0."""
    if classes is not None:
        return np.fromiter(map(classes.number, goal), np.intp, len(goal))
    return goal.view(np.uint8) if goal.dtype == np.bool_ else goal
