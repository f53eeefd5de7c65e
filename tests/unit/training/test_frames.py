"""Data frames and tensors of other libraries: the same numbers, and errors that name a column."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import backhand
from backhand.errors import DataError
from backhand.graph import Graph
from backhand.training.data import Data, arrange
from backhand.training.table import Table

LINEAR = backhand.network("2 -> 1")
FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
MATRICES = arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.just(2)), elements=FINITE)


def refused(graph: Graph, *given: Any) -> str:
    """What is said of data that can't be used."""
    with pytest.raises(DataError) as caught:
        arrange(graph, *given)
    return str(caught.value)


def bits(data: Data) -> list[tuple[str, str, tuple[int, ...], bytes]]:
    return [(n, a.dtype.str, a.shape, a.tobytes()) for n, a in data.arrays.items()]


class Stream:
    """A table of a library that only knows how to hand over Arrow's stream."""

    def __init__(self, table: Any) -> None:
        self.__arrow_c_stream__ = table.__arrow_c_stream__


class Interchange:
    """A table of a library that only knows the data frame interchange protocol."""

    def __init__(self, table: Any) -> None:
        self.__dataframe__ = table.__dataframe__


@settings(max_examples=30, deadline=None)
@given(MATRICES)
def test_polars_and_torch_give_the_same(matrix: Any) -> None:
    polars: Any = pytest.importorskip("polars")
    torch: Any = pytest.importorskip("torch")
    want = bits(arrange(LINEAR, matrix, matrix[:, 0]))
    frame = polars.DataFrame({"a": matrix[:, 0], "b": matrix[:, 1]})
    assert bits(arrange(LINEAR, frame, frame["a"])) == want
    assert bits(arrange(LINEAR, torch.tensor(matrix), torch.tensor(matrix[:, 0]))) == want


@pytest.mark.parametrize("wrapped", [Stream, Interchange])
def test_a_table_of_any_other_library_comes_through_arrow(
    wrapped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrow: Any = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.interchange")
    table = arrow.table({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    data = arrange(LINEAR, wrapped(table))
    assert data.arrays["x"].tolist() == [[1, 3], [2, 4]]
    assert data.columns == ("a", "b")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "is read through pyarrow, which isn't installed; pip install" in refused(
        LINEAR, wrapped(table)
    )


def test_a_frame_that_breaks_is_an_error_that_teaches() -> None:
    class Broken:
        columns = ("a", "b")
        iloc = None

    assert "the data frame can't be read" in refused(LINEAR, Broken())


def test_columns_that_are_called_like_the_graphs_numbers_go_to_those() -> None:
    pandas: Any = pytest.importorskip("pandas")
    graph = backhand.model("u ∈ R\nv ∈ R\ny ∈ R\nw = 1\nJ = (y - w u v)^2")
    frame = pandas.DataFrame({"extra": [9, 9], "v": [3.0, 4.0], "u": [1.0, 2.0]})
    data = arrange(graph, frame, [1, 2])
    assert data.arrays["u"].tolist() == [1, 2]
    assert data.arrays["v"].tolist() == [3, 4]
    table = Table(np.array([[3.0, 1.0], [4.0, 2.0]]), np.array([1, 2]), ("v", "u"), "y")
    assert bits(arrange(graph, table)) == bits(data)
    assert "X has no column for the graph's v; the columns are" in refused(graph, frame[["u"]])
    assert "2 data quantities, and X is one array; give a dict: 'u': ..." in refused(
        graph, [[1, 2]]
    )


def test_a_cell_of_a_frame_is_named_by_its_column() -> None:
    pandas: Any = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [1.0, 2.0], "name": ["u", "v"]})
    assert "row 1, column 'name' of x is 'u', not a number" in refused(LINEAR, frame)
    frame = pandas.DataFrame({"age": pandas.array([1, None], "Int64"), "size": [1, 2]})
    assert "row 2, column 'age' of x has no value" in refused(LINEAR, frame)
    twice = pandas.DataFrame([[1, 2]], columns=["a", "a"])
    assert "columns 1 and 2 are both called 'a'" in refused(LINEAR, twice)
    born = pandas.DataFrame({"born": pandas.to_datetime(["2020-01-01"]), "b": [1]})
    assert "row 1, column 'born' of x is a date" in refused(LINEAR, born)
    assert "x has no columns" in refused(LINEAR, pandas.DataFrame())


def test_what_must_be_computed_or_filled_in_first() -> None:
    sparse: Any = pytest.importorskip("scipy.sparse")
    polars: Any = pytest.importorskip("polars")
    assert "a sparse matrix isn't read; give X.toarray()" in refused(LINEAR, sparse.eye(2).tocsr())
    lazy = polars.DataFrame({"a": [1], "b": [2]}).lazy()
    assert "give X.collect()" in refused(LINEAR, lazy)


def test_a_dask_frame_is_computed_first() -> None:
    pandas: Any = pytest.importorskip("pandas")
    dask: Any = pytest.importorskip("dask.dataframe")
    frame = dask.from_pandas(pandas.DataFrame({"a": [1], "b": [2]}), npartitions=1)
    assert "the data frame isn't computed yet; give X.compute()" in refused(LINEAR, frame)
