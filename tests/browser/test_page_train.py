"""Train: steps, runs, resets, data of one's own, and the models beside the network."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.browser.pages import EXAMPLE, cell, read, shown, tab, weight, written

from backhand.page.sheets import sheet_of
from backhand.values import floats

expect: Any = pytest.importorskip("playwright.sync_api").expect
RATE = 0.5
PAINTED = """(canvas) => new Set(
    new Uint32Array(canvas.getContext('2d').getImageData(0, 0, 256, 256).data.buffer)
).size"""


def use(page: Any, text: str, name: str = "own.csv") -> None:
    file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    page.get_by_label("A table of your own").set_input_files([file])


def score(page: Any, model: str, column: int) -> float:
    row = page.locator(".scores tr", has_text=model)
    return written(row.locator("td").nth(column).inner_text().replace(",", ""))


def steps(page: Any, model: str = "Network") -> Any:
    return page.locator(".scores tr", has_text=model).locator("td").nth(1)


@pytest.fixture
def training(page: Any) -> Any:
    tab(page, "Train")
    expect(page.locator(".boundary")).to_have_count(3)
    return page


def test_three_models_run_on_moons_and_their_losses_fall(
    training: Any, keep: Callable[[Any, str], None]
) -> None:
    page = training
    models = ("Network", "Logistic regression", "Linear regression")
    before = {model: score(page, model, 2) for model in models}
    pictures = [canvas.evaluate(PAINTED) for canvas in page.locator("canvas").all()]
    assert min(pictures) > 3
    blank = page.locator("canvas").nth(1).evaluate("(canvas) => canvas.toDataURL()")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("steps a second")).to_be_visible()
    expect(page.locator("polyline.line-0")).to_have_attribute("points", re.compile(r"(\S+ ){5}"))
    page.get_by_role("button", name="Pause").click()
    taken = steps(page).inner_text()
    assert all(score(page, model, 2) < before[model] for model in models), before
    assert page.locator("canvas").nth(1).evaluate("(canvas) => canvas.toDataURL()") != blank
    expect(steps(page, "Linear")).to_have_text(taken)
    keep(page, "train")


def test_a_step_changes_the_weights_and_a_reset_brings_them_back(training: Any) -> None:
    page = training
    field = weight(page, "W_2[1,1]")
    page.get_by_label("Learning rate", exact=True).fill("0.5")
    page.get_by_label("Batch").select_option("32")
    for taken in (1, 2, 3):
        page.get_by_role("button", name="Step").click()
        expect(steps(page)).to_have_text(str(taken))
    expect(field).not_to_have_value("−2")
    page.get_by_role("button", name="Reset").click()
    expect(field).to_have_value("−2")
    expect(steps(page)).to_have_text("0")


def test_steps_on_one_point_are_those_of_backhand(training: Any) -> None:
    page = training
    use(page, "x1,x2,y\n2,5,1\n")
    expect(page.get_by_text("1 point", exact=True)).to_be_visible()
    page.get_by_label("Learning rate", exact=True).fill(str(RATE))
    graph = sheet_of(EXAMPLE.read_text(encoding="utf-8")).worksheet.graph
    for taken in range(1, 21):
        page.get_by_role("button", name="Step").click()
        expect(steps(page)).to_have_text(str(taken))
        graph = graph.with_values(**dict(after(graph).items()))
    tab(page, "Network")
    numbers = shown(page)
    for text, name in (("W₁", "W_1"), ("W₂", "W_2")):
        right = floats(graph[name].value).ravel()
        for number, value in zip(numbers[text], right, strict=True):
            assert math.isclose(written(number), value, rel_tol=5.1e-4, abs_tol=1e-9)


def test_a_step_on_the_worksheets_point_is_its_update(training: Any) -> None:
    page = training
    page.get_by_label("Data").select_option("the worksheet's own")
    expect(page.get_by_text("1 point", exact=True)).to_be_visible()
    page.get_by_label("Learning rate", exact=True).fill("2")
    page.get_by_role("button", name="Step").click()
    graph = sheet_of(EXAMPLE.read_text(encoding="utf-8")).worksheet.graph
    slope = float(graph.derivative("J", "W_1[1,2]").value)
    expect(steps(page)).to_have_text("1")
    new = written(weight(page, "W_1[1,2]").input_value())
    assert math.isclose(new, -1 - 2 * slope, rel_tol=5e-4)


def test_only_data_that_fits_is_offered(page: Any) -> None:
    read(page, "three-layers")
    tab(page, "Train")
    expect(page.get_by_label("Data")).to_have_value("moons")
    expect(page.locator("option", has_text="iris")).to_have_attribute("disabled", "")
    read(page, "linear-regression")
    tab(page, "Train")
    expect(page.get_by_text("3 points")).to_be_visible()
    expect(page.locator(".boundary")).to_have_count(2)


def after(graph: Any) -> dict[str, Any]:
    """The parameters after one step of gradient descent by Backhand's own derivatives."""
    gradients = {q.name: floats(graph.gradient(q.name).value) for q in graph.parameters}
    return {n: floats(graph[n].value) - RATE * gradient for n, gradient in gradients.items()}


def test_a_table_that_cannot_be_read_says_where(training: Any) -> None:
    page = training
    use(page, "x1,x2,y\n1,2,0\n3,what,1\n")
    expect(page.get_by_role("alert")).to_contain_text("Line 3, column 2: what is no number")
    use(page, "x1,x2,x3,y\n1,2,3,0\n3,4,5,1\n")
    expect(page.get_by_role("alert")).to_contain_text("the network takes 2 numbers")
    use(page, "a;b;kind\n1;2;no\n3;4;yes\n0,5;1;no\n", "kinds.csv")
    expect(page.get_by_label("Data")).to_have_value("kinds.csv")
    expect(page.get_by_text("3 points")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_another_data_set_starts_anew(training: Any) -> None:
    page = training
    page.get_by_role("button", name="Step").click()
    expect(steps(page)).to_have_text("1")
    page.get_by_label("Data").select_option("circles")
    expect(steps(page)).to_have_text("0")
    expect(page.get_by_label("Data")).to_have_value("circles")


def test_a_rate_that_is_too_high_is_said_and_stops(training: Any) -> None:
    page = training
    page.get_by_label("Learning rate", exact=True).fill("1e200")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text("try a learning rate below")
    expect(page.get_by_role("button", name="Run")).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    tab(page, "Network")
    expect(cell(page, "W_2[1,1]")).to_have_value("−2")
