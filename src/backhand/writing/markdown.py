"""A solution as MyST-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from backhand.syntax import Equal, Formula
from backhand.working import Answered, Prose, Solution, Step, Working
from backhand.writing.latex import RELATIONS, formula_latex
from backhand.writing.pages import without_comments
from backhand.writing.text import step_chain

_SPECIAL = set("\\`*_[]<>#|$")


def document(solution: Solution) -> str:
    """The worksheet's own blocks, each question followed by its answers; how it was read."""
    parts: list[str] = []
    for block, answered in solution.page():
        if answered is None:
            parts.append(without_comments(block.source).strip())
        else:
            parts += _question(answered)
    if solution.notes:
        items = "\n".join(f"- {_escaped(note)}" for note in solution.notes)
        parts += ["**How this page was read**", items]
    return "\n\n".join(part for part in parts if part) + "\n"


def _question(answered: Answered) -> Iterator[str]:
    words = without_comments(answered.question.words).strip()
    yield f"**{answered.question.number}.** {words}" if words else ""
    for working in answered.workings:
        yield working_markdown(working)


def working_markdown(working: Working) -> str:
    """One working: the answer in a quotation, then numbered steps."""
    parts = [f"> {prose_markdown(working.answer)}"]
    parts += [_step(number, step) for number, step in enumerate(working.steps, 1)]
    parts += [f"*{prose_markdown(note)}*" for note in working.notes]
    return "\n\n".join(parts)


def prose_markdown(prose: Prose) -> str:
    """A sentence with its formulas in dollars."""
    return "".join(_escaped(p) if isinstance(p, str) else f"${formula_latex(p)}$" for p in prose)


def _escaped(text: str) -> str:
    return "".join(f"\\{sign}" if sign in _SPECIAL else sign for sign in text)


def _step(number: int, step: Step) -> str:
    parts = [f"{number}. {prose_markdown(step.title)} *({_escaped(step.rule)})*"]
    chain = step_chain(step)
    if chain is not None:
        parts.append("   $$\n   " + _display(chain).replace("\n", "\n   ") + "\n   $$")
    if step.note:
        parts.append(f"   {prose_markdown(step.note)}")
    return "\n\n".join(parts)


def _display(found: Formula) -> str:
    if not isinstance(found, Equal) or len(found.sides) < 3:
        return formula_latex(found)
    first, *rest = found.sides
    lines = [
        f"&{RELATIONS[sign]} {formula_latex(side)}"
        for sign, side in zip(found.signs, rest, strict=True)
    ]
    joined = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{formula_latex(first)} {joined}\n\\end{{aligned}}"
