"""Formulas with kinks, region by region: what relu, abs, max and [a > b] are on either side of each.

A region says the sign of everything that decides a kink or a jump; in it the formula has neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

from backhand.calculus.inequalities import contradict
from backhand.calculus.intervals import arithmetic, between, common, high
from backhand.calculus.monomials import Base, Leaf, built
from backhand.calculus.rational import polynomial, sign
from backhand.errors import LimitError
from backhand.expr import (
    ZERO,
    Add,
    Apply,
    Compare,
    Expr,
    Mul,
    Number,
    Power,
    Ref,
    Total,
    add,
    mul,
    number,
    postorder,
    power,
    rebuilt,
    rewrite,
)
from backhand.functions import Interval

MAX_REGIONS = 100
"""Sides that their kinks cut into more regions aren't compared."""

Signs: TypeAlias = Mapping[Expr, int]
"""The signs of the arguments of kinks: 1 or -1, and 0 on the kink itself."""
Allowed: TypeAlias = Mapping[Expr, frozenset[int]]
"""The signs that an argument can have where both sides have a value."""
ANY = frozenset((1, 0, -1))


@dataclass(frozen=True, slots=True)
class Region:
    """The two sides where the arguments of their kinks have these signs: no kink is left in them.

    An entry that is negative here stands with its sign turned, so that every entry of known sign is
    positive; `leaf` gives the intervals of what stands there.
    """

    sides: tuple[Expr, Expr]
    signs: Signs
    leaf: Leaf


def regions(
    sides: Sequence[Expr],
    domain: Mapping[str, Interval],
    allowed: Allowed,
    apart: Collection[Expr] = (),
) -> Iterator[Region]:
    """The sides in every region that their kinks cut out, inner kinks first.

    Without a jump the regions are closed, and hold the kinks too. With one, the kinks are regions of
    their own, except those of `apart`.
    """
    jumps = any(isinstance(node, Compare) for node in postorder(*sides))
    known = {gap: min(s) for gap, s in allowed.items() if len(s) == 1}
    if not jumps:
        known |= {gap: sum(s) for gap, s in allowed.items() if len(s) == 2 and 0 in s}
    closed = any(0 in signs and len(signs) == 2 for signs in allowed.values())
    for gap, direction in known.items():
        found = sign(gap, within(domain, {}))
        if direction and found is not None and found.direction == -direction:
            raise LimitError("the sides have no value on the domain", "choose another domain")
    stack: list[Signs] = [known]
    made = 0
    while stack:
        signs = stack.pop()
        made += 1
        if made > MAX_REGIONS:
            raise LimitError(f"the kinks make over {MAX_REGIONS} regions", "split the claim")
        leaf = within(domain, signs)
        left, right = (_resolved(side, signs, leaf) for side in sides)
        gap = _next_gap((left, right), signs, leaf)
        if gap is None:
            yield _turned((left, right), signs, leaf)
            continue
        for direction in _directions(gap, allowed, leaf, on_kinks=jumps and gap not in apart):
            here = {**signs, gap: direction}
            # A part of the domain without an inside lies on the border of empty regions too.
            if not (
                (jumps or not closed) and contradict([mul(s, g) for g, s in here.items() if s])
            ):
                stack.append(here)


def _directions(gap: Expr, allowed: Allowed, leaf: Leaf, *, on_kinks: bool) -> list[int]:
    possible = allowed.get(gap, ANY)
    found = sign(gap, leaf)
    return [
        direction
        for direction in (-1, 0, 1)
        if direction in possible
        and (direction or on_kinks)
        and (found is None or direction in (0, found.direction))
    ]


def within(domain: Mapping[str, Interval], signs: Signs) -> Leaf:
    """The interval of an entry: its domain, cut by what a region says."""
    iv = arithmetic()

    def leaf(node: Expr) -> Any | None:
        if not isinstance(node, Ref):
            return None
        bound = between(domain[node.name]) if node.name in domain else iv.mpf(["-inf", "inf"])
        half = signs.get(node, 0)
        if not half:
            return bound
        return common(bound, iv.mpf([0, "inf"] if half > 0 else ["-inf", 0])) or bound

    return leaf


def _turned(sides: tuple[Expr, Expr], signs: Signs, leaf: Leaf) -> Region:
    """The region with -x in the place of every x that is negative in it."""
    for gap in (gap for gap, direction in signs.items() if not direction):
        left, right = (rewrite(side, _solved(gap).get) for side in sides)
        sides = left, right
    entries = [node for node in postorder(*sides) if isinstance(node, Ref)]
    negative: dict[Expr, Expr] = {n: -n for n in entries if high(leaf(n)) <= 0}
    left, right = (rewrite(side, negative.get) for side in sides)

    def turned(node: Expr) -> Any | None:
        bound = leaf(node)
        return -bound if node in negative and bound is not None else bound

    return Region((left, right), signs, turned)


def _solved(gap: Expr) -> Mapping[Expr, Expr]:
    """An entry and what it is where the gap is 0, if that can be read off."""
    terms = gap.args if isinstance(gap, Add) else (gap,)
    for term in terms:
        factor = _coefficient(term)
        entry = mul(1 / factor, term)
        rest = add(*(other for other in terms if other is not term))
        if isinstance(entry, Ref) and entry not in postorder(rest):
            return {entry: mul(-1 / factor, rest)}
    return {}


