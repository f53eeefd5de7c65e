"""What the browser tests know of the page: its parts, its numbers, and what it must not do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SITE = ROOT / "web"
PATIENCE = 20_000
"""Milliseconds to wait for what should be there at once, on a machine that is busy with others."""
EXAMPLE = ROOT / "examples" / "two-neurons.md"


class Watched:
    """Keeps what a context complains of, and what it asks of anybody but its own server."""

    def __init__(self, context: Any, site: str) -> None:
        self.context = context
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.site = site
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._asked)

    def check(self) -> None:
        """Fail where something went wrong since the last look."""
        complaints, strangers = self.complaints[:], self.strangers[:]
        self.complaints.clear()
        self.strangers.clear()
        assert complaints == []
        assert strangers == []

    def _said(self, message: Any) -> None:
        # A refusal that the page shows in its own words is logged by the browser as well.
        if message.type in ("error", "warning") and "status of 422" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.site, "file:", "data:", "blob:")):
            self.strangers.append(request.url)


def watch(browser: Any, site: str, **options: Any) -> Watched:
    """A new context, watched."""
    context = browser.new_context(**{"reduced_motion": "reduce", **options})
    context.set_default_timeout(PATIENCE)
    return Watched(context, site)


def tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def read(page: Any, name: str) -> None:
    """Have the page read one of the examples."""
    tab(page, "Build")
    source = page.get_by_label("The worksheet in Markdown")
    source.fill((EXAMPLE.parent / f"{name}.md").read_text(encoding="utf-8"))
    page.keyboard.press("Control+Enter")
    page.locator(".source button:disabled").wait_for()


def weight(page: Any, name: str) -> Any:
    """The field of a weight in the drawing."""
    return page.locator(f'.weight input[aria-label="{name}"]')


def cell(page: Any, name: str) -> Any:
    """The field of a given number in the tables."""
    return page.locator(f'.values input[aria-label="{name}"]')


def shown(page: Any) -> Mapping[str, list[str]]:
    """Every number in the tables as it is written, by the name of its quantity."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.values table')].map((table) => [
            table.ariaLabel,
            [...table.querySelectorAll('input, button')].map((each) => each.value || each.textContent),
        ]))"""
    )


def written(text: str) -> float:
    """A number as the page writes it."""
    from_small = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
    return float(text.translate(from_small).replace("×10", "e"))
