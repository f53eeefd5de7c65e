"""A question's own words: Markdown with formulas in dollars, cut into text, formulas and drawings.

The words are somebody else's text: raw HTML is never passed on, and a formula that doesn't read is
shown as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from backhand.errors import BackhandError
from backhand.reading.maths import Known, parse
from backhand.syntax import Formula

_MATHS = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL)


def read_formula(source: str) -> Formula | None:
    """A formula in somebody's words, or None where it doesn't read."""
    try:
        return parse(source, Known()).formula
    except BackhandError:
        return None


def without_comments(markdown: str) -> str:
    """A block without its lines that start with %, which MyST doesn't show."""
    return "\n".join(line for line in markdown.split("\n") if not line.lstrip().startswith("%"))


def with_formulas(
    markdown: str, text: Callable[[str], str], formula: Callable[[Formula], str]
) -> str:
    """Words with each formula set by `formula`, and all else, and what doesn't read, by `text`."""
    out: list[str] = []
    end = 0
    for found in _MATHS.finditer(markdown):
        out.append(text(markdown[end : found.start()]))
        source = (found[1] or found[2]).strip()
        read = read_formula(source)
        out.append(formula(read) if read is not None else text(source))
        end = found.end()
    out.append(text(markdown[end:]))
    return "".join(out)


def words_html(markdown: str, formula: Callable[[Formula, str], str]) -> str:
    """Markdown as HTML, raw HTML escaped, every formula set by `formula(formula, display)`."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_inline"])
    parser.validateLink = _is_safe_link  # type: ignore[method-assign]
    parser.use(dollarmath_plugin, renderer=_Maths(formula))
    return str(parser.render(without_comments(markdown)))


def _is_safe_link(url: str) -> bool:
    return url.startswith(("https://", "http://", "#"))


class _Maths:
    """Sets the formulas that the Markdown parser finds."""

    def __init__(self, formula: Callable[[Formula, str], str]) -> None:
        self.formula = formula

    def __call__(self, content: str, options: dict[str, bool]) -> str:
        display = "block" if options.get("display_mode") else "inline"
        read = read_formula(content)
        return self.formula(read, display) if read else f"<code>{escape(content)}</code>"
