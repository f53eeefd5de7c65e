"""The pieces of an explicit worksheet, as they are written."""

from __future__ import annotations

import re
from textwrap import fill

from backhand.reading.questions import Understood
from backhand.reading.scanned import Element

_FENCE = re.compile(r"\s*(?:`{3}|~{3})")


def question_lines(number: int, words: str, found: Understood) -> str:
    """A question with its asks, or with why it has none, as an item of a list."""
    head = f"{number}. "
    indent = " " * len(head)
    lines = [fill(words, 98, initial_indent=head, subsequent_indent=indent, break_long_words=False)]
    lines += [f"{indent}% ask: {ask.text}" for ask in found.asks]
    if not found.asks:
        lines.append(f"{indent}% not read: {' '.join(found.missed.split())}")
    return "\n".join(lines)


def shown(element: Element) -> str:
    """What isn't read, as the page shows it: a display is marked as prose."""
    if element.kind == "display":
        text = solid(element.text)
        return f"% prose\n$$\n{text}\n$$" if text else ""
    if element.kind == "aside":
        return element.text if _FENCE.match(element.text) else _folded(element.text)
    words = re.sub(r"</?b>", "**", element.text).replace("$$", "$").replace("\t", " ").strip()
    return f"- {words}" if element.kind == "bullet" else words


def _folded(text: str) -> str:
    """Folded text, its displays marked as prose; where one isn't closed, none is a display."""
    pieces = text.split("$$")
    if len(pieces) % 2 == 0 or any(re.search(r"\n\s*\n|^\s*$", inside) for inside in pieces[1::2]):
        return text.replace("$$", "$")
    out: list[str] = []
    inside = False
    for line in text.split("\n"):
        signs = line.count("$$")
        if not inside and re.match(r"\s*(?:\$\$|\\\[|\\begin\{(?:align|equation|gather))", line):
            out += ["", f"{line[: len(line) - len(line.lstrip())]}% prose"]
        elif signs and not inside:
            line, signs = line.replace("$$", "$"), 0
        inside ^= signs % 2 == 1
        out.append(line)
    return "\n".join(out)


def solid(source: str) -> str:
    """A formula without empty lines, which would end its display."""
    return "\n".join(line for line in source.split("\n") if line.strip()).strip()
