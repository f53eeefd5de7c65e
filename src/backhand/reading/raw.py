"""A raw worksheet, without asks, to the explicit one that the reader of worksheets reads.

Definitions come from displays and sentences, asks from the questions' words. Whatever was taken, left
or not understood is said; the explicit page is there to be looked at, kept and edited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from textwrap import indent as indented

from backhand.graph import Graph
from backhand.reading.asks import quantities
from backhand.reading.explicit import question_lines, shown, solid
from backhand.reading.gathering import Gathering, Taken, graph_of, short
from backhand.reading.latex_source import as_page, is_latex
from backhand.reading.numbering import Numbers, joined
from backhand.reading.prose_formulas import formulas_in
from backhand.reading.questions import WHOLE, Understood, needed, understood
from backhand.reading.scanned import Element, elements
from backhand.reading.sections import Plan, altered, described, plan, telling
from backhand.working import Ask

_EXPLICIT = re.compile(
    r"(?m)^\s*%\s*(?:ask\b|prose\s*$|new\b|not read:)|^\s*(?:`{3,}|~{3,})\s*\{(?:model|math)\b"
    r"|^\s*(?:`{3,}|~{3,})\s*model\b"
)


@dataclass(frozen=True, slots=True)
class RawQuestion:
    """A question of a raw page: its number, its line from 1, its words, and what was understood."""

    number: str
    line: int
    words: str
    understood: Understood


@dataclass(frozen=True, slots=True)
class RawPage:
    """A raw page that was read: the explicit worksheet, the questions, notes on its formulas."""

    text: str
    questions: tuple[RawQuestion, ...]
    notes: tuple[str, ...]
    free: tuple[str, ...] = ()
    """Those of the notes that say which letters were read as numbers."""


def is_raw(text: str) -> bool:
    """Whether a page has questions in words only: no asks, no marks of an explicit worksheet.

    >>> is_raw("$$ x = 3 $$\\n\\n1. What is $x$?"), is_raw("x = 3\\ny = x^2")
    (True, False)
    """
    if _EXPLICIT.search(text):
        return False
    return is_latex(text) or any(plan(elements(_without_front_matter(text)[0])).asking)


def raw_page(text: str) -> RawPage:
    """A raw page read: nothing is guessed, and nothing is left out silently.

    >>> page = raw_page("$$ x = 3 $$\\n\\n$$ y = x^2 $$\\n\\n1. What is $y$?\\n2. Why?")
    >>> [(q.number, [a.text for a in q.understood.asks], q.understood.missed) for q in page.questions]
    [('1', ['value y'], ''), ('2', [], "'why' asks for something that no ask answers")]
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if is_latex(text):
        text = as_page(text)
    body, front = _without_front_matter(text)
    page = elements(body)
    planned = plan(page)
    return _Writer(page, planned, _gathered(page, planned), front).page()


def _without_front_matter(text: str) -> tuple[str, str]:
    """The page with its front matter blanked, and that front matter."""
    found = re.match(r"---\n(?:.*\n)*?---\n", text)
    if found is None:
        return text, ""
    # A blog has layouts of its own: post, page, single.
    front = re.sub(r"(?m)^layout:(?! *['\"]?(?:numerator|denominator)\b).*\n", "", found[0])
    return "\n" * found[0].count("\n") + text[found.end() :], front


def _gathered(page: list[Element], planned: Plan) -> Gathering:
    """The definitions of a page: from displays, and from sentences that don't ask."""
    gathered = Gathering({at: page[at].text for at in planned.questions()})
    for at, element in enumerate(page):
        section = planned.sections[at]
        gathered.section(section)
        if element.kind == "display":
            gathered.offer(element.text, section, at, element.line)
        elif element.kind in ("prose", "bullet", "item", "part"):
            asks = planned.asking[at]
            if asks and element.kind != "prose":
                continue
            for source in formulas_in(telling(element.text) if asks else element.text):
                gathered.offer(source, section, at, element.line)
    gathered.close()
    return gathered


