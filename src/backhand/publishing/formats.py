"""Every format of a sheet and of a key, by the suffix of its file."""

from __future__ import annotations

from collections.abc import Callable

from backhand.publishing import html, latex, markdown, notebook, pdf
from backhand.working import Solution, Worksheet
from backhand.writing import html as html_key
from backhand.writing import markdown as markdown_key
from backhand.writing import paper

SHEETS: dict[str, Callable[[Worksheet], str | bytes]] = {
    ".pdf": pdf.sheet,
    ".html": html.sheet,
    ".tex": latex.sheet,
    ".md": markdown.sheet,
    ".ipynb": notebook.sheet,
}
KEYS: dict[str, Callable[[Solution], str | bytes]] = {
    ".pdf": pdf.key,
    ".html": html_key.document,
    ".tex": paper.document,
    ".md": markdown_key.document,
    ".ipynb": notebook.key,
}
