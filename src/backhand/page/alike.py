"""Whether two graphs mean the same: a vector of one entry is a number, and factors may change places."""

from __future__ import annotations

import numpy as np

from backhand.expr import Add, Expr, Mul, Padded, Ref, postorder, substitute
from backhand.graph import Graph, Quantity
from backhand.slots import Index, Slot
from backhand.values import floats

_Known = dict[tuple[object, ...], int]


def alike(one: Graph, other: Graph) -> bool:
    """Whether both have the same quantities, with the same roles, numbers and equations.

    >>> import backhand
    >>> alike(backhand.model("x = 3; w = 2; J = w x"), backhand.model("x = 3; w = [2]; J = x w"))
    True
    """
    if {q.name for q in one} != {q.name for q in other} or one.objective != other.objective:
        return False
    single = frozenset(q.name for q in one if q.size == 1)
    known: _Known = {}
    return all(_same(q, other[q.name], single, known) for q in one)


def _same(one: Quantity, other: Quantity, single: frozenset[str], known: _Known) -> bool:
    is_single = one.name in single
    if one.role is not other.role or (other.size != 1 if is_single else one.shape != other.shape):
        return False
    if one.definition is None or other.definition is None:
        return one.definition is other.definition and _same_numbers(one, other)
    first, second = one.definition, other.definition
    if is_single:
        first, second = _only(first, one), _only(second, other)
    else:
        axes: dict[Index, Slot] = dict(zip(other.axes, one.axes, strict=True))
        second = substitute(second, axes)
    return _number(first, single, known) == _number(second, single, known)


def _same_numbers(one: Quantity, other: Quantity) -> bool:
    if one.value is None or other.value is None:
        return one.value is other.value
    return np.array_equal(floats(one.value).ravel(), floats(other.value).ravel())


def _only(definition: Expr, quantity: Quantity) -> Expr:
    """The equation of a quantity's only entry."""
    return substitute(definition, {axis: axis.lower for axis in quantity.axes})


def _number(expr: Expr, single: frozenset[str], known: _Known) -> int:
    """The number of what an expression means, the same for another that means the same."""
    numbers: dict[Expr, int] = {}
    for node in postorder(expr):
        args = [numbers[arg] for arg in node.args]
        key = (
            type(node),
            *_fields(node, single),
            *(sorted(args) if isinstance(node, Add | Mul) else args),
        )
        numbers[node] = known.setdefault(key, len(known))
    return numbers[expr]


def _fields(node: Expr, single: frozenset[str]) -> tuple[object, ...]:
    match node:
        case Ref(name) if name in single:
            return (name,)
        case Padded(name, slots) if name in single:
            return name, slots[-1:]
        case _:
            return tuple(getattr(node, field) for field in type(node).__slots__)
