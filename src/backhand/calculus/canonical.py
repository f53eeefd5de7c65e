"""Whether two formulas are the same wherever both have a value: one form for all that are.

Functions are replaced by their textbook formulas, sums of angles and logarithms of products taken
apart (`rewriting.py`), and what is left compared as quotients of polynomials (`rational.py`). Where a
formula has kinks, each region between them is compared apart (`kinks.py`). An `equal` is certain;
what isn't found equal may still be so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from backhand.calculus.intervals import written_out
from backhand.calculus.kinks import allowed_signs, regions, within
from backhand.calculus.monomials import Base, Leaf, Monomial, Polynomial, built, times
from backhand.calculus.rational import polynomial
from backhand.calculus.rewriting import Rewriting, primes
from backhand.errors import LimitError
from backhand.expr import Apply, Expr, Number, Power, apply, mul, number, power, rewrite
from backhand.functions import Interval

MAX_SQUARES = 200


@dataclass(frozen=True, slots=True)
class Canonical:
    """Two sides in one form, and the rules by which they came there.

    `equal`: certainly the same wherever both have a value, but for the kinks of what was
    differentiated. `split`: what changes its sign on the kinks that were looked at on either side.
    """

    equal: bool
    left: Expr
    right: Expr
    rules: tuple[str, ...] = ()
    split: tuple[Expr, ...] = ()


def compared(
    left: Expr, right: Expr, domain: Mapping[str, Interval], differentiated: Sequence[Expr] = ()
) -> Canonical:
    """The two sides brought to one form, on the domain and wherever both are defined.

    `differentiated`: the formulas whose derivatives stand in the sides. Those exist where the formulas
    have a value and, it may be, no kink, so the sides are compared there only.

    >>> from backhand.expr import ref
    >>> z = ref("z")
    >>> compared(apply("tanh", z), 2 * apply("sigmoid", 2 * z) - 1, {}).equal
    True
    """
    rewriting = Rewriting()
    try:
        flat = [_flat(side) for side in (left, right)]
        rewriting.measure(flat)
        sides = [rewriting.rewritten(side) for side in flat]
        defined = [*flat, *map(_flat, differentiated)]
        allowed = allowed_signs(defined, rewriting.rewritten)
        apart = _kinks(differentiated, domain)
        split: dict[Expr, set[int]] = {}
        equal = True
        for region in regions(sides, domain, allowed, apart):
            for gap, direction in region.signs.items():
                split.setdefault(gap, set()).add(direction)
            equal = equal and _vanishes(*region.sides, region.leaf, rewriting)
        left, right = (_shown(side, within(domain, {}), rewriting) for side in sides)
        kinks = tuple(gap for gap, directions in split.items() if len(directions) > 1)
        return Canonical(equal, left, right, tuple(rewriting.rules), kinks)
    except (LimitError, OverflowError, ZeroDivisionError):
        return Canonical(False, left, right, tuple(rewriting.rules))


def _flat(side: Expr) -> Expr:
    """Sums over an index written out, if their size is known."""
    try:
        return written_out(side)
    except LimitError:
        return side


def _kinks(formulas: Sequence[Expr], domain: Mapping[str, Interval]) -> frozenset[Expr]:
    """What changes its sign on the kinks of the formulas."""
    found: set[Expr] = set()
    for formula in formulas:
        plain = Rewriting().rewritten(_flat(formula))
        for region in regions((plain, plain), domain, {}):
            found |= region.signs.keys()
    return frozenset(found)


def _shown(side: Expr, leaf: Leaf, rewriting: Rewriting) -> Expr:
    return rewrite(built(_reduced(polynomial(side, leaf), rewriting)), _one_exponential)


def _one_exponential(node: Expr) -> Expr | None:
    """(e^z)² as it is written, e^(2z)."""
    match node:
        case Power((Apply("exp", (exponent,)), Number() as factor)):
            return apply("exp", mul(factor, exponent))
        case _:
            return None


def _vanishes(left: Expr, right: Expr, leaf: Leaf, rewriting: Rewriting) -> bool:
    """Whether the difference of two sides without kinks is 0."""
    if left is right:
        return True
    terms = _reduced(polynomial(rewriting.rewritten(left - right), leaf), rewriting)
    return not terms or _logarithms_cancel(terms, leaf, rewriting)


def _logarithms_cancel(terms: Polynomial, leaf: Leaf, rewriting: Rewriting) -> bool:
    """Whether a sum of logarithms, or several each times a factor, is log 1.

    Each log u has a value, so every u is positive and the product of their powers says it all.
    """
    sums: dict[Monomial, dict[Expr, Fraction]] = {}
    for monomial, coefficient in terms.items():
        logs = [b for b, e in monomial if isinstance(b, Apply) and b.name == "log" and e == 1]
        if len(logs) != 1:
            return False
        rest = _times_power(monomial, logs[0], -1)
        sums.setdefault(rest, {})[logs[0].args[0]] = coefficient
    for parts in sums.values():
        scale = math.lcm(*(c.denominator for c in parts.values()))
        product = mul(*(power(u, number(c * scale)) for u, c in parts.items()))
        # Positive numbers have no product -1: then there is no point here to compare at.
        if all(_reduced(polynomial(product - one, leaf), rewriting) for one in (1, -1)):
            return False
    rewriting.note("the sum of logs is the log of the product")
    return True


def _reduced(terms: Polynomial, rewriting: Rewriting) -> Polynomial:
    """The polynomial with sin² u replaced by 1 − cos² u, and roots of numbers by those of primes."""
    terms = _collected((_rooted(monomial, c)) for monomial, c in terms.items())
    for _ in range(MAX_SQUARES):
        found = next(((m, base) for m in terms for base, e in m if _is_sine(base) and e >= 2), None)
        if found is None:
            break
        monomial, sine = found
        rewriting.note("sin² u + cos² u = 1")
        coefficient = terms.pop(monomial)
        cosine = apply("cos", *sine.args)  # type: ignore[union-attr]
        terms = _collected(
            [
                *terms.items(),
                (_times_power(monomial, sine, -2), coefficient),
                (_times_power(_times_power(monomial, sine, -2), cosine, 2), -coefficient),
            ]
        )
    return terms


def _is_sine(base: Base) -> bool:
    return isinstance(base, Apply) and base.name == "sin"


def _times_power(monomial: Monomial, base: Base, exponent: Fraction | int) -> Monomial:
    return times(monomial, frozenset([(base, Fraction(exponent))]))


def _collected(items: Iterable[tuple[Monomial, Fraction]]) -> Polynomial:
    out: Polynomial = {}
    for monomial, coefficient in items:
        out[monomial] = out.get(monomial, Fraction(0)) + coefficient
    return {m: c for m, c in out.items() if c}


def _rooted(monomial: Monomial, coefficient: Fraction) -> tuple[Monomial, Fraction]:
    """√12 as 2 √3: the roots of numbers as roots of primes, what is whole of them as a number."""
    for base, exponent in monomial:
        powers = primes(base.value) if isinstance(base, Number) else None
        if powers is None:
            continue
        monomial = _times_power(monomial, base, -exponent)
        for prime, power_of in powers.items():
            monomial = _times_power(monomial, number(prime), exponent * power_of)
    for base, exponent in monomial:
        if isinstance(base, Number) and (whole := exponent.__floor__()):
            monomial = _times_power(monomial, base, -whole)
            coefficient *= base.value**whole
    return monomial, coefficient
