"""The definitions of a raw page, gathered leniently from its displays and sentences.

Each formula is tried on the model so far. One that gives a name another meaning ends the sections
above it, or replaces what its own section said before: for all of the section, or from there on where
a question stands in between. What isn't a definition is left as prose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from backhand.errors import BackhandError
from backhand.graph import Graph
from backhand.reading.free_names import CONSTANTS, free
from backhand.reading.maths import defined_names, statements
from backhand.reading.meaning import model
from backhand.reading.phrases import RATES, known_names
from backhand.reading.prose_formulas import is_numbers, without_numbers
from backhand.syntax import Equal, Formula

MAX_WORK = 20_000
"""How many definitions are read while formulas are tried; then the rest of the page is prose."""
MAX_LETTERS = 6
"""How many letters of a formula may be numbers that nothing gives a value."""
_FUNCTION = re.compile(r"\s*([A-Za-z])\(([a-z](?:_\d)?(?:\s*,\s*[a-z](?:_\d)?)*)\)\s*=")
_PAIR = re.compile(r"(?<![A-Za-z\\_{])([a-z])([a-z])(?![A-Za-z_(}])")
"""Two letters side by side, which are a product unless the page has a name of two."""
_LETTER = re.compile(r"[a-z](?:_\d)?")
MAX_WAITING = 20
"""How many formulas wait at a time for a name that is defined below them."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A formula that was taken as a definition; `at` is its element on the page."""

    source: str
    names: frozenset[str]
    section: int
    at: int

    @property
    def numbers(self) -> bool:
        """Whether it gives numbers only: a value, or what a formula comes to."""
        return is_numbers(self.source.partition("=")[2])

    @property
    def formula(self) -> bool:
        """Whether it gives a formula with names in it."""
        return "=" in self.source and not self.numbers


@dataclass(slots=True)
class Part:
    """The definitions that hold together, over one or more sections."""

    taken: list[Taken] = field(default_factory=list[Taken])

    def until(self, section: int) -> list[Taken]:
        """What holds in a section: nothing from sections below it, nor what needed them."""
        later = (at for at, t in enumerate(self.taken) if t.section > section)
        return self.taken[: next(later, None)]


def graph_of(taken: list[Taken]) -> Graph:
    """The model that some definitions make."""
    return model("\n".join(t.source for t in taken)) if taken else Graph(())


