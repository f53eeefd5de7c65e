"""The rules by which a formula is brought near its canonical form, one step at a time.

Functions give way to their textbook formulas, functions of sums are taken apart, roots and logarithms
of products become products and sums of those of the factors. Each rule keeps the value wherever the
formula has one; where it may have one in more places afterwards, that is said at the rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice

from backhand.calculus.monomials import Polynomial, built
from backhand.calculus.rational import polynomial
from backhand.calculus.roots import square_root
from backhand.errors import LimitError
from backhand.expr import (
    Add,
    Apply,
    Constant,
    Expr,
    Mul,
    Number,
    Power,
    Total,
    add,
    apply,
    mul,
    number,
    opened,
    postorder,
    power,
    rebuilt,
    rewrite,
    total,
)
from backhand.functions import TABLE

MAX_ANGLES = 6
"""sin(nx) is taken apart up to this n."""
MAX_PRIME = 1000
MAX_ROUNDS = 30
"""How often the rules are tried on what they made."""
MAX_NODES = 400
"""A longer formula isn't rewritten, nor one that gets longer on the way."""
MAX_FIRED = 1_000
"""So many times a rule may fit in one claim."""
HALF = Fraction(1, 2)
KEPT = frozenset(("relu", "leaky_relu", "abs", "max", "min"))
"""Functions with kinks: not replaced by a formula but looked at on either side."""
SYMBOLIC_POWER = "a^b = e^(b log a)"
"""The name of the rule that needs a > 0."""


