"""A sheet or a key as a Jupyter notebook whose answers nbgrader collects and a person marks.

Cells carry nbgrader's metadata (schema 3): words are locked, each question has one answer cell that
is a manually graded solution. All text of the page is set anew, so no HTML of it is passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from backhand.reading.maths import Known
from backhand.working import Block, Question, Solution, Worksheet
from backhand.writing.latex import formula_latex
from backhand.writing.markdown import working_markdown
from backhand.writing.pages import Setting, page_names, words

Cell = dict[str, Any]
_SPECIAL = re.compile(r"([\\`*_\[\]#|$])")


def sheet(worksheet: Worksheet) -> str:
    """The student's notebook."""
    return document(_cells(worksheet, lambda _: "YOUR ANSWER HERE"))


def key(solution: Solution) -> str:
    """The notebook with every answer worked out in its cell."""
    answers = {
        id(answered.question): "\n\n".join(map(working_markdown, answered.workings))
        for answered in solution.answers
    }
    return document(_cells(solution.worksheet, lambda q: answers.get(id(q), "")))


def document(cells: Iterable[Cell]) -> str:
    """A notebook of these cells."""
    found = {
        "cells": list(cells),
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _escaped(text: str) -> str:
    """Words that Markdown and HTML leave as they are."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", safe)


def _code(text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}"


def _marked(mark: str) -> Callable[[str], str]:
    return lambda text: f"{mark}{_escaped(text)}{mark}"


def _maths(latex: str) -> str:
    # A browser would take a "<" in a formula for the start of a tag.
    return latex.replace("<", r"\lt ").replace(">", r"\gt ")


WORDS = Setting(
    text=_escaped,
    emphasis=_marked("*"),
    strong=_marked("**"),
    code=_code,
    formula=lambda found: f"${_maths(formula_latex(found))}$",
    display=lambda found: f"$$\n{_maths(formula_latex(found))}\n$$",
    gap="\n\n",
)


def _cells(worksheet: Worksheet, answer: Callable[[Question], str]) -> Iterator[Cell]:
    known = page_names(worksheet)
    for at, block in enumerate(worksheet.blocks):
        if block.question is None:
            said = block_words(block, known)
            if said:
                yield _marked_cell(f"words-{at}", said, locked=1)
            continue
        question = block.question
        name = f"{at}-{re.sub(r'[^A-Za-z0-9]+', '-', question.number)[:40]}"
        said = words(question.words, known, WORDS)
        yield _marked_cell(f"question-{name}", f"**{question.number}** {said}", locked=1)
        points = len(question.asks)
        yield _marked_cell(f"answer-{name}", answer(question), grade=1, solution=1, points=points)


def _marked_cell(name: str, source: str, **marks: int) -> Cell:
    return cell("markdown", name, source, nbgrader_marks(name, **marks))


def block_words(block: Block, known: Known) -> str:
    """A block that is no question, in Markdown."""
    said = words(block.source, known, WORDS)
    return f"{'#' * block.level} {said}" if block.kind == "heading" else said


def cell(kind: str, name: str, source: str, marks: dict[str, Any] | None = None) -> Cell:
    """A cell of a kind (markdown, code, raw), with nbgrader's metadata where there are any."""
    found: Cell = {
        "cell_type": kind,
        "id": name,
        "metadata": {"nbgrader": marks} if marks else {},
        "source": source.splitlines(keepends=True),
    }
    return found | {"outputs": [], "execution_count": None} if kind == "code" else found


def nbgrader_marks(name: str, **marks: int) -> dict[str, Any]:
    """The metadata that nbgrader wants of a cell, whole; points are given where it is graded."""
    flags = ("locked", "grade", "solution", "task")
    points = {"points": marks["points"]} if "points" in marks else {}
    found = {flag: bool(marks.get(flag)) for flag in flags}
    return {"schema_version": 3, "grade_id": name, **found, **points}
