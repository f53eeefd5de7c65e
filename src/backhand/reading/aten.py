"""The operations of PyTorch that make numbers entry by entry, and sums."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod

from backhand.errors import MeaningError
from backhand.expr import Expr, apply, number
from backhand.reading import layers
from backhand.reading.arrays import Array, einsum, largest, piece, reshaped, scalar, summed
from backhand.reading.aten_calls import Call, Known, Table, additive, as_number, each, operation

NUMBERS: Table = {}
PRECISE = 20
"""PyTorch's softplus is x beyond a threshold, the formula to all digits from here on in float32."""

# ---- entry by entry ----------------------------------------------------------------------------

for _name in ("relu", "sigmoid", "tanh", "softplus", "silu", "exp", "log", "sqrt", "erf", "sin",
              "cos", "tan", "abs"):  # fmt: skip

    def _from_table(call: Call, function: str = _name) -> Array:
        threshold = call.get("threshold")
        if threshold is not None and threshold < PRECISE:
            raise MeaningError("with so low a threshold it is no softplus", "leave threshold out")
        return call.array().apply(function)

    operation(NUMBERS, f"{_name}.default", f"{_name}_.default", stem="z")(_from_table)


def _times(call: Call, key: str, option: str = "alpha") -> Array:
    """An argument times the factor that PyTorch lets it have."""
    factor = call.get(option)
    return call.array(key) if factor in (1, None) else call.array(key) * as_number(factor)


@operation(NUMBERS, "add.Tensor", "add_.Tensor", "add.Scalar")
def _added(call: Call) -> Array:
    return call.array() + _times(call, "other")


@operation(NUMBERS, "sub.Tensor", "sub_.Tensor", "sub.Scalar")
def _subtracted(call: Call) -> Array:
    return call.array() - _times(call, "other")


@operation(NUMBERS, "rsub.Scalar", "rsub.Tensor")
def _subtracted_from(call: Call) -> Array:
    return call.array(1) - _times(call, "self")


@operation(NUMBERS, "mul.Tensor", "mul_.Tensor", "mul.Scalar")
def _multiplied(call: Call) -> Array:
    return call.array(0) * call.array(1)


@operation(NUMBERS, "div.Tensor", "div_.Tensor", "div.Scalar")
def _divided(call: Call) -> Array:
    return call.array(0) / call.array(1)


@operation(NUMBERS, "pow.Tensor_Scalar", "pow.Tensor_Tensor", "pow.Scalar")
def _power(call: Call) -> Array:
    return call.array(0) ** call.array(1)


@operation(NUMBERS, "maximum.default", "max.other")
def _larger(call: Call) -> Array:
    return call.array(0).largest(call.array(1))


@operation(NUMBERS, "minimum.default", "min.other")
def _smaller(call: Call) -> Array:
    return call.array(0).least(call.array(1))


_TWO = apply("log", number(2))
_TEN = apply("log", number(10))
_ENTRYWISE: dict[str, Callable[[Array], Array]] = {
    "square": lambda x: x**2,
    "reciprocal": lambda x: x**-1,
    "rsqrt": lambda x: x.apply("sqrt") ** -1,
    "neg": lambda x: x * -1,
    "log1p": lambda x: (x + 1).apply("log"),
    "expm1": lambda x: x.apply("exp") - 1,
    "log2": lambda x: x.apply("log") / _TWO,
    "log10": lambda x: x.apply("log") / _TEN,
    "exp2": lambda x: (x * _TWO).apply("exp"),
    "log_sigmoid": lambda x: (x * -1).apply("softplus") * -1,
    "mish": lambda x: x * x.apply("softplus").apply("tanh"),
    "relu6": lambda x: x.largest(0).least(6),
    "hardsigmoid": lambda x: (x / 6 + layers.exact(0.5)).largest(0).least(1),
    "hardswish": lambda x: x * (x / 6 + layers.exact(0.5)).largest(0).least(1),
}
for _name, _of in _ENTRYWISE.items():

    def _each_entry(call: Call, of: Callable[[Array], Array] = _of) -> Array:
        return of(call.array())

    operation(NUMBERS, f"{_name}.default", f"{_name}_.default", stem="z")(_each_entry)


# The second of two equal numbers gets the derivative, and so PyTorch's choice at a kink stands second.


@operation(NUMBERS, "leaky_relu.default", "leaky_relu_.default", stem="z")
def _leaky_relu(call: Call) -> Array:
    x, slope = call.array(), call.get("negative_slope")
    if slope == 0.01:
        return x.apply("leaky_relu")
    below = x * as_number(slope)
    return x.largest(below) if slope <= 1 else x.least(below)


@operation(NUMBERS, "prelu.default", stem="z")
def _prelu(call: Call) -> Array:
    x, slope = call.array(), call.array("weight")
    if slope.rank == 1 and slope.shape[0] > 1:
        slope = layers.by_channel(slope, x.rank)
    return x.apply("relu") + scalar(0).least(x) * slope


@operation(NUMBERS, "gelu.default", stem="z")
def _gelu(call: Call) -> Array:
    return call.array().apply("gelu_tanh" if call.get("approximate") == "tanh" else "gelu")


def _exponential_below(x: Array, alpha: Expr, width: Expr) -> Array:
    """x, and below 0 the curve α (e^(x / width) − 1)."""
    return x.apply("relu") + ((scalar(0).least(x) / width).apply("exp") - 1) * alpha


@operation(NUMBERS, "elu.default", "elu_.default", stem="z")
def _elu(call: Call) -> Array:
    return _exponential_below(call.array(), as_number(call.get("alpha")), number(1))


