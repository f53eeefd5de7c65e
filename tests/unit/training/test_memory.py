"""Data of every kind is read where it lies, and a loop allocates nothing on its way."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.training.emitted import interpreted, loop, points

from backhand import network
from backhand.training.fit import Fit, fit

GRAPH = network("3 -> 4 tanh -> 1", seed=3)
RNG = np.random.default_rng(0)
X = RNG.integers(-2, 3, (20, 3))
Y = X[:, 0] - X[:, 1]


def frozen(array: Any) -> Any:
    array.flags.writeable = False
    return array


KINDS = {
    "read-only": lambda a: frozen(a.astype(float)),
    "float32": lambda a: a.astype("float32"),
    "float16": lambda a: a.astype("float16"),
    "int8": lambda a: a.astype("int8"),
    "every other": lambda a: np.repeat(a.astype(float), 2, axis=0)[::2],
    "columns first": lambda a: np.asfortranarray(a.astype(float)),
    "backwards": lambda a: a[::-1].astype(float)[::-1],
    "other bytes": lambda a: a.astype(">f8"),
    "lists": lambda a: a.tolist(),
}


@pytest.fixture(scope="module")
def expected() -> dict[str, Fit]:
    return {
        dtype: trained(X.astype(float), Y.astype(float), dtype) for dtype in ("float32", "float64")
    }


def trained(x: Any, y: Any, dtype: str) -> Fit:
    with interpreted():
        return fit(GRAPH, x, y, epochs=2, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_array_changes_no_bit(
    kind: str, dtype: str, expected: dict[str, Fit], tmp_path: Path
) -> None:
    x, y = KINDS[kind](X), KINDS[kind](Y)
    before = np.array(x), np.array(y)
    found = trained(x, y, dtype)
    for name, value in expected[dtype].parameters.items():
        assert found.parameters[name].dtype == np.dtype(dtype)
        np.testing.assert_array_equal(found.parameters[name], value)
    assert np.array_equal(x, before[0])
    assert np.array_equal(y, before[1])


@pytest.mark.parametrize("kind", ["read-only", "every other", "int8"])
def test_compiled_loops_take_them_too(kind: str) -> None:
    pytest.importorskip("numba")
    x, y = KINDS[kind](X), KINDS[kind](Y)
    found = fit(GRAPH, x, y, epochs=2, dtype="float64")
    for name, value in trained(X, Y, "float64").parameters.items():
        np.testing.assert_allclose(found.parameters[name], value, rtol=1e-12)


def test_data_larger_than_memory_stays_on_the_disk(tmp_path: Path) -> None:
    """16 MB on the disk, a few in memory: the order of the points and blocks."""
    pytest.importorskip("numba")
    count, width = 40_000, 100
    make = np.lib.format.open_memmap
    x = make(tmp_path / "x.npy", mode="w+", dtype="float32", shape=(count, width))
    y = make(tmp_path / "y.npy", mode="w+", dtype="float32", shape=(count,))
    for start in range(0, count, 1000):
        x[start : start + 1000] = RNG.normal(size=(1000, width))
        y[start : start + 1000] = x[start : start + 1000, 0]
    x.flush()
    y.flush()
    x, y = (np.load(tmp_path / name, mmap_mode="r") for name in ("x.npy", "y.npy"))
    graph = network(f"{width} -> 1", seed=0)
    graph.fit(x[:10], y[:10])  # the compiler's own memory isn't counted
    tracemalloc.start()
    try:
        found = graph.fit(x, y, epochs=2, learning_rate=0.001)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.history[1] < 0.01 < found.history[0]
    assert peak < x.nbytes / 3


# ---- allocations -------------------------------------------------------------------------------


@pytest.fixture
def allocations() -> Iterator[Any]:
    """How many arrays compiled code has made so far."""
    pytest.importorskip("numba")
    from numba.core.runtime import _nrt_python, rtsys

    rtsys.initialize(None)
    _nrt_python.memsys_enable_stats()
    yield lambda: rtsys.get_allocation_stats().alloc
    _nrt_python.memsys_disable_stats()


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("20 -> 18 relu -> 17 softmax", {"optimizer": "adam"}),
        ("3 -> 18 relu -> 4 softmax", {"batch_size": 8, "optimizer": "momentum", "l2": 0.1}),
        ("60 -> 50 relu -> 10 softmax", {"batch_size": 8}),
    ],
    ids=["points", "batch", "products"],
)
def test_a_thousand_steps_allocate_what_one_does(
    text: str, options: dict[str, Any], allocations: Any
) -> None:
    graph = network(text, loss="cross_entropy", seed=1)
    made = loop(graph, points(graph, 40, "one-hot"), dtype="float32", **options)
    assert ("gemm(" in made.source.text) == text.startswith("60")
    size = options.get("batch_size", 1)

    def arrays_made(steps: int) -> int:
        order = np.resize(np.arange(40), (1, steps * size))
        rates = np.full((1, steps), 0.01, "float32")
        before = allocations()
        assert made.take(order, rates, np.zeros(1)) == (0, steps * size)
        return allocations() - before

    assert 0 < arrays_made(1) == arrays_made(1000) < 50
