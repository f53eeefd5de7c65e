"""The commands that make papers of a worksheet: sheet, variants."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import File, Layouted
from backhand.cli.output import errors_of, say, write
from backhand.errors import AskError, BackhandError


class Grader(StrEnum):
    """What takes a notebook apart, hands it out and marks it."""

    NBGRADER = "nbgrader"
    OTTER = "otter"


class KeyFormat(StrEnum):
    """The formats of a variant's key."""

    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    LATEX = "latex"
    NOTEBOOK = "notebook"


SUFFIXES = {
    KeyFormat.MARKDOWN: ".md",
    KeyFormat.HTML: ".html",
    KeyFormat.PDF: ".pdf",
    KeyFormat.LATEX: ".tex",
    KeyFormat.NOTEBOOK: ".ipynb",
}


@app.command(
    epilog="""Examples:

\b
  backhand sheet worksheet.md -o sheet.pdf
  backhand sheet worksheet.md --key -o key.pdf
  backhand sheet worksheet.md -o sheet.ipynb
  backhand sheet worksheet.md --for otter -o master.ipynb
"""
)
def sheet(
    file: File,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="OUT", help="A .pdf, .html, .tex, .md or .ipynb file."
        ),
    ],
    key: Annotated[bool, typer.Option("--key", help="Write the key, with the working.")] = False,
    grader: Annotated[
        Grader | None,
        typer.Option("--for", help="Your own notebook, with key and hidden tests, for this tool."),
    ] = None,
    layout: Layouted = None,
) -> None:
    """Write a worksheet as a sheet to fill in, or as its key."""
    with errors_of(file):
        from backhand.publishing.folder import put
        from backhand.publishing.formats import KEYS, SHEETS
        from backhand.reading.document import read

        suffix = output.suffix.lower()
        if suffix not in SHEETS:
            raise AskError(
                f"the name {output.name} doesn't say what format to write",
                f"end it in {', '.join(SHEETS)}",
            )
        if output.exists() and output.samefile(file):
            raise AskError("the output would replace the worksheet", "name another file")
        page = read(file)
        if grader is not None:
            from backhand.publishing import autograded

            if key or suffix != ".ipynb":
                raise BackhandError(
                    f"--for {grader.value} writes a notebook that holds the key already",
                    "name a .ipynb file after -o, and leave out --key",
                )
            made = autograded.otter if grader is Grader.OTTER else autograded.nbgrader
            put(output, made(page, layout.value if layout else None))
        elif key:
            solution = page.solve(layout=layout.value if layout else None)
            put(output, KEYS[suffix](solution))
        else:
            put(output, SHEETS[suffix](page))


@app.command(
    epilog="""Examples:

\b
  backhand variants worksheet.md -n 200 --seed 7 -o variants
  backhand variants worksheet.md -n 30 --keep y --format pdf -o variants
"""
)
def variants(
    file: File,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="The folder to write to.")
    ],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other variants.")] = 0,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A quantity whose numbers stay; may be repeated."),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Another activation in the hidden layers: tanh."),
    ] = None,
    width: Annotated[
        list[int] | None,
        typer.Option(metavar="N", min=1, help="The size of a hidden layer; once for each of them."),
    ] = None,
    format: Annotated[
        KeyFormat, typer.Option("--format", "-f", help="The format of the keys.")
    ] = KeyFormat.MARKDOWN,
) -> None:
    """Write variants of a worksheet with other numbers. Sheets, keys, machine keys, an index."""
    with errors_of(file):
        from backhand.calculus.counting import plural
        from backhand.checking.variants import variants as variants_of
        from backhand.publishing.folder import write_variants
        from backhand.reading.document import read

        page = read(file)
        kept, widths = tuple(keep or ()), tuple(width or ())
        made = variants_of(page, count, seed=seed, keep=kept, activation=activation, widths=widths)
        made_with = {"keep": kept, "activation": activation, "widths": widths}
        notes = write_variants(
            made, output, SUFFIXES[format], seed=seed, count=count, made_with=made_with
        )
        for note in notes:
            say(f"backhand: {file}: {note}")
        write(f"{plural(count, 'variant')} written to {output}")
