"""A worksheet as it was typed or scanned, without asks: its headings, questions, displays and prose.

Headings may be of any level, list marks may be tabs, and numbers may have gaps. What is only to be
looked at, code and folded solutions, is an aside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from backhand.reading.parts import Parts, unmarked

_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*)")
_BARE_HEADING = re.compile(r"(\d+(?:\.\d+)+\.?|\d+(?=\t))\s+([A-Z][^.?]{0,90})$")
_NAMED_HEADING = re.compile(
    r"(?:exercise|question|problem|task|assignment)\s+(\d+(?:\.\d+)*)(?=\W|$)", re.IGNORECASE
)
_ITEM = re.compile(r"(\s*)(?:[-*]\s+)?(?:\*\*)?(\d{1,4})[.)](?:\*\*)?\s+(.*)")
_LABELLED = re.compile(
    r"(\s*)(?:[-*]\s+)?\*{0,2}(?:question|problem|exercise|task|Q)\s*(\d{1,4})\s*"
    r"(?:[.:)]|(?=\*\*|\())\s*(.*)",
    re.IGNORECASE,
)
_BULLET = re.compile(r"\s*[-*+]\s+(?:\[[ x]\]\s+)?")
_DISPLAYS = r"(?:equation|align|alignat|flalign|gather|multline|eqnarray)\*?"
_OPENING = re.compile(rf"\s*(?:\$\$|\\\[|\\begin\{{{_DISPLAYS}\}})")
_CLOSING = re.compile(rf"(?:\$\$|\\\]|\\end\{{{_DISPLAYS}\}})[.,;]?\s*$")
_IN_A_SENTENCE = re.compile(r"\s*\$\$[^$]+\$\$\s*[^\s.,;]")
_EQUATION_NUMBER = re.compile(r"\s*\(\d{1,3}[a-z]?\)\s*$")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*(\w*)")
_FOLDED = re.compile(r"\s*<(details|script|style|pre|!--)", re.IGNORECASE)


@dataclass(slots=True)
class Element:
    """A piece of the page: `line` from 1, its text, for a heading or an item its number.

    `level` is how deep a heading is, or a part: 1 for (a), 2 for (i) inside it.
    """

    kind: Literal["heading", "item", "part", "bullet", "display", "prose", "table", "aside"]
    line: int
    text: str
    number: str = ""
    level: int = 0
    more: list[str] = field(default_factory=list[str])
    """Its further lines, until the page is read."""


def elements(text: str) -> list[Element]:
    """The pieces of a page in order.

    >>> [(e.kind, e.number, e.text) for e in elements("# 2 Two\\n\\n4.\\tWhat is x?\\n(a) Why?")]
    [('heading', '2', 'Two'), ('item', '4', 'What is x?'), ('part', '1', 'Why?')]
    """
    found: list[Element] = []
    open_to: Element | None = None
    parts = Parts()
    lines = _cleaned(text).split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if (end := _aside_end(lines, at)) is not None:
            found.append(_aside(lines[at : end + 1], at + 1))
            at, open_to = end + 1, None
            continue
        if _OPENING.match(line) and not _IN_A_SENTENCE.match(line):
            end = _display_end(lines, at)
            found.append(Element("display", at + 1, _bare("\n".join(lines[at : end + 1]))))
            at, open_to = end + 1, None
            continue
        made = _element(line, at + 1, parts)
        if not line.strip():
            open_to = open_to if open_to and _goes_on(open_to) else None
        elif made is not None:
            found.append(made)
            open_to = made if made.kind not in ("heading", "table") else None
        elif open_to is not None:
            open_to.more.append(line.strip())
        elif not _EQUATION_NUMBER.match(line):
            open_to = Element("prose", at + 1, line.rstrip())
            found.append(open_to)
        at += 1
    for element in found:
        whole = "\n".join([element.text, *element.more])
        one_line = element.kind in ("item", "part", "bullet")
        element.text = " ".join(whole.split()) if one_line else whole
    return found


def _goes_on(element: Element) -> bool:
    """Whether a question goes on behind an empty line: it ends with a colon."""
    last = [element.text, *element.more][-1].rstrip()
    return element.kind != "bullet" and last.endswith(":")


def _element(line: str, number: int, parts: Parts) -> Element | None:
    """The piece that a line starts, unless it is plain prose."""
    if heading := _HEADING.match(line):
        parts.begin()
        return _heading(heading, number)
    if bare := _BARE_HEADING.match(line.rstrip()):
        parts.begin()
        words = " ".join(bare[2].split())
        return Element("heading", number, words, bare[1].rstrip("."), bare[1].count(".") + 1)
    if item := _ITEM.match(line) or _LABELLED.match(line):
        level = parts.numbered(len(item[1].expandtabs(4)))
        return _listed(number, unmarked(item[3]), item[2], level)
    if line.count("\t") >= 2 and not line.startswith("\t"):
        return Element("table", number, line)
    if part := parts.lettered(line):
        return _listed(number, part.words, str(part.number), part.level)
    if bullet := _BULLET.match(line):
        return Element("bullet", number, line[bullet.end() :].rstrip())
    return None


def _listed(line: int, words: str, number: str, level: int) -> Element:
    return Element("part" if level else "item", line, words, number, level)


def _heading(found: re.Match[str], line: int) -> Element:
    words = found[2].replace("*", "").strip()
    typed = re.match(r"(\d+(?:\.\d+)*)[.)]?\s+(.*)", words)
    if typed:
        return Element("heading", line, typed[2], typed[1], len(found[1]))
    return Element("heading", line, words, "", len(found[1]))


def named_number(heading: str) -> str:
    """The number in a heading that is called by what it is: Exercise 2; empty for any other.

    >>> named_number("Exercise 2: Backpropagation"), named_number("Two exercises")
    ('2', '')
    """
    found = _NAMED_HEADING.match(heading)
    return found[1] if found else ""


def _cleaned(text: str) -> str:
    r"""What scanners break in LaTeX, `rac{` for `\frac{`, and what other renderers write for $."""
    text = re.sub(r"(?<![A-Za-z\\])rac\{", r"\\frac{", text)
    text = re.sub(r"\$`([^`$\n]+)`\$", r"$\1$", text)
    return re.sub(r"\\\\?\(([^\n]+?)\\\\?\)", r"$\1$", text)


# ---- displays and asides -----------------------------------------------------------------------


def _aside_end(lines: list[str], start: int) -> int | None:
    """The last line of a fence or of folded text that starts here; one never closed runs on."""
    if fence := _FENCE.match(lines[start]):
        closing = re.compile(rf"\s*{fence[1][0]}{{{len(fence[1])},}}\s*$")
    elif folded := _FOLDED.match(lines[start]):
        tag = folded[1].lower()
        closing = re.compile("-->" if tag == "!--" else f"</{tag}\\s*>", re.IGNORECASE)
        if closing.search(lines[start]):
            return start
    else:
        return None
    later = range(start + 1, len(lines))
    return next((at for at in later if closing.search(lines[at])), len(lines) - 1)


def _aside(lines: list[str], number: int) -> Element:
    """A fence of formulas is a display; any other is shown and not read."""
    fence = _FENCE.match(lines[0])
    if fence and fence[2] == "math":
        return Element("display", number, "\n".join(lines[1:-1]).strip())
    return Element("aside", number, "\n".join(lines))


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
