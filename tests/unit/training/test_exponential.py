"""e^x in compiled code, against numbers of more digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backhand.training.exponential import exp, register

numba: Any = pytest.importorskip("numba")


@pytest.fixture(scope="module")
def powers() -> Callable[[Any], Any]:
    register()

    @numba.njit(error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz", "afn"})
    def powers(x: Any) -> Any:
        found = np.empty_like(x)
        for at in range(len(x)):
            found[at] = exp(x[at])
        return found

    return powers


@pytest.mark.parametrize(
    ("dtype", "least", "most"), [("float32", -87, 88.7), ("float64", -708, 709.7)]
)
def test_within_two_units_in_the_last_place(
    powers: Callable[[Any], Any], dtype: str, least: float, most: float
) -> None:
    x = np.random.default_rng(0).uniform(least, most, 100_000).astype(dtype)
    x = np.concatenate([x, np.linspace(-1, 1, 1001, dtype=dtype)])
    exact = np.exp(x.astype(np.longdouble))
    assert powers(x).dtype == dtype
    assert np.max(np.abs(powers(x) - exact) / exact) < 2 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ends_and_what_is_no_number(powers: Callable[[Any], Any], dtype: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0, 1e4, -1e4], dtype)
    assert powers(x) == pytest.approx([np.nan, np.inf, 0, 1, np.inf, 0], nan_ok=True)
    # So small that few digits are left, and then none.
    least = np.finfo(dtype).smallest_subnormal
    small = np.log(least.astype(np.longdouble)) + np.log([8.0, 0.125])
    assert np.array_equal(powers(small.astype(dtype)), [8 * least, 0])


def test_a_loop_runs_in_vectors(powers: Callable[[Any], Any]) -> None:
    powers(np.zeros(4, "float32"))
    (code,) = (c for s, c in powers.inspect_llvm().items() if s[0].dtype == numba.float32)  # type: ignore[attr-defined]
    assert "x float> @llvm.fma" in code
    assert "expf" not in code