@dataclass
class _Writer:
    """Writes the explicit page, and reads each question on the way."""

    elements: list[Element]
    plan: Plan
    gathered: Gathering
    front: str
    numbers: Numbers = field(default_factory=Numbers)
    out: list[str] = field(default_factory=list[str])
    questions: list[RawQuestion] = field(default_factory=list[RawQuestion])
    written: list[Taken] = field(default_factory=list[Taken])
    """The definitions of the model that was written last."""
    stems: list[int] = field(default_factory=list[int])
    """The numbers of the question and the part that stand open, for the parts inside them."""

    def __post_init__(self) -> None:
        self.graphs: dict[tuple[str, ...], Graph] = {}
        self.part = -1
        self.titled = False
        self.shut = True

    def page(self) -> RawPage:
        """The whole page."""
        for at, element in enumerate(self.elements):
            if element.kind == "heading":
                self._heading(element)
            elif self.plan.asking[at] or element.kind in ("item", "part"):
                self._numbered(element, at)
            else:
                self._other(element, at)
        text = self.front + "\n\n".join(self.out).strip() + "\n"
        notes = sorted(self.gathered.notes, key=lambda note: int(note.split()[1].rstrip(":")))
        free = tuple(dict.fromkeys(self.gathered.free))
        return RawPage(text, tuple(self.questions), (*notes, *free), free)

    def _heading(self, element: Element) -> None:
        self.stems, self.shut = [], True
        words = f"{element.number} {element.text}".strip()
        level = element.number.count(".") + 2 if element.number else element.level
        if self.plan.numbered and not element.number:
            if self.titled or self.out:
                self.out.append(f"**{words}**")
                return
            level = 1
        self.titled = True
        self.numbers.heading(level, words)
        self.out.append(f"{'#' * level} {words}")

    def _other(self, element: Element, at: int) -> None:
        """Prose, a table, or a display, which is shown again as prose."""
        taken = any(t.at == at for p in self.gathered.parts for t in p.taken)
        if element.kind == "display" and taken:
            return
        self.shut = self.shut or self._part_below(at) is None
        self.out.append(indented(shown(element), self._margin()))

    def _part_below(self, at: int) -> int | None:
        """Where the next part of the open question stands; None where another question comes first."""
        for below in range(at + 1, len(self.elements)):
            kind = self.elements[below].kind
            if kind in ("heading", "item", "part"):
                return below if kind == "part" else None
        return None

    def _margin(self) -> str:
        """How far what belongs to the open question is indented."""
        return "" if self.shut else " " * sum(len(f"{n}. ") for n in self.stems)

    def _model(self, part: int, holds: list[Taken]) -> None:
        """The definitions that hold for a question, before the first that needs them."""
        new = holds if part != self.part else [t for t in holds if t not in self.written]
        if not new:
            return
        if part != self.part and self.written:
            self.out.append("% new model")
        self.part, self.written = part, holds
        self.out += [f"$$\n{solid(t.source)}\n$$" for t in new]
        self.shut = True

    def _numbered(self, element: Element, at: int) -> None:
        """A question, or an item that parts or nothing follow."""
        level = min(element.level, len(self.stems))
        part, holds = self.gathered.part_for(self.plan.sections[at], at)
        below = self._part_below(at) if element.kind == "item" else None
        if self.plan.asking[at]:
            self._model(part, holds)
        elif below is not None and self.plan.asking[below]:
            self._model(*self.gathered.part_for(self.plan.sections[below], below))
        if self.shut and level:
            self._open_again(level)
        margin = " " * sum(len(f"{n}. ") for n in self.stems[:level])
        prefix = self.numbers.section
        for stem in self.stems[:level]:
            prefix = joined(prefix, stem)
        typed = int(element.number) if element.number else None
        if not self.plan.asking[at]:
            own = typed or self.numbers.next(prefix)
            self.out.append(indented(f"{own}. {shown(element)}", margin))
        else:
            number = self.numbers.question(prefix, typed) or self.numbers.question(prefix, None)
            assert number is not None
            own = int(number.rpartition(".")[2])
            found = self._understood(element, at, holds)
            self.questions.append(RawQuestion(number, element.line, element.text, found))
            self.out.append(indented(question_lines(own, shown(element), found), margin))
        self.stems = [*self.stems[:level], own]
        self.shut = False

    def _open_again(self, level: int) -> None:
        """The marks of the question above, whose list something has ended."""
        margin = ""
        for stem in self.stems[:level]:
            self.out.append(f"{margin}{stem}. (continued)")
            margin += " " * len(f"{stem}. ")

    def _understood(self, element: Element, at: int, holds: list[Taken]) -> Understood:
        graph = self._graph(holds)
        given = tuple(formulas_in(element.text))
        found = understood(element.text, graph, given, frozenset(t.source for t in holds))
        missed = self._doubt(found.asks, at, graph)
        return Understood((), found.words, missed=missed) if missed else found

    def _graph(self, holds: list[Taken]) -> Graph:
        """The model of some definitions, made once."""
        key = tuple(t.source for t in holds)
        if key not in self.graphs:
            self.graphs[key] = graph_of(holds)
        return self.graphs[key]

    def _doubt(self, asks: tuple[Ask, ...], at: int, graph: Graph) -> str:
        """Why a question may be about another model than the one that was read; empty for none."""
        if asks and (words := altered(self.elements, self.plan, at)):
            return f"{words!r}, above it, changes the model"
        section = self.plan.sections[at]
        lost = [t for t in self.gathered.lost if t.section == section]
        for ask in asks:
            if ask.verb in WHOLE and not ask.words:
                if lost:
                    return f"{short(lost[0].source)} couldn't be read, so the model isn't whole"
                if not self.gathered.defines(section) and described(
                    self.elements, self.plan.sections, section
                ):
                    return "this section describes a network in words: define it by formulas"
                open_names = {q.name for q in graph if q.value is None and q.definition is None}
                if free := sorted(self.gathered.letters & open_names):
                    return f"nothing says what {', '.join(free)} is, a number or a vector"
            used = needed(graph, quantities(ask))
            for taken in lost:
                if taken.at < at and taken.names & used:
                    return f"{short(taken.source)} couldn't be read, and would change the answer"
        return ""


__all__ = ["RawPage", "RawQuestion", "is_raw", "raw_page"]
