"""Build and share: layers at a click, equations with errors in their place, links and files."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browser.pages import cell, read, tab, weight

expect: Any = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture
def build(page: Any) -> Any:
    tab(page, "Build")
    expect(page.locator(".layers li")).to_have_count(3)
    expect(page.get_by_label("Loss").locator("option")).not_to_have_count(0)
    return page


def test_layers_come_and_go_with_their_activations_and_loss(
    build: Any, keep: Callable[[Any, str], None]
) -> None:
    page = build
    source = page.get_by_label("The worksheet in Markdown")
    warning = page.get_by_text("A change here writes a new worksheet")
    expect(warning).to_be_visible()
    page.get_by_role("button", name="Add a layer").click()
    expect(warning).to_have_count(0)
    expect(page.locator(".layers li")).to_have_count(4)
    expect(page.locator(".canvas .column")).to_have_count(5)
    page.locator(".layers li").nth(2).locator("select").select_option("tanh")
    expect(source).to_have_value(re.compile("tanh"))
    page.get_by_label("Loss").select_option("binary_cross_entropy")
    expect(source).to_have_value(re.compile("binary_cross_entropy"))
    keep(page, "build")
    page.get_by_role("button", name="Remove: Hidden layer 2").click()
    expect(page.locator(".canvas .column")).to_have_count(4)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".canvas .column")).to_have_count(5)


def test_equations_can_be_rewritten(build: Any) -> None:
    source = build.get_by_label("The worksheet in Markdown")
    source.fill("# A square\n\n$$ x = 3 $$\n\n$$ J = x^2 $$\n")
    build.keyboard.press("Control+Enter")
    expect(build.locator("h1")).to_have_text("A square")
    tab(build, "Network")
    expect(cell(build, "x")).to_have_value("3")
    expect(build.locator(".values button.entry").last).to_have_text("9")


def test_a_worksheet_without_numbers_shows_its_formulas(build: Any) -> None:
    read(build, "chain-rule")
    tab(build, "Network")
    build.locator(".unit.given input").click()
    expect(build.locator(".working .hint")).to_have_text("Give x a number, and numbers are put in.")
    expect(build.locator(".steps > li")).to_have_count(6)
    expect(build.get_by_role("alert")).to_have_count(0)
    build.locator(".unit.given input").fill("1")
    expect(build.locator(".answer")).to_contain_text("−1.143")


def test_the_loss_is_the_worksheets_own(build: Any) -> None:
    expect(build.get_by_label("Loss")).to_have_value("squared_error")
    read(build, "softmax-classifier")
    expect(build.get_by_label("Loss")).to_have_value("cross_entropy")


def test_an_error_says_where_and_puts_the_cursor_there(build: Any) -> None:
    source = build.get_by_label("The worksheet in Markdown")
    source.fill("# Broken\n\n$$ x = 3 $$\n\n$$\nJ = x + q\n$$\n")
    build.get_by_role("button", name="Read it").click()
    alert = build.get_by_role("alert")
    expect(alert).to_contain_text("Line 6, column 9: ")
    expect(source).to_be_focused()
    chosen = source.evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert chosen == "q"
    build.get_by_role("button", name="Close this message").click()
    expect(alert).to_have_count(0)


def held(url: str) -> dict[str, Any]:
    """What a link holds: JSON, deflated, in base 64."""
    letters = url.partition("#")[2]
    if not letters:
        return {}
    packed = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
    return json.loads(zlib.decompress(packed, wbits=-15))


def test_a_link_brings_everything_back_elsewhere(page: Any, visit: Callable[..., Any]) -> None:
    cell(page, "x[1]").fill("-2")
    page.get_by_label("Layout").select_option("denominator")
    weight(page, "W_1[2,2]").click()
    tab(page, "Build")
    tab(page, "Network")
    page.wait_for_url(lambda url: held(url).get("topic") == {"kind": "entry", "spot": ["W_1", 5]})
    assert held(page.url)["values"]["x"] == [-2, 5]
    other = visit(page.url)
    expect(cell(other, "x[1]")).to_have_value("−2")
    expect(other.locator(".weight.chosen input")).to_have_attribute("aria-label", "W_1[2,2]")
    expect(other.get_by_label("Layout")).to_have_value("denominator")
    expect(other.get_by_role("tab", name="Network")).to_have_attribute("aria-selected", "true")
    expect(other.locator(".answer")).to_have_text(page.locator(".answer").text_content())


def test_a_broken_link_opens_the_worksheet_itself(visit: Callable[..., Any]) -> None:
    page = visit("#not-a-link")
    expect(cell(page, "x[1]")).to_have_value("2")


FILES = {
    "Worksheet (Markdown)": (".md", b"# Two neurons"),
    "Key as a page (HTML)": (".html", b"<!doctype html>"),
    "Key on paper (PDF)": (".pdf", b"%PDF-"),
    "Drawing (SVG)": (".svg", b"<svg"),
    "Drawing (PNG)": (".png", b"\x89PNG\r\n\x1a\n"),
    "Program (Python)": (".py", b""),
}


def test_every_format_is_saved_as_what_it_is(page: Any, tmp_path: Path) -> None:
    cell(page, "x[1]").fill("7")
    page.locator("summary", has_text="Share").click()
    for title, (suffix, start) in FILES.items():
        with page.expect_download() as saving:
            page.get_by_role("button", name=title).click()
        saved = tmp_path / saving.value.suggested_filename
        saving.value.save_as(saved)
        content = saved.read_bytes()
        assert saved.suffix == suffix
        assert content.lower().startswith(start.lower()), title
        assert len(content) > 300
        if suffix == ".md":
            assert b"7" in content.split(b"y = 1")[0]
        if suffix == ".py":
            compile(content, saved.name, "exec")
