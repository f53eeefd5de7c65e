"""The widget in a browser, with the real one in Python behind it: edits reach Python and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("anywidget")
import comm
from tests.browser.notebook import Line, opened, settled
from tests.browser.pages import PATIENCE, cell, tab, weight, written

from backhand.page.sheets import example
from backhand.page.widget import NetworkWidget
from backhand.reading.document import worksheet

expect: Any = pytest.importorskip("playwright.sync_api").expect

ROOT = "document.querySelector('div > div').shadowRoot"
STEPS_TAKEN = 40
STEPS = f"{ROOT}.querySelectorAll('.steps > li').length > 0"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    context.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    context.on(
        "console", lambda said: complaints.append(said.text) if said.type == "error" else None
    )
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context.new_page()
    context.close()
    assert complaints == []


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> NetworkWidget:
    monkeypatch.setattr(comm, "create_comm", Line)
    return worksheet(example()).widget()


@pytest.fixture
def line(page: Any, widget: NetworkWidget) -> Line:
    found = opened(page, widget)
    settled(found, STEPS)
    return found


def until(line: Line, holds: Callable[[], bool]) -> None:
    """Carry messages until something holds in Python."""
    for _ in range(100):
        settled(line, "true")
        if holds():
            return
        line.page.wait_for_timeout(20)
    raise AssertionError("Python never heard of it")


def test_a_weight_is_chosen_and_its_derivative_worked_out(
    line: Line, page: Any, widget: NetworkWidget, keep: Any
) -> None:
    weight(page, "W_1[1,2]").click()
    until(line, lambda: widget.selected == "W_1[1,2]")
    settled(line, f"{ROOT}.querySelector('.wire.lit') !== null")
    slope = worksheet(example()).graph.derivative("J", "W_1[1,2]").value
    said = page.locator(".answer").inner_text().rpartition("=")[2]
    assert written(said.strip("() \n")) == pytest.approx(slope, rel=1e-3)
    keep(page, "widget")


def test_an_edit_reaches_python_and_a_number_of_python_the_page(
    line: Line, page: Any, widget: NetworkWidget
) -> None:
    weight(page, "W_1[1,2]").fill("4")
    until(line, lambda: widget.values["W_1"][0][2] == 4)
    assert widget.graph["W_1"].value[0, 2] == 4
    page.keyboard.press("Enter")
    widget.values = {"W_2": [[0.5, 0, 3]]}
    settled(line, f"""{ROOT}.querySelector('.weight input[aria-label="W_2[1,2]"]').value === '3'""")
    expect(cell(page, "W_1[1,2]")).to_have_value("4")
    loss = widget.graph.forward().value
    assert written(page.get_by_label("J = ").inner_text()) == pytest.approx(loss, rel=1e-3)


def test_python_chooses_the_entry_and_the_layout(
    line: Line, page: Any, widget: NetworkWidget
) -> None:
    widget.selected = "W_2[1,0]"
    widget.layout_name = "denominator"
    settled(
        line,
        f"{ROOT}.querySelector('.wire.lit') !== null",
    )
    expect(page.get_by_label("Layout")).to_have_value("denominator")
    page.get_by_role("button", name="Backward").click()
    until(line, lambda: widget.selected is None)


def test_trained_weights_reach_python(
    line: Line, page: Any, widget: NetworkWidget, keep: Any
) -> None:
    before = widget.values["W_2"]
    tab(page, "Train")
    settled(line, f"{ROOT}.querySelector('.boundary canvas') !== null")
    keep(page, "widget-train")
    step = page.get_by_role("button", name="Step")
    step.evaluate("(button, count) => { while (count--) button.click(); }", STEPS_TAKEN)
    tab(page, "Network")
    names = [f"W_2[1,{k}]" for k in range(3)]
    shown = [written(cell(page, name).input_value()) for name in names]
    assert max(abs(a - b) for a, b in zip(shown, before[0], strict=True)) > 0.05
    until(line, lambda: widget.values["W_2"][0] == pytest.approx(shown, rel=1e-3))
    assert widget.graph["W_2"].value.ravel() == pytest.approx(shown, rel=1e-3)


def test_another_worksheet_from_either_side(line: Line, page: Any, widget: NetworkWidget) -> None:
    widget.text = "x = 3; w = 2; J = (w x - 5)^2"
    settled(line, f"""{ROOT}.querySelector('.values input[aria-label="w"]')?.value === '2'""")
    tab(page, "Build")
    page.get_by_label("The worksheet in Markdown").fill("x = 4; w = 7; J = (w x - 5)^2")
    page.get_by_role("button", name="Read").click()
    until(line, lambda: widget.values == {"x": 4, "w": 7})
    assert "x = 4" in widget.text


def test_its_keys_are_not_the_notebooks(line: Line, page: Any) -> None:
    number = cell(page, "x[1]")
    number.click()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(number).to_have_value("3")
    assert page.evaluate("window.keys") == []


def test_light_or_dark_as_the_notebook_is(line: Line, page: Any) -> None:
    paper = f"getComputedStyle({ROOT}.querySelector('.app')).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(paper)
    for attribute, dark in (
        ("data-jp-theme-light", "false"),
        ("data-vscode-theme-kind", "vscode-dark"),
        ("class", "dark"),
    ):
        page.evaluate(
            "([name, value]) => document.body.setAttribute(name, value)", [attribute, dark]
        )
        settled(line, f"{paper} !== '{light}'")
        page.evaluate("(name) => document.body.removeAttribute(name)", attribute)
        settled(line, f"{paper} === '{light}'")


def test_two_views_show_the_same_and_a_closed_one_hears_nothing(
    line: Line, page: Any, widget: NetworkWidget
) -> None:
    one = page.evaluate("window.listening()")
    page.evaluate("() => { window.close_second = window.view(); }")
    fields = page.locator('.weight input[aria-label="W_1[1,2]"]')
    settled(line, "document.querySelectorAll('body > div').length === 2")
    for _ in range(100):
        settled(line, "true")
        if fields.count() == 2:
            break
        page.wait_for_timeout(20)
    fields.first.fill("6")
    until(line, lambda: widget.values["W_1"][0][2] == 6)
    expect(fields.nth(1)).to_have_value("6")
    page.evaluate("window.close_second()")
    assert page.evaluate("window.listening()") == one
    page.evaluate("window.close_first()")
    assert page.evaluate("window.listening()") == 0


def test_a_number_that_is_reached_by_tab_is_written_over(
    line: Line, page: Any, widget: NetworkWidget
) -> None:
    widget.values = {"x": [2, 0.123456789]}
    settled(
        line, f"""{ROOT}.querySelector('.values input[aria-label="x[2]"]').value === '0.1235'"""
    )
    cell(page, "x[1]").click()
    page.keyboard.press("Tab")
    page.keyboard.type("7")
    until(line, lambda: widget.values["x"][1] == 7)
