"""A worksheet as the page gets it: its text, its network, its questions and their parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from backhand.calculus.structure import loss_name
from backhand.checking.marking import Marker, Part
from backhand.errors import BackhandError
from backhand.page.program import program
from backhand.reading.document import worksheet
from backhand.reading.maths import Known
from backhand.slots import entry_name
from backhand.working import Question, Worksheet
from backhand.writing.mathml import formula_mathml
from backhand.writing.pages import page_names, words_html

KEPT = 16
"""How many worksheets a process remembers."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet that was read, ready to be marked; `unsolved`: the error where it isn't."""

    worksheet: Worksheet
    marker: Marker | None
    unsolved: BackhandError | None

    def ready(self) -> Marker:
        """What marks it. Raises the error of the ask that can't be answered."""
        if self.unsolved is not None:
            raise self.unsolved
        assert self.marker is not None
        return self.marker


@lru_cache(maxsize=KEPT)
def sheet_of(text: str) -> Sheet:
    """The worksheet of a text, read once. Raises what `worksheet` raises."""
    read = worksheet(text)
    try:
        return Sheet(read, Marker(read), None)
    except BackhandError as error:
        return Sheet(read, None, error)


def example() -> str:
    """The text of the built-in worked example."""
    return files("backhand.page").joinpath("example.md").read_text(encoding="utf-8")


@lru_cache(maxsize=KEPT)
def sheet_json(text: str) -> dict[str, Any]:
    """A worksheet as JSON, made once: don't change it. Raises what `worksheet` raises.

    >>> sheet_json("x = 3; y = x^2")["questions"]
    []
    """
    sheet = sheet_of(text)
    read = sheet.worksheet
    notes = list(dict.fromkeys(note for graph in read.graphs for note in graph.notes))
    notes += read.unread
    if sheet.unsolved is not None:
        notes.append(f"The questions can't be marked: {sheet.unsolved}")
    net, note = _net(read)
    return {
        "text": read.source,
        "title": read.title,
        "net": net,
        "notes": [*notes, *([note] if note else [])],
        "loss": loss_name(read.graph) if read.graphs else None,
        "questions": list(_questions(sheet)),
    }


def forget() -> None:
    """Keep no worksheet any longer, so that there is memory again."""
    sheet_of.cache_clear()
    sheet_json.cache_clear()


def _net(read: Worksheet) -> tuple[dict[str, Any] | None, str]:
    """The program of the last model, or None and the reason why there is none."""
    if not read.graphs:
        return None, ""
    try:
        return program(read.graph), ""
    except BackhandError as error:
        return None, f"The network can't be shown: {error}"


def _questions(sheet: Sheet) -> Iterator[dict[str, Any]]:
    """Each question, with what the page says since the one before it: text, data, equations."""
    known = page_names(sheet.worksheet)
    since: list[str] = []
    for block in sheet.worksheet.blocks:
        if block.question is not None:
            yield {"before": "".join(since), **_question(block.question, sheet, known)}
            since.clear()
        elif block.kind != "heading" or block.level > 1:
            said = words_html(block.source, known, formula_mathml)
            since.append(f'<div class="given">{said}</div>' if block.kind == "model" else said)


def _question(question: Question, sheet: Sheet, known: Known) -> dict[str, Any]:
    if sheet.marker is not None:
        own = [p for p in sheet.marker.parts if p.question is question]
        parts = [_part(part) for part in own]
    else:
        parts = [
            {"number": None, "kind": None, "ask": ask.text, "about": None} for ask in question.asks
        ]
    words = words_html(question.words, known, formula_mathml)
    return {"number": question.number, "words": words, "parts": parts}


def _part(part: Part) -> dict[str, Any]:
    of, by = part.expected.of, part.expected.by
    ends = () if of is None or by is None else (of, by)
    about = [entry_name(each.name, each.slots) for each in ends] or None
    return {
        "number": part.number,
        "kind": part.expected.kind,
        "ask": part.ask.text,
        "about": about,
    }
