"""The operations of PyTorch that only move entries: they change positions and make no quantity."""

from __future__ import annotations

from collections.abc import Sequence

from backhand.errors import MeaningError
from backhand.expr import number
from backhand.reading.arrays import (
    Array,
    broadcast,
    joined,
    padded,
    piece,
    reshaped,
    spread,
    transposed,
)
from backhand.reading.aten_calls import Call, Table, operation

MOVES: Table = {}


@operation(MOVES, "view.default", "reshape.default", "flatten.using_ints", "unflatten.int", "squeeze.dim",
    "squeeze.default", "squeeze.dims", "unsqueeze.default", "_unsafe_view.default", stem="",
)  # fmt: skip
def _reshaped(call: Call) -> Array:
    call.looked_at.update(call.arguments)  # PyTorch has worked the shape out.
    return reshaped(call.array(), call.shape)


@operation(MOVES, "contiguous.default", "clone.default", "alias.default", "to.dtype",
           "_to_copy.default", "to.dtype_layout", "lift_fresh_copy.default", stem="")  # fmt: skip
def _itself(call: Call) -> Array:
    return call.array()


@operation(MOVES, "expand.default", "broadcast_to.default", "expand_as.default", stem="")
def _expanded(call: Call) -> Array:
    call.get("implicit")
    return spread(call.array(), call.shape)


@operation(MOVES, "repeat.default", stem="")
def _repeated(call: Call) -> Array:
    x, times = call.array(), call.get("repeats")
    found = reshaped(x, (1,) * (len(times) - x.rank) + x.shape)
    for axis, count in enumerate(times):
        found = joined([found] * count, axis) if count != 1 else found
    return found


@operation(MOVES, "transpose.int", "swapaxes.default", stem="")
def _transposed(call: Call) -> Array:
    x = call.array()
    order = list(range(x.rank))
    a, b = call.get(1), call.get(2)
    order[a], order[b] = order[b], order[a]
    return transposed(x, order)


@operation(MOVES, "mT.default", stem="")
def _turned(call: Call) -> Array:
    x = call.array()
    return transposed(x, [*range(x.rank - 2), x.rank - 1, x.rank - 2])


@operation(MOVES, "t.default", "numpy_T.default", stem="")
def _reversed(call: Call) -> Array:
    x = call.array()
    return transposed(x, list(reversed(range(x.rank))))


@operation(MOVES, "permute.default", stem="")
def _permuted(call: Call) -> Array:
    x = call.array()
    return transposed(x, [axis % x.rank for axis in call.get("dims")])


@operation(MOVES, "movedim.int", stem="")
def _moved(call: Call) -> Array:
    x = call.array()
    order = list(range(x.rank))
    order.insert(call.axis("destination", x.rank), order.pop(call.axis("source", x.rank)))
    return transposed(x, order)


@operation(MOVES, "select.int", stem="")
def _selected(call: Call) -> Array:
    x, at = call.array(), int(call.get("index"))
    axis = call.axis("dim", x.rank)
    return reshaped(piece(x, axis, at % x.shape[axis], 1, 1), call.shape)


@operation(MOVES, "slice.Tensor", stem="")
def _sliced(call: Call) -> Array:
    x = call.array()
    axis = call.axis("dim", x.rank)
    size, start = x.shape[axis], int(call.get("start") or 0)
    call.get("end")
    start = max(start + size, 0) if start < 0 else min(start, size)
    return piece(x, axis, start, call.get("step"), call.shape[axis])


@operation(MOVES, "flip.default", stem="")
def _flipped(call: Call) -> Array:
    x = call.array()
    dims: list[int] = call.get("dims")
    for dim in dims:
        axis = dim % x.rank
        x = piece(x, axis, x.shape[axis] - 1, -1, x.shape[axis])
    return x


@operation(MOVES, "constant_pad_nd.default", "pad.default", stem="")
def _padded(call: Call) -> Array:
    if call.arguments.get("mode", "constant") != "constant" or call.get("value"):
        raise MeaningError("a padding with other numbers than 0", "pad with zeros")
    call.get("mode")
    sides = call.get("pad")
    before, after = tuple(sides[-2::-2]), tuple(sides[::-2])
    if min(sides) < 0:
        raise MeaningError("a padding that cuts off", "take a slice")
    return padded(call.array(), before, after)


@operation(MOVES, "cat.default", "concat.default", stem="")
def _joined(call: Call) -> Array:
    arrays = call.arrays("tensors")
    return joined(arrays, call.axis("dim", arrays[0].rank))


@operation(MOVES, "stack.default", stem="")
def _stacked(call: Call) -> Array:
    arrays = call.arrays("tensors")
    axis = call.axis("dim", arrays[0].rank + 1)
    longer = [reshaped(a, (*a.shape[:axis], 1, *a.shape[axis:])) for a in arrays]
    return joined(longer, axis)


def _cut(x: Array, axis: int, sizes: Sequence[int]) -> tuple[Array, ...]:
    """Pieces of these sizes, one after another."""
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    return tuple(piece(x, axis, start, 1, size) for start, size in zip(starts, sizes, strict=True))


@operation(MOVES, "chunk.default", "split.Tensor", "split_with_sizes.default", stem="")
def _pieces(call: Call) -> tuple[Array, ...]:
    x = call.array()
    axis = call.axis("dim", x.rank)
    call.get(1)
    return _cut(x, axis, [part.shape[axis] for part in call.result])


@operation(MOVES, "unbind.int", stem="")
def _unbound(call: Call) -> tuple[Array, ...]:
    x = call.array()
    axis = call.axis("dim", x.rank)
    rest = x.shape[:axis] + x.shape[axis + 1 :]
    return tuple(reshaped(part, rest) for part in _cut(x, axis, [1] * x.shape[axis]))


@operation(MOVES, "broadcast_tensors.default", stem="")
def _broadcast(call: Call) -> tuple[Array, ...]:
    arrays = call.arrays("tensors")
    shape = broadcast(*(array.shape for array in arrays))
    return tuple(spread(array, shape) for array in arrays)


@operation(MOVES, "zeros_like.default", "new_zeros.default", stem="")
def _zeros(call: Call) -> Array:
    return Array(call.shape, lambda slots: number(0))


@operation(MOVES, "ones_like.default", "new_ones.default", stem="")
def _ones(call: Call) -> Array:
    return Array(call.shape, lambda slots: number(1))
