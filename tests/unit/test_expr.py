from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.values import entries, value

from backhand.calculus.chain import local
from backhand.errors import LimitError
from backhand.expr import (
    MAX_EXPONENT,
    ONE,
    ZERO,
    Expr,
    Index,
    Mul,
    Padded,
    Ref,
    Same,
    Total,
    add,
    apply,
    compare,
    constant,
    mul,
    names,
    number,
    opened,
    padded,
    postorder,
    power,
    ref,
    rewrite,
    same,
    show,
    substitute,
    total,
)

DEPTH = 6_000
J, K, M = Index("j", 1, 3), Index("k", 1, 3), Index("m", 1, 3)
FOLDED = Index("c", 0, 3)
X, Y = ref("x"), ref("y")


# ---- equal means identical ---------------------------------------------------------------------


def test_equal_expressions_are_one_object() -> None:
    assert apply("exp", 2 * X + Y) is apply("exp", 2 * X + Y)
    assert ref("W", J, 1) is ref("W", J, 1)
    assert ref("W", J, 1) is not ref("W", K, 1)
    assert number(Fraction(4, 2)) is number(2)
    assert constant("pi") is not ref("pi")


def test_sums_that_differ_only_in_a_letter_are_one_object() -> None:
    assert total(K, ref("W", J, K) * ref("x", K)) is total(M, ref("W", J, M) * ref("x", M))
    nested = total(J, ref("v", J) ** total(K, ref("W", J, K)))
    assert nested is total(M, ref("v", M) ** total(J, ref("W", M, J)))


def test_sums_over_other_ranges_differ() -> None:
    assert total(K, ref("x", K)) is not total(Index("k", 1, 2), ref("x", Index("k", 1, 2)))


# ---- gathering ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (X + 0, X),
        (X * 1, X),
        (X * 0, ZERO),
        (X - X, ZERO),
        (X / X, ONE),
        (X + Y + X, 2 * X + Y),
        (X * Y * X, X**2 * Y),
        (X**2 * X ** number(-1), X),
        ((X**2) ** 3, X**6),
        (X**0, ONE),
        (2 * X * 3, 6 * X),
        (mul(2, X) + mul(Fraction(-1, 2), X), mul(Fraction(3, 2), X)),
        (number(2) ** 10, number(1024)),
        (number(Fraction(2, 3)) ** -2, number(Fraction(9, 4))),
        (2**X, power(2, X)),
        (1 - X, add(1, mul(-1, X))),
        (1 / X, power(X, -1)),
        (X**X * X, X ** (X + 1)),
        (compare(X, ">", 0) ** 2, compare(X, ">", 0)),
        (same(J, K) * same(K, J), same(J, K)),
    ],
    ids=repr,
)
def test_what_a_reader_does_without_noticing(built: Expr, expected: Expr) -> None:
    assert built is expected


def test_the_authors_order_and_brackets_are_kept() -> None:
    assert repr(Y + X) == "(y + x)"
    assert repr(Y * X) == "y*x"
    assert isinstance(X * (X + Y), Mul)


@pytest.mark.parametrize(("order", "holds"), [(">", 0), (">=", 1), ("=", 1)])
def test_numbers_are_compared_at_once(order: str, holds: int) -> None:
    assert compare(2, order, 2) is number(holds)  # type: ignore[arg-type]


def test_roots_of_powers_keep_their_sign() -> None:
    root = (X**2) ** Fraction(1, 2)
    assert root is not X
    assert value(root, lambda *_: -3.0) == 3


def test_a_reciprocal_of_zero_stays_as_it_is_written() -> None:
    assert repr(1 / ZERO) == "0^(-1)"


# ---- deltas and sums ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (total(K, ref("x", K) * same(J, K)), ref("x", J)),
        (total(K, ref("x", K) * same(K, 2)), ref("x", 2)),
        (total(K, same(J, K)), ONE),
        (total(K, same(K, J) * same(K, M)), same(J, M)),
        (
            total(K, ref("v", K) * (same(J, K) * ref("p", J) - ref("p", J) * ref("p", K))),
            ref("v", J) * ref("p", J) - ref("p", J) * total(K, ref("v", K) * ref("p", K)),
        ),
        (total(K, 3 * Y), 9 * Y),
        (total(K, Y * ref("x", K)), Y * total(J, ref("x", J))),
        (total(Index("k", 2, 2), ref("x", Index("k", 2, 2))), ref("x", 2)),
        (total(Index("k", 1, "N"), Y), ref("N") * Y),
    ],
    ids=repr,
)
def test_sums_are_carried_out_where_they_can_be(built: Expr, expected: Expr) -> None:
    assert built is expected


def test_a_delta_that_reaches_out_of_the_range_is_kept() -> None:
    kept = total(K, ref("x", K) * same(K, FOLDED))
    assert isinstance(kept, Total)
    assert value(kept, entries(0), {FOLDED: 0}) == 0
    assert value(kept, entries(0), {FOLDED: 2}) == entries(0)("x", (2,))


