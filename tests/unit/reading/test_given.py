"""Numbers, shapes and data points that a page gives."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.models import LATEX, error

from backhand.errors import LimitError
from backhand.expr import show
from backhand.graph import floats
from backhand.reading.meaning import model


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-3", Fraction(-3)),
        ("2/3", Fraction(2, 3)),
        ("1/2 + 1/3", Fraction(5, 6)),
        ("2^{-3}", Fraction(1, 8)),
        ("0.1", Fraction(1, 10)),
        ("1/2 = 0.5", Fraction(1, 2)),
        ("0.1 [1; 2]", [Fraction(1, 10), Fraction(1, 5)]),
        ("[1/2, -3]", [Fraction(1, 2), Fraction(-3)]),
        ("[[1, 2]]^T", [Fraction(1), Fraction(2)]),
        ("[2; 5] ∈ R^2", [Fraction(2), Fraction(5)]),
        ("[[7]]", Fraction(7)),
    ],
)
def test_values_are_exact(text: str, value: object) -> None:
    found = model(f"x = {text}")["x"]
    assert found.value is not None
    assert found.value.tolist() == value
    assert found.definition is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1/0", "divides by 0"),
        ("x = 0^{-1}", "divides by 0"),
        ("x = 1 = 2", "two different values"),
        ("x = [1,2]^T", "[2, 5] for a column"),
        ("x ∈ R^{2.5}", "whole number"),
        ("x ∈ R^{2×2×2×2×2×2×2×2×2}", "9 axes"),
        ("x ∈ R^{10000×10000}", "entries"),
        ("x = [2;5] ∈ R^3", "a vector of 3 entries and is a vector of 2 entries"),
        ("x ∈ R^2; x ∈ R^3", "two shapes"),
        ("u = 3; x = 2 u = 6", "by a formula and as a number"),
    ],
)
def test_values_that_cannot_be_are_refused(text: str, words: str) -> None:
    assert words in str(error(text))


def test_all_given_numbers_together_are_bounded() -> None:
    lines = "; ".join(f"x_{at} ∈ R^{{3000×3000}}" for at in (1, 2))
    assert isinstance(error(lines), LimitError)


def test_a_shape_is_declared_before_its_value_and_in_an_earlier_block() -> None:
    base = model("x ∈ R^2; W ∈ R^{2×3}; a = W x")
    assert base["W"].value is None
    whole = model("x = [1;2]; W = [[1,2,3],[4,5,6]]", base=base)
    assert whole == model("x = [1;2]; W = [[1,2,3],[4,5,6]]; a = W x")
    assert "declared as a vector of 2 entries" in error("x = [1;2;3]", base).what
    assert "defined twice" in error("a = [1;2]", base).what


def test_symbols_tell_that_columns_count_from_0() -> None:
    assert model("W_1 = [[W_{1,1,0}, W_{1,1,1}]] = [[1,2]]")["W_1"].folded
    assert not model("W_1 = [[W_{1,1,1}, W_{1,1,2}]] = [[1,2]]")["W_1"].folded
    assert not model("W = [[W_{11}, W_{12}], [W_{21}, W_{22}]] = [[1,2],[3,4]]")["W"].folded


@pytest.mark.parametrize(
    "symbols",
    [
        "[[W_{1,1,0}, W_{1,1,2}]]",
        "[[W_{1,2,0}, W_{1,2,1}]]",
        "[[W_{1,1,1}, W_{1,1,0}]]",
        "[[W_{1,1,0}, W_{1,1,1}, W_{1,1,2}]]",
    ],
)
def test_symbols_must_agree_with_the_matrix(symbols: str) -> None:
    error(f"W_1 = {symbols} = [[1, 2]]")


# ---- data points ----

POINTS = """
x^{(1)} = [2;5]; x^{(2)} = [1;1]; x^{(3)} = [0;4]
y^{(1)} = 1; y^{(2)} = 0; y^{(3)} = 1
w = [1;2]; yhat = w^T x
"""


@pytest.mark.parametrize(
    "mean",
    [
        r"\frac{1}{N} \sum_{i=1}^{N} (y^{(i)} - \hat{y}^{(i)})^2",
        r"\frac{1}{3} \sum_{i=1}^{3} (y^{(i)} - \hat{y}^{(i)})^2",
        r"\frac{\sum_{i=1}^{N} (y^{(i)} - \hat{y}^{(i)})^2}{N}",
        r"\sum_{n=1}^{N} (y^{(n)} - \hat{y}^{(n)})^2 / N",
    ],
)
def test_a_mean_over_points_is_the_loss_of_one(mean: str) -> None:
    graph = model(POINTS + f"J = {mean}")
    assert show(graph["J"].definition) == "(y + -1*yhat)^(2)"
    assert graph.point_count == 3
    assert graph.points["x"].tolist() == [[2, 5], [1, 1], [0, 4]]
    assert graph.points["y"].tolist() == [1, 0, 1]
    assert floats(graph["x"].value).tolist() == [2, 5]  # type: ignore[arg-type]
    assert any("J is the mean over the" in note for note in graph.notes)


def test_the_objective_of_all_points_needs_no_data_matrix() -> None:
    text = r"J(W_1, W_2; y, X) = \frac{1}{N} \sum_{i=1}^{N} \ell(y^{(i)}, \hat{y}^{(i)})"
    lines = [line for line in LATEX.split("\n") if not line.startswith("J")]
    assert model("\n".join([*lines, text])) == model(LATEX)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x^{(1)} = 1; x^{(3)} = 2", "point 2 of x is missing"),
        ("x^{(1)} = 1; x^{(1)} = 2", "twice"),
        ("x^{(1)} = [1;2]; x^{(2)} = [1;2;3]", "a vector of 3 entries"),
        ("x^{(1)} = 1; x^{(2)} = 2; y^{(1)} = 1", "2 of x, 1 of y"),
        ("x^{(1)} = 1; x^{(2)} = x", "isn't given as numbers"),
        (POINTS + r"J = \sum_{i=1}^{N} (y^{(i)} - \hat{y}^{(i)})^2", "isn't the mean"),
        (POINTS + r"J = \frac{1}{M} \sum_{i=1}^{N} y^{(i)}", "isn't the mean"),
        (POINTS + r"J = \frac{1}{2} \sum_{i=1}^{2} y^{(i)}", "2 data points, and 3 are given"),
        (POINTS + "J = y^{(2)}", "superscript"),
    ],
)
def test_data_points_that_do_not_add_up(text: str, words: str) -> None:
    assert words in str(error(text))


def test_points_of_a_later_block_are_as_many() -> None:
    base = model("x^{(1)} = 1; x^{(2)} = 2")
    assert model("y^{(1)} = 3; y^{(2)} = 4", base=base).point_count == 2
    assert "2 of x, 1 of y" in error("y^{(1)} = 3", base).what
