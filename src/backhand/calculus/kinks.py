"""Formulas with kinks, region by region: what relu, abs, max and [a > b] are on either side of each.

A region says the sign of everything that decides a kink or a jump; in it the formula has neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

from backhand.calculus.intervals import arithmetic, between, common
from backhand.calculus.rational import sign
from backhand.errors import LimitError
from backhand.expr import (
    ZERO,
    Add,
    Apply,
    Compare,
    Expr,
    Mul,
    Number,
    Ref,
    add,
    mul,
    number,
    postorder,
    rebuilt,
)
from backhand.functions import Interval

MAX_KINKS = 6
"""More kinks than this cut the line into more regions than are compared."""

Leaf: TypeAlias = Callable[[Expr], Any | None]
Signs: TypeAlias = Mapping[Expr, int]
"""The signs of the arguments of kinks: 1 or -1, and 0 on the kink itself."""


@dataclass(frozen=True, slots=True)
class Region:
    """The two sides where the arguments of their kinks have these signs: no kink is left in them."""

    sides: tuple[Expr, Expr]
    signs: Signs


def bounds(domain: Mapping[str, Interval], positive: frozenset[Expr]) -> Leaf:
    """The interval of an entry: its domain, and what the domains of functions say."""
    iv = arithmetic()

    def leaf(node: Expr) -> Any | None:
        if not isinstance(node, Ref):
            return None
        bound = between(domain[node.name]) if node.name in domain else iv.mpf(["-inf", "inf"])
        if node in positive:
            return common(bound, iv.mpf([0, "inf"])) or bound
        return bound

    return leaf


def within(entries: Leaf, signs: Signs) -> Leaf:
    """The same, with what the region says."""
    iv = arithmetic()

    def leaf(node: Expr) -> Any | None:
        bound = entries(node)
        half = signs.get(node, 0)
        if bound is None or not half:
            return bound
        return common(bound, iv.mpf([0, "inf"] if half > 0 else ["-inf", 0])) or bound

    return leaf


def regions(sides: Sequence[Expr], signs: Signs, entries: Leaf) -> Iterator[Region]:
    """The sides in every region that their kinks cut out, inner kinks first."""
    leaf = within(entries, signs)
    left, right = (_resolved(side, signs, leaf) for side in sides)
    gap = _next_gap((left, right), signs, leaf)
    if gap is None:
        yield Region((left, right), signs)
        return
    if len(signs) == MAX_KINKS:
        raise LimitError(f"there are over {MAX_KINKS} kinks", "split the claim")
    known = sign(gap, leaf)
    possible = (known.direction,) if known is not None and known.direction else (1, -1)
    for direction in possible:
        yield from regions((left, right), {**signs, gap: direction}, entries)


def _next_gap(sides: Sequence[Expr], signs: Signs, leaf: Leaf) -> Expr | None:
    """What decides the first kink that is still open: of a product, its first open factor."""
    for node in postorder(*sides):
        gap = _gap(node)
        if gap is None or _sign_of(gap, signs, leaf) is not None:
            continue
        factors = gap.args if isinstance(gap, Mul) else (gap,)
        return next(_unsigned(f)[0] for f in factors if _sign_of(f, signs, leaf) is None)
    return None


def _gap(node: Expr) -> Expr | None:
    """What changes its sign where a node has a kink or a jump."""
    match node:
        case Compare(_, (a, b)) | Apply("max" | "min", (a, b)):
            return a - b
        case Apply("relu" | "abs" | "leaky_relu", (a,)):
            return a
        case _:
            return None


def _sign_of(gap: Expr, signs: Signs, leaf: Leaf) -> int | None:
    """The sign of what decides a kink, if the region or the formula itself says it."""
    base, direction = _unsigned(gap)
    if base in signs:
        return signs[base] * direction
    if isinstance(gap, Mul):
        found = [_sign_of(factor, signs, leaf) for factor in gap.args]
        return None if None in found else prod(s for s in found if s is not None)
    known = sign(gap, leaf)
    if known is None or not (known.strict or not known.direction):
        return None
    return known.direction


def _unsigned(gap: Expr) -> tuple[Expr, int]:
    """An argument up to a positive number, its first term positive, and the sign that was taken."""
    terms = sorted(gap.args, key=_without_number) if isinstance(gap, Add) else [gap]
    lead = next((term for term in terms if not isinstance(term, Number)), terms[0])
    scale = _coefficient(lead)
    return add(*(mul(1 / scale, term) for term in terms)), 1 if scale > 0 else -1


def _without_number(term: Expr) -> str:
    """What a term is sorted by, so that a − b and b − a start with the same one."""
    match term:
        case Mul((Number(), *rest)):
            return str(mul(*rest))
        case _:
            return str(term)


def _coefficient(term: Expr) -> Fraction:
    match term:
        case Number(value) | Mul((Number(value), *_)) if value:
            return value
        case _:
            return Fraction(1)


def _resolved(expr: Expr, signs: Signs, leaf: Leaf) -> Expr:
    """The expression with every kink replaced by the branch that holds where its sign is known."""
    done: dict[Expr, Expr] = {}
    for node in postorder(expr):
        new = rebuilt(node, tuple(done[arg] for arg in node.args))
        gap = _gap(new)
        direction = None if gap is None else _sign_of(gap, signs, leaf)
        done[node] = new if direction is None else _branch(new, direction)
    return done[expr]


def _branch(node: Expr, direction: int) -> Expr:
    match node:
        case Compare(order):
            holds = {">": direction > 0, ">=": direction >= 0, "=": direction == 0}
            return number(int(holds[order]))
        case Apply("relu", (a,)):
            return a if direction > 0 else ZERO
        case Apply("leaky_relu", (a,)):
            return a if direction > 0 else a / 100
        case Apply("abs", (a,)):
            return a if direction > 0 else -a
        case Apply("max", (a, b)):
            return a if direction > 0 else b
        case Apply("min", (a, b)):
            return b if direction > 0 else a
        case _:
            return node