def test_deltas_of_numbers_are_numbers() -> None:
    assert (same(2, 2), same(1, 2), same(J, J)) == (ONE, ZERO, ONE)
    assert same(J, 4) is ZERO
    assert same(Index("j", 2, 2), 2) is ONE
    assert same(J, K) is same(K, J)


def test_a_letter_as_a_size_has_no_number() -> None:
    with pytest.raises(LimitError, match="N"):
        _ = Index("i", 1, "N").size


# ---- bias folding ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slots", "rank", "expected"),
    [
        ("x", (0,), 1, ONE),
        ("x", (2,), 1, ref("x", 2)),
        ("b", (0,), 0, ONE),
        ("b", (1,), 0, ref("b")),
        ("x", (J,), 1, ref("x", J)),
        ("x", (4, 0), 2, ONE),
        ("x", (4, 2), 2, ref("x", 4, 2)),
        ("b", (4, 1), 1, ref("b", 4)),
    ],
)
def test_a_padded_entry_is_plain_where_its_slot_says_which_it_is(
    name: str, slots: tuple[int, ...], rank: int, expected: Expr
) -> None:
    assert padded(name, slots, rank) is expected


def test_a_padded_entry_over_a_range_from_zero_stays_open() -> None:
    node = padded("x", (FOLDED,), 1)
    assert isinstance(node, Padded)
    assert [substitute(node, {FOLDED: at}) for at in (0, 2)] == [ONE, ref("x", 2)]
    whole = total(FOLDED, ref("w", FOLDED) * node)
    given = entries(3)
    by_hand = given("w", (0,)) + sum(given("w", (k,)) * given("x", (k,)) for k in (1, 2, 3))
    assert value(whole, given) == pytest.approx(by_hand)


# ---- substitution ------------------------------------------------------------------------------


def test_substituting_under_a_sum_captures_nothing() -> None:
    body = total(K, ref("W", J, K))
    moved = substitute(body, {J: K})
    assert moved.free == {K}
    assert value(moved, entries(1), {K: 2}) == value(body, entries(1), {J: 2})


def test_indices_change_places_at_once() -> None:
    assert substitute(ref("W", J, K), {J: K, K: J}) is ref("W", K, J)


def test_a_sum_put_into_a_sum_keeps_its_own_index() -> None:
    square = total(K, ref("x", K)) ** 2
    inner = rewrite(
        total(J, ref("a", J) * ref("b", J)),
        lambda n: square * ref("x", n.slots[0]) if isinstance(n, Ref) and n.name == "b" else None,
    )
    x, a = (lambda k: entries(5)("x", (k,))), (lambda k: entries(5)("a", (k,)))
    by_hand = sum(a(j) * x(j) for j in (1, 2, 3)) * sum(x(k) for k in (1, 2, 3)) ** 2
    assert value(inner, entries(5)) == pytest.approx(by_hand)


def test_an_opened_sum_has_an_index_of_its_own() -> None:
    node = total(K, ref("x", K))
    assert isinstance(node, Total)
    (first, one), (second, _) = opened(node), opened(node)
    assert first != second
    assert total(first, one) is node


def test_names_are_those_of_quantities() -> None:
    assert names(total(FOLDED, ref("W", J, FOLDED) * padded("x", (FOLDED,), 1)) + X) == {"W", "x"}


# ---- values are preserved ----------------------------------------------------------------------

INDICES = (J, K, M, FOLDED)
SLOTS = st.one_of(st.sampled_from([J, K, M]), st.integers(1, 3))
LEAVES = st.one_of(
    st.builds(lambda n, d: number(Fraction(n, d)), st.integers(-3, 3), st.integers(1, 4)),
    st.builds(lambda s: ref("x", s), SLOTS),
    st.builds(lambda s, t: ref("W", s, t), SLOTS, SLOTS),
    st.builds(same, SLOTS, st.one_of(SLOTS, st.just(FOLDED))),
    st.builds(lambda s: padded("x", (s,), 1), st.one_of(SLOTS, st.just(FOLDED))),
)


def _grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    some = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        some.map(lambda args: add(*args)),
        some.map(lambda args: mul(*args)),
        st.builds(lambda b: apply("tanh", b), inner),
        st.builds(lambda b, n: power(apply("exp", apply("tanh", b)), n), inner, st.integers(-2, 3)),
        st.builds(lambda b: compare(b, ">", 0), inner),
        st.builds(total, st.sampled_from(INDICES), inner),
    )


EXPRESSIONS = st.recursive(LEAVES, _grown, max_leaves=12)
PLACES = st.fixed_dictionaries(
    {J: st.integers(1, 3), K: st.integers(1, 3), M: st.integers(1, 3), FOLDED: st.integers(0, 3)}
)
CLOSE = {"rel": 1e-9, "abs": 1e-9}


