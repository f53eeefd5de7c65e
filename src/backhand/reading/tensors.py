"""The algebra of shapes: what a product, a sum or a function of scalars, vectors and matrices is.

A `Tensor` is an index-notation expression with one free index for each axis, so a matrix product is
a sum over a shared index and nothing here knows of layers or names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeAlias

from backhand.errors import MeaningError
from backhand.expr import Expr, Index, Ref, add, mul, padded, same, substitute, total

_fresh = count()
Entrywise: TypeAlias = Callable[[Expr], Expr] | Callable[[Expr, Expr], Expr] | Callable[..., Expr]


@dataclass(frozen=True, slots=True)
class Tensor:
    """An expression over `axes`: none for a scalar, one for a column, two for a matrix.

    `row`: a vector that was transposed. `text`: how the author wrote it, for errors.
    """

    expr: Expr
    axes: tuple[Index, ...] = ()
    row: bool = False
    text: str = ""

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.axes)

    @property
    def described(self) -> str:
        """The shape in words, for errors."""
        words = in_words(tuple(axis.extent for axis in self.axes))
        return words.replace("vector", "row") if self.row else words

    @property
    def named(self) -> str:
        """The author's words for it, or "this"."""
        return self.text or "this"


def in_words(shape: tuple[int | str, ...]) -> str:
    """A shape in words, for errors.

    >>> in_words(()), in_words((2,)), in_words((2, 3))
    ('a number', 'a vector of 2 entries', '2×3')
    """
    if not shape:
        return "a number"
    return f"a vector of {shape[0]} entries" if len(shape) == 1 else "×".join(map(str, shape))


def axis(like: Index) -> Index:
    """The same range under a name that nothing else has."""
    return like.named(f"∘t{next(_fresh)}")


def over(tensor: Tensor, axes: Sequence[Index]) -> Expr:
    """The expression with its axes renamed to these, which must have their ranges."""
    return substitute(tensor.expr, dict(zip(tensor.axes, axes, strict=True)))


def by_entry(function: Entrywise, *args: Tensor) -> Tensor:
    """A function of entries in the same place; a scalar goes with every entry.

    Raises `MeaningError` where the shapes differ.
    """
    shaped = [arg for arg in args if arg.axes]
    if not shaped:
        return Tensor(function(*(arg.expr for arg in args)))
    if any(_is_one(arg) for arg in shaped) and len({arg.rank for arg in args}) > 1:
        return by_entry(function, *(_number(arg) if _is_one(arg) else arg for arg in args))
    lead = shaped[0]
    for other in shaped[1:]:
        sizes = [a.extent for a in lead.axes], [a.extent for a in other.axes]
        if sizes[0] != sizes[1] or lead.row != other.row:
            raise MeaningError(
                f"{lead.named} is {lead.described} and {other.named} {other.described}",
                "give both the same shape, or one number",
            )
    entries = [_shifted(arg, lead.axes) if arg.axes else arg.expr for arg in args]
    return Tensor(function(*entries), lead.axes, lead.row)


def _is_one(tensor: Tensor) -> bool:
    """Whether it has axes but one entry only, so that it is a number too."""
    return bool(tensor.axes) and all(own.extent == 1 for own in tensor.axes)


def _number(tensor: Tensor) -> Tensor:
    """The one entry of an array of one."""
    only = {own: own.lower for own in tensor.axes}
    return Tensor(substitute(tensor.expr, only), text=tensor.text)


def _shifted(tensor: Tensor, axes: Sequence[Index]) -> Expr:
    for own, wanted in zip(tensor.axes, axes, strict=True):
        if own.lower != wanted.lower:
            raise MeaningError(
                f"{tensor.named} counts from {own.lower} where the other counts from {wanted.lower}",
                "a matrix with its bias folded in has no partner entry by entry",
            )
    return over(tensor, axes)


def flipped(tensor: Tensor) -> Tensor:
    """The transpose."""
    text = tensor.text.removesuffix("ᵀ") if tensor.text.endswith("ᵀ") else f"{tensor.text}ᵀ"
    if tensor.rank == 2:
        return replace(tensor, axes=tensor.axes[::-1], text=tensor.text and text)
    if tensor.rank == 1:
        return replace(tensor, row=not tensor.row, text=tensor.text and text)
    return tensor


def entries_sum(tensor: Tensor) -> Tensor:
    """The sum of all entries."""
    expr = tensor.expr
    for index in tensor.axes:
        expr = total(index, expr)
    return Tensor(expr)


