"""Trace, inverse, determinant, diagonal and derivatives inside formulas: values, shapes, errors."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import backhand
from backhand.errors import BackhandError

GIVEN = "A = [[2, 1], [1, 3]]; B = [[0, 1], [2, 0]]; v = [1; 2]; x = 2; "


def value(text: str):
    return backhand.model(f"{GIVEN}f = {text}").forward().values["f"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tr(A)", 5),
        ("tr(x)", 2),
        ("tr(A B)", 3),
        ("det(A)", 5),
        ("det(A A)", 25),
        ("A^{-1}", [[Fraction(3, 5), Fraction(-1, 5)], [Fraction(-1, 5), Fraction(2, 5)]]),
        ("inv(A) v", [Fraction(1, 5), Fraction(3, 5)]),
        ("diag(v)", [[1, 0], [0, 2]]),
        ("diag(A)", [2, 3]),
        ("tr(diag(v) A)", 8),
        ("d/dx(x^3)", 12),
        ("d^2/dx^2(x^3)", 12),
        ("∂/∂v(v^T v)", None),
        ("∂/∂v_1(v^T A v)", 8),
        ("∂/∂A[1,2](tr(A B))", 2),
    ],
)
def test_values_are_exact(text: str, expected: object) -> None:
    if expected is None:
        with pytest.raises(BackhandError, match="row"):
            value(text)
        return
    assert value(text).tolist() == expected


def test_log_determinants_in_floats() -> None:
    assert float(value("logdet(A)")) == pytest.approx(np.log(5))
    assert np.isnan(backhand.model("S = [[1, 2], [2, 4]]; f = tr(S^{-1})").forward().value)
    floats = backhand.model(
        "S = [[1.123456789123, 2], [2, 5]]; f = tr(S S^{-1}) + det(S)"
    ).forward()
    assert floats.value == pytest.approx(2 + 1.123456789123 * 5 - 4)


def test_primes_of_functions() -> None:
    graph = backhand.model("g(t) = t^3; x = 2; a = g'(x); b = g''(x); c = sin'(x); d = tanh''(x)")
    values = graph.forward().values
    assert [values["a"].item(), values["b"].item()] == [12, 12]
    assert float(values["c"]) == pytest.approx(np.cos(2))
    assert float(values["d"]) == pytest.approx(-2 * np.tanh(2) * (1 - np.tanh(2) ** 2))


def test_a_derivative_of_a_quantity_goes_through_its_equations() -> None:
    graph = backhand.model("x = 2; u = x^2; y = sin(u); whole = dy/dx; part = ∂y/∂u")
    values = graph.forward().values
    assert float(values["whole"]) == pytest.approx(np.cos(4) * 4)
    assert float(values["part"]) == pytest.approx(np.cos(4))


@pytest.mark.parametrize(
    "text",
    [
        "tr(v)",
        "det([[1, 2, 3], [4, 5, 6]])",
        "inv(A, B)",
        "diag(v^T)",
        "tr(A, B)",
        "A^2",
        "d/dq(x)",
        "d/d(x + 1)(x)",
        "relu'(2 x)",
        "max'(x)",
        "det(5 A v)",
    ],
)
def test_what_makes_no_sense_is_refused_with_a_mend(text: str) -> None:
    with pytest.raises(BackhandError) as caught:
        value(text)
    assert caught.value.what
