"""What is trained on: arrays, lists, frames, tables and labels as the graph's quantities want them."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import backhand
from backhand.errors import BackhandError, DataError
from backhand.graph import Graph
from backhand.training import intake
from backhand.training.data import Data, arrange
from backhand.training.table import Table

SIGMOID = backhand.network("2 -> 2 relu -> 1 sigmoid")
TANH = backhand.network("2 -> 1 tanh")
LINEAR = backhand.network("2 -> 1")
SOFTMAX = backhand.network("2 -> 3 softmax", loss="cross_entropy")
TWO_OUT = backhand.network("2 -> 2", loss="squared_error")
X = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]
TABLE = Table(np.array(X), np.array([0, 2, 1, 0]), ("a", "b"), "kind", ("p", "q", "r"))


def refused(graph: Graph, *given: Any, **options: Any) -> str:
    """What is said of data that can't be used."""
    with pytest.raises(DataError) as caught:
        arrange(graph, *given, **options)
    return str(caught.value)


def bits(data: Data) -> list[tuple[str, str, tuple[int, ...], bytes]]:
    return [(n, a.dtype.str, a.shape, a.tobytes()) for n, a in data.arrays.items()]


# ---- one set of points, however it comes -------------------------------------------------------


FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
MATRICES = arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.just(2)), elements=FINITE)


@settings(max_examples=60, deadline=None)
@given(MATRICES)
def test_a_list_an_array_and_a_frame_of_every_library_are_the_same(matrix: Any) -> None:
    pandas: Any = pytest.importorskip("pandas")
    arrow: Any = pytest.importorskip("pyarrow")
    want = bits(arrange(LINEAR, matrix, matrix[:, 0]))
    columns = {"a": matrix[:, 0].copy(), "b": matrix[:, 1].copy()}
    frame, table = pandas.DataFrame(columns), arrow.table(columns)
    for given_x, given_y in [
        (matrix.tolist(), matrix[:, 0].tolist()),
        (tuple(map(tuple, matrix.tolist())), tuple(matrix[:, :1].tolist())),
        (np.asfortranarray(matrix), matrix[:, :1]),
        (np.repeat(matrix, 2, axis=1)[:, ::2], np.repeat(matrix[:, 0], 2)[::2]),
        (matrix.astype(">f8"), matrix[:, 0].astype(">f8")),
        (frame, frame["a"]),
        (frame, frame[["a"]]),
        (table, table["a"]),
        (table.to_batches()[0], table["a"].chunk(0)),
        ({"x": matrix}, {"y": matrix[:, 0]}),
        (np.ma.masked_array(matrix), np.ma.masked_array(matrix[:, 0])),
        (frame.to_records(index=False), matrix[:, 0]),
        (Table(matrix, matrix[:, 0], (), "y"), None),
    ]:
        assert bits(arrange(LINEAR, given_x, given_y)) == want


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.uint8, np.uint8),
        (np.int64, np.int64),
        (np.float16, np.float32),
        (np.bool_, np.uint8),
    ],
)
def test_the_kind_of_number_is_kept_where_the_loop_can_take_it(kind: Any, kept: Any) -> None:
    data = arrange(LINEAR, np.ones((3, 2), kind))
    assert data.arrays["x"].dtype == kept
    assert (data.arrays["x"] == 1).all()


def test_numbers_that_are_python_objects() -> None:
    mixed = [[True, Fraction(1, 4)], [Decimal("0.5"), np.float32(3)]]
    assert arrange(LINEAR, mixed).arrays["x"].tolist() == [[1, 0.25], [0.5, 3]]


def test_an_array_in_order_is_not_copied() -> None:
    given_x = np.array(X)
    assert np.shares_memory(arrange(LINEAR, given_x).arrays["x"], given_x)


def test_a_memory_mapped_array_stays_on_the_disk(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(3000.0).reshape(1000, 3))
    mapped: Any = np.load(tmp_path / "x.npy", mmap_mode="r")
    data = arrange(LINEAR, mapped[:, :2], mapped[:, 2])
    for name in ("x", "y"):
        array = data.arrays[name]
        assert isinstance(array, np.memmap)
        assert np.shares_memory(array, mapped)


