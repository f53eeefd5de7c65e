"""Tables as files of every kind, by the libraries that others write them with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

arrow: Any = pytest.importorskip("pyarrow")
parquet: Any = pytest.importorskip("pyarrow.parquet")
feather: Any = pytest.importorskip("pyarrow.feather")


def write_parquet(path: Path, table: Any) -> None:
    parquet.write_table(table, path, row_group_size=7)


def write_feather(path: Path, table: Any) -> None:
    feather.write_feather(table, str(path), chunksize=7)


def write_file(path: Path, table: Any) -> None:
    with arrow.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table, max_chunksize=7)


def write_stream(path: Path, table: Any) -> None:
    with arrow.ipc.new_stream(str(path), table.schema) as sink:
        sink.write_table(table, max_chunksize=7)


def write_npy(path: Path, array: Any) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def write_npz(path: Path, **named: Any) -> None:
    with path.open("wb") as file:
        np.savez(file, **named)


ARROW = (write_parquet, write_feather, write_file, write_stream)


def whole_files(folder: Path) -> dict[str, bytes]:
    """A small table as each kind of file."""
    matrix = np.random.default_rng(0).normal(size=(20, 3))
    labels = ["low", "mid", "high, \n\u00e9"]
    kind = [labels[k % 3] for k in range(20)]
    table = arrow.table({"a": matrix[:, 0], "b": matrix[:, 1], "c": kind})
    rows = "".join(
        f'{a!r},{b!r},"{c}"\n' for (a, b, _), c in zip(matrix.tolist(), kind, strict=True)
    )
    plain = "".join(f"{a!r};{b!r};{c!r}\r\n" for a, b, c in matrix.tolist())
    path = folder / "whole"
    found: dict[str, bytes] = {"csv": ("a,b,c\n" + rows).encode(), "plain csv": plain.encode()}
    for write in ARROW:
        write(path, table)
        found[write.__name__] = path.read_bytes()
    write_npy(path, matrix)
    found["npy"] = path.read_bytes()
    for save in (np.savez, np.savez_compressed):
        with path.open("wb") as file:
            save(file, X=matrix, y=np.arange(20))
        found[save.__name__] = path.read_bytes()
    return found