@dataclass(slots=True)
class Rewriting:
    """Rewrites formulas of one claim alike. `rules`: the names of the rules that fired, in order."""

    rules: dict[str, None] = field(default_factory=dict[str, None])
    units: dict[Expr, Fraction] = field(default_factory=dict[Expr, Fraction])
    fired: int = 0

    def measure(self, sides: Sequence[Expr]) -> None:
        """Find the common measure of the angles: sin x and cos(x/2) are both of multiples of x/2."""
        for node in short(*sides):
            match node:
                case Apply("sin" | "cos" | "tan", (angle,)):
                    for factor, rest in _terms(_expanded(angle)):
                        self.units[rest] = _common_measure(factor, self.units.get(rest))
                case _:
                    pass

    def rewritten(self, expr: Expr) -> Expr:
        """The expression after every rule that fits, and those that fit what they made.

        Raises `LimitError` where that gets too long.
        """
        for _ in range(MAX_ROUNDS):
            done: dict[Expr, Expr] = {}
            for node in short(expr):
                new = rebuilt(node, tuple(done[arg] for arg in node.args))
                simpler = self._simpler(new)
                self.fired += simpler is not None
                done[node] = new if simpler is None else simpler
            if self.fired > MAX_FIRED:
                raise LimitError(f"over {MAX_FIRED} rules fit", "use a shorter formula")
            if done[expr] is expr:
                return expr
            expr = done[expr]
        return expr

    def note(self, rule: str) -> None:
        """Keep the name of a rule that was used."""
        self.rules.setdefault(rule)

    def _by(self, rule: str, result: Expr) -> Expr:
        self.note(rule)
        return result

    def _simpler(self, node: Expr) -> Expr | None:
        """One rule applied to the top of an expression; None where none fits."""
        match node:
            case Apply("sin" | "cos" as name, (angle,)):
                return self._angle(name, angle)
            case Apply("tan", (angle,)):
                return self._by("tan u = sin u / cos u", apply("sin", angle) / apply("cos", angle))
            case Apply("log", (argument,)):
                return self._logarithm(argument)
            case Apply("exp", (exponent,)):
                return self._exponential(exponent)
            case Apply("sqrt", (argument,)):
                return power(argument, HALF)
            case Apply("abs", (Mul((Number(value), *rest)),)) if value < 0:
                return apply("abs", mul(-value, *rest))
            case Apply("abs", (inside,)) if _is_nonnegative(inside):
                return inside
            case Apply(name, (argument,)) if name not in KEPT:
                meaning = TABLE[name].formula
                sign = TABLE[name].notation.text
                return meaning and self._by(f"{sign} by its formula", meaning(argument))
            case Power((base, Number(exponent))) if exponent.denominator != 1:
                return self._root(base, exponent)
            case Power((base, exponent)) if not isinstance(exponent, Number):
                # For a > 0: elsewhere the power has no value, unless b happens to be whole.
                return self._by(SYMBOLIC_POWER, apply("exp", mul(exponent, apply("log", base))))
            case Total():
                return self._sum(node)
            case _:
                return None

    def _angle(self, name: str, angle: Expr) -> Expr | None:
        """sin and cos of a sum, of a whole multiple, of a negative angle, and of parts of π."""
        plain = _expanded(angle)
        if plain is not angle:
            return apply(name, plain)
        (factor, one), *others = _terms(angle)
        if others:
            return self._of_sum(name, mul(factor, one), add(*(mul(f, u) for f, u in others)))
        if factor < 0:
            turned = apply(name, mul(-factor, one))
            return self._by("sin is odd, cos is even", -turned if name == "sin" else turned)
        if isinstance(one, Constant) and one.name == "pi":
            value = _sine_of_part(factor + HALF if name == "cos" else factor)
            return value and self._by("sines of parts of π", value)
        unit = self.units.get(one, Fraction(1))
        if (factor / unit).denominator == 1 and 1 < factor / unit <= MAX_ANGLES:
            return self._of_sum(name, mul(factor - unit, one), mul(unit, one))
        return None

    def _of_sum(self, name: str, a: Expr, b: Expr) -> Expr:
        sin_a, cos_a, sin_b, cos_b = (apply(f, u) for u in (a, b) for f in ("sin", "cos"))
        whole = sin_a * cos_b + cos_a * sin_b if name == "sin" else cos_a * cos_b - sin_a * sin_b
        return self._by("sine and cosine of a sum of angles", whole)

    def _logarithm(self, argument: Expr) -> Expr | None:
        """The logarithm of a product: every factor counts by its absolute value, the whole is > 0."""
        match argument:
            case Number(value) if value > 0 and value != 1:
                powers = primes(value)
                if powers is None or powers == {value: 1}:
                    return None
                parts = (n * apply("log", number(prime)) for prime, n in powers.items())
                return self._by("log of a product is the sum of logs", add(*parts))
            case Constant("e"):
                return number(1)
            case Apply("exp", (exponent,)):
                return self._by("log e^u = u", exponent)
            case Power((base, Number(exponent))):
                inside = apply("abs", base) if exponent.numerator % 2 == 0 else base
                return self._by("log u^n = n log |u|", exponent * apply("log", inside))
            case Mul():
                parts = [apply("log", factor) for factor in _positive_factors(argument)]
                if len(parts) > 1:
                    return self._by("log of a product is the sum of logs", add(*parts))
            case _:
                pass
        return None

    def _exponential(self, exponent: Expr) -> Expr | None:
        """e^(a log u) has a value for u > 0 only; u^a may have one elsewhere."""
        factors: list[Expr] = []
        rest: list[Expr] = []
        for factor, term in _terms(_expanded(exponent)):
            if isinstance(term, Apply) and term.name == "log":
                factors.append(power(term.args[0], number(factor)))
            else:
                rest.append(mul(factor, term))
        if not factors:
            return None
        remaining = apply("exp", add(*rest)) if rest else number(1)
        return self._by("e^(a log u) = u^a", mul(*factors, remaining))

    def _root(self, base: Expr, exponent: Fraction) -> Expr | None:
        """A fractional power of a product or power. Under an even root the whole is ≥ 0."""
        even = exponent.denominator % 2 == 0
        match base:
            case Power((inner, Number(n))):
                inside = apply("abs", inner) if n.numerator % 2 == 0 else inner
                rule = "√(u²) = |u|" if even and n == 2 else "(u^m)^n = u^(mn)"
                return self._by(rule, power(inside, n * exponent))
            case Apply("exp", (inner,)):
                return apply("exp", mul(exponent, inner))
            case Mul() if even:
                factors = _positive_factors(base)
                if len(factors) > 1:
                    roots = (power(factor, exponent) for factor in factors)
                    return self._by("√(uv) = √u √v, of absolute values", mul(*roots))
            case Add() if even:
                root = _exact_root(base)
                if root is not None:
                    return self._by("√(u²) = |u|", power(apply("abs", root), 2 * exponent))
            case _:
                pass
        return None

    def _sum(self, node: Total) -> Expr | None:
        """A sum over an index, term by term."""
        index, body = opened(node)
        body = _expanded(self.rewritten(body))
        terms = body.args if isinstance(body, Add) else (body,)
        new = add(*(total(index, term) for term in terms))
        if new is node:
            return None
        return self._by("a sum is taken term by term", new) if len(terms) > 1 else new


