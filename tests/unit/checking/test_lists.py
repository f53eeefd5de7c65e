"""Answers that are lists: a forward pass, gradients by everything, shapes, equations."""

from __future__ import annotations

import pytest

from backhand.checking.judging_lists import pieces
from backhand.checking.marking import Marker
from backhand.reading.document import worksheet

PAGE = """$$
x = [2; 5]
y = 1
W = [[1,0],[0,1]]
b = [1;1]
v = [[1,-1]]
h = relu(W x + b)
p = v h
J = (p - y)^2
$$

1. a
   % ask: forward
2. b
   % ask: gradient J
3. c
   % ask: shapes
4. d
   % ask: model
"""
MARKER = Marker(worksheet(PAGE))
GRADIENTS = "dJ/dW = [-16, -40; 16, 40]; dJ/db = (-8, 8); dJ/dv = [-24, -48]"


@pytest.mark.parametrize(
    ("part", "answer", "verdict", "credit"),
    [
        ("1", "16", "right", 1.0),
        ("1", "h = (3, 6), p = -3, J = 16", "right", 1.0),
        ("1", "h_1 = 3, h_2 = 6\np = 3 - 6 = -3\nJ = (-3 - 1)^2 = 16", "right", 1.0),
        ("1", "h = (3, 6)\np = -3", "partly", 0.67),
        ("1", "h_1 = 3, h_1 = 3, p = -3", "partly", 0.5),
        ("1", "h = (3, 6), p = 3, J = 16", "partly", 0.67),
        ("1", "h = (3, 6), q = 3", "unreadable", 0.0),
        ("1", "J = 15", "wrong", 0.0),
        ("2", GRADIENTS, "right", 1.0),
        ("2", GRADIENTS.replace("40]", "41]"), "partly", 0.67),
        ("2", "W = [-16, -40; 16, 40]; b = (-8, 8); v = [-24, -48]", "right", 1.0),
        ("2", r"\\frac{\\partial J}{\\partial b} = (-8, 8)".replace(r"\\", "\\"), "partly", 0.33),
        ("2", "dJ/dW[1,2] = -40, dJ/dW[1,1] = -16", "partly", 0.17),
        ("2", "[-16, -40; 16, 40]", "partly", 0.33),
        ("2", "(8, -8)", "wrong", 0.0),
        ("3", "W: 2x2, b: 2, v: 1x2", "right", 1.0),
        ("3", "W is 2 × 2, b is a vector of 2 entries, and v is 1 × 2", "right", 1.0),
        ("3", "W: 2x2, b: 3, v: 1x2", "partly", 0.67),
        ("3", "big", "unreadable", 0.0),
        ("4", "h = relu(W x + b), p = v h, J = (p - y)^2", "right", 1.0),
        ("4", "J = (y - v h)^2; p = v relu(b + W x); h = max(0, W x + b)", "right", 1.0),
        ("4", "h = relu(W x), p = v h, J = (p - y)^2", "partly", 0.67),
        ("4", "h = h, p = p, J = J", "wrong", 0.0),
        ("4", "a network", "unreadable", 0.0),
    ],
)
def test_lists(part: str, answer: str, verdict: str, credit: float) -> None:
    made = MARKER.mark(part, answer)
    assert (made.verdict, made.credit) == (verdict, credit), made


def test_the_first_that_is_wrong_is_named() -> None:
    assert MARKER.mark("1", "J = 4, p = 3, h = (3, 6)").feedback == "p isn't right."
    assert "missing: ∂J/∂b, ∂J/∂v" in MARKER.mark("2", "dJ/dW = [-16, -40; 16, 40]").feedback


def test_commas_in_brackets_cut_nothing() -> None:
    assert pieces("a = (1, 2), b = [1; 2]") == [("a", "(1, 2)"), ("b", "[1; 2]")]
    assert pieces("12") == []


@pytest.mark.parametrize(
    "answer", ["a" * 3000, "=" * 500, "a = " * 400, "((((" * 300, "h = \\input{x}"]
)
def test_hostile_lists_are_unreadable_or_wrong(answer: str) -> None:
    for part in "1234":
        assert MARKER.mark(part, answer).verdict in ("unreadable", "wrong")
