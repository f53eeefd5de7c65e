"""The operations of an exported PyTorch program, each as an array of formulas.

One entry an operation, by its name in ATen. What only moves entries (a reshape, a transpose) makes
no quantity of its own: it changes positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from backhand.errors import MeaningError
from backhand.expr import Expr, number
from backhand.reading import layers
from backhand.reading.arrays import (
    Array,
    Window,
    average_pool,
    convolution,
    joined,
    matmul,
    max_pool,
    piece,
    reshaped,
    scalar,
    spread,
    summed,
    transposed,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: its arguments, arrays in the place of tensors, and what names its parts."""

    args: tuple[Any, ...]
    named: Mapping[str, Any]
    define: layers.Define
    shape: tuple[int, ...]

    def get(self, at: int, name: str, otherwise: Any = None) -> Any:
        """An argument by its position or its name."""
        if at < len(self.args):
            return self.args[at]
        return self.named.get(name, otherwise)

    def array(self, at: int = 0, name: str = "") -> Array:
        """An argument as an array; a number is one of no axes."""
        value = self.get(at, name)
        return value if isinstance(value, Array) else scalar(as_number(value))


Operation: TypeAlias = Callable[[Call], "Array | tuple[Array, ...]"]
OPERATIONS: dict[str, Operation] = {}
STEMS: dict[str, str] = {}
"""The letter of what an operation makes, where it isn't h; "" for what makes no quantity."""


def operation(*names: str, stem: str = "h") -> Callable[[Operation], Operation]:
    """Enter an operation under its names in ATen."""

    def enter(function: Operation) -> Operation:
        for name in names:
            OPERATIONS[name] = function
            STEMS[name] = stem
        return function

    return enter


def as_number(value: float) -> Expr:
    """A Python number as an exact one."""
    return number(value) if isinstance(value, int) else layers.exact(value)


# ---- entry by entry ----------------------------------------------------------------------------

for _name in ("relu", "sigmoid", "tanh", "softplus", "silu", "exp", "log", "sqrt", "erf", "sin",
              "cos", "tan", "abs"):  # fmt: skip

    def _from_table(call: Call, function: str = _name) -> Array:
        return call.array().apply(function)

    OPERATIONS[f"{_name}.default"] = OPERATIONS[f"{_name}_.default"] = _from_table
    STEMS[f"{_name}.default"] = STEMS[f"{_name}_.default"] = "z"


def _added(call: Call) -> Array:
    factor = as_number(call.named.get("alpha", 1))
    return call.array(0) + call.array(1) * factor


def _subtracted(call: Call) -> Array:
    factor = as_number(call.named.get("alpha", 1))
    return call.array(0) - call.array(1) * factor


for _names, _of in (
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
):
    operation(*_names)(_of)


@operation("leaky_relu.default", "leaky_relu_.default", stem="z")
def _leaky_relu(call: Call) -> Array:
    x, slope = call.array(), call.get(1, "negative_slope", 0.01)
    if slope == 0.01:
        return x.apply("leaky_relu")
    return x.apply("relu") - (x * -1).apply("relu") * layers.exact(slope)


@operation("gelu.default", stem="z")
def _gelu(call: Call) -> Array:
    by_tanh = call.get(1, "approximate", "none") == "tanh"
    return call.array().apply("gelu_tanh" if by_tanh else "gelu")


@operation("elu.default", "elu_.default", stem="z")
def _elu(call: Call) -> Array:
    x = call.array()
    return x.apply("relu") + (x.least(0).apply("exp") - 1) * layers.exact(call.get(1, "alpha", 1.0))


@operation("hardtanh.default", "clamp.default", "relu6.default", "hardtanh_.default", stem="z")
def _clamped(call: Call) -> Array:
    x, low, high = call.array(), call.get(1, "min"), call.get(2, "max")
    x = x if low is None else x.largest(as_number(low))
    return x if high is None else x.least(as_number(high))


