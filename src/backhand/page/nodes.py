"""Index-notation expressions as JSON: one list of nodes, arguments before what uses them.

A slot is a number, the letter of an index, or a sum of indices with the range of its axis,
`[offset, {letter: coefficient}, lower, upper]`; an entry outside that range is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from backhand.errors import BackhandError, LimitError
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Image,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Same,
    Total,
    postorder,
)
from backhand.functions import BUILT_IN
from backhand.slots import Affine, Index, Slot

Json: TypeAlias = Any
MAX_NODES = 50_000
"""A graph has a node for each different part of its equations, whatever the sizes."""
MAX_DEPTH = 400
"""The page walks an equation by recursion."""


class Nodes:
    """The nodes so far; each expression stands in the list once."""

    def __init__(self) -> None:
        self.list: list[Json] = []
        self._place: dict[Expr, int] = {}
        self._depth: dict[Expr, int] = {}

    def add(self, expr: Expr) -> int:
        """The place of an expression in the list, where it is put if it isn't there.

        Raises `BackhandError` for a function without a formula, `LimitError` over the bounds above.
        """
        for node in postorder(expr):
            if node not in self._place:
                found = self._node(node)
                self._depth[node] = 1 + max((self._depth[arg] for arg in node.args), default=0)
                self._place[node] = len(self.list)
                self.list.append(found)
                self._check(node)
        return self._place[expr]

    def _check(self, node: Expr) -> None:
        if len(self.list) > MAX_NODES or self._depth[node] > MAX_DEPTH:
            raise LimitError(
                f"the equations have over {MAX_NODES} parts, or are nested over {MAX_DEPTH} deep",
                "use `backhand solve` for a network of this size",
            )

    def _node(self, node: Expr) -> Json:
        inner = [self._place[arg] for arg in node.args]
        match node:
            case Number(value):
                return ["num", real(value)]
            case Constant(name):
                return ["const", name]
            case Ref(name, slots):
                return ["ref", name, _slots(slots)]
            case Padded(name, slots, rank):
                return ["pad", name, _slots(slots), rank]
            case Same(left, right):
                return ["same", *_slots((left, right))]
            case Total(index):
                return ["sum", index.name, index.lower, _upper(index), *inner]
            case Add():
                return ["add", inner]
            case Mul():
                return ["mul", inner]
            case Power():
                return ["pow", *inner]
            case Apply(name) if name not in BUILT_IN:
                raise BackhandError(
                    f"the page doesn't know the function {name}, which was defined later",
                    "write its formula into the equation, or use `backhand solve`",
                )
            case Apply(name):
                return ["call", name, inner]
            case Compare(order):
                return ["cmp", order, *inner]
            case Image(name):
                raise BackhandError(
                    f"the page can't work out {name}: it is a function of whole matrices, or "
                    "one of which only the signature is known",
                    "give it a formula in index notation, or use `backhand solve`",
                )
            case _:
                raise TypeError(f"no node for {type(node).__name__}")


def real(value: Fraction | float) -> int | float | str:
    """A number as JSON has it: whole where it is, as a string where it isn't finite."""
    if isinstance(value, Fraction) and value.denominator == 1 and abs(value) < 2**53:
        return value.numerator
    try:
        found = float(value)
    except OverflowError:
        return "inf" if value > 0 else "-inf"
    return found if math.isfinite(found) else str(found)


def _upper(index: Index) -> int:
    return index.lower + index.size - 1


def _slots(slots: Sequence[Slot]) -> list[Json]:
    return [_slot(slot) for slot in slots]


def _slot(slot: Slot) -> Json:
    match slot:
        case int():
            return slot
        case Index(name):
            return name
        case Affine(terms, offset, lower, upper):
            return [offset, {index.name: c for index, c in terms}, lower, upper]
