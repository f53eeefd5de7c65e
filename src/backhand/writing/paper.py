"""A solution as a complete LaTeX article that needs amsmath and amssymb only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backhand.reading.maths import Known
from backhand.working import Answered, Picture, Solution
from backhand.writing.latex import escaped, formula_latex, prose_latex, working_latex
from backhand.writing.pages import Setting, page_names, words

HEAD = r"""\documentclass[11pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb}
\usepackage[margin=25mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\allowdisplaybreaks
"""
LEVELS = {2: r"\section*", 3: r"\subsection*", 4: r"\subsubsection*"}


def document(solution: Solution) -> str:
    """The worksheet's own blocks, each question followed by its answers."""
    title = escaped(solution.worksheet.title or "Worked solution")
    body = "\n\n".join(_blocks(solution))
    return (
        f"{HEAD}\\title{{{title}}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n\n"
        f"{body}\n\\end{{document}}\n"
    )


def _blocks(solution: Solution) -> Iterator[str]:
    known = page_names(solution.worksheet)
    for block, answered in solution.page():
        if answered is not None:
            yield _question(answered, known)
        elif block.kind == "heading" and block.level > 1:
            title = words(block.source, known, PAPER)
            yield f"{LEVELS.get(block.level, LEVELS[4])}{{{title}}}"
        elif block.kind != "heading":
            yield words(block.source, known, PAPER)
    if solution.notes:
        items = "\n".join(rf"\item {escaped(note)}" for note in solution.notes)
        yield f"\\section*{{How this page was read}}\n\\begin{{itemize}}\n{items}\n\\end{{itemize}}"


def _in(command: str) -> Callable[[str], str]:
    return lambda text: rf"\{command}{{{escaped(text)}}}"


PAPER = Setting(
    text=escaped,
    emphasis=_in("emph"),
    strong=_in("textbf"),
    code=_in("texttt"),
    formula=lambda found: f"${formula_latex(found)}$",
    display=lambda found: rf"\[ {formula_latex(found)} \]",
    gap="\n\n",
)


def _question(answered: Answered, known: Known) -> str:
    asked = words(answered.question.words, known, PAPER)
    number = escaped(answered.question.number)
    lines = [rf"\textbf{{{number}}}\quad {asked}"] if asked else []
    for working in answered.workings:
        lines.append(working_latex(working))
        if working.picture is not None:
            lines.append(_sketch(working.picture))
    return "\n\n".join(lines)


def _sketch(picture: Picture) -> str:
    """The drawing in words: LaTeX alone can't place an SVG."""
    columns = [
        r"\parbox{0.2\linewidth}{\centering "
        + (prose_latex(column.title) or "~")
        + r"\\ "
        + ", ".join(f"${formula_latex(u.label)}$" for u in column.units if u.label is not None)
        + "}"
        for column in picture.columns
    ]
    return r" $\rightarrow$ ".join(columns)
