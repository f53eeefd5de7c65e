"""What is worked out straight from what was typed agrees with the general way."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

import backhand
from backhand.checking.direct import Direct, Names, NotPlainError, Reckoning
from backhand.checking.equality import inlined
from backhand.checking.parts import prepared
from backhand.checking.residues import PRIME, Entries, residue
from backhand.reading.document import worksheet
from backhand.reading.maths import parse
from backhand.reading.meaning import expression

GRAPH = backhand.model("x = [2; 3]; w = 5; u = w x_1; v = sigmoid(u) + x_2^2; J = (u - v)^2")
LEAVES = st.sampled_from(["w", "u", "v", "J", "x_1", "x[2]", "2", "1/3", "0.25", "-7"])


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(parts, parts)
    return st.one_of(
        st.builds(lambda a, s, b: f"({a}) {s} ({b})", parts, st.sampled_from("+-*/"), parts),
        pair.map(lambda p: f"({p[0]}) ({p[1]})"),
        st.builds(lambda a, n: f"({a})^{n}", parts, st.integers(2, 5)),
        parts.map(lambda a: f"-({a})"),
        st.builds(
            lambda f, a: f"{f}({a})", st.sampled_from(["sin", "sigma", "exp", "tanh"]), parts
        ),
    )


@settings(max_examples=150, deadline=None)
@given(st.recursive(LEAVES, _joined, max_leaves=8))
def test_residues_agree_with_the_general_way(text: str) -> None:
    try:
        direct = Reckoning(Names(Entries(GRAPH), [])).residue(parse(text).formula) % PRIME
    except NotPlainError:
        return
    whole = residue(inlined(expression(text, GRAPH).expr, GRAPH))
    # The general way may have simplified a function, as sin 0, and then has another letter.
    assert direct == whole or any(f in text for f in ("sin", "exp", "sigma", "tanh", "v", "J"))


@settings(max_examples=100, deadline=None)
@given(st.recursive(LEAVES, _joined, max_leaves=6))
def test_what_is_settled_is_what_the_numbers_say(text: str) -> None:
    found = _direct().settled(parse(text).formula)
    if found is not None and found.equal:
        assert abs(_value(text) - 20) < 1e-9


def test_equal_and_different_are_told_apart() -> None:
    direct = _direct()
    for text, equal in (("2 u", True), ("2 w x_1", True), ("u + w x_1", True), ("u", False)):
        found = direct.settled(parse(text).formula)
        assert found is not None
        assert found.equal is equal
    assert direct.settled(parse("x").formula) is None
    assert direct.settled(parse("1/(u - u)").formula) is None


def test_a_deep_network_costs_its_entries() -> None:
    lines = ["x = 2", *(f"u_{n} = u_{n - 1} u_{n - 1} + 1" for n in range(1, 60))]
    graph = backhand.model("\n".join(["u_0 = 3", *lines]))
    entries = Entries(graph)
    assert entries.residue(expression("u_59", graph).expr) is not None
    assert len(entries.known) < 200


def _direct() -> Direct:
    page = "$$ x = [2; 3]; w = 5; u = w x_1; q = u^2 $$\n\nSlope?\n% ask: derivative q u\n"
    found = next(iter(prepared(worksheet(page), None))).direct
    assert found is not None
    return found


def _value(text: str) -> float:
    graph = backhand.model(f"x = [2; 3]; w = 5; u = w x_1; q = {text}")
    found = graph.forward().values["q"]
    return float(found.item())
