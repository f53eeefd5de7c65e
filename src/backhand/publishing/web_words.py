"""A page's words, its questions and its answers as HTML for a teaching platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape

from backhand.checking.parts import Part
from backhand.reading.maths import Known
from backhand.syntax import Formula
from backhand.working import Block, Prose, Question, Working, Worksheet
from backhand.writing.latex import formula_latex
from backhand.writing.mathml import formula_mathml
from backhand.writing.pages import page_names, words_html
from backhand.writing.text import step_chain

Setter = Callable[[Formula, str], str]
"""Sets a formula, `inline` or as a `block`."""


def latex_maths(found: Formula, display: str = "inline") -> str:
    """A formula between the marks that MathJax looks for."""
    start, end = (r"\[", r"\]") if display == "block" else (r"\(", r"\)")
    return start + escape(formula_latex(found), quote=False) + end


def mathml_maths(found: Formula, display: str = "inline") -> str:
    """A formula in MathML that needs no style sheet.

    Matrices have round brackets: square ones are the marks of blanks in Canvas.
    """
    whole = formula_mathml(found, display)
    opened = whole.replace('<mtable class="matrix">', "<mrow><mo>(</mo><mtable>")
    return opened.replace("</mtable>", "</mtable><mo>)</mo></mrow>")


def blocks_before(sheet: Worksheet, last: Question) -> Iterator[Block]:
    """The page down to a question, from where its model starts."""
    found: list[Block] = []
    for block in sheet.blocks:
        if _starts_afresh(block):
            found.clear()
        if block.kind != "heading" or block.level > 1:
            found.append(block)
        if block.question is last:
            break
    yield from found


def _starts_afresh(block: Block) -> bool:
    lines = (line.strip().lower().removeprefix("%").strip() for line in block.source.split("\n"))
    return block.question is None and any(line in ("new", "new model") for line in lines)


def block_html(block: Block, known: Known, maths: Setter) -> str:
    """A block that is no question."""
    return words_html(block.source, known, maths)


def question_html(question: Question, known: Known, maths: Setter) -> str:
    """A question's number and words."""
    words = words_html(question.words, known, maths)
    return f"<p><strong>{escape(question.number)}</strong></p>\n{words}"


def context_html(sheet: Worksheet, part: Part, maths: Setter) -> str:
    """What a part needs to be understood alone: the page before it, without other questions."""
    known, question = page_names(sheet), part.question
    before = blocks_before(sheet, question)
    parts = [block_html(b, known, maths) for b in before if b.question is None]
    which = which_html(part)
    named = [f"<p>{which}</p>"] if which else []
    return "\n".join([*parts, question_html(question, known, maths), *named])


def working_html(working: Working, maths: Setter) -> str:
    """An answer with its steps, a line each."""
    lines = [f"<p>{prose_html(working.answer, maths)}</p>"]
    items: list[str] = []
    for step in working.steps:
        found = step_chain(step)
        whole = f"{maths(found, 'inline')}" if found is not None else ""
        title = prose_html(step.title, maths)
        note = f" – {prose_html(step.note, maths)}" if step.note else ""
        items.append(f"<li>{title}: {whole}{note}</li>" if whole else f"<li>{title}{note}</li>")
    if items:
        lines.append(f"<ol>{''.join(items)}</ol>")
    return "\n".join(lines)


def which_html(part: Part) -> str:
    """Which of a question's asks this is, where it has several: its letter and the ask."""
    if part.number == part.question.number:
        return ""
    letter = part.number.rpartition(".")[2]
    return f"<strong>{escape(letter)}.</strong> <code>{escape(part.ask.text)}</code> "


def solution_html(part: Part, maths: Setter) -> str:
    """A part's worked solution."""
    return f"<p><strong>{escape(part.number)}</strong></p>\n{working_html(part.working, maths)}"


def prose_html(prose: Prose, maths: Setter) -> str:
    """A sentence with its formulas."""
    return "".join(
        escape(p, quote=False) if isinstance(p, str) else maths(p, "inline") for p in prose
    )
