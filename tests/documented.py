"""The blocks of a documentation page, and how each is run and compared with what the page shows."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from backhand.cli import app

FENCE = re.compile(r"^( *)(`{3,})([\w-]*)[^`\n]*\n(.*?)^\1\2 *$", re.S | re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and whether only blanks part it from the one before."""

    language: str
    text: str
    follows: bool


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page in order."""
    end = 0
    for found in FENCE.finditer(page):
        yield Block(found[3], found[4], not page[end : found.start()].strip())
        end = found.end()


def run(page: str, names: dict[str, Any]) -> int:
    """Run the blocks `python` and `console` of a page in order; how many outputs were compared.

    A block `text` right below a `python` one is what that prints. In a console, lines that start with
    `$ ` are commands, the others what they print. `...` stands for any text. A number with dots in a
    comment, `# 0.132...`, is how the output starts. Blocks share `names`.
    """
    compared = 0
    printed = ""
    before = ""
    for block in blocks(page):
        match block.language:
            case "python":
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    exec(compile(block.text, "<page>", "exec"), names)
                printed = out.getvalue()
                said = re.search(r"# (\d\.\d+)\.\.\.", block.text)
                assert said is None or printed.startswith(said[1]), printed
            case "text" if before == "python" and block.follows:
                same(block.text, printed)
                compared += 1
            case "console":
                compared += sum(1 for _ in _commands(block.text))
            case _:
                pass
        before = block.language
    return compared


def _commands(console: str) -> Iterator[None]:
    for piece in re.split(r"^\$ ", console, flags=re.M)[1:]:
        command, _, shown = piece.partition("\n")
        program, *arguments = shlex.split(command)
        ends = program == "backhand" and arguments[:1] != ["serve"]
        assert ends, (
            f"a console is run, and this isn't a command that can be: {command}; write ```sh"
        )
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        same(shown, result.output)
        yield


def same(shown: str, printed: str) -> None:
    """Raise `AssertionError` with both where a page shows something else than what is printed."""
    wanted, got = _bare(shown), _bare(printed)
    if not doctest.OutputChecker().check_output(wanted, got, doctest.ELLIPSIS):
        raise AssertionError(f"the page shows\n{wanted}\nbut this is printed\n{got}")


def _bare(text: str) -> str:
    """Without blanks at the ends of lines and blank lines at the ends."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n") + "\n"
