"""The operations of PyTorch that only move entries: they change positions and make no quantity."""

from __future__ import annotations

from backhand.expr import number
from backhand.reading.arrays import Array, joined, piece, reshaped, spread, transposed
from backhand.reading.aten_calls import Call, Table, operation

MOVES: Table = {}


@operation(MOVES, "view.default", "reshape.default", "flatten.using_ints", "unflatten.int", "squeeze.dim",
    "squeeze.default", "squeeze.dims", "unsqueeze.default", "_unsafe_view.default", stem="",
)  # fmt: skip
def _reshaped(call: Call) -> Array:
    return reshaped(call.array(), call.shape)


@operation(MOVES, "contiguous.default", "clone.default", "detach.default", "alias.default", "to.dtype",
           "_to_copy.default", "to.dtype_layout", "lift_fresh_copy.default", stem="")  # fmt: skip
def _itself(call: Call) -> Array:
    return call.array()


@operation(MOVES, "expand.default", "broadcast_to.default", stem="")
def _expanded(call: Call) -> Array:
    return spread(call.array(), call.shape)


@operation(MOVES, "transpose.int", stem="")
def _transposed(call: Call) -> Array:
    x = call.array()
    order = list(range(x.rank))
    a, b = call.get(1, "dim0"), call.get(2, "dim1")
    order[a], order[b] = order[b], order[a]
    return transposed(x, order)


@operation(MOVES, "t.default", "numpy_T.default", "mT.default", stem="")
def _turned(call: Call) -> Array:
    x = call.array()
    return transposed(x, list(reversed(range(x.rank))))


@operation(MOVES, "permute.default", stem="")
def _permuted(call: Call) -> Array:
    x = call.array()
    return transposed(x, [axis % x.rank for axis in call.get(1, "dims")])


@operation(MOVES, "select.int", stem="")
def _selected(call: Call) -> Array:
    x, at = call.array(), int(call.get(2, "index"))
    axis = call.axis(1, "dim", x.rank)
    one = piece(x, axis, at % x.shape[axis], 1, 1)
    return reshaped(one, call.shape)


@operation(MOVES, "slice.Tensor", stem="")
def _sliced(call: Call) -> Array:
    x = call.array()
    axis = call.axis(1, "dim", x.rank)
    start = int(call.get(2, "start") or 0)
    size = x.shape[axis]
    start = max(start + size, 0) if start < 0 else min(start, size)
    return piece(x, axis, start, call.get(4, "step", 1), call.shape[axis])


@operation(MOVES, "cat.default", "concat.default", stem="")
def _joined(call: Call) -> Array:
    arrays = list(call.get(0, "tensors"))
    return joined(arrays, call.get(1, "dim", 0) % arrays[0].rank)


@operation(MOVES, "stack.default", stem="")
def _stacked(call: Call) -> Array:
    arrays = list(call.get(0, "tensors"))
    axis = call.get(1, "dim", 0) % (arrays[0].rank + 1)
    longer = [reshaped(a, (*a.shape[:axis], 1, *a.shape[axis:])) for a in arrays]
    return joined(longer, axis)


@operation(MOVES, "chunk.default", stem="")
def _chunks(call: Call) -> tuple[Array, ...]:
    x = call.array()
    axis = call.axis(2, "dim", x.rank)
    size = -(-x.shape[axis] // int(call.get(1, "chunks")))
    return tuple(
        piece(x, axis, start, 1, min(size, x.shape[axis] - start))
        for start in range(0, x.shape[axis], size)
    )


@operation(MOVES, "split.Tensor", "split_with_sizes.default", stem="")
def _pieces(call: Call) -> tuple[Array, ...]:
    x, wanted = call.array(), call.get(1, "split_size")
    axis = call.axis(2, "dim", x.rank)
    sizes: list[int] = wanted
    if isinstance(wanted, int):
        sizes = [min(wanted, x.shape[axis] - s) for s in range(0, x.shape[axis], wanted)]
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    return tuple(piece(x, axis, s, 1, n) for s, n in zip(starts, sizes, strict=True))


@operation(MOVES, "broadcast_tensors.default", stem="")
def _broadcast(call: Call) -> tuple[Array, ...]:
    return tuple(call.get(0, "tensors"))


@operation(MOVES, "zeros.default", "zeros_like.default", "new_zeros.default", stem="")
def _zeros(call: Call) -> Array:
    return Array(call.shape, lambda slots: number(0))


@operation(MOVES, "ones.default", "ones_like.default", "new_ones.default", stem="")
def _ones(call: Call) -> Array:
    return Array(call.shape, lambda slots: number(1))
