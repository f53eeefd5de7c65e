"""The page holds: hostile worksheets run nothing, wide networks open, many edits leave nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.browser.pages import shown, tab, weight

from backhand.page import bodies
from backhand.page.networks import page_of

expect: Any = pytest.importorskip("playwright.sync_api").expect

HOSTILE = r"""# <img src=x onerror="window.harmed=1"> title

<script>window.harmed = 1</script>

[a link](javascript:window.harmed=1) and <a href="javascript:window.harmed=1">another</a>,
<iframe srcdoc="<script>parent.harmed=1</script>"></iframe> and ![p](https://example.org/p.png)

$$ x = 3 $$

$$ J = x^2 $$

1. What is $\href{javascript:window.harmed=1}{J}$ with <b onclick="window.harmed=1">bold</b>?
   % ask: value J
"""


def test_a_hostile_worksheet_is_text_and_runs_nothing(page: Any) -> None:
    tab(page, "Build")
    page.get_by_label("The worksheet in Markdown").fill(HOSTILE)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("h1")).to_contain_text("title")
    tab(page, "Practise")
    expect(page.locator(".question")).to_have_count(1)
    page.locator(".answering input").fill("<img src=x onerror=window.harmed=1>")
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".feedback")).to_be_visible()
    assert page.evaluate("window.harmed") is None
    risky = "#page :is(script, iframe, img, [onclick], [onerror], [href^='javascript:' i])"
    expect(page.locator(risky)).to_have_count(0)


GROWN = ("Nodes", "JSEventListeners", "JSHeapUsedSize")


def measured(page: Any, cdp: Any) -> dict[str, float]:
    page.locator("h1").click()
    for _ in range(2):
        cdp.send("HeapProfiler.collectGarbage")
    found = cdp.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found if each["name"] in GROWN}


EDIT = """async ([label, times]) => {
    const field = document.querySelector(`.values input[aria-label="${label}"]`);
    for (let n = 0; n < times; n++) {
        field.value = String((n % 50) / 10);
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        if (n % 20 === 0) await new Promise(requestAnimationFrame);
    }
}"""


def test_a_thousand_edits_leave_nothing_behind(visit: Callable[..., Any]) -> None:
    page = visit()
    weight(page, "W_1[1,2]").click()
    expect(page.locator(".answer")).to_contain_text("0.1321")
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    page.evaluate(EDIT, ["x[1]", 200])
    before = measured(page, cdp)
    page.evaluate(EDIT, ["x[1]", 1000])
    after = measured(page, cdp)
    assert after["Nodes"] <= before["Nodes"] + 20, (before, after)
    assert after["JSEventListeners"] <= before["JSEventListeners"] + 5
    assert after["JSHeapUsedSize"] <= before["JSHeapUsedSize"] + 400_000


def test_a_wide_network_opens_and_an_edit_repaints_it(page: Any) -> None:
    layers = [
        bodies.LayerSpec(64, ""),
        bodies.LayerSpec(32, "relu"),
        bodies.LayerSpec(10, "softmax"),
    ]
    tab(page, "Build")
    source = page.get_by_label("The worksheet in Markdown")
    source.fill(page_of(layers, "cross_entropy", 0))
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("h1")).to_contain_text("64")
    tab(page, "Network")
    expect(page.locator(".canvas .column")).not_to_have_count(0)
    loss = shown(page)["J"]
    expect(page.get_by_text("too many weights to write on the wires")).to_be_visible()
    expect(page.locator(".weight")).to_have_count(0)
    page.locator(".grip").first.dispatch_event("click")
    expect(page.locator(".weight.chosen input")).to_be_visible()
    page.locator(".unit.given input").first.fill("5")
    expect(page.locator(".values table[aria-label='J'] button")).not_to_have_text(loss[0])
