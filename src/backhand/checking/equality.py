"""Whether two answers are equal, in sound steps: what no step settles is left to a person.

1. The same node, since expressions are interned in a normal form.
2. As rational expressions modulo a large prime (`residues.py`). Functions are taken for letters there, so
   agreement is equality, and disagreement is a difference only where there is no function.
3. One canonical form (`calculus/canonical.py`).
4. A point away from kinks and poles where rigorous bounds on the two don't meet: different.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, TypeAlias

from backhand.calculus.canonical import compared
from backhand.calculus.intervals import written_out
from backhand.calculus.witness import search
from backhand.checking.residues import is_rational, same_residue
from backhand.errors import LimitError
from backhand.expr import (
    Expr,
    Ref,
    number,
    postorder,
    rewrite,
    substitute,
)
from backhand.graph import Graph, Value

Outcome: TypeAlias = Literal["equal", "different", "open"]
MAX_NODES = 2_000
"""Larger formulas aren't compared by canonical form."""


def inlined(
    expr: Expr,
    graph: Graph,
    keep: frozenset[str] = frozenset(),
    only: frozenset[str] | None = None,
) -> Expr:
    """The expression with equations put in for names, but those in `keep`; sums written out.

    `only`: put in no others than these, and leave the sums.

    >>> import backhand
    >>> graph = backhand.model("x = 3; u = x^2; y = u + 1")
    >>> from backhand.expr import ref
    >>> inlined(ref("y"), graph), inlined(ref("y"), graph, keep=frozenset("u"))
    ((x^(2) + 1), (u + 1))
    """

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Ref) or node.name in keep or node.name not in graph:
            return None
        if only is not None and node.name not in only:
            return None
        quantity = graph[node.name]
        if quantity.definition is None:
            return None
        return substitute(quantity.definition, dict(zip(quantity.axes, node.slots, strict=True)))

    previous = None
    while expr is not previous:
        previous, expr = expr, rewrite(expr, leaf)
        if only is None:
            expr = _flat(expr)
    return expr


def _flat(expr: Expr) -> Expr:
    try:
        return written_out(expr)
    except LimitError:
        return expr


def with_values(expr: Expr, values: Mapping[str, Value], graph: Graph) -> Expr:
    """The expression with numbers for the entries of the names in `values`."""

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Ref) or node.name not in values:
            return None
        at = [slot for slot in node.slots if isinstance(slot, int)]
        if len(at) < len(node.slots):
            return None
        found = graph[node.name].entry(values[node.name], at)
        return number(Fraction(found))

    return rewrite(expr, leaf)


def same_formula(left: Expr, right: Expr, graph: Graph) -> Outcome:
    """Whether two expressions are equal wherever both have a value.

    >>> from backhand.expr import apply, ref
    >>> z = ref("z")
    >>> s = apply("sigmoid", z)
    >>> same_formula(s * (1 - s), s - s**2, Graph(()))
    'equal'
    >>> same_formula(s * (1 - s), s, Graph(()))
    'different'
    """
    if left is right:
        return "equal"
    if same_residue(left, right):
        return "equal"
    if is_rational(left) and is_rational(right):
        return "different"
    if sum(1 for _ in postorder(left, right)) > MAX_NODES:
        return "open"
    first = search((left, right), graph, {}, (), 2)
    if first.witness is not None:
        return "different"
    if compared(left, right, {}).equal:
        return "equal"
    found = search((left, right), graph, {})
    return "different" if found.witness is not None else "open"
