"""Text of rows and columns: how it is told apart, what comes out of it, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from backhand.errors import DataError, LimitError
from backhand.training import csv_table, intake
from backhand.training.table import Table
from backhand.training.tables import read_table

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
MATRICES = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(2, 5)), elements=FINITE
)
DELIMITERS = {",": ",", ";": ";", "tab": "\t", "blanks": "  "}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "points.csv"


def table(path: Path, text: str | bytes, target: Any = None) -> Table:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path, target)


def refused(path: Path, text: str | bytes, target: Any = None) -> str:
    with pytest.raises(DataError) as caught:
        table(path, text, target)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    return said.removeprefix(f"{path}: ")


def same(one: Table, two: Table) -> bool:
    return (
        one.features.tobytes() == two.features.tobytes()
        and one.target.tobytes() == two.target.tobytes()
        and (one.columns, one.name, one.labels) == (two.columns, two.name, two.labels)
    )


# ---- numbers -----------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(MATRICES, st.sampled_from(list(DELIMITERS.values())), st.booleans(), st.booleans())
def test_what_is_written_comes_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, matrix: Any, delimiter: str, head: bool, quoted: bool
) -> None:
    names = [f"column_{k}" for k in range(matrix.shape[1])]
    cells = [names] * head + [[repr(x) for x in row] for row in matrix.tolist()]
    mark = '"' if quoted else ""
    text = "\n".join(delimiter.join(f"{mark}{c}{mark}" for c in row) for row in cells)
    found = table(tmp_path_factory.getbasetemp() / "law.csv", text)
    assert found.features.tobytes() == matrix[:, :-1].tobytes()
    assert found.target.tobytes() == matrix[:, -1].tobytes()
    assert found.columns == (tuple(names[:-1]) if head else ())


def test_files_of_other_writers(path: Path) -> None:
    pandas: Any = pytest.importorskip("pandas")
    csv: Any = pytest.importorskip("pyarrow.csv")
    arrow: Any = pytest.importorskip("pyarrow")
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(50, 3)) * 10.0 ** rng.integers(-300, 300, (50, 3))
    frame = pandas.DataFrame(matrix, columns=["a", "b", "c"])
    frame["kind"] = rng.choice(["low", "high, or so", 'said "so"', "ünï\ncode"], 50)
    for write in (
        lambda: frame.to_csv(path, index=False),
        lambda: frame.to_csv(path, index=False, sep=";", quoting=1, lineterminator="\r\n"),
        lambda: frame.to_csv(path, index=False, sep="\t", encoding="utf-8-sig"),
        lambda: csv.write_csv(arrow.Table.from_pandas(frame), path),
    ):
        write()
        found = read_table(path)
        assert found.features.tobytes() == matrix.tobytes()
        assert found.columns == ("a", "b", "c")
        assert found.labels is not None
        assert [found.labels[at] for at in found.target] == frame["kind"].tolist()


def test_files_of_numpy(path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(20, 3))
    for options in ({}, {"delimiter": ","}, {"delimiter": ",", "header": "a,b,c"}):
        np.savetxt(path, matrix, fmt="%.18e", **options)
        found = read_table(path)
        assert np.array_equal(found.features, matrix[:, :2])
        assert found.columns == (("a", "b") if "header" in options else ())


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("label", [False, True])
def test_blocks_make_no_difference(
    path: Path, monkeypatch: pytest.MonkeyPatch, quoted: bool, label: bool
) -> None:
    rng, mark = np.random.default_rng(1), '"' if quoted else ""
    rows = [f"{a!r},{b}" for a, b in rng.normal(size=(300, 2)).tolist()]
    if label:
        rows = [f"{row},{mark}{'abc'[at % 3]}\u00e9{mark}" for at, row in enumerate(rows)]
    text = "\n".join(rows)
    whole = table(path, text)
    for size in (50, 1000, 1001):
        monkeypatch.setattr(csv_table, "BLOCK_BYTES", size)
        assert same(table(path, text), whole)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(FINITE, st.text(st.sampled_from(' ab,;"\n\té?'), min_size=1, max_size=6)),
        min_size=1,
        max_size=8,
    ).filter(lambda rows: all(label.strip(' \n\t?"') for _, label in rows)),
    st.integers(1, 40),
)
def test_any_label_comes_back_whatever_the_blocks(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, str]], size: int
) -> None:
    escaped = [(x, label.replace('"', '""')) for x, label in rows]
    text = "x,kind\n" + "".join(f'{x!r},"{label}"\n' for x, label in escaped)
    place = tmp_path_factory.getbasetemp() / "labels.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_table, "BLOCK_BYTES", size)
        found = table(place, text)
    assert found.labels == tuple(sorted({label.strip() for _, label in rows}))
    assert [found.labels[at] for at in found.target] == [label.strip() for _, label in rows]
    assert found.features.ravel().tolist() == [x for x, _ in rows]


def test_what_numpy_reads_and_what_is_read_cell_by_cell_is_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a;b;kind\n 1; -2.5e-3;u\n\n+.5;1E5 ;v \n0;4; u\n"
    by_numpy = table(path, text)
    monkeypatch.setattr(csv_table, "_at_once", lambda sheet, text: None)
    assert same(table(path, text), by_numpy)
    assert by_numpy.features.tolist() == [[1, -0.0025], [0.5, 1e5], [0, 4]]
    assert by_numpy.labels == ("u", "v")


def test_more_than_fits_the_memory_is_mapped_and_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.random.default_rng(2).normal(size=(500, 4))
    text = "".join(
        f"{','.join(map(repr, row))},{'uv'[at % 2]}\n" for at, row in enumerate(rows.tolist())
    )
    whole = table(path, text)
    monkeypatch.setattr(csv_table, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(intake, "MAX_IN_MEMORY", 4000)
    mapped = table(path, text)
    assert isinstance(mapped.features, np.memmap)
    assert same(mapped, whole)


# ---- the dialect -------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", DELIMITERS.values(), ids=DELIMITERS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_separators_ends_of_lines_and_byte_order_marks(
    path: Path, delimiter: str, end: str, start: str
) -> None:
    text = end.join(
        delimiter.join(row) for row in (["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"])
    )
    found = table(path, start + text + end)
    assert found.features.tolist() == [[1, 2], [4, 5]]
    assert found.target.tolist() == [3, 6]
    assert (found.columns, found.name) == (("a", "b"), "c")


@pytest.mark.parametrize(
    ("text", "columns", "count"),
    [
        ("1,2\n3,4\n", (), 2),
        ("x,y\n1,2\n", ("x",), 1),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", (), 2),
        ("0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n", (), 4),
        ("0,1,2\n.5,.4,.3\n", ("0", "1"), 1),
        ("0,1,kind\n5,4,a\n3,2,b\n", ("0", "1"), 2),
        ("2020,2021\n1,2\n", (), 2),
        ("x 1,y\n1,2\n", ("x 1",), 1),
        ("a,b\n1,x;y\n2,z;w\n", ("a",), 2),
    ],
)
def test_whether_there_is_a_header(
    path: Path, text: str, columns: tuple[str, ...], count: int
) -> None:
    found = table(path, text)
    assert found.columns == columns
    assert len(found.features) == count


@pytest.mark.parametrize(
    ("target", "name", "numbers"),
    [
        (None, "c", [3, 6]),
        ("b", "b", [2, 5]),
        (1, "a", [1, 4]),
        ("2", "b", [2, 5]),
        (np.int64(3), "c", [3, 6]),
    ],
)
def test_the_target_by_name_or_number(path: Path, target: Any, name: str, numbers: Any) -> None:
    found = table(path, "a,b,c\n1,2,3\n4,5,6\n", target)
    assert found.name == name
    assert found.target.tolist() == numbers
    assert found.columns == tuple(c for c in "abc" if c != name)


def test_a_name_that_is_a_number_comes_before_the_number(path: Path) -> None:
    assert table(path, "2,1,x\n5,6,7\n", "1").target.tolist() == [6]


def test_minus_and_none_may_be_classes(path: Path) -> None:
    assert table(path, "1,+\n2,-\n3,none\n").labels == ("+", "-", "none")


# ---- mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("a,b\n", "there is a header and no rows; give at least one data point"),
        ("a\n1\n", "there is one column; a table needs features and a target"),
        ("a,b\n1,2\n\n,4\n", "row 2 (line 4), column 'a' has no value; fill it in"),
        ("a,b\n1,NA\n", "row 1 (line 2), column 'b' has no value"),
        ("a,b\nnan,1\n", "row 1 (line 2), column 'a' has no value"),
        ("a,b\n1,x\n2,?\n", "row 2 (line 3), column 'b' has no value"),
        ("1,2\n3,4\n5,six\n", "row 3, column 2 is 'six', not a number; write all labels as text"),
        (
            "a,b\n1,2\nx,3\n",
            "row 2 (line 3), column 'a' is 'x', not a number; turn it into numbers",
        ),
        ("name,b\nu,2\nv,3\n", "column 'name' is 'u', not a number"),
        ("name,b\nu,2\nv,3\n", "leave the column out; if it is the target, name it as the target"),
        ("a,b\n1_000,2\n", "is '1_000', not a number"),
        (
            "a,b\ninf,2\n",
            "row 1 (line 2), column 'a' is 'inf', infinite; put a finite number there",
        ),
        ("a,b\n1,-1e999\n", "column 'b' is '-1e999', infinite"),
        ("a;b\n1,5;2\n", "column 'a' is '1,5', not a number; write a decimal point: 1.5"),
        ("a;b\n1.000,5;2\n", "write a decimal point: 1000.5"),
        ("a;b\n1;2,5\n", "column 'b' is '2,5', not a number; write a decimal point: 2.5"),
        ("a,b\n1,2\n3\n4,5\n", "row 2 (line 3) has 1 cell, the header 2; give every row the same"),
        ("1,2\n3,4,5\n", "row 2 has 3 cells, the first row 2"),
        (
            "a,b\n1,2\n3",
            "row 2 (line 3) has 1 cell, the header 2, and there the file ends; it is cut",
        ),
        ("a,a\n1,2\n", "columns 1 and 2 are both called 'a'; rename one"),
        (",a,b\n0,1,2\n", "column 1 has no name in the header; name it, or leave it out (pandas:"),
        ('a,b\n1,"x\n2,y\n', "line 2: a quote is opened and never closed"),
        ('a,b\n1,"x"y\n', "line 2: ',' expected after '\"'"),
        ("a,b\n1,2\né,3\n".encode("latin-1"), "line 3 holds the byte 0xE9, which is no UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "the file is text in UTF-16; save the file as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "the file is no text, nor a table that I know"),
        (b"a,b\n1,\x00\n" * 100, "the file is no text"),
    ],
)
def test_mistakes_are_named_with_their_place(path: Path, text: str | bytes, said: str) -> None:
    assert said in refused(path, text)


def test_a_mistake_in_a_later_block_has_its_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_table, "BLOCK_BYTES", 64)
    rows = ["a,b"] + ["1,2"] * 500
    rows[301] = "1,two"
    assert "row 301 (line 302), column 'b' is 'two'" in refused(path, "\n".join(rows))
    quoted = "\n".join(rows).replace("1,2", '1,"2"')
    assert "row 301 (line 302), column 'b' is 'two'" in refused(path, quoted)
    rows[301] = "1,\ufffd"
    latin = "\n".join(rows).encode().replace("\ufffd".encode(), b"\xe9")
    assert "line 302 holds the byte 0xE9" in refused(path, latin)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("hieght", "there is no column 'hieght'; did you mean 'height'?"),
        ("HEIGHT", "did you mean 'height'?"),
        ("zzz", "the columns are 'age', 'height'"),
        (0, "there is no column 0; the columns are 1 to 2"),
        ("3", "there is no column 3"),
        (-1, "there is no column -1"),
        (1.5, "there is no column '1.5'"),
        (True, "there is no column 'True'"),
    ],
)
def test_a_target_that_isnt_there(path: Path, target: Any, said: str) -> None:
    assert said in refused(path, "age,height\n1,2\n", target)


def test_a_target_by_name_where_there_are_no_names(path: Path) -> None:
    assert "the columns have no names: give a number from 1 to 2" in refused(path, "1,2\n", "y")


def test_a_row_without_an_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "BLOCK_BYTES", 100)
    monkeypatch.setattr(csv_table, "MAX_ROW_BYTES", 1000)
    for text in ("1," * 2000, 'a,b\n1,"' + "x\n" * 2000):
        with pytest.raises(LimitError, match="begins a row of over 1000 bytes"):
            table(path, text)


def test_more_texts_than_there_can_be_classes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backhand.training.gathering.MAX_CLASSES", 100)
    rows = "\n".join(f"{k},name {k}" for k in range(200))
    assert "the target has over 100 different texts" in refused(path, rows)


def test_no_room_on_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(intake, "MAX_IN_MEMORY", 10)
    monkeypatch.setattr("backhand.training.gathering.tempfile.TemporaryFile", full)
    said = refused(path, "1,2\n3,4\n")
    assert "No space left on device; set TMPDIR to a folder with more room" in said