def product(left: Tensor, right: Tensor) -> Tensor:
    """The matrix product; a number scales, a row times a column is a number.

    A product whose inner sizes differ raises `MeaningError`; see `folds` for the bias.
    """
    if not left.axes or not right.axes:
        return by_entry(mul, left, right)
    if right.rank == 2 and right.axes[0].extent == 1 and left.rank == 1 and not left.row:
        only = {right.axes[0]: right.axes[0].lower}
        right = Tensor(substitute(right.expr, only), right.axes[1:], row=True)
    if left.rank == 1 and not left.row:
        if right.rank == 1 and right.row:
            a, b = axis(left.axes[0]), axis(right.axes[0])
            return Tensor(mul(over(left, [a]), over(right, [b])), (a, b))
        raise MeaningError(
            f"{left.named} and {right.named} are both columns"
            if right.rank == 1
            else f"the column {left.named} stands before the matrix {right.named}",
            f"write {left.named}ᵀ {right.named} for their product, or use ⊙ entry by entry",
        )
    if right.rank == 1 and right.row:
        raise MeaningError(f"the row {right.named} stands after {left.named}", "transpose it")
    inner_left, inner_right = left.axes[-1], right.axes[0]
    if inner_left.extent != inner_right.extent:
        size = inner_left.extent
        folded = f", or {size - 1} with the bias folded in" if isinstance(size, int) else ""
        raise MeaningError(
            f"{left.named} is {left.described} and {right.named} is {right.described}",
            f"{left.named} needs {size} entries{folded}",
        )
    if inner_left.lower != inner_right.lower:
        raise MeaningError(
            f"{left.named} counts from {inner_left.lower} where {right.named} counts from "
            f"{inner_right.lower}",
            "multiply by a matrix with its bias folded in from the left only",
        )
    return _contracted(left, over(right, [inner_left, *right.axes[1:]]), right.axes[1:])


def folds(left: Tensor, right: Tensor) -> bool:
    """Whether a matrix (or row) has one column more than a vector (or number) has entries."""
    if left.rank == 0 or (left.rank == 1 and not left.row) or right.rank > 1 or right.row:
        return False
    size = right.axes[0].extent if right.axes else 1
    # A matrix before a lone number is a layer only if its two columns are bias and weight.
    return isinstance(size, int) and left.axes[-1].extent == size + 1


def folded_product(left: Tensor, name: str, rank: int) -> Tensor:
    """The product of a matrix whose columns count from 0 with the vector `name`, a 1 before it."""
    return _contracted(left, padded(name, (left.axes[-1],), rank), ())


def single_column(left: Tensor, right: Tensor) -> bool:
    """Whether a matrix with one column stands before a number: a layer of one input without bias."""
    return left.rank == 2 and left.axes[-1].extent == 1 and not right.axes


def layer_of_one(left: Tensor, right: Tensor) -> Tensor:
    """A matrix with one column times the number that is its only input."""
    only = substitute(left.expr, {left.axes[-1]: left.axes[-1].lower})
    return squeezed(Tensor(mul(only, right.expr), left.axes[:1]))


def _contracted(left: Tensor, right: Expr, rest: Sequence[Index]) -> Tensor:
    index = left.axes[-1]
    body = total(index, mul(left.expr, right))
    row = left.rank == 1 and bool(rest)
    return squeezed(Tensor(body, (*left.axes[:-1], *rest), row))


def squeezed(tensor: Tensor) -> Tensor:
    """A vector of one entry as the number that it is."""
    return _number(tensor) if tensor.rank == 1 and _is_one(tensor) else tensor


def stacked(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    """A vector or matrix of scalar expressions.

    Raises `MeaningError` for a block that is no number.
    """
    for row in rows:
        for item in row:
            if item.axes:
                raise MeaningError(
                    f"{item.named} is {item.described} inside a bracket of numbers",
                    "only a 1 over a vector may be stacked: [1; x]",
                )
    down = axis(Index("", 1, len(rows)))
    across = axis(Index("", 1, len(rows[0])))
    terms = [
        mul(item.expr, same(down, r), same(across, c))
        for r, row in enumerate(rows, 1)
        for c, item in enumerate(row, 1)
    ]
    if len(rows[0]) == 1:
        return squeezed(Tensor(add(*terms), (down,)))
    return Tensor(add(*terms), (down, across))


def plain_name(tensor: Tensor) -> str | None:
    """The name of a whole quantity with nothing done to it but turned into a row; else None."""
    expr = tensor.expr
    return expr.name if isinstance(expr, Ref) and expr.slots == tensor.axes else None
