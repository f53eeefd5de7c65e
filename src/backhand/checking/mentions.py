"""Where a page's words speak of numbers that its variants change: to be said, not to be left wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backhand.errors import BackhandError
from backhand.graph import Graph, Role, Value
from backhand.reading.meaning import entry
from backhand.working import Worksheet

_LABEL = re.compile(r"\b(?:label|class|target)\s+(?:is\s+|of\s+)?\$?(?P<number>[-−]?\d+)\b")
_INLINE = re.compile(r"(?<!\$)\$(?P<left>[^$=]{1,40})=(?P<right>[^$=]{1,60})\$(?!\$)")


@dataclass(frozen=True, slots=True)
class Mention:
    """Words on a line of the page about a quantity; `number` is its label there, if it is one."""

    note: str
    name: str
    number: int | None

    def contradicts(self, values: Mapping[str, Value]) -> bool:
        """Whether these values make the words wrong, or may do so."""
        if self.number is None:
            return True
        value = values.get(self.name)
        return value is not None and self.number != _label(value)


def mentions(sheet: Worksheet, changing: Mapping[str, Value]) -> tuple[Mention, ...]:
    """The mentions in a page's words of what changes with the quantities in `changing`."""
    found: list[Mention] = []
    for line, text in words_of(sheet.source):
        found += _labels(line, text, sheet.graph, changing)
        found += _equations(line, text, sheet.graph, changing)
    return tuple(found)


def words_of(source: str) -> Iterator[tuple[int, str]]:
    """The lines that are words: no displays, no comments."""
    display = False
    for number, line in enumerate(source.split("\n"), 1):
        marks = line.count("$$")
        if not display and not marks and not line.lstrip().startswith("%"):
            yield number, line
        if marks % 2:
            display = not display


def _labels(line: int, text: str, graph: Graph, changing: Mapping[str, Value]) -> Iterator[Mention]:
    for match in _LABEL.finditer(text):
        number = int(match["number"].replace("−", "-"))
        for name, value in changing.items():
            if graph[name].role is Role.TARGET and _label(value) == number:
                note = f"line {line}: “{match[0]}” names a number that has changed: see {name}"
                yield Mention(note, name, number)


def _equations(
    line: int, text: str, graph: Graph, changing: Mapping[str, Value]
) -> Iterator[Mention]:
    for match in _INLINE.finditer(text):
        if not re.search(r"\d", match["right"]):
            continue
        try:
            name, _ = entry(match["left"].strip(), graph)
        except BackhandError:
            continue
        if name in changing or graph[name].definition is not None:
            yield Mention(f"line {line}: {match[0]} may not hold any more", name, None)


def _label(value: Value) -> int | None:
    """The class that a target names: a number, or the place of the 1."""
    flat = value.ravel().tolist()
    if len(flat) == 1:
        return int(flat[0])
    return flat.index(1) + 1 if flat.count(1) == 1 and set(flat) <= {0, 1} else None
