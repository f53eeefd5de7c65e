"""The ONNX operators that move entries: reshape, transpose, slices, concatenation, gathered rows."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from backhand.reading.arrays import (
    Array,
    broadcast,
    chosen,
    joined,
    piece,
    reshaped,
    spread,
    transposed,
)
from backhand.reading.onnx_nodes import Node, Operator, axes_of, entry, whole

PLACES: dict[str, Operator] = {}
"""Every operator of this kind, by its name in ONNX."""


@entry(PLACES, "Flatten")
def _flatten(node: Node) -> Array:
    x = node.array(0)
    axis = node.option("axis", 1)
    axis = axis + x.rank if axis < 0 else axis
    return reshaped(x, (prod(x.shape[:axis]), prod(x.shape[axis:])))


@entry(PLACES, "Reshape")
def _reshape(node: Node) -> Array:
    x = node.array(0)
    wanted = whole(node, 1)
    if not node.option("allowzero", 0):
        wanted = [x.shape[at] if size == 0 else size for at, size in enumerate(wanted)]
    if -1 in wanted:
        rest = prod(size for size in wanted if size != -1)
        wanted[wanted.index(-1)] = prod(x.shape) // rest if rest else 0
    return reshaped(x, tuple(wanted))


@entry(PLACES, "Squeeze")
def _squeeze(node: Node) -> Array:
    x = node.array(0)
    gone = axes_of(node, x.rank) if node.has(1) or node.option("axes") else range(x.rank)
    kept = (size for at, size in enumerate(x.shape) if at not in gone or size > 1)
    return reshaped(x, tuple(kept))


@entry(PLACES, "Unsqueeze")
def _unsqueeze(node: Node) -> Array:
    x = node.array(0)
    given = whole(node, 1) if node.has(1) else node.option("axes")
    rank = x.rank + len(given)
    new = {int(axis) % rank for axis in given}
    sizes = iter(x.shape)
    return reshaped(x, tuple(1 if at in new else next(sizes) for at in range(rank)))


@entry(PLACES, "Transpose")
def _transpose(node: Node) -> Array:
    x = node.array(0)
    return transposed(x, tuple(node.option("perm", tuple(reversed(range(x.rank))))))


@entry(PLACES, "Expand")
def _expand(node: Node) -> Array:
    x = node.array(0)
    return spread(x, broadcast(x.shape, tuple(whole(node, 1))))


@entry(PLACES, "Concat")
def _concat(node: Node) -> Array:
    arrays = [node.array(at) for at in range(node.count)]
    return joined(arrays, node.option("axis") % arrays[0].rank)


@entry(PLACES, "Slice")
def _slice(node: Node) -> Array:
    x = node.array(0)
    starts, ends = whole(node, 1), whole(node, 2)
    along = whole(node, 3) if node.has(3) else list(range(len(starts)))
    steps = whole(node, 4) if node.has(4) else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, along, steps, strict=True):
        kept = range(*slice(start, end, step).indices(x.shape[axis]))
        x = piece(x, axis % x.rank, kept.start, step, len(kept))
    return x


def _split(node: Node) -> Sequence[Array]:
    x = node.array(0)
    axis = int(node.option("axis", 0)) % x.rank
    size = x.shape[axis]
    even = -(-size // node.outputs)
    sizes = [min(even, size - even * at) for at in range(node.outputs)]
    sizes = whole(node, 1) if node.has(1) else sizes
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    return [piece(x, axis, start, 1, own) for start, own in zip(starts, sizes, strict=True)]


PLACES["Split"] = _split


@entry(PLACES, "Gather")
def _gather(node: Node) -> Array:
    """Rows by known numbers: an embedding. One is a piece, several a product with one-hot rows."""
    numbers: NDArray[np.int64] = node.known(1).astype(np.int64)
    table = node.array(0, "E")
    axis = int(node.option("axis", 0)) % table.rank
    size = table.shape[axis]
    if numbers.ndim == 0:
        row = piece(table, axis, int(numbers) % size, 1, 1)
        return reshaped(row, (*table.shape[:axis], *table.shape[axis + 1 :]))
    rows = chosen(table, node.store("e", np.eye(size)[numbers.ravel() % size]), axis)
    return reshaped(rows, (*table.shape[:axis], *numbers.shape, *table.shape[axis + 1 :]))
