"""The losses of PyTorch: entry by entry, or by the probability of a class."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from backhand.errors import MeaningError
from backhand.reading import layers
from backhand.reading.arrays import Array
from backhand.reading.aten_calls import Call, Known, Meaning, Table, operation

LOSSES: Table = {}
REDUCTIONS = {0: "none", 1: "mean", 2: "sum"}
Entrywise: TypeAlias = Callable[[Call], Array]


def _loss(each_entry: Entrywise) -> Meaning:
    return lambda call: layers.reduced(each_entry(call), REDUCTIONS[call.get("reduction")])


def _difference(call: Call) -> Array:
    return call.array(1) - call.array(0)


def _smooth(call: Call) -> Array:
    beta = call.get("beta")
    if beta == 0:
        return _difference(call).apply("abs")
    return layers.huber(_difference(call), beta) / layers.exact(beta)


_ENTRYWISE: dict[str, Entrywise] = {
    "mse_loss": lambda call: _difference(call) ** 2,
    "l1_loss": lambda call: _difference(call).apply("abs"),
    "huber_loss": lambda call: layers.huber(_difference(call), call.get("delta")),
    "smooth_l1_loss": _smooth,
    "binary_cross_entropy": lambda call: layers.binary_cross_entropy(call.array(0), call.array(1)),
    "binary_cross_entropy_with_logits": lambda call: layers.binary_cross_entropy_with_logits(
        call.array(0), call.array(1)
    ),
}
for _name, _of in _ENTRYWISE.items():
    operation(LOSSES, f"{_name}.default", stem="J")(_loss(_of))


@operation(LOSSES, "cross_entropy_loss.default", stem="J")
def _cross_entropy(call: Call) -> Array:
    x = call.array()
    return _by_class(call, layers.log_softmax(x, min(1, x.rank - 1)))


@operation(LOSSES, "nll_loss_nd.default", "nll_loss.default", stem="J")
def _nll(call: Call) -> Array:
    return _by_class(call, call.array())


def _by_class(call: Call, log_p: Array) -> Array:
    """−Σ w y log p over the classes; the mean is over the points that aren't ignored."""
    axis = min(1, log_p.rank - 1)
    classes = log_p.shape[axis]
    target, ignored = call.get("target"), call.get("ignore_index")
    weight, smoothing = call.option("weight"), call.get("label_smoothing")
    points = whole = prod(log_p.shape) // classes
    numbered = isinstance(target, Known) and not target.tensor.dtype.is_floating_point
    if numbered:
        points = int((target.tensor != ignored).sum())
        y = call.page.hot(target, classes, axis, ignored)
    else:
        y = call.array("target")
    if not points or (smoothing and points < whole):
        raise MeaningError("a target with ignored classes", "leave these points out")
    aim = y * layers.exact(1 - smoothing) + layers.exact(smoothing) / classes if smoothing else y
    if weight is not None:
        by_class = layers.by_channel(weight, log_p.rank) if axis else weight
        aim, y = aim * by_class, y * by_class
    losses = layers.cross_entropy(log_p, aim, axis)
    reduction = REDUCTIONS[call.get("reduction")]
    if reduction != "mean":
        return layers.reduced(losses, reduction)
    whole_loss = layers.reduced(losses, "sum")
    if weight is not None and numbered:
        return whole_loss / layers.reduced(y, "sum")
    return whole_loss / points