@operation(NUMBERS, "celu.default", "celu_.default", stem="z")
def _celu(call: Call) -> Array:
    alpha = as_number(call.get("alpha"))
    return _exponential_below(call.array(), alpha, alpha)


SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


@operation(NUMBERS, "selu.default", "selu_.default", stem="z")
def _selu(call: Call) -> Array:
    """Klambauer et al. (2017), with their two constants."""
    curve = _exponential_below(call.array(), layers.exact(SELU_ALPHA), number(1))
    return curve * layers.exact(SELU_SCALE)


@operation(
    NUMBERS, "clamp.default", "clamp_.default", "clamp_min.default", "clamp_max.default", stem="z"
)
def _clamped(call: Call) -> Array:
    """At a limit PyTorch takes the derivative of x, other than hardtanh."""
    x, low, high = call.array(), call.get("min"), call.get("max")
    x = x if low is None else scalar(as_number(low)).largest(x)
    return x if high is None else scalar(as_number(high)).least(x)


@operation(NUMBERS, "hardtanh.default", "hardtanh_.default", stem="z")
def _hardtanh(call: Call) -> Array:
    low, high = as_number(call.get("min_val")), as_number(call.get("max_val"))
    return call.array().largest(low).least(high)


@operation(NUMBERS, "glu.default", stem="z")
def _glu(call: Call) -> Array:
    x = call.array()
    axis = call.axis("dim", x.rank)
    half = x.shape[axis] // 2
    return piece(x, axis, 0, 1, half) * piece(x, axis, half, 1, half).apply("sigmoid")


@operation(NUMBERS, "softmax.int", "_softmax.default", stem="p")
def _softmax(call: Call) -> Array:
    return layers.softmax(call.array(), call.get("dim"))


@operation(NUMBERS, "log_softmax.int", "_log_softmax.default", stem="p")
def _log_softmax(call: Call) -> Array:
    return layers.log_softmax(call.array(), call.get("dim"))


@operation(NUMBERS, "masked_fill.Scalar", "masked_fill.Tensor")
def _filled(call: Call) -> Array:
    """x where the mask is 0, else the value; −∞ is added, for 0 · ∞ is no number."""
    x, mask, value = call.array(), call.get("mask"), call.get("value")
    if not isinstance(mask, Known):
        raise MeaningError("a mask that is worked out", "give the mask as a buffer")
    value = float(value.tensor) if isinstance(value, Known) else float(value)
    if value == -inf:
        return x + call.page.enter(additive(mask.tensor.logical_not()))
    m = call.page.enter(Known("mask", mask.tensor.double()))
    return x * (m * -1 + 1) + m * layers.exact(value)


# ---- sums --------------------------------------------------------------------------------------


def _along(call: Call, x: Array) -> list[int]:
    dims = call.get("dim")
    if dims is None or dims == []:
        return list(range(x.rank))
    return [axis % x.rank for axis in each(dims, 1)]


@operation(NUMBERS, "sum.default", "sum.dim_IntList")
def _sum(call: Call) -> Array:
    x = call.array()
    return summed(x, _along(call, x), bool(call.get("keepdim")))


@operation(NUMBERS, "mean.default", "mean.dim")
def _mean(call: Call) -> Array:
    x = call.array()
    call.get("keepdim")
    return reshaped(layers.mean(x, _along(call, x)), call.shape)


@operation(NUMBERS, "logsumexp.default")
def _logsumexp(call: Call) -> Array:
    x = call.array()
    return summed(x.apply("exp"), _along(call, x), bool(call.get("keepdim"))).apply("log")


def _variance(call: Call) -> Array:
    """The mean of the squares about the mean, over n less the correction."""
    x = call.array()
    along = _along(call, x)
    less = call.get("correction")
    less = int(call.get("unbiased") is not False) if less is None else less
    count = prod(x.shape[axis] for axis in along)
    squares = summed((x - call.page.define("mu", layers.mean(x, along))) ** 2, along, keep=True)
    call.get("keepdim")
    return reshaped(squares / as_number(count - less), call.shape)


operation(NUMBERS, "var.dim", "var.correction", "var.default")(_variance)


@operation(NUMBERS, "std.dim", "std.correction", "std.default")
def _deviation(call: Call) -> Array:
    return _variance(call).apply("sqrt")


@operation(NUMBERS, "linalg_vector_norm.default")
def _norm(call: Call) -> Array:
    x, order = call.array(), call.get("ord")
    along, keep = _along(call, x), bool(call.get("keepdim"))
    if order == 1:
        return summed(x.apply("abs"), along, keep)
    if order != 2:
        raise MeaningError(f"a norm with ord={order}", "take ord=1 or ord=2")
    return summed(x**2, along, keep).apply("sqrt")


@operation(NUMBERS, "amax.default", "max.default")
def _largest(call: Call) -> Array:
    x = call.array()
    along = _along(call, x)
    call.get("keepdim")
    return reshaped(largest(x, along), call.shape)


@operation(NUMBERS, "max.dim")
def _largest_and_where(call: Call) -> tuple[Array]:
    """The largest; where it is, PyTorch's second result, is no number to differentiate."""
    x = call.array()
    call.get("keepdim")
    return (reshaped(largest(x, _along(call, x)), tuple(call.result[0].shape)),)


@operation(NUMBERS, "einsum.default")
def _einsum(call: Call) -> Array:
    call.get("path")
    return einsum(call.get("equation"), call.arrays("tensors"))
