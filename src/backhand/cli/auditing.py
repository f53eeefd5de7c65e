"""The command audit: a worked solution, line by line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import ChosenPlain, File, Layouted, Level, LevelName, Output, Plain
from backhand.cli.output import errors_of, write
from backhand.errors import BackhandError

if TYPE_CHECKING:
    from backhand.checking.audit_findings import Audit, Finding

WIDTH = 80
SIGNS = {
    "follows": "ok",
    "claim true": "ok",
    "doesn't follow": "WRONG",
    "claim false": "WRONG",
    "undecided": "?",
    "unreadable": "unread",
    "prose": "",
}
"""What stands before a line, so that an eye that runs down the margin finds the wrong one."""


@app.command(
    epilog="""Examples:

\b
  backhand audit worksheet.md solution.md
  backhand audit worksheet.md key.tex --level full
  backhand audit worksheet.md solution.txt --format json
"""
)
def audit(
    file: File,
    solution: Annotated[
        Path,
        typer.Argument(
            metavar="SOLUTION", help="A worked solution: Markdown, LaTeX or plain lines."
        ),
    ],
    level: Level = LevelName.HINT,
    layout: Layouted = None,
    format: ChosenPlain = Plain.TERMINAL,
    output: Output = None,
) -> None:
    """Find the first line of a worked solution that doesn't follow. Say why.

    Exit code 1 where a line doesn't follow or couldn't be read.
    """
    with errors_of(file):
        from backhand.checking.audit import audit as audited
        from backhand.reading.document import read

        sheet = read(file)
        try:
            text = solution.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise BackhandError(f"{solution} is no text", "save it as UTF-8") from None
        found = audited(sheet, text, layout=layout.value if layout else None, level=level.value)
        write(_json(found) if format is Plain.JSON else _text(found), output)
        if not found.all_follow:
            raise typer.Exit(1)


def _json(found: Audit) -> str:
    first = found.first_wrong
    body = {
        "all_follow": found.all_follow,
        "first_wrong": first and first.line,
        "findings": [asdict(finding) for finding in found.findings],
    }
    return json.dumps(body, ensure_ascii=False, indent=2)


def _text(found: Audit) -> str:
    """The findings in lines of 80 columns, prose left out, and a summary."""
    lines: list[str] = []
    for finding in found.findings:
        if finding.verdict != "prose":
            lines += _told(finding)
    return "\n".join([*lines, "", *_summary(found)])


def _told(finding: Finding) -> list[str]:
    from textwrap import wrap

    head = f"{finding.line:>4} {SIGNS[finding.verdict]:<7}"
    said = wrap(
        _printable(finding.text), WIDTH, initial_indent=head, subsequent_indent=" " * len(head)
    )
    lines = said or [head]
    remarks = [_reason(finding), finding.hint]
    if finding.expected is not None:
        remarks.append(f"It should be {finding.expected}.")
    if finding.digits is not None:
        lost = "digit" if finding.digits == 1 else "digits"
        remarks.append(f"From here only {finding.digits} {lost} can be trusted.")
    for remark in remarks:
        if remark:
            lines += wrap(
                _printable(remark), WIDTH, initial_indent=" " * 14, subsequent_indent=" " * 14
            )
    return lines


def _reason(finding: Finding) -> str:
    if finding.verdict in ("doesn't follow", "unreadable", "undecided"):
        slip = f" (slip: {finding.slip})" if finding.slip else ""
        where = f"column {finding.column}: " if finding.verdict == "unreadable" else ""
        word = {"undecided": "For a person: ", "unreadable": "I can't read this: "}
        return f"{word.get(finding.verdict, '')}{where}{finding.why}{slip}"
    return finding.why


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _summary(found: Audit) -> list[str]:
    from textwrap import wrap

    counts = (
        (found.count("follows", "claim true"), "follow"),
        (found.count("doesn't follow", "claim false"), "don't follow"),
        (found.count("undecided"), "undecided"),
        (found.count("unreadable"), "couldn't be read"),
        (found.count("prose"), "of prose, not judged"),
    )
    told = ", ".join(f"{count} {what}" for count, what in counts if count)
    first = found.first_wrong
    lines = wrap(f"Lines: {told or 'none'}.", WIDTH)
    if first is not None:
        slip = f" ({first.slip})" if first.slip else ""
        lines += [f"The first that doesn't follow is line {first.line}{slip}."]
    return lines
