"""The building blocks of today's networks, each a few equations on arrays.

A block gets arrays and `define`, which names a part of it: the mean and variance of a
normalisation stay quantities of their own, so that a derivation can stop at them.

Sources: Ioffe and Szegedy (2015) for batch normalisation, Ba, Kiros and Hinton (2016) for layer
normalisation, Vaswani et al. (2017) for attention, Elman (1990) for the recurrent cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isfinite, prod
from typing import TypeAlias

from backhand.errors import MeaningError
from backhand.expr import Expr, apply, mul, number, total
from backhand.reading.arrays import Array, inner, matmul, piece, reshaped, summed, transposed
from backhand.slots import Slot

Define: TypeAlias = Callable[[str, Array], Array]
"""Names an array: a stem such as `mu`, and what it is."""
Weights: TypeAlias = tuple[tuple[Array, Array | None], tuple[Array, Array | None]]
"""Of a recurrent cell: matrix and bias for its input, then those for its state."""


def exact(value: float) -> Expr:
    """A number as its shortest decimal says, so that 1e-05 stays 1/100000.

    Raises `MeaningError` for inf and nan, which no formula has.
    """
    if not isfinite(value):
        raise MeaningError(f"{value} is not a number", "give a finite one")
    return number(Fraction(repr(float(value))))


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """W x + b, for x along the last axis."""

    def entry(slots: tuple[Slot, ...]) -> Expr:
        *before, row = slots
        (k,) = inner(weight.shape[1:])
        return total(k, mul(weight.entry((row, k)), x.entry((*before, k))))

    out = Array((*x.shape[:-1], weight.shape[0]), entry)
    return out if bias is None else out + bias


def mean(x: Array, along: Sequence[int]) -> Array:
    """The mean along some axes, which stay with size 1."""
    return summed(x, along, keep=True) / prod(x.shape[axis] for axis in along)


def normalised(define: Define, x: Array, along: Sequence[int], epsilon: float) -> Array:
    """x less its mean, over its standard deviation, along some axes."""
    middle = define("mu", mean(x, along))
    spread_out = define("v", mean((x - middle) ** 2, along))
    return (x - middle) / (spread_out + exact(epsilon)).apply("sqrt")


def layer_norm(
    define: Define,
    x: Array,
    axes: int,
    epsilon: float,
    gain: Array | None = None,
    shift: Array | None = None,
) -> Array:
    """Layer normalisation over the last `axes` axes."""
    along = range(x.rank - axes, x.rank)
    return scaled(normalised(define, x, along, epsilon), gain, shift)


def scaled(x: Array, gain: Array | None, shift: Array | None) -> Array:
    """γ x + β, each where it is there."""
    x = x if gain is None else x * gain
    return x if shift is None else x + shift


def by_channel(array: Array, rank: int) -> Array:
    """A vector with an entry a channel, ready to broadcast over [n, channel, ...]."""
    size = array.shape[0]
    return Array((size, *(1,) * (rank - 2)), lambda slots: array.entry(slots[:1]))


def batch_norm(
    define: Define,
    x: Array,
    epsilon: float,
    gain: Array | None = None,
    shift: Array | None = None,
    running: tuple[Array, Array] | None = None,
) -> Array:
    """Batch normalisation of x[n, channel, ...]: by the batch's own moments, or by running ones."""
    if running is None:
        along = [axis for axis in range(x.rank) if axis != 1]
        found = normalised(define, x, along, epsilon)
    else:
        middle, spread_out = (by_channel(moment, x.rank) for moment in running)
        found = (x - middle) / (spread_out + exact(epsilon)).apply("sqrt")
    channels = (None if part is None else by_channel(part, x.rank) for part in (gain, shift))
    return scaled(found, *channels)


def rms_norm(
    define: Define, x: Array, axes: int, epsilon: float, gain: Array | None = None
) -> Array:
    """x over the root of its mean square, over the last `axes` axes (Zhang and Sennrich, 2019)."""
    square = define("v", mean(x**2, range(x.rank - axes, x.rank)))
    return scaled(x / (square + exact(epsilon)).apply("sqrt"), gain, None)


