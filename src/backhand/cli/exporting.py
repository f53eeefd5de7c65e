"""The command export: a worksheet's files for a teaching platform, and a report of what was lost."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import ASKING, File
from backhand.cli.output import errors_of, say, write
from backhand.errors import AskError, BackhandError

if TYPE_CHECKING:
    from backhand.checking.variants import Variant
    from backhand.publishing.packages import Package, Told
    from backhand.working import Worksheet

WIDTH = 80


class PlatformName(StrEnum):
    """Where a worksheet can be exported to."""

    CANVAS = "canvas"
    GRADESCOPE = "gradescope"
    MOODLE = "moodle"
    PRAIRIELEARN = "prairielearn"


@app.command(
    epilog="""Examples:

\b
  backhand export worksheet.md --to moodle -o worksheet.xml
  backhand export worksheet.md --to canvas -o worksheet.zip -n 20 --seed 7
  backhand export worksheet.md --to prairielearn -o questions -n 50
"""
)
def export(
    file: File,
    to: Annotated[PlatformName, typer.Option("--to", help="The platform.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT", help="The file, or the folder, to write to."),
    ],
    count: Annotated[
        int, typer.Option("--count", "-n", min=0, help="How many variants; 0 for the page itself.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other variants.")] = 0,
    wheels: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Gradescope: wheels of another system to put in."),
    ] = None,
) -> None:
    """Write a worksheet for a teaching platform. Say what it can't express of it."""
    with errors_of(file):
        from backhand.checking.variants import variants
        from backhand.reading.document import read

        if output.exists() and output.samefile(file):
            raise AskError("the output would replace the worksheet", "name another file")
        page = read(file)
        if not page.questions:
            raise BackhandError("the worksheet has no questions", ASKING)
        made = list(variants(page, count, seed=seed)) if count else []
        package = _package(page, made, to, wheels)
        _put(package, output)
        for note in dict.fromkeys(note for variant in made for note in variant.notes):
            say(f"backhand: {file}: {note}")
        write(report(package.report))


def _package(
    page: Worksheet, made: Sequence[Variant], to: PlatformName, wheels: Path | None
) -> Package:
    from backhand.publishing.platforms import PLATFORMS

    if wheels is None:
        return PLATFORMS[to.value].export(page, made)
    if to is not PlatformName.GRADESCOPE:
        raise BackhandError("only Gradescope's export takes wheels", "leave --wheels out")
    from backhand.publishing import gradescope

    return gradescope.export(page, made, wheels)


def _put(package: Package, output: Path) -> None:
    """One file under the name given; several in a folder of that name."""
    from backhand.publishing.folder import put

    if len(package.files) == 1:
        if output.is_dir():
            raise BackhandError(f"{output} is a folder", "name a file after -o")
        put(output, next(iter(package.files.values())))
        return
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise BackhandError(
            f"{output} is no empty folder", "name an empty or a new folder after -o"
        )
    for path, content in package.files.items():
        target = output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        put(target, content)


def report(told: tuple[Told, ...]) -> str:
    """A table of the parts in 80 columns; what is lost is numbered below it, since much of it recurs."""
    from textwrap import wrap

    losses = list(dict.fromkeys(loss for each in told for loss in each.lost))
    numbers = {loss: str(at) for at, loss in enumerate(losses, 1)}
    marks = [" ".join(sorted((numbers[loss] for loss in each.lost), key=int)) for each in told]
    first = max((len(each.part) for each in told), default=4)
    last = max((len(mark) for mark in marks), default=0)
    middle = WIDTH - first - last - 4
    lines: list[str] = []
    for each, mark in zip(told, marks, strict=True):
        how, *more = wrap(each.how, middle) or [""]
        lines.append(f"{each.part:<{first}}  {how:<{middle}}  {mark}".rstrip())
        lines += [f"{'':<{first}}  {line}" for line in more]
    if losses:
        lines += ["", "Lost:"]
        for loss, number in numbers.items():
            start = f"{number:>3}  "
            lines += wrap(loss, WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
    return "\n".join(lines)
