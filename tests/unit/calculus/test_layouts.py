"""Jacobians in both layouts: random compositions against autograd, shapes that conform, the seed's table."""

from __future__ import annotations

from itertools import pairwise

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backhand
from backhand.calculus.both_layouts import both_layouts
from backhand.calculus.layout import LAYOUTS, chain, shape
from backhand.calculus.paths import routes
from backhand.errors import BackhandError
from backhand.graph import Graph
from backhand.reading.claims import derivative
from backhand.writing.text import formula_text, prose_text

MAPS = {
    "tanh({m} {x})": lambda m, x: anp.tanh(anp.dot(m, x)),
    "sin({m} {x}) ⊙ ({m} {x})": lambda m, x: anp.sin(anp.dot(m, x)) * anp.dot(m, x),
    "{m} ({x} ⊙ {x})": lambda m, x: anp.dot(m, x * x),
    "softmax({m} {x})": lambda m, x: anp.exp(anp.dot(m, x)) / anp.sum(anp.exp(anp.dot(m, x))),
    "{m} {x} / (1 + {x}^T {x})": lambda m, x: anp.dot(m, x) / (1 + anp.dot(x, x)),
    "log(1 + exp({m} {x}))": lambda m, x: anp.log(1 + anp.exp(anp.dot(m, x))),
}


def rows(array: np.ndarray) -> str:
    return "[" + ", ".join("[" + ", ".join(f"{x:.3f}" for x in row) + "]" for row in array) + "]"


