"""Index notation read back as matrix notation: `Σ_k W[j,k] x[k]` is `W x`, `δ[j] x[k]` is `δ xᵀ`.

What has no matrix notation (a product of three indices, a power by entries) gives None, and stays
in index notation. Vectors are columns. A derivative stands the way its layout says, so the same
equation reads `∂J/∂x = ∂J/∂a W` in numerator and `∂J/∂x = Wᵀ ∂J/∂a` in denominator layout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from backhand.compositions import COMPOSITIONS
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Image,
    Mul,
    Number,
    Order,
    Padded,
    Power,
    Ref,
    Same,
    Total,
    mul,
    names,
    opened,
    postorder,
    ref,
    substitute,
    total,
)
from backhand.functions import TABLE
from backhand.graph import AXES, POINT, Graph, Layout, Quantity
from backhand.notation import formula, named, parts, value_name
from backhand.products import Shaped, added, after, aligned, chain_of, joined, scaled
from backhand.slots import Affine, Index, Slot
from backhand.syntax import (
    Call,
    Entry,
    Flipped,
    Formula,
    Name,
    Norm,
    Num,
    Partial,
    Raised,
    Rows,
    Test,
    Times,
    Words,
)

MAX_NODES = 400
"""A longer equation isn't read better as matrices."""


def recognised(quantity: Quantity, graph: Graph) -> Call | None:
    """The softmax or log-sum-exp that a quantity is, by name, or None.

    What a composition means is written in its entry; a quantity is one where that is its equation.
    """
    if quantity.definition is None or not any(
        isinstance(node, Apply) and node.name == "exp" for node in postorder(quantity.definition)
    ):
        return None
    used = names(quantity.definition)
    name = next(iter(used))
    if len(used) != 1 or graph[name].rank != 1:
        return None
    own = graph[name].axes[0].named(AXES[0])
    bound = own.named("∘n")
    for entry in COMPOSITIONS.values():
        if entry.arity != 1:
            continue
        meant = entry.expand(  # type: ignore[call-arg]
            lambda part: total(bound, substitute(part, {own: bound})), ref(name, own)
        )
        if meant is quantity.definition:
            return Call(entry.name, (named(graph, name),))
    return None


def matrix_form(quantity: Quantity, graph: Graph, layout: Layout = "denominator") -> Formula | None:
    """The right-hand side of a quantity's equation in matrix notation, or None where it has none.

    For a derivative the side stands as the layout has it; see `turned`.
    """
    if quantity.definition is None or len(quantity.axes) > 2 or _over_points(quantity, graph):
        return None
    if by_name := recognised(quantity, graph):
        return by_name
    found = _shaped_over(quantity.definition, quantity.axes, graph, layout)
    if found is None:
        return None
    return (found.flipped() if turned(quantity.name, graph, layout) else found).formula


def _over_points(quantity: Quantity, graph: Graph) -> bool:
    """Whether data points are summed or listed: their index is no row or column."""
    assert quantity.definition is not None
    axes = [a for n in names(quantity.definition) for a in graph[n].axes] + list(quantity.axes)
    return any(axis.name == POINT for axis in axes)


def turned(name: str, graph: Graph, layout: Layout) -> bool:
    """Whether the layout shows a derivative as the transpose of its array.

    The array of ∂y/∂x has the axes of y, then those of x: what numerator layout shows for two
    vectors, and denominator layout for a scalar by a vector or matrix.
    """
    pair = parts(name)
    if pair is None or len(pair[1]) > 1:
        return False
    of, by = (graph[each].rank for each in (pair[0], *pair[1]))
    if of == 0:
        return layout == "numerator" and by > 0
    return layout == "denominator"


def _shaped_over(expr: Expr, axes: Sequence[Index], graph: Graph, layout: Layout) -> Shaped | None:
    if sum(1 for _ in postorder(expr)) > MAX_NODES:
        return None
    found = _shaped(expr, graph, layout)
    if found is None or any(a.extent != 1 for a in set(axes) - found.indices):
        return None
    if len(axes) == 2 and found.indices == frozenset({axes[1]}):
        # A matrix with one row: what was found is that row, standing as a column.
        return found.flipped() if found.rows else found
    return found.flipped() if found.indices and found.rows != axes[0] else found


