"""The page as one file, opened from a disk with the network off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.pages import EXAMPLE, Watched, cell, shown, tab, watch, weight, written

from backhand.page.single import interactive

expect: Any = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example as `backhand solve --interactive` writes it."""
    path = tmp_path_factory.mktemp("single") / "page.html"
    path.write_text(interactive(EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def offline(browser: Any, file: Path) -> Iterator[Watched]:
    watched = watch(browser, file.as_uri(), offline=True)
    watched.context.new_page()
    yield watched
    watched.context.close()


@pytest.fixture
def alone(offline: Watched, file: Path) -> Iterator[Any]:
    """That file in a browser without a network."""
    (page,) = offline.context.pages
    page.goto(file.as_uri())
    page.locator(".steps li").first.wait_for()
    yield page
    offline.check()


def test_the_file_works_out_values_and_workings_in_both_layouts(alone: Any) -> None:
    weight(alone, "W_1[1,2]").click()
    expect(alone.locator(".answer")).to_contain_text("0.1321")
    expect(alone.locator(".factor")).to_have_text(["× 5", "× −2", "× −1.987"])
    cell(alone, "x[1]").fill("-2")
    expect(alone.locator(".values table[aria-label='a'] button").first).to_have_text("−9")
    alone.get_by_role("button", name="Backward").click()
    rows = alone.locator(".steps li").last.locator(".line").last.locator("mtr")
    expect(rows).to_have_count(3)
    alone.get_by_label("Layout").select_option("denominator")
    expect(rows).to_have_count(2)


def test_the_file_trains(alone: Any, keep: Callable[[Any, str], None]) -> None:
    tab(alone, "Train")
    expect(alone.locator(".boundary")).to_have_count(3)
    losses = alone.locator(".scores tbody tr td:nth-child(4)")
    before = [written(text) for text in losses.all_inner_texts()]
    for _ in range(10):
        alone.get_by_role("button", name="Step").click()
    alone.get_by_role("button", name="Run").click()
    expect(alone.locator("polyline.line-0")).to_have_attribute("points", re.compile(r"(\S+ ){12}"))
    alone.get_by_role("button", name="Pause").click()
    after = [written(text) for text in losses.all_inner_texts()]
    assert all(a < b for a, b in zip(after, before, strict=True))
    keep(alone, "single-train")


def test_the_file_judges_what_it_can_and_shows_workings(alone: Any) -> None:
    tab(alone, "Practise")
    box = alone.locator(".part", has=alone.locator('[id="answer-3.1.4"]'))
    for text, verdict in (
        ("[3, 2]", "Partly right (50 %)"),
        ("[3; -2; 0]", "Not right yet"),
        ("a = [3; -2]", "Right"),
    ):
        box.locator("input").fill(text)
        box.get_by_role("button", name="Check").click()
        expect(box.locator(".feedback strong")).to_have_text(verdict)
    box.get_by_role("button", name="Show the working").click()
    expect(box.locator(".key math").first).to_be_visible()
    box = alone.locator(".part", has=alone.locator('[id="answer-3.2.1"]'))
    box.locator("input").fill("dJ/dyhat * dyhat/db * db/dW_2[1,1]")
    box.get_by_role("button", name="Check").click()
    expect(box.locator(".feedback")).to_contain_text("compare it with the working")
    tab(alone, "Build")
    expect(alone.get_by_text("Building needs")).to_be_visible()
    tab(alone, "Network")
    assert shown(alone)["ŷ"] == ["0.006693"]
