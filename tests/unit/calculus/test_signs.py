"""Signs of polynomials and of what can be written by them, against NumPy's values."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.curvature_values import ARRAYS, value

from backhand.calculus.intervals import between, interval
from backhand.calculus.polynomials import sign_on
from backhand.calculus.rational import polynomial, sign
from backhand.differentiation import local
from backhand.expr import Expr, apply, number, power, ref
from backhand.functions import REALS, Interval

X, Y = ref("x"), ref("y")
halves = st.integers(-6, 6).map(lambda n: Fraction(n, 2))
ends = st.one_of(st.none(), halves)


@given(
    st.lists(st.tuples(halves, st.integers(1, 3)), max_size=3),
    st.sampled_from([Fraction(-2), Fraction(1)]),
    st.booleans(),
    ends,
    ends,
)
@pytest.mark.no_cover
def test_a_polynomial_with_known_roots_has_the_sign_of_its_values(
    roots: list[tuple[Fraction, int]],
    leading: Fraction,
    rootless: bool,
    a: Fraction | None,
    b: Fraction | None,
) -> None:
    low, high = (a, b) if a is None or b is None or a <= b else (b, a)
    p = np.array([leading], dtype=object)
    for root, times in roots:
        for _ in range(times):
            p = np.convolve(p, np.array([-root, Fraction(1)], dtype=object))
    if rootless:
        p = np.convolve(p, np.array([Fraction(1), Fraction(1), Fraction(1)], dtype=object))
    found = sign_on(list(p), low, high)
    first, last = (Fraction(-20) if low is None else low), (Fraction(20) if high is None else high)
    places = [first + (last - first) * Fraction(n, 997) for n in range(998)]
    places += [root for root, _ in roots if first <= root <= last]
    values = [sum(c * x**n for n, c in enumerate(p)) for x in places]
    if found is None:
        assert min(values) < 0 < max(values)
    else:
        direction, strict = found
        assert all(direction * v >= 0 for v in values)
        assert strict == all(v != 0 for v in values)


def test_the_zero_polynomial_and_a_high_degree() -> None:
    assert sign_on([Fraction(0)], None, None) == (0, False)
    assert sign_on([Fraction(1)] * 60, None, None) is None


LINE = {X: between(REALS), Y: between(REALS)}
ABOVE = {X: between(Interval(0, np.inf)), Y: between(Interval(0, np.inf))}
SIGMOID, TANH = apply("sigmoid", X), apply("tanh", X)


@pytest.mark.parametrize(
    ("expr", "box", "direction"),
    [
        (SIGMOID * (1 - SIGMOID), LINE, 1),
        (local(local(apply("softplus", X), "x", ()), "x", ()), LINE, 1),
        (local(local(TANH, "x", ()), "x", ()), ABOVE, -1),
        (local(TANH, "x", ()), LINE, 1),
        (X**2 - 2 * X + 1, LINE, 1),
        (X**2 + X * Y + Y**2, LINE, 1),
        (2 * X * Y - X**2 - Y**2, LINE, -1),
        (X**4 - X**2 * Y**2 + Y**4, LINE, 1),
        (power(1 + X**2, Fraction(-1, 2)) - X**2 * power(1 + X**2, Fraction(-3, 2)), LINE, 1),
        (apply("exp", X) + X * apply("exp", X), ABOVE, 1),
        (1 / X - 1 / (1 + X), ABOVE, 1),
        (apply("log", X * Y) - apply("log", X) - apply("log", Y), ABOVE, 0),
        (apply("exp", X - Y) * apply("exp", Y) - apply("exp", X), LINE, 0),
    ],
)
def test_signs_that_are_known(expr: Expr, box: dict[Expr, object], direction: int) -> None:
    found = sign(expr, box.get)
    assert found is not None
    assert found.direction == direction


@pytest.mark.parametrize(
    "expr",
    [X, X**3 - X, SIGMOID - number(Fraction(1, 2)), X * Y, apply("sin", X), X + apply("exp", X)],
)
def test_what_takes_both_signs_has_none(expr: Expr) -> None:
    assert sign(expr, LINE.get) is None


def rationals(leaves: int) -> st.SearchStrategy[Expr]:
    leaf = st.sampled_from([X, Y, number(1), number(-2), apply("exp", X), apply("sigmoid", X - Y)])

    def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda p: p[0] + p[1]),
            pairs.map(lambda p: p[0] - p[1]),
            pairs.map(lambda p: p[0] * p[1]),
            inner.map(lambda e: e**2),
            inner.map(lambda e: 1 / (1 + e**2)),
            inner.map(lambda e: power(1 + e**2, Fraction(1, 2))),
            inner.map(lambda e: apply("log", 1 + apply("exp", e))),
        )

    return st.recursive(leaf, grow, max_leaves=leaves)


@given(rationals(5), st.booleans())
def test_a_sign_that_is_found_is_that_of_the_values(expr: Expr, above: bool) -> None:
    found = sign(expr, (ABOVE if above else LINE).get)
    if found is None:
        return
    rng = np.random.default_rng(0)
    x, y = (rng.normal(0, 2, 300) for _ in range(2))
    at = {X: abs(x) if above else x, Y: abs(y) if above else y}
    with np.errstate(all="ignore"):
        values = np.asarray(value(expr, at, ARRAYS), dtype=float)
    values = values[np.isfinite(values)]
    assert (found.direction * values >= -1e-9 * (1 + abs(values))).all()
    if found.direction == 0:
        assert abs(values).max(initial=0) < 1e-6


@given(rationals(4))
def test_the_terms_are_the_expression(expr: Expr) -> None:
    from backhand.calculus.monomials import built
    from backhand.errors import LimitError

    try:
        other = built(polynomial(expr, LINE.get))
    except LimitError:
        return
    rng = np.random.default_rng(0)
    at = {X: rng.normal(0, 1, 50), Y: rng.normal(0, 1, 50)}
    with np.errstate(all="ignore"):
        values = [np.asarray(value(e, at, ARRAYS), dtype=float) for e in (expr, other)]
    assert np.allclose(*values, rtol=1e-6, atol=1e-9, equal_nan=True)


def test_a_sign_inside_a_narrow_range() -> None:
    assert sign(X**2 - 1, {X: interval(2, 5)}.get) is not None
    assert sign(X**2 - 1, {X: interval(0, 5)}.get) is None
