"""The command `backhand`: arguments in, one call of the API, its output or one clear message out."""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.errors import BackhandError, Place

if TYPE_CHECKING:
    from backhand.working import Solution, Worksheet

app = typer.Typer(
    name="backhand",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


class Format(StrEnum):
    """The notations a solution is written in."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    LATEX = "latex"
    JSON = "json"


class LayoutName(StrEnum):
    """The two layouts of derivatives by vectors and matrices."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


SUFFIXES = {
    ".txt": Format.TERMINAL,
    ".md": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".tex": Format.LATEX,
    ".json": Format.JSON,
}
"""The format that an output file's name means."""

File = Annotated[Path, typer.Argument(metavar="FILE", help="A worksheet in Markdown.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="OUT", help="Write to this file.")
]
Chosen = Annotated[
    Format | None,
    typer.Option("--format", "-f", help="How to write it; else OUT's suffix says, else terminal."),
]
Layouted = Annotated[
    LayoutName | None, typer.Option(help="The layout of derivatives; else the worksheet's own.")
]
WIDTH = 76
"""How much of a long line an error shows."""


@app.command(
    epilog="""Examples:

\b
  backhand solve worksheet.md
  backhand solve worksheet.md --only 3.1.4
  backhand solve worksheet.md -o key.html
"""
)
def solve(
    file: File,
    format: Chosen = None,
    output: Output = None,
    only: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Only these questions: 3.1.4, or 3.1.")
    ] = None,
    layout: Layouted = None,
) -> None:
    """Answer every question of a worksheet, with the working."""
    with _errors_of(file):
        from backhand.reading.document import read

        format = _format(format, output, file)
        solution = read(file).solve(only=only, layout=layout.value if layout else None)
        _put(solution, format, output)


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
    with _errors_of(file):
        format = _format(format, output, file)
        sheet = _asking(f"derivative {of} {by}", _last_model(file))
        _put(sheet.solve(layout=layout.value if layout else None), format, output)


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
    with _errors_of(file):
        _write(_last_model(file).graph.draw(derivative), output)


@app.command(
    epilog="""Examples:

\b
  backhand show worksheet.md
  backhand show worksheet.md -o model.html
"""
)
def show(file: File, format: Chosen = None, output: Output = None) -> None:
    """Show how a model was read: equations, shapes, roles."""
    with _errors_of(file):
        from backhand.reading.document import read

        format = _format(format, output, file)
        _put(_asking("model", read(file)).solve(), format, output)


@app.command()
def asks() -> None:
    """List the asks that a worksheet may hold."""
    from backhand.reading.asks import usages

    with _errors_of():
        _write(f"A question of a worksheet has a line `% ask: ...` right below it:\n\n{usages()}")


def _version(wanted: bool) -> None:
    if wanted:
        from backhand import __version__

        print(f"backhand {__version__}")
        raise typer.Exit


@app.callback(
    epilog="""Examples:

\b
  backhand solve worksheet.md                       every answer, with the working
  backhand solve worksheet.md -o key.html           the same as a page of its own
  backhand derive worksheet.md J 'W_1[1,2]'         one derivative by the chain rule
  backhand draw worksheet.md -o net.svg             the network as a picture
  backhand show worksheet.md                        how the model was read

A worksheet is Markdown: definitions between $$ and $$, and below each
question a line such as "% ask: value a". "backhand asks" lists them all.
"""
)
def backhand(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Backpropagation by hand: neural networks with the working shown."""


def main() -> None:
    """Run the command. Exit code 2 for bad input, 130 for Ctrl-C."""
    app()


def _last_model(file: Path) -> Worksheet:
    """A worksheet cut down to its last model; says so where there are more."""
    from backhand.reading.document import read

    sheet = read(file)
    count = len(sheet.graphs)
    if count > 1:
        _say(f"backhand: {file} holds {count} models; this is the last")
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


def _format(chosen: Format | None, output: Path | None, file: Path) -> Format:
    """The format to write: the chosen one, else what the output's name says."""
    if output and output.exists() and file.exists() and output.samefile(file):
        raise BackhandError("the output would replace the worksheet", "name another file after -o")
    if chosen or not output:
        return chosen or Format.TERMINAL
    if output.suffix not in SUFFIXES:
        raise BackhandError(
            f"the name {output.name} doesn't say what format to write",
            f"add --format, or end it in {', '.join(SUFFIXES)}",
        )
    return SUFFIXES[output.suffix]


def _put(solution: Solution, format: Format, output: Path | None) -> None:
    """Write a solution; in colour where a person watches the terminal."""
    if not output and format is Format.TERMINAL and sys.stdout.isatty():
        from rich.console import Console

        from backhand.writing.terminal import document

        document(solution, Console())
    else:
        from backhand.writing.formats import FORMATS

        _write(FORMATS[format.value](solution), output)


def _write(text: str, output: Path | None = None) -> None:
    """Write to the standard output or, all or nothing, to a file."""
    text = text if text.endswith("\n") else text + "\n"
    if output is None:
        # Encoded whole first, so that a sign the terminal can't show leaves nothing half printed.
        text.encode(sys.stdout.encoding, sys.stdout.errors or "strict")
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    target = Path(os.path.realpath(output))
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8")
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        if target.exists():
            shutil.copymode(target, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _errors_of(file: Path | None = None) -> Generator[None]:
    """Turn what goes wrong into one message and an exit code, never a traceback."""
    try:
        yield
    except BackhandError as error:
        _say(_message(file, error))
    except BrokenPipeError:
        # The reader has left: nothing more to say, not even when Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(141) from None
    except UnicodeEncodeError as error:
        sign = error.object[error.start]
        _say(
            f"backhand: this terminal can't show {sign!r}\n"
            "  set PYTHONIOENCODING=utf-8, or write to a file with -o"
        )
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _say(f"backhand: {where}{error.strerror or error}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    else:
        return
    raise typer.Exit(2)


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def _message(file: Path | None, error: BackhandError) -> str:
    """An error with the file's name, the line it is about, and the mend.

    >>> print(_message(Path("a.md"), BackhandError("no q", "define q", Place(2, 5, "y = q"))))
    backhand: a.md:2:5: no q
        y = q
            ^
      define q
    """
    place = error.place
    where = f"{file}:{place.line}:{place.column}: " if place else f"{file}: "
    lines = [f"backhand: {where if file else ''}{error.what}"]
    if place and place.text.strip():
        lines += [f"    {line}" for line in _pointed(place)]
    if error.mend:
        lines.append(f"  {error.mend}")
    return "\n".join(_printable(line) for line in lines)


def _pointed(place: Place) -> tuple[str, str]:
    """The line of a place, cut around its column, and a caret below that column."""
    at = min(max(place.column - 1, 0), len(place.text))
    start = max(0, at - WIDTH + 10) if len(place.text) > WIDTH else 0
    shown, before = place.text[start : start + WIDTH], place.text[start:at]
    indent = sum(not unicodedata.combining(char) for char in before)
    return shown.rstrip(), " " * indent + "^"


def _printable(text: str) -> str:
    """The text without signs that would move the cursor."""
    return re.sub(
        r"[^\S ]", " ", "".join(c if c.isprintable() or c.isspace() else "�" for c in text)
    )