def test_what_is_mapped_and_would_have_to_be_copied_has_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "x.npy", np.ones((100, 2), ">f4"))
    mapped: Any = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert arrange(LINEAR, mapped).arrays["x"].dtype == np.dtype("f4")
    monkeypatch.setattr(intake, "MAX_IN_MEMORY", 100)
    assert "too large to be converted; save it as float32" in refused(LINEAR, mapped)


def test_a_matrix_comes_row_by_row_or_as_it_is() -> None:
    page = "x ∈ R^{2×3}\ny ∈ R\nW_1 = [1, 2, 3]\nW_2 = [1, 1]\nJ = (y - W_2^T x W_1)^2"
    graph = backhand.model(page)
    whole = np.arange(24.0).reshape(4, 2, 3)
    for given_x in (whole, whole.reshape(4, 6)):
        assert np.array_equal(arrange(graph, given_x).arrays["x"], whole)


# ---- targets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "numbers", "labels"),
    [
        (["no", "yes", "no", "yes"], [0, 1, 0, 1], ("no", "yes")),
        ([1, 2, 2, 1], [0, 1, 1, 0], (1, 2)),
        ([-1.0, 1.0, 1.0, -1.0], [0, 1, 1, 0], (-1, 1)),
        ([0, 1, 1, 0], [0, 1, 1, 0], (0, 1)),
        ([True, False, True, True], [1, 0, 1, 1], (False, True)),
        (np.array(["b", "a", "b", "a"]), [1, 0, 1, 0], ("a", "b")),
        (np.array([b"b", b"a", b"b", b"a"]), [1, 0, 1, 0], ("a", "b")),
        ([[3], [7], [7], [3]], [0, 1, 1, 0], (3, 7)),
        ([0.0, 0.3, 0.5, 1.0], [0.0, 0.3, 0.5, 1.0], None),
        ([0.2, 0.8, 0.2, 0.2], [0.2, 0.8, 0.2, 0.2], None),
    ],
)
def test_two_classes_become_the_ends_of_the_sigmoid(y: Any, numbers: Any, labels: Any) -> None:
    data = arrange(SIGMOID, X, y)
    assert data.arrays["y"].ravel().tolist() == numbers
    assert data.labels == labels


@pytest.mark.parametrize("y", [["u", "v", "u", "v"], [0, 1, 0, 1], [-1, 1, -1, 1]])
def test_two_classes_become_the_ends_of_tanh(y: Any) -> None:
    assert arrange(TANH, X, y).arrays["y"].ravel().tolist() == [-1, 1, -1, 1]


def test_scores_with_a_hinge_or_a_logistic_loss_are_two_classes_too() -> None:
    hinge = backhand.model("x ∈ R^2\ny ∈ R\nW = [1, 2]\ns = W^T x\nJ = max(0, 1 - y s)")
    assert arrange(hinge, X, ["u", "v", "u", "v"]).arrays["y"].tolist() == [-1, 1, -1, 1]


@pytest.mark.parametrize(
    ("y", "codes", "labels"),
    [
        (["b", "c", "a", "b"], [1, 2, 0, 1], ("a", "b", "c")),
        ([10, 30, 20, 10], [0, 2, 1, 0], (10, 20, 30)),
        ([2.0, 0.0, 2.0, 0.0], [2, 0, 2, 0], (0, 1, 2)),
    ],
)
def test_several_classes_become_one_hot_rows(y: Any, codes: Any, labels: Any) -> None:
    data = arrange(SOFTMAX, X, y)
    hot = data.arrays["y"]
    assert hot.dtype == np.uint8
    assert hot.tolist() == np.eye(3)[codes].tolist()
    assert data.labels == labels


def test_one_hot_rows_are_kept_as_they_are() -> None:
    rows = np.eye(3)[[0, 2, 1, 1]]
    data = arrange(SOFTMAX, X, rows)
    assert np.array_equal(data.arrays["y"], rows)
    assert data.labels is None


def test_a_frames_categories_are_labels() -> None:
    pandas: Any = pytest.importorskip("pandas")
    series = pandas.Series(["p", "q", "p", "q"], dtype="category")
    assert arrange(SIGMOID, X, series).labels == ("p", "q")


def test_a_table_brings_its_classes_even_those_that_a_part_of_it_lacks() -> None:
    assert arrange(SOFTMAX, TABLE).labels == ("p", "q", "r")
    part = Table(TABLE.features[:1], TABLE.target[:1], TABLE.columns, TABLE.name, TABLE.labels)
    data = arrange(SOFTMAX, part)
    assert data.arrays["y"].tolist() == [[1, 0, 0]]
    assert data.labels == ("p", "q", "r")
    assert data.columns == ("a", "b")


