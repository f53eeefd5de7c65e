"""Marks: the golden corpus, hostile answers, follow-through, feedback."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tests.answer_pairs import EXAMPLES, markers, pairs

import backhand
from backhand.checking.marking import Marker
from backhand.errors import AskError
from backhand.reading.document import worksheet


@pytest.fixture(scope="module")
def two() -> Marker:
    return Marker(backhand.read(EXAMPLES / "two-neurons.md"))


def test_no_verdict_on_the_corpus_is_wrong_and_few_are_open() -> None:
    every = pairs()
    assert len(every) >= 600
    assert sum(pair.right for pair in every) * 2 == len(every)
    ready = markers()
    open_ = []
    for pair in every:
        made = ready[pair.example].mark(pair.part, pair.answer)
        if made.verdict == "undecided":
            open_.append(pair)
        else:
            assert (made.verdict == "right") == pair.right, (pair, made)
    assert len(open_) <= 0.02 * len(every), open_


def test_an_answer_may_be_a_number_and_a_level_is_one_of_three(two: Marker) -> None:
    assert two.mark("3.1.6", -5).verdict == two.mark("3.1.6", "-5").verdict
    assert two.mark("3.1.6", Fraction(-5)) == two.mark("3.1.6", "-5")
    with pytest.raises(AskError, match="there is no level 'loud'; the levels are hint, step, full"):
        two.mark("3.1.6", "-5", level="loud")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "answer", "slip"),
    [
        ("3.1.3a", "3x2", "rows and columns swapped"),
        ("3.1.3a", "2x2", "bias forgotten"),
        ("3.1.4", "(1, -1)", "bias forgotten"),
        ("3.1.4", "(11, 0)", None),
        ("3.1.5", "(3, -2)", "activation forgotten"),
        ("3.1.6", "5", "sign"),
        ("3.1.6", "-9", "activation forgotten"),
        ("3.2.1", "dJ/dyhat * db/dW_2[1,1]", "factor missing"),
        ("3.2.1", "dJ/dyhat * db/dyhat * db/dW_2[1,1]", "upside down"),
        ("3.2.3a", "sigma(b)(1 - e^{-b})", "wrong sigma'"),
        ("3.2.3b", "yhat", "sigma and sigma' mixed up"),
        ("3.2.5", "-0.0198", "factor 2 forgotten"),
        ("3.2.5", "0.0396", "sign"),
        ("3.2.11a", "-2.079", "update added"),
        ("3.2.11a", "-1.960", "learning rate forgotten"),
        ("3.3.1", "4", "bias forgotten"),
        ("3.3.3", "10", "index off by one"),
    ],
)
def test_slips_are_named(two: Marker, part: str, answer: str, slip: str | None) -> None:
    made = two.mark(part, answer)
    assert made.slip == slip
    assert made.credit < 1


def test_layouts_are_told_apart() -> None:
    marker = Marker(backhand.read(EXAMPLES / "definitions.md"))
    made = marker.mark("2.3", "dz/dv dy/dz")
    assert (made.verdict, made.slip) == ("partly", "layouts mixed")
    other = Marker(backhand.read(EXAMPLES / "definitions.md"), layout="denominator")
    assert other.mark("2.3", "dz/dv dy/dz").verdict == "right"
    assert other.mark("2.3", "dy/dz dz/dv").slip == "layouts mixed"


def test_transposes_and_rounding_are_told() -> None:
    deep = Marker(backhand.read(EXAMPLES / "three-layers.md"))
    assert deep.mark("2.4", "[2, -1; 1, 1]").slip == "transposed"
    assert deep.mark("1.2", "3.4063").verdict == "right"
    assert deep.mark("1.2", "3").verdict == "partly"


# ---- follow-through ----------------------------------------------------------------------------


def test_an_answer_that_follows_from_an_earlier_one_is_right(two: Marker) -> None:
    assert two.mark("3.1.6", "-1").verdict != "right"
    made = two.mark("3.1.6", "-1", earlier={"3.1.5": "(1, 0)"})
    assert (made.verdict, made.credit, made.followed) == ("right", 1.0, True)
    assert "earlier" in made.feedback


def test_a_derivative_follows_from_an_earlier_factor(two: Marker) -> None:
    made = two.mark("3.2.5", "-0.01321", earlier={"3.2.4": "1"})
    assert made.followed
    update = two.mark("3.2.11a", "-3", earlier={"3.2.5": "1/2"})
    assert update.followed


def test_a_class_follows_from_an_earlier_output(two: Marker) -> None:
    assert two.mark("3.1.8", "1", earlier={"3.1.7": "0.9"}).followed


def test_zeros_buy_nothing(two: Marker) -> None:
    made = two.mark("3.1.6", "1", earlier={"3.1.5": "(0, 0)"})
    assert (made.verdict, made.credit, made.followed) == ("wrong", 0.0, False)
    assert "zeros" in made.feedback
    dead = two.mark("3.1.6", "1", earlier={"3.1.4": "(-1, -2)"})
    assert dead.credit == 0.0
    assert "dead" in dead.feedback


def test_an_earlier_answer_that_is_right_changes_nothing(two: Marker) -> None:
    plain = two.mark("3.1.6", "-4")
    assert two.mark("3.1.6", "-4", earlier={"3.1.5": "(3, 0)"}) == plain


# ---- feedback ----------------------------------------------------------------------------------


def test_a_hint_doesnt_give_the_answer_away(two: Marker) -> None:
    for part, answer, right in (("3.1.6", "5", "-5"), ("3.2.5", "0.0396", "0.0396")):
        hint, step, full = (
            two.mark(part, answer, level=level).feedback for level in ("hint", "step", "full")
        )
        assert right.strip("-") not in hint + step
        assert len(hint) < len(step) < len(full)
    assert "−5" in full or "0.0396" in full


def test_right_entries_are_credited(two: Marker) -> None:
    made = two.mark("3.1.4", "(3, 7)")
    assert (made.verdict, made.credit) == ("partly", 0.5)


def test_parts_have_two_names(two: Marker) -> None:
    assert two.part("3.1.3a") is two.part("3.1.3.1")
    with pytest.raises(AskError, match="several parts"):
        two.part("3.1.3")
    with pytest.raises(AskError, match="no question 9"):
        two.part("9")


def test_a_formula_that_is_right_for_these_numbers_only_is_left_to_a_person(two: Marker) -> None:
    assert two.mark("3.2.2", "-2(1 - yhat)").verdict == "undecided"
    assert two.mark("3.2.2", "-1.987").verdict == "partly"


def test_mark_is_part_of_the_api(tmp_path: Path) -> None:
    sheet = worksheet("$$ x = 3, y = x^2 $$\n\nHow large is y?\n% ask: value y")
    assert backhand.mark(sheet, "1", "9").verdict == "right"
    assert backhand.Marker(sheet).parts[0].expected.kind == "number"


def test_other_widths_and_functions() -> None:
    page = (
        "$$\nx = [1; 2; 3]\ny = 2\nV = [[1,0,2,1],[0,1,1,-1],[1,1,0,1],[2,1,-1,0]]\nw = [[1,2,0,-1,1]]\n"
        "h = tanh(V x)\np = w h\nJ = (p - y)^2\n$$\n\nWrite it.\n% ask: chain J V[2,1]\n\n"
        "What is it?\n% ask: derivative J V[2,1]\n"
    )
    marker = Marker(worksheet(page))
    assert marker.mark("1", "dJ/dp * dp/dh_2 * dh_2/dV[2,1]").verdict == "right"
    assert marker.mark("1", "dJ/dp * dp/dh_1 * dh_1/dV[2,1]").verdict != "right"


def test_words_follow_from_nothing_and_stop_nothing(two: Marker) -> None:
    made = two.mark("3.3.1", "class 2", earlier={"3.1.5": "(1, 0)"})
    assert made.verdict == "wrong"
