"""An instructor's notebook for nbgrader or Otter: answers as variables, with hidden tests that mark.

Both tools make the student's notebook from it: they take the solutions and the tests out. The tests
need Backhand where they run, and no network. A part that only a person can mark, or whose key
Backhand wouldn't accept when typed, is a text cell with its key, for a person.

nbgrader's format: https://nbgrader.readthedocs.io/en/stable/user_guide/creating_and_grading_assignments.html
Otter's: https://otter-grader.readthedocs.io/en/latest/otter_assign/notebook_format.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from backhand.checking.cells import packed, variable
from backhand.checking.judging import judged
from backhand.checking.marks import Mark
from backhand.checking.parts import Prepared, other_name, prepared
from backhand.checking.steps import is_for_a_person, steps
from backhand.errors import BackhandError
from backhand.graph import Layout, floats
from backhand.publishing.notebook import WORDS, Cell, block_words, cell, document, nbgrader_marks
from backhand.reading.maths import Known
from backhand.working import Worksheet
from backhand.writing.markdown import working_markdown
from backhand.writing.pages import page_names, words
from backhand.writing.text import prose_text

IMPORT = "from backhand.checking.cells import marked"


def nbgrader(worksheet: Worksheet, layout: Layout | None = None) -> str:
    """The notebook to put into nbgrader's `source` folder. Raises `BackhandError` without a page."""
    return document(_cells(worksheet, layout, _nbgrader))


def otter(worksheet: Worksheet, layout: Layout | None = None) -> str:
    """The notebook to run `otter assign` on. Raises `BackhandError` without a page."""
    config = "# ASSIGNMENT CONFIG\nrequirements:\n  - backhand\nexport_cell:\n  pdf: false"
    cells = [cell("raw", "config", config), *_cells(worksheet, layout, _otter)]
    for each in cells:
        each["metadata"].pop("nbgrader", None)
    return document(cells)


def _cells(
    worksheet: Worksheet,
    layout: Layout | None,
    task: Callable[[Prepared, str, str, str], Iterator[Cell]],
) -> Iterator[Cell]:
    if not worksheet.source:
        raise BackhandError("this worksheet stands on no page", "read it from a page of Markdown")
    known = page_names(worksheet)
    page = repr(packed(worksheet.source)) + ", {!r}, globals()"
    page += f", {layout!r}" if layout else ""
    parts: dict[int, list[Prepared]] = {}
    for part in prepared(worksheet, layout):
        parts.setdefault(id(part.part.question), []).append(part)
    for at, block in enumerate(worksheet.blocks):
        if block.question is None:
            if said := block_words(block, known):
                yield cell("markdown", f"words-{at}", said, nbgrader_marks(f"words-{at}", locked=1))
            continue
        its = parts.get(id(block.question), [])
        for part in its or ():
            name = f"{at}-{re.sub(r'[^A-Za-z0-9]+', '-', part.part.number)[:40]}"
            yield from task(part, name, _asked(part, known, part is its[0]), page)


def _asked(part: Prepared, known: Known, first: bool) -> str:
    """The question's words at its first part, and what the part asks where there are several."""
    question = part.part.question
    said = f"**{question.number}** {words(question.words, known, WORDS)}" if first else ""
    if part.part.number != question.number:
        said += f"{'  ' * first}\n\n**{other_name(part.part)}** " + f"`{part.part.ask.text}`"
    return said.strip()


# ---- nbgrader ----------------------------------------------------------------------------------


def _nbgrader(part: Prepared, name: str, asked: str, page: str) -> Iterator[Cell]:
    words, answer, test = f"question-{name}", f"answer-{name}", f"marks-{name}"
    yield cell("markdown", words, asked, nbgrader_marks(words, locked=1))
    key = _key(part)
    if key is None:
        said = f"### BEGIN SOLUTION\n{working_markdown(part.part.working)}\n### END SOLUTION"
        marks = nbgrader_marks(answer, grade=1, solution=1, points=1)
        yield cell("markdown", answer, said, marks)
        return
    holder = variable(part.part.number)
    source = (
        f"# Your answer in quotes as you'd write it, or as a value.\n{holder} = ''\n"
        f"### BEGIN SOLUTION\n{holder} = {key!r}\n### END SOLUTION"
    )
    yield cell("code", answer, source, nbgrader_marks(answer, solution=1))
    source = (
        f"# {part.part.number} is marked here.\n### BEGIN HIDDEN TESTS\n{IMPORT}\n"
        f"mark = marked({page.format(part.part.number)})\nprint(mark.feedback)\nmark.credit\n"
        "### END HIDDEN TESTS"
    )
    yield cell("code", test, source, nbgrader_marks(test, grade=1, locked=1, points=1))


# ---- Otter -------------------------------------------------------------------------------------


def _otter(part: Prepared, name: str, asked: str, page: str) -> Iterator[Cell]:
    key, holder = _key(part), variable(part.part.number)
    manual = "manual: true" if key is None else "check_cell: false"
    begin = f"# BEGIN QUESTION\nname: {holder}\npoints: 1\n{manual}"
    yield cell("raw", f"begin-{name}", begin)
    yield cell("markdown", f"question-{name}", asked)
    yield cell("raw", f"solution-{name}", "# BEGIN SOLUTION")
    if key is None:
        yield cell("markdown", f"answer-{name}", working_markdown(part.part.working))
    else:
        yield cell("code", f"answer-{name}", f"{holder} = {key!r}  # SOLUTION")
    yield cell("raw", f"solved-{name}", "# END SOLUTION")
    if key is not None:
        yield cell("raw", f"tests-{name}", "# BEGIN TESTS")
        call = f"marked({page.format(part.part.number)}).credit"
        count = len(steps(part, "", Mark("wrong", 0.0, None, "", ""))) or 1
        for at in range(1, count + 1):
            test = (
                f'""" # BEGIN TEST CONFIG\nhidden: true\n'
                f'""" # END TEST CONFIG\n{IMPORT}\nassert {call} >= {at / count - 1e-6:.6f}'
            )
            yield cell("code", f"test-{at}-{name}", test)
        yield cell("raw", f"tested-{name}", "# END TESTS")
    yield cell("raw", f"end-{name}", "# END QUESTION")


# ---- the key as it would be typed --------------------------------------------------------------


def _key(part: Prepared) -> str | None:
    """A right answer as a student would type it; None where a person has to mark the part."""
    if is_for_a_person(part):
        return None
    return next((typed for typed in _typings(part) if _is_right(part, typed)), None)


def _typings(part: Prepared) -> Iterator[str]:
    wanted = part.part.expected
    if wanted.words:
        yield wanted.words
    if wanted.kind == "shape" and wanted.value is not None:
        yield "x".join(map(str, wanted.value.ravel().tolist()))
    said = prose_text(part.part.working.answer).replace("−", "-")
    yield from (side.strip() for side in reversed(said.split("=")[-1].split("≈")))
    if wanted.value is not None:
        yield str(floats(wanted.value).tolist())
    yield said


def _is_right(part: Prepared, typed: str) -> bool:
    try:
        return judged(part, typed).verdict == "right"
    except BackhandError:
        return False
