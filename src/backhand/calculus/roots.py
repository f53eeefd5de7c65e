"""The exact square root of a polynomial in several variables, where it has one."""

from __future__ import annotations

import math
from fractions import Fraction

from backhand.calculus.monomials import Base, Monomial, Polynomial, exponent_of, raised, times
from backhand.expr import Apply

HALF = Fraction(1, 2)


def square_root(terms: Polynomial) -> Polynomial | None:
    """The polynomial whose square this is, its leading coefficient positive; None where none is.

    The terms are taken in a fixed order that multiplication keeps, so each term of the root is found
    from the leading one of what is left, as in long division.

    >>> from backhand.expr import ref
    >>> x = frozenset([(ref("x"), Fraction(1))])
    >>> square_root({frozenset([(ref("x"), Fraction(2))]): Fraction(1)}) == {x: Fraction(1)}
    True
    """
    lowest = _lowest(terms)
    if lowest:
        shift = raised(lowest, Fraction(-1))
        shifted = square_root(_product(terms, {shift: Fraction(1)}))
        return shifted and _product(shifted, {raised(lowest, HALF): Fraction(1)})
    if any(e < 0 for monomial in terms for _, e in monomial) or not terms:
        return None
    order = sorted({base for monomial in terms for base, _ in monomial}, key=str)
    lead = _leading(terms, order)
    coefficient = _rational_root(terms[lead])
    if coefficient is None:
        return None
    first = raised(lead, HALF)
    if any(e.denominator != 1 and not _is_exponential(base) for base, e in first):
        return None
    root: Polynomial = {first: coefficient}
    rest = _minus(terms, _product(root, root))
    for _ in range(len(terms)):
        if not rest:
            return root
        after = _leading(rest, order)
        term = _quotient(after, first)
        if term is None or term in root:
            return None
        new = {term: rest[after] / (2 * coefficient)}
        doubled = {m: 2 * c for m, c in root.items()}
        rest = _minus(rest, _product(new, {**doubled, **new}))
        root |= new
    return None


def _leading(terms: Polynomial, order: list[Base]) -> Monomial:
    """The first term when sorted by the exponents of the bases, in order."""
    return max(terms, key=lambda m: [exponent_of(m, base) for base in order])


def _lowest(terms: Polynomial) -> Monomial:
    """The negative powers of exponentials that all terms can be divided by, leaving none."""
    bases = {base for monomial in terms for base, e in monomial if e < 0 and _is_exponential(base)}
    return frozenset((base, min(exponent_of(m, base) for m in terms)) for base in bases)


def _is_exponential(base: Base) -> bool:
    return isinstance(base, Apply) and base.name == "exp"


def _rational_root(value: Fraction) -> Fraction | None:
    if value < 0:
        return None
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return root if root * root == value else None


def _quotient(a: Monomial, b: Monomial) -> Monomial | None:
    found = times(a, raised(b, Fraction(-1)))
    return None if any(e < 0 for _, e in found) else found


def _product(a: Polynomial, b: Polynomial) -> Polynomial:
    out: Polynomial = {}
    for p, x in a.items():
        for q, y in b.items():
            monomial = times(p, q)
            out[monomial] = out.get(monomial, Fraction(0)) + x * y
    return {m: c for m, c in out.items() if c}


def _minus(a: Polynomial, b: Polynomial) -> Polynomial:
    out = dict(a)
    for monomial, coefficient in b.items():
        out[monomial] = out.get(monomial, Fraction(0)) - coefficient
    return {m: c for m, c in out.items() if c}
