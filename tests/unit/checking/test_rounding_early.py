"""Answers that were rounded too early are named as that, forward and backward, by digits and places."""

from __future__ import annotations

import pytest
from tests.answer_pairs import EXAMPLES
from tests.answers_rounded import rounded_early

import backhand
from backhand.checking.marking import Marker

SHEETS = ("two-neurons", "softmax-classifier")
WRONG = [
    (name, part, answer)
    for name, part, answer, right in rounded_early()
    if not right and name in SHEETS
]
TWO = Marker(backhand.read(EXAMPLES / "two-neurons.md"))


def test_most_are_named_and_none_is_right() -> None:
    ready = {name: Marker(backhand.read(EXAMPLES / f"{name}.md")) for name in SHEETS}
    made = [ready[name].mark(part, answer) for name, part, answer in WRONG]
    assert all(mark.verdict in ("partly", "wrong") for mark in made)
    named = [mark for mark in made if mark.slip == "rounded too early"]
    assert all(mark.credit == 0.75 for mark in named)
    assert len(named) >= 0.6 * len(WRONG)


@pytest.mark.parametrize(
    ("part", "answer", "slip"),
    [
        ("3.2.5", "-0.042", "rounded too early"),  # to three places: -1.986 · 0.007 · 3
        ("3.1.9", "0.9801", "rounded too early"),  # yhat = 0.01
        ("3.2.5", "-0.0431", None),
        ("3.2.5", "-0.2", None),
        ("3.2.10", "-0.1386", None),
    ],
)
def test_by_hand(part: str, answer: str, slip: str | None) -> None:
    made = TWO.mark(part, answer)
    assert made.slip == slip
