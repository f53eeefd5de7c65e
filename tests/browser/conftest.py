"""One server and one browser for all tests of the page, and a fresh context for each of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.pages import EXAMPLE, SITE, Watched

EXTRAS = ("playwright.sync_api", "starlette", "uvicorn")
FLAGS = ["--no-sandbox", "--disable-quic", "--js-flags=--expose-gc"]


@pytest.fixture(scope="package")
def site() -> Iterator[str]:
    """The address of a server of the worked example, in a process of its own."""
    for extra in EXTRAS:
        pytest.importorskip(extra)
    command = [sys.executable, "-m", "backhand", "serve", EXAMPLE, "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        found = re.search(r"http://\S+/", server.stderr.readline())
        assert found, "the server doesn't say where it is"
        yield found[0]
    finally:
        server.terminate()
        server.communicate(timeout=20)


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium on the path")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def visit(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Opens an address in a fresh context; afterwards nothing may have gone wrong in any of them."""
    opened: list[Watched] = []

    def visit(address: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"reduced_motion": "reduce", **options})
        context.set_default_timeout(8_000)
        watched = Watched(context, site)
        opened.append(watched)
        page = context.new_page()
        page.goto(address if "://" in address else site + address)
        page.locator("main h2").first.wait_for(state="attached")
        return page

    yield visit
    for watched in opened:
        watched.context.close()
    for watched in opened:
        assert watched.complaints == []
        assert watched.strangers == []


@pytest.fixture
def page(visit: Callable[..., Any]) -> Any:
    """The worked example as it opens, at a desk."""
    return visit(viewport={"width": 1360, "height": 860})


@pytest.fixture
def keep() -> Callable[[Any, str], None]:
    """Keeps a screenshot in the folder that BACKHAND_SCREENSHOTS names, if it names one."""
    folder = os.environ.get("BACKHAND_SCREENSHOTS")

    def keep(page: Any, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return keep


@pytest.fixture
def axe() -> str:
    """The source of axe, which finds what bars people from a page."""
    found = SITE / "node_modules" / "axe-core" / "axe.min.js"
    if not found.is_file():
        pytest.skip("needs axe: `npm ci` in web/")
    return found.read_text(encoding="utf-8")