@dataclass(slots=True)
class Gathering:
    """What was taken, what was left out and why."""

    questions: Mapping[int, str]
    """Where the questions stand on the page, with their words."""
    parts: list[Part] = field(default_factory=lambda: [Part()])
    held: dict[int, list[tuple[int, int]]] = field(default_factory=dict[int, list[tuple[int, int]]])
    """The parts that hold in each section, each with the element from which it does."""
    notes: list[str] = field(default_factory=list[str])
    free: list[str] = field(default_factory=list[str])
    """Notes on letters that nothing gives a value."""
    letters: set[str] = field(default_factory=set[str])
    lost: list[Taken] = field(default_factory=list[Taken])
    """What reads as a definition, and couldn't be taken."""
    waiting: list[tuple[Taken, int]] = field(default_factory=list[tuple[Taken, int]])
    work: int = 0

    def offer(self, source: str, section: int, at: int, line: int) -> None:
        """Take a formula as a definition where it is one."""
        reason = _no_definition(source)
        names = frozenset[str]() if reason else _names(source)
        if reason or not names:
            self._left(source, line, reason or "it defines no name")
            return
        offered = Taken(source, names, section, at)
        reason = self._try(offered, line)
        if reason and len(self.waiting) < MAX_WAITING:
            self.waiting.append((offered, line))
        elif reason:
            self.lost.append(offered)
            self._left(source, line, reason)
        else:
            self._retry()

    def section(self, section: int) -> None:
        """A section begins: what holds there, until a definition says otherwise."""
        if section not in self.held:
            self.close()
            self.held[section] = [(-1, len(self.parts) - 1)]

    def part_for(self, section: int, at: int) -> tuple[int, list[Taken]]:
        """The number of the part that holds for a question, and what of it does."""
        part = [part for start, part in self.held[section] if start < at][-1]
        holds = self.parts[part].until(section)
        if not self._reason(holds):
            return part, holds
        kept: list[Taken] = []
        for taken in holds:
            kept += [] if self._reason([*kept, taken]) else [taken]
        return part, kept

    def defines(self, section: int) -> bool:
        """Whether a section has definitions of its own."""
        return any(t.section == section for part in self.parts for t in part.taken)

    def close(self) -> None:
        """Say which formulas never made sense, once letters without a value are read as numbers."""
        for taken in list(self.parts[-1].taken):
            self._differentiated(taken)
        while any(self._with_letters(offered, line) for offered, line in self.waiting):
            pass
        held = self.parts[-1].taken
        for offered, line in self.waiting:
            put_in = _put_in(offered, [t for t in held if t.names & offered.names])
            if not put_in:
                self.lost.append(offered)
            self._left(offered.source, line, put_in or self._reason([*held, offered]))
        self.waiting = []

    def _differentiated(self, taken: Taken) -> None:
        """Declare x where a question below `f(x) = ...` differentiates f by it."""
        made = _FUNCTION.match(taken.source)
        below = " ".join(words for at, words in self.questions.items() if at >= taken.at)
        held = self.parts[-1].taken
        for x in re.findall(r"[a-z](?:_\d)?", made[2]) if made else ():
            slope = rf"(?:d|partial)\s*{made[1]}\b[^$]*?(?:d|partial)\s*{x}\b" if made else ""
            free = Taken(rf"{x} \in \mathbb{{R}}", frozenset({x}), taken.section, taken.at)
            known = any(x in t.names for t in held)
            if not known and re.search(slope, below) and not self._reason([*held, free]):
                held.append(free)
                self.free.append(f"nothing gives {x} a value: I read {x} as a number")
                self.letters.add(x)

    def _with_letters(self, offered: Taken, line: int) -> bool:
        """Take a formula whose unknown names are small letters: numbers that nothing gives a value.

        A letter beside a capital or a bold one may be a vector, and stays unknown; so does one that
        a formula which waits too defines.
        """
        held = self.parts[-1].taken
        clash = [t for t in held if t.names & offered.names]
        if any(t.section == offered.section for t in clash):
            return False
        base = [t for t in held if t.section == offered.section] if clash else list(held)
        if self._reason(base):
            return False
        graph = graph_of(base)
        spaced = replace(offered, source=_PAIR.sub(r"\1 \2", offered.source))
        for each in dict.fromkeys((offered, spaced)):
            letters = _free_letters(each.source, graph)
            waits = any(t.names & set(letters) for t, _ in self.waiting)
            if letters and not waits and self._take_free(each, letters, base, line):
                self.waiting.remove((offered, line))
                if clash:
                    self.notes.append(f"line {line}: {short(offered.source)} starts a new model")
                self._note(each, line)
                self._retry()
                return True
        return False

    def _take_free(
        self, each: Taken, letters: tuple[str, ...], base: list[Taken], line: int
    ) -> bool:
        """Take a formula with its letters declared as numbers, on top of what it goes with."""
        where = (each.section, each.at)
        free = [Taken(rf"{x} \in \mathbb{{R}}", frozenset({x}), *where) for x in letters]
        if self._reason([*base, *free, each]):
            return False
        if len(base) < len(self.parts[-1].taken):
            self._part(base, each.section, -1)
        self.parts[-1].taken += [*free, each]
        named = ", ".join(letters)
        of = "a number" if len(letters) == 1 else "numbers"
        self.free.append(f"nothing gives {named} a value: I read {named} as {of}")
        self.letters |= set(letters)
        return True

    def _retry(self) -> None:
        """Try again what had to wait for a name."""
        waiting, self.waiting = self.waiting, []
        self.waiting = [(each, line) for each, line in waiting if self._try(each, line, again=True)]

    def _try(self, offered: Taken, line: int, again: bool = False) -> str:
        """Why a formula can't be taken, nor without the numbers put in; empty once it is."""
        reason = self._try_as_is(offered, line, again)
        bare = without_numbers(offered.source)
        if not reason or bare == offered.source:
            return reason
        return self._try_as_is(replace(offered, source=bare), line, again)

    def _try_as_is(self, offered: Taken, line: int, again: bool) -> str:
        held = self.parts[-1].taken
        reason = self._reason([*held, offered])
        clash = [t for t in held if t.names & offered.names]
        # A letter that was only read as a number elsewhere is another's, once a section gives it.
        guessed = any(t.section != offered.section and t.names <= self.letters for t in clash)
        if not reason and not guessed:
            held.append(offered)
            self._note(offered, line)
            return ""
        if not clash or again:
            return reason
        if any(t.source == offered.source for t in clash):
            return ""
        if _put_in(offered, clash):
            return reason
        above = any(t.section != offered.section for t in clash)
        kept = (
            [t for t in held if t.section == offered.section]
            if above
            else [t for t in held if t not in clash]
        )
        if self._reason([*kept, offered]):
            return reason
        old = ", ".join(sorted(clash[0].names))
        if above:
            self._part(kept, offered.section, -1)
            self.notes.append(f"line {line}: {short(offered.source)} starts a new model")
        elif any(max(t.at for t in clash) < at < offered.at for at in self.questions):
            self._part(kept, offered.section, offered.at)
            below = "this definition is used for the questions below"
            self.notes.append(f"line {line}: {old} is defined again; {below}")
        else:
            self.parts[-1].taken = kept
            self.notes.append(f"line {line}: {old} is defined again; this definition is used")
        self.parts[-1].taken.append(offered)
        self._note(offered, line)
        return ""

    def _part(self, kept: list[Taken], section: int, start: int) -> None:
        """A new model, which holds in a section from the element `start` on."""
        if start < 0:
            # Its first model is this one; a part that only held definitions of it is now complete.
            start = self.held[section].pop()[0]
            self.parts[-1].taken = [t for t in self.parts[-1].taken if t.section != section]
        self.parts.append(Part(list(kept)))
        self.held[section].append((start, len(self.parts) - 1))

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
        self.notes.append(f"line {line}: I took {short(offered.source)} as a definition")

    def _left(self, source: str, line: int, reason: str) -> None:
        self.notes.append(f"line {line}: I left {short(source)} as prose: {reason}")


