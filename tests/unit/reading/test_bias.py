"""Layers with their bias folded in."""

from __future__ import annotations

import pytest
from tests.models import error

from backhand.calculus.forward import trace
from backhand.expr import show
from backhand.graph import Role
from backhand.reading.meaning import model

LAYER = "x = [1;2]; W = [[1,2,3],[4,5,6]]; "
FOLDED = "sum(•0=0..2, W[j,•0]*(1,x)[•0])"


@pytest.mark.parametrize(
    "text",
    [
        "a = W x",
        "a = W @ x",
        "a = W [1; x]",
        "a_j = sum_{k=0}^2 W_{jk} x_k",
        "a[i] = sum_{m=0}^2 W[i,m] x[m]",
        "a = (1*W) x",
        "f(A, t) = A t; a = f(W, x)",
    ],
)
def test_every_way_to_fold_a_bias_gives_the_same_equation(text: str) -> None:
    graph = model(LAYER + text)
    assert show(graph["a"].definition) == FOLDED
    assert graph["W"].folded
    assert graph["W"].shape == (2, 3)


def test_the_fold_is_said() -> None:
    assert model(LAYER + "a = W x").notes == (
        "W has one column more than x has entries: a 1 is put before x, column 0 of W is the bias",
    )
    assert model("w = [1;2;3]; x = [1;2]; s = w^T x").notes == (
        "w has one entry more than x has entries: a 1 is put before x, entry 0 of w is the bias",
    )


def test_a_number_may_be_the_input_of_a_layer() -> None:
    graph = model("x = 3; W = [[1,2],[3,4]]; a = W x; V = [[2],[3]]; b = V x")
    assert show(graph["a"].definition) == "sum(•0=0..1, W[j,•0]*(1,x)[•0])"
    assert show(graph["b"].definition) == "V[j]*x"


def test_a_vector_without_a_name_gets_one_once() -> None:
    graph = model("x = [1;2]; W = [[1,2,3],[4,5,6]]; V = [[1,2,3]]; J = V relu(W x) + V relu(W x)")
    assert [q.name for q in graph if q.role is Role.INTERMEDIATE] == ["h_1"]
    assert "I call the vector without a name h_1" in graph.notes
    plain = model("x = [1;2]; A = [[1,2],[3,4]]; J = sum(A relu(A x))")
    assert "h_1" not in plain


def test_a_made_up_name_avoids_those_of_the_page() -> None:
    graph = model("J = V relu(W x); x = [1;2]; W = [[1,2,3],[4,5,6]]; V = [[1,2,3]]; h_1 = 2")
    assert show(graph["J"].definition).endswith("(1,h_2)[•0])")


@pytest.mark.parametrize("lines", [["R = ||W||^2", "a = W x"], ["a = W x", "R = ||W||^2"]])
def test_a_fold_that_shows_late_counts_from_the_start(lines: list[str]) -> None:
    graph = model(LAYER + "; ".join(lines))
    assert show(graph["R"].definition) == "sum(•1=0..2, sum(•0=1..2, W[•0,•1]^(2)))"


@pytest.mark.parametrize("lines", [["a = W x", "u = W v"], ["u = W v", "a = W x"]])
def test_a_matrix_is_folded_everywhere_or_nowhere(lines: list[str]) -> None:
    found = error(LAYER + "v = [1;2;3]; " + "; ".join(lines))
    assert "W" in found.what
    assert "bias folded in" in found.what


def test_a_later_block_cannot_fold_what_an_earlier_one_used() -> None:
    base = model("v = [1;2;3]; W = [[1,2,3],[4,5,6]]; u = W v")
    assert "in u without" in error("x = [1;2]; a = W x", base).what


def test_a_computed_or_turned_matrix_is_never_folded() -> None:
    assert "Wᵀ has one column more" in error("v = [1;2]; W = [[1,2],[3,4],[5,6]]; u = W^T v").what
    assert "no given matrix" in error("v = [1;2]; w = [1;2;3]; M = v w^T; u = M v").what


def test_an_outer_product_with_a_1_before_the_vector_is_no_fold() -> None:
    graph = model("x = [2; 5]; d = [1; 2; 3]; G = d [1; x]^T; H = [1; x] d^T")
    values = trace(graph)
    assert values["G"].tolist() == [[1, 2, 5], [2, 4, 10], [3, 6, 15]]
    assert values["H"].tolist() == values["G"].T.tolist()
