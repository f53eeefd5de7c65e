"""The layers of PyTorch: products, convolution and pooling, normalisation, attention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from math import inf, prod
from typing import Any, TypeAlias

from backhand.errors import MeaningError
from backhand.reading import layers
from backhand.reading.arrays import Array, chosen, matmul, padded, reshaped
from backhand.reading.aten_calls import Call, Known, Table, additive, as_number, each, operation
from backhand.reading.windows import Window, average_pool, convolution, max_pool

LAYERS: Table = {}
Pool: TypeAlias = Callable[[Call, int], Array]


@operation(LAYERS, "linear.default", stem="a")
def _linear(call: Call) -> Array:
    return layers.linear(call.array(0), call.array(1), call.option("bias"))


@operation(LAYERS, "matmul.default", "mm.default", "bmm.default", "mv.default", "dot.default")
def _matmul(call: Call) -> Array:
    return matmul(call.array(0), call.array(1))


def _added_product(call: Call) -> Array:
    """β c + α A B."""
    product = matmul(call.array(1), call.array(2))
    alpha, beta = call.get("alpha"), call.get("beta")
    product = product if alpha == 1 else product * as_number(alpha)
    return product + (call.array() if beta == 1 else call.array() * as_number(beta))


operation(LAYERS, "addmm.default", "addmv.default", "baddbmm.default", stem="a")(_added_product)


@operation(LAYERS, "embedding.default")
def _embedding(call: Call) -> Array:
    """The rows of a table by their numbers: one-hot vectors times the table."""
    table, numbers = call.array("weight"), call.get("indices")
    if not isinstance(numbers, Known):
        raise MeaningError("an embedding looks up given numbers", "give inputs= of whole numbers")
    padding = call.get("padding_idx")
    if padding >= 0 and bool((numbers.tensor == padding).any()):
        raise MeaningError(
            f"the row {padding}, which padding_idx keeps from learning", "give inputs without it"
        )
    return matmul(call.page.hot(numbers, table.shape[0], -1, None), table)


@operation(LAYERS, "index_select.default")
def _chosen(call: Call) -> Array:
    """The entries at given numbers along an axis: one-hot vectors times the array."""
    x, numbers = call.array(), call.get("index")
    if not isinstance(numbers, Known):
        raise MeaningError("it chooses by numbers that are worked out", "give them as a buffer")
    axis = call.axis("dim", x.rank)
    return chosen(x, call.page.hot(numbers, x.shape[axis], -1, None), axis)


# ---- windows -----------------------------------------------------------------------------------


def _by_point(x: Array, spatial: int, layer: Callable[[Array], Array]) -> Array:
    """A layer for batches, also of an x without an axis for them."""
    if x.rank == spatial + 2:
        return layer(x)
    found = layer(reshaped(x, (1, *x.shape)))
    return reshaped(found, found.shape[1:])


def _convolution(call: Call) -> Array:
    x, kernel, bias = call.array(0), call.array(1), call.option("bias")
    rank = kernel.rank - 2
    dilations = each(call.get("dilation"), rank)
    padding, groups = call.get("padding"), call.get("groups")
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilations, kernel.shape[2:], strict=True)]
        before, after = tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
    else:
        before = after = each(0 if padding == "valid" else padding, rank)
    strides = each(call.get("stride"), rank)
    window = Window(kernel.shape[2:], strides, dilations, before, after)
    out = _by_point(x, rank, lambda x: convolution(x, kernel, window, groups))
    if bias is None:
        return out
    return out + Array((out.shape[-rank - 1], *(1,) * rank), lambda slots: bias.entry(slots[:1]))


def _window(call: Call, x: Array, rank: int) -> Window:
    """The window of a pooling; one that may begin inside and end beyond the padding is let."""
    kernel = each(call.get("kernel_size"), rank)
    strides = each(call.get("stride") or kernel, rank)
    padding = each(call.get("padding"), rank)
    dilations = each(call.get("dilation") or 1, rank)
    after = padding
    if call.get("ceil_mode"):
        reach = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
        ends = zip(call.shape[-rank:], strides, reach, x.shape[-rank:], padding, strict=True)
        after = tuple(max((n - 1) * s + r - size - p, 0) for n, s, r, size, p in ends)
    return Window(kernel, strides, dilations, padding, after)


def _max_pool(call: Call, rank: int) -> Array:
    x = call.array()
    window = _window(call, x, rank)
    if not any((*window.before, *window.after)):
        return _by_point(x, rank, lambda x: max_pool(x, window))
    torch: Any = import_module("torch")
    sides = [pair for ends in zip(window.before, window.after, strict=True) for pair in ends]
    pads = [n for at in reversed(range(rank)) for n in sides[2 * at : 2 * at + 2]]
    floor = torch.nn.functional.pad(
        torch.zeros(x.shape[-rank:], dtype=torch.float64), pads, value=-inf
    )
    wide = padded(x, window.before, window.after) + call.page.enter(Known("outside", floor))
    bare = replace(window, before=(0,) * rank, after=(0,) * rank)
    return _by_point(wide, rank, lambda x: max_pool(x, bare))


def _average_pool(call: Call, rank: int) -> Array:
    x = call.array()
    window = _window(call, x, rank)
    if call.get("ceil_mode") or (any(window.before) and not call.get("count_include_pad")):
        raise MeaningError("a mean that rounds up, or that leaves the padding out")
    call.get("count_include_pad")
    divisor = call.get("divisor_override")
    found = _by_point(x, rank, lambda x: average_pool(x, window))
    return found if divisor is None else found * prod(window.kernel) / divisor


def _adaptive(call: Call, rank: int) -> Array:
    x, sizes = call.array(), call.shape[-rank:]
    call.get("output_size")
    spatial = x.shape[-rank:]
    if any(size % wanted for size, wanted in zip(spatial, sizes, strict=True)):
        raise MeaningError("an adaptive mean over windows of unlike sizes")
    kernel = tuple(size // wanted for size, wanted in zip(spatial, sizes, strict=True))
    none = (0,) * rank
    return _by_point(
        x, rank, lambda x: average_pool(x, Window(kernel, kernel, (1,) * rank, none, none))
    )


for _rank in (1, 2, 3):
    operation(LAYERS, f"conv{_rank}d.default", f"conv{_rank}d.padding", stem="a")(_convolution)
    for _name, _pool in (("max_pool", _max_pool), ("avg_pool", _average_pool),
                         ("adaptive_avg_pool", _adaptive)):  # fmt: skip

        def _of_rank(call: Call, pool: Pool = _pool, rank: int = _rank) -> Array:
            return pool(call, rank)

        operation(LAYERS, f"{_name}{_rank}d.default")(_of_rank)


# ---- normalisation, attention, dropout -----------------------------------------------------------


@operation(LAYERS, "layer_norm.default")
def _layer_norm(call: Call) -> Array:
    x, axes = call.array(), len(call.get("normalized_shape"))
    gain, shift = call.option("weight"), call.option("bias")
    return layers.layer_norm(call.page.define, x, axes, call.get("eps"), gain, shift)


@operation(LAYERS, "rms_norm.default")
def _rms_norm(call: Call) -> Array:
    x, axes, epsilon = call.array(), len(call.get("normalized_shape")), call.get("eps")
    if epsilon is None:
        torch: Any = import_module("torch")
        epsilon = torch.finfo(call.result.dtype).eps
    return layers.rms_norm(call.page.define, x, axes, epsilon, call.option("weight"))


@operation(LAYERS, "batch_norm.default")
def _batch_norm(call: Call) -> Array:
    gain, shift = call.option("weight"), call.option("bias")
    running = None
    if not call.get("training"):
        running = call.array("running_mean"), call.array("running_var")
    return layers.batch_norm(call.page.define, call.array(), call.get("eps"), gain, shift, running)


@operation(LAYERS, "group_norm.default")
def _group_norm(call: Call) -> Array:
    groups, epsilon = call.get("num_groups"), call.get("eps")
    gain, shift = call.option("weight"), call.option("bias")
    return layers.group_norm(call.page.define, call.array(), groups, epsilon, gain, shift)


@operation(LAYERS, "instance_norm.default")
def _instance_norm(call: Call) -> Array:
    if not call.get("use_input_stats"):
        raise MeaningError("an instance normalisation by running moments")
    x, epsilon = call.array(), call.get("eps")
    gain, shift = call.option("weight"), call.option("bias")
    return layers.group_norm(call.page.define, x, x.shape[1], epsilon, gain, shift)


@operation(LAYERS, "scaled_dot_product_attention.default")
def _attention(call: Call) -> Array:
    if call.get("dropout_p"):
        raise MeaningError("attention with dropout, which is random", "call module.eval()")
    q, k, v = (call.array(at) for at in range(3))
    mask = call.get("attn_mask")
    if call.get("is_causal"):
        torch: Any = import_module("torch")
        mask = additive(torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril())
    elif isinstance(mask, Known) and not mask.tensor.dtype.is_floating_point:
        mask = additive(mask.tensor)
    added = call.page.enter(mask) if isinstance(mask, Known) else mask
    return layers.attention(call.page.define, q, k, v, added, call.get("scale"))


@operation(LAYERS, "dropout.default", "dropout_.default", "feature_dropout.default",
           "alpha_dropout.default", stem="")  # fmt: skip
def _dropout(call: Call) -> Array:
    if call.get("train") and call.get("p"):
        raise MeaningError(
            "dropout in training, which is random", "call module.eval(), or multiply by a mask"
        )
    return call.array()


@operation(LAYERS, "detach.default", "detach_.default")
def _detached(call: Call) -> Array:
    raise MeaningError("it keeps the gradient from what it detaches", "leave it out")
