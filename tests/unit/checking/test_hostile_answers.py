"""Answers that mean harm: never right, never run, cut off before they cost anything."""

from __future__ import annotations

import pytest
from tests.answer_pairs import EXAMPLES
from tests.hostile_answers import HOSTILE

import backhand
from backhand.checking.bounds import MAX_WORK, check_work
from backhand.checking.marking import Marker
from backhand.errors import LimitError
from backhand.reading.maths import parse

PARTS = ("3.1.3a", "3.1.6", "3.2.1", "3.2.2")


@pytest.fixture(scope="module")
def two() -> Marker:
    return Marker(backhand.read(EXAMPLES / "two-neurons.md"))


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_answer_is_never_right(two: Marker, answer: str) -> None:
    for part in PARTS:
        made = two.mark(part, answer)
        assert made.verdict in ("unreadable", "wrong", "undecided", "partly")
        assert made.credit < 1
        assert len(made.feedback) < 500
        if made.verdict == "unreadable":
            assert made.understood == ""
            assert made.feedback.startswith("I can't read this: ")


def test_an_unreadable_answer_is_told_with_its_place(two: Marker) -> None:
    assert "line 1, column 1" in two.mark("3.1.6", r"\input{/etc/passwd}").feedback
    assert "column 2001" in two.mark("3.1.6", "1" * 3000).feedback
    assert "column" in two.mark("3.1.6", "sigma" + "'" * 9 + "(b)").feedback


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("sigma" + "'" * 3 + "(b)", "differentiated more than 2 times"),
        ("d/dx(d/dx(d/dx(x^2)))", "differentiated more than 2 times"),
        ("∂^8/∂b^8 (sin(b))", "differentiated more than 2 times"),
        ("sum_{i=1}^{64} " * 4 + "x_i", "sums stand inside one another"),
        ("x y " * 100, "too many parts"),
        ("dJ/dyhat " * 40, "too many parts"),
    ],
)
def test_work_is_counted_before_it_is_done(text: str, what: str) -> None:
    found = parse(text).formula
    with pytest.raises(LimitError, match=what):
        check_work(found)


def test_what_is_asked_in_earnest_is_far_below_the_bound() -> None:
    for text in ("-2 (y - yhat) yhat (1 - yhat) z_1", "1/(1+e^{-b}) * (1 - 1/(1+e^{-b}))"):
        assert check_work(parse(text).formula) < MAX_WORK / 4


def test_the_terms_of_all_sums_in_a_chain_count_together(two: Marker) -> None:
    nested = r"\sum_{i=1}^{9} \sum_{j=1}^{9} \frac{\partial J}{\partial z_1}"
    assert "sums have over 64 terms" in two.mark("3.2.1", nested).feedback
