"""Polynomials in anything: sums of products of powers, whose bases are expressions or whole sums.

A sum that is divided by stays together as a `Factor`, so x/(1 + x) + 1 is (1 + 2x) (1 + x)^-1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any, TypeAlias

from backhand.calculus.intervals import reach
from backhand.errors import LimitError
from backhand.expr import Expr, add, mul, postorder, power

Leaf: TypeAlias = Callable[[Expr], Any | None]
"""The interval of an entry, as `intervals.reach` takes it."""
MAX_WORK = 1_000
"""So many products of terms are made for one sign."""
MAX_TERMS = 200
"""A polynomial that would have more terms is not multiplied out."""
MAX_DEPTH = 6
"""Quotients nested deeper than this, as in 1/(1 + 1/(1 + ...)), aren't taken apart."""
MAX_NAMED = 30
"""Expressions of more nodes aren't put in order."""


class Ground:
    """The intervals of bases, worked out once, and how much work is still allowed."""

    def __init__(self, leaf: Leaf) -> None:
        self._leaf = leaf
        self._known: dict[Expr, Any] = {}
        self._left = MAX_WORK

    def bound(self, base: Expr) -> Any:
        """The interval of a base."""
        if base not in self._known:
            self._known[base] = reach(base, self._leaf)
        return self._known[base]

    def spend(self, products: int) -> None:
        """Note that so many products of terms are made; `LimitError` where they are too many."""
        self._left -= products
        if self._left < 0:
            raise LimitError("the polynomial takes too long", "use a shorter expression")


@dataclass(frozen=True)
class Factor:
    """A sum that stands as one factor: the base 1 + e^z of (1 + e^z)^-2."""

    terms: frozenset[tuple[Monomial, Fraction]]

    @cached_property
    def polynomial(self) -> Polynomial:
        """The sum itself."""
        return dict(self.terms)

    @cached_property
    def expression(self) -> Expr:
        """The sum as an expression."""
        return built(self.polynomial)

    @cached_property
    def depth(self) -> int:
        """How many factors are nested inside, at most."""
        inner = (base.depth for m in self.polynomial for base, _ in m if isinstance(base, Factor))
        return 1 + max(inner, default=0)


Base: TypeAlias = Expr | Factor
Monomial: TypeAlias = frozenset[tuple[Base, Fraction]]
"""Bases and their exponents, which may be negative or fractions."""
Polynomial: TypeAlias = dict[Monomial, Fraction]
"""Terms and their coefficients; every term has the same power of each `Factor`."""
UNIT: Monomial = frozenset()


def one(base: Base, exponent: Fraction = Fraction(1)) -> Polynomial:
    return {frozenset([(base, exponent)]): Fraction(1)}


def times(a: Monomial, b: Monomial) -> Monomial:
    exponents = dict(a)
    for base, exponent in b:
        exponents[base] = exponents.get(base, Fraction(0)) + exponent
    return frozenset((base, e) for base, e in exponents.items() if e)


def raised(a: Monomial, exponent: Fraction) -> Monomial:
    return frozenset((base, e * exponent) for base, e in a)


def scaled(terms: Polynomial, factor: Fraction) -> Polynomial:
    return {m: c * factor for m, c in terms.items()}


def sum_of(parts: Sequence[Polynomial], ground: Ground) -> Polynomial:
    out: Polynomial = {}
    for part in parts:
        for monomial, coefficient in part.items():
            out[monomial] = out.get(monomial, Fraction(0)) + coefficient
    return gathered({m: c for m, c in out.items() if c}, ground)


def product_of(parts: Sequence[Polynomial], ground: Ground) -> Polynomial:
    ground.spend(len(parts))
    out = _single([part for part in parts if len(part) == 1])
    for part in (part for part in parts if len(part) != 1):
        if len(out) * len(part) > MAX_TERMS:
            raise LimitError(f"the product has over {MAX_TERMS} terms", "use a shorter one")
        ground.spend(len(out) * len(part))
        product: Polynomial = {}
        for a, x in out.items():
            for b, y in part.items():
                monomial = times(a, b)
                product[monomial] = product.get(monomial, Fraction(0)) + x * y
        out = {m: c for m, c in product.items() if c}
    return out


def _single(parts: Sequence[Polynomial]) -> Polynomial:
    """The product of polynomials of one term each, in one go."""
    coefficient = Fraction(1)
    exponents: dict[Base, Fraction] = {}
    for part in parts:
        ((monomial, factor),) = part.items()
        coefficient *= factor
        for base, exponent in monomial:
            exponents[base] = exponents.get(base, Fraction(0)) + exponent
    return {frozenset((base, e) for base, e in exponents.items() if e): coefficient}


def gathered(terms: Polynomial, ground: Ground) -> Polynomial:
    """The terms over one common power of each factor, what is left of it multiplied out."""
    while True:
        factors = {base for m in terms for base, _ in m if isinstance(base, Factor)}
        split = next((f for f in factors if len({exponent_of(m, f) for m in terms}) > 1), None)
        if split is None:
            return terms
        least = min(exponent_of(m, split) for m in terms)
        out: Polynomial = {}
        for monomial, coefficient in terms.items():
            extra = exponent_of(monomial, split) - least
            if extra.denominator != 1:
                raise LimitError("a sum stands to two powers that don't differ by a whole number")
            lone = times(monomial, frozenset([(split, -extra)]))
            expanded = product_of([{lone: coefficient}, *[split.polynomial] * int(extra)], ground)
            for m, c in expanded.items():
                out[m] = out.get(m, Fraction(0)) + c
        terms = {m: c for m, c in out.items() if c}


def exponent_of(monomial: Monomial, base: Base) -> Fraction:
    return next((e for b, e in monomial if b == base), Fraction(0))


def taken_apart(terms: Polynomial) -> tuple[Fraction, Monomial, Polynomial]:
    """A coefficient and a product that all terms share, and the sum that is left."""
    tables = [dict(m) for m in terms]
    every = {base for m in terms for base, _ in m}
    least = {base: min(table.get(base, Fraction(0)) for table in tables) for base in every}
    shared = frozenset((base, exponent) for base, exponent in least.items() if exponent)
    scale = abs(min(terms.values(), key=abs))
    inverse = raised(shared, Fraction(-1))
    return scale, shared, {times(m, inverse): c / scale for m, c in terms.items()}


def factor_of(terms: Polynomial) -> Factor:
    """The sum as one factor; `LimitError` where too many are nested."""
    made = Factor(frozenset(terms.items()))
    if made.depth > MAX_DEPTH:
        raise LimitError(f"over {MAX_DEPTH} quotients are nested", "use a shorter expression")
    return made


def built(terms: Mapping[Monomial, Fraction]) -> Expr:
    """The polynomial as an expression, its terms in an order that depends on nothing but themselves."""
    parts = [mul(c, *sorted((_powered(b, e) for b, e in m), key=order)) for m, c in terms.items()]
    return add(*sorted(parts, key=order))


def _powered(base: Base, exponent: Fraction) -> Expr:
    return power(base.expression if isinstance(base, Factor) else base, exponent)


def order(base: Base) -> tuple[int, str]:
    """The short ones first and those by their letters; of long ones the order doesn't matter."""
    expr = base.expression if isinstance(base, Factor) else base
    size = sum(1 for _ in islice(postorder(expr), MAX_NAMED + 1))
    return size, repr(expr) if size <= MAX_NAMED else ""
