"""The parts of questions, (a), b) or iii., by their marks and by how they follow one another."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_MARK = re.compile(
    r"(\s*)(?:[-*]\s+)?\*{0,2}(?:\(\s*([a-z]|[ivx]{2,4})\s*\)|([a-z]|[ivx]{2,4})[.)])\*{0,2}[:.]?"
    r"(?:\*\*)?\s+(.+)"
)
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


@dataclass(frozen=True, slots=True)
class Part:
    """A part's words without its mark, its number from 1, and how deep it is inside a question."""

    words: str
    number: int
    level: int


@dataclass(slots=True)
class Parts:
    """What has been counted since the question above: a run of marks for each level."""

    indent: int = 0
    """How far the numbered question is indented."""
    asked: bool = False
    """Whether a numbered question stands above."""
    runs: list[tuple[bool, int]] = field(default_factory=list[tuple[bool, int]])
    """For each level, whether its marks are roman, and the last number."""

    def begin(self) -> None:
        """A heading: what comes is part of no question above it."""
        self.asked, self.runs = False, []

    def numbered(self, indent: int) -> int:
        """A numbered line's level: 0 for a question, 1 where it is indented below one."""
        if self.asked and indent >= self.indent + 2:
            self.runs = []
            return 1
        self.asked, self.indent, self.runs = True, indent, []
        return 0

    def lettered(self, line: str) -> Part | None:
        """The part that a line begins: its mark must begin a run or go on with one.

        Where no numbered question stands above, the parts are questions: they are 0 deep.

        >>> parts = Parts()
        >>> [p and (p.number, p.level) for p in map(parts.lettered, ("(a) A", "(i) B", "c) C", "b. D"))]
        [(1, 0), (1, 1), None, (2, 0)]
        """
        found = _MARK.match(line)
        if found is None:
            return None
        mark = found[2] or found[3]
        for level in range(len(self.runs), 0, -1):
            roman, last = self.runs[level - 1]
            if _value(mark, roman) == last + 1:
                self.runs[level - 1 :] = [(roman, last + 1)]
                return Part(found[4], last + 1, level - (not self.asked))
        if mark not in ("a", "i") or len(self.runs) > 1:
            return None
        if any(roman == (mark == "i") for roman, _ in self.runs):
            self.runs = []
        self.runs.append((mark == "i", 1))
        return Part(found[4], 1, len(self.runs) - (not self.asked))


def _value(mark: str, roman: bool) -> int:
    """What a mark counts as; 0 for none of its kind."""
    if roman:
        return _ROMAN.index(mark) + 1 if mark in _ROMAN else 0
    return ord(mark) - ord("a") + 1 if len(mark) == 1 else 0


def unmarked(words: str) -> str:
    """Words without the stars that a mark in bold leaves behind: `2.** Find z` is `Find z`."""
    return words.removeprefix("**").lstrip() if words.count("**") % 2 else words
