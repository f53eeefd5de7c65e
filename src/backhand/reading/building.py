"""Building blocks of networks as graphs of their own, of any size, to be read, derived and trained.

`block("attention", tokens=3, width=4)` is a graph without values: its equations can be shown, and
given values it can be worked like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

from backhand.errors import AskError
from backhand.graph import Graph, Role
from backhand.reading import layers
from backhand.reading.arrays import Array, matmul, piece, reshaped
from backhand.reading.growing import Growing
from backhand.reading.windows import Window, average_pool, convolution, max_pool

Block = Callable[..., Array]
BLOCKS: dict[str, Block] = {}
"""Every block by its name; the sizes it takes are its arguments, with small ones as examples."""
OUTPUT = "y"


def block(name: str, **sizes: int) -> Graph:
    """A building block as a graph; `sizes` change those it has as an example.

    Raises `AskError` for an unknown block or size.

    >>> [q.name for q in block("layer_norm", width=3)]
    ['x', 'gamma', 'beta', 'mu_1', 'v_1', 'y']
    """
    if name not in BLOCKS:
        raise AskError(f"there is no block {name!r}", f"the blocks are {', '.join(BLOCKS)}")
    known = list(signature(BLOCKS[name]).parameters)[1:]
    for size, value in sizes.items():
        if size not in known:
            raise AskError(f"{name} has no size {size!r}", f"its sizes are {', '.join(known)}")
        if value < 0:
            raise AskError(f"{size} is {value}", "give a whole number that isn't negative")
    growing = Growing()
    found = BLOCKS[name](growing, **sizes)
    growing.define("", found, OUTPUT)
    return Graph(tuple(growing.quantities.values()))


def _block(function: Block) -> Block:
    BLOCKS[function.__name__.removeprefix("_")] = function
    return function


def _data(growing: Growing, name: str, *shape: int) -> Array:
    return growing.entered(name, shape, Role.DATA)


def _learned(growing: Growing, name: str, *shape: int) -> Array:
    return growing.entered(name, shape, Role.PARAMETER)


EPSILON = 1e-5


@_block
def _batch_norm(growing: Growing, points: int = 4, width: int = 3) -> Array:
    x = _data(growing, "x", points, width)
    gain, shift = _learned(growing, "gamma", width), _learned(growing, "beta", width)
    return layers.batch_norm(growing.define, x, EPSILON, gain, shift)


@_block
def _layer_norm(growing: Growing, width: int = 4) -> Array:
    x = _data(growing, "x", width)
    gain, shift = _learned(growing, "gamma", width), _learned(growing, "beta", width)
    return layers.layer_norm(growing.define, x, 1, EPSILON, gain, shift)


@_block
def _convolution_1d(
    growing: Growing,
    channels: int = 2,
    outputs: int = 2,
    length: int = 6,
    kernel: int = 3,
    stride: int = 1,
    padding: int = 0,
) -> Array:
    x = _data(growing, "x", channels, length)
    w = _learned(growing, "W", outputs, channels, kernel)
    window = Window((kernel,), (stride,), (1,), (padding,), (padding,))
    return _of_one(x, lambda one: convolution(one, w, window)) + _by_row(growing, outputs, 1)


@_block
def _convolution_2d(
    growing: Growing,
    channels: int = 1,
    outputs: int = 2,
    height: int = 4,
    width: int = 4,
    kernel: int = 3,
    stride: int = 1,
    padding: int = 0,
) -> Array:
    x = _data(growing, "x", channels, height, width)
    w = _learned(growing, "W", outputs, channels, kernel, kernel)
    twice = (padding, padding)
    window = Window((kernel, kernel), (stride, stride), (1, 1), twice, twice)
    return _of_one(x, lambda one: convolution(one, w, window)) + _by_row(growing, outputs, 2)


@_block
def _max_pool(growing: Growing, channels: int = 1, length: int = 6, kernel: int = 2) -> Array:
    x = _data(growing, "x", channels, length)
    window = Window((kernel,), (kernel,), (1,), (0,), (0,))
    return _of_one(x, lambda one: max_pool(one, window))


@_block
def _average_pool(growing: Growing, channels: int = 1, length: int = 6, kernel: int = 2) -> Array:
    x = _data(growing, "x", channels, length)
    window = Window((kernel,), (kernel,), (1,), (0,), (0,))
    return _of_one(x, lambda one: average_pool(one, window))


@_block
def _dropout(growing: Growing, width: int = 4) -> Array:
    """The mask holds 0 for what is dropped and 1/(1 − p) for what stays."""
    return _data(growing, "x", width) * _data(growing, "mask", width)


@_block
def _embedding(growing: Growing, words: int = 5, width: int = 3, length: int = 2) -> Array:
    """The rows of a table, picked by one-hot vectors."""
    chosen = _data(growing, "x", length, words)
    return matmul(chosen, _learned(growing, "E", words, width))


@_block
def _residual(growing: Growing, width: int = 3) -> Array:
    x = _data(growing, "x", width)
    w, b = _learned(growing, "W", width, width), _learned(growing, "b", width)
    a = growing.define("a", layers.linear(x, w, b))
    return x + a.apply("relu")


@_block
def _attention(growing: Growing, tokens: int = 3, width: int = 4) -> Array:
    x = _data(growing, "X", tokens, width)
    projections = [
        growing.define(name, layers.linear(x, _learned(growing, f"W_{name}", width, width)), name)
        for name in ("Q", "K", "V")
    ]
    q, k, v = projections
    return layers.attention(growing.define, q, k, v)


@_block
def _recurrent(growing: Growing, steps: int = 3, inputs: int = 2, hidden: int = 2) -> Array:
    """h_t = tanh(W x_t + b + U h_(t−1) + c), the same weights at every step."""
    x = _data(growing, "X", steps, inputs)
    state = _data(growing, "h_0", hidden)
    w, u = _learned(growing, "W", hidden, inputs), _learned(growing, "U", hidden, hidden)
    weights = (w, _learned(growing, "b", hidden)), (u, _learned(growing, "c", hidden))
    for step in range(steps):
        now = reshaped(piece(x, 0, step, 1, 1), (inputs,))
        state = growing.define("h", layers.rnn_cell(now, state, weights, "tanh"))
    return state


def _of_one(x: Array, layer: Callable[[Array], Array]) -> Array:
    """A layer for batches, on one point."""
    batch = Array((1, *x.shape), lambda slots: x.entry(slots[1:]))
    found = layer(batch)
    return Array(found.shape[1:], lambda slots: found.entry((1, *slots)))


def _by_row(growing: Growing, outputs: int, axes: int) -> Array:
    """A bias with one number a channel."""
    bias = _learned(growing, "b", outputs)
    return Array((outputs, *(1,) * axes), lambda slots: bias.entry(slots[:1]))
