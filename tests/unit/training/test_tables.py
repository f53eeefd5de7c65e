"""Files of tables: each kind gives the same numbers, and none a traceback, whatever is wrong with it."""

from __future__ import annotations

import io
import os
import pickle
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.unit.training.table_writers import (
    ARROW,
    write_file,
    write_npy,
    write_npz,
    write_parquet,
)

import backhand
from backhand.errors import BackhandError, LimitError
from backhand.training import arrow_table, intake
from backhand.training.data import arrange
from backhand.training.tables import read_table

arrow: Any = pytest.importorskip("pyarrow")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    # The name says nothing: what a file is stands in its first bytes.
    return tmp_path / "points"


def refused(path: Path, target: Any = None) -> str:
    with pytest.raises(BackhandError) as caught:
        read_table(path, target)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    return said.removeprefix(f"{path}: ")


columnar = pytest.mark.parametrize("write", ARROW)


# ---- numbers -----------------------------------------------------------------------------------


FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)


@settings(max_examples=40, deadline=None)
@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(2, 4)), elements=FINITE))
def test_every_kind_of_file_gives_the_same_bits(
    tmp_path_factory: pytest.TempPathFactory, matrix: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    table = arrow.table({f"c{k}": column for k, column in enumerate(matrix.T)})
    writers: list[Callable[[], None]] = [
        *(lambda write=write: write(path, table) for write in ARROW),
        lambda: write_npy(path, matrix),
        lambda: write_npy(path, np.asfortranarray(matrix)),
        lambda: write_npy(path, matrix.astype(">f8")),
        lambda: write_npz(path, any=matrix),
        lambda: write_npz(path, X=matrix[:, :-1], y=matrix[:, -1]),
        lambda: write_npy(path, np.rec.fromarrays(list(matrix.T), names=table.column_names)),
    ]
    for write in writers:
        write()
        found = read_table(path)
        assert np.ascontiguousarray(found.features).tobytes() == matrix[:, :-1].tobytes()
        assert found.target.tobytes() == matrix[:, -1].tobytes()


@columnar
def test_columns_labels_and_kinds_of_number(path: Path, write: Any) -> None:
    kind = [["low", "mid", "high"][k % 3] for k in range(20)]
    table = arrow.table(
        {
            "whole": arrow.array(range(20), arrow.int32()),
            "kind": arrow.array(kind).dictionary_encode(),
            "part": arrow.array([k / 8 for k in range(20)], arrow.float32()),
            "flag": [k % 2 == 0 for k in range(20)],
            "money": [Decimal(k) / 4 for k in range(20)],
        }
    )
    write(path, table)
    found = read_table(path, "kind")
    want = [[k, k / 8, k % 2 == 0, k / 4] for k in range(20)]
    assert found.features.tolist() == want
    assert found.columns == ("whole", "part", "flag", "money")
    assert found.labels == ("high", "low", "mid")
    assert [found.labels[at] for at in found.target] == kind
    write(path, table.select(["whole", "flag"]))
    found = read_table(path)
    assert (found.features.dtype, found.target.tolist()) == (np.int32, [1, 0] * 10)


def test_what_pandas_writes(path: Path) -> None:
    pandas: Any = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]}, index=[7, 5, 9])
    frame.to_parquet(path)
    found = read_table(path)
    assert (found.columns, found.name) == (("a",), "b")
    assert found.target.tolist() == [0.5, 1.5, 2.5]


@columnar
def test_more_than_fits_the_memory_is_mapped_and_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch, write: Any
) -> None:
    rng = np.random.default_rng(0)
    table = arrow.table(
        {"a": rng.normal(size=500), "b": range(500), "c": rng.choice(["u", "v"], 500)}
    )
    write(path, table)
    whole = read_table(path)
    monkeypatch.setattr(intake, "MAX_IN_MEMORY", 1000)
    monkeypatch.setattr(arrow_table, "ROWS", 50)
    mapped = read_table(path)
    assert isinstance(mapped.features, np.memmap)
    assert np.array_equal(mapped.features, whole.features)
    assert np.array_equal(mapped.target, whole.target)


def test_an_npy_file_is_mapped_and_trains_without_being_copied(path: Path) -> None:
    write_npy(path, np.random.default_rng(0).normal(size=(200, 3)))
    table = read_table(path)
    assert isinstance(table.features, np.memmap)
    assert isinstance(table.target, np.memmap)
    data = arrange(backhand.network("2 -> 1"), table)
    assert np.shares_memory(data.arrays["x"], table.features)
    assert np.shares_memory(data.arrays["y"], table.target)


