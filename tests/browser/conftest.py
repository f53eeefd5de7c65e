"""One server, one browser and one open page for all tests of the page; it is loaded anew for each."""

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
from tests.browser.pages import EXAMPLE, PATIENCE, SITE, Watched, watch

EXTRAS = ("playwright.sync_api", "starlette", "uvicorn")
FLAGS = ["--no-sandbox", "--disable-quic", "--js-flags=--expose-gc"]


@pytest.fixture(scope="package")
def server() -> Iterator[subprocess.Popen[str]]:
    """A server of the worked example in a process of its own: it starts while the browser does."""
    for extra in EXTRAS:
        pytest.importorskip(extra)
    command = [sys.executable, "-m", "backhand", "serve", EXAMPLE, "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield server
    finally:
        server.terminate()
        server.communicate(timeout=20)


@pytest.fixture(scope="package")
def site(server: subprocess.Popen[str], browser: Any) -> str:
    """The address of that server."""
    assert server.stderr is not None
    found = re.search(r"http://\S+/", server.stderr.readline())
    assert found, "the server doesn't say where it is"
    return found[0]


@pytest.fixture(scope="package")
def browser(server: subprocess.Popen[str]) -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium on the path")
    api = pytest.importorskip("playwright.sync_api")
    api.expect.set_options(timeout=PATIENCE)
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def visit(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Opens an address in a fresh context; afterwards nothing may have gone wrong in any of them."""
    opened: list[Watched] = []

    def visit(address: str = "", **options: Any) -> Any:
        watched = watch(browser, site, **options)
        opened.append(watched)
        page = watched.context.new_page()
        page.goto(address if "://" in address else site + address)
        page.locator("main h2").first.wait_for(state="attached")
        return page

    yield visit
    for watched in opened:
        watched.context.close()
        watched.check()


@pytest.fixture(scope="package")
def desk(browser: Any, site: str) -> Iterator[Watched]:
    """The context whose one page most tests share: opening one takes longer than most of them."""
    watched = watch(browser, site)
    watched.context.new_page()
    yield watched
    watched.context.close()


@pytest.fixture
def page(desk: Watched, site: str) -> Iterator[Any]:
    """The worked example as it opens, at a desk, with nothing kept from before."""
    (page,) = desk.context.pages
    page.set_viewport_size({"width": 1360, "height": 860})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(site)
    if page.evaluate("localStorage.length"):
        page.evaluate("localStorage.clear()")
        page.goto(site)
    page.locator("main h2").first.wait_for(state="attached")
    yield page
    desk.check()


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
