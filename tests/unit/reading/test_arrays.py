"""Operations on arrays of formulas, in any order, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backhand.calculus.evaluate import evaluate
from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients
from backhand.errors import MeaningError
from backhand.expr import mul, ref
from backhand.graph import Graph, Quantity, Role, floats
from backhand.reading.arrays import (
    Array,
    inner,
    joined,
    letters,
    matmul,
    named,
    over,
    piece,
    reshaped,
    spread,
    summed,
    transposed,
)
from backhand.reading.windows import Window, average_pool, convolution, max_pool
from backhand.slots import Index, affine
from backhand.values import as_value


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


def some_shape(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
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
            shape = some_shape(draw, array.shape)
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


@settings(max_examples=150, deadline=None)
@given(chain=chains())
def test_operations_one_after_another(chain: tuple[Array, Any, Any]) -> None:
    array, expected, x = chain
    assert array.shape == expected.shape
    np.testing.assert_array_equal(value(array, x=x), expected)


@settings(max_examples=60, deadline=None)
@given(chain=chains())
@pytest.mark.no_cover
def test_their_gradients(chain: tuple[Array, Any, Any]) -> None:
    array, _, x = chain
    weights = counted(*array.shape)
    own = letters(array.shape)
    indices = inner(array.shape)
    made = Quantity(name="z", axes=own, role=Role.INTERMEDIATE, definition=array.entry(own))
    loss = over(indices, mul(ref("w", *indices), ref("z", *indices)))
    graph = Graph(
        (
            Quantity(name="x", axes=letters(x.shape), role=Role.PARAMETER, value=as_value(x)),
            Quantity(name="w", axes=own, role=Role.DATA, value=as_value(weights)),
            made,
            Quantity(name="J", axes=(), role=Role.OBJECTIVE, definition=loss),
        ),
        objective="J",
    )

    def objective(data: Any) -> Any:
        return (weights * value(array, x=data)).sum()

    # Everything here is a line in x, so a difference is the derivative.
    _, known = gradients(graph, "J", ["x"], trace(graph))
    steps = np.eye(x.size).reshape(x.size, *x.shape)
    slopes = [objective(x + step) - objective(x) for step in steps]
    np.testing.assert_array_equal(floats(known["∂J/∂x"]).ravel(), slopes)


def test_a_position_counts_in_the_range_of_its_index_only() -> None:
    """y[j] = x[1] w[j] + x[2] w[j + 1]: the other entries of x have no part in it."""
    j, k = Index("j", 1, 5), Index("k", 1, 2)
    shifted = affine({j: 1, k: 1}, -1, Index("", 1, 6))
    assert shifted is not None
    body = over([j, k], mul(ref("x", k), ref("w", shifted)))
    graph = Graph(
        (
            Quantity(name="x", axes=letters((5,)), role=Role.DATA, value=as_value(counted(5))),
            Quantity(name="w", axes=letters((6,)), role=Role.PARAMETER, value=as_value(counted(6))),
            Quantity(name="J", axes=(), role=Role.OBJECTIVE, definition=body),
        ),
        objective="J",
    )
    _, known = gradients(graph, "J", ["w"], trace(graph))
    np.testing.assert_array_equal(floats(known["∂J/∂w"]), [1, 3, 3, 3, 3, 2])


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(2, 6),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    dilation=st.integers(1, 2),
    pads=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    raised=st.booleans(),
)
def test_windows(
    size: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int], raised: bool
) -> None:
    reach = dilation * (kernel - 1) + 1
    if size + sum(pads) < reach:
        return
    data, weights = counted(1, 2, size), counted(3, 2, kernel)
    window = Window((kernel,), (stride,), (dilation,), pads[:1], pads[1:])
    # x + 5 is not 0 outside, unlike x: its padding must be.
    x = named("x", data.shape) + 5 if raised else named("x", data.shape)
    padded = np.pad(data + 5 * raised, ((0, 0), (0, 0), pads))
    starts = range(0, padded.shape[2] - reach + 1, stride)
    seen = np.stack([padded[0, :, s : s + reach : dilation] for s in starts])
    found = value(convolution(x, named("w", weights.shape), window), x=data, w=weights)
    np.testing.assert_array_equal(found[0], np.einsum("sck,mck->ms", seen, weights))
    np.testing.assert_allclose(value(average_pool(x, window), x=data)[0], seen.mean(2).T)
    if not any(pads):
        np.testing.assert_array_equal(value(max_pool(x, window), x=data)[0], seen.max(2).T)


@pytest.mark.parametrize(
    ("left", "right"),
    [((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (3,))],
)
def test_matrix_products_broadcast(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = counted(*left), counted(*right)
    found = value(matmul(named("a", left), named("b", right)), a=a, b=b)
    np.testing.assert_array_equal(found, a @ b)


def test_arithmetic_broadcasts() -> None:
    a, b = counted(3, 1), counted(2, 1, 4)
    x, y = named("a", a.shape), named("b", b.shape)
    np.testing.assert_allclose(
        value((x - y) * y / (x + 1) ** 2, a=a, b=b), (a - b) * b / (a + 1) ** 2
    )
    np.testing.assert_array_equal(value(spread(x, (2, 3, 4)), a=a), np.broadcast_to(a, (2, 3, 4)))
    np.testing.assert_array_equal(
        value(x.largest(y).least(3), a=a, b=b), np.clip(np.maximum(a, b), None, 3)
    )


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(MeaningError, match=r"\(2, 3\) and \(4,\)"):
        named("a", (2, 3)) + named("b", (4,))
    with pytest.raises(MeaningError, match="product"):
        matmul(named("a", (2, 3)), named("b", (2, 3)))
    with pytest.raises(MeaningError, match="as many entries"):
        reshaped(named("a", (2, 3)), (4,))
