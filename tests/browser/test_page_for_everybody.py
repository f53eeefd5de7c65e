"""The page for everybody: keyboard, screen reader, small and large screens, dark and light."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.browser.pages import shown, tab

expect: Any = pytest.importorskip("playwright.sync_api").expect
TABS = ("Network", "Train", "Practise", "Build")
READY = {
    "Network": ".steps li",
    "Train": ".boundary canvas",
    "Practise": ".question",
    "Build": ".layers li select option",
}
VIOLATIONS = """async () => (await axe.run()).violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(' | ')}`
)"""
SCREENS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1360, "height": 860}},
    "dark": {"viewport": {"width": 1360, "height": 860}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    "projector": {"viewport": {"width": 1920, "height": 1080}},
}


@pytest.mark.parametrize("screen", SCREENS)
def test_every_tab_bars_nobody_and_fits(
    screen: str, visit: Callable[..., Any], axe: str, keep: Callable[[Any, str], None]
) -> None:
    page = visit(**SCREENS[screen])
    page.evaluate(axe)
    for name in TABS:
        tab(page, name)
        page.locator(READY[name]).first.wait_for(state="attached")
        assert page.evaluate(VIOLATIONS) == [], name
        wide, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= room, name
        keep(page, f"{screen}-{name.lower()}")


def test_the_keyboard_alone_reaches_a_weight_edits_it_and_steps(page: Any) -> None:
    expect(page.locator(".steps li").first).to_be_visible()
    page.get_by_role("tab", name="Network").focus()
    press = page.keyboard.press
    press("ArrowRight")
    expect(page.get_by_role("tab", name="Train")).to_be_focused()
    press("ArrowLeft")
    expect(page.get_by_role("tab", name="Network")).to_be_focused()
    focused = "document.activeElement.getAttribute('aria-label')"
    for _ in range(20):
        press("Tab")
        if page.evaluate(focused) == "W_1[1,2]":
            break
    expect(page.locator('.weight input[aria-label="W_1[1,2]"]')).to_be_focused()
    expect(page.locator(".answer")).to_contain_text("0.1321")
    press("ArrowUp")
    assert shown(page)["W₁"][2] == "0"
    press("Shift+ArrowDown")
    assert shown(page)["W₁"][2] == "−0.1"
    for _ in range(60):
        press("Tab")
        if "Next" in page.evaluate("document.activeElement.textContent"):
            break
    press("Enter")
    press("ArrowRight")
    expect(page.locator(".steps li").nth(1)).to_have_attribute("aria-current", "step")


def test_motion_is_spared_where_people_ask_for_it(visit: Callable[..., Any]) -> None:
    lasts = "getComputedStyle(document.querySelector('.wire')).transitionDuration"
    still, moving = visit(), visit(reduced_motion="no-preference")
    assert still.evaluate(lasts) == "0s"
    assert moving.evaluate(lasts) != "0s"
