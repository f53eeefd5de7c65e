"""Network and working: what is chosen, what is lit, what follows an edit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.browser.pages import EXAMPLE, Watched, cell, shown, weight, written

from backhand.calculus.forward import trace
from backhand.page.sheets import sheet_of
from backhand.values import floats

expect: Any = pytest.importorskip("playwright.sync_api").expect


def test_choosing_a_weight_shows_its_derivative_and_lights_its_path_alone(
    page: Any, keep: Callable[[Any, str], None]
) -> None:
    weight(page, "W_1[1,2]").click()
    expect(page.locator(".answer")).to_contain_text("0.1321")
    expect(page.locator(".factor")).to_have_text(["× 5", "× −2", "× −1.987"])
    expect(page.locator("line.lit")).to_have_count(3)
    expect(page.locator(".unit.lit .value")).to_have_text(["3", "0.006693", "0.9867"])
    expect(page.locator(".unit.lit .slope")).to_have_text(["× 1", "× 0.006648"])
    z_2 = page.locator("button.unit", has=page.locator('.value:text-is("0")'))
    expect(z_2).to_have_class("unit dim")
    keep(page, "network")


def test_the_layout_turns_a_matrix_of_derivatives(page: Any) -> None:
    page.get_by_role("button", name="Backward").click()
    gradient = page.locator(".steps li").last.locator(".line").last
    rows = gradient.locator("mtr")
    expect(rows).to_have_count(3)
    page.get_by_label("Layout").select_option("denominator")
    expect(rows).to_have_count(2)


def test_both_passes_go_step_by_step_with_buttons_and_arrows(page: Any) -> None:
    for way in ("Forward", "Backward"):
        page.get_by_role("button", name=way).click()
        expect(page.get_by_role("button", name=way)).to_have_attribute("aria-pressed", "true")
        steps = page.locator(".steps li")
        expect(page.locator(".stepper [role=status]")).to_have_text(re.compile(r"^\d+ steps$"))
        page.get_by_role("button", name="Next").click()
        expect(steps.nth(0)).to_have_attribute("aria-current", "step")
        page.keyboard.press("ArrowRight")
        expect(steps.nth(1)).to_have_attribute("aria-current", "step")
        expect(page.locator(".steps [aria-current]")).to_have_count(1)
        page.keyboard.press("ArrowLeft")
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Previous").click()
        expect(steps.nth(0)).to_have_attribute("aria-current", "step")
        expect(page.locator(".unit.current, .unit.given")).not_to_have_count(0)


def expected(x: list[float]) -> Mapping[str, list[float]]:
    graph = sheet_of(EXAMPLE.read_text(encoding="utf-8")).worksheet.graph
    found = trace(graph.with_values(x=x))
    return {name: floats(value).ravel().tolist() for name, value in found.items()}


NAMES = {"ŷ": "yhat", "W₁": "W_1", "W₂": "W_2", "ℓ": "ell"}


def test_another_input_changes_every_other_number_rightly(page: Any) -> None:
    cell(page, "x[1]").fill("-2")
    cell(page, "x[2]").fill("5")
    page.locator("h1").click()
    right = expected([-2, 5])
    numbers = shown(page)
    assert {"a", "z", "b", "ŷ", "J"} <= set(numbers)
    for name, texts in numbers.items():
        values = right[NAMES.get(name, name)]
        for text, value in zip(texts, values, strict=True):
            assert math.isclose(written(text), value, rel_tol=5.1e-4, abs_tol=1e-12), name


@pytest.mark.parametrize("half", ["", "-", "1/", "1e", "two"])
def test_half_a_number_is_marked_and_changes_nothing(page: Any, half: str) -> None:
    field = cell(page, "x[1]")
    expect(page.locator(".steps li").first).to_be_visible()
    before = shown(page)
    field.fill(half)
    expect(field).to_have_attribute("aria-invalid", "true")
    assert {**shown(page), "x": before["x"]} == before
    field.blur()
    expect(field).to_have_value("2")
    expect(field).to_have_attribute("aria-invalid", "false")
    assert shown(page) == before


def test_numbers_follow_where_the_server_is_gone(page: Any, desk: Watched) -> None:
    page.route("**/api/working", lambda route: route.abort())
    cell(page, "x[1]").fill("-2")
    expect(page.locator(".working .hint")).to_contain_text("the server doesn't answer")
    expect(page.locator(".values table[aria-label='a'] button").first).to_have_text("−9")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.unroute("**/api/working")
    assert all("ERR_FAILED" in each for each in desk.complaints)
    desk.complaints.clear()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".answer")).to_contain_text("∂x")


def test_the_working_follows_an_edit_without_the_server(page: Any) -> None:
    weight(page, "W_1[1,2]").click()
    expect(page.locator(".answer")).to_contain_text("0.1321")
    asked: list[str] = []

    def hear(request: Any) -> None:
        asked.append(request.url)

    page.on("request", hear)
    page.keyboard.press("ArrowUp")
    expect(page.locator(".answer")).not_to_contain_text("0.1321")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".answer")).to_contain_text("0.1321")
    page.remove_listener("request", hear)
    assert asked == []
