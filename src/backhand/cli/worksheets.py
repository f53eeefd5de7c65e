"""The commands on a worksheet: solve, derive, draw, show, asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import ASKING, Chosen, File, Format, Layouted, Output
from backhand.cli.output import chosen_format, errors_of, put, say, write
from backhand.errors import AskError, BackhandError

if TYPE_CHECKING:
    from backhand.working import Worksheet


@app.command(
    epilog="""Examples:

\b
  backhand solve worksheet.md
  backhand solve worksheet.md --only 3.1.4
  backhand solve worksheet.md -o key.html
  backhand solve worksheet.md -o page.html --interactive
"""
)
def solve(
    file: File,
    format: Chosen = None,
    output: Output = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER", help="Only this question, or section; may be repeated."),
    ] = None,
    layout: Layouted = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="With HTML: a page whose network can be touched.")
    ] = False,
) -> None:
    """Answer every question of a worksheet, with the working."""
    with errors_of(file):
        from backhand.reading.document import read, text_of

        format = chosen_format(format, output, file)
        if interactive:
            _check_interactive(format, only)
            from backhand.page.single import interactive as page

            write(page(text_of(file)), output)
            return
        sheet = read(file)
        if not sheet.questions:
            raise BackhandError("the worksheet has no questions", ASKING)
        solution = sheet.solve(only=only or None, layout=layout.value if layout else None)
        put(solution, format, output)


def _check_interactive(format: Format, only: list[str] | None) -> None:
    if format is not Format.HTML:
        raise BackhandError("only a page of HTML can be touched", "add --format html")
    if only:
        raise BackhandError("the page holds the whole worksheet", "leave --only out")


@app.command(
    epilog="""Examples:

\b
  backhand derive worksheet.md J 'W_1[1,2]'
  backhand derive worksheet.md yhat x --layout denominator
"""
)
def derive(
    file: File,
    of: Annotated[str, typer.Argument(metavar="Q", help="What is differentiated: J.")],
    by: Annotated[str, typer.Argument(metavar="BY", help="By what: W_1, or 'W_1[1,2]'.")],
    format: Chosen = None,
    output: Output = None,
    layout: Layouted = None,
) -> None:
    """Derive one derivative of a worksheet's model, step by step."""
    with errors_of(file):
        format = chosen_format(format, output, file)
        sheet = _asking(f"derivative {of} {by}", last_model(file))
        put(sheet.solve(layout=layout.value if layout else None), format, output)


@app.command(
    epilog="""Examples:

\b
  backhand draw worksheet.md -o net.svg
  backhand draw worksheet.md -o net.svg --derivative 'W_1[1,2]'
"""
)
def draw(
    file: File,
    output: Output = None,
    derivative: Annotated[
        str | None,
        typer.Option(metavar="BY", help="Light the paths of the objective's derivative by this."),
    ] = None,
) -> None:
    """Draw the network as SVG."""
    with errors_of(file):
        if output and output.suffix.lower() != ".svg":
            raise AskError("a drawing is written as SVG", f"name it {output.stem}.svg")
        write(last_model(file).graph.draw(derivative), output)


@app.command(
    epilog="""Examples:

\b
  backhand show worksheet.md
  backhand show worksheet.md -o model.html
"""
)
def show(file: File, format: Chosen = None, output: Output = None) -> None:
    """Show how a model was read: equations, shapes, roles."""
    with errors_of(file):
        from backhand.reading.document import read

        format = chosen_format(format, output, file)
        put(_asking("model", read(file)).solve(), format, output)


@app.command(
    epilog="""Examples:

\b
  backhand explain worksheet.md 'W_1[1,2]'
  backhand explain worksheet.md 'W_1[1,2]' -o why.html
"""
)
def explain(
    file: File,
    by: Annotated[str, typer.Argument(metavar="BY", help="An entry: 'W_1[1,2]'.")],
    format: Chosen = None,
    output: Output = None,
) -> None:
    """Say why a gradient is what it is. Its strongest paths, dead units, norms by layer."""
    with errors_of(file):
        from backhand.working import Solution

        format = chosen_format(format, output, file)
        working = last_model(file).graph.explain(by)
        put(Solution.of_one(working, f"Why is the gradient by {by} what it is?"), format, output)


@app.command()
def asks() -> None:
    """List the asks that a worksheet may hold."""
    from backhand.reading.asks import usages

    with errors_of():
        write(f"A question of a worksheet has a line `% ask: ...` right below it:\n\n{usages()}")


def last_model(file: Path) -> Worksheet:
    """A worksheet cut down to its last model; says so where there are more."""
    from backhand.reading.document import read

    sheet = read(file)
    count = len(sheet.graphs)
    if count > 1:
        say(f"backhand: {file} holds {count} models; this is the last")
    return replace(sheet, graphs=(sheet.graph,))


def _asking(ask: str, sheet: Worksheet) -> Worksheet:
    """A worksheet that puts one ask to each model of another, to be answered and written as any."""
    from backhand.reading.asks import parse_ask
    from backhand.working import Block, Question

    questions = [
        Question(str(number), "", (parse_ask(ask),), graph)
        for number, graph in enumerate(sheet.graphs or (sheet.graph,), 1)
    ]
    return replace(sheet, blocks=tuple(Block("question", "", question=q) for q in questions))
