"""Expressions as quotients of polynomials in what can't be taken apart further, and their signs.

σ(z)(1 − σ(z)) is e^z / (1 + e^z)²: with the functions replaced by their formulas most second
derivatives become a power of each denominator times a polynomial in entries, exponentials and
logarithms. Its sign is then read off the terms, or found exactly where one variable is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

from backhand.calculus.intervals import between, exact, high, low, reach
from backhand.calculus.polynomials import MAX_DEGREE, sign_on
from backhand.errors import LimitError
from backhand.expr import (
    ONE,
    Add,
    Apply,
    Expr,
    Mul,
    Number,
    Power,
    add,
    apply,
    mul,
    number,
    postorder,
    power,
    rebuilt,
)
from backhand.functions import REALS, TABLE

Leaf: TypeAlias = Callable[[Expr], Any | None]
"""The interval of an entry, as `intervals.reach` takes it."""
MAX_WORK = 1_000
"""So many products of terms are made for one sign."""
MAX_BASES = 4
"""A sum in more bases isn't taken as a quadratic in one after the other."""
MAX_TERMS = 200
"""A polynomial that would have more terms is not multiplied out."""


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
    def name(self) -> str:
        """The sum in a line, to sort by."""
        return repr(built(self.polynomial))


Base: TypeAlias = Expr | Factor
Monomial: TypeAlias = frozenset[tuple[Base, Fraction]]
"""Bases and their exponents, which may be negative or fractions."""
Polynomial: TypeAlias = dict[Monomial, Fraction]
"""Terms and their coefficients; every term has the same power of each `Factor`."""
UNIT: Monomial = frozenset()


@dataclass(frozen=True, slots=True)
class Sign:
    """Nowhere negative (1), nowhere positive (-1) or 0; `strict`: nowhere 0 either."""

    direction: int
    strict: bool

    def times(self, other: Sign) -> Sign:
        """The sign of a product."""
        return Sign(self.direction * other.direction, self.strict and other.strict)

    def to_the(self, exponent: Fraction) -> Sign:
        """The sign of a power where that is defined."""
        even = exponent.denominator == 1 and exponent % 2 == 0
        return Sign(1 if even or exponent.denominator != 1 else self.direction, self.strict)


def sign(expr: Expr, leaf: Leaf) -> Sign | None:
    """The sign that an expression has wherever it is defined; None where it isn't found.

    >>> from backhand.calculus.intervals import interval
    >>> from backhand.expr import ref
    >>> s = apply("sigmoid", ref("z"))
    >>> sign(s * (1 - s), {ref("z"): interval(-9, 9)}.get)
    Sign(direction=1, strict=True)
    """
    try:
        ground = Ground(leaf)
        return _sign(_polynomial(expr, ground), ground)
    except LimitError:
        return None


def with_formulas(expr: Expr) -> Expr:
    """The expression with smooth functions replaced by their textbook formulas."""
    while True:
        done: dict[Expr, Expr] = {}
        for node in postorder(expr):
            args = tuple(done[arg] for arg in node.args)
            entry = TABLE[node.name] if isinstance(node, Apply) else None
            if (
                entry
                and entry.formula
                and entry.arity == 1
                and not (entry.kinks and entry.rational)
            ):
                done[node] = entry.formula(args[0])
            else:
                done[node] = rebuilt(node, args)
        if done[expr] is expr:
            return expr
        expr = done[expr]


def polynomial(expr: Expr, leaf: Leaf) -> Polynomial:
    """The expression as a sum of products of powers; `LimitError` where that gets too long."""
    return _polynomial(expr, Ground(leaf))


def _polynomial(expr: Expr, ground: Ground) -> Polynomial:
    expr = with_formulas(expr)
    done: dict[Expr, Polynomial] = {}
    for node in postorder(expr):
        match node:
            case Number(value):
                done[node] = {UNIT: value} if value else {}
            case Add(args):
                done[node] = _sum([done[arg] for arg in args], ground)
            case Mul(args):
                done[node] = _product([done[arg] for arg in args], ground)
            case Power((base, Number(exponent))):
                done[node] = _power(done[base], exponent, node, ground)
            case Apply("exp", (arg,)):
                done[node] = _exp(done[arg])
            case Apply("log", (arg,)):
                done[node] = _log(done[arg], node, ground)
            case _:
                done[node] = _one(node)
    return _gathered(done[expr], ground)


def _one(base: Base, exponent: Fraction = Fraction(1)) -> Polynomial:
    return {frozenset([(base, exponent)]): Fraction(1)}


def _times(a: Monomial, b: Monomial) -> Monomial:
    exponents = dict(a)
    for base, exponent in b:
        exponents[base] = exponents.get(base, Fraction(0)) + exponent
    return frozenset((base, e) for base, e in exponents.items() if e)


def _raised(a: Monomial, exponent: Fraction) -> Monomial:
    return frozenset((base, e * exponent) for base, e in a)


