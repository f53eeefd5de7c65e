"""Raw worksheets: definitions gathered leniently, questions numbered by section, nothing silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from backhand.errors import ReadingError
from backhand.reading.account import account
from backhand.reading.document import read, worksheet
from backhand.reading.raw import is_raw, raw_page

SEED = Path(__file__).parents[3] / "../shared/seed/recitation.md"
PAGE = r"""
# 2 A line

Suppose that $w = 2$ and u = 3.

$$p = w u$$

- 1. What is <b>p</b> ?

We want $\eta = 0.1$ and $J = (p - 5)^2$.

3.	What is $\frac{\partial J}{\partial p}$ in te rms of p?

4.	What is the me dian of $p$?

2.1	More about it

1.	How many par ameters are learned in total?
"""


def asks(text: str) -> dict[str, tuple[str, ...]]:
    return {q.number: tuple(a.text for a in q.understood.asks) for q in raw_page(text).questions}


def test_questions_are_numbered_by_section_with_their_gaps() -> None:
    assert asks(PAGE) == {
        "2.1": ("value p",),
        "2.3": ("local J p in p",),
        "2.4": (),
        "2.1.1": ("parameters",),
    }


def test_definitions_below_a_question_hold_for_it() -> None:
    sheet = worksheet(PAGE)
    assert {q.name for q in sheet.graph} == {"w", "u", "p", "J"}
    assert sheet.solve().answers[0].workings[0].value == 6.0


def test_every_formula_has_its_note() -> None:
    notes = "\n".join(raw_page(PAGE).notes)
    assert "I took w = 2 as a definition" in notes
    assert r"I left \eta = 0.1 as prose: it is a setting" in notes


def test_what_is_not_answered_is_said_with_the_answers() -> None:
    sheet = worksheet(PAGE)
    assert sheet.unread == (
        "question 2.4 isn't answered: 'median' asks for something that no ask answers",
    )
    assert sheet.unread[0] in sheet.solve().notes


def test_the_explicit_page_reads_back_to_the_same_asks() -> None:
    raw = raw_page(PAGE)
    assert not is_raw(raw.text)
    back = {q.number: tuple(a.text for a in q.asks) for q in worksheet(raw.text).questions}
    assert back == {number: found for number, found in asks(PAGE).items() if found}


@pytest.mark.parametrize(
    "text",
    [
        "$$ x = 3 $$\n\n1. What is $x$?\n   % ask: value x",
        "x = 3\ny = x^2",
        "% prose\n$$ x = 3 $$\n\n1. What is $x$?",
        "```{model}\nx = 3\n```\n\n1. What is $x$?",
        "$$ x = 3 $$\n\n1. a list item that asks nothing",
    ],
)
def test_explicit_pages_stay_what_they_are(text: str) -> None:
    assert not is_raw(text)


def test_a_name_with_another_meaning_starts_a_new_model() -> None:
    page = "# 1 One\n\n$$x = 3$$\n\n1. What is $x$?\n\n# 2 Two\n\n$$x = [1; 2]$$\n\n1. What is $x$?"
    sheet = worksheet(page)
    assert len(sheet.graphs) == 2
    values = [w.value for a in sheet.solve().answers for w in a.workings]
    assert values[0] == 3.0
    assert list(values[1]) == [1.0, 2.0]  # type: ignore[arg-type]


def test_a_later_definition_in_the_same_section_is_used_and_said() -> None:
    page = "$$x = 3$$\n\n$$y = x$$\n\n$$y = 2 x$$\n\n1. What is $y$?"
    assert worksheet(page).solve().answers[0].workings[0].value == 6.0
    assert "line 5: y is defined again; this definition is used" in raw_page(page).notes


def test_a_page_of_which_nothing_is_read_says_so() -> None:
    sheet = worksheet("$$x = 3$$\n\n1. Why is that?")
    assert sheet.graph["x"].value == 3
    with pytest.raises(
        ReadingError, match="no question of this page could be answered; question 1"
    ):
        sheet.solve()


def test_an_explicit_page_has_an_account_as_well() -> None:
    found = account("$$ x = 3 $$\n\n1. What is $x$?\n   % ask: value x")
    assert [(q.number, q.asks, q.missed) for q in found.questions] == [("1", ("value x",), "")]


def test_broken_commands_are_mended() -> None:
    page = "$$x = 3$$\n\n$$y = rac{x}{2}$$\n\n1. What is $rac{dy}{dx}$?"
    assert asks(page) == {"1": ("derivative y x",)}


@pytest.mark.skipif(not SEED.exists(), reason="the seed isn't part of the repository")
def test_the_seed_is_answered_as_it_stands() -> None:
    sheet = read(SEED)
    answers = {a.question.number: a.workings for a in sheet.solve().answers}
    values = {number: [w.value for w in workings] for number, workings in answers.items()}
    assert [n for n in values if n.startswith("2.")] == ["2.1", "2.2", "2.3", "2.4"]
    assert values["2.3"] == ["proved"]
    assert values["2.4"] == ["proved"]
    assert "2 x sin(x)" in answers["2.2"][0].text()
    assert values["3.1.2"] == [2.0]
    assert [list(v) for v in values["3.1.3"]] == [[2, 3], [1, 3]]  # type: ignore[arg-type]
    assert list(values["3.1.4"][0]) == [3.0, -2.0]  # type: ignore[arg-type]
    assert list(values["3.1.5"][0]) == [3.0, 0.0]  # type: ignore[arg-type]
    assert values["3.1.7"] == pytest.approx([0.006693], rel=1e-3)
    assert values["3.1.8"] == [0.0]
    assert values["3.1.9"] == pytest.approx([0.9867], rel=1e-4)
    assert values["3.2.5"] == pytest.approx([-0.03962], rel=1e-3)
    assert values["3.2.10"] == pytest.approx([0.1321], rel=1e-3)
    assert values["3.2.11"] == pytest.approx([-1.921, -1.264], rel=1e-3)
    assert [values[f"3.3.{n}"] for n in (1, 2, 3)] == [[6.0], [0.0], [9.0]]
    assert len([n for n in values if n.startswith("3.2.")]) == 11
    assert sheet.unread == ()
