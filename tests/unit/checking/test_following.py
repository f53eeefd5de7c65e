"""Follow-through: arrays, layouts, updates on one point and over all, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from tests.answer_pairs import EXAMPLES

import backhand
from backhand.checking.marking import Marker
from backhand.graph import Layout
from backhand.reading.document import worksheet

PAGE = """$$
x = [1; 2; 3]
y = 2
V = [[1,0,2],[0,1,-1]]
w = [[1,2]]
h = V x
p = w h
J = (p - y)^2
$$

1. a
   % ask: derivative J V
2. b
   % ask: gradient J V
3. c
   % ask: derivative J V[1,2]
4. d
   % ask: update V eta=1/10
5. e
   % ask: update V[1,2] eta=1/10
6. f
   % ask: derivative J h
7. g
   % ask: value h
8. h
   % ask: jacobian p h
"""
WRONG = "[1, 7, 3; 4, 5, 6]"
TURNED = "[1, 4; 7, 5; 3, 6]"


def marker(layout: Layout) -> Marker:
    return Marker(worksheet(PAGE), layout=layout)


@pytest.mark.parametrize(
    ("layout", "earlier", "part", "answer"),
    [
        ("numerator", {"2": WRONG}, "5", "-7/10"),
        ("numerator", {"1": TURNED}, "5", "-7/10"),
        ("denominator", {"1": WRONG}, "5", "-7/10"),
        ("denominator", {"1": TURNED}, "5", "-7/10"),
        ("numerator", {"2": WRONG}, "4", "[0.9, -0.7, 1.7; -0.4, 0.5, -1.6]"),
        ("numerator", {"1": TURNED}, "4", "[0.9, -0.7, 1.7; -0.4, 0.5, -1.6]"),
        ("numerator", {"6": "(5, 1)"}, "3", "10"),
        ("numerator", {"6": "(5, 1)"}, "2", "[5, 10, 15; 1, 2, 3]"),
        ("numerator", {"6": "(5, 1)"}, "1", "[5, 1; 10, 2; 15, 3]"),
        ("denominator", {"6": "(5, 1)"}, "1", "[5, 10, 15; 1, 2, 3]"),
        ("numerator", {"7": "(2, 1)"}, "2", "[4, 8, 12; 8, 16, 24]"),
        ("numerator", {"7": "(2, 1)"}, "1", "[4, 8; 8, 16; 12, 24]"),
        ("numerator", {"8": "(3, 2)"}, "3", "36"),
        ("numerator", {"6": "(5, 1)"}, "4", "[1/2, -1, 1/2; -1/10, 4/5, -13/10]"),
    ],
)
def test_arrays_follow_in_both_layouts(
    layout: Layout, earlier: dict[str, str], part: str, answer: str
) -> None:
    ready = marker(layout)
    assert ready.mark(part, answer).verdict != "right"
    made = ready.mark(part, answer, earlier=earlier)
    assert (made.verdict, made.followed) == ("right", True)


@pytest.mark.parametrize(
    ("earlier", "part", "answer"),
    [
        ({"1": TURNED}, "5", "-1/2"),  # the entry that reading by columns as rows would give
        ({"1": TURNED}, "4", "[0.9, -0.4, 1.3; -0.5, 0.7, -1.6]"),
        ({"1": "[1, 2; 3, 4]"}, "5", "-3/10"),
        ({"6": "(5, 1)"}, "1", "[5, 10; 15, 1; 2, 3]"),
        ({"2": "[0, 0, 0; 0, 0, 0]"}, "4", "[1, 0, 2; 0, 1, -1]"),
    ],
)
def test_what_doesnt_follow_isnt_right(earlier: dict[str, str], part: str, answer: str) -> None:
    made = marker("numerator").mark(part, answer, earlier=earlier)
    assert made.verdict != "right"


def test_an_update_over_all_points_follows_from_the_first() -> None:
    ready = Marker(backhand.read(EXAMPLES / "linear-regression.md"))
    graph = ready.part("2.2.1").question.graph
    slopes = -2 * (graph.points["y"].astype(float) - _predicted(graph)) * _data(graph, "x")
    slopes[0] = 4.0  # the student's own sign
    answer = f"{_data(graph, 'w') - 0.1 * slopes.mean():.5f}"
    assert ready.mark("2.2.1", answer).verdict != "right"
    assert ready.mark("2.2.1", answer, earlier={"2.1.1": "4"}).followed


def _data(graph: backhand.Graph, name: str) -> np.ndarray:
    found = graph.points[name] if name in graph.points else graph[name].value
    return np.asarray(found, dtype=float)


def _predicted(graph: backhand.Graph) -> np.ndarray:
    return _data(graph, "w") * _data(graph, "x") + _data(graph, "b")


def test_an_update_on_another_point_doesnt_follow_from_the_first() -> None:
    ready = Marker(backhand.read(EXAMPLES / "logistic-regression.md"))
    made = ready.mark("2.2", "0.5", earlier={"1.4.2": "1/2"})
    assert made.verdict != "right"


# ---- formulas and chains -----------------------------------------------------------------------

TWO = Marker(backhand.read(EXAMPLES / "two-neurons.md"))
MISSING = "dJ/dyhat * db/dW_2[1,1]"


@pytest.mark.parametrize(
    ("part", "answer", "earlier"),
    [
        ("3.2.5", "0.0396", {"3.2.2": "2(y - yhat)"}),
        ("3.2.5", "-2 * 0.9933 * 3", {"3.2.1": MISSING}),
        ("3.2.3b", "yhat + yhat^2", {"3.2.3a": "sigma(b)(1 + sigma(b))"}),
        ("3.2.5", "-0.0402", {"3.2.3a": "sigma(b)(1 + sigma(b))"}),
        ("3.2.11a", "-2.0792", {"3.2.2": "2(y - yhat)"}),
        ("3.2.6", "dJ/dyhat * db/dz_1 * dz_1/da_1 * da_1/dW_1[1,2]", {"3.2.1": MISSING}),
        (
            "3.2.6",
            "da_1/dW_1[1,2] * dz_1/da_1 * db/dz_1 * db/dyhat * dJ/dyhat",
            {"3.2.1": "dJ/dyhat * db/dyhat * db/dW_2[1,1]"},
        ),
    ],
)
def test_formulas_and_chains_are_followed(part: str, answer: str, earlier: dict[str, str]) -> None:
    assert TWO.mark(part, answer).verdict != "right"
    made = TWO.mark(part, answer, earlier=earlier)
    assert (made.verdict, made.credit, made.followed) == ("right", 1.0, True)


@pytest.mark.parametrize(
    ("part", "answer", "earlier"),
    [
        ("3.2.5", "0.0198", {"3.2.2": "2(y - yhat)"}),
        ("3.2.3b", "sigma(b)(1 + sigma(b))", {"3.2.3a": "sigma(b)(1 + sigma(b))"}),
        ("3.2.6", "dJ/dyhat * db/dz_1 * dz_1/da_1", {"3.2.1": MISSING}),
        ("3.2.6", "dJ/dyhat * dyhat/db * db/dz_1 * da_1/dW_1[1,2]", {"3.2.1": MISSING}),
        ("3.2.6", "dz_1/da_1 * da_1/dW_1[1,2]", {"3.2.1": "db/dW_2[1,1]"}),
        ("3.2.3b", "1", {"3.2.3a": "1 + nothing"}),
    ],
)
def test_what_doesnt_follow_from_a_formula(part: str, answer: str, earlier: dict[str, str]) -> None:
    made = TWO.mark(part, answer, earlier=earlier)
    assert made == TWO.mark(part, answer)


def test_a_formula_of_zero_earns_nothing() -> None:
    made = TWO.mark("3.2.5", "0", earlier={"3.2.2": "0 * y"})
    assert (made.verdict, made.credit) == ("wrong", 0.0)
    assert "zeros" in made.feedback


def test_a_formula_follows_on_a_page_without_numbers() -> None:
    model = "$$\nx \\in R, w \\in R, y \\in R\na = w x\np = \\sigma(a)\nJ = (p - y)^2\n$$\n\n"
    asks = "1. a\n   % ask: derivative J p\n\n2. b\n   % ask: derivative J a\n"
    ready = Marker(worksheet(model + asks))
    assert ready.mark("2", "(p - y) p (1 - p)").slip == "factor 2 forgotten"
    assert ready.mark("2", "(p - y) p (1 - p)", earlier={"1": "p - y"}).followed
    assert not ready.mark("2", "(p - y) p", earlier={"1": "p - y"}).followed
