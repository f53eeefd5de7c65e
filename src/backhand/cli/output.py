"""What a command writes, and how what goes wrong is said: one message, never a traceback."""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from backhand.cli.options import SUFFIXES, Format
from backhand.errors import AskError, BackhandError, Place

if TYPE_CHECKING:
    from backhand.working import Solution

WIDTH = 76
"""How much of a long line an error shows."""


def chosen_format(chosen: Format | None, output: Path | None, file: Path | None = None) -> Format:
    """The format to write: the chosen one, else what the output's name says."""
    if output and file and output.exists() and file.exists() and output.samefile(file):
        raise AskError("the output would replace the worksheet", "name another file after -o")
    if chosen or not output:
        return chosen or Format.TERMINAL
    suffix = output.suffix.lower()
    if suffix == ".pdf":
        raise AskError(
            "a PDF isn't written here", "backhand sheet FILE --key -o key.pdf writes the key as one"
        )
    if suffix not in SUFFIXES:
        raise AskError(
            f"the name {output.name} doesn't say what format to write",
            f"add --format, or end it in {', '.join(SUFFIXES)}",
        )
    return SUFFIXES[suffix]


def put(solution: Solution, format: Format, output: Path | None) -> None:
    """Write a solution; in colour where a person watches the terminal."""
    if not output and format is Format.TERMINAL and sys.stdout.isatty():
        from rich.console import Console

        from backhand.writing.terminal import document

        document(solution, Console())
    else:
        from backhand.writing.formats import FORMATS

        write(FORMATS[format.value](solution), output)


def write(text: str, output: Path | None = None) -> None:
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
    from backhand.training.files import in_place_of

    with in_place_of(target) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
        if target.exists():
            shutil.copymode(target, part)


@contextmanager
def bar(unit: str, total: int | None = None) -> Generator[Callable[..., None] | None]:
    """What moves a bar of so many `unit`s (`completed=`, `total=`, `description=`); None unwatched."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(unit),
        MofNCompleteColumn(),  # its total may not be known yet
        BarColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield partial(shown.update, shown.add_task("", total=total))


@contextmanager
def errors_of(file: Path | None = None) -> Generator[None]:
    """Turn what goes wrong into one message and an exit code, never a traceback."""
    try:
        yield
    except BackhandError as error:
        say(_message(file, error))
    except BrokenPipeError:
        # The reader has left: nothing more to say, not even when Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(141) from None
    except UnicodeEncodeError as error:
        sign = error.object[error.start]
        say(
            f"backhand: this terminal can't show {sign!r}\n"
            "  set PYTHONIOENCODING=utf-8, or write to a file with -o"
        )
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say(f"backhand: {where}{error.strerror or error}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    else:
        return
    raise typer.Exit(2)


def say(message: str) -> None:
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
    where = ""
    if file and place:
        where = f"{file}:{place.line}:{place.column}: "
    elif file and not isinstance(error, AskError):  # without a place, that is about what was typed
        where = f"{file}: "
    lines = [f"backhand: {where}{error.what}"]
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
