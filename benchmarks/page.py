"""The page in headless Chromium: first paint, an edit until it is seen, training, sizes.

`python -m benchmarks page` needs Playwright for Python and a `chromium` on the path.
"""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from statistics import median, quantiles
from typing import Any

EDITS = 200
TRAINING_SECONDS = 3.0
FLAGS = ["--no-sandbox", "--disable-quic"]
WIDE = "64 -> 32 relu -> 10 softmax"
EDIT = """async ([label, count]) => {
  const field = [...document.querySelectorAll("input.number")].find((f) => f.ariaLabel === label);
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const frame = () => new Promise(requestAnimationFrame);
  const took = [];
  for (let n = 0; n < count; n++) {
    await frame();
    const start = performance.now();
    set.call(field, String((n % 7) - 3));
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await frame();
    await new Promise((done) => setTimeout(done));
    took.push(performance.now() - start);
  }
  return took;
}"""
"""Until the frame with the new numbers has been handed over to be painted."""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def run() -> None:
    """Print the table."""
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("this table needs Playwright: pip install playwright") from None
    if chromium is None:
        raise SystemExit("this table needs Chromium on the path")
    command = [sys.executable, "-m", "backhand", "serve", "--port", "0", "--no-browser"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            found = re.search(r"http://\S+/", server.stderr.readline())
            assert found is not None
            _served(browser, found[0])
        finally:
            server.terminate()
            server.communicate(timeout=20)
        _alone(browser, Path(folder))
        browser.close()
    _sizes()


def _served(browser: Any, address: str) -> None:
    page = browser.new_page(viewport={"width": 1360, "height": 860})
    page.goto(address)
    page.get_by_label("W_1[1,2]").first.wait_for()
    page.reload()
    page.get_by_label("W_1[1,2]").first.wait_for()
    print(f"{'first paint, ms':<44}{_first_paint(page):>8.0f}")
    _edits(page, "x₁", "an edit until it is painted, 2-2-1, ms")
    page.get_by_role("tab", name="Train").click()
    page.locator("button.main:not([disabled])").click()
    page.wait_for_timeout(1000 * TRAINING_SECONDS)
    speed = page.get_by_text("steps a second").inner_text()
    print(f"{'training 2-2-1 and the models beside it':<44}{speed:>8}")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("tab", name="Build").click()
    text = _wide_page()
    page.get_by_label("The worksheet in Markdown").fill(text)
    page.get_by_role("button", name="Read it").click()
    page.get_by_role("tab", name="Network").click()
    page.get_by_label("x[1]").first.wait_for(state="attached")
    page.locator("details summary").first.click()
    _edits(page, "x[1]", "an edit until it is painted, 64-32-10, ms")
    page.close()


def _first_paint(page: Any) -> float:
    """Milliseconds until it; waited for here, as the page's policy lets no text become a condition."""
    while (found := page.evaluate(PAINT)) is None:
        page.wait_for_timeout(10)
    return found


def _wide_page() -> str:
    from backhand.page.bodies import LayerSpec
    from backhand.page.networks import page_of

    width, *layers = (part.split() for part in WIDE.split(" -> "))
    made = [LayerSpec(int(size), activation) for size, activation in layers]
    return page_of((LayerSpec(int(width[0]), ""), *made), "cross_entropy", 0)


def _edits(page: Any, label: str, title: str) -> None:
    took = page.evaluate(EDIT, [label, EDITS])
    print(f"{title:<44}{median(took):>8.1f}   95 % {quantiles(took, n=20)[-1]:.1f}")


def _alone(browser: Any, folder: Path) -> None:
    from backhand.page.sheets import example
    from backhand.page.single import interactive

    file = folder / "page.html"
    text = interactive(example())
    file.write_text(text, encoding="utf-8")
    page = browser.new_context(offline=True).new_page()
    page.goto(file.as_uri())
    page.get_by_label("W_1[1,2]").first.wait_for()
    print(f"{'first paint of the single file, ms':<44}{_first_paint(page):>8.0f}")
    packed = len(gzip.compress(text.encode()))
    print(f"{'the single file, kB, compressed':<44}{len(text) / 1e3:>8.0f}{packed / 1e3:>8.0f}")


def _sizes() -> None:
    whole = {
        item.name: item.read_bytes()
        for item in files("backhand.page").joinpath("static").iterdir()
        if item.name != "widget.js"
    }
    packed = sum(len(gzip.compress(each)) for each in whole.values())
    size = sum(map(len, whole.values()))
    print(f"{'script, style and page, kB, compressed':<44}{size / 1e3:>8.0f}{packed / 1e3:>8.0f}")
