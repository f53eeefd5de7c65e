"""Functions of whole matrices: trace, inverse, determinant, diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backhand.errors import MeaningError
from backhand.expr import Index, image, mul, same, total
from backhand.reading.products import array_name
from backhand.reading.tensors import Tensor, axis, over

if TYPE_CHECKING:
    from backhand.reading.elaborate import Elaborator


def call(reader: Elaborator, function: str, written: str, args: Sequence[Tensor]) -> Tensor:
    """A function of the table of matrix functions on its argument."""
    matrix = _square(written, args)
    if function == "inv":
        return inverse(reader, matrix)
    return Tensor(image(function, (array_name(reader, matrix),)))


def inverse(reader: Elaborator, matrix: Tensor) -> Tensor:
    """The inverse of a square matrix."""
    _square("the inverse", [matrix])
    name = array_name(reader, matrix)
    own = tuple(axis(a) for a in reader.quantities[name].axes)
    return Tensor(image("inv", (name,), own), own, text=f"{matrix.named}^-1")


def trace(args: Sequence[Tensor]) -> Tensor:
    """The sum of the entries on the diagonal."""
    matrix = _square("tr", args)
    if not matrix.axes:
        return matrix
    index = axis(matrix.axes[0])
    return Tensor(total(index, over(matrix, (index, index))))


def diagonal(args: Sequence[Tensor]) -> Tensor:
    """A vector put on a diagonal, or the diagonal of a matrix as a vector."""
    (given,) = args
    match given.axes:
        case (own,) if not given.row:
            other = axis(own)
            return Tensor(mul(given.expr, same(own, other)), (own, other))
        case (_, _):
            matrix = _square("diag", args)
            index = axis(matrix.axes[0])
            return Tensor(over(matrix, (index, index)), (index,))
        case _:
            raise MeaningError(f"diag takes a column or a matrix, not {given.described}")


def identity(size: Index) -> Tensor:
    """The identity matrix over the range of an index."""
    rows, columns = axis(size), axis(size)
    return Tensor(same(rows, columns), (rows, columns))


def _square(written: str, args: Sequence[Tensor]) -> Tensor:
    """The one square matrix among the arguments; a number counts as one. Else `MeaningError`."""
    if len(args) != 1:
        raise MeaningError(f"{written} takes 1 argument and is given {len(args)}")
    (given,) = args
    match given.axes:
        case ():
            return given
        case (rows, columns) if rows.extent == columns.extent and rows.lower == columns.lower:
            return given
        case _:
            raise MeaningError(
                f"{written} is of square matrices and {given.named} is {given.described}",
                "check its shape",
            )
