"""What a formula means, against NumPy, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import equations, error

from backhand.errors import LimitError, MeaningError
from backhand.graph import floats
from backhand.reading.meaning import model

GIVEN = "A = [[1,2],[3,4]]; u = [5;6]; v = [7;8]; c = 3; "


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("A u", lambda A, u, v, c: A @ u),
        ("A @ u", lambda A, u, v, c: A @ u),
        ("A^T u", lambda A, u, v, c: A.T @ u),
        ("A A u", lambda A, u, v, c: A @ A @ u),
        ("A @ A", lambda A, u, v, c: A @ A),
        ("u^T v", lambda A, u, v, c: u @ v),
        ("u · v", lambda A, u, v, c: u @ v),
        ("u v^T", lambda A, u, v, c: np.outer(u, v)),
        ("u [[1,2,3]]", lambda A, u, v, c: np.outer(u, [1, 2, 3])),
        ("u^T A v", lambda A, u, v, c: u @ A @ v),
        ("u ⊙ v", lambda A, u, v, c: u * v),
        ("u * v", lambda A, u, v, c: u * v),
        ("u / v", lambda A, u, v, c: u / v),
        ("u + c", lambda A, u, v, c: u + c),
        ("c u - v / c", lambda A, u, v, c: c * u - v / c),
        ("u^2", lambda A, u, v, c: u**2),
        ("A ⊙ A", lambda A, u, v, c: A * A),
        ("||u||", lambda A, u, v, c: np.linalg.norm(u)),
        ("||u - v||^2", lambda A, u, v, c: np.sum((u - v) ** 2)),
        ("||A||^2", lambda A, u, v, c: np.sum(A**2)),
        ("sum(u)", lambda A, u, v, c: u.sum()),
        ("mean(A)", lambda A, u, v, c: A.mean()),
        ("max(u, 6)", lambda A, u, v, c: np.maximum(u, 6)),
        ("[u > 5]", lambda A, u, v, c: (u > 5) * 1.0),
        ("softmax(u - v)", lambda A, u, v, c: np.exp(u - v) / np.exp(u - v).sum()),
        ("logsumexp(u)", lambda A, u, v, c: np.log(np.exp(u).sum())),
        ("squared_error(u, v)", lambda A, u, v, c: np.sum((u - v) ** 2)),
        (r"\sum_k u_k v_k", lambda A, u, v, c: u @ v),
        (r"\sum_{k=2}^{n} u_k", lambda A, u, v, c: u[1]),
        ("A_12 + A[2,1] + u_1 + u[2] + c_1", lambda A, u, v, c: 2 + 3 + 5 + 6 + 3),
        ("pi c", lambda A, u, v, c: np.pi * c),
        ("[u_1; c; 2]", lambda A, u, v, c: np.array([5, 3, 2])),
    ],
)
def test_a_formula_means_what_numpy_says(formula: str, expected: object) -> None:
    graph = model(GIVEN + f"s = {formula}")
    arrays = {name: floats(graph[name].value) for name in "Auvc"}  # type: ignore[arg-type]
    values = graph.forward().values
    wanted = expected(**arrays)  # type: ignore[operator]
    assert graph["s"].shape == np.shape(wanted)
    assert floats(values["s"]) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("u v", ["u and v are both columns", "uᵀ v", "⊙"]),
        ("A * u", ["A * u", "2×2", "A @ u"]),
        ("u A", ["column u stands before the matrix A"]),
        ("A + u", ["A is 2×2 and u a vector of 2 entries"]),
        ("A [1;2;3;4;5]", ["A is 2×2", "a vector of 5 entries", "2 entries, or 1 with the bias"]),
        ("u + [1;2;3]", ["u is a vector of 2 entries", "a vector of 3 entries"]),
        ("A^2", ["two ways", "A @ A"]),
        ("u^T", ["row", "transpose"]),
        ("[A; u]", ["A is 2×2 inside a bracket"]),
        ("softmax(A)", ["softmax", "matrix"]),
        ("cross_entropy(c, u)", ["c, a number", "u, a vector of 2 entries"]),
        ("sigmoid(u, v)", ["sigmoid takes 1 argument and is given 2"]),
        ("A_1", ["A_1"]),
        ("A[1]", ["A is 2×2 and is given 1 entry number"]),
        ("u_3", ["u has no entry 3", "1 to 2"]),
        ("A[1,3]", ["axis 2 of A has no entry 3", "1 to 2"]),
        ("A[1,j]", ["the index j", "sum_j"]),
        (r"\sum_k k u_k", ["the index k stands where a number is needed"]),
        (r"\sum_{k=1}^3 u_k", ["u has no entry 1 to 3"]),
        (r"\sum_k c", ["what k runs over", "bounds"]),
        (r"\sum_{k=3}^2 u_k", ["no terms"]),
        ("sigmod(c)", ["sigmod", "did you mean sigmoid"]),
        ("sigmoid", ["sigmoid"]),
        ("cc + w_out", ["w_out"]),
        ("x^{(1)} + 1", ["superscript", "1/N sum"]),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(formula: str, words: list[str]) -> None:
    found = str(error(GIVEN + f"s = {formula}"))
    for word in words:
        assert word in found


def test_an_error_points_at_the_part_that_is_wrong() -> None:
    found = error("x = [1;2]\n  y = 3 (x + [1;2;3])")
    assert found.place is not None
    assert (found.place.line, found.place.column) == (2, 12)


def test_an_unknown_name_lists_what_is_known() -> None:
    found = str(error("alpha = 1; W_out = 2; s = alpha + W_ou"))
    assert "W_ou" in found
    assert "did you mean W_out?" in found
    assert "alpha" in found.partition("the names are")[2]


def test_functions_are_local_to_their_arguments() -> None:
    found = equations("""
        f(v) = v_1^2 + v_2; g(t) = sum_k t x_k; p(x_1, x_2) = x_1 x_2
        v = [3;4]; x = [1;2]; w = [5;6]
        r = f(w); s = sum_k g(x_k); q = p(3, x_2)
    """)
    assert found["r"] == "(w[1]^(2) + w[2])"
    assert found["s"] == "sum(•0=1..2, x[•0])^(2)"
    assert found["q"] == "3*x[2]"
    assert "p" not in found


def test_functions_that_explode_are_bounded() -> None:
    doubling = "; ".join(f"f_{n}(x) = f_{n - 1}(f_{n - 1}(x)) + 1" for n in range(1, 40))
    assert isinstance(error(f"f_0(x) = x; {doubling}; y = f_39(1)"), LimitError)
    nesting = "; ".join(f"f_{n}(x) = f_{n - 1}(x) + 1" for n in range(1, 400))
    assert isinstance(error(f"f_0(x) = x; {nesting}; y = f_399(1)"), LimitError)


# ---- sums of indices as positions --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y[i] = sum_{k=1}^{3} w[k] x[i+k-1]", [-2, -2, -2, -2]),
        ("y[i] = sum_k w[k] x[2i + k - 2]", [-2, -2]),
        ("y ∈ R^3; y_i = sum_k w_k x[2i+k-2]", [-2, -2, 5]),
        ("y ∈ R^6; y_i = sum_k w_k x[i+k-2]", [-2, -2, -2, -2, -2, 5]),
        ("y[i] = x[i+1] - x[i]", [1, 1, 1, 1, 1]),
        ("y ∈ R^6; y_i = x[7 - i]", [6, 5, 4, 3, 2, 1]),
    ],
)
def test_a_position_may_be_a_sum_of_indices(text: str, expected: list[int]) -> None:
    graph = model(f"x = [1;2;3;4;5;6]; w = [1;0;-1]; {text}")
    assert graph.forward().value.tolist() == expected  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "y[i] = x[i+q]",
        "y[i] = x[i^2]",
        "y[i] = x[i+100]",
        "y[i] = x[i/2]",
        "y[i] = x[i+k] + x[k+i]",
    ],
)
def test_a_position_that_cannot_be_told_is_refused(text: str) -> None:
    with pytest.raises(MeaningError) as caught:
        model(f"x = [1;2;3]; {text}")
    assert caught.value.mend
