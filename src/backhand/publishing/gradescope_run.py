"""What runs on Gradescope: a student's submission to results.json.

The format is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/. Whatever a
submission holds, a results file is written. Students see tests with hints and no answers; the key
goes to standard output, which Gradescope shows to instructors only. (A hidden test would hide the
total score from students.)
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from backhand.checking.answers import written
from backhand.checking.marking import Marker
from backhand.checking.marks import Mark
from backhand.checking.parts import Prepared, other_name, prepared
from backhand.checking.steps import is_for_a_person, steps
from backhand.errors import BackhandError
from backhand.publishing import notebook
from backhand.publishing.folder import put
from backhand.publishing.submission import Asked, Submission, found_in, submission
from backhand.reading.document import read
from backhand.working import Worksheet
from backhand.writing.pages import Setting, page_names, words
from backhand.writing.typesetting import printable

Test = dict[str, Any]
BY_HAND = "A person marks this one."
NONE = Mark("wrong", 0.0, None, "There is no answer to this.", "")
FORMATS = {
    "output_format": "text",
    "test_output_format": "text",
    "test_name_format": "text",
    "visibility": "visible",
}
"""Text, so that nothing of an answer is taken for HTML."""
MAX_NAME = 90
SHOWN = 300
"""How many characters of an answer are shown again."""


def main(arguments: Sequence[str]) -> int:
    """Mark the submission below a root folder; `--check ROOT` marks an empty one and writes nothing."""
    *flags, root = arguments
    if flags == ["--check"]:
        for page in sorted(_pages(Path(root)).values()):
            results(read(page), lambda _: Submission({}, None, ""))
        print("The autograder is ready.")
        return 0
    found = whole(Path(root))
    put(Path(root, "results", "results.json"), json.dumps(found, ensure_ascii=False, indent=1))
    return 0


def whole(root: Path) -> dict[str, Any]:
    """The results for the submission below a root folder, whatever it holds."""
    try:
        return _marked(root)
    except BackhandError as error:
        return _failed(f"Your submission can't be marked: {error}.")
    except Exception:
        traceback.print_exc(file=sys.stdout)
        return _failed(
            "Your submission couldn't be marked. This isn't your fault: tell your instructor."
        )


def _failed(said: str) -> dict[str, Any]:
    return {"score": 0, "output": said, **FORMATS, "tests": []}


def _pages(root: Path) -> dict[int, Path]:
    """The worksheets by their variants' numbers, 0 for the one that is for everybody."""
    return {int(path.stem): path for path in (root / "source" / "worksheets").iterdir()}


def _marked(root: Path) -> dict[str, Any]:
    name, text = found_in(root / "submission")
    pages = _pages(root)
    if 0 in pages:
        return results(read(pages[0]), lambda asked: submission(name, text, asked))
    first = read(pages[min(pages)])
    found = submission(name, text, _asked(first, list(prepared(first, None))))
    if found.variant not in pages:
        raise BackhandError(
            "it doesn't say which variant it is for", f"add a line such as variant: {max(pages)}"
        )
    return results(read(pages[found.variant]), lambda _: found)


def _asked(page: Worksheet, parts: Sequence[Prepared]) -> Asked:
    """How a submission may name the parts of a worksheet."""
    questions: dict[str, tuple[str, ...]] = {}
    for each in parts:
        number = each.part.question.number
        questions[number] = (*questions.get(number, ()), each.part.number)
    cells = [
        cell["metadata"]["nbgrader"]["grade_id"]
        for cell in json.loads(notebook.sheet(page))["cells"]
        if cell["metadata"]["nbgrader"]["solution"]
    ]
    numbers = {name: p.part.number for p in parts for name in (p.part.number, other_name(p.part))}
    asked = (question.number for question in page.questions)
    return Asked(numbers, questions, dict(zip(cells, asked, strict=True)))


