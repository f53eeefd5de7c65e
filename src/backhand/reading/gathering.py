"""The definitions of a raw page, gathered leniently from its displays and sentences.

Each formula is tried on the model so far. One that gives a name another meaning ends the sections
above it, or replaces what its own section said before; what isn't a definition is left as prose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from backhand.errors import BackhandError
from backhand.graph import Graph
from backhand.reading.maths import defined_names
from backhand.reading.meaning import model
from backhand.reading.phrases import RATES

MAX_WORK = 20_000
"""How many definitions are read while formulas are tried; then the rest of the page is prose."""
MAX_WAITING = 20
"""How many formulas wait at a time for a name that is defined below them."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A formula that was taken as a definition; `at` is its element on the page."""

    source: str
    names: frozenset[str]
    top: str
    at: int


@dataclass(slots=True)
class Part:
    """The definitions that hold together, over one or more sections."""

    taken: list[Taken] = field(default_factory=list[Taken])

    def graph(self) -> Graph:
        """The model that they make."""
        return model("\n".join(t.source for t in self.taken)) if self.taken else Graph(())


@dataclass(slots=True)
class Gathering:
    """What was taken, what was left out and why."""

    parts: list[Part] = field(default_factory=lambda: [Part()])
    part_of: dict[str, int] = field(default_factory=dict[str, int])
    """The part that holds in each section, by the first number of the section."""
    notes: list[str] = field(default_factory=list[str])
    waiting: list[tuple[Taken, int]] = field(default_factory=list[tuple[Taken, int]])
    work: int = 0

    def offer(self, source: str, top: str, at: int, line: int) -> None:
        """Take a formula as a definition where it is one."""
        reason = _no_definition(source)
        names = frozenset[str]() if reason else _names(source)
        if reason or not names:
            self._left(source, line, reason or "it defines no name")
            return
        offered = Taken(source, names, top, at)
        reason = self._try(offered, line)
        if reason and len(self.waiting) < MAX_WAITING:
            self.waiting.append((offered, line))
        elif reason:
            self._left(source, line, reason)
        else:
            self._retry()
        self.part_of[top] = len(self.parts) - 1

    def section(self, top: str) -> None:
        """A section begins: what holds there, until a definition says otherwise."""
        if top not in self.part_of:
            self.close()
        self.part_of.setdefault(top, len(self.parts) - 1)

    def close(self) -> None:
        """Say which formulas never made sense."""
        for offered, line in self.waiting:
            self._left(offered.source, line, self._reason([*self.parts[-1].taken, offered]))
        self.waiting = []

    def _retry(self) -> None:
        """Try again what had to wait for a name."""
        waiting, self.waiting = self.waiting, []
        self.waiting = [(each, line) for each, line in waiting if self._try(each, line, again=True)]

    def _try(self, offered: Taken, line: int, again: bool = False) -> str:
        """Why a formula can't be taken; empty once it is."""
        held = self.parts[-1].taken
        reason = self._reason([*held, offered])
        if not reason:
            held.append(offered)
            self._note(offered, line)
            return ""
        clash = [t for t in held if t.names & offered.names]
        if not clash or again:
            return reason
        if any(t.source == offered.source for t in clash):
            return ""
        above = [t for t in clash if t.top != offered.top]
        kept = (
            [t for t in held if t.top == offered.top]
            if above
            else [t for t in held if t not in clash]
        )
        if self._reason([*kept, offered]):
            return reason
        if above:
            self.parts[-1].taken = [t for t in held if t.top != offered.top]
            self.parts.append(Part(kept))
            self.notes.append(f"line {line}: {_short(offered.source)} starts a new model")
        else:
            old = ", ".join(sorted(clash[0].names))
            self.notes.append(f"line {line}: {old} is defined again; this definition is used")
            self.parts[-1].taken = kept
        self.parts[-1].taken.append(offered)
        self._note(offered, line)
        return ""

    def _reason(self, taken: list[Taken]) -> str:
        self.work += len(taken)
        if self.work > MAX_WORK:
            return "the page has too many formulas"
        try:
            model("\n".join(t.source for t in taken))
        except BackhandError as error:
            return error.what
        return ""

    def _note(self, offered: Taken, line: int) -> None:
        self.notes.append(f"line {line}: I took {_short(offered.source)} as a definition")

    def _left(self, source: str, line: int, reason: str) -> None:
        self.notes.append(f"line {line}: I left {_short(source)} as prose: {reason}")


def _no_definition(source: str) -> str:
    if re.match(r"\s*[=≤≥<>]|\s*\\(?:le|ge)", source):
        return "it goes on with the formula above"
    if re.search(r"\\partial|\\frac\{d|∂|\\forall|\\le\b|\\ge\b|\bd\w/d", source):
        return "it is a statement, no definition"
    rate = re.match(r"\s*\\?(\w+)\s*=", source)
    if rate and (rate[1] in RATES or rate[1] in ("N", "n")):
        return "it is a setting, no quantity of the model"
    return ""


def _names(source: str) -> frozenset[str]:
    try:
        known = defined_names(source)
    except BackhandError:
        return frozenset()
    return known.quantities | known.functions


def _short(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= 60 else line[:57] + "..."
