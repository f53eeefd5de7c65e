"""The operations of PyTorch that make numbers: entry by entry, sums, losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from backhand.errors import MeaningError
from backhand.reading import layers
from backhand.reading.arrays import Array, reshaped, summed
from backhand.reading.aten_calls import Call, Meaning, Table, as_number, each, operation

NUMBERS: Table = {}
Entrywise: TypeAlias = Callable[[Call], Array]

# ---- entry by entry ----------------------------------------------------------------------------

for _name in ("relu", "sigmoid", "tanh", "softplus", "silu", "exp", "log", "sqrt", "erf", "sin",
              "cos", "tan", "abs"):  # fmt: skip

    def _from_table(call: Call, function: str = _name) -> Array:
        return call.array().apply(function)

    operation(NUMBERS, f"{_name}.default", f"{_name}_.default", stem="z")(_from_table)


def _added(call: Call) -> Array:
    factor = as_number(call.named.get("alpha", 1))
    return call.array(0) + call.array(1) * factor


def _subtracted(call: Call) -> Array:
    factor = as_number(call.named.get("alpha", 1))
    return call.array(0) - call.array(1) * factor


_ENTRYWISE: tuple[tuple[tuple[str, ...], Entrywise], ...] = (
    (("add.Tensor", "add_.Tensor", "add.Scalar"), _added),
    (("sub.Tensor", "sub_.Tensor", "sub.Scalar"), _subtracted),
    (("rsub.Scalar", "rsub.Tensor"), lambda call: call.array(1) - call.array(0)),
    (("mul.Tensor", "mul_.Tensor", "mul.Scalar"), lambda call: call.array(0) * call.array(1)),
    (("div.Tensor", "div_.Tensor", "div.Scalar"), lambda call: call.array(0) / call.array(1)),
    (("pow.Tensor_Scalar", "pow.Tensor_Tensor"), lambda call: call.array(0) ** call.array(1)),
    (("square.default",), lambda call: call.array() ** 2),
    (("reciprocal.default",), lambda call: call.array() ** -1),
    (("rsqrt.default",), lambda call: call.array().apply("sqrt") ** -1),
    (("neg.default",), lambda call: call.array() * -1),
    (("maximum.default", "max.other"), lambda call: call.array(0).largest(call.array(1))),
    (("minimum.default", "min.other"), lambda call: call.array(0).least(call.array(1))),
)
for _names, _of in _ENTRYWISE:
    operation(NUMBERS, *_names)(_of)


@operation(NUMBERS, "leaky_relu.default", "leaky_relu_.default", stem="z")
def _leaky_relu(call: Call) -> Array:
    x, slope = call.array(), call.get(1, "negative_slope", 0.01)
    if slope == 0.01:
        return x.apply("leaky_relu")
    return x.apply("relu") - (x * -1).apply("relu") * layers.exact(slope)


@operation(NUMBERS, "gelu.default", stem="z")
def _gelu(call: Call) -> Array:
    by_tanh = call.get(1, "approximate", "none") == "tanh"
    return call.array().apply("gelu_tanh" if by_tanh else "gelu")


@operation(NUMBERS, "elu.default", "elu_.default", stem="z")
def _elu(call: Call) -> Array:
    x = call.array()
    return x.apply("relu") + (x.least(0).apply("exp") - 1) * layers.exact(call.get(1, "alpha", 1.0))


@operation(
    NUMBERS, "hardtanh.default", "clamp.default", "relu6.default", "hardtanh_.default", stem="z"
)
def _clamped(call: Call) -> Array:
    x, low, high = call.array(), call.get(1, "min"), call.get(2, "max")
    x = x if low is None else x.largest(as_number(low))
    return x if high is None else x.least(as_number(high))


@operation(NUMBERS, "log1p.default", stem="z")
def _log1p(call: Call) -> Array:
    return (call.array() + 1).apply("log")


@operation(NUMBERS, "softmax.int", "_softmax.default", stem="p")
def _softmax(call: Call) -> Array:
    return layers.softmax(call.array(), call.get(1, "dim"))


@operation(NUMBERS, "log_softmax.int", "_log_softmax.default", stem="p")
def _log_softmax(call: Call) -> Array:
    return layers.log_softmax(call.array(), call.get(1, "dim"))


# ---- sums --------------------------------------------------------------------------------------


def _along(call: Call, x: Array) -> list[int]:
    dims = call.get(1, "dim")
    if dims is None or dims == []:
        return list(range(x.rank))
    return [axis % x.rank for axis in each(dims, 1)]


@operation(NUMBERS, "sum.default", "sum.dim_IntList")
def _sum(call: Call) -> Array:
    x = call.array()
    return summed(x, _along(call, x), call.get(2, "keepdim", False))


@operation(NUMBERS, "mean.default", "mean.dim")
def _mean(call: Call) -> Array:
    x = call.array()
    along = _along(call, x)
    found = layers.mean(x, along)
    return found if call.get(2, "keepdim", False) else reshaped(found, call.shape)


# ---- losses ------------------------------------------------------------------------------------


REDUCTIONS = {0: "none", 1: "mean", 2: "sum"}


def _loss(each_entry: Entrywise, at: int = 2) -> Meaning:
    def of(call: Call) -> Array:
        reduction = REDUCTIONS[call.get(at, "reduction", 1)]
        losses = each_entry(call)
        return losses if reduction == "none" else layers.reduced(losses, reduction)

    return of


def _difference(call: Call) -> Array:
    return call.array(1) - call.array(0)


def _plain(call: Call, *positions: int) -> None:
    """Refuse class or position weights, which none of these losses reads."""
    if any(call.get(at, "weight") is not None for at in positions):
        raise MeaningError("a loss with weights")


def _smooth(call: Call) -> Array:
    beta = call.get(3, "beta", 1.0)
    return layers.huber(_difference(call), beta) / layers.exact(beta)


def _bce(call: Call) -> Array:
    _plain(call, 2)
    return layers.binary_cross_entropy(call.array(0), call.array(1))


def _bce_with_logits(call: Call) -> Array:
    _plain(call, 2, 3)
    return layers.binary_cross_entropy_with_logits(call.array(0), call.array(1))


_LOSSES: tuple[tuple[tuple[str, ...], Entrywise, int], ...] = (
    (("mse_loss.default",), lambda call: _difference(call) ** 2, 2),
    (("l1_loss.default",), lambda call: _difference(call).apply("abs"), 2),
    (("huber_loss.default",), lambda c: layers.huber(_difference(c), c.get(3, "delta", 1.0)), 2),
    (("smooth_l1_loss.default",), _smooth, 2),
    (("binary_cross_entropy.default",), _bce, 3),
    (("binary_cross_entropy_with_logits.default",), _bce_with_logits, 4),
)
for _names, _entrywise, _at in _LOSSES:
    operation(NUMBERS, *_names, stem="J")(_loss(_entrywise, _at))


@operation(NUMBERS, "cross_entropy_loss.default", stem="J")
def _cross_entropy(call: Call) -> Array:
    _plain(call, 2)
    if call.get(5, "label_smoothing", 0.0):
        raise MeaningError("a cross-entropy with label smoothing")
    reduction = REDUCTIONS[call.get(3, "reduction", 1)]
    return layers.cross_entropy(call.array(0), call.array(1), reduction)


@operation(NUMBERS, "nll_loss_nd.default", "nll_loss.default", stem="J")
def _nll(call: Call) -> Array:
    _plain(call, 2)
    each_point = summed(call.array(0) * call.array(1), [1]) * -1
    return layers.reduced(each_point, REDUCTIONS[call.get(3, "reduction", 1)])
