"""The worksheets in `examples/` with their keys, and the table of functions, written by Backhand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

import backhand
from backhand.calculus.table import rows
from backhand.writing.function_table import html

PAGE = "examples"
FOLDER = Path(__file__).parents[2] / "examples"


def page() -> str:
    """A list of the worksheets, each with its key."""
    return "\n".join(_listed())


def _listed() -> Iterator[str]:
    for path in sorted(FOLDER.glob("*.md")):
        sheet = backhand.read(path)
        asks = sum(len(question.asks) for question in sheet.questions)
        yield (
            f'- <a href="examples/{path.stem}.html">{sheet.title}</a>, '
            f"{asks} answers, from `examples/{path.name}`"
        )


def _written(app: Sphinx, name: str, source: list[str]) -> None:
    if name == PAGE:
        source[0] += "\n" + page() + "\n"


def _keys(app: Sphinx, error: Exception | None) -> None:
    """Whole pages beside those of the site, in the style that Backhand gives them."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir) / "examples"
    out.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        key = backhand.read(path).solve().html()
        (out / f"{path.stem}.html").write_text(key, encoding="utf-8")
    (out / "functions.html").write_text(html(rows()), encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("source-read", _written)
    app.connect("build-finished", _keys)
