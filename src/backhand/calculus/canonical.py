"""Whether two formulas are the same wherever both have a value: one form for all that are.

Functions are replaced by their textbook formulas, sums of angles and logarithms of products taken
apart, and what is left compared as quotients of polynomials (`rational.py`). Where a formula has
kinks, each region between them is compared apart. A `True` is certain; what isn't found equal may
still be so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from backhand.calculus.intervals import written_out
from backhand.calculus.kinks import Leaf, bounds, regions, within
from backhand.calculus.rational import Base, Monomial, Polynomial, built, polynomial
from backhand.errors import LimitError
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Expr,
    Mul,
    Number,
    Power,
    Ref,
    add,
    apply,
    mul,
    number,
    postorder,
    power,
    rebuilt,
)
from backhand.functions import TABLE, Interval

MAX_ANGLES = 6
"""sin(nx) is taken apart up to this n."""
MAX_PRIME = 1000
MAX_ROUNDS = 30
"""How often the rules are tried on what they made."""
MAX_SQUARES = 200
KINKED = frozenset(("relu", "leaky_relu", "abs", "max", "min"))


@dataclass(frozen=True, slots=True)
class Canonical:
    """Two sides in one form, and the rules by which they came there.

    `equal`: certainly the same in every region between the kinks. `split`: what changes its sign
    there. `same_at_kinks`: whether the sides agree on the kinks too, as far as that was found.
    """

    equal: bool
    left: Expr
    right: Expr
    rules: tuple[str, ...] = ()
    split: tuple[Expr, ...] = ()
    same_at_kinks: bool = True


@dataclass(slots=True)
class _Rules:
    """The rules that fired, in order, each once."""

    found: dict[str, None] = field(default_factory=dict[str, None])

    def note(self, rule: str) -> None:
        self.found.setdefault(rule)


def compared(left: Expr, right: Expr, domain: Mapping[str, Interval]) -> Canonical:
    """The two sides brought to one form, on the domain and wherever both are defined.

    >>> from backhand.expr import ref
    >>> z = ref("z")
    >>> compared(apply("tanh", z), 2 * apply("sigmoid", 2 * z) - 1, {}).equal
    True
    """
    rules = _Rules()
    try:
        sides = [_prepared(written_out(side), rules) for side in (left, right)]
        entries = bounds(domain, _positive(sides))
        every = list(regions(sides, {}, entries))
        equal = all(
            _vanishes(*region.sides, within(entries, region.signs), rules) for region in every
        )
        split = tuple(dict.fromkeys(gap for region in every for gap in region.signs))
        left, right = (_shown(side, within(entries, {})) for side in sides)
        same = equal and _agree_at_kinks(sides, split, entries, rules)
        return Canonical(equal, left, right, tuple(rules.found), split, same)
    except (LimitError, OverflowError, ZeroDivisionError):
        return Canonical(False, left, right, tuple(rules.found))


def _shown(side: Expr, leaf: Leaf) -> Expr:
    return built(_reduced(polynomial(side, leaf)))


def _vanishes(left: Expr, right: Expr, leaf: Leaf, rules: _Rules) -> bool:
    """Whether the difference of two sides without kinks is 0."""
    if left is right:
        return True
    difference = _prepared(left - right, rules)
    return not _reduced(polynomial(difference, leaf))


# ---- rewriting ---------------------------------------------------------------------------------


def _prepared(expr: Expr, rules: _Rules) -> Expr:
    """The expression with formulas put in for functions, and functions of sums taken apart."""
    for _ in range(MAX_ROUNDS):
        done: dict[Expr, Expr] = {}
        for node in postorder(expr):
            new = rebuilt(node, tuple(done[arg] for arg in node.args))
            simpler = _simpler(new, rules)
            done[node] = new if simpler is None else simpler
        if done[expr] is expr:
            return expr
        expr = done[expr]
    return expr


def _simpler(node: Expr, rules: _Rules) -> Expr | None:
    """One rule applied to the top of an expression; None where none fits."""
    match node:
        case Apply("sqrt", (Power((base, Number(two))),)) if two == 2:
            rules.note("√(u²) = |u|")
            return apply("abs", base)
        case Apply("sin" | "cos" as name, (Add() | Mul((Number(), *_)) as angle,)):
            return _angle(name, angle, rules)
        case Apply("log", (Power((base, Number(n))),)) if n.denominator == 1 and n % 2 == 0:
            rules.note("log u² = 2 log |u|")
            return n * apply("log", apply("abs", base))
        case Apply("log", (Number(value),)) if value > 0 and value != 1:
            return _log_of_number(value, rules)
        case Apply("exp", (Apply("log", (inside,)),)):
            rules.note("e^(log u) = u")
            return inside
        case Apply("exp", (Mul((*before, Apply("log", (inside,)))),)) if before:
            rules.note("e^(a log u) = u^a")
            return power(inside, mul(*before))
        case Power((base, exponent)) if not isinstance(exponent, Number):
            rules.note("a^b = e^(b log a)")
            return apply("exp", mul(exponent, apply("log", base)))
        case Apply("abs", (Mul((Number(value), *rest)),)) if value < 0:
            return apply("abs", mul(-value, *rest))
        case Apply("tan", (angle,)):
            rules.note("tan u = sin u / cos u")
            return apply("sin", angle) / apply("cos", angle)
        case Apply(name, (argument,)) if name not in KINKED and name not in ("sqrt",):
            formula = TABLE[name].formula
            if formula is None:
                return None
            rules.note(f"{TABLE[name].notation.text} by its formula")
            return formula(argument)
        case _:
            return None


def _angle(name: str, angle: Expr, rules: _Rules) -> Expr | None:
    """sin and cos of a sum, of a whole multiple, and of a negative angle."""
    match angle:
        case Mul((Number(value), *rest)) if value < 0:
            rules.note("sin is odd, cos is even")
            turned = apply(name, mul(-value, *rest))
            return -turned if name == "sin" else turned
        case Mul((Number(value), *rest)) if value.denominator == 1 and 1 < value <= MAX_ANGLES:
            one = mul(*rest)
            return _of_sum(name, mul(value - 1, one), one, rules)
        case Add((first, *others)):
            return _of_sum(name, first, add(*others), rules)
        case _:
            return None


def _of_sum(name: str, a: Expr, b: Expr, rules: _Rules) -> Expr:
    rules.note("sine and cosine of a sum of angles")
    sin_a, cos_a, sin_b, cos_b = (apply(f, u) for u in (a, b) for f in ("sin", "cos"))
    if name == "sin":
        return sin_a * cos_b + cos_a * sin_b
    return cos_a * cos_b - sin_a * sin_b


def _log_of_number(value: Fraction, rules: _Rules) -> Expr | None:
    """The logarithm of a number as one of primes."""
    powers = _primes(value)
    if powers is None or powers == {value: 1}:
        return None
    rules.note("log of a product is the sum of logs")
    return add(*(n * apply("log", number(prime)) for prime, n in powers.items()))


def _reduced(terms: Polynomial) -> Polynomial:
    """The polynomial with sin² u replaced by 1 − cos² u, and roots of numbers by those of primes."""
    terms = _collected((_rooted(monomial, c)) for monomial, c in terms.items())
    for _ in range(MAX_SQUARES):
        found = next(((m, base) for m in terms for base, e in m if _is_sine(base) and e >= 2), None)
        if found is None:
            break
        monomial, sine = found
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
    exponents = dict(monomial)
    exponents[base] = exponents.get(base, Fraction(0)) + exponent
    return frozenset((b, e) for b, e in exponents.items() if e)


def _collected(items: Iterable[tuple[Monomial, Fraction]]) -> Polynomial:
    out: Polynomial = {}
    for monomial, coefficient in items:
        out[monomial] = out.get(monomial, Fraction(0)) + coefficient
    return {m: c for m, c in out.items() if c}


def _rooted(monomial: Monomial, coefficient: Fraction) -> tuple[Monomial, Fraction]:
    """√12 as 2 √3: the roots of numbers as roots of primes, what is whole of them as a number."""
    for base, exponent in monomial:
        primes = _primes(base.value) if isinstance(base, Number) else None
        if primes is None:
            continue
        monomial = _times_power(monomial, base, -exponent)
        for prime, power_of in primes.items():
            monomial = _times_power(monomial, number(prime), exponent * power_of)
    for base, exponent in monomial:
        if isinstance(base, Number) and (whole := exponent.__floor__()):
            monomial = _times_power(monomial, base, -whole)
            coefficient *= base.value**whole
    return monomial, coefficient


def _primes(value: Fraction) -> dict[int, int] | None:
    """The prime factors of a positive number and their powers; None where one is large."""
    powers: dict[int, int] = {}
    for whole, direction in ((value.numerator, 1), (value.denominator, -1)):
        rest = whole
        for prime in range(2, MAX_PRIME):
            while rest > 1 and rest % prime == 0:
                powers[prime] = powers.get(prime, 0) + direction
                rest //= prime
        if rest != 1:
            return None
    return powers


# ---- kinks ------------------------------------------------------------------------------------


def _agree_at_kinks(
    sides: Sequence[Expr], split: Sequence[Expr], entries: Leaf, rules: _Rules
) -> bool:
    """Whether the sides are the same on the kinks. Without a jump they are, being continuous."""
    if not any(isinstance(node, Compare) for node in postorder(*sides)):
        return True
    return all(
        _vanishes(*region.sides, within(entries, region.signs), rules)
        for gap in split
        for region in regions(sides, {gap: 0}, entries)
    )


# ---- domains -----------------------------------------------------------------------------------


def _positive(sides: Sequence[Expr]) -> frozenset[Expr]:
    """The entries that must be positive for both sides to have a value: x in log x, in √x."""
    found: set[Expr] = set()
    for node in postorder(*sides):
        match node:
            case Apply("log" | "sqrt", (Ref() as inside,)):
                found.add(inside)
            case Power((Ref() as inside, Number(exponent))) if exponent.denominator % 2 == 0:
                found.add(inside)
            case _:
                pass
    return frozenset(found)
