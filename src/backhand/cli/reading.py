"""The command on a worksheet's words: read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import File
from backhand.cli.output import errors_of, say, write
from backhand.errors import AskError

if TYPE_CHECKING:
    from backhand.reading.account import Account

WIDTH = 80


@app.command(
    epilog="""Examples:

\b
  backhand read worksheet.md
  backhand read scanned.md -o worksheet.md
"""
)
def read(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT.md",
            help="Write the explicit worksheet, to keep and edit.",
        ),
    ] = None,
) -> None:
    """Show what each question was understood to ask. Exit code 1 where one was not."""
    with errors_of(file):
        from backhand.reading.account import account_of

        if output and output.exists() and file.exists() and output.samefile(file):
            raise AskError("the output would replace the worksheet", "name another file after -o")
        account = account_of(file)
        if output == Path("-"):
            say(_told(account))
            write(account.text)
        else:
            write(_told(account))
            if output:
                write(account.text, output)
    if any(question.missed for question in account.questions):
        raise typer.Exit(1)


def _told(account: Account) -> str:
    """The account in lines of 80 columns."""
    from textwrap import wrap

    lines: list[str] = []
    for question in account.questions:
        asked = question.asks or (f"not understood: {question.missed}",)
        head = f"{question.number:8}"
        lines += wrap(asked[0], WIDTH, initial_indent=head, subsequent_indent=" " * 8)
        for ask in asked[1:]:
            lines += wrap(ask, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 10)
        words = question.words or question.whole
        lines += wrap(f"from: {words}", WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 14)
        lines.append("")
    if account.notes:
        lines.append("Formulas")
        for note in account.notes:
            lines += wrap(note, WIDTH, initial_indent="  ", subsequent_indent="    ")
        lines.append("")
    missed = sum(bool(q.missed) for q in account.questions)
    count = len(account.questions)
    lines.append(f"{count - missed} of {count} questions understood")
    return "\n".join(lines)