def test_training_on_what_is_mapped_gives_the_same_bits(path: Path) -> None:
    pytest.importorskip("numba")
    matrix = np.random.default_rng(0).normal(size=(200, 3))
    write_npy(path, matrix)
    graph = backhand.network("2 -> 1", seed=1)
    mapped = graph.fit(read_table(path), epochs=3, seed=5)
    there = graph.fit(matrix[:, :2], matrix[:, 2], epochs=3, seed=5)
    assert mapped.history == there.history


@pytest.mark.parametrize("target", [1, 2, "2", 3])
def test_any_column_of_an_array_may_be_the_target(path: Path, target: Any) -> None:
    matrix = np.arange(12.0).reshape(4, 3)
    write_npy(path, matrix)
    found = read_table(path, target)
    at = int(target) - 1
    assert np.array_equal(found.features, np.delete(matrix, at, axis=1))
    assert np.array_equal(found.target, matrix[:, at])
    assert found.name == f"column {target}"


def test_archives_of_features_and_target(path: Path) -> None:
    images, y = np.arange(24).reshape(3, 2, 4), np.array(["u", "v", "u"])
    write_npz(path, data=images, target=y, more=np.zeros(1))
    found = read_table(path)
    assert np.array_equal(found.features, images.reshape(3, 8))
    assert (found.target.tolist(), found.labels) == ([0, 1, 0], ("u", "v"))
    with path.open("wb") as file:
        np.savez_compressed(file, inputs=images, outputs=[[1], [2], [3]])
    assert read_table(path, "outputs").target.tolist() == [1, 2, 3]


# ---- mistakes ----------------------------------------------------------------------------------


@columnar
@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"a": [1, None], "b": [1, 2]}, "row 2, column 'a' has no value; fill it in"),
        ({"a": [1, 2], "b": ["x", None]}, "row 2, column 'b' has no value"),
        ({"a": [None, None], "b": [1, 2]}, "row 1, column 'a' has no value"),
        ({"a": [1.0, float("nan")], "b": [1, 2]}, "row 2, column 'a' has no value"),
        ({"a": [1.0, float("inf")], "b": [1, 2]}, "row 2, column 'a' is infinite"),
        ({"a": ["u", "v"], "b": [1, 2]}, "row 1, column 'a' is 'u', not a number"),
        ({"a": [date(2020, 1, 1)], "b": [1]}, "row 1, column 'a' is a date, not a number"),
        ({"a": [1], "b": [date(2020, 1, 1)]}, "row 1, column 'b' is a date, not a number"),
        ({"a": [[1, 2]], "b": [1]}, "row 1, column 'a' is '[1 2]', not a number"),
        ({"a": [], "b": []}, "there are no rows"),
        ({"a": [1]}, "there is one column; a table needs features and a target"),
    ],
)
def test_cells_that_cant_be_used(path: Path, write: Any, columns: Any, said: str) -> None:
    write(path, arrow.table(columns))
    assert said in refused(path)


@columnar
def test_names_and_targets(path: Path, write: Any) -> None:
    write(path, arrow.table([[1], [2]], names=["size", "price"]))
    assert "there is no column 'prize'; did you mean 'price'?" in refused(path, "prize")
    write(path, arrow.table([[1], [2], [3]], names=["a", "a", "b"]))
    assert "columns 1 and 2 are both called 'a'; rename one" in refused(path)


@columnar
def test_a_cell_of_a_later_batch_is_named_by_its_row(path: Path, write: Any) -> None:
    numbers = np.arange(100.0)
    numbers[93] = np.nan
    write(path, arrow.table({"a": numbers, "b": range(100)}))
    assert "row 94, column 'a' has no value" in refused(path)
    write(path, arrow.table({"b": range(100), "a": numbers}))
    assert "row 94, column 'a' has no value" in refused(path)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (
            np.arange(3),
            "the array has the shape (3,), not (rows, columns); np.savez(path, X=X, y=y)",
        ),
        (np.zeros((2, 3, 4)), "the array has the shape (2, 3, 4)"),
        (np.array(5.0), "the array has the shape ()"),
        (np.zeros((0, 3)), "there are no rows"),
        (np.zeros((3, 1)), "there is one column"),
        (np.array([[1, 2], [3, np.nan]]), "row 2, column 2 has no value"),
        (np.array([[1, 2], [np.inf, 4]]), "row 2, column 1 is infinite"),
        (np.array([["a", "b"]]), "row 1, column 1 is 'a', not a number"),
        (np.ones((2, 2), complex), "row 1, column 1 is a complex number"),
        (np.zeros((2, 2), "M8[s]"), "row 1, column 1 is a date"),
        (np.zeros(1, [("a", "f4", 2), ("b", "f4")]), "row 1, column 'a' holds several numbers"),
        (np.zeros((2, 2), "V4"), "row 1, column 1 is |V4, not a number"),
    ],
)
def test_arrays_that_cant_be_used(path: Path, array: Any, said: str) -> None:
    write_npy(path, array)
    assert said in refused(path)


