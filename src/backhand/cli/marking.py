"""The command mark: one answer to one part of a worksheet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import ChosenPlain, File, Layouted, Level, LevelName, Output, Plain
from backhand.cli.output import errors_of, write
from backhand.errors import AskError

if TYPE_CHECKING:
    from backhand.checking.marks import Mark


@app.command(
    context_settings={"ignore_unknown_options": True},  # an answer may start with a minus
    epilog="""Examples:

\b
  backhand mark worksheet.md 3.2.5 -0.0396
  backhand mark worksheet.md 3.1.6 2 --earlier '3.1.5=(3,1)'
  backhand mark worksheet.md 3.1.3a 3x2 --format json
""",
)
def mark(
    file: File,
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="The question: 3.2.5, or 3.1.3a.")
    ],
    answer: Annotated[str, typer.Argument(metavar="ANSWER", help="The answer, in quotes.")],
    earlier: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER=ANSWER",
            help="The student's answer to an earlier question; may be repeated.",
        ),
    ] = None,
    level: Level = LevelName.HINT,
    layout: Layouted = None,
    format: ChosenPlain = Plain.TERMINAL,
    output: Output = None,
) -> None:
    """Mark one answer to a question of a worksheet."""
    with errors_of(file):
        from backhand.checking.marking import Marker
        from backhand.reading.document import read

        marker = Marker(read(file), layout=layout.value if layout else None)
        before = dict(_pair(each) for each in earlier or ())
        made = marker.mark(number, answer, earlier=before, level=level.value)
        write(_json(made) if format is Plain.JSON else _text(made), output)


def _pair(text: str) -> tuple[str, str]:
    number, sign, answer = text.partition("=")
    if not sign:
        raise AskError(f"--earlier {text} has no answer", "write it as --earlier 3.1.4='(3,-2)'")
    return number.strip(), answer


def _json(made: Mark) -> str:
    fields = ("verdict", "credit", "slip", "feedback", "understood", "followed")
    return json.dumps({name: getattr(made, name) for name in fields}, ensure_ascii=False)


def _text(made: Mark) -> str:
    lines = [f"{made.verdict}, credit {made.credit:g}"]
    if made.slip:
        lines[0] += f" (slip: {made.slip})"
    if made.understood:
        lines.append(f"read as: {made.understood}")
    return "\n".join([*lines, made.feedback])
