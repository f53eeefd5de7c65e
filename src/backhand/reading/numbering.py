"""The numbers of a worksheet's sections and questions: as its author typed them, else counted."""

from __future__ import annotations

import re


class Numbers:
    """The numbers of sections and questions: as typed, else counted."""

    def __init__(self) -> None:
        self._sections: list[tuple[int, str]] = []
        self._last: dict[tuple[int, str], str] = {}
        self._used: dict[str, int] = {}
        self._taken: set[str] = set()
        self._titled = False

    @property
    def section(self) -> str:
        """The number of the section being read; empty before the first."""
        return self._sections[-1][1] if self._sections else ""

    def heading(self, level: int, words: str) -> None:
        """Begin a section. The page's title has no number unless one is typed."""
        while self._sections and self._sections[-1][0] >= level:
            self._sections.pop()
        outer = self.section
        before, _, last = self._last.get((level, outer), joined(outer, 0)).rpartition(".")
        typed = re.match(r"(\d{1,6}(?:\.\d{1,6}){0,5})[.)]?\s", words)
        if typed:
            number = typed[1]
        elif level == 1 and not self._titled:
            number = ""
        else:
            number = joined(before, int(last) + 1)
        self._titled = self._titled or level == 1
        if number:
            self._last[level, outer] = number
        self._sections.append((level, number))

    def next(self, prefix: str) -> int:
        """The number that the next question in `prefix` would have."""
        return self._used.get(prefix, 0) + 1

    def question(self, prefix: str, typed: int | None) -> str | None:
        """The number of the next question in `prefix`; None where the typed one is taken."""
        last = self._used.get(prefix, 0)
        own = last + 1 if typed is None else typed
        while typed is None and joined(prefix, own) in self._taken:
            own += 1
        number = joined(prefix, own)
        if number in self._taken:
            return None
        self._taken.add(number)
        self._used[prefix] = max(last, own)
        return number


def joined(prefix: str, number: int) -> str:
    """A number within a section, `3.1` and 4 to `3.1.4`."""
    return f"{prefix}.{number}" if prefix else str(number)