@given(st.lists(EXPRESSIONS, min_size=1, max_size=3), PLACES, st.integers(0, 99))
def test_builders_keep_the_value(parts: list[Expr], at: dict[Index, int], seed: int) -> None:
    numbers = [value(part, entries(seed), at) for part in parts]
    product = 1.0
    for one in numbers:
        product *= one
    assert value(add(*parts), entries(seed), at) == pytest.approx(sum(numbers), **CLOSE)
    assert value(mul(*parts), entries(seed), at) == pytest.approx(product, **CLOSE)
    assert value(power(parts[0], 2), entries(seed), at) == pytest.approx(numbers[0] ** 2, **CLOSE)


@given(EXPRESSIONS, st.sampled_from(INDICES), PLACES, st.integers(0, 99))
def test_a_sum_is_the_sum_of_its_terms(
    body: Expr, index: Index, at: dict[Index, int], seed: int
) -> None:
    terms = [
        value(body, entries(seed), {**at, index: place})
        for place in range(index.lower, int(index.upper) + 1)
    ]
    assert value(total(index, body), entries(seed), at) == pytest.approx(sum(terms), **CLOSE)


@given(EXPRESSIONS, st.sampled_from([J, K, M]), SLOTS, PLACES, st.integers(0, 99))
def test_substituting_is_evaluating_elsewhere(
    expr: Expr, index: Index, slot: int | Index, at: dict[Index, int], seed: int
) -> None:
    there = at[slot] if isinstance(slot, Index) else slot
    found = value(substitute(expr, {index: slot}), entries(seed), at)
    assert found == pytest.approx(value(expr, entries(seed), {**at, index: there}), **CLOSE)


@given(EXPRESSIONS, PLACES, st.integers(0, 99))
def test_rewriting_an_entry_is_evaluating_with_another(
    expr: Expr, at: dict[Index, int], seed: int
) -> None:
    def leaf(node: Expr) -> Expr | None:
        return 2 + ref("v", *node.slots) if isinstance(node, Ref) and node.name == "W" else None

    plain = entries(seed)

    def changed(name: str, slots: tuple[int, ...]) -> float:
        return 2 + plain("v", slots) if name == "W" else plain(name, slots)

    found = value(rewrite(expr, leaf), plain, at)
    assert found == pytest.approx(value(expr, changed, at), **CLOSE)
    assert rewrite(expr, lambda _: None) is expr


@given(EXPRESSIONS)
def test_free_indices_are_those_that_the_value_needs(expr: Expr) -> None:
    assert all(index.name in "jkmc" for index in expr.free)
    value(expr, entries(0), dict.fromkeys(expr.free, 1))


# ---- depth -------------------------------------------------------------------------------------

CHAINS: dict[str, Callable[[Expr], Expr]] = {
    "apply": lambda inner: apply("tanh", inner),
    "add": lambda inner: apply("sin", inner) + 1,
    "mul": lambda inner: Y * (inner + 1),
    "power": lambda inner: power(inner + 1, -1),
}


@pytest.mark.parametrize("kind", CHAINS)
@pytest.mark.no_cover
def test_depth_is_no_error(kind: str) -> None:
    expr: Expr = ref("x", J)
    for _ in range(DEPTH):
        expr = CHAINS[kind](expr)
    assert sys.getrecursionlimit() < DEPTH
    assert sum(1 for _ in postorder(expr)) > DEPTH
    assert repr(expr).endswith(" nodes>")
    moved = substitute(expr, {J: 2})
    assert not moved.free
    assert rewrite(expr, lambda n: ref("x", 2) if n is ref("x", J) else None) is moved


@pytest.mark.parametrize("kind", CHAINS)
@pytest.mark.no_cover
def test_deep_expressions_are_differentiated(kind: str) -> None:
    expr: Expr = X
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    try:
        for _ in range(500):
            expr = CHAINS[kind](expr)
        assert "x" in names(local(expr, "x", ())) or kind == "mul"
    finally:
        sys.setrecursionlimit(usual)


def test_repr_writes_a_small_expression_out() -> None:
    found = total(K, ref("W", J, K) * padded("x", (FOLDED,), 1)) + same(J, K) - compare(X, ">", 0)
    assert repr(found) == "((1,x)[c]*sum(•0=1..3, W[j,•0]) + [j=k] + -1*[x>0])"


def test_whole_exponents_of_numbers_are_bounded() -> None:
    assert power(2, MAX_EXPONENT) is number(2**MAX_EXPONENT)
    for exponent in (MAX_EXPONENT + 1, -MAX_EXPONENT - 1, 10**12):
        with pytest.raises(LimitError, match="exponent"):
            power(2, exponent)
    assert isinstance(same(J, K) ** 10**12, Same)


def test_a_product_s_power_is_shown_in_brackets() -> None:
    d, w = ref("d"), ref("w")
    assert show(power(add(d, w), 2) * w) == "(d + w)^(2)*w"
    assert show(power(power(d, w), ref("x"))) == "(d^(w))^(x)"
    assert show(power(mul(d, w), ref("x"))) == "(d*w)^(x)"
