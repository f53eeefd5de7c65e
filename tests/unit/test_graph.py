from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.unit.calculus.graphs import given, made, two_neurons

from backhand.errors import MeaningError
from backhand.expr import Index, apply, padded, ref, total
from backhand.graph import Graph, Quantity, Role, axes, floats
from backhand.values import MAX_EXACT_ENTRIES, as_value

J, K = Index("j", 1, 2), Index("k", 1, 3)
X = given("x", Role.DATA, [1, 2, 3])
W = given("W", Role.PARAMETER, [[1, 2, 3], [4, 5, 6]])


# ---- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "exact"),
    [
        ([1, 2], [Fraction(1), Fraction(2)]),
        (0.1, Fraction(1, 10)),
        ([[Fraction(1, 3)]], [[Fraction(1, 3)]]),
        (np.array([0.25, -3]), [Fraction(1, 4), Fraction(-3)]),
        ([2**80], [Fraction(2**80)]),
    ],
)
def test_short_numbers_are_exact(data: object, exact: object) -> None:
    value = as_value(data)  # type: ignore[arg-type]
    assert value.dtype == object
    assert value.tolist() == exact


@pytest.mark.parametrize("data", [[1 / 3, 1], np.pi, [1.0, np.inf], np.nan])
def test_long_and_infinite_numbers_are_floats(data: object) -> None:
    value = as_value(data)  # type: ignore[arg-type]
    assert value.dtype == float
    np.testing.assert_array_equal(value, data)  # type: ignore[arg-type]


def test_many_numbers_are_floats_at_once() -> None:
    assert as_value(np.ones(MAX_EXACT_ENTRIES + 1)).dtype == float
    assert as_value(np.ones(9)).dtype == object


def test_fractions_beyond_floats_are_infinite() -> None:
    assert floats(as_value([10**400, -(10**400), 1])).tolist() == [np.inf, -np.inf, 1.0]


def test_a_folded_axis_counts_from_zero() -> None:
    rows, columns = axes(2, 3, folded=True)
    assert ((rows.lower, rows.upper), (columns.lower, columns.upper)) == ((1, 2), (0, 2))
    weights = given("W", Role.PARAMETER, [[1, 2, 3]], folded=True)
    assert (weights.folded, weights.shape, weights.rank, weights.size) == (True, (1, 3), 2, 3)
    assert not W.folded


# ---- what a graph refuses ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        (made("x", ref("x", 1)), "x is defined twice"),
        (made("a", ref("q")), "a uses the unknown q"),
        (made("a", ref("a")), "a uses the unknown a"),
        (made("a", ref("W", J, K), 2), "the index k is on the right of a only"),
        (made("a", ref("x", 4)), "outside x"),
        (made("a", ref("x", 0)), "outside x"),
        (made("a", ref("x")), "outside x"),
        (made("a", ref("x", 1, 1)), "outside x"),
        (made("a", total(Index("m", 0, 3), ref("x", Index("m", 0, 3)))), "outside x"),
        (
            made("a", ref("x", J.named("j")) * ref("x", Index("j", 1, 9)), 2),
            "on the right of a only",
        ),
        (
            made("a", padded("W", (1,), 2) + padded("x", (Index("c", 0, 3),), 2), 2),
            "outside|on the right",
        ),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_graph_that_makes_no_sense_is_an_error(quantity: Quantity, message: str) -> None:
    with pytest.raises(MeaningError, match=message):
        Graph((X, W, quantity))


def test_a_quantity_must_come_after_those_it_uses() -> None:
    a, b = made("a", ref("x", 1)), made("b", apply("relu", ref("a")))
    assert Graph((X, a, b))["b"].definition is b.definition
    with pytest.raises(MeaningError, match="b uses the unknown a"):
        Graph((X, b, a))


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(MeaningError, match="there is no quantity 'q'; the names are x, W"):
        Graph((X, W))["q"]
    assert "q" not in Graph((X, W))
    assert "W" in Graph((X, W))


# ---- equality ----------------------------------------------------------------------------------


def test_graphs_are_equal_in_any_order_that_works() -> None:
    assert Graph((X, W)) == Graph((W, X))
    assert two_neurons() == two_neurons()


@pytest.mark.parametrize(
    "other",
    [
        Graph((X,)),
        Graph((X, W, made("a", ref("x", 1)))),
        Graph((X, given("W", Role.PARAMETER, [[1, 2, 3], [4, 5, 7]]))),
        Graph((X, given("W", Role.DATA, [[1, 2, 3], [4, 5, 6]]))),
        Graph((X, given("W", Role.PARAMETER, [[1, 2, 3], [4, 5, 6]], folded=True))),
        Graph((X, Quantity(name="W", axes=W.axes, role=Role.PARAMETER))),
        Graph((X, W), objective="x"),
    ],
)
def test_graphs_that_differ_in_one_thing_differ(other: Graph) -> None:
    assert Graph((X, W)) != other


def test_a_graph_is_no_other_thing_and_has_no_hash() -> None:
    assert Graph((X,)) != "x"
    with pytest.raises(TypeError):
        hash(Graph((X,)))


# ---- values put in -----------------------------------------------------------------------------


def test_values_put_in_leave_the_graph_as_it_was() -> None:
    graph = Graph((X, W))
    other = graph.with_values(x=[7, 8, 9])
    assert (floats(other["x"].value).tolist(), floats(graph["x"].value).tolist()) == (  # type: ignore[arg-type]
        [7, 8, 9],
        [1, 2, 3],
    )


def test_one_number_fits_any_shape_of_one_entry() -> None:
    graph = Graph((given("s", Role.DATA, 1), given("M", Role.PARAMETER, [[1]])))
    other = graph.with_values(s=[[5]], M=6)
    assert (other["s"].value.shape, other["M"].value.shape) == ((), (1, 1))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"x": [1, 2]}, r"x has the shape \(3,\), the value given \(2,\)"),
        ({"x": [[1, 2, 3]]}, "x has the shape"),
        ({"x": 1}, "x has the shape"),
        ({"W": [[1, 2], [3, 4], [5, 6]]}, "W has the shape"),
        ({"x": [1, [2], 3]}, "no array of numbers"),
        ({"x": "abc"}, "no array of numbers"),
        ({"x": {"a": 1}}, "no array of numbers"),
        ({"a": 1}, "a is defined by an equation"),
        ({"q": 1}, "there is no quantity 'q'"),
    ],
    ids=str,
)
def test_values_that_dont_fit_are_errors(values: dict[str, object], message: str) -> None:
    graph = Graph((X, W, made("a", ref("x", 1))))
    with pytest.raises(MeaningError, match=message):
        graph.with_values(**values)  # type: ignore[arg-type]


def test_data_points_are_counted_from_one() -> None:
    graph = two_neurons(x=[[2, 5], [3, 1]], y=[1, 0])
    assert graph.point_count == 2
    assert floats(graph.at_point(2)["x"].value).tolist() == [3, 1]  # type: ignore[arg-type]
    for wrong in (0, 3, -1):
        with pytest.raises(MeaningError, match="the points are 1 to 2"):
            graph.at_point(wrong)
    assert two_neurons().at_point(1) == two_neurons()


def test_roles() -> None:
    graph = two_neurons()
    assert [q.name for q in graph.parameters] == ["W_1", "W_2"]
    assert [q.name for q in graph.with_role(Role.DATA, Role.TARGET)] == ["x", "y"]
    assert [role for role in Role if role.given] == [Role.DATA, Role.TARGET, Role.PARAMETER]
