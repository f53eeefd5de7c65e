"""A worksheet as it was typed or scanned, without asks: its headings, questions, displays and prose.

Headings may be of any level, list marks may be tabs, and numbers may have gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

MAX_PROSE = 5_000
"""The longest paragraph in characters in which formulas are looked for."""
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*)")
_BARE_HEADING = re.compile(r"(\d+(?:\.\d+)+\.?|\d+(?=\t))\s+([A-Z][^.?]{0,90})$")
_ITEM = re.compile(r"\s*(?:[-*]\s+)?(\d{1,4})[.)]\s+(.*)")
_BULLET = re.compile(r"\s*(?:[-*+]|\([a-z]\))\s+")
_OPENING = re.compile(r"\s*(?:\$\$|\\\[|\\begin\{(?:equation|align|gather)\*?\})")
_CLOSING = re.compile(r"(?:\$\$|\\\]|\\end\{(?:equation|align|gather)\*?\})\s*$")
_EQUATION_NUMBER = re.compile(r"\s*\(\d{1,3}[a-z]?\)\s*$")


@dataclass(slots=True)
class Element:
    """A piece of the page: `line` from 1, its text, and for a heading or an item its number."""

    kind: Literal["heading", "item", "display", "prose", "table"]
    line: int
    text: str
    number: str = ""
    more: list[str] = field(default_factory=list[str])
    """Its further lines, until the page is read."""


def elements(text: str) -> list[Element]:
    """The pieces of a page in order.

    >>> [(e.kind, e.number, e.text) for e in elements("# 2 Two\\n\\n4.\\tWhat is x?")]
    [('heading', '2', 'Two'), ('item', '4', 'What is x?')]
    """
    found: list[Element] = []
    open_to: Element | None = None
    lines = _cleaned(text).split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if _OPENING.match(line):
            end = _display_end(lines, at)
            body = "\n".join(lines[at : end + 1])
            found.append(Element("display", at + 1, _bare(body)))
            at, open_to = end + 1, None
            continue
        made = _element(line, at + 1)
        if not line.strip():
            open_to = open_to if open_to and _goes_on(open_to) else None
        elif made is not None:
            found.append(made)
            open_to = made if made.kind in ("item", "prose") else None
        elif open_to is not None:
            open_to.more.append(line.strip())
        elif not _EQUATION_NUMBER.match(line):
            open_to = Element("prose", at + 1, line.rstrip())
            found.append(open_to)
        at += 1
    for element in found:
        whole = "\n".join([element.text, *element.more])
        element.text = " ".join(whole.split()) if element.kind == "item" else whole
    return found


def _goes_on(element: Element) -> bool:
    """Whether a question goes on behind an empty line: it ends with a colon."""
    return [element.text, *element.more][-1].rstrip().endswith(":")


def _element(line: str, number: int) -> Element | None:
    """The piece that a line starts, unless it is plain prose."""
    if heading := _HEADING.match(line):
        words = heading[2].replace("*", "").strip()
        typed = re.match(r"(\d+(?:\.\d+)*)\.?\s+(.*)", words)
        return Element("heading", number, typed[2] if typed else words, typed[1] if typed else "")
    if bare := _BARE_HEADING.match(line.rstrip()):
        return Element("heading", number, " ".join(bare[2].split()), bare[1].rstrip("."))
    if item := _ITEM.match(line):
        return Element("item", number, item[2], item[1])
    if line.count("\t") >= 2 and not line.startswith("\t"):
        return Element("table", number, line)
    if _BULLET.match(line):
        return Element("prose", number, line.rstrip())
    return None


def _cleaned(text: str) -> str:
    r"""What scanners break in LaTeX: `rac{` for `\frac{`."""
    return re.sub(r"(?<![A-Za-z\\])rac\{", r"\\frac{", text)


def _display_end(lines: list[str], start: int) -> int:
    """The last line of a display; one that an empty line cuts ends there."""
    first = _OPENING.sub("", lines[start], count=1)
    if _CLOSING.search(first):
        return start
    for at in range(start + 1, len(lines)):
        if not lines[at].strip():
            return at - 1
        if _CLOSING.search(lines[at]):
            return at
    return len(lines) - 1


def _bare(display: str) -> str:
    """The formula of a display without its signs, tags and numbers."""
    body = _CLOSING.sub("", _OPENING.sub("", display, count=1).rstrip())
    return re.sub(r"\\tag\*?\{[^{}]*\}|\\(?:label)\{[^{}]*\}", "", body).strip()


# ---- formulas in prose ---------------------------------------------------------------------------

_INLINE = re.compile(r"(?<!\$)\$(?!\$)(.+?)\$", re.DOTALL)
_TERM = r"(?:[A-Za-z](?:_\w+)?(?:\((?:[^()]|\([^()]*\))*\))?|\d+(?:\.\d+)?)"
_TYPED = re.compile(
    rf"(?<![\w$\\])({_TERM}(?:\s*=\s*{_TERM}(?:\s*[-+*/^]\s*{_TERM}|\s(?=[A-Za-z]\b){_TERM}(?=\s*[,.=]))*)+)(?![\w(])"
)


def formulas_in(prose: str) -> Iterator[str]:
    """The equations that stand in a sentence, between dollars or typed plainly.

    >>> list(formulas_in(r"Let $g(x) = x^2$ and u = g(x), where y = 1."))
    ['g(x) = x^2', 'u = g(x)', 'y = 1']
    """
    if len(prose) > MAX_PROSE:
        return
    for match in _INLINE.finditer(prose):
        source = " ".join(match[1].split()).rstrip(".,;")
        if "=" in source or r"\in " in source or "∈" in source:
            yield source
    for match in _TYPED.finditer(_INLINE.sub(" , ", prose)):
        yield match[1].strip()