def _sum(parts: Sequence[Polynomial], ground: Ground) -> Polynomial:
    out: Polynomial = {}
    for part in parts:
        for monomial, coefficient in part.items():
            out[monomial] = out.get(monomial, Fraction(0)) + coefficient
    return _gathered({m: c for m, c in out.items() if c}, ground)


def _product(parts: Sequence[Polynomial], ground: Ground) -> Polynomial:
    ground.spend(len(parts))
    out = _single([part for part in parts if len(part) == 1])
    for part in (part for part in parts if len(part) != 1):
        if len(out) * len(part) > MAX_TERMS:
            raise LimitError(f"the product has over {MAX_TERMS} terms", "use a shorter one")
        ground.spend(len(out) * len(part))
        product: Polynomial = {}
        for a, x in out.items():
            for b, y in part.items():
                monomial = _times(a, b)
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


def _gathered(terms: Polynomial, ground: Ground) -> Polynomial:
    """The terms over one common power of each factor, what is left of it multiplied out."""
    while True:
        factors = {base for m in terms for base, _ in m if isinstance(base, Factor)}
        split = next((f for f in factors if len({_exponent(m, f) for m in terms}) > 1), None)
        if split is None:
            return terms
        least = min(_exponent(m, split) for m in terms)
        out: Polynomial = {}
        for monomial, coefficient in terms.items():
            extra = _exponent(monomial, split) - least
            if extra.denominator != 1:
                raise LimitError("a sum stands to two powers that don't differ by a whole number")
            lone = _times(monomial, frozenset([(split, -extra)]))
            expanded = _product([{lone: coefficient}, *[split.polynomial] * int(extra)], ground)
            for m, c in expanded.items():
                out[m] = out.get(m, Fraction(0)) + c
        terms = {m: c for m, c in out.items() if c}


def _exponent(monomial: Monomial, base: Base) -> Fraction:
    return next((e for b, e in monomial if b == base), Fraction(0))


def _taken_apart(terms: Polynomial) -> tuple[Fraction, Monomial, Polynomial]:
    """A coefficient and a product that all terms share, and the sum that is left."""
    tables = [dict(m) for m in terms]
    every = {base for m in terms for base, _ in m}
    least = {base: min(table.get(base, Fraction(0)) for table in tables) for base in every}
    shared = frozenset((base, exponent) for base, exponent in least.items() if exponent)
    scale = abs(min(terms.values(), key=abs))
    inverse = _raised(shared, Fraction(-1))
    return scale, shared, {_times(m, inverse): c / scale for m, c in terms.items()}


def _power(terms: Polynomial, exponent: Fraction, node: Expr, ground: Ground) -> Polynomial:
    whole = exponent.denominator == 1
    if not terms:
        return {} if exponent > 0 else _one(node)
    if whole and exponent > 0:
        return _product([terms] * int(exponent), ground) if exponent <= MAX_DEGREE else _one(node)
    scale, shared, rest = _taken_apart(terms)
    if not whole and not all(_is_positive(base, ground) for base, _ in shared):
        return _one(node)
    if rest == {UNIT: Fraction(-1)} and whole:
        scale, rest = -scale if exponent % 2 else scale, {UNIT: Fraction(1)}
    if rest == {UNIT: Fraction(-1)}:
        return _one(node)
    out = _raised(shared, exponent)
    if rest != {UNIT: Fraction(1)}:
        out = _times(out, frozenset([(Factor(frozenset(rest.items())), exponent)]))
    if whole:
        return {out: scale ** int(exponent)}
    base = frozenset([(number(scale), exponent)]) if scale != 1 else UNIT
    return {_times(out, base): Fraction(1)}


def _is_positive(base: Base, ground: Ground) -> bool:
    found = _base_sign(base, ground)
    return found is not None and found.direction > 0


def _exp(terms: Polynomial) -> Polynomial:
    """The exponential of a sum as a product of powers of exponentials."""
    powers = frozenset((apply("exp", built({m: Fraction(1)})), c) for m, c in terms.items())
    return {powers: Fraction(1)}


def _log(terms: Polynomial, node: Expr, ground: Ground) -> Polynomial:
    """The logarithm of a product of positive factors as a sum of logarithms."""
    if len(terms) != 1:
        if len(terms) == 0:
            return _one(node)
        scale, shared, rest = _taken_apart(terms)
        whole = Factor(frozenset(rest.items()))
        product: Monomial = _times(shared, frozenset([(whole, Fraction(1))]))
    else:
        ((product, scale),) = terms.items()
    if scale < 0 or not all(_is_positive(base, ground) for base, _ in product):
        return _one(node)
    parts = [_scaled(_log_of(base), e) for base, e in product]
    if scale != 1:
        parts.append(_one(apply("log", number(scale))))
    return _sum(parts, ground)


def _log_of(base: Base) -> Polynomial:
    match base:
        case Apply("exp", (arg,)):
            return _one(arg) if arg is not ONE else {UNIT: Fraction(1)}
        case Factor():
            return _one(apply("log", built(base.polynomial)))
        case _:
            return _one(apply("log", base))


def _scaled(terms: Polynomial, factor: Fraction) -> Polynomial:
    return {m: c * factor for m, c in terms.items()}