def _shaped(expr: Expr, graph: Graph, layout: Layout) -> Shaped | None:
    """The expression as a column, matrix or scalar, by its free indices."""

    def inner(part: Expr) -> Shaped | None:
        return _shaped(part, graph, layout)

    match expr:
        case Number(value):
            return Shaped(coefficient=value)
        case Constant() | Padded(_, (int(),)):
            return _scalar(formula(expr, graph))
        case Ref():
            return _reference(expr, graph, layout)
        case Image():
            return _image(expr, graph, layout)
        case Padded(name, (Index() as index,), rank):
            whole = index.lower == 0 and index.size == graph[name].size + 1
            one: Formula = Num(Fraction(1))
            column = Rows(((one,), (named(graph, name),)))
            return Shaped((column,), rows=index) if whole and rank <= 1 else None
        case Compare(order, (left, right)):
            return _by_entry((left, right), partial(_test, order), inner)
        case Apply(name, args) if TABLE[name].arity <= 2:
            return _by_entry(args, partial(_call, name), inner)
        case Add(args):
            return _added(args, inner)
        case Power((base, exponent)) if not expr.free or isinstance(exponent, Number):
            return _raised(base, exponent, inner)
        case Same():
            return _diagonal(expr, (), inner)
        case Mul(args):
            delta = next((a for a in args if isinstance(a, Same)), None)
            if delta is not None:
                return _diagonal(delta, [a for a in args if a is not delta], inner)
            return _contracted(args, frozenset(), inner)
        case Total():
            return _summed(expr, inner)
        case _:
            return None


Inner: TypeAlias = Callable[[Expr], Shaped | None]


def _test(order: Order, left: Formula, right: Formula) -> Formula:
    return Test(left, order, right)


def _call(name: str, *args: Formula) -> Formula:
    return Call(name, args)


def _scalar(f: Formula) -> Shaped:
    return Shaped(front=(f,))


def _reference(node: Ref, graph: Graph, layout: Layout) -> Shaped | None:
    quantity = graph[node.name]
    free = [s for s in node.slots if isinstance(s, Index)]
    summed = any(isinstance(slot, Affine) for slot in node.slots)
    if len(set(free)) != len(free) or len(free) > 2 or summed:
        return None
    cut: list[Formula] = []
    for slot, axis in zip(node.slots, quantity.axes, strict=True):
        if not isinstance(slot, Index):
            # Row 1 of a matrix with one row is the matrix itself.
            if axis.extent != 1 and free:
                return None
            cut.append(Words(":"))
        else:
            whole = (slot.lower, slot.upper) == (axis.lower, axis.upper)
            cut.append(Words(":" if whole else f"{slot.lower}:{slot.upper}"))
    if not free and node.slots and not quantity.single:
        return _scalar(formula(node, graph))
    name = named(graph, node.name)
    if any(isinstance(c, Words) and c.text != ":" for c in cut):
        name = Entry(name, tuple(cut))
    if turned(node.name, graph, layout):
        name = Flipped(name)
    if not free:
        return _scalar(name)
    if len(free) == 2:
        return Shaped((name,), free[0], free[1])
    if quantity.rank == 2 and isinstance(node.slots[0], int):
        return Shaped((name,), cols=free[0]).flipped()
    return Shaped((name,), rows=free[0])


def _image(node: Image, graph: Graph, layout: Layout) -> Shaped | None:
    """A function of whole quantities, or its Jacobian, which stands as the layout has it."""
    if len(node.by) > 1 or any(not isinstance(s, Index) for s in indices_of(node)):
        return None
    args = tuple(named(graph, each) for each in node.of)
    slots = [s for s in indices_of(node) if isinstance(s, Index)]
    if len(set(slots)) != len(slots) or len(slots) > 2:
        return None
    rows, cols = (*slots, None, None)[:2]
    if node.name == "inv":
        return Shaped((Raised(args[0], Num(Fraction(-1))),), rows, cols)
    if not node.by:
        return (
            Shaped((Call(node.name, args),), rows, cols) if slots else _scalar(formula(node, graph))
        )
    top = Name(value_name(node.name, node.of, graph), "bold" if node.slots else "italic")
    by, at = node.by[0]
    sign = Partial(top, named(graph, by), graph.single_variable)
    if not slots:
        return _scalar(sign)
    if not node.slots and len(at) < 2:
        rows, cols = None, rows
    elif not node.slots:
        rows, cols = cols, rows
    return Shaped((sign,), *((rows, cols) if layout == "numerator" else (cols, rows)))


def indices_of(node: Image) -> tuple[Slot, ...]:
    """The positions of a function's value, then those of what it is differentiated by."""
    return (*node.slots, *(slot for _, at in node.by for slot in at))


def _by_entry(args: Sequence[Expr], build: Callable[..., Formula], inner: Inner) -> Shaped | None:
    found = [inner(arg) for arg in args]
    shaped = aligned([f for f in found if f]) if all(found) else None
    if shaped is None:
        return None
    lead = next((s for s in shaped if s.indices), shaped[0])
    whole = build(*(s.formula for s in shaped))
    return Shaped((whole,), lead.rows, lead.cols) if lead.indices else _scalar(whole)


