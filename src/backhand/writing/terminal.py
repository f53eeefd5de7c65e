"""A solution on the terminal: 80 columns, Unicode maths, restrained colour."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from backhand.functions import TABLE
from backhand.reading.maths import Known
from backhand.working import Answered, Picture, Prose, Solution, Working
from backhand.writing.pages import Setting, page_names, words
from backhand.writing.text import (
    WIDTH,
    formula_text,
    prose_text,
    step_formula,
)
from backhand.writing.typesetting import printable

if TYPE_CHECKING:
    from rich.console import Console

INDENT = "    "
PLAIN = Setting(
    text=str,
    emphasis=str,
    strong=str,
    code=str,
    formula=formula_text,
    display=formula_text,
    gap="\n\n",
)


def document(solution: Solution, console: Console) -> None:
    """Print every answer with its question; what is piped gets no colour."""
    width = min(console.width, 100)
    title = printable(solution.worksheet.title)
    known = page_names(solution.worksheet)
    if title:
        _line(console, title, "bold underline")
    for answered in solution.answers:
        _question(answered, console, width, known)
    if solution.notes:
        _line(console, "")
        _line(console, "How this page was read", "bold")
    for note in solution.notes:
        _wrapped(console, printable(note), width, "italic dim", "  ")


def plain(solution: Solution) -> str:
    """The same as plain text of 80 columns."""
    from rich.console import Console

    out = StringIO()
    document(solution, Console(file=out, width=WIDTH, no_color=True))
    return out.getvalue()


def _line(console: Console, text: str, style: str = "") -> None:
    """One line as it is: no markup, no highlighting, no wrapping of a formula."""
    from rich.text import Text

    console.print(Text(text, style=style), soft_wrap=True)


def _wrapped(console: Console, text: str, width: int, style: str = "", indent: str = "") -> None:
    from textwrap import wrap

    for line in wrap(text, width, initial_indent=indent, subsequent_indent=indent) or [""]:
        _line(console, line, style)


def _question(answered: Answered, console: Console, width: int, known: Known) -> None:
    asked = words(answered.question.words, known, PLAIN)
    text = f"{answered.question.number}  {asked}" if asked else ""
    for paragraph in text.split("\n\n") if text else ():
        _line(console, "")
        _wrapped(console, paragraph, width, "cyan")
    for working in answered.workings:
        working_terminal(working, console, width)


def working_terminal(working: Working, console: Console, width: int = WIDTH) -> None:
    """One working: the answer, the steps, the notes."""
    _line(console, "")
    for line in answer_lines(working.answer, width - len(INDENT)):
        _line(console, f"{INDENT}{line}", "bold green")
    if working.picture is not None:
        for line in sketch(working.picture, width - len(INDENT)):
            _line(console, f"{INDENT}{line}")
    for number, step in enumerate(working.steps, 1):
        _line(console, "")
        title = f"{number}. {prose_text(step.title)}"
        space = width - len(INDENT) - len(title) - len(step.rule)
        if space < 2:
            _line(console, f"{INDENT}{title}", "dim")
            title, space = "", width - len(INDENT) - len(step.rule)
        _line(console, f"{INDENT}{title}{' ' * space}{step.rule}", "dim")
        for line in step_formula(step, width - len(INDENT) - 3):
            _line(console, f"{INDENT}   {line}")
        if step.note:
            _wrapped(console, prose_text(step.note), width, "italic dim", f"{INDENT}   ")
    for note in working.notes:
        _line(console, "")
        _wrapped(console, prose_text(note), width, "italic dim", INDENT)


def answer_lines(answer: Prose, width: int) -> tuple[str, ...]:
    """The answer: a lone formula as a block that fits, a sentence wrapped between its words."""
    from textwrap import wrap

    from backhand.writing.text import fitted

    match answer:
        case (single,) if not isinstance(single, str):
            return fitted(single, width)
        case _:
            return tuple(wrap(prose_text(answer), width))


def sketch(picture: Picture, width: int) -> list[str]:
    """The drawing as a table of its columns: SVG can't be shown on a terminal."""
    from rich.cells import cell_len

    columns: list[list[str]] = []
    for column in picture.columns:
        sign = TABLE[column.function].notation.text if column.function in TABLE else column.function
        cells = [prose_text(column.title) + (f" ({sign})" if sign else "")]
        for unit in column.units:
            label = formula_text(unit.label) if unit.label is not None else unit.name
            value = f" = {formula_text(unit.value)}" if unit.value is not None else ""
            cells.append(f"{'*' if unit.lit else ''}({label}{value})")
        if column.size > len(column.units):
            cells.insert(len(cells) - 1, f"⋮ {column.size} units")
        columns.append(cells)
    height = max(len(cells) for cells in columns)
    lines: list[str] = []
    for at in range(height):
        line = ""
        for cells in columns:
            text = cells[at] if at < len(cells) else ""
            room = max(cell_len(cell) for cell in cells) + 4
            arrow = " →" if at == 0 and cells is not columns[-1] else ""
            line += f"{text}{arrow}" + " " * (room - cell_len(text) - len(arrow))
        lines.append(line.rstrip()[:width])
    return lines
