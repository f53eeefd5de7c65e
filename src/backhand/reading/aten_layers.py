"""The layers of PyTorch: products, convolution and pooling, normalisation, attention, cells."""

from __future__ import annotations

from backhand.errors import MeaningError
from backhand.reading import layers
from backhand.reading.arrays import Array, Window, average_pool, convolution, matmul, max_pool
from backhand.reading.aten_calls import Call, Table, each, operation

LAYERS: Table = {}


@operation(LAYERS, "linear.default", stem="a")
def _linear(call: Call) -> Array:
    return layers.linear(call.array(0), call.array(1), call.option(2, "bias"))


@operation(LAYERS, "matmul.default", "mm.default", "bmm.default", "mv.default", "dot.default")
def _matmul(call: Call) -> Array:
    return matmul(call.array(0), call.array(1))


@operation(LAYERS, "addmm.default", stem="a")
def _addmm(call: Call) -> Array:
    return matmul(call.array(1), call.array(2)) + call.array(0)


@operation(LAYERS, "conv1d.default", "conv2d.default", "conv3d.default", stem="a")
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
    bias = call.option(2, "bias")
    return out if bias is None else out + layers.by_channel(bias, out.rank)


def _window(call: Call, rank: int) -> Window:
    kernel = each(call.get(1, "kernel_size"), rank)
    strides = each(call.get(2, "stride") or kernel, rank)
    padding = each(call.get(3, "padding", 0), rank)
    return Window(kernel, strides, (1,) * rank, padding, padding)


@operation(LAYERS, "max_pool1d.default", "max_pool2d.default")
def _max_pool(call: Call) -> Array:
    x = call.array()
    window = _window(call, x.rank - 2)
    dilation = each(call.get(4, "dilation", 1), x.rank - 2)
    if any(window.before) or any(d != 1 for d in dilation) or call.get(5, "ceil_mode", False):
        raise MeaningError("a largest value with padding, dilation or rounding up")
    return max_pool(x, window)


@operation(LAYERS, "avg_pool1d.default", "avg_pool2d.default")
def _average_pool(call: Call) -> Array:
    x = call.array()
    window = _window(call, x.rank - 2)
    if call.get(4, "ceil_mode", False) or (any(window.before) and not call.get(5, "", True)):
        raise MeaningError("a mean that rounds up, or that leaves the padding out")
    return average_pool(x, window)


@operation(LAYERS, "adaptive_avg_pool1d.default", "adaptive_avg_pool2d.default")
def _adaptive(call: Call) -> Array:
    x, sizes = call.array(), tuple(call.get(1, "output_size"))
    spatial = x.shape[2:]
    if any(size % wanted for size, wanted in zip(spatial, sizes, strict=True)):
        raise MeaningError("an adaptive mean over windows of unlike sizes")
    kernel = tuple(size // wanted for size, wanted in zip(spatial, sizes, strict=True))
    none = (0,) * len(kernel)
    return average_pool(x, Window(kernel, kernel, (1,) * len(kernel), none, none))


@operation(LAYERS, "layer_norm.default")
def _layer_norm(call: Call) -> Array:
    shape = call.get(1, "normalized_shape")
    gain, shift = call.option(2, "weight"), call.option(3, "bias")
    epsilon = call.get(4, "eps", 1e-5)
    return layers.layer_norm(call.define, call.array(), len(shape), epsilon, gain, shift)


@operation(LAYERS, "batch_norm.default")
def _batch_norm(call: Call) -> Array:
    gain, shift = call.option(1, "weight"), call.option(2, "bias")
    training = call.get(5, "training")
    running = None if training else (call.array(3), call.array(4))
    return layers.batch_norm(call.define, call.array(), call.get(7, "eps"), gain, shift, running)


@operation(LAYERS, "scaled_dot_product_attention.default")
def _attention(call: Call) -> Array:
    if call.get(4, "dropout_p", 0.0):
        raise MeaningError("attention with dropout, which is random", "call module.eval()")
    if call.get(5, "is_causal", False):
        raise MeaningError("attention with is_causal", "give the mask itself")
    q, k, v = (call.array(at) for at in range(3))
    return layers.attention(
        call.define, q, k, v, call.option(3, "attn_mask"), call.named.get("scale")
    )


@operation(LAYERS, "rnn_tanh_cell.default", stem="h")
def _rnn_tanh(call: Call) -> Array:
    x, h, w, u = (call.array(at) for at in range(4))
    return layers.rnn_cell(x, h, (w, u), (call.option(4, "b_ih"), call.option(5, "b_hh")), "tanh")


@operation(LAYERS, "rnn_relu_cell.default", stem="h")
def _rnn_relu(call: Call) -> Array:
    x, h, w, u = (call.array(at) for at in range(4))
    return layers.rnn_cell(x, h, (w, u), (call.option(4, "b_ih"), call.option(5, "b_hh")), "relu")


@operation(LAYERS, "dropout.default", "dropout_.default", "feature_dropout.default", stem="")
def _dropout(call: Call) -> Array:
    if call.get(2, "train", False) and call.get(1, "p", 0.5):
        raise MeaningError(
            "dropout in training, which is random", "call module.eval(), or multiply by a mask"
        )
    return call.array()
