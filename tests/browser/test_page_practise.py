"""Practise: answers previewed, marked, helped along, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.browser.pages import EXAMPLE, tab

from backhand.checking.marking import Level
from backhand.page.sheets import sheet_of

expect: Any = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture
def practise(page: Any) -> Any:
    tab(page, "Practise")
    expect(page.get_by_text("0 of 26 right")).to_be_visible()
    return page


def part(page: Any, number: str) -> Any:
    return page.locator(".part", has=page.locator(f'[id="answer-{number}"]'))


def answer(page: Any, number: str, text: str) -> Any:
    """Answer a part and have it checked; its box."""
    box = part(page, number)
    box.locator("input").fill(text)
    box.get_by_role("button", name="Check").click()
    return box


def said(number: str, text: str, level: Level, earlier: dict[str, str]) -> str:
    """What Backhand says to an answer, without the verdict that the page writes itself."""
    marker = sheet_of(EXAMPLE.read_text(encoding="utf-8")).ready()
    feedback = marker.mark(number, text, earlier=earlier, level=level).feedback
    return feedback.removeprefix("Right.").strip()


def test_an_answer_is_typeset_as_it_is_understood(practise: Any) -> None:
    box = part(practise, "3.2.2")
    box.locator("input").fill("-2(y - yhat)")
    expect(box.locator(".preview math")).to_contain_text("−2⁢(y−y^)")
    box.locator("input").fill("-2(y - ")
    expect(box.locator(".preview")).to_contain_text("at character")


def test_a_wrong_answer_gets_the_hint_and_then_more(
    practise: Any, keep: Callable[[Any, str], None]
) -> None:
    box = answer(practise, "3.1.4", "[3, 2]")
    expect(box.locator(".feedback strong")).to_have_text("Partly right (50 %)")
    expect(box.locator(".feedback")).to_contain_text(said("3.1.4", "[3, 2]", "hint", {}))
    for name, level in (("Where does it go wrong?", "step"), ("Show all", "full")):
        box.get_by_role("button", name=name).click()
        expect(box.locator(".feedback")).to_contain_text(said("3.1.4", "[3, 2]", level, {}))
    box.get_by_role("button", name="Show the working").click()
    expect(box.locator(".key math").first).to_be_visible()
    assert box.locator(".key").bounding_box()["height"] > 100
    keep(practise, "practise")


def test_what_follows_from_an_earlier_slip_counts(practise: Any) -> None:
    answer(practise, "3.1.4", "[3, 2]")
    box = answer(practise, "3.1.5", "[3, 2]")
    told = said("3.1.5", "[3, 2]", "hint", {"3.1.4": "[3, 2]"})
    expect(box.locator(".feedback")).to_contain_text(told)
    assert told != said("3.1.5", "[3, 2]", "hint", {})


def test_what_is_given_stands_before_the_questions(practise: Any) -> None:
    given = practise.locator(".before").first
    expect(given).to_contain_text("We look at a single data point")
    expect(given.locator(".given math").nth(2)).to_have_text("W1=23−1−1−31")


def test_progress_outlives_a_reload_and_can_be_thrown_away(practise: Any) -> None:
    box = answer(practise, "3.1.4", "[3, -2]")
    expect(box.locator(".feedback strong")).to_have_text("Right")
    expect(practise.get_by_text("1 of 26 right")).to_be_visible()
    practise.reload()
    tab(practise, "Practise")
    expect(practise.get_by_text("1 of 26 right")).to_be_visible()
    expect(box.locator("input")).to_have_value("[3, -2]")
    practise.get_by_role("button", name="Start again").click()
    expect(practise.get_by_text("0 of 26 right")).to_be_visible()


def test_other_numbers_make_old_answers_wrong(practise: Any) -> None:
    answer(practise, "3.1.4", "[3, -2]")
    expect(practise.get_by_text("1 of 26 right")).to_be_visible()
    practise.evaluate("Math.random = () => 0.25")  # one variant in a hundred has the old answer
    practise.get_by_role("button", name="Other numbers").click()
    expect(practise.get_by_text("0 of 26 right")).to_be_visible()
    expect(practise.locator(".given math").nth(2)).not_to_have_text("W1=23−1−1−31")
    expect(part(practise, "3.1.4").locator("input")).to_have_value("")
    box = answer(practise, "3.1.4", "[3, -2]")
    expect(box.locator(".feedback strong")).not_to_have_text("Right")
