"""What a page defines, in which order, and what is defined twice or in a circle."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import peers
from tests.models import LATEX, equations, error

from backhand.expr import names
from backhand.reading.maths import statements
from backhand.reading.meaning import build, model


@settings(max_examples=30, deadline=None)
@given(peers.networks(4, 4), st.randoms(use_true_random=False))
def test_the_order_of_lines_is_free(network: peers.Network, chance: random.Random) -> None:
    lines = network.page.split("\n")
    chance.shuffle(lines)
    assert model("\n".join(lines)) == model(network.page)


@pytest.mark.parametrize(
    ("text", "cycle"),
    [
        ("a = b; b = c; c = a", "a → b → c → a"),
        ("a = a + 1", "a → a"),
        ("f(t) = b t; b = f(2)", "b → b"),
        ("x = 3; f(t) = g(t); g(t) = f(t); y = f(x)", "f → g → f"),
    ],
)
def test_a_circle_is_printed(text: str, cycle: str) -> None:
    assert cycle in error(text).what


@pytest.mark.parametrize(
    "text",
    [
        "a = 1; a = 2",
        "f(x) = x; f(t) = t",
        "f = 3; f(x) = x",
        "f(x) = x; f = 3",
        "x^(1) = 1; x = 2",
    ],
)
def test_what_is_defined_twice_names_both_places(text: str) -> None:
    found = error(text)
    assert "twice" in found.what
    assert "line 1, column 1" in found.what
    assert found.place is not None
    assert found.place.column > 1


def test_a_definition_may_not_repeat_the_base() -> None:
    base = model("a = 1; f(x) = x")
    assert "twice" in error("a = 2", base).what
    assert "twice" in error("f(x) = 2", base).what


def test_a_base_is_extended() -> None:
    base = model("x = 2; f(t) = t^2")
    assert model("y = f(x)", base=base) == model("x = 2; f(t) = t^2; y = f(x)")
    assert build(statements("y = 3")) == model("y = 3")


@pytest.mark.parametrize("text", ["x", "x ≈ 3", "a^{(i)} = 3", "2 = x", "f(2) = x", "f(t, t) = 1"])
def test_what_defines_nothing_is_refused(text: str) -> None:
    error(text)


def test_a_function_of_known_quantities_is_one_itself() -> None:
    found = equations("ell(y, p) = (y - p)^2; x = 2; w = 3; y = 1; p = w x; J = ell + w^2")
    assert found["ell"] == "(y + -1*p)^(2)"
    assert found["J"] == "(ell + w^(2))"
    assert "is a function" in error("f(t) = t^2; y = f + 1").what
    assert equations("x = 3; y = f(x) = x^2") == {"y": "x^(2)"}


def test_a_value_may_come_from_a_function_of_its_own_name() -> None:
    assert equations("f(x) = x^2; x = f(3)")["x"] == "9"


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("y = q(u, v) = u / v", 0),
        ("y = q(u, v) = v^{-1} u", 1),
        ("y = q(u, v) = u v", 1),
        ("t = u + v; y = t^2 = (u + v)^2", 0),
        ("r(a, b) = a b = b a; y = r(u, v)", 1),
    ],
)
def test_further_sides_are_compared_or_a_note_says_that_they_are_not(text: str, notes: int) -> None:
    graph = model(f"q(a, b) = a / b; u = 3; v = 4; {text}")
    assert len([n for n in graph.notes if "first side" in n]) == notes


def test_names_are_kept_where_a_further_side_spells_them_out() -> None:
    graph = model(LATEX)
    assert names(graph["J"].definition) == {"y", "yhat"}
    assert not any("h_1" in note or "first side" in note for note in graph.notes)
    assert "h_1" not in graph
    assert "3 entries" in error("x = [1;2]; y = x + 1 = [x_1; 2; 3]").what
