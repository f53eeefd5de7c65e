"""A student's submission: a folder with answers in one of four forms, to answers by part.

The folder is somebody else's: sizes and counts are bounded, links aren't followed, nothing is run.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from backhand.checking.cells import START, assigned, variable
from backhand.errors import BackhandError

MAX_BYTES = 4_000_000
MAX_FILES = 1_000
NAMES = ("answers.md", "answers.txt", "answers.json")
_LINE = re.compile(
    r"\s{0,8}(?:[-*+>]\s+)?(?:\*\*|__)?\(?(\d[\w.]{0,40}?|variant)\.?\)?(?:\s*\(.{0,200}?\))?"
    r"(?:\*\*|__)?\s*:(?:\*\*|__)?[ \t]*(.*)",
    re.IGNORECASE,
)
_BREAK = re.compile(r"\s*(?:#|<!--|```|---)")
EMPTY = "YOUR ANSWER HERE"
"""What stands in a notebook's answer cell before there is one."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What was found: the answers by part, the variant that the student names, the file, and notes.

    The notes are for the student: what couldn't be used, and why.
    """

    answers: Mapping[str, str]
    variant: int | None
    file: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """The parts of a worksheet as a submission may name them.

    `numbers`: each name of a part, and its number. `questions`: the parts of each question in order.
    `cells`: the question of each answer cell of the student's notebook.
    """

    numbers: Mapping[str, str]
    questions: Mapping[str, tuple[str, ...]]
    cells: Mapping[str, str]


def found_in(folder: Path) -> tuple[str, str]:
    """The name and the text of the file with the answers.

    Raises `BackhandError`, with words for the student, where there is none or it can't be read.
    """
    files = sorted(_files(folder))
    named = {path.name.lower(): path for path in reversed(files)}
    chosen = next((named[name] for name in NAMES if name in named), None)
    notebooks = [path for path in files if path.suffix.lower() == ".ipynb"]
    if chosen is None and len(notebooks) > 1:
        raise BackhandError("there are several notebooks", "hand in one")
    if chosen is None and notebooks:
        chosen = notebooks[0]
    if chosen is None:
        raise BackhandError(
            f"there is no file {NAMES[0]}, {NAMES[1]} or {NAMES[2]}, and no notebook (.ipynb)",
            "hand in one of them",
        )
    with chosen.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise BackhandError(
            f"{chosen.name} is over {MAX_BYTES:,} bytes", "hand in the answers only"
        )
    return chosen.name, data.decode("utf-8-sig", "replace").replace("\0", "\ufffd")


def _files(folder: Path) -> Iterator[Path]:
    """The plain files in a folder and in the folders in it."""
    seen = 0
    for at, folders, names in os.walk(folder):
        here = Path(at)
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
        if len(here.relative_to(folder).parts) >= 2:
            folders.clear()
        for name in sorted(names):
            seen += 1
            if seen > MAX_FILES:
                return
            path = here / name
            if not name.startswith(".") and not path.is_symlink() and path.is_file():
                yield path


def submission(name: str, text: str, asked: Asked) -> Submission:
    """The answers in a file. Raises `BackhandError`, for the student, where it isn't of its kind.

    >>> asked = Asked({"1.1": "1.1", "1.2": "1.2"}, {"1.1": ("1.1",), "1.2": ("1.2",)}, {})
    >>> dict(submission("answers.md", "1.1: 3\\n\\n- **1.2:** (1, 2)", asked).answers)
    {'1.1': '3', '1.2': '(1, 2)'}
    """
    kind = Path(name).suffix.lower()
    try:
        pairs = list(_READERS[kind](text, asked))
    except (json.JSONDecodeError, RecursionError):
        raise BackhandError(
            f"{name} is no {kind[1:]} file that can be read", "save it anew"
        ) from None
    return _gathered(name, pairs, asked)


def _gathered(name: str, pairs: Iterable[tuple[str, str]], asked: Asked) -> Submission:
    answers: dict[str, str] = {}
    notes: dict[str, None] = {}
    variant: int | None = None
    for key, raw in pairs:
        text = raw.strip()
        if key.lower() == "variant":
            variant = int(text) if re.fullmatch(r"\d{1,6}", text) else variant
            continue
        number = asked.numbers.get(key)
        if number is None:
            several = asked.questions.get(key)
            notes[_unknown(key, several)] = None
        elif text:
            if number in answers and answers[number] != text:
                notes[f"{number} is answered more than once: the last answer counts."] = None
            answers[number] = text
    return Submission(answers, variant, name, tuple(notes)[:20])


def _unknown(key: str, several: Sequence[str] | None) -> str:
    if several:
        return f"{key} has several parts: answer {', '.join(several)}."
    return f"There is no question {key[:40]}."


# ---- the four forms ----------------------------------------------------------------------------


def _lines(text: str, asked: Asked) -> Iterator[tuple[str, str]]:
    """Lines such as `3.2.5: -0.0396`; what follows such a line belongs to it, up to an empty one."""
    key, said = "", [""]
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match:
            if key:
                yield key, "\n".join(said)
            key, said = match[1], [match[2]]
        elif _BREAK.match(line) or (not line.strip() and any(said)):
            if key:
                yield key, "\n".join(said)
            key = ""
        elif key:
            said.append(line)
    if key:
        yield key, "\n".join(said)


def _object(text: str, asked: Asked) -> Iterator[tuple[str, str]]:
    """`{"3.2.5": "-0.0396", "3.1.4": [3, -2]}`, perhaps inside `{"answers": …}`.

    Numbers stay as they were written: their digits say how they were rounded.
    """
    read: Any = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    if not isinstance(read, dict):
        raise BackhandError("answers.json holds no object", 'write {"3.2.5": "-0.0396"}')
    found = _members(read)
    if isinstance(found.get("answers"), dict):
        if "variant" in found:
            yield "variant", str(found["variant"])
        found = _members(found["answers"])
    for key, value in found.items():
        yield key, _typed(value)


def _members(value: Any) -> dict[str, Any]:
    """The members of an object of JSON; of anything else none."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    """The items of an array of JSON; of anything else none."""
    return cast(list[Any], value) if isinstance(value, list) else []


def _typed(value: Any) -> str:
    """A value of a JSON file as one would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_typed, _items(value)[:1000]))}]"
    return ""


