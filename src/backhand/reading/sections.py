"""Where the sections of a raw page begin, and which of its pieces are questions."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from backhand.reading.phrases import asks_something
from backhand.reading.scanned import Element, named_number

_DESCRIBED = re.compile(
    r"\d\$?[- ](?:\w+[- ])?(?:inputs?|outputs?|neurons?|units?|features?|classes|pixels)\b"
    r"|\b(?:one|two|three|four|five|ten) (?:\w+ )?(?:inputs?|neurons?|units?|hidden layers?)\b",
    re.IGNORECASE,
)

_ALTERING = re.compile(
    r"(?:^|[.;:!?]\s+)(?:(?:now|next|then|instead),? )*(?:we |you |let us |let's )?(?:add|replace|remove"
    r"|change|double|halve|multiply|scale|swap|drop|switch|extend)\b[^.?!=∈]*(?=[.:?!]|$)",
    re.IGNORECASE,
)
_GIVING = re.compile(r"(?:Given|Let|Consider|For|Take|With|Suppose|Assume)\b")
_TELLING = re.compile(r"(?:^|(?<=[.;] ))(?:Take|Use|Work with) [^?]*?\.(?= |$)")
MAX_PARAGRAPH = 1_000
"""The longest paragraph in characters that may be a question of its own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """For each piece of a page its section, from 0, and whether it is a question.

    `numbered`: whether the page numbers its sections itself.
    """

    sections: tuple[int, ...]
    asking: tuple[bool, ...]
    numbered: bool

    def questions(self) -> list[int]:
        """The positions of the questions."""
        return [at for at, asks in enumerate(self.asking) if asks]


def plan(page: list[Element]) -> Plan:
    """The sections and questions of a page; numbers in `Exercise 2` are put in where it has no others.

    A piece of a list is a question where it asks something; a paragraph, where nothing in a list
    below the same heading does.
    """
    headings = [e for e in page if e.kind == "heading"]
    if not any(h.number for h in headings):
        for heading in headings:
            heading.number = named_number(heading.text)
    numbered = any(h.number for h in headings)
    levels = Counter(h.level for h in headings)
    deepest = min((level for level, count in levels.items() if count > 1), default=1)
    sections: list[int] = []
    asking: list[bool] = []
    section = start = 0
    first = ""
    for at, element in enumerate(page):
        if element.kind == "heading":
            asking += _asking(page[start:at])
            start = at
            own = element.number.partition(".")[0]
            begins = own not in ("", first) if numbered else element.level <= deepest
            section += begins
            first = own or first
        sections.append(section)
    asking += _asking(page[start:])
    return Plan(tuple(sections), tuple(asking), numbered)


def _asking(block: list[Element]) -> list[bool]:
    """Which pieces below a heading are questions."""
    found: list[bool] = []
    above = False  # whether a question that is no bullet stands above
    for element in block:
        listed = element.kind in ("item", "part") or (element.kind == "bullet" and not above)
        asks = listed and asks_something(element.text)
        above = element.kind in ("item", "part") and (asks or (above and element.kind == "part"))
        found.append(asks)
    if any(found):
        return found
    return [e.kind == "prose" and _is_question(e.text) for e in block]


def _is_question(paragraph: str) -> bool:
    """Whether a paragraph asks: what only defines, `Take x = 3` or `evaluate = 3`, doesn't."""
    if len(paragraph) > MAX_PARAGRAPH:
        return False
    asking = _TELLING.sub("", paragraph)
    ends = ". " in f"{asking} " or asking.rstrip().endswith("?")
    return ends and asks_something(asking)


def described(page: list[Element], sections: tuple[int, ...], section: int) -> bool:
    """Whether a section speaks of a network by its sizes: 3 inputs, two hidden layers."""
    return any(
        own == section and e.kind not in ("display", "aside") and _DESCRIBED.search(e.text)
        for e, own in zip(page, sections, strict=True)
    )


def telling(paragraph: str) -> str:
    """What a paragraph that asks tells before: `Given L(w) = w^2, find ...` gives L."""
    sentences = re.split(r"(?<=[.?!])\s+(?=[A-Z])", paragraph)
    tell = [s for s in sentences if _GIVING.match(s) or not asks_something(s)]
    return " ".join(re.split(r"[,:;]\s+(?=[a-z])", sentence)[0] for sentence in tell)


def altered(page: list[Element], planned: Plan, at: int) -> str:
    """The words above a question, below the same heading, that change the model; empty for none."""
    for above in range(at - 1, -1, -1):
        element = page[above]
        if element.kind == "heading":
            return ""
        told = element.kind in ("item", "part", "bullet", "prose") and not planned.asking[above]
        if told and (found := _ALTERING.search(element.text)):
            return found[0].strip(" .;:!?")
    return ""