@pytest.mark.parametrize(
    ("graph", "y", "held", "want"),
    [
        (SIGMOID, [1, 2, 1, 2], [2, 2], [1, 1]),
        (SIGMOID, ["n", "p", "n", "p"], ["p"], [1]),
        (TANH, [True, False, True, True], [False, False], [-1, -1]),
        (SOFTMAX, ["a", "b", "c", "a"], ["c", "a"], [[0, 0, 1], [1, 0, 0]]),
        (SOFTMAX, [5, 6, 7, 5], [7.0, 5.0], [[0, 0, 1], [1, 0, 0]]),
    ],
)
def test_points_held_out_have_the_classes_of_the_others(
    graph: Graph, y: Any, held: Any, want: Any
) -> None:
    labels = arrange(graph, X, y).labels
    data = arrange(graph, X[: len(held)], held, labels=labels)
    assert (
        data.arrays["y"]
        .reshape(len(held), -1)
        .squeeze(axis=1 if graph is not SOFTMAX else ())
        .tolist()
        == want
    )
    assert data.labels == labels


@pytest.mark.parametrize(
    ("labels", "held", "said"),
    [
        (
            (1, 2),
            [1, 3],
            "row 2 of y is '3', which is none of the classes; the classes are '1', '2'",
        ),
        (("cat", "dog"), ["dog", "dgo"], "did you mean 'dog'?"),
        (("cat", "dog"), [0, 1], "row 1 of y is '0', which is none of the classes"),
    ],
)
def test_a_label_that_the_others_lack(labels: Any, held: Any, said: str) -> None:
    assert said in refused(SIGMOID, X[:2], held, labels=labels)


@pytest.mark.parametrize(
    ("graph", "y", "said"),
    [
        (SIGMOID, ["a", "b", "c", "a"], "y has more than two classes, and the graph one output"),
        (SIGMOID, ["a"] * 4, "y has one class only, 'a'"),
        (SIGMOID, [0, 1, 2, 5], "row 3 of y is 2, and the graph's output stays between 0 and 1"),
        (SIGMOID, [0.5, 0.1, -0.1, 0], "row 3 of y is -0.1"),
        (LINEAR, ["a", "b", "a", "b"], "row 1 of y is 'a', and the graph predicts a number"),
        (LINEAR, np.ones((4, 2)), "y is one number, and the target has the shape (4, 2)"),
        (SOFTMAX, ["a", "b", "a", "b"], "the target has 2 classes, the graph's y 3 entries"),
        (SOFTMAX, ["a"] * 4, "y has one class only"),
        (SOFTMAX, [0.5, 0.1, 0.2, 0.7], "y has 3 entries, the target one number a row"),
        (SOFTMAX, np.ones((4, 2)), "y has 3 entries, a row of the target 2"),
        (TWO_OUT, [0.5, 0.1, 0.2, 0.7], "give 2 columns"),
        (SIGMOID, ["a", None, "b", "a"], "row 2 of y has no value"),
        (SIGMOID, ["a", "b", 3, "a"], "row 3 of y is '3', and other rows are text"),
        (SIGMOID, [1, 0, "b", 0], "row 3 of y is 'b', not a number"),
        (SIGMOID, [0, 1, np.nan, 1], "row 3 of y has no value"),
        (SIGMOID, [0, 1, 1], "x has 4 rows, y has 3"),
        (SIGMOID, {"z": [0, 1, 0, 1]}, "there is no target 'z'"),
        (SIGMOID, {}, "y has no y; the graph's targets are 'y'"),
    ],
)
def test_targets_that_cant_be_used(graph: Graph, y: Any, said: str) -> None:
    assert said in refused(graph, X, y)


def test_a_table_of_classes_for_the_wrong_network() -> None:
    assert "more than two classes" in refused(SIGMOID, TABLE)
    assert "row 1 of y is 'p', and the graph predicts a number" in refused(LINEAR, TABLE)


