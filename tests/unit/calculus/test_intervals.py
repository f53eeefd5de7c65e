"""Bounds hold the true values, and say nothing where there is none."""

from __future__ import annotations

import math
from dataclasses import fields
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from tests.curvature_values import MP, value

from backhand.calculus.intervals import (
    between,
    enclosure,
    exact,
    high,
    interval,
    low,
    reach,
    written_out,
)
from backhand.errors import LimitError
from backhand.expr import Expr, Ref, apply, compare, constant, number, padded, power, ref, total
from backhand.functions import REALS, TABLE, Function, Interval, define, forget
from backhand.slots import Index

X, Y = ref("x"), ref("y")
KNOWN_TO_MPMATH = sorted(set(TABLE) & set(MP.functions) - {"max", "min"})
fractions = st.fractions(-6, 6, max_denominator=12)


def holds(bound: object, true: object) -> bool:
    return bool(low(bound) <= true <= high(bound))  # type: ignore[operator]


@given(st.sampled_from(KNOWN_TO_MPMATH), fractions, fractions, st.floats(0, 1))
def test_the_bound_of_a_function_holds_its_values(
    name: str, a: Fraction, b: Fraction, part: float
) -> None:
    least, most = min(a, b), max(a, b)
    bound = enclosure(apply(name, X), {X: interval(least, most)})
    inside = least + (most - least) * Fraction(part)
    if bound is None:
        assert name == "tan" or least <= 0
        return
    with mpmath.workdps(60):
        point = mpmath.mpf(inside.numerator) / inside.denominator
        assert holds(bound, MP.functions[name](point))


@given(st.sampled_from(KNOWN_TO_MPMATH), fractions)
def test_a_point_gives_a_value_to_twenty_digits(name: str, x: Fraction) -> None:
    bound = enclosure(apply(name, X), {X: interval(x)})
    if bound is not None:
        assert high(bound) - low(bound) < 1e-20 * (1 + abs(high(bound)))


@pytest.mark.parametrize("x", [-9, -1, Fraction(-1, 3), 0, Fraction(1, 7), 2, 30])
def test_the_error_function_is_scipys(x: Fraction) -> None:
    bound = enclosure(apply("erf", X), {X: interval(x)})
    assert float(bound.mid.a) == pytest.approx(special.erf(float(x)), rel=1e-13)


@given(
    st.sampled_from([2, 3, -1, -2, Fraction(1, 2), Fraction(3, 2), Fraction(-1, 3)]),
    fractions,
    fractions,
)
def test_powers_hold_their_values_inside_the_domain_only(
    exponent: Fraction, a: Fraction, b: Fraction
) -> None:
    least, most = min(a, b), max(a, b)
    bound = enclosure(X**exponent, {X: interval(least, most)})
    whole = Fraction(exponent).denominator == 1
    undefined = (exponent < 0 and least <= 0 <= most) or (not whole and least < 0)
    if undefined or (not whole and exponent < 0 and least == 0):
        assert bound is None
        return
    middle = (least + most) / 2
    with mpmath.workdps(60):
        base = mpmath.mpf(middle.numerator) / middle.denominator
        top = Fraction(exponent)
        true = (
            base ** (mpmath.mpf(top.numerator) / top.denominator)
            if not whole
            else base ** int(exponent)
        )
        assert holds(bound, true)


@pytest.mark.parametrize(
    "expr",
    [
        apply("log", X),
        1 / X,
        apply("sqrt", X - 2),
        power(X, Fraction(1, 3)),
        power(X, Y),
        apply("tan", 2 * X),
        ref("unknown"),
    ],
    ids=repr,
)
def test_where_a_value_may_be_missing_there_is_no_bound(expr: Expr) -> None:
    assert enclosure(expr, {X: interval(-1, 1), Y: interval(1)}) is None


def test_comparisons_are_settled_or_not() -> None:
    x = {X: interval(-1, 2)}
    ends = [enclosure(compare(X, ">", n), x) for n in (-2, 0, 2)]
    assert [(float(low(b)), float(high(b))) for b in ends] == [(1, 1), (0, 1), (0, 0)]
    assert float(low(enclosure(compare(X, ">=", -1), x))) == 1
    assert float(high(enclosure(apply("max", X, -X), x))) == 2
    assert float(low(enclosure(apply("min", X, 1), x))) == -1


