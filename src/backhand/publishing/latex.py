"""A student's sheet as a LaTeX article, with room for answers; the key is `writing.paper`'s."""

from __future__ import annotations

from collections.abc import Iterator

from backhand.publishing.room import MANY, lines_for
from backhand.working import Question, Worksheet
from backhand.writing.latex import escaped
from backhand.writing.pages import page_names, words
from backhand.writing.paper import HEAD, LEVELS, PAPER

RULE = r"\par\vspace{6mm}\noindent\dotfill"
NAME = r"\noindent Name \underline{\hspace{60mm}}"


def sheet(worksheet: Worksheet) -> str:
    """The student's sheet, complete; a drawing is left to the student."""
    title = escaped(worksheet.title or "Worksheet")
    body = "\n\n".join(_blocks(worksheet))
    return (
        f"{HEAD}\\title{{{title}}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n\n"
        f"{NAME}\n\n{body}\n\\end{{document}}\n"
    )


def _blocks(worksheet: Worksheet) -> Iterator[str]:
    known = page_names(worksheet)
    for block in worksheet.blocks:
        if block.question is not None:
            asked = words(block.question.words, known, PAPER)
            yield rf"\textbf{{{escaped(block.question.number)}}}\quad {asked}"
            yield _room(block.question)
        elif block.kind == "heading" and block.level > 1:
            title = words(block.source, known, PAPER)
            yield f"{LEVELS.get(block.level, LEVELS[4])}{{{title}}}"
        elif block.kind != "heading":
            yield words(block.source, known, PAPER)


def _room(question: Question) -> str:
    count = sum(MANY if ask.verb == "draw" else lines_for(ask) for ask in question.asks)
    return "\n".join([RULE] * count)