def group_norm(
    define: Define,
    x: Array,
    groups: int,
    epsilon: float,
    gain: Array | None = None,
    shift: Array | None = None,
) -> Array:
    """Normalisation of x[n, channel, ...] over each group of channels (Wu and He, 2018)."""
    shape = (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    found = normalised(define, reshaped(x, shape), range(2, len(shape)), epsilon)
    channels = (None if part is None else by_channel(part, x.rank) for part in (gain, shift))
    return scaled(reshaped(found, x.shape), *channels)


def softmax(x: Array, axis: int) -> Array:
    """e^x over its sum along an axis."""
    return x.apply("exp") / summed(x.apply("exp"), [axis % x.rank], keep=True)


def log_softmax(x: Array, axis: int) -> Array:
    """x − log Σ e^x along an axis."""
    return x - summed(x.apply("exp"), [axis % x.rank], keep=True).apply("log")


def attention(
    define: Define,
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None = None,
    scale: float | None = None,
) -> Array:
    """softmax(Q Kᵀ / √d) V over the last two axes; `mask` is added to the scores."""
    order = (*range(k.rank - 2), k.rank - 1, k.rank - 2)
    products = matmul(q, transposed(k, order))
    factor = exact(scale) if scale is not None else 1 / apply("sqrt", number(q.shape[-1]))
    scores = products * factor
    scores = define("s", scores if mask is None else scores + mask)
    weights = define("p", softmax(scores, -1))
    return matmul(weights, v)


def rnn_cell(x: Array, h: Array, weights: Weights, function: str) -> Array:
    """g(W x + b + U h + c): one step of Elman's recurrent network."""
    return (linear(x, *weights[0]) + linear(h, *weights[1])).apply(function)


def lstm_cell(
    define: Define, x: Array, h: Array, c: Array, weights: Weights
) -> tuple[Array, Array]:
    """One step of a long short-term memory: its new h and c (Hochreiter and Schmidhuber, 1997)."""
    a = define("a", linear(x, *weights[0]) + linear(h, *weights[1]))
    i, f, g, o = parts(a, 4)
    c = define("c", f.apply("sigmoid") * c + i.apply("sigmoid") * g.apply("tanh"))
    return define("h", o.apply("sigmoid") * c.apply("tanh")), c


def gru_cell(define: Define, x: Array, h: Array, weights: Weights) -> Array:
    """One step of a gated recurrent unit (Cho et al., 2014), the reset gate after the product."""
    inward, back = (
        parts(define("a", linear(of, *pair)), 3) for of, pair in zip((x, h), weights, strict=True)
    )
    r, z = ((inward[at] + back[at]).apply("sigmoid") for at in range(2))
    n = define("n", (inward[2] + r * back[2]).apply("tanh"))
    return define("h", n * (z * -1 + 1) + z * h)


def parts(x: Array, count: int) -> list[Array]:
    """Equal pieces along the last axis."""
    size = x.shape[-1] // count
    return [piece(x, x.rank - 1, size * at, 1, size) for at in range(count)]


# ---- losses ------------------------------------------------------------------------------------


def reduced(losses: Array, reduction: str) -> Array:
    """The mean of all entries, their sum, or each of them."""
    if reduction == "none":
        return losses
    whole = summed(losses, range(losses.rank))
    return whole / prod(losses.shape) if reduction == "mean" else whole


def cross_entropy(log_p: Array, y: Array, axis: int) -> Array:
    """−Σ y log p over the axis of the classes."""
    return summed(y * log_p, [axis]) * -1


def binary_cross_entropy(p: Array, y: Array) -> Array:
    """−y log p − (1 − y) log(1 − p), entry by entry."""
    return (y * p.apply("log") + (y * -1 + 1) * (p * -1 + 1).apply("log")) * -1


def binary_cross_entropy_with_logits(s: Array, y: Array) -> Array:
    """softplus(s) − y s, entry by entry."""
    return s.apply("softplus") - y * s


def huber(difference: Array, delta: float) -> Array:
    """Half the square up to δ, a line beyond: δ|d| − δ²/2."""
    size = difference.apply("abs")
    inside = size.least(exact(delta))
    return inside**2 / 2 + (size - inside) * exact(delta)