class Bomb:
    """What a pickle of it does when it is read."""

    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


def test_python_objects_are_never_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: str) -> None:
        raise AssertionError("the file's code ran")

    objects = np.array([[Bomb(), 1]], dtype=object)
    for write in (
        lambda: write_npy(path, objects),
        lambda: write_npz(path, X=objects, y=np.zeros(1)),
        lambda: path.write_bytes(pickle.dumps(Bomb())),
    ):
        write()
        monkeypatch.setattr(os, "system", run)
        assert "could run code" in refused(path)
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("named", "target", "said"),
    [
        (
            {"u": [[1]], "v": [1], "w": [1]},
            None,
            "can't tell features and target among the arrays u, v, w",
        ),
        ({"X": [[1]], "y": [1]}, 1, "can't tell features and target"),
        ({"X": [[1]], "y": [1]}, "z", "there is no array 'z'; the arrays are 'X', 'y'"),
        ({"X": [[1], [2]], "y": [1]}, None, "X has 2 rows, y has 1"),
        ({"X": [[1]], "y": [[1, 2]]}, None, "y has the shape (1, 2), and a table has one target"),
        ({"X": [[np.nan]], "y": [1]}, None, "row 1, column 1 of X has no value"),
        ({"X": [[1.0]], "y": [np.nan]}, None, "row 1 of y has no value"),
        ({}, None, "the archive holds no arrays"),
    ],
)
def test_archives_that_cant_be_used(path: Path, named: Any, target: Any, said: str) -> None:
    write_npz(path, **named)
    assert said in refused(path, target)


def test_an_archive_that_is_too_large_to_be_unpacked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, X=np.zeros((1000, 100)), y=np.zeros(1000))
    monkeypatch.setattr(intake, "MAX_IN_MEMORY", 10_000)
    with pytest.raises(LimitError, match="holds 800000 bytes of numbers, too many to be unpacked"):
        read_table(path)


def test_a_header_that_promises_more_than_there_is_asks_for_no_memory(path: Path) -> None:
    file = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (1 << 50, 1 << 10)}
    np.lib.format.write_array_header_1_0(file, header)  # type: ignore[arg-type]
    path.write_bytes(file.getvalue())
    assert "the header promises 1125899906842624 rows" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", file.getvalue())
    assert "too many to be unpacked" in refused(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x1f\x8b\x08rest", "the file is compressed with gzip; unpack it first"),
        (b"BZh91AY&SY\x00", "compressed with bzip2"),
        (b"\xfd7zXZ\x00", "compressed with xz"),
        (b"\xd0\xcf\x11\xe0\xa1", "an old spreadsheet; save the table as CSV"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"SQLite format 3\x00", "a database"),
        (b"FEA1\x00\x00", "a Feather file of version 1"),
        (b"\x7fELF\x02\x00\x00", "the file is no text, nor a table that I know"),
        (b"PK\x05\x06" + bytes(18), "the archive holds no arrays"),
    ],
)
def test_other_files_are_called_by_their_names(path: Path, data: bytes, said: str) -> None:
    path.write_bytes(data)
    assert said in refused(path)


def test_a_spreadsheet_is_no_archive_of_arrays(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    assert "this is a spreadsheet or a document; save the sheet as CSV" in refused(path)


def test_a_text_whose_first_column_is_called_like_a_kind_of_file(path: Path) -> None:
    path.write_text("PAR1,PAR2\n1,2\n")
    assert read_table(path).columns == ("PAR1",)


def test_places_that_are_no_files(tmp_path: Path) -> None:
    assert "there is no such file" in refused(tmp_path / "none.csv")
    assert "this is a folder; name a file in it" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "this is no ordinary file" in refused(tmp_path / "pipe")


@pytest.mark.parametrize(("kind", "write"), [("Parquet", write_parquet), ("Arrow", write_file)])
def test_a_missing_library_is_taught(
    path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, write: Any
) -> None:
    write(path, arrow.table({"a": [1], "b": [2]}))
    monkeypatch.setitem(sys.modules, "pyarrow.ipc", None)
    said = refused(path)
    assert f"{kind} file is read through pyarrow, which isn't installed; pip install" in said