def short(*sides: Expr) -> Sequence[Expr]:
    """The nodes of formulas, arguments first; `LimitError` where they are too many."""
    nodes = list(islice(postorder(*sides), MAX_NODES + 1))
    if len(nodes) > MAX_NODES:
        raise LimitError(f"the formula has over {MAX_NODES} parts", "use a shorter one")
    return nodes


# ---- parts of expressions ----------------------------------------------------------------------


def _expanded(expr: Expr) -> Expr:
    """The expression multiplied out; itself where that gets too long."""
    try:
        terms: Polynomial = polynomial(expr, lambda _: None)
    except LimitError:
        return expr
    return built(terms)


def _is_nonnegative(expr: Expr) -> bool:
    """Whether that shows at the outermost operation."""
    match expr:
        case Apply("abs" | "exp") | Constant():
            return True
        case Power((_, Number(exponent))):
            return exponent.denominator % 2 == 0 or exponent.numerator % 2 == 0
        case _:
            return False


def _terms(expr: Expr) -> Iterator[tuple[Fraction, Expr]]:
    """The terms of a sum, each as a number times the rest."""
    for term in expr.args if isinstance(expr, Add) else (expr,):
        match term:
            case Mul((Number(value), *rest)):
                yield value, mul(*rest)
            case Number(value) if value:
                yield value, number(1)
            case _:
                yield Fraction(1), term


def _common_measure(a: Fraction, b: Fraction | None) -> Fraction:
    if b is None:
        return abs(a)
    scale = math.lcm(a.denominator, b.denominator)
    return Fraction(math.gcd(int(a * scale), int(b * scale)), scale)


def _positive_factors(product: Mul) -> list[Expr]:
    """Factors with the same product, if that is positive: absolute values of all but a lone one."""
    match product.args:
        case (Number(value), lone):
            return [number(abs(value)), lone if value > 0 else -lone] if abs(value) != 1 else []
        case factors:
            return [apply("abs", f) if not isinstance(f, Number) else number(abs(f.value))
                    for f in factors]  # fmt: skip


def _exact_root(expr: Expr) -> Expr | None:
    """The polynomial whose square a sum is; that of 1 − cos² u is sin u."""
    for same in (expr, rewrite(expr, _by_sine)):
        try:
            root = square_root(polynomial(same, lambda _: None))
        except LimitError:
            continue
        if root is not None:
            return built(root)
    return None


def _by_sine(node: Expr) -> Expr | None:
    match node:
        case Power((Apply("cos", (angle,)), Number(two))) if two == 2:
            return 1 - apply("sin", angle) ** 2
        case _:
            return None


def _sine_of_part(part: Fraction) -> Expr | None:
    """sin(part · π) where that is a root or a number; None elsewhere."""
    part %= 2
    direction = 1 if part < 1 else -1
    part = min(part % 1, 1 - part % 1)
    known = {Fraction(0): 0, Fraction(1, 6): Fraction(1, 4), Fraction(1, 4): HALF,
             Fraction(1, 3): Fraction(3, 4), HALF: 1}  # fmt: skip
    return direction * power(number(known[part]), HALF) if part in known else None


def primes(value: Fraction) -> dict[int, int] | None:
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
