"""A plain number is judged by comparing floats; nothing is parsed, nothing worked out again."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.answer_pairs import EXAMPLES

import backhand
from backhand.checking import answers, recomputing
from backhand.checking.marking import Marker
from backhand.checking.numerals import Numeral, numeral
from backhand.checking.rounding import is_far, nearness

CLOSE = st.floats(-2e-3, 2e-3)


@settings(max_examples=300, deadline=None)
@given(st.fractions(-50, 50, max_denominator=400), st.integers(-6, 2), CLOSE, st.booleans())
def test_what_is_far_is_wrong(right: Fraction, last: int, off: float, exact: bool) -> None:
    step = Fraction(10) ** last
    typed = Numeral(round(right * Fraction(1 + off) / step) * step, last)
    wanted = right if exact else float(right)
    if is_far(typed, float(right)):
        assert nearness(typed, wanted) == "wrong"
    assert nearness(Numeral(right), wanted) == "right"


def test_a_number_beyond_floats_is_far_from_all() -> None:
    huge = Numeral(Fraction(10) ** 400)
    assert is_far(huge, 1.0)
    assert huge == Numeral(Fraction(10) ** 400)


def test_numbers_arent_parsed_and_slips_are_worked_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marker = Marker(backhand.read(EXAMPLES / "two-neurons.md"))
    assert marker.mark("3.2.5", "7.3").verdict == "wrong"
    monkeypatch.setattr(answers, "parse", None)
    monkeypatch.setattr(recomputing, "evaluate", None)
    for text, verdict in (("-0.0396", "right"), ("0.0396", "partly"), ("12%", "wrong")):
        assert marker.mark("3.2.5", text).verdict == verdict


@pytest.mark.parametrize("text", ["3", "-0.25", "1/3", "1e-3", "(", "[1", "3)", "a = 3", ""])
def test_without_a_bracket_there_is_no_array(text: str) -> None:
    assert answers.array(text) is None
    assert (numeral(text) is None) == (text in ("(", "[1", "3)", "a = 3", ""))
