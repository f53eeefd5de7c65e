"""A student's sheet as Markdown: the author's page without its asks, so that it still reads back."""

from __future__ import annotations

import re

from backhand.errors import BackhandError
from backhand.working import Worksheet

_ASK = re.compile(r"^\s*%\s*ask\b.*$", re.IGNORECASE)
NAME = "Name: \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_"


def sheet(worksheet: Worksheet) -> str:
    """The page, a name field below its title, and no asks; `backhand.read` gets the same graph.

    Raises `BackhandError` for a worksheet that stands on no page.
    """
    if not worksheet.source:
        raise BackhandError("this worksheet stands on no page", "read it from a page of Markdown")
    lines = [line for line in worksheet.source.split("\n") if not _ASK.match(line)]
    titles = [b for b in worksheet.blocks if b.kind == "heading" and b.level == 1]
    if titles and any(b.kind == "question" for b in worksheet.blocks):
        last = titles[0].source.split("\n")[-1]
        at = next((n for n, line in enumerate(lines) if line.strip() == last.strip()), None)
        if at is not None:
            lines[at + 1 : at + 1] = ["", NAME]
    return "\n".join(lines).rstrip() + "\n"
