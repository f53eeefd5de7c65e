"""Products of tensors by the sign between them, and the bias that a matrix may have folded in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from backhand.errors import MeaningError
from backhand.expr import mul
from backhand.graph import AXES, Quantity, Role, axes
from backhand.reading.tensors import (
    Tensor,
    by_entry,
    flipped,
    folded_product,
    folds,
    layer_of_one,
    over,
    plain_name,
    product,
    single_column,
)

if TYPE_CHECKING:
    from backhand.reading.elaborate import Elaborator

KINDS = ("number", "vector", "matrix", *["array"] * len(AXES))


def times(reader: Elaborator, factors: Sequence[Tensor], sign: str) -> Tensor:
    """A product, from the right, so that W_2 W_1 x is two layers and not one matrix."""
    result = factors[-1]
    for left in reversed(factors[:-1]):
        result = _pair(reader, left, result, sign)
    return result


def _pair(reader: Elaborator, left: Tensor, right: Tensor, sign: str) -> Tensor:
    """The product of two by the sign between them."""
    columns = left.rank == right.rank == 1 and not left.row and not right.row
    if sign == "⊙":
        return by_entry(mul, left, right)
    if sign == "*" and left.axes and right.axes:
        if left.rank != right.rank:
            raise MeaningError(
                f"{left.named} * {right.named} multiplies {left.described} by {right.described}",
                f"write {left.named} @ {right.named} for the matrix product, ⊙ for entry by entry",
            )
        reader.note(f"I read {left.named} * {right.named} as a product entry by entry")
        return by_entry(mul, left, right)
    if sign == "·" and columns:
        reader.note(f"I read {left.named} · {right.named} as the sum of the products")
        return product(flipped(left), right)
    return _matrix_product(reader, left, right)


def _matrix_product(reader: Elaborator, left: Tensor, right: Tensor) -> Tensor:
    """The matrix product; where the matrix has one column more, with the bias folded in."""
    if single_column(left, right):
        return layer_of_one(left, right)
    outer = left.rank == 1 and not left.row
    explicit = right.rank == 1 and right.axes[0].lower == 0 and not outer
    if explicit and left.axes and left.axes[-1].extent == right.axes[0].extent:
        return product(_folded(reader, left), right)
    if folds(left, right):
        name, rank = array_name(reader, right), right.rank
        plain = _folded(reader, left)
        matrix, part = plain_name(plain), "entry" if left.row else "column"
        size = f"has one {part} more than {name} has entries" if rank else "has two columns"
        reader.note(f"{matrix} {size}: a 1 is put before {name}, {part} 0 of {matrix} is the bias")
        return folded_product(plain, name, rank)
    if left.rank and right.rank and left.axes[-1].lower == 0 and not outer:
        raise MeaningError(
            f"{left.named} has its bias folded in elsewhere, so it can't multiply "
            f"{right.described} here",
            "use another matrix, or the same shapes in both places",
        )
    return product(left, right)


def _folded(reader: Elaborator, left: Tensor) -> Tensor:
    """The same matrix with its columns counted from 0."""
    if left.axes[-1].lower == 0:
        return left
    name = plain_name(left)
    if name is None or reader.quantities[name].definition is not None:
        raise MeaningError(
            f"{left.named} has one column more than the vector after it has entries, "
            "and is no given matrix",
            "give the matrix as numbers or as W ∈ R^{2×3}, or make the sizes equal",
        )
    fold(reader, name)
    return replace(reader.whole(name), row=left.row)


def fold(reader: Elaborator, name: str) -> None:
    """Count the last axis of a given quantity from 0: its first column is a bias."""
    quantity = reader.quantities[name]
    reader.folds.add(name)
    reader.quantities[name] = replace(quantity, axes=axes(*quantity.extents, folded=True))


def array_name(reader: Elaborator, array: Tensor) -> str:
    """The name of an array; one that has none gets one, so that a 1 can be put before it."""
    if (known := plain_name(array)) is not None:
        return known
    own = axes(*(along.extent for along in array.axes))
    definition = over(array, own)
    if definition in reader.named:
        return reader.named[definition]
    name = next(h for at in count(1) if (h := f"h_{at}") not in reader.reserved)
    reader.reserved.add(name)
    reader.named[definition] = name
    reader.quantities[name] = Quantity(
        name=name, axes=own, role=Role.INTERMEDIATE, definition=definition
    )
    reader.note(f"I call {array.text or f'the {KINDS[array.rank]} without a name'} {name}")
    return name