# ---- where both sides have a value --------------------------------------------------------------


def allowed_signs(sides: Sequence[Expr], plain: Callable[[Expr], Expr]) -> Allowed:
    """The signs that the sides' having a value leaves to what stands in them.

    u in 1/u isn't 0, in √u not negative, in log u positive. `plain` rewrites an argument.
    """
    found: dict[Expr, frozenset[int]] = {}

    def note(argument: Expr, signs: frozenset[int]) -> None:
        argument = plain(argument)
        factors = argument.args if isinstance(argument, Mul) else (argument,)
        moving = [factor for factor in factors if not isinstance(factor, Number)]
        scale = next((f.value for f in factors if isinstance(f, Number)), Fraction(1))
        if len(moving) > 1:
            signs = _up_to_sign(signs)
        elif scale < 0:
            signs = frozenset(-s for s in signs)
        for factor in moving:
            inside, left = _core(factor, signs)
            gap, direction = _unsigned(inside)
            found[gap] = found.get(gap, ANY) & frozenset(s * direction for s in left)

    for node in postorder(*sides):
        match node:
            case Apply("log", (argument,)):
                note(argument, frozenset({1}))
            case Apply("sqrt", (argument,)):
                note(argument, frozenset({0, 1}))
            case Power((base, Number(exponent))):
                zero = frozenset({0}) if exponent > 0 else frozenset[int]()
                if exponent.denominator % 2 == 0:
                    note(base, zero | {1})
                elif exponent < 0:
                    note(base, frozenset({1, -1}))
            case Power((base, _)):
                note(base, frozenset({1}))
            case _:
                pass
    return {gap: signs for gap, signs in found.items() if signs and not gap.free}


def _core(expr: Expr, signs: frozenset[int]) -> tuple[Expr, frozenset[int]]:
    """What stands inside absolute values and powers, and the signs that theirs leave to it."""
    while True:
        match expr:
            case Apply("abs", (inside,)):
                expr, signs = inside, _up_to_sign(signs)
            case Power((inside, Number(exponent))) if exponent > 0:
                odd = exponent.denominator == 1 and exponent % 2 == 1
                expr, signs = inside, signs if odd else _up_to_sign(signs)
            case _:
                return expr, signs


def _up_to_sign(signs: frozenset[int]) -> frozenset[int]:
    return ANY if 0 in signs else ANY - {0}


# ---- kinks -------------------------------------------------------------------------------------


def _next_gap(sides: Sequence[Expr], signs: Signs, leaf: Leaf) -> Expr | None:
    """What decides the first kink that is still open: of a product, its first open factor."""
    for node in postorder(*sides):
        if isinstance(node, Total) and any(map(gap_of, postorder(*node.args))):
            raise LimitError("a kink stands under a sum of unknown length", "give the size")
        gap = gap_of(node)
        if gap is None or _sign_of(gap, signs, leaf) is not None:
            continue
        factors = gap.args if isinstance(gap, Mul) else (gap,)
        open_one = next(f for f in factors if _sign_of(f, signs, leaf) is None)
        return _unsigned(open_one.args[0] if _is_odd_power(open_one) else open_one)[0]
    return None


def gap_of(node: Expr) -> Expr | None:
    """What changes its sign where a node has a kink or a jump.

    An odd root counts as one: whether the cube root of -8 is -2 or has no value is left open, so
    its two sides are looked at apart.
    """
    match node:
        case Compare(_, (a, b)) | Apply("max" | "min", (a, b)):
            return _factored(a - b)
        case Apply("relu" | "abs" | "leaky_relu", (a,)):
            return _factored(a)
        case Power((a, Number(exponent))) if exponent.denominator % 2 and exponent.denominator > 1:
            return a
        case _:
            return None


def _factored(gap: Expr) -> Expr:
    """A sum with what all its terms share in front: x − x² as x(1 − x)."""
    if not isinstance(gap, Add):
        return gap
    try:
        terms = [dict(monomial) for monomial in polynomial(gap, lambda _: None)]
    except LimitError:
        return gap
    shared = {
        base: least
        for base in set[Base]().union(*terms)
        if (least := min(term.get(base, Fraction(0)) for term in terms)) and isinstance(base, Expr)
    }
    if not shared:
        return gap
    front = mul(*(power(base, number(e)) for base, e in shared.items()))
    return mul(front, built(polynomial(gap / front, lambda _: None)))


def _sign_of(gap: Expr, signs: Signs, leaf: Leaf) -> int | None:
    """The sign of what decides a kink, if the region or the formula itself says it."""
    base, direction = _unsigned(gap)
    if base in signs:
        return signs[base] * direction
    if isinstance(gap, Mul):
        found = [_sign_of(factor, signs, leaf) for factor in gap.args]
        return None if None in found else prod(s for s in found if s is not None)
    if _is_odd_power(gap):
        return _sign_of(gap.args[0], signs, leaf)
    known = sign(gap, leaf)
    if known is None or not (known.strict or not known.direction):
        return None
    return known.direction


def _is_odd_power(expr: Expr) -> bool:
    match expr:
        case Power((_, Number(exponent))):
            return exponent.denominator == 1 and exponent % 2 == 1
        case _:
            return False


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
        gap = gap_of(new)
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
        case Power((a, Number(exponent))) if direction < 0:
            return (-1) ** exponent.numerator * power(-a, exponent)
        case _:
            return node
