"""A sheet or a key as a Jupyter notebook whose answers nbgrader collects and a person marks.

Cells carry nbgrader's metadata (schema 3): words are locked, each question has one answer cell that
is a manually graded solution. All text of the page is set anew, so no HTML of it is passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
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
    return _notebook(_cells(worksheet, lambda _: "YOUR ANSWER HERE"))


def key(solution: Solution) -> str:
    """The notebook with every answer worked out in its cell."""
    answers = {
        id(answered.question): "\n\n".join(map(working_markdown, answered.workings))
        for answered in solution.answers
    }
    return _notebook(_cells(solution.worksheet, lambda q: answers.get(id(q), "")))


def _notebook(cells: Iterator[Cell]) -> str:
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
            said = _block(block, known)
            if said:
                yield _cell(f"words-{at}", said, {"locked": True})
            continue
        question = block.question
        name = f"{at}-{re.sub(r'[^A-Za-z0-9]+', '-', question.number)[:40]}"
        said = words(question.words, known, WORDS)
        yield _cell(f"question-{name}", f"**{question.number}** {said}", {"locked": True})
        graded = {"grade": True, "solution": True, "points": len(question.asks)}
        yield _cell(f"answer-{name}", answer(question), graded)


def _block(block: Block, known: Known) -> str:
    said = words(block.source, known, WORDS)
    return f"{'#' * block.level} {said}" if block.kind == "heading" else said


def _cell(name: str, source: str, marks: dict[str, Any]) -> Cell:
    """A Markdown cell with the metadata that nbgrader wants, whole."""
    metadata = {
        "schema_version": 3,
        "grade_id": name,
        "locked": False,
        "grade": False,
        "solution": False,
        "task": False,
        **marks,
    }
    return {
        "cell_type": "markdown",
        "id": name,
        "metadata": {"nbgrader": metadata},
        "source": source.splitlines(keepends=True),
    }