@st.composite
def compositions(draw):
    """A page with a chain of vector functions, and the same as a function for autograd."""
    sizes = draw(st.lists(st.integers(2, 4), min_size=2, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    lines = [f"v = [{', '.join(f'{x:.3f}' for x in rng.normal(size=sizes[0]))}]"]
    steps = []
    before = "v"
    for at, (n, m) in enumerate(pairwise(sizes), 1):
        text = draw(st.sampled_from(sorted(MAPS)))
        matrix = np.round(rng.normal(size=(m, n)), 3)
        name = "y" if at == len(sizes) - 1 else f"u_{at}"
        lines += [f"A_{at} = {rows(matrix)}", f"{name} = {text.format(m=f'A_{at}', x=before)}"]
        steps.append((MAPS[text], matrix))
        before = name

    def peer(x):
        for function, matrix in steps:
            x = function(matrix, x)
        return x

    return "\n".join(lines), peer


@settings(max_examples=60, deadline=None)
@given(compositions())
@pytest.mark.no_cover
def test_jacobians_agree_with_autograd_and_the_layouts_with_each_other(drawn) -> None:
    page, peer = drawn
    graph = backhand.model(page)
    at = np.asarray(graph["v"].value, dtype=float)
    expected = autograd.jacobian(peer)(at)
    found = graph.derivative("y", "v", layout="numerator").value
    assert np.asarray(found) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    turned = graph.derivative("y", "v", layout="denominator").value
    assert np.asarray(turned) == pytest.approx(expected.T, rel=1e-9, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(compositions(), st.integers(0, 10_000))
@pytest.mark.no_cover
def test_hessians_are_symmetric_and_agree_with_autograd(drawn, seed: int) -> None:
    page, peer = drawn
    graph = backhand.model(f"{page}\nJ = y^T y")
    at = np.asarray(graph["v"].value, dtype=float)
    found = np.asarray(graph.hessian("v", of="J").value)
    expected = autograd.hessian(lambda x: anp.dot(peer(x), peer(x)))(at)
    assert found == pytest.approx(found.T, rel=1e-9, abs=1e-10)
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-9)
    direction = np.random.default_rng(seed).normal(size=at.shape)
    product = np.asarray(graph.hessian_vector({"v": direction}, of="J").value)
    assert product == pytest.approx(expected @ direction, rel=1e-7, abs=1e-8)


SIGNATURES = st.lists(st.sampled_from(["", "^N", "^M", "^P", "^3"]), min_size=2, max_size=5)


@settings(max_examples=80, deadline=None)
@given(SIGNATURES, st.sampled_from(LAYOUTS))
def test_the_shapes_of_a_chain_always_conform(spaces: list[str], layout) -> None:
    graph = unknown_chain(spaces)
    for route in routes(graph, "y", "x", 5):
        pairs = list(pairwise(route))
        ordered = pairs if layout == "numerator" else pairs[::-1]
        shapes = [shape(graph, a, b, layout) for a, b in ordered]
        assert all(left[1] == right[0] for left, right in pairwise(shapes))
        assert (shapes[0][0], shapes[-1][1]) == shape(graph, "y", "x", layout)


def unknown_chain(spaces: list[str]) -> Graph:
    """y = f_n(... f_1(x)), each function known by its signature only."""
    lines = [f"x ∈ R{spaces[0]}"]
    before = "x"
    for at, (a, b) in enumerate(pairwise(spaces), 1):
        name = "y" if at == len(spaces) - 1 else f"u_{at}"
        lines = [f"f_{at}: R{a} -> R{b}", *lines, f"{name} = f_{at}({before})"]
        before = name
    return backhand.model("\n".join(lines))


TABLE = (
    ("d/dt f(g(t), h(t))", "df/dg · dg/dt + df/dh · dh/dt", None),
    ("d/dt f(g_1(t), ..., g_N(t))", "∂f/∂g · ∂g/∂t", "∂g/∂t · ∂f/∂g"),
    (r"\frac{d}{dt} f(\mathbf{g}(t))", "∂f/∂g · ∂g/∂t", "∂g/∂t · ∂f/∂g"),
    (r"∂/∂\mathbf{v} f(\mathbf{g}(\mathbf{v}))", "∂f/∂g · ∂g/∂v", "∂g/∂v · ∂f/∂g"),
    (
        r"∂/∂\mathbf{v} f(\mathbf{g}(\mathbf{v}), \mathbf{h}(\mathbf{v}))",
        "∂f/∂g · ∂g/∂v + ∂f/∂h · ∂h/∂v",
        "∂g/∂v · ∂f/∂g + ∂h/∂v · ∂f/∂h",
    ),
)
"""The five rows of the worksheet's table of layouts: what, in numerator and in denominator layout."""


@pytest.mark.parametrize(("text", "numerator", "denominator"), TABLE)
def test_the_table_of_layouts(text: str, numerator: str, denominator: str | None) -> None:
    asked = derivative(text)
    working = both_layouts(asked.graph, asked.of, asked.by)
    answer = prose_text(working.answer)
    assert numerator in answer
    if denominator is None:
        assert "both layouts are the same" in working.text()
    else:
        assert answer.index(numerator) < answer.index(denominator)
        assert "shapes: " in working.text()
    for layout, wanted in (("numerator", numerator), ("denominator", denominator or numerator)):
        one = both_layouts(asked.graph, asked.of, asked.by, layout)  # type: ignore[arg-type]
        assert wanted in prose_text(one.answer)


def test_n_inner_functions_stay_a_sum_over_i() -> None:
    asked = derivative("d/dt f(g_1(t), ..., g_N(t))")
    text = both_layouts(asked.graph, asked.of, asked.by).text()
    assert "Σ_{i=1}^{N} ∂f/∂g[i] · ∂g[i]/∂t" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d^2/dt^2 f(g(t))", "d²f/dt² = df/dg · d²g/dt² + d²f/dg² · (dg/dt)²"),
        ("d^2/dx^2 (x^3 sin x)", "6 x sin(x)"),
        ("∂²/∂x∂y (x^2 y^3)", "∂²f/∂x∂y = 6 x y²"),
        ("∂²/∂x² (x^T A x) where x in R^n, A in R^{n×n}", "∂²y/∂x² = A + Aᵀ"),
        ("d/dt f(t, g(t))", "df/dt = ∂f/∂t + ∂f/∂g · dg/dt"),
        ("∂/∂W (W x) where W in R^{2×3}, x in R^3", "∂y[j]/∂W[k,l] = x[l] [j = k]"),
        ("∂/∂X log(det(X)) where X in R^{n×n}", "∂y/∂X = X⁻¹ in numerator layout"),
    ],
)
def test_derivatives_as_they_are_typed(text: str, expected: str) -> None:
    asked = derivative(text)
    assert expected in prose_text(both_layouts(asked.graph, asked.of, asked.by).answer)


def test_a_straight_d_is_the_whole_derivative_beside_a_partial_one() -> None:
    graph = backhand.model("g: R^M -> R^N; f: R^M × R^N -> R\nv ∈ R^M; z = g(v); y = f(v, z)")
    found = chain(graph, routes(graph, "y", "v", 3), "numerator")
    assert formula_text(found).startswith("dy/dv = ")


@pytest.mark.parametrize(
    "text", ["x", "d/dx", "d/dx f(", "∂/∂v (v) where v in R^", "d/dq(x^2) for x >", "f: -> R; f(x)"]
)
def test_what_is_no_derivative_is_refused_with_a_mend(text: str) -> None:
    def worked() -> None:
        asked = derivative(text)
        both_layouts(asked.graph, asked.of, asked.by)

    with pytest.raises(BackhandError) as caught:
        worked()
    assert caught.value.mend


def test_a_shape_that_does_not_fit_a_signature_is_refused() -> None:
    with pytest.raises(BackhandError, match="a vector of N entries"):
        backhand.model("f: R^N -> R\nx ∈ R^M; y = f(x)")