def _free_letters(source: str, graph: Graph) -> tuple[str, ...]:
    """The names in a formula that the model doesn't have; none where one may be an array."""
    try:
        found = statements(source, known_names(graph))
    except BackhandError:
        return ()
    names = [n for s in found for side in _right(s.formula) for n in free(side)]
    own = _names(source)
    unknown = dict.fromkeys(
        n.name for n in names if n.name not in graph and n.name not in CONSTANTS
    )
    missing = tuple(n for n in unknown if n not in own)
    plain = all(
        n.font == "italic" and _LETTER.fullmatch(n.name) for n in names if n.name in missing
    )
    single = all(q.single for q in graph if q.name in {n.name for n in names})
    return missing if plain and single and len(missing) <= MAX_LETTERS else ()


def _right(formula: Formula) -> tuple[Formula, ...]:
    return formula.sides[1:] if isinstance(formula, Equal) else ()


def _put_in(offered: Taken, clash: list[Taken]) -> str:
    """Why numbers for what a formula defines are no definition of it; empty for any other."""
    if offered.numbers and any(t.formula and t.section == offered.section for t in clash):
        return f"it says what {', '.join(sorted(offered.names))} comes to"
    return ""


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


def short(source: str) -> str:
    """A formula on one line, cut where it is long."""
    line = " ".join(source.split())
    return line if len(line) <= 60 else line[:57] + "..."
