from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.unit.calculus.graphs import given, made

import backhand
from backhand.calculus.chain import backward
from backhand.expr import Index, compare, mul, ref, same, total
from backhand.graph import Graph, Layout, Role, axes
from backhand.matrices import matrix_form
from backhand.notation import formula, value_formula
from backhand.rounding import digits, is_rounded, number
from backhand.syntax import Num
from backhand.writing.text import formula_text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.00669285, "0.006693"),
        (1234.56, "1235"),
        (9_999_999.4, "9999999"),
        (1e7, "1e+07"),
        (-1 / 3, "-0.3333"),
        (np.inf, "inf"),
        (Fraction(1, 8), "0.125"),
    ],
)
def test_digits(value: Any, shown: str) -> None:
    assert digits(value) == shown


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction(1, 3), False),
        (Fraction(1, 8), False),
        (Fraction(1, 997), True),
        (0.5, False),
        (0.1 + 0.2, True),
        (1 / 3, True),
        (Fraction(10**8 + 1), False),
        (Fraction(10**12 + 1), True),
    ],
)
def test_a_number_is_rounded_where_it_is_not_what_is_shown(value: Any, rounded: bool) -> None:
    assert is_rounded(value) is rounded


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(3), "3"),
        (Fraction(-5, 2), "−2.5"),
        (Fraction(2, 3), "2/3"),
        (Fraction(1, 997), "0.001003"),
        (2 / 3, "0.6667"),
    ],
)
def test_number(value: Any, shown: str) -> None:
    assert formula_text(number(value)) == shown


def test_a_long_value_has_its_middle_left_out() -> None:
    assert formula_text(value_formula(np.arange(50.0))).count("⋮") == 1
    assert formula_text(value_formula(np.arange(8.0))).count("⋮") == 0


X, J, K = ref("x"), Index("j", 1, 3), Index("k", 1, 3)


@pytest.mark.parametrize(
    ("expr", "written"),
    [
        (-X + 1, "1 − x"),
        (mul(X, -2, ref("y") ** -1), "−(2 x)/y"),
        (mul(Fraction(1, 2), X), "1/2 · x"),
        (X**-2, "1/x²"),
        (total(K, ref("W", 1, K) * ref("v", K)), "Σ_{k=1}^{3} W[1,k] v[k]"),
        (same(J, K) - compare(X, ">", 0), "[j = k] − [x > 0]"),
    ],
    ids=repr,
)
def test_expressions_are_written_as_in_the_textbook(expr: Any, written: str) -> None:
    graph = backhand.model("x = 1; y = 2; v = [1; 2; 3]; W = [[1, 2, 3], [4, 5, 6]]; J = x + y")
    assert formula_text(formula(expr, graph)) == written


def sides(page: str, *, of: str, layout: Layout = "denominator") -> str | None:
    graph = backward(backhand.model(page), "J") if of.startswith("∂") else backhand.model(page)
    found = matrix_form(graph[of], graph, layout)
    return None if found is None else formula_text(found)


LAYER = """x = [1; 2]; y = [1; 0; 1]
W ∈ R^{3×2}; V ∈ R^{3×3}
a = W x
z = tanh(a)
b = V z
J = sum((y - b)^2)"""


@pytest.mark.parametrize(
    ("name", "layout", "written"),
    [
        ("a", "denominator", "W x"),
        ("b", "numerator", "V z"),
        ("∂J/∂V", "denominator", "∂J/∂b · zᵀ"),
        ("∂J/∂V", "numerator", "z · ∂J/∂b"),
        ("∂J/∂z", "denominator", "Vᵀ · ∂J/∂b"),
        ("∂J/∂z", "numerator", "∂J/∂b · V"),
        ("∂J/∂x", "denominator", "Wᵀ · ∂J/∂a"),
        ("∂J/∂x", "numerator", "∂J/∂a · W"),
    ],
)
def test_the_classic_forms_of_a_layer(name: str, layout: Layout, written: str) -> None:
    assert sides(LAYER, of=name, layout=layout) == written


@pytest.mark.parametrize(
    ("function", "written"),
    [("sigmoid", "∂J/∂z ⊙ z ⊙ (1 − z)"), ("relu", "∂J/∂z ⊙ [a > 0]")],
)
def test_activations_multiply_by_entry(function: str, written: str) -> None:
    assert sides(LAYER.replace("tanh", function), of="∂J/∂a") == written


def test_a_vector_on_the_diagonal() -> None:
    row, column = axes(2, 2)
    graph = Graph(
        (
            given("u", Role.DATA, [1, 2]),
            made("D", ref("u", row) * same(row, column), 2, 2),
            made("E", same(row, column), 2, 2),
        )
    )
    assert [formula_text(matrix_form(graph[name], graph) or Num(0.0)) for name in "DE"] == [
        "diag(u)",
        "I",
    ]


@pytest.mark.parametrize(
    ("page", "name", "written"),
    [
        ("u = [1; 2]; v = [3; 4]; J = u^T v", "J", "uᵀ v"),
        ("u = [1; 2]; v = [3; 4]; A = u v^T; J = sum(u)", "A", "u vᵀ"),
        ("u = [1; 2]; v = [3; 4]; w = u ⊙ v; J = sum(w)", "w", "u ⊙ v"),
        ("x = [1; 2]; W ∈ R^{3×3}; a = W @ x; J = sum(a)", "a", "W [1; x]"),
    ],
)
def test_other_classic_forms(page: str, name: str, written: str) -> None:
    assert sides(page, of=name) == written


def test_what_has_no_matrix_form_stays_in_index_notation() -> None:
    assert sides("u = [1; 2]; v_j = u_j^3 + u_1; J = sum(v)", of="v") is None
