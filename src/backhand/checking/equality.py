"""Whether two answers are equal, in sound steps: what no step settles is left to a person.

1. The same node, since expressions are interned in a normal form.
2. As rational expressions at points modulo a large prime. Functions are taken for letters there, so
   agreement is equality (a wrong one has a chance below 10⁻¹⁵), and disagreement is a
   difference only where there is no function.
3. One canonical form (`calculus/canonical.py`).
4. A point away from kinks and poles where rigorous bounds on the two don't meet: different.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Literal, TypeAlias

from backhand.calculus.canonical import compared
from backhand.calculus.intervals import written_out
from backhand.calculus.witness import search
from backhand.errors import LimitError
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Mul,
    Number,
    Power,
    Ref,
    number,
    postorder,
    rewrite,
    substitute,
)
from backhand.graph import Graph, Value

Outcome: TypeAlias = Literal["equal", "different", "open"]
PRIME = 2**61 - 1
MAX_NODES = 2_000
"""Larger formulas aren't compared by canonical form."""
MAX_EXPONENT = 64
POINTS = 4


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
    if same_at_points(left, right):
        return "equal"
    if _is_rational(left) and _is_rational(right):
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


def _is_rational(expr: Expr) -> bool:
    return all(
        isinstance(node, Ref | Number | Add | Mul)
        or (isinstance(node, Power) and _whole_exponent(node) is not None)
        for node in postorder(expr)
    )


def _whole_exponent(node: Power) -> int | None:
    exponent = node.args[1]
    if isinstance(exponent, Number) and exponent.value.denominator == 1:
        whole = int(exponent.value)
        return whole if abs(whole) <= MAX_EXPONENT else None
    return None


def same_at_points(left: Expr, right: Expr) -> bool:
    """Whether the two agree at points modulo the prime, each function taken for a letter.

    That is quick. Formulas for which it is False may still be equal.
    """
    tried = 0
    for seed in range(POINTS):
        a, b = _residue(left, seed), _residue(right, seed)
        if a is None or b is None:
            continue
        if a != b:
            return False
        tried += 1
    return tried >= POINTS - 1


@lru_cache(maxsize=4096)
def _residue(expr: Expr, seed: int) -> int | None:
    """The value of an expression modulo the prime at point number `seed`; None at a pole."""
    done: dict[Expr, int] = {}
    for node in postorder(expr):
        value = _residue_of(node, done, seed)
        if value is None:
            return None
        done[node] = value
    return done[expr]


def _residue_of(node: Expr, done: Mapping[Expr, int], seed: int) -> int | None:
    match node:
        case Number(value):
            below = value.denominator % PRIME
            return value.numerator * pow(below, -1, PRIME) % PRIME if below else None
        case Add(args):
            return sum(done[a] for a in args) % PRIME
        case Mul(args):
            product = 1
            for a in args:
                product = product * done[a] % PRIME
            return product
        case Power((base, _)) if (whole := _whole_exponent(node)) is not None:
            if whole < 0 and not done[base]:
                return None
            return pow(done[base], whole, PRIME)
        case Ref() | Constant():
            return _letter(repr(node), seed)
        case Apply() | Compare() | Power():
            head = type(node).__name__ + str(getattr(node, "name", getattr(node, "order", "")))
            return _letter(head + ",".join(str(done[a]) for a in node.args), seed)
        case _:
            return _letter(repr(node), seed)


@lru_cache(maxsize=65536)
def _letter(text: str, seed: int) -> int:
    return Random(f"{seed} {text}").randrange(1, PRIME)
