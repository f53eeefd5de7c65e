"""Expressions as quotients of polynomials in what can't be taken apart further, and their signs.

σ(z)(1 − σ(z)) is e^z / (1 + e^z)²: with the functions replaced by their formulas most second
derivatives become a power of each denominator times a polynomial in entries, exponentials and
logarithms. Its sign is then read off the terms, or found exactly where one variable is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from backhand.calculus.intervals import between, exact, high, low
from backhand.calculus.monomials import (
    UNIT,
    Base,
    Factor,
    Ground,
    Leaf,
    Monomial,
    Polynomial,
    built,
    exponent_of,
    factor_of,
    gathered,
    one,
    order,
    product_of,
    raised,
    scaled,
    sum_of,
    taken_apart,
    times,
)
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
    apply,
    number,
    postorder,
    rebuilt,
)
from backhand.functions import REALS, TABLE

MAX_BASES = 4
"""A sum in more bases isn't taken as a quadratic in one after the other."""


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
                done[node] = sum_of([done[arg] for arg in args], ground)
            case Mul(args):
                done[node] = product_of([done[arg] for arg in args], ground)
            case Power((base, Number(exponent))):
                done[node] = _power(done[base], exponent, node, ground)
            case Apply("exp", (arg,)):
                done[node] = _exp(done[arg])
            case Apply("log", (arg,)):
                done[node] = _log(done[arg], node, ground)
            case _:
                done[node] = one(node)
    return gathered(done[expr], ground)


def _power(terms: Polynomial, exponent: Fraction, node: Expr, ground: Ground) -> Polynomial:
    whole = exponent.denominator == 1
    if not terms:
        return {} if exponent > 0 else one(node)
    if whole and exponent > 0:
        return product_of([terms] * int(exponent), ground) if exponent <= MAX_DEGREE else one(node)
    scale, shared, rest = taken_apart(terms)
    if not whole and not all(_is_positive(base, ground) for base, _ in shared):
        return one(node)
    if rest == {UNIT: Fraction(-1)} and whole:
        scale, rest = -scale if exponent % 2 else scale, {UNIT: Fraction(1)}
    if rest == {UNIT: Fraction(-1)}:
        return one(node)
    out = raised(shared, exponent)
    if rest != {UNIT: Fraction(1)}:
        out = times(out, frozenset([(factor_of(rest), exponent)]))
    if whole:
        return {out: scale ** int(exponent)}
    base = frozenset([(number(scale), exponent)]) if scale != 1 else UNIT
    return {times(out, base): Fraction(1)}


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
            return one(node)
        scale, shared, rest = taken_apart(terms)
        whole = factor_of(rest)
        product: Monomial = times(shared, frozenset([(whole, Fraction(1))]))
    else:
        ((product, scale),) = terms.items()
    if scale < 0 or not all(_is_positive(base, ground) for base, _ in product):
        return one(node)
    parts = [scaled(_log_of(base), e) for base, e in product]
    if scale != 1:
        parts.append(one(apply("log", number(scale))))
    return sum_of(parts, ground)


def _log_of(base: Base) -> Polynomial:
    match base:
        case Apply("exp", (arg,)):
            return one(arg) if arg is not ONE else {UNIT: Fraction(1)}
        case Factor():
            return one(apply("log", base.expression))
        case _:
            return one(apply("log", base))


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
    _, shared, rest = taken_apart(terms)
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
    bases = sorted({base for m in terms for base, _ in m}, key=order)
    if len(bases) == 1:
        return _one_variable(terms, bases[0], ground)
    for base in bases if len(bases) <= MAX_BASES else ():
        found = _quadratic(terms, base, ground)
        if found is not None:
            return found
    return None


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
    exponents = {m: exponent_of(m, base) for m in terms}
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
    exponents = sorted({exponent_of(m, base) for m in terms})
    unit = exponents[1] if len(exponents) > 1 and exponents[0] == 0 else Fraction(0)
    if len(exponents) == 2 and unit.denominator == 1 and unit % 2 == 0:
        unit /= 2
    if not unit or exponents[-1] != 2 * unit or len(exponents) > 3:
        return None
    parts: list[Polynomial] = [{}, {}, {}]
    for monomial, coefficient in terms.items():
        exponent = exponent_of(monomial, base)
        rest = times(monomial, frozenset([(base, -exponent)]))
        parts[int(exponent / unit)][rest] = coefficient
    constant, linear, square = parts
    first = _sign(square, ground)
    if first is None or not first.direction:
        return None
    squared = scaled(product_of([linear, linear], ground), Fraction(-1))
    discriminant = sum_of(
        [scaled(product_of([square, constant], ground), Fraction(4)), squared], ground
    )
    found = _sign(discriminant, ground)
    if found is None or found.direction < 0:
        return None
    if not first.strict:
        last = _sign(constant, ground)
        if last is None or last.direction not in (0, first.direction):
            return None
    return Sign(first.direction, first.strict and found.direction > 0 and found.strict)
