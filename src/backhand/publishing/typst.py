"""A sheet or a key as a Typst document: title, name field, page numbers, room for answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.resources import files

from backhand.publishing.room import blank_drawings, lines_for
from backhand.reading.maths import Known
from backhand.working import Block, Picture, Question, Solution, Step, Working, Worksheet
from backhand.writing.chords import chord_svg
from backhand.writing.drawing import draw
from backhand.writing.pages import Setting, page_names, words
from backhand.writing.text import step_chain
from backhand.writing.typst import (
    aligned_typst,
    formula_typst,
    prose_typst,
    quoted,
    text_typst,
)


def sheet(worksheet: Worksheet) -> str:
    """The student's sheet, with room for every answer."""
    known = page_names(worksheet)
    title = worksheet.title or "Worksheet"
    parts = [_head(title, "sheet")]
    for block in worksheet.blocks:
        if block.question is None:
            parts += _block(block, known)
        else:
            parts.append(_question(block.question, known))
            parts += [_picture(drawn) for drawn in blank_drawings(block.question)]
            parts += [f"#room({lines_for(a)})" for a in block.question.asks if a.verb != "draw"]
    return "\n\n".join(parts) + "\n"


def key(solution: Solution) -> str:
    """The key, with the working of every answer."""
    known = page_names(solution.worksheet)
    parts = [_head(solution.worksheet.title or "Worksheet", "key")]
    for block, answered in solution.page():
        if answered is None:
            parts += _block(block, known)
        else:
            parts.append(_question(answered.question, known))
            parts += map(_working, answered.workings)
    if solution.notes:
        parts.append("#heading(level: 2)[How this page was read]")
        parts += [f"- {text_typst(note)}" for note in solution.notes]
    return "\n\n".join(parts) + "\n"


def _head(title: str, kind: str) -> str:
    template = files("backhand.publishing").joinpath("template.typ").read_text(encoding="utf-8")
    return f"{template}\n#show: page-of.with({quoted(title)}, {quoted(kind)})"


def _raw(text: str) -> str:
    return f"#raw({quoted(text)})"


def _in(function: str) -> Callable[[str], str]:
    return lambda text: f"#{function}({quoted(text)})"


WORDS = Setting(
    text=text_typst,
    emphasis=_in("emph"),
    strong=_in("strong"),
    code=_raw,
    formula=lambda found: f"${formula_typst(found)}$",
    display=lambda found: f"$ {formula_typst(found)} $",
    gap="\n\n",
)


def _block(block: Block, known: Known) -> Iterator[str]:
    said = words(block.source, known, WORDS)
    if block.kind == "heading":
        if block.level > 1:
            yield f"#heading(level: {block.level - 1})[{said}]"
    elif block.kind == "model" and said:
        yield f"#given[{said}]"
    elif said:
        yield said


def _question(question: Question, known: Known) -> str:
    said = words(question.words, known, WORDS)
    return f"#question({quoted(question.number)})[{said}]" if said else ""


def _picture(drawn: Picture) -> str:
    return _svg(draw(drawn))


def _svg(source: str) -> str:
    # Typst's reader of SVG knows no custom properties: their second choice is the light colour.
    plain = re.sub(r"var\(--[\w-]+, *(#\w+)\)", r"\1", source)
    literal = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'#drawing("{literal}")'


def _working(working: Working) -> str:
    parts = [f"#answer[{prose_typst(working.answer)}]"]
    if working.chord is not None:
        parts.append(_svg(chord_svg(working.chord)))
    if working.picture is not None:
        parts.append(_picture(working.picture))
    parts += [_step(number, step) for number, step in enumerate(working.steps, 1)]
    parts += [f"#pad(left: 15mm)[#note[{prose_typst(note)}]]" for note in working.notes]
    return "\n\n".join(parts)


def _step(number: int, step: Step) -> str:
    chain = step_chain(step)
    shown = aligned_typst(chain) if chain is not None else ""
    note = f"#note[{prose_typst(step.note)}]" if step.note else ""
    title = prose_typst(step.title)
    return f"#step({number}, {quoted(step.rule)})[{title}][{shown}][{note}]"
