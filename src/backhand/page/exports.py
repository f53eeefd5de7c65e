"""A worksheet as a file to take away: the page itself, its key or sheet, a drawing, a program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backhand.calculus.answer import solve
from backhand.page.bodies import Export, ExportFormat
from backhand.page.editing import known_names, rewritten
from backhand.publishing.formats import KEYS, SHEETS
from backhand.reading.document import worksheet
from backhand.working import Worksheet
from backhand.writing import json as machine_key

PROGRAM = '''"""{title}: the network, its forward pass and its gradient, with the working."""

from backhand.reading.document import worksheet

PAGE = {page}

sheet = worksheet(PAGE)
graph = sheet.graph
print(graph)
print(graph.forward())
{gradient}'''


@dataclass(frozen=True, slots=True)
class File:
    """A file that is sent: its name, its media type, its bytes."""

    name: str
    kind: str
    content: bytes


def exported(asked: Export) -> File:
    """The file that is asked for. Raises `BackhandError` where the page can't be written so.

    >>> exported(Export("x = 3; y = x^2", {"x": (2.0,)}, "markdown", "key", None, None)).content
    b'x = 2; y = x^2\\n'
    """
    read = worksheet(asked.text)
    known_names(read, asked.values)
    if asked.values:
        read = worksheet(rewritten(read, asked.values))
    suffix, kind = KINDS[asked.format]
    made = WRITERS[asked.format](read, asked, suffix)
    content = made if isinstance(made, bytes) else made.encode()
    return File(f"{_stem(read.title)}{suffix}", kind, content)


def _page(read: Worksheet, _: Export, __: str) -> str:
    return read.source.rstrip("\n") + "\n"


def _paper(read: Worksheet, asked: Export, suffix: str) -> str | bytes:
    if asked.paper == "sheet":
        return SHEETS[suffix](read)
    return KEYS[suffix](solve(read, None, asked.layout))


def _drawing(read: Worksheet, asked: Export, _: str) -> str:
    return read.graph.draw(asked.by)


def _program(read: Worksheet, _: Export, __: str) -> str:
    title = re.sub(r'[\\"]', "", read.title) or "A network"
    gradient = "print(graph.gradient())\n" if read.graph.objective else ""
    return PROGRAM.format(title=title, page=_literal(read.source), gradient=gradient)


def _literal(text: str) -> str:
    """A text as Python writes it, over several lines where that is safe."""
    if "'''" in text or text.endswith(("'", "\\")) or not text.replace("\n", "").isprintable():
        return repr(text)
    return f"r'''{text}'''"


def _machine_key(read: Worksheet, asked: Export, _: str) -> str:
    return machine_key.document(solve(read, None, asked.layout))


WRITERS: Mapping[ExportFormat, Callable[[Worksheet, Export, str], str | bytes]] = {
    "markdown": _page,
    "html": _paper,
    "pdf": _paper,
    "latex": _paper,
    "svg": _drawing,
    "python": _program,
    "json": _machine_key,
}
KINDS: Mapping[ExportFormat, tuple[str, str]] = {
    "markdown": (".md", "text/markdown; charset=utf-8"),
    "html": (".html", "text/html; charset=utf-8"),
    "pdf": (".pdf", "application/pdf"),
    "latex": (".tex", "application/x-tex; charset=utf-8"),
    "svg": (".svg", "image/svg+xml"),
    "python": (".py", "text/x-python; charset=utf-8"),
    "json": (".json", "application/json"),
}
"""The suffix and the media type of each format."""


def _stem(title: str) -> str:
    """A file's name from a title: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "worksheet"
