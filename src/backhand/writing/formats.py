"""Every format in which a solution is written, by name."""

from __future__ import annotations

from collections.abc import Callable

from backhand.working import Solution
from backhand.writing import html, json, markdown, paper, terminal

FORMATS: dict[str, Callable[[Solution], str]] = {
    "terminal": terminal.plain,
    "markdown": markdown.document,
    "html": html.document,
    "latex": paper.document,
    "json": json.document,
}
