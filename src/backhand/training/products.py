"""Which sums over a batch are products of two matrices, and so BLAS's to work out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, permutations
from typing import TypeAlias

from backhand.expr import Add, Expr, Padded, Ref, add, postorder, ref, rewrite, total
from backhand.graph import Role
from backhand.slots import Index
from backhand.training.flat import Arrays, flattened
from backhand.training.program import Program, own_gradient
from backhand.training.statements import Statement, terms

COUNT = "count"
"""What the emitted function calls the number of points that it works on at once."""
POINT = Index("b", 1, COUNT)
"""The index of these points, the first axis of all that differs between them."""
Axes: TypeAlias = tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """`target = left · right`, each an array and whether it stands transposed."""

    target: str
    left: tuple[str, bool]
    right: tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Batch:
    """A program over many points at once.

    `arrays`: with the axes as they are stored, those before which a column of ones belongs counted
    from 0; `padded`: the names that have such a column. `products`: by the statement's target, with
    what is added to the product afterwards, if anything.
    """

    forward: tuple[Statement, ...]
    backward: tuple[Statement, ...]
    gradients: tuple[Statement, ...]
    arrays: Arrays
    padded: frozenset[str]
    products: Mapping[str, tuple[Product, Expr | None]]


def batch_of(program: Program) -> Batch | None:
    """The program over many points; None where its equations don't stand for themselves then.

    That is so where something between parameters and loss doesn't depend on the data: its adjoint,
    kept for every point, would be as large as batch × parameters.
    """
    varying, padded = _varying(program), _padded(program)
    made = [q for q in program.graph if q.definition is not None and q.role is not Role.GRADIENT]
    if padded is None or any(q.name not in varying for q in made):
        return None
    own = {program.gradient(name) for name in program.parameters}
    varying |= {q.name for q in program.graph.with_role(Role.GRADIENT) if q.name not in own}
    forward = tuple(_over(one, varying) for one in program.forward)
    backward = tuple(_over(one, varying) for one in program.backward)
    gradients = tuple(_summed(program, name, varying) for name in program.parameters)
    arrays = Arrays({q.name: _stored(program, q.name, varying, padded) for q in program.graph})
    whole = [[flattened(one, arrays) for one in part] for part in (forward, backward, gradients)]
    products: dict[str, tuple[Product, Expr | None]] = {}
    for one in chain(*whole):
        found = _product(one, arrays)
        if found is not None:
            products[one.target] = found[0], found[1]
            arrays.axes[one.target] = found[2]
    forward, backward, gradients = map(tuple, whole)
    return Batch(forward, backward, gradients, arrays, padded, products)


def _varying(program: Program) -> set[str]:
    """What differs from point to point, the gradients apart."""
    found = set(program.data)
    for q in program.graph:
        if (
            q.definition is not None
            and q.role is not Role.GRADIENT
            and _names(q.definition) & found
        ):
            found.add(q.name)
    return found


def _names(expr: Expr) -> set[str]:
    return {node.name for node in postorder(expr) if isinstance(node, Ref | Padded)}


def _padded(program: Program) -> frozenset[str] | None:
    """What is met with a column of ones before it; None where that is a number and no vector."""
    found: set[str] = set()
    for quantity in program.graph:
        for node in postorder(quantity.definition) if quantity.definition is not None else ():
            if isinstance(node, Padded):
                if node.rank < len(node.slots):
                    return None
                found.add(node.name)
    return frozenset(found)


def _over(one: Statement, varying: set[str]) -> Statement:
    """A statement about one point for all points."""
    return replace(
        one,
        axes=(POINT, *one.axes),
        slots=(POINT, *one.slots),
        value=_at_point(one.value, varying),
    )


def _at_point(expr: Expr, varying: set[str]) -> Expr:
    def leaf(node: Expr) -> Expr | None:
        # With the ones stored before it, a padded vector is itself, its entries counted from 0.
        if isinstance(node, Ref | Padded) and node.name in varying:
            return ref(node.name, POINT, *node.slots)
        return None

    return rewrite(expr, leaf)


def _summed(program: Program, name: str, varying: set[str]) -> Statement:
    """A parameter's gradient, added up over the points."""
    sign, axes = program.gradient(name), program.graph[name].axes
    value = total(POINT, _at_point(own_gradient(program, name), varying))
    return Statement(sign, axes, axes, value, f"{sign}, added up over the points")


def _stored(program: Program, name: str, varying: set[str], padded: frozenset[str]) -> Axes:
    axes = program.graph[name].axes
    for parameter in program.parameters:
        if name == program.gradient(parameter):
            return program.graph[parameter].axes
    if name in padded:
        axes = (*axes[:-1], replace(axes[-1], lower=axes[-1].lower - 1))
    return (POINT, *axes) if name in varying else axes


# ---- which statements are products -------------------------------------------------------------


def _product(one: Statement, arrays: Arrays) -> tuple[Product, Expr | None, Axes] | None:
    """The product that a statement is, what is added to it, and its target's axes as stored."""
    if len(one.axes) != 2 or one.slots != one.axes:
        return None
    parts = one.value.args if isinstance(one.value, Add) else (one.value,)
    for part in parts:
        (term,) = terms(part)
        for factors in permutations(term.factors if len(term.factors) == 2 else ()):
            found = _matched(one, term.sums, factors, arrays)
            if found is not None:
                rest = [other for other in parts if other is not part]
                return found[0], add(*rest) if rest else None, found[1]
    return None


def _matched(
    one: Statement, sums: Axes, factors: Sequence[Expr], arrays: Arrays
) -> tuple[Product, Axes] | None:
    """`target[row, column] = Σ left[row, over] right[over, column]`, over arrays as a whole."""
    match sums, factors:
        case (over,), (Ref() as left, Ref() as right):
            row, column = one.axes
        case _:
            return None
    if {*left.slots} != {row, over} or {*right.slots} != {over, column}:
        return None
    left_turned, right_turned = left.slots[0] != row, right.slots[0] != over
    axes = arrays.axes
    rows, inner = _turned(axes[left.name], left_turned)
    inside, columns = _turned(axes[right.name], right_turned)
    own = axes[one.target]
    if not (_same(rows, own[0]) and _same(inner, over) and _same(inside, over)):
        return None
    # A factor with a column of ones more gives the result one, which nobody reads.
    wider = columns.lower < own[1].lower and one.target not in arrays.bases
    if columns.upper != own[1].upper or not (wider or columns.lower == own[1].lower):
        return None
    product = Product(one.target, (left.name, left_turned), (right.name, right_turned))
    return product, (own[0], replace(own[1], lower=columns.lower))


def _turned(axes: Axes, turned: bool) -> Axes:
    return axes[::-1] if turned else axes


def _same(stored: Index, used: Index) -> bool:
    return (stored.lower, stored.upper) == (used.lower, used.upper)
