"""What a loop does, as assignments in index notation, before any of it is Python.

A program is the forward pass, the backward pass and the updates, each a list of statements. What
the equations leave open is settled here: the column of ones is split off, so no loop asks in every
turn whether it stands on the bias; and log σ and log softmax are written so that nothing overflows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from backhand.expr import (
    Add,
    Expr,
    Mul,
    Padded,
    Total,
    add,
    opened,
    postorder,
    ref,
    rewrite,
    substitute,
    total,
)
from backhand.slots import Index, Slot


@dataclass(frozen=True, slots=True)
class Statement:
    """`target[slots] = value` for every value of the axes; `adds`: it is `+=`.

    `slots` are the axes, or a number where one of them is settled.
    """

    target: str
    axes: tuple[Index, ...]
    slots: tuple[Slot, ...]
    value: Expr
    comment: str = ""
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A product of factors, summed over indices of its own."""

    sums: tuple[Index, ...]
    factors: tuple[Expr, ...]


def statement(target: str, axes: Sequence[Index], value: Expr, comment: str = "") -> Statement:
    """An assignment to every entry; one that adds to the entry itself becomes `+=`."""
    entry = ref(target, *axes)
    terms = value.args if isinstance(value, Add) else (value,)
    adds = entry in terms
    if adds:
        value = add(*(t for t in terms if t is not entry))
    return Statement(target, tuple(axes), tuple(axes), value, comment, adds)


def without_ones(together: Sequence[Statement]) -> list[tuple[Statement, ...]]:
    """Statements over the same axes with the first column apart, where that meets a column of ones."""
    for axis in together[0].axes if together else ():
        if any(_is_padded_along(one.value, axis) for one in together):
            rest = Index(axis.name, axis.lower + 1, axis.upper)
            first = [narrowed(one, axis, axis.lower) for one in together]
            return [
                *without_ones(first),
                *without_ones([narrowed(o, axis, rest) for o in together]),
            ]
    return [tuple(together)]


def narrowed(one: Statement, axis: Index, to: Slot) -> Statement:
    """The part of a statement in which an axis is one number, or takes fewer values."""
    left = tuple(to if a == axis else a for a in one.axes if a != axis or isinstance(to, Index))
    return replace(
        one,
        axes=tuple(a for a in left if isinstance(a, Index)),
        slots=tuple(to if slot == axis else slot for slot in one.slots),
        value=substitute(one.value, {axis: to}),
    )


def unpadded(expr: Expr) -> Expr:
    """Sums over a vector with a 1 before it as the first term and the sum of the rest."""

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Total) or not _is_padded_along(node.args[0], node.index):
            return None
        index, body = opened(node)
        rest = Index(index.name, index.lower + 1, index.upper)
        return unpadded(
            add(
                substitute(body, {index: index.lower}),
                total(rest, substitute(body, {index: rest})),
            )
        )

    return rewrite(expr, leaf)


def _is_padded_along(expr: Expr, index: Index) -> bool:
    return any(
        isinstance(node, Padded) and node.slots[-1] == index and index.lower == 0
        for node in postorder(expr)
        if index in node.free
    )


def terms(expr: Expr) -> list[Term]:
    """An expression as a sum of products, each summed over its own indices; nothing multiplied out."""
    return [_term(part) for part in (expr.args if isinstance(expr, Add) else (expr,))]


def _term(expr: Expr) -> Term:
    factors = expr.args if isinstance(expr, Mul) else (expr,)
    sums = [f for f in factors if isinstance(f, Total)]
    if len(sums) != 1:
        return Term((), factors)
    index, body = opened(sums[0])
    inner = _term(body)
    outer = tuple(f for f in factors if f is not sums[0])
    return Term((index, *inner.sums), (*outer, *inner.factors))


def unrolled(statements: Iterable[Statement]) -> list[Statement]:
    """Every entry in a statement of its own, every sum written out: for networks of a few numbers."""
    made: list[Statement] = []
    for one in statements:
        before = [one]
        for axis in one.axes:
            values = range(axis.lower, axis.lower + axis.size)
            before = [narrowed(each, axis, value) for each in before for value in values]
        made += [
            replace(each, value=written_out(each.value), comment=one.comment if at == 0 else "")
            for at, each in enumerate(before)
        ]
    return made


def written_out(expr: Expr) -> Expr:
    """Sums as their terms."""

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Total):
            return None
        index, body = opened(node)
        values = range(index.lower, index.lower + index.size)
        return written_out(add(*(substitute(body, {index: value}) for value in values)))

    return rewrite(expr, leaf)


def operations(statements: Iterable[Statement]) -> int:
    """About how many operations the statements take, each entry and each term of a sum for itself."""
    return sum(_size(one.axes) * _cost(one.value) for one in statements)


def _size(axes: Iterable[Index]) -> int:
    found = 1
    for axis in axes:
        found *= axis.size
    return found


def _cost(expr: Expr) -> int:
    cost: dict[Expr, int] = {}
    for node in postorder(expr):
        inside = sum(cost[arg] for arg in node.args)
        cost[node] = 1 + (node.index.size * inside if isinstance(node, Total) else inside)
    return cost[expr]
