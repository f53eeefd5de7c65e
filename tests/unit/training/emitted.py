"""Emitted loops run as the plain Python that they are, and what they should give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients
from backhand.graph import Graph, Role
from backhand.training import batches, loops, nest, nests
from backhand.training import kernel as kernels
from backhand.training import points as points_module
from backhand.training.data import Data
from backhand.training.frame import Frame
from backhand.training.kernel import Kernel, kernel
from backhand.training.optimizers import optimizer
from backhand.training.products import batch_of
from backhand.values import floats

Arrays = Mapping[str, Any]
RATE = 0.05
C_MATH = SimpleNamespace(
    **{
        name: getattr(np, name) for name in ("exp", "log", "log1p", "sqrt", "isfinite", "inf", "pi")
    },
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "tanh")},
    erf=math.erf,
)
"""As compiled code has it: log 0 is −∞ and no error."""


@lru_cache(maxsize=64)
def plain(text: str) -> Callable[..., Any]:
    """The emitted function without Numba: it starts at once, and runs slowly."""
    space: dict[str, Any] = {}
    exec(compile(text, "<emitted>", "exec"), space)
    space["math"], space["exp"] = C_MATH, C_MATH.exp
    return space["steps"]


FORMS = ("written out", "loops", "long loops", "products", "pieces")
"""The code forms: entry by entry, in short loops, in loops of named length, with BLAS, and with BLAS
for a part of the batch at once."""


def _has_products(frame: Frame) -> bool:
    found = batch_of(frame.program)
    return found is not None and bool(found.products)


@contextmanager
def interpreted(form: str = "") -> Iterator[None]:
    """Loops run as plain Python inside, in the given code form or the one that would be chosen."""
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(kernels, "compiled", plain)
        if form:
            patch.setattr(points_module, "MAX_WRITTEN_OUT", 10**6 * (form == "written out"))
            patch.setattr(points_module, "MAX_LOCALS", 10**6)
            with_products = form in ("products", "pieces")
            patch.setattr(
                loops, "is_mostly_products", lambda frame: with_products and _has_products(frame)
            )
            patch.setattr(batches, "CHUNK", 2 if form == "pieces" else 1024)
            for module in (nest, nests):
                patch.setattr(module, "SHORT", 1 if form in ("long loops", "pieces") else 16)
        yield


def loop(graph: Graph, arrays: Arrays, *, weights: Any = None, **options: Any) -> Kernel:
    """The loop for a graph; sgd on float64 unless said otherwise."""
    chosen: dict[str, Any] = {
        "batch_size": 1,
        "dtype": "float64",
        "settings": {},
        "l1": 0.0,
        "l2": 0.0,
        **options,
    }
    named = chosen.pop("optimizer", "sgd")
    return kernel(graph, Data(arrays, weights), optimizer(named), **chosen)


def taken(made: Kernel, rate: float = RATE, rows: int = 1) -> float:
    """The sum of the losses of passes over the points in order."""
    count, size = len(made.data[0]), made.source.plan.batch_size
    order = np.tile(np.arange(count), (rows, 1))
    losses = np.zeros(rows)
    epoch, done = made.take(
        order, np.full((rows, -(-count // size)), rate, made.runs.dtype), losses
    )
    assert (epoch, done) == (rows - 1, count)
    return float(losses[-1])


def by_hand(
    graph: Graph, arrays: Arrays, batch: int = 1, rate: float = RATE, l2: float = 0.0
) -> tuple[dict[str, Any], float]:
    """Parameters − η · Backhand's own gradient, batch after batch, and the sum of the losses."""
    assert graph.objective is not None
    learned = {q.name: floats(q.value) for q in graph.parameters if q.value is not None}
    count, total = len(next(iter(arrays.values()))), 0.0
    for first in range(0, count, batch):
        rows = range(first, min(first + batch, count))
        mean = {name: l2 * value for name, value in learned.items()}
        for row in rows:
            here = graph.with_values(**{n: a[row] for n, a in arrays.items()}, **learned)
            values = trace(here)
            total += float(values[graph.objective].reshape(()))
            _, found = gradients(here, graph.objective, list(learned), values)
            for name, value in learned.items():
                gradient = floats(found[f"∂{graph.objective}/∂{name}"]).reshape(value.shape)
                mean[name] = mean[name] + gradient / len(rows)
        learned = {name: value - rate * mean[name] for name, value in learned.items()}
    return learned, total


def points(graph: Graph, count: int, kind: str = "", seed: int = 0) -> dict[str, Any]:
    """Data for a graph; `kind`: what its loss wants the target to be."""
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for q in graph:
        if q.definition is not None or q.role is Role.PARAMETER:
            continue
        rows = rng.normal(size=(count, *q.shape))
        if q.role is Role.TARGET and kind == "one-hot":
            rows = np.eye(q.size)[rng.integers(0, q.size, count)].reshape(count, *q.shape)
        elif q.role is Role.TARGET and kind:
            rows = rng.integers(0, 2, (count, *q.shape)) * (2.0 if kind == "signs" else 1.0)
            rows -= kind == "signs"
        found[q.name] = np.ascontiguousarray(rows, dtype=float)
    return found


def agree_in_every_form(graph: Graph, arrays: Arrays, l2: float = 0.0, rate: float = RATE) -> None:
    """Assert that each code form does what the gradients say, batch size 1 and 3."""
    for batch in (1, 3):
        expected, loss = by_hand(graph, arrays, batch, rate, l2)
        for form in FORMS[:3] if batch == 1 else ("written out", *FORMS[2:]):
            with interpreted(form):
                made = loop(graph, arrays, batch_size=batch, l2=l2)
                assert taken(made, rate) == pytest.approx(loss, rel=1e-12, abs=1e-12), form
                agree(made, expected)


def agree(made: Kernel, expected: Arrays, tolerance: float = 1e-12) -> None:
    """Assert that the loop's parameters are those expected."""
    assert made.parameters
    for name, array in made.parameters.items():
        value = np.reshape(expected[name], array.shape)
        np.testing.assert_allclose(array, value, rtol=tolerance, atol=tolerance, err_msg=name)
