"""What is typed without a worksheet: free names, signatures, conditions, errors with a mend."""

from __future__ import annotations

import math

import pytest

import backhand
from backhand.errors import BackhandError
from backhand.functions import Interval
from backhand.graph import Signature
from backhand.reading.claims import claim, derivative, function
from backhand.reading.conditions import cut
from backhand.reading.maths import START


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("x for x > 0", {"x": (0, math.inf)}),
        ("x where 0 < x < 1", {"x": (0, 1)}),
        ("x for x in [0, 1]", {"x": (0, 1)}),
        ("x y for x, y >= 2", {"x": (2, math.inf), "y": (2, math.inf)}),
        ("x y for x > 0 and y < 3", {"x": (0, math.inf), "y": (-math.inf, 3)}),
        ("x with x ≤ 1/2", {"x": (-math.inf, 0.5)}),
        ("x for -pi < x < pi", {"x": (-math.pi, math.pi)}),
        ("x for x > 0, x < 5", {"x": (0, 5)}),
        ("x (for x ≠ 0)", {}),
        ("x for all x", {}),
        ("x for x < ∞", {"x": (-math.inf, math.inf)}),
        (r"x where x \geq 0", {"x": (0, math.inf)}),
    ],
)
def test_conditions(text: str, domain: dict[str, tuple[float, float]]) -> None:
    _, found = cut(text, START)
    assert found.domain == {name: Interval(*ends) for name, ends in domain.items()}


@pytest.mark.parametrize(
    "text",
    ["x for x >", "x for y x > 2 3", "x for 2 > 1", "x for x > 2, x < 1", "x for x in [a, b]"],
)
def test_a_condition_that_is_unclear_is_refused(text: str) -> None:
    with pytest.raises(BackhandError) as caught:
        cut(text, START)
    assert caught.value.mend


def test_free_names_are_numbers_and_declared_ones_arrays() -> None:
    found = claim("x^T A x = 0 where x in R^3, A in R^{3×3}")
    assert found.graph["A"].shape == (3, 3)
    assert claim("a + b = b + a").graph["a"].rank == 0


def test_uv_is_a_product_where_u_and_v_are_names() -> None:
    found = claim("d(uv)/dx = u dv/dx + v du/dx")
    assert {q.name for q in found.graph} == {"x", "u", "v"}
    assert any("u · v" in note for note in found.graph.notes)


def test_x_of_a_bracket_is_a_product_where_x_is_a_variable() -> None:
    assert backhand.check("d/dx(x(1 - x)) = 1 - 2x").verdict == "proved"


def test_an_unknown_function_gets_its_signature_from_its_arguments() -> None:
    graph = derivative(r"∂/∂\mathbf{v} f(\mathbf{g}(\mathbf{v}))").graph
    assert graph.signatures["g"] == Signature((("M",),), ("N",))
    assert graph.signatures["f"] == Signature((("N",),), ())


def test_a_list_of_functions_is_one_function() -> None:
    graph = derivative(r"\frac{d}{dt} f(g_1(t), \dots, g_K(t))").graph
    assert graph["g"].extents == ("K",)


def test_definitions_may_stand_before() -> None:
    assert backhand.check("g(z) = 1/(1 + e^(-z)); g'(z) = g(z)(1 - g(z))").verdict == "proved"
    assert backhand.check("a = 3; a + 1 = 4").verdict == "proved"


def test_a_function_knows_its_parameters() -> None:
    typed = function("f(x, y) = x^2 + y for x > 0")
    assert (typed.of, typed.by) == ("f", ("x", "y"))
    assert function("a x^2").by == ()


@pytest.mark.parametrize(
    "text",
    [
        "f(x) = [1; x]",
        "f(x) =",
        "",
        "f: R -> ; f(2)",
        "f: R^N -> R; f(3)",
        "x in R^2; f(x) = x",
        "sin(x, y)",
        "d/dx",
        "f(x) = g(x)(",
        "x" * 5000,
        "d/dx " * 200 + "x",
        "for x > 0",
        "f(x) = x for",
        "f: R^{2.5} -> R; f(x)",
    ],
)
def test_bad_input_ends_in_an_error_that_says_what_to_write(text: str) -> None:
    for read in (claim, function, derivative):
        with pytest.raises(BackhandError) as caught:
            read(text)
        assert caught.value.what


def test_a_signature_keeps_the_columns_of_what_follows() -> None:
    with pytest.raises(BackhandError) as caught:
        backhand.model("f: R -> R; y = q + 1")
    assert caught.value.place is not None
    assert caught.value.place.column == 16


def test_a_page_may_declare_sizes_by_letters() -> None:
    graph = backhand.model("x ∈ R^n; y = x^T x")
    assert graph["x"].extents == ("n",)
    filled = backhand.model("x ∈ R^n; x = [2; 5]; y = x^T x")
    assert filled.forward().value == 29
    with pytest.raises(BackhandError, match="declared"):
        backhand.model("x ∈ R^{n×n}; x = [2; 5]")
