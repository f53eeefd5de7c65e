"""A solution as one HTML page: MathML, no script, no network; light, dark, and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files

from backhand.reading.maths import Known
from backhand.syntax import Equal, Formula, Num, Rows
from backhand.working import Answered, Block, Prose, Solution, Step, Working
from backhand.writing.chords import chord_svg
from backhand.writing.drawing import draw
from backhand.writing.mathml import formula_mathml, row
from backhand.writing.pages import page_names, words_html
from backhand.writing.text import step_chain
from backhand.writing.typesetting import printable

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def document(solution: Solution) -> str:
    """A solution as one self-contained page."""
    title = printable(solution.worksheet.title) or "Worked solution"
    return page(title, "\n".join(_blocks(solution)))


def fragment(solution: Solution) -> str:
    """A solution as it stands in a notebook, which has a style of its own."""
    return "\n".join(_blocks(solution))


def page(title: str, body: str, *styles: str) -> str:
    """A page around its body, in the common style and in further style sheets of this folder."""
    folder = files("backhand.writing")
    style = "".join(
        folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", *styles)
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _blocks(solution: Solution) -> Iterator[str]:
    """The page's own blocks in order, each question followed by its answers; how it was read."""
    known = page_names(solution.worksheet)
    if not any(b.kind == "heading" and b.level == 1 for b in solution.worksheet.blocks):
        yield f"<h1>{escape(printable(solution.worksheet.title) or 'Worked solution')}</h1>"
    for block, answered in solution.page():
        yield _block(block, known) if answered is None else _question(answered, known)
    if solution.notes:
        items = "".join(f"<li>{escape(printable(note))}</li>" for note in solution.notes)
        yield f'<aside class="notes"><h2>How this page was read</h2><ul>{items}</ul></aside>'


def _block(block: Block, known: Known) -> str:
    words = words_html(block.source, known, formula_mathml)
    kind = ' class="given"' if block.kind == "model" else ""
    return f"<div{kind}>{words}</div>" if kind else words


def _question(answered: Answered, known: Known) -> str:
    number = escape(answered.question.number)
    words = words_html(answered.question.words, known, formula_mathml)
    workings = "\n".join(working_html(w) for w in answered.workings)
    if not words.strip():
        return f'<section class="question">\n{workings}\n</section>'
    return (
        f'<section class="question" aria-labelledby="q{number}">\n'
        f'<div class="asked"><span class="number" id="q{number}">{number}</span>'
        f"<div>{words}</div></div>\n{workings}\n</section>"
    )


def working_html(working: Working) -> str:
    """A working as a fragment: the answer, then its steps."""
    parts = [f'<p class="answer">{prose_html(working.answer)}</p>']
    if working.chord is not None:
        parts.append(f'<figure class="drawing">{chord_svg(working.chord)}</figure>')
    if working.picture is not None:
        parts.append(f'<figure class="drawing">{draw(working.picture)}</figure>')
    if working.steps:
        parts.append(f'<ol class="steps">{"".join(map(_step, working.steps))}</ol>')
    parts += [f'<p class="note">{prose_html(note)}</p>' for note in working.notes]
    return f'<div class="working">{"".join(parts)}</div>'


def prose_html(prose: Prose) -> str:
    """A sentence with its formulas in MathML."""
    return "".join(escape(p) if isinstance(p, str) else formula_mathml(p) for p in prose)


def _step(step: Step) -> str:
    chain = step_chain(step)
    shown = chain_html(chain) if chain is not None else ""
    note = f'<p class="note">{prose_html(step.note)}</p>' if step.note else ""
    title = prose_html(step.title)
    return (
        f'<li><p class="title"><span>{title}</span> <span class="rule">{escape(step.rule)}</span></p>'
        f"{shown}{note}</li>"
    )


def chain_html(found: Formula) -> str:
    """A chain of equations, every side but the first on a line of its own, relations aligned."""
    if not isinstance(found, Equal) or _is_short(found):
        return f'<div class="chain">{formula_mathml(found, "block")}</div>'
    first, *rest = found.sides
    lines = [
        f"<mtr><mtd>{row(first) if at == 0 else ''}</mtd>"
        f"<mtd><mo>{sign}</mo></mtd><mtd>{row(side)}</mtd></mtr>"
        for at, (sign, side) in enumerate(zip(found.signs, rest, strict=True))
    ]
    table = f'<mtable class="lines" displaystyle="true">{"".join(lines)}</mtable>'
    return f'<div class="chain"><math display="block">{table}</math></div>'


def _is_short(found: Equal) -> bool:
    return len(found.sides) < 3 or all(_is_small(side) for side in found.sides[1:])


def _is_small(found: Formula) -> bool:
    return isinstance(found, Num) or (isinstance(found, Rows) and len(found.rows[0]) < 2)