def results(page: Worksheet, handed_in: Callable[[Asked], Submission]) -> dict[str, Any]:
    """The results for the answers that were handed in."""
    parts = list(prepared(page, None))
    found = handed_in(_asked(page, parts))
    marker = Marker(page)
    tests: list[Test] = []
    earlier: dict[str, str] = {}
    for part in parts:
        number = part.part.number
        answer = found.answers.get(number, "")
        mark = marker.mark(number, answer, earlier=earlier) if answer else NONE
        tests += _tests(part, answer, mark, _name(part, page))
        print(_for_instructor(part, answer, mark))
        if answer:
            earlier[number] = answer
    said = [f"Read from {found.file}." if found.file else "", *found.notes]
    if tests and not found.answers:
        said.append("No answers were found in it. Write them behind their numbers: 3.2.5: -0.04")
    return {"output": "\n".join(filter(None, said)), **FORMATS, "tests": tests}


# ---- one part ----------------------------------------------------------------------------------


def _tests(part: Prepared, answer: str, mark: Mark, name: str) -> Iterator[Test]:
    """The tests of one part: one, or one a step. They are worth a point together."""
    number = part.part.number
    if is_for_a_person(part):
        yield {"number": number, "name": name, "output": BY_HAND}
        return
    said = _said(answer, mark)
    several = steps(part, answer, mark)
    if not several:
        yield _test(number, name, mark.credit, 1.0, said, mark.verdict == "right")
    scores, most = _rounded([s.earned for s in several]), _rounded([s.share for s in several])
    for at, step in enumerate(several):
        good = step.earned >= step.share - 1e-9
        told = "Right." if good else "This isn't right yet: see the first of these."
        whole = f"{name} ({step.name})"
        yield _test(number, whole, scores[at], most[at], told if at else said, good)


def _rounded(amounts: Sequence[float]) -> list[float]:
    """The amounts to four places, with the same sum: three thirds are 1."""
    sums = [0.0, *(round(total, 4) for total in accumulate(amounts))]
    return [round(after - before, 4) for before, after in pairwise(sums)]


def _test(number: str, name: str, score: float, most: float, said: str, good: bool) -> Test:
    return {
        "number": number,
        "name": name,
        "score": score,
        "max_score": most,
        "status": "passed" if good else "failed",
        "output": said,
    }


def _said(answer: str, mark: Mark) -> str:
    """What the student sees: the answer, how it was read, the hint."""
    if mark is NONE:
        return mark.feedback
    lines = [f"Your answer: {_short(answer)}"]
    if mark.understood and mark.understood != answer:
        lines.append(f"Read as: {_short(mark.understood)}")
    if mark.verdict == "partly":
        lines.append(f"Credit: {mark.credit:.0%}")
    return "\n".join([*lines, mark.feedback])


def _for_instructor(part: Prepared, answer: str, mark: Mark) -> str:
    """A line for the log: the verdict, the answer, and the key."""
    key = " ".join(part.part.working.text().split("\n\n")[0].split())
    slip = f" ({mark.slip})" if mark.slip else ""
    followed = " (given an earlier answer)" if mark.followed else ""
    verdict = mark.verdict if mark is not NONE else "no answer"
    return f"{part.part.number}: {verdict}{slip}{followed}: {_short(answer)!r}; key: {_short(key)}"


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def _name(part: Prepared, page: Worksheet) -> str:
    """The question's words in plain text, shortened, and which part of it this is."""
    each = part.part
    said = " ".join(words(each.question.words, page_names(page), PLAIN).split())
    which = f" [{each.ask.text}]" if each.number != each.question.number else ""
    return (said if len(said) <= MAX_NAME else f"{said[:MAX_NAME].rsplit(' ', 1)[0]} …") + which


PLAIN = Setting(
    text=printable,
    emphasis=printable,
    strong=printable,
    code=printable,
    formula=written,
    display=written,
    gap=" ",
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
