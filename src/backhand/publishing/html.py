"""A student's sheet as one HTML page, to be printed or read on a screen; the key is `writing.html`'s."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from backhand.publishing.room import blank_drawings, lines_for
from backhand.reading.maths import Known
from backhand.working import Question, Worksheet
from backhand.writing.drawing import draw
from backhand.writing.html import page
from backhand.writing.mathml import formula_mathml
from backhand.writing.pages import page_names, words_html
from backhand.writing.typesetting import printable

NAME = '<p class="name">Name <span></span></p>'


def sheet(worksheet: Worksheet) -> str:
    """The student's sheet as a self-contained page."""
    title = printable(worksheet.title) or "Worksheet"
    return page(title, "\n".join(_blocks(worksheet, title)), "sheet.css")


def _blocks(worksheet: Worksheet, title: str) -> Iterator[str]:
    known = page_names(worksheet)
    yield f"<h1>{escape(title)}</h1>\n{NAME}"
    for block in worksheet.blocks:
        if block.question is not None:
            yield _question(block.question, known)
        elif block.kind != "heading" or block.level > 1:
            said = words_html(block.source, known, formula_mathml)
            yield f'<div class="given">{said}</div>' if block.kind == "model" else said


def _question(question: Question, known: Known) -> str:
    said = words_html(question.words, known, formula_mathml)
    drawings = "".join(
        f'<figure class="drawing">{draw(each)}</figure>' for each in blank_drawings(question)
    )
    rooms = "".join(
        f'<div class="room" style="--lines:{lines_for(ask)}"></div>'
        for ask in question.asks
        if ask.verb != "draw"
    )
    number = escape(question.number)
    return (
        f'<section class="question" aria-labelledby="q{number}">\n'
        f'<div class="asked"><span class="number" id="q{number}">{number}</span>'
        f"<div>{said}</div></div>\n{drawings}{rooms}\n</section>"
    )
