"""BLAS's product as compiled code calls it, against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.training.emitted import agree, by_hand, interpreted, loop, points, taken

from backhand import network
from backhand.training.blas import gemm, register

numba: Any = pytest.importorskip("numba")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def compiled() -> Any:
    register()

    @numba.njit
    def product(alpha: float, a: Any, b: Any, beta: float, out: Any) -> None:
        gemm(alpha, a, b, beta, out)

    return product


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("left", ["C", "F"])
@pytest.mark.parametrize("right", ["C", "F"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 7, 1), (40, 33, 65), (1, 1, 1)])
def test_out_is_alpha_a_b_and_beta_out(
    compiled: Any, shape: tuple[int, int, int], left: Any, right: Any, dtype: str
) -> None:
    rows, inner, columns = shape
    a = np.asarray(RNG.normal(size=(rows, inner)), dtype, order=left)
    b = np.asarray(RNG.normal(size=(inner, columns)), dtype, order=right)
    for alpha, beta in ((1.0, 0.0), (-0.5, 1.0), (2.0, 0.25)):
        out = RNG.normal(size=(rows, columns)).astype(dtype)
        plain = out.copy()
        expected = alpha * (a.astype(float) @ b) + beta * out
        compiled(alpha, a, b, beta, out)
        gemm(alpha, a, b, beta, plain)
        tolerance = 1e-4 if dtype == "float32" else 1e-12
        np.testing.assert_allclose(out, expected, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(plain, expected, rtol=tolerance, atol=tolerance)


def test_what_was_there_before_a_plain_product_may_be_anything(compiled: Any) -> None:
    out = np.full((2, 2), np.nan)
    compiled(1.0, np.eye(2), np.eye(2), 0.0, out)
    np.testing.assert_array_equal(out, np.eye(2))


def test_arrays_of_two_kinds_are_refused(compiled: Any) -> None:
    with pytest.raises(numba.TypingError):
        compiled(1.0, np.eye(2), np.eye(2, dtype="float32"), 0.0, np.eye(2))


def test_an_update_by_blas_needs_no_room_for_the_gradient() -> None:
    graph = network("60 -> 50 relu -> 10 softmax", loss="cross_entropy", seed=1)
    arrays = points(graph, 11, "one-hot")
    expected, loss = by_hand(graph, arrays, 4)
    made = loop(graph, arrays, batch_size=4)
    assert "dJ_dW_1 = np.empty" not in made.source.text
    assert taken(made) == pytest.approx(loss, rel=1e-12)
    agree(made, expected)
    with interpreted():
        plain = loop(graph, arrays, batch_size=4)
        taken(plain)
    agree(plain, expected)
