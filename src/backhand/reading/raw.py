"""A raw worksheet, without asks, to the explicit one that the reader of worksheets reads.

Definitions come from displays and sentences, asks from the questions' words. Whatever was taken, left
or not understood is said; the explicit page is there to be looked at, kept and edited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import fill

from backhand.reading.gathering import Gathering
from backhand.reading.latex_source import as_page, is_latex
from backhand.reading.numbering import Numbers
from backhand.reading.phrases import asks_something
from backhand.reading.questions import Understood, understood
from backhand.reading.scanned import Element, elements, formulas_in

_EXPLICIT = re.compile(
    r"(?m)^\s*%\s*(?:ask\b|prose\s*$|new\b)|^\s*(?:`{3,}|~{3,})\s*\{?(?:model|math)\b"
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


def is_raw(text: str) -> bool:
    """Whether a page has questions in words only: no asks, no marks of an explicit worksheet.

    >>> is_raw("$$ x = 3 $$\\n\\n1. What is $x$?"), is_raw("x = 3\\ny = x^2")
    (True, False)
    """
    if _EXPLICIT.search(text):
        return False
    if is_latex(text):
        return True
    return any(e.kind == "item" and asks_something(e.text) for e in elements(text))


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
    gathered = _gathered(page)
    return _Writer(page, gathered, front).page()


def _without_front_matter(text: str) -> tuple[str, str]:
    """The page with its front matter blanked, and that front matter."""
    found = re.match(r"---\n(?:.*\n)*?---\n", text)
    if found is None:
        return text, ""
    return "\n" * found[0].count("\n") + text[found.end() :], found[0]


def _gathered(page: list[Element]) -> Gathering:
    gathered = Gathering()
    top = ""
    for at, element in enumerate(page):
        if element.kind == "heading" and element.number:
            top = element.number.partition(".")[0]
            gathered.section(top)
        elif element.kind == "display":
            gathered.offer(element.text, top, at, element.line)
        elif element.kind == "prose":
            for source in formulas_in(element.text):
                gathered.offer(source, top, at, element.line)
    gathered.section(top)
    gathered.close()
    return gathered


@dataclass
class _Writer:
    """Writes the explicit page, and reads each question on the way."""

    elements: list[Element]
    gathered: Gathering
    front: str

    def __post_init__(self) -> None:
        self.numbers = Numbers()
        self.out: list[str] = []
        self.questions: list[RawQuestion] = []
        self.graphs = [part.graph() for part in self.gathered.parts]
        self.written: set[int] = set()
        self.current = 0
        self.titled = False

    def page(self) -> RawPage:
        top = ""
        for at, element in enumerate(self.elements):
            if element.kind == "heading":
                top = element.number.partition(".")[0] if element.number else top
                self._heading(element)
            elif element.kind == "item" and asks_something(element.text):
                self._question(element, self.gathered.part_of.get(top, 0))
            else:
                self._other(element, at)
        text = self.front + "\n\n".join(self.out).strip() + "\n"
        notes = sorted(self.gathered.notes, key=lambda note: int(note.split()[1].rstrip(":")))
        return RawPage(text, tuple(self.questions), tuple(notes))

    def _heading(self, element: Element) -> None:
        level = element.number.count(".") + 2 if element.number else 1
        words = f"{element.number} {element.text}".strip()
        if not element.number and (self.titled or self.out):
            self.out.append(f"**{words}**")
            return
        self.titled = True
        self.numbers.heading(level, words)
        self.out.append(f"{'#' * level} {words}")

    def _other(self, element: Element, at: int) -> None:
        """Prose, a table, or a display, which is shown again as prose."""
        if element.kind == "display":
            if not any(t.at == at for p in self.gathered.parts for t in p.taken):
                self.out.append(f"% prose\n$$\n{_solid(element.text)}\n$$")
            return
        words = element.text.replace("$$", "$").replace("\t", " ")
        if element.kind == "item":
            words = f"{element.number}. {words}"
        self.out.append(words.strip())

    def _model(self, part: int) -> None:
        """The definitions of a part, before the first question that needs them."""
        if part in self.written:
            return
        if self.written:
            self.out.append("% new model")
        self.written.add(part)
        self.out += [f"$$\n{_solid(t.source)}\n$$" for t in self.gathered.parts[part].taken]

    def _question(self, element: Element, part: int) -> None:
        self._model(part)
        prefix = self.numbers.section
        number = self.numbers.question(prefix, int(element.number))
        if number is None:
            number = self.numbers.question(prefix, None)
        assert number is not None
        found = understood(element.text, self.graphs[part], _given(element.text))
        self.questions.append(RawQuestion(number, element.line, element.text, found))
        own = number.removeprefix(f"{prefix}.") if prefix else number
        words = re.sub(r"</?b>", "**", element.text).replace("$$", "$")
        head = f"{own}. "
        indent = " " * len(head)
        lines = [
            fill(words, 98, initial_indent=head, subsequent_indent=indent, break_long_words=False)
        ]
        lines += [f"{indent}% ask: {ask.text}" for ask in found.asks]
        if not found.asks:
            lines.append(f"{indent}% not read: {found.missed}")
        self.out.append("\n".join(lines))


def _solid(source: str) -> str:
    """A formula without empty lines, which would end its display."""
    return "\n".join(line for line in source.split("\n") if line.strip()).strip()


def _given(words: str) -> tuple[str, ...]:
    """What a question's own words define, for a claim in it."""
    return tuple(formulas_in(words))


__all__ = ["RawPage", "RawQuestion", "is_raw", "raw_page"]
