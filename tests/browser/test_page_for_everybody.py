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
VIOLATIONS = """async (rules) => (await axe.run(rules)).violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(' | ')}`
)"""
EVERY_RULE: dict[str, Any] = {}
COLOURS = {"runOnly": ["color-contrast"]}
"""All that the dark changes."""
SCREENS: dict[str, tuple[int, int, str, dict[str, Any] | None]] = {
    "light": (1360, 860, "light", EVERY_RULE),
    "dark": (1360, 860, "dark", COLOURS),
    "phone-dark": (390, 844, "dark", None),
    "phone": (390, 844, "light", EVERY_RULE),
    "tablet": (800, 1100, "light", None),
    "projector": (1920, 1080, "light", None),
}
"""Width, height, colours, and what is asked of axe there: the same elements are judged once."""


@pytest.mark.parametrize("name", TABS)
def test_every_tab_bars_nobody_and_fits_every_screen(
    name: str, page: Any, axe: str, keep: Callable[[Any, str], None]
) -> None:
    page.evaluate(axe)
    tab(page, name)
    page.locator(READY[name]).first.wait_for(state="attached")
    for screen, (width, height, colours, rules) in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=colours)
        if rules is not None:
            assert page.evaluate(VIOLATIONS, rules) == [], screen
        wide, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= room, screen
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


def test_motion_is_spared_where_people_ask_for_it(page: Any) -> None:
    lasts = "getComputedStyle(document.querySelector('.wire')).transitionDuration"
    assert page.evaluate(lasts) == "0s"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(lasts) != "0s"