@pytest.mark.parametrize("name", sorted(set(TABLE) - {"max", "min"}))
def test_huge_arguments_end(name: str) -> None:
    for x in (10**30, -(10**30)):
        bound = enclosure(apply(name, apply(name, X)), {X: interval(x)})
        assert bound is None or low(bound) <= high(bound)


def test_a_third_isnt_rounded_away() -> None:
    bound = interval(Fraction(1, 3))
    assert exact(low(bound)) < Fraction(1, 3) < exact(high(bound))
    assert exact(low(interval(Fraction(1, 4)))) == Fraction(1, 4)
    assert exact(high(between(REALS))) is None


def test_a_function_without_formula_or_bound_has_none() -> None:
    like = {f.name: getattr(TABLE["exp"], f.name) for f in fields(Function)}
    define(**{**like, "name": "unheard_of", "aliases": (), "formula": None})
    try:
        assert enclosure(apply("unheard_of", X), {X: interval(1)}) is None
    finally:
        forget("unheard_of")


# ---- sums, and bounds inside the domain --------------------------------------------------------


def test_sums_are_written_out_up_to_a_limit() -> None:
    k, n = Index("k", 1, 3), Index("n", 1, 3)
    square = total(n, total(k, ref("W", n, k)) ** 2)
    assert written_out(square) is written_out(total(k, total(n, ref("W", k, n)) ** 2))
    box = {ref("W", a, b): interval(a * b) for a in (1, 2, 3) for b in (1, 2, 3)}
    assert exact(low(enclosure(square, box))) == 36 * (1 + 4 + 9)
    wide = total(Index("k", 1, 10**9), ref("x", Index("k", 1, 10**9)))
    with pytest.raises(LimitError):
        written_out(wide)
    assert enclosure(wide, {}) is None
    assert enclosure(total(Index("k", 1, "N"), ref("x", Index("k", 1, "N"))), {}) is None


def test_reach_keeps_to_the_domain_and_lets_indices_stand() -> None:
    k = Index("k", 0, 4)
    box = {"x": interval(0, 2), "y": interval(0, 3)}

    def leaf(node: Expr) -> object:
        entry = isinstance(node, Ref) and (node.slots or node is Y)
        return box[node.name] if entry else between(REALS) if node is X else None

    def ends(expr: Expr) -> tuple[float, float]:
        bound = reach(expr, leaf)
        return float(low(bound)), float(high(bound))

    assert ends(apply("log", Y)) == (-math.inf, pytest.approx(math.log(3)))
    assert ends(apply("sqrt", X)) == (0, math.inf)
    assert ends(1 / Y) == (pytest.approx(1 / 3), math.inf)
    assert ends(power(X, -2)) == (0, math.inf)
    assert ends(1 / X) == (-math.inf, math.inf)
    assert ends(total(k, ref("x", k) ** 2)) == (0, 20)
    assert ends(apply("sigmoid", X)) == (0, 1)
    assert ends(padded("z", (k,), 1)) == (-math.inf, math.inf)
    assert ends(constant("pi") * number(2)) == (
        pytest.approx(2 * math.pi),
        pytest.approx(2 * math.pi),
    )


def test_a_range_with_a_rounded_end_is_moved_out() -> None:
    least = exact(low(between(Interval(0.1, 1))))
    assert least is not None
    assert least < Fraction(1, 10)


def composed(depth: int) -> st.SearchStrategy[Expr]:
    leaf = st.sampled_from([X, Y, number(2), X - Y, number(Fraction(-1, 3))])
    names = st.sampled_from(["exp", "tanh", "sigmoid", "sin", "abs", "relu", "softplus", "silu"])

    def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda p: p[0] + p[1]),
            pairs.map(lambda p: p[0] * p[1]),
            pairs.map(lambda p: apply("max", *p)),
            st.tuples(names, inner).map(lambda p: apply(*p)),
            inner.map(lambda e: 1 / (1 + e**2)),
        )

    return st.recursive(leaf, grow, max_leaves=depth)


@given(composed(6), fractions, fractions, fractions, st.floats(0, 1))
def test_the_bound_of_a_composition_holds_its_values(
    expr: Expr, a: Fraction, b: Fraction, y: Fraction, part: float
) -> None:
    least, most = sorted((a / 3, b / 3))
    bound = enclosure(expr, {X: interval(least, most), Y: interval(y / 3)})
    if bound is None:
        return
    x = least + (most - least) * Fraction(part)
    with mpmath.workdps(60):
        at = {e: mpmath.mpf(v.numerator) / v.denominator for e, v in ((X, x), (Y, y / 3))}
        assert holds(bound, value(expr, at, MP))
