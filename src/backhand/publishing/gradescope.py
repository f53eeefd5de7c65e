"""A Gradescope autograder: the zip that is uploaded, and what students get.

The zip holds Backhand and all that it needs as wheels, so that marking needs no network. By
Gradescope's specification (https://gradescope-autograders.readthedocs.io/en/latest/specs/) it has
`setup.sh` and `run_autograder` at its root.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from backhand.checking.marks import Mark
from backhand.checking.parts import Prepared, prepared
from backhand.checking.steps import is_for_a_person, steps
from backhand.checking.variants import Variant
from backhand.errors import BackhandError
from backhand.publishing import markdown, notebook
from backhand.publishing.packages import Package, Told
from backhand.publishing.wheels import Wheel, wheels
from backhand.publishing.zipping import zipped
from backhand.working import Worksheet
from backhand.writing.typesetting import printable

PYTHONS = range(11, 16)
"""The minor versions of Python 3 that are tried."""
DEFAULT = 11
"""What Ubuntu 22.04, Gradescope's default image, can install: its own 3.10 is too old for Backhand."""
GLIBC = 35
"""The C library of Gradescope's default image, Ubuntu 22.04, is 2.35; wheels say which they need."""
_LEGACY = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
_MANYLINUX = re.compile(r"manylinux_2_(\d+)_x86_64")
_PERSON = "a person marks it: turn on manual grading for it"
_UNDECIDED = "a formula that can't be decided earns 0 until a person has looked"
_IMAGE = (
    "the default image, Ubuntu 22.04, has no such Python: choose another, or give wheels for 3.11"
)
_VARIANTS = "Gradescope hands out no variants: students name theirs in the line `variant:`"


def export(worksheet: Worksheet, made: Sequence[Variant], given: Path | None = None) -> Package:
    """The autograder zip for a worksheet, or for its variants, with what students get.

    `given`: a folder of wheels that are taken before those made from what is installed. Raises
    `BackhandError` where the wheels don't run on Gradescope's Linux.
    """
    pages = {each.number: each.worksheet for each in made} or {0: worksheet}
    if not all(page.source for page in pages.values()):
        raise BackhandError("this worksheet stands on no page", "read it from a page of Markdown")
    chosen = wheels(given)
    versions = pythons(chosen)
    scripts = ("setup.sh", "run_autograder")
    inside = {name: _script(name) for name in scripts}
    inside["pythons.txt"] = "".join(f"3.{minor}\n" for minor in versions).encode()
    inside["requirements.txt"] = "".join(f"{w.name}=={w.version}\n" for w in chosen).encode()
    inside |= {f"worksheets/{n}.md": page.source.encode() for n, page in pages.items()}
    inside |= {f"wheels/{wheel.file}": wheel.content for wheel in chosen}
    parts = list(prepared(next(iter(pages.values())), None))
    out = {"autograder.zip": zipped(inside, programs=scripts)}
    out["students/answers.md"] = _template(worksheet, parts, bool(made)).encode()
    for number, page in pages.items():
        name = f"variant-{number:0{len(str(max(pages)))}}" if number else "worksheet"
        out[f"students/{name}.md"] = markdown.sheet(page).encode()
        out[f"students/{name}.ipynb"] = _notebook(page, number).encode()
    whole = [Told("all", f"{len(made)} variants in one autograder", (_VARIANTS,))] if made else []
    if DEFAULT not in versions:
        whole.append(Told("all", f"Python 3.{versions[0]}", (_IMAGE,)))
    return Package(out, (*(_told(part) for part in parts), *whole))


def _script(name: str) -> bytes:
    return (files("backhand.publishing") / "autograder" / name).read_bytes()


def _told(part: Prepared) -> Told:
    if is_for_a_person(part):
        return Told(part.part.number, "no score", (_PERSON,))
    several = steps(part, "", Mark("wrong", 0.0, None, "", ""))
    how = (
        f"{len(several)} tests, one for each {several[0].name.split()[0]}" if several else "1 test"
    )
    return Told(
        part.part.number, how, (_UNDECIDED,) if part.part.expected.kind == "formula" else ()
    )


# ---- what students get -------------------------------------------------------------------------


def _template(worksheet: Worksheet, parts: Sequence[Prepared], variants: bool) -> str:
    """The file to be filled in: a line for each part that is marked."""
    return "\n".join(_template_lines(worksheet, parts, variants)) + "\n"


def _template_lines(
    worksheet: Worksheet, parts: Sequence[Prepared], variants: bool
) -> Iterator[str]:
    title = " ".join(printable(worksheet.title).split())
    yield f"# Answers{': ' * bool(title)}{title}\n"
    yield "Write each answer behind its number and hand in this file, as answers.md."
    yield "Type formulas in LaTeX, as plain text or like NumPy: dJ/dyhat, [3; -2], 2x3.\n"
    if variants:
        yield "Write the number of your variant here, it stands in the name of your sheet.\n"
        yield "variant:\n"
    by_hand = [p.part.number for p in parts if is_for_a_person(p)]
    if by_hand:
        yield f"Not here, but as your instructor says: {', '.join(by_hand)}.\n"
    for part in (each.part for each in parts if each.part.number not in by_hand):
        which = f" ({part.ask.text})" if part.number != part.question.number else ""
        yield f"{part.number}{which}:\n"


def _notebook(page: Worksheet, number: int) -> str:
    """The student's notebook; a variant's names its number in the first cell."""
    found = notebook.sheet(page)
    if not number:
        return found
    whole = json.loads(found)
    said = [f"variant: {number}"]
    cell: dict[str, Any] = {
        "cell_type": "markdown",
        "id": "variant",
        "metadata": {},
        "source": said,
    }
    return (
        json.dumps({**whole, "cells": [cell, *whole["cells"]]}, ensure_ascii=False, indent=1) + "\n"
    )


# ---- whether it runs there ---------------------------------------------------------------------


def pythons(chosen: Sequence[Wheel]) -> tuple[int, ...]:
    """The minor versions of Python 3 on which all the wheels run, on Linux with an x86-64 processor.

    Raises `BackhandError` with the first package that leaves none.
    """
    left = set(PYTHONS)
    for name in dict.fromkeys(wheel.name for wheel in chosen):
        every = [wheel for wheel in chosen if wheel.name == name]
        fitting = {n for wheel in every for tag in wheel.tags for n in _minors(tag)}
        if not left & fitting:
            shown = ", ".join(sorted(tag for wheel in every for tag in wheel.tags)[:3])
            raise BackhandError(
                f"{name} {every[0].version} is for {shown}, which doesn't run on Gradescope's Linux"
                " beside the other packages",
                "download its wheel with `pip download --no-deps --only-binary=:all: --python-version "
                f"3.11 --platform manylinux_2_28_x86_64 -d wheels {name}=={every[0].version}` and "
                "name the folder",
            )
        left &= fitting
    return tuple(sorted(left))


def _minors(tag: str) -> set[int]:
    """The minor versions on which a wheel of this tag runs."""
    python, abi, platform = tag.split("-")
    legacy, _, processor = platform.partition("_")
    modern = _MANYLINUX.fullmatch(platform)
    needs = int(modern[1]) if modern else _LEGACY.get(legacy, 99) if processor == "x86_64" else 99
    if platform != "any" and needs > GLIBC:
        return set()
    if python == "py3":
        return set(PYTHONS)
    match = re.fullmatch(r"cp3(\d+)", python)
    if match is None or abi not in ("none", "abi3", python):
        return set()
    first = int(match[1])
    return {n for n in PYTHONS if n == first or (abi == "abi3" and n >= first)}