@operation("log1p.default", stem="z")
def _log1p(call: Call) -> Array:
    return (call.array() + 1).apply("log")


@operation("softmax.int", "_softmax.default", stem="p")
def _softmax(call: Call) -> Array:
    return layers.softmax(call.array(), call.get(1, "dim"))


@operation("log_softmax.int", "_log_softmax.default", stem="p")
def _log_softmax(call: Call) -> Array:
    return layers.log_softmax(call.array(), call.get(1, "dim"))


# ---- layers ------------------------------------------------------------------------------------


@operation("linear.default", stem="a")
def _linear(call: Call) -> Array:
    return layers.linear(call.array(0), call.array(1), call.get(2, "bias"))


@operation("matmul.default", "mm.default", "bmm.default", "mv.default", "dot.default")
def _matmul(call: Call) -> Array:
    return matmul(call.array(0), call.array(1))


@operation("addmm.default", stem="a")
def _addmm(call: Call) -> Array:
    return matmul(call.array(1), call.array(2)) + call.array(0)


@operation("conv1d.default", "conv2d.default", "conv3d.default", stem="a")
def _convolution(call: Call) -> Array:
    kernel = call.array(1)
    rank = kernel.rank - 2
    before = each(call.get(4, "padding", 0), rank)
    window = Window(
        kernel.shape[2:],
        each(call.get(3, "stride", 1), rank),
        each(call.get(5, "dilation", 1), rank),
        before,
        before,
    )
    out = convolution(call.array(0), kernel, window, call.get(6, "groups", 1))
    bias = call.get(2, "bias")
    return out if bias is None else out + layers.by_channel(bias, out.rank)


