"""What STACK can't judge, as Moodle's own questions: true or false, a choice, or an essay."""

from __future__ import annotations

from collections.abc import Iterator

from backhand.checking.parts import Part
from backhand.publishing.stack import html_field, values
from backhand.publishing.web_words import Setter, context_html, solution_html
from backhand.working import Worksheet

SHAPES = {"convex": "convex", "concave": "concave", "affine": "both: affine", "neither": "neither"}
"""The answers to a question about a function's shape, by the word for each."""
HALF = {("convex", "affine"), ("concave", "affine")}
"""What is true but not all that can be said: the answer, and the right one."""
TRUTH = {"proved": "true", "false": "false"}


def plain_how(part: Part, reason: str) -> tuple[str, tuple[str, ...]]:
    """How a part is asked, and what is lost; `reason`: why STACK can't judge it."""
    words = part.expected.words
    if words in TRUTH:
        return "true or false", ("the proof or the counterexample isn't asked for",)
    if words in SHAPES:
        return "multiple choice", ("the reason isn't asked for",)
    lost = "a person marks it"
    if part.expected.kind == "drawing":
        return "essay with a file", (lost,)
    return "essay", (f"{lost}: {reason}" if reason else lost,)


def plain(sheet: Worksheet, part: Part, name: str, maths: Setter) -> Iterator[str]:
    """The question as lines of Moodle XML."""
    words = part.expected.words
    kind = "truefalse" if words in TRUTH else "multichoice" if words in SHAPES else "essay"
    yield f'  <question type="{kind}">'
    yield from html_field("name", name, plain=True)
    yield from html_field("questiontext", context_html(sheet, part, maths))
    solution = solution_html(part, maths)
    yield from html_field("generalfeedback", solution if kind != "essay" else "")
    yield from values(("defaultgrade", "1"), ("penalty", "1" if kind == "truefalse" else "0.3333333"),
                      ("hidden", "0"))  # fmt: skip
    if kind == "truefalse":
        for answer in ("true", "false"):
            yield from _answer(answer, 100 if TRUTH[words] == answer else 0, "plain_text")
    elif kind == "multichoice":
        yield from values(
            ("single", "true"), ("shuffleanswers", "false"), ("answernumbering", "none")
        )
        for word, text in SHAPES.items():
            share = 100 if word == words else 50 if (word, words) in HALF else 0
            yield from _answer(text, share, "html")
    else:
        drawn = part.expected.kind == "drawing"
        yield from values(("responseformat", "editor"), ("responserequired", "0" if drawn else "1"),
                          ("responsefieldlines", "10"), ("attachments", "1" if drawn else "0"),
                          ("attachmentsrequired", "1" if drawn else "0"))  # fmt: skip
        yield from html_field("graderinfo", solution)
        yield from html_field("responsetemplate", "")
    yield "  </question>"


def _answer(text: str, share: int, form: str) -> Iterator[str]:
    yield f'    <answer fraction="{share}" format="{form}">'
    yield f"      <text>{text}</text>"
    yield '      <feedback format="html"><text></text></feedback>'
    yield "    </answer>"