def _added(args: Sequence[Expr], inner: Inner) -> Shaped | None:
    found = [inner(arg) for arg in args]
    shaped = aligned([f for f in found if f]) if all(found) else None
    return added(shaped) if shaped else None


def _raised(base: Expr, exponent: Expr, inner: Inner) -> Shaped | None:
    below, above = inner(base), inner(exponent)
    if below is None or above is None or above.indices:
        return None
    if below.indices:
        # z ⊙ z is how the square of every entry is written; there is no sign for other powers.
        square = isinstance(exponent, Number) and exponent.value == 2
        whole = Times((below.formula, below.formula), "⊙")
        return Shaped((whole,), below.rows, below.cols) if square else None
    if isinstance(exponent, Number) and exponent.value == -1:
        return Shaped(below=(below.formula,))
    return _scalar(Raised(below.formula, above.formula))


def _diagonal(delta: Same, rest: Sequence[Expr], inner: Inner) -> Shaped | None:
    """A vector on the diagonal, or the identity matrix: `v[j] · [j = k]`."""
    left, right = delta.left, delta.right
    if not isinstance(left, Index) or not isinstance(right, Index) or left.extent != right.extent:
        return None
    if not rest:
        return Shaped((Name("I", "upright"),), left, right)
    vector = inner(mul(*rest))
    if vector is None or len(vector.indices) > 1 or not vector.indices <= {left, right}:
        return None
    if not vector.indices:
        return replace(vector, chain=(Name("I", "upright"),), rows=left, cols=right)
    column = vector if vector.rows else vector.flipped()
    return Shaped((Call("diag", (column.formula,)),), left, right)


def _summed(node: Total, inner: Inner) -> Shaped | None:
    bound: set[Index] = set()
    body: Expr = node
    while isinstance(body, Total):
        index, body = opened(body)
        bound.add(index)
    match body:
        case Mul(args):
            found = _contracted(args, frozenset(bound), inner)
            return found or _traced(args, frozenset(bound), inner)
        case Ref(_, (Index() as row, column)) if row == column and len(bound) == 1:
            other = row.named("∘tr")
            matrix = inner(ref(body.name, row, other))
            return _scalar(Call("tr", (matrix.formula,))) if matrix else None
        case Add(terms):
            return _added([_total_over(bound, term) for term in terms], inner)
        case Power((base, Number(value))) if value == 2:
            vector = inner(base)
            if vector is not None and vector.indices == frozenset(bound):
                return _scalar(Raised(Norm(vector.formula), Num(Fraction(2))))
            return None
        case _:
            vector = inner(body)
            if vector is not None and vector.indices == frozenset(bound):
                return _scalar(Call("sum", (vector.formula,)))
            return None


def _total_over(bound: Iterable[Index], term: Expr) -> Expr:
    for index in bound:
        term = total(index, term)
    return term


def _traced(factors: Sequence[Expr], bound: frozenset[Index], inner: Inner) -> Shaped | None:
    """A product of matrices in a ring, summed over every index: a trace."""
    found = [inner(factor) for factor in factors]
    pieces = [piece for piece in found if piece is not None]
    matrices = [piece for piece in pieces if len(piece.indices) == 2]
    if len(pieces) < len(found) or not matrices or any(len(p.indices) == 1 for p in pieces):
        return None
    first, *rest = matrices
    opening = first.rows
    ring, link = first, first.cols
    while rest:
        following = next((m for m in rest if link in m.indices), None)
        if following is None or link not in bound:
            return None
        rest.remove(following)
        step = following if following.rows == link else following.flipped()
        ring, link = after(ring, step), step.cols
    if link != opening or link not in bound:
        return None
    scalars = [piece for piece in pieces if not piece.indices]
    return scaled([*scalars, _scalar(Call("tr", (ring.formula,)))], [])


def _contracted(factors: Sequence[Expr], bound: frozenset[Index], inner: Inner) -> Shaped | None:
    """A product of factors, summed over the bound indices, as a chain of matrices."""
    found = [inner(factor) for factor in factors]
    pieces = [piece for piece in found if piece is not None]
    if len(pieces) < len(found):
        return None
    groups = joined([p for p in pieces if p.indices], bound)
    scalars = [p for p in pieces if not p.indices]
    arrays: list[Shaped] = []
    while groups:
        chain = chain_of(groups, bound)
        if chain is None:
            return None
        (arrays if chain.indices else scalars).append(chain)
    if len(arrays) > 2 or (len(arrays) == 2 and any(len(a.indices) != 1 for a in arrays)):
        return None
    return scaled(scalars, arrays)