# ---- features that can't be used ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_x", "said"),
    [
        ([[1, 2], [3, None]], "row 2, column 2 of x has no value; fill it in or leave the row out"),
        ([[1, 2], [3, np.nan]], "row 2, column 2 of x has no value"),
        ([[1, 2], [np.inf, 4]], "row 2, column 1 of x is infinite"),
        ([[1, 2], [3, "four"]], "row 2, column 2 of x is 'four', not a number"),
        ([[1, 2], [3]], "row 2 of x has 1 values, row 1 has 2"),
        ([[1, 2], 3], "row 2 of x has a single value, row 1 has 2 values"),
        ([[1, 2, 3]], "the data has 3 columns, and the graph's x has 2 entries"),
        ([[1, 2, 3], [1, 3, 4]], "leave the column of ones out: the bias is in the graph"),
        ([1, 2], "x is given one row of 2 numbers without its axis; give [[...]]"),
        ([], "x has no rows"),
        (np.zeros((0, 2)), "x has no rows"),
        (np.zeros((3, 2), complex), "row 1, column 1 of x is a complex number"),
        (np.zeros((3, 2), "M8[s]"), "row 1, column 1 of x is a date, not a number"),
        (np.array([["a", "b"]]), "row 1, column 1 of x is 'a', not a number"),
        (np.full((2, 2), 1e4000, np.longdouble), "row 1, column 1 of x is infinite"),
        ([[10**400, 1]], "beyond float64"),
        (3.0, "x is '3.0', no array"),
        ("abc", "x is 'abc', no array"),
        (None, "there is no x"),
        (object(), "x is a object, no array"),
        (np.zeros((2, 2, 2)), "a point of x has the shape (2,), one given (2, 2)"),
        ({"z": X}, "the graph has no data quantity 'z'"),
        ({}, "X has no x; the graph's data quantities are 'x'"),
        (
            np.ma.masked_array(np.ones((2, 2)), [[0, 0], [1, 0]]),
            "row 2, column 1 of x has no value",
        ),
        (
            np.zeros(2, [("a", "f4", (3,)), ("b", "f4")]),
            "row 1, column 'a' of x holds several numbers",
        ),
    ],
)
def test_features_that_cant_be_used(given_x: Any, said: str) -> None:
    assert said in refused(LINEAR, given_x)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=1), inner),
    ),
    st.one_of(st.none(), st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=2)))),
)
def test_anything_gives_data_or_an_error_that_teaches(given_x: Any, y: Any) -> None:
    with suppress(BackhandError):
        data = arrange(SIGMOID, given_x, y)
        assert data.arrays["x"].shape == (data.count, 2)
        assert np.isfinite(data.arrays["x"]).all()


# ---- several targets, and none -----------------------------------------------------------------


def test_a_graph_with_two_targets_takes_them_by_name() -> None:
    page = "x ∈ R^2\ny_1 ∈ R\ny_2 ∈ R\nW = [1, 2]\nJ = (y_1 - W^T x)^2 + (y_2 - W^T x)^2"
    graph = backhand.model(page)
    data = arrange(graph, X, {"y_1": [1, 2, 3, 4], "y_2": [5, 6, 7, 8]})
    assert data.arrays["y_2"].tolist() == [5, 6, 7, 8]
    assert data.labels is None
    assert "the graph has 2 targets; give y as a dict: 'y_1': ..., 'y_2': ..." in refused(
        graph, X, [1, 2, 3, 4]
    )
    assert "y has no y_2" in refused(graph, X, {"y_1": [1, 2, 3, 4]})
    said = refused(graph, X, {"y_1": [1] * 4, "y_2": [1] * 4}, class_weight="balanced")
    assert "there is no one target" in said


def test_graphs_without_data_or_without_a_target() -> None:
    assert "the graph has no data quantity" in refused(backhand.model("w = 2\nJ = w^2"), X)
    no_target = backhand.model("x ∈ R^2\nW = [1, 2]\nJ = W^T x")
    assert arrange(no_target, TABLE).arrays.keys() == {"x"}
    assert "a target is given, and the graph has none" in refused(no_target, X, [1, 2, 3, 4])


def test_a_table_whose_classes_are_in_another_order_than_those_known() -> None:
    part = Table(TABLE.features[:2], np.array([0, 1]), ("a", "b"), "kind", ("p", "r"))
    data = arrange(SOFTMAX, part, labels=("p", "q", "r"))
    assert data.arrays["y"].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert "'z', which is none of the classes" in refused(
        SOFTMAX, Table(part.features, part.target, (), "kind", ("p", "z")), labels=("p", "q", "r")
    )