def _notebook(text: str, asked: Asked) -> Iterator[tuple[str, str]]:
    """The answer cells of the student's notebook, and lines with a number in any other cell.

    In a code cell the answers are variables: `answer_3_2_5 = "-0.04"`.
    """
    cells = _members(json.loads(text)).get("cells")
    if not isinstance(cells, list):
        raise BackhandError("the notebook has no cells", "save it anew")
    held = {variable(number): number for number in asked.numbers.values()}
    for cell in _items(cells)[:5_000]:
        said, name, is_code = _cell(cell)
        if is_code and START in said:
            yield from ((held[n], text) for n, text in assigned(said) if n in held)
            continue
        question = asked.cells.get(name)
        if question is None:
            yield from () if name else _lines(said, asked)
        else:
            yield from _answer_cell(said.replace(EMPTY, ""), asked, question)


def _cell(cell: Any) -> tuple[str, str, bool]:
    """A cell's text, its name where nbgrader's metadata has one, and whether it is code."""
    found = _members(cell)
    source = found.get("source", "")
    said = "".join(part for part in _items(source) or [source] if isinstance(part, str))
    name = _members(_members(found.get("metadata")).get("nbgrader")).get("grade_id")
    return said, name if isinstance(name, str) else "", found.get("cell_type") == "code"


def _answer_cell(said: str, asked: Asked, question: str) -> Iterator[tuple[str, str]]:
    """The answers in a question's cell: by their numbers, or a line for each part in order."""
    named = list(_lines(said, asked))
    parts = asked.questions[question]
    if named:
        yield from named
    elif len(parts) == 1:
        yield parts[0], said
    else:
        lines = [line for line in said.splitlines() if line.strip()]
        if len(lines) == len(parts):
            yield from zip(parts, lines, strict=True)
        elif lines:
            yield question, ""


_READERS: Mapping[str, Callable[[str, Asked], Iterator[tuple[str, str]]]] = {
    ".md": _lines,
    ".txt": _lines,
    ".json": _object,
    ".ipynb": _notebook,
}
