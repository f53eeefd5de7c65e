"""The library behind `np.dot` in a compiled loop: SciPy's OpenBLAS, at its best for the sizes at hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

KERNELS = "OPENBLAS_CORETYPE"
WIDE = {"SkylakeX", "Cooperlake", "SapphireRapids"}
"""What OpenBLAS calls its kernels for AVX-512."""
WORTH_A_THREAD = 8_000_000
"""Products of fewer multiplications lose more by waiting for a second thread than they gain."""


def load() -> None:
    """Load SciPy's OpenBLAS, with the kernels for AVX-512 where the processor has it.

    A processor younger than the library is one that it doesn't know: it falls back to AVX2 and
    half the speed. Nothing is done where SciPy is loaded already or the user has chosen kernels.
    """
    if "scipy.linalg" in sys.modules or KERNELS in os.environ or not _is_wide() or _uses_wide():
        return
    os.environ[KERNELS] = "SkylakeX"
    try:
        import_module("scipy.linalg")
    finally:
        del os.environ[KERNELS]


def _is_wide() -> bool:
    numpy: Any = import_module("numpy._core._multiarray_umath")
    features: dict[str, bool] = getattr(numpy, "__cpu_features__", {})
    # One name per generation of NumPy for the same group of instructions.
    return features.get("AVX512_SKX", False) or features.get("X86_V4", False)


def _uses_wide() -> bool:
    """Whether NumPy's own OpenBLAS, which came with it, knows the processor."""
    libraries: list[dict[str, Any]] = import_module("threadpoolctl").threadpool_info()
    found = {lib.get("architecture") for lib in libraries if lib["internal_api"] == "openblas"}
    return not found or bool(found & WIDE)


@cache
def _controller() -> Any:
    return import_module("threadpoolctl").ThreadpoolController()


@contextmanager
def threads_for(multiplications: int) -> Generator[None]:
    """One thread for small products; for larger ones those that the library is set to."""
    if multiplications >= WORTH_A_THREAD:
        yield
    else:
        with _controller().limit(limits=1, user_api="blas"):
            yield