def each(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """One number for each axis."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * rank if len(values) == 1 else values


def _window(call: Call, rank: int) -> Window:
    kernel = each(call.get(1, "kernel_size"), rank)
    strides = each(call.get(2, "stride") or kernel, rank)
    padding = each(call.get(3, "padding", 0), rank)
    return Window(kernel, strides, (1,) * rank, padding, padding)


@operation("max_pool1d.default", "max_pool2d.default")
def _max_pool(call: Call) -> Array:
    x = call.array()
    window = _window(call, x.rank - 2)
    dilation = each(call.get(4, "dilation", 1), x.rank - 2)
    if any(window.before) or any(d != 1 for d in dilation) or call.get(5, "ceil_mode", False):
        raise MeaningError("a largest value with padding, dilation or rounding up")
    return max_pool(x, window)


@operation("avg_pool1d.default", "avg_pool2d.default")
def _average_pool(call: Call) -> Array:
    x = call.array()
    window = _window(call, x.rank - 2)
    if call.get(4, "ceil_mode", False) or (any(window.before) and not call.get(5, "", True)):
        raise MeaningError("a mean that rounds up, or that leaves the padding out")
    return average_pool(x, window)


@operation("adaptive_avg_pool1d.default", "adaptive_avg_pool2d.default")
def _adaptive(call: Call) -> Array:
    x, sizes = call.array(), tuple(call.get(1, "output_size"))
    spatial = x.shape[2:]
    if any(size % wanted for size, wanted in zip(spatial, sizes, strict=True)):
        raise MeaningError("an adaptive mean over windows of unlike sizes")
    kernel = tuple(size // wanted for size, wanted in zip(spatial, sizes, strict=True))
    none = (0,) * len(kernel)
    return average_pool(x, Window(kernel, kernel, (1,) * len(kernel), none, none))


@operation("layer_norm.default")
def _layer_norm(call: Call) -> Array:
    shape = call.get(1, "normalized_shape")
    gain, shift = call.get(2, "weight"), call.get(3, "bias")
    epsilon = call.get(4, "eps", 1e-5)
    return layers.layer_norm(call.define, call.array(), len(shape), epsilon, gain, shift)


@operation("batch_norm.default")
def _batch_norm(call: Call) -> Array:
    gain, shift, middle, spread_out, training = (call.get(at, "") for at in range(1, 6))
    running = None if training else (middle, spread_out)
    return layers.batch_norm(call.define, call.array(), call.get(7, "eps"), gain, shift, running)


@operation("scaled_dot_product_attention.default")
def _attention(call: Call) -> Array:
    if call.get(4, "dropout_p", 0.0):
        raise MeaningError("attention with dropout, which is random", "call module.eval()")
    if call.get(5, "is_causal", False):
        raise MeaningError("attention with is_causal", "give the mask itself")
    q, k, v = (call.array(at) for at in range(3))
    return layers.attention(call.define, q, k, v, call.get(3, "attn_mask"), call.named.get("scale"))


@operation("rnn_tanh_cell.default", stem="h")
def _rnn_tanh(call: Call) -> Array:
    x, h, w, u = (call.array(at) for at in range(4))
    return layers.rnn_cell(x, h, (w, u), (call.get(4, "b_ih"), call.get(5, "b_hh")), "tanh")


@operation("rnn_relu_cell.default", stem="h")
def _rnn_relu(call: Call) -> Array:
    x, h, w, u = (call.array(at) for at in range(4))
    return layers.rnn_cell(x, h, (w, u), (call.get(4, "b_ih"), call.get(5, "b_hh")), "relu")


@operation("dropout.default", "dropout_.default", "feature_dropout.default", stem="")
def _dropout(call: Call) -> Array:
    if call.get(2, "train", False) and call.get(1, "p", 0.5):
        raise MeaningError(
            "dropout in training, which is random", "call module.eval(), or multiply by a mask"
        )
    return call.array()


# ---- sums --------------------------------------------------------------------------------------


def _along(call: Call, x: Array) -> list[int]:
    dims = call.get(1, "dim")
    if dims is None or dims == []:
        return list(range(x.rank))
    return [axis % x.rank for axis in each(dims, 1)]


@operation("sum.default", "sum.dim_IntList")
def _sum(call: Call) -> Array:
    x = call.array()
    return summed(x, _along(call, x), call.get(2, "keepdim", False))


@operation("mean.default", "mean.dim")
def _mean(call: Call) -> Array:
    x = call.array()
    along = _along(call, x)
    found = layers.mean(x, along)
    return found if call.get(2, "keepdim", False) else reshaped(found, call.shape)


# ---- what only moves entries -------------------------------------------------------------------


@operation(
    "view.default", "reshape.default", "flatten.using_ints", "unflatten.int", "squeeze.dim",
    "squeeze.default", "squeeze.dims", "unsqueeze.default", "_unsafe_view.default", stem="",
)  # fmt: skip
def _reshaped(call: Call) -> Array:
    return reshaped(call.array(), call.shape)


@operation("contiguous.default", "clone.default", "detach.default", "alias.default", "to.dtype",
           "_to_copy.default", "to.dtype_layout", "lift_fresh_copy.default", stem="")  # fmt: skip
def _itself(call: Call) -> Array:
    return call.array()


@operation("expand.default", "broadcast_to.default", stem="")
def _expanded(call: Call) -> Array:
    return spread(call.array(), call.shape)


@operation("transpose.int", stem="")
def _transposed(call: Call) -> Array:
    x = call.array()
    order = list(range(x.rank))
    a, b = call.get(1, "dim0"), call.get(2, "dim1")
    order[a], order[b] = order[b], order[a]
    return transposed(x, order)


@operation("t.default", "numpy_T.default", "mT.default", stem="")
def _turned(call: Call) -> Array:
    x = call.array()
    return transposed(x, list(reversed(range(x.rank))))


@operation("permute.default", stem="")
def _permuted(call: Call) -> Array:
    x = call.array()
    return transposed(x, [axis % x.rank for axis in call.get(1, "dims")])


@operation("select.int", stem="")
def _selected(call: Call) -> Array:
    x, axis, at = call.array(), call.get(1, "dim"), call.get(2, "index")
    axis %= x.rank
    one = piece(x, axis, at % x.shape[axis], 1, 1)
    return reshaped(one, call.shape)


@operation("slice.Tensor", stem="")
def _sliced(call: Call) -> Array:
    x, axis = call.array(), call.get(1, "dim", 0)
    axis %= x.rank
    start = call.get(2, "start") or 0
    size = x.shape[axis]
    start = max(start + size, 0) if start < 0 else min(start, size)
    return piece(x, axis, start, call.get(4, "step", 1), call.shape[axis])


@operation("cat.default", "concat.default", stem="")
def _joined(call: Call) -> Array:
    arrays = list(call.get(0, "tensors"))
    return joined(arrays, call.get(1, "dim", 0) % arrays[0].rank)


@operation("stack.default", stem="")
def _stacked(call: Call) -> Array:
    arrays = list(call.get(0, "tensors"))
    axis = call.get(1, "dim", 0) % (arrays[0].rank + 1)
    longer = [reshaped(a, (*a.shape[:axis], 1, *a.shape[axis:])) for a in arrays]
    return joined(longer, axis)


@operation("chunk.default", stem="")
def _chunks(call: Call) -> tuple[Array, ...]:
    x, axis = call.array(), call.get(2, "dim", 0)
    axis %= x.rank
    size = -(-x.shape[axis] // call.get(1, "chunks"))
    return tuple(
        piece(x, axis, start, 1, min(size, x.shape[axis] - start))
        for start in range(0, x.shape[axis], size)
    )


@operation("split.Tensor", "split_with_sizes.default", stem="")
def _pieces(call: Call) -> tuple[Array, ...]:
    x, sizes, axis = call.array(), call.get(1, "split_size"), call.get(2, "dim", 0)
    axis %= x.rank
    if isinstance(sizes, int):
        sizes = [min(sizes, x.shape[axis] - s) for s in range(0, x.shape[axis], sizes)]
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    return tuple(piece(x, axis, s, 1, n) for s, n in zip(starts, sizes, strict=True))


@operation("broadcast_tensors.default", stem="")
def _broadcast(call: Call) -> tuple[Array, ...]:
    return tuple(call.get(0, "tensors"))


@operation("zeros.default", "zeros_like.default", "new_zeros.default", stem="")
def _zeros(call: Call) -> Array:
    return Array(call.shape, lambda slots: number(0))


@operation("ones.default", "ones_like.default", "new_ones.default", stem="")
def _ones(call: Call) -> Array:
    return Array(call.shape, lambda slots: number(1))


# ---- losses ------------------------------------------------------------------------------------


REDUCTIONS = {0: "none", 1: "mean", 2: "sum"}


def _loss(each_entry: Callable[[Call], Array], at: int = 2) -> Operation:
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


for _names, _entrywise, _at in (
    (("mse_loss.default",), lambda call: _difference(call) ** 2, 2),
    (("l1_loss.default",), lambda call: _difference(call).apply("abs"), 2),
    (("huber_loss.default",), lambda c: layers.huber(_difference(c), c.get(3, "delta", 1.0)), 2),
    (("smooth_l1_loss.default",), _smooth, 2),
    (("binary_cross_entropy.default",), _bce, 3),
    (("binary_cross_entropy_with_logits.default",), _bce_with_logits, 4),
):
    operation(*_names, stem="J")(_loss(_entrywise, _at))


@operation("cross_entropy_loss.default", stem="J")
def _cross_entropy(call: Call) -> Array:
    _plain(call, 2)
    if call.get(5, "label_smoothing", 0.0):
        raise MeaningError("a cross-entropy with label smoothing")
    reduction = REDUCTIONS[call.get(3, "reduction", 1)]
    return layers.cross_entropy(call.array(0), call.array(1), reduction)


@operation("nll_loss_nd.default", "nll_loss.default", stem="J")
def _nll(call: Call) -> Array:
    _plain(call, 2)
    each_point = summed(call.array(0) * call.array(1), [1]) * -1
    return layers.reduced(each_point, REDUCTIONS[call.get(3, "reduction", 1)])