def built(terms: Mapping[Monomial, Fraction]) -> Expr:
    """The polynomial as an expression, its terms in an order that depends on nothing but themselves."""
    parts = [mul(c, *sorted((_factor(b, e) for b, e in m), key=str)) for m, c in terms.items()]
    return add(*sorted(parts, key=str))


def _factor(base: Base, exponent: Fraction) -> Expr:
    return power(built(base.polynomial) if isinstance(base, Factor) else base, exponent)


def _base_sign(base: Base, ground: Ground) -> Sign | None:
    if isinstance(base, Factor):
        return _sign(base.polynomial, ground)
    bound = ground.bound(base)
    if low(bound) == high(bound) == 0:
        return Sign(0, False)
    if low(bound) >= 0:
        return Sign(1, low(bound) > 0 or (isinstance(base, Apply) and base.name == "exp"))
    return Sign(-1, high(bound) < 0) if high(bound) <= 0 else None


def _sign(terms: Polynomial, ground: Ground) -> Sign | None:
    if not terms:
        return Sign(0, False)
    _, shared, rest = _taken_apart(terms)
    found = _sum_sign(rest, ground)
    for base, exponent in shared:
        if found is None:
            return None
        own = _base_sign(base, ground)
        if own is None:
            even = exponent.denominator == 1 and exponent % 2 == 0
            own = Sign(1, False) if even or exponent.denominator != 1 else None
        found = own and found.times(own.to_the(exponent))
    return found


def _sum_sign(terms: Polynomial, ground: Ground) -> Sign | None:
    """The sign of a sum without a common factor: by its terms, or by the one variable in it."""
    signs = [_term_sign(m, c, ground) for m, c in terms.items()]
    known = [s for s in signs if s is not None]
    directions = {s.direction for s in known if s.direction}
    if len(known) == len(signs) and len(directions) < 2:
        return Sign(directions.pop() if directions else 0, any(s.strict for s in known))
    bases = sorted({base for m in terms for base, _ in m}, key=_name)
    if len(bases) == 1:
        return _one_variable(terms, bases[0], ground)
    for base in bases if len(bases) <= MAX_BASES else ():
        found = _quadratic(terms, base, ground)
        if found is not None:
            return found
    return None


def _name(base: Base) -> str:
    return base.name if isinstance(base, Factor) else repr(base)


def _term_sign(monomial: Monomial, coefficient: Fraction, ground: Ground) -> Sign | None:
    found = Sign(1 if coefficient > 0 else -1, True)
    for base, exponent in monomial:
        own = _base_sign(base, ground)
        even = exponent.denominator != 1 or exponent % 2 == 0
        if own is None and not even:
            return None
        found = found.times((own or Sign(1, False)).to_the(exponent))
    return found


def _one_variable(terms: Polynomial, base: Base, ground: Ground) -> Sign | None:
    """Exactly, over the whole range of the base."""
    exponents = {m: _exponent(m, base) for m in terms}
    step = math.lcm(*(e.denominator for e in exponents.values()))
    if any(not 0 <= e * step <= MAX_DEGREE for e in exponents.values()):
        return None
    coefficients = [Fraction(0)] * (int(max(exponents.values()) * step) + 1)
    for monomial, coefficient in terms.items():
        coefficients[int(exponents[monomial] * step)] += coefficient
    # A fractional power is defined from 0 on, and runs over everything there.
    low_end, high_end = Fraction(0), None
    if step == 1:
        bound = between(REALS) if isinstance(base, Factor) else ground.bound(base)
        low_end, high_end = exact(low(bound)), exact(high(bound))
    found = sign_on(coefficients, low_end, high_end)
    return None if found is None else Sign(*found)


def _quadratic(terms: Polynomial, base: Base, ground: Ground) -> Sign | None:
    """A b² + B b + C has the sign of A and C where B² ≤ 4AC."""
    exponents = sorted({_exponent(m, base) for m in terms})
    unit = exponents[1] if len(exponents) > 1 and exponents[0] == 0 else Fraction(0)
    if len(exponents) == 2 and unit.denominator == 1 and unit % 2 == 0:
        unit /= 2
    if not unit or exponents[-1] != 2 * unit or len(exponents) > 3:
        return None
    parts: list[Polynomial] = [{}, {}, {}]
    for monomial, coefficient in terms.items():
        exponent = _exponent(monomial, base)
        rest = _times(monomial, frozenset([(base, -exponent)]))
        parts[int(exponent / unit)][rest] = coefficient
    constant, linear, square = parts
    first = _sign(square, ground)
    if first is None or not first.direction:
        return None
    squared = _scaled(_product([linear, linear], ground), Fraction(-1))
    discriminant = _sum(
        [_scaled(_product([square, constant], ground), Fraction(4)), squared], ground
    )
    found = _sign(discriminant, ground)
    if found is None or found.direction < 0:
        return None
    if not first.strict:
        last = _sign(constant, ground)
        if last is None or last.direction not in (0, first.direction):
            return None
    return Sign(first.direction, first.strict and found.direction > 0 and found.strict)
