"""Operations on arrays of formulas, in any order, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backhand.calculus.evaluate import evaluate
from backhand.errors import MeaningError
from backhand.graph import Graph, Quantity, Role, as_value, floats
from backhand.reading.arrays import (
    Array,
    Window,
    average_pool,
    convolution,
    joined,
    letters,
    matmul,
    max_pool,
    named,
    piece,
    reshaped,
    spread,
    summed,
    transposed,
)


def value(array: Array, **given: Any) -> Any:
    """The numbers of an array of formulas."""
    arrays = {name: as_value(np.asarray(data)) for name, data in given.items()}
    quantities = tuple(
        Quantity(name=name, axes=letters(data.shape), role=Role.DATA, value=data)
        for name, data in arrays.items()
    )
    own = letters(array.shape)
    return floats(evaluate(array.entry(own), own, Graph(quantities), arrays))


def counted(*shape: int) -> Any:
    """1, 2, 3, ... in this shape: no two entries are equal and none is 0."""
    return np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape)


def pad_of(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Some shape with as many entries."""
    rest, found = int(np.prod(shape)), []
    while rest > 1:
        size = draw(st.sampled_from([n for n in range(2, rest + 1) if rest % n == 0]))
        found.append(size)
        rest //= size
    if draw(st.booleans()):
        found.insert(draw(st.integers(0, len(found))), 1)
    return tuple(found)


@st.composite
def chains(draw: st.DrawFn) -> tuple[Array, Any, Any]:
    """An array of formulas after some operations, the same in NumPy, and the numbers of x."""
    start = counted(*draw(st.sampled_from([(4,), (2, 3), (3, 1, 4), (2, 2, 3)])))
    array, expected = named("x", start.shape), start
    for _ in range(draw(st.integers(1, 4))):
        axis = draw(st.integers(0, max(array.rank - 1, 0)))
        which = draw(st.sampled_from(["reshape", "transpose", "piece", "join", "shift", "sum"]))
        if which == "reshape":
            shape = pad_of(draw, array.shape)
            array, expected = reshaped(array, shape), expected.reshape(shape)
        elif which == "transpose":
            order = draw(st.permutations(range(array.rank)))
            array, expected = transposed(array, order), expected.transpose(order)
        elif which == "shift":
            array, expected = array + 5, expected + 5
        elif not array.rank:
            continue
        elif which == "piece":
            size = array.shape[axis]
            start_at, step = draw(st.integers(0, size - 1)), draw(st.sampled_from([1, 2, -1]))
            kept = range(size)[start_at::step]
            array = piece(array, axis, start_at, step, len(kept))
            expected = np.take(expected, list(kept), axis)
        elif which == "sum":
            keep = draw(st.booleans())
            array, expected = summed(array, [axis], keep), expected.sum(axis, keepdims=keep)
        elif array.shape[axis] < 8:
            array = joined([array, array * 2], axis)
            expected = np.concatenate([expected, 2 * expected], axis)
    return array, expected, start


@settings(max_examples=300, deadline=None)
@given(chain=chains())
def test_operations_one_after_another(chain: tuple[Array, Any, Any]) -> None:
    array, expected, x = chain
    assert array.shape == expected.shape
    np.testing.assert_array_equal(value(array, x=x), expected)
