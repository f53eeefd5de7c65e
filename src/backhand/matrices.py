"""Index notation read back as matrix notation: `Σ_k W[j,k] x[k]` is `W x`, `δ[j] x[k]` is `δ xᵀ`.

What has no matrix notation (a product of three indices, a power by entries) gives None, and stays
in index notation. Vectors are columns. A derivative stands the way its layout says, so the same
equation reads `∂J/∂x = ∂J/∂a W` in numerator and `∂J/∂x = Wᵀ ∂J/∂a` in denominator layout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import TypeAlias

from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Index,
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
)
from backhand.functions import TABLE
from backhand.graph import POINT, Graph, Layout, Quantity
from backhand.notation import formula, named, parts, product
from backhand.syntax import (
    Call,
    Entry,
    Flipped,
    Formula,
    Minus,
    Name,
    Norm,
    Num,
    Over,
    Plus,
    Raised,
    Rows,
    Test,
    Times,
    Words,
)

MAX_NODES = 200
"""A longer equation isn't read better as matrices."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """A product in matrix notation, with the index of its rows and of its columns.

    `chain` are the arrays multiplied in order (none for a scalar), `front` the scalars before them,
    `below` those they are divided by. A column vector has rows only.
    """

    chain: tuple[Formula, ...] = ()
    rows: Index | None = None
    cols: Index | None = None
    coefficient: Fraction = Fraction(1)
    front: tuple[Formula, ...] = ()
    below: tuple[Formula, ...] = ()

    @property
    def indices(self) -> frozenset[Index]:
        """The free indices."""
        return frozenset(i for i in (self.rows, self.cols) if i)

    @property
    def formula(self) -> Formula:
        """The product as it is written."""
        front = list(self.front)
        if abs(self.coefficient) != 1 or (not front and not self.chain):
            front.insert(0, Num(abs(self.coefficient)))
        match self.chain:
            case ():
                whole = product(front)
            case (single,) if not front:
                whole = single
            case _:
                whole = Times((*front, *self.chain), "@")
        if self.below:
            whole = Over(whole, product(self.below))
        return Minus(whole) if self.coefficient < 0 else whole

    def flipped(self) -> Shaped:
        """The transpose."""
        chain = tuple(flip(f) for f in reversed(self.chain))
        return replace(self, chain=chain, rows=self.cols, cols=self.rows)


def flip(f: Formula) -> Formula:
    """The transpose of one array."""
    match f:
        case Flipped(of):
            return of
        case Times(factors, "⊙"):
            return Times(tuple(flip(t) for t in factors), "⊙")
        case _:
            return Flipped(f)


def matrix_form(quantity: Quantity, graph: Graph, layout: Layout = "denominator") -> Formula | None:
    """The right-hand side of a quantity's equation in matrix notation, or None where it has none.

    For a derivative the side stands as the layout has it; see `turned`.
    """
    if quantity.definition is None or len(quantity.axes) > 2 or _over_points(quantity, graph):
        return None
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
    if pair is None or (graph[pair[1]].rank == 0 and graph[pair[0]].rank == 0):
        return False
    if graph[pair[0]].rank == 0:
        return layout == "numerator"
    return layout == "denominator"


def _shaped_over(expr: Expr, axes: Sequence[Index], graph: Graph, layout: Layout) -> Shaped | None:
    if sum(1 for _ in postorder(expr)) > MAX_NODES:
        return None
    found = _shaped(expr, graph, layout)
    if found is None or any(a.size > 1 for a in set(axes) - found.indices):
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
    if len(set(free)) != len(free) or len(free) > 2:
        return None
    cut: list[Formula] = []
    for slot, axis in zip(node.slots, quantity.axes, strict=True):
        if isinstance(slot, int):
            # Row 1 of a matrix with one row is the matrix itself.
            if axis.size > 1 and free:
                return None
            cut.append(Words(":"))
        else:
            whole = slot.lower == axis.lower and slot.size == axis.size
            cut.append(Words(":" if whole else f"{slot.lower}:{slot.upper}"))
    if not free and node.slots and quantity.size > 1:
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


def _aligned(items: Sequence[Shaped]) -> list[Shaped] | None:
    """All over the same rows and columns, scalars apart; None where they differ."""
    lead = next((i for i in items if i.indices), None)
    if lead is None:
        return list(items)
    out: list[Shaped] = []
    for item in items:
        if item.indices and item.indices != lead.indices:
            return None
        out.append(item.flipped() if item.indices and item.rows != lead.rows else item)
    return out


def _by_entry(args: Sequence[Expr], build: Callable[..., Formula], inner: Inner) -> Shaped | None:
    found = [inner(arg) for arg in args]
    shaped = _aligned([f for f in found if f]) if all(found) else None
    if shaped is None:
        return None
    lead = next((s for s in shaped if s.indices), shaped[0])
    whole = build(*(s.formula for s in shaped))
    return Shaped((whole,), lead.rows, lead.cols) if lead.indices else _scalar(whole)


def _added(args: Sequence[Expr], inner: Inner) -> Shaped | None:
    def build(*terms: Formula) -> Formula:
        first = next((t for t in terms if not isinstance(t, Minus)), terms[0])
        return Plus((first, *(t for t in terms if t is not first)))

    return _by_entry(args, build, inner)


def _raised(base: Expr, exponent: Expr, inner: Inner) -> Shaped | None:
    below, above = inner(base), inner(exponent)
    if below is None or above is None or above.indices:
        return None
    if below.indices:
        return None
    if isinstance(exponent, Number) and exponent.value == -1:
        return Shaped(below=(below.formula,))
    return _scalar(Raised(below.formula, above.formula))


def _diagonal(delta: Same, rest: Sequence[Expr], inner: Inner) -> Shaped | None:
    """A vector on the diagonal, or the identity matrix: `v[j] · [j = k]`."""
    left, right = delta.left, delta.right
    if not isinstance(left, Index) or not isinstance(right, Index) or left.size != right.size:
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
            return _contracted(args, frozenset(bound), inner)
        case Power((base, Number(value))) if value == 2 and len(bound) == 1:
            vector = inner(base)
            if vector is not None and vector.indices == frozenset(bound):
                return _scalar(Raised(Norm(vector.formula), Num(Fraction(2))))
            return None
        case _:
            vector = inner(body)
            if vector is not None and vector.indices == frozenset(bound):
                return _scalar(Call("sum", (vector.formula,)))
            return None


def _contracted(factors: Sequence[Expr], bound: frozenset[Index], inner: Inner) -> Shaped | None:
    """A product of factors, summed over the bound indices, as a chain of matrices."""
    found = [inner(factor) for factor in factors]
    pieces = [piece for piece in found if piece is not None]
    if len(pieces) < len(found):
        return None
    groups = _joined([p for p in pieces if p.indices], bound)
    scalars = [p for p in pieces if not p.indices]
    arrays: list[Shaped] = []
    while groups:
        chain = _chain(groups, bound)
        if chain is None:
            return None
        (arrays if chain.indices else scalars).append(chain)
    if len(arrays) > 2 or (len(arrays) == 2 and any(len(a.indices) != 1 for a in arrays)):
        return None
    return _scaled(scalars, arrays)


def _joined(pieces: Sequence[Shaped], bound: frozenset[Index]) -> list[Shaped]:
    """Factors over the same indices joined by ⊙; the last vector of an inner product stays apart."""
    groups: dict[frozenset[Index], list[Shaped]] = {}
    for piece in pieces:
        groups.setdefault(piece.indices, []).append(piece)
    out: list[Shaped] = []
    for indices, same in groups.items():
        inner_product = indices <= bound and not any(indices < other for other in groups)
        if len(indices) == 1 and inner_product and len(same) > 1:
            out += [_by_entries(same[:-1]), same[-1]]
        else:
            out.append(_by_entries(same))
    return out


def _by_entries(same: Sequence[Shaped]) -> Shaped:
    aligned = _aligned(same) or list(same)
    if len(aligned) == 1:
        return aligned[0]
    whole = Times(tuple(p.formula for p in aligned), "⊙")
    return Shaped((whole,), aligned[0].rows, aligned[0].cols)


def _chain(groups: list[Shaped], bound: frozenset[Index]) -> Shaped | None:
    """Take one connected chain of factors out of `groups`, multiplied from end to end."""
    start = next((g for g in groups if g.indices - bound), None)
    start = start or next((g for g in groups if len(g.indices) == 1), None)
    if start is None:
        return None
    groups.remove(start)
    row = next(iter(start.indices - bound), None)
    link = next((i for i in start.indices if i is not row), None)
    whole = start if start.rows == row else start.flipped()
    while link in bound:
        following = [g for g in groups if link in g.indices]
        if len(following) != 1:
            return None
        groups.remove(following[0])
        step = following[0] if following[0].rows == link else following[0].flipped()
        whole = _after(whole, step)
        link = step.cols
    return replace(whole, rows=row, cols=link)


def _after(left: Shaped, right: Shaped) -> Shaped:
    """The product of two, with what both have before them and below."""
    return Shaped(
        (*left.chain, *right.chain),
        left.rows,
        right.cols,
        left.coefficient * right.coefficient,
        (*left.front, *right.front),
        (*left.below, *right.below),
    )


def _scaled(scalars: Sequence[Shaped], arrays: Sequence[Shaped]) -> Shaped:
    """Scalars before the one array, or before the outer product of the two."""
    front = Shaped()
    for scalar in scalars:
        # A chain that closes is one number: an inner product.
        closed = replace(scalar, chain=(), front=(*scalar.front, *_one_factor(scalar.chain)))
        front = _after(front, closed)
    if len(arrays) == 2:
        left, right = (a if a.rows else a.flipped() for a in arrays)
        whole = _after(left, right.flipped())
        return replace(_after(front, whole), rows=whole.rows)
    if arrays:
        return replace(_after(front, arrays[0]), rows=arrays[0].rows)
    return front


def _one_factor(chain: tuple[Formula, ...]) -> tuple[Formula, ...]:
    return (Times(chain, "@"),) if len(chain) > 1 else chain
