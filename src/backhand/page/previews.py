"""An answer as it is understood, typeset while it is typed; what can't be read, with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from backhand.checking import answers
from backhand.checking.answers import Reader, Typed
from backhand.checking.expected import Kind
from backhand.checking.judging_lists import pieces
from backhand.checking.marking import Part
from backhand.errors import BackhandError, Place
from backhand.syntax import Formula, Num, Rows, Space, Words
from backhand.writing.mathml import formula_mathml


def preview(part: Part, answer: str) -> str:
    """The answer to a part as MathML.

    Raises `BackhandError`, its place on the lines of the answer as it was typed.

    >>> from backhand.page.sheets import sheet_of
    >>> part = sheet_of("$$ x = 3, y = x^2 $$\\n\\nHow large is y?\\n% ask: value y").ready().part("1")
    >>> preview(part, "$x + 6$")
    '<math display="inline"><mrow><mi>x</mi><mo>+</mo><mn>6</mn></mrow></math>'
    """
    reader = Reader(part.question.graph)
    try:
        listed = part.ask.verb == "forward" and len(pieces(answer)) > 1
        read = _words if listed else READERS.get(part.expected.kind, _words)
        typed = read(reader, part, answer)
    except BackhandError as error:
        error.place = _where(error.place, answer)
        raise
    return formula_mathml(_formula(typed))


def _numbers(reader: Reader, _: Part, answer: str) -> Typed:
    return reader.numbers(answer)


def _formulas(reader: Reader, _: Part, answer: str) -> Typed:
    return reader.formula(answer)


def _verdict(_: Reader, part: Part, answer: str) -> Typed:
    return answers.verdict(answer, part.expected.words)


def _words(_: Reader, part: Part, answer: str) -> Typed:
    return Typed(" ".join(answers.trimmed(answer).split()))


READERS: Mapping[Kind, Callable[[Reader, Part, str], Typed]] = {
    "number": _numbers,
    "vector": _numbers,
    "matrix": _numbers,
    "formula": _formulas,
    "chain": _formulas,
    "shape": lambda _, __, answer: answers.shape(answer),
    "count": lambda _, __, answer: answers.count(answer),
    "class": lambda _, __, answer: answers.count(answer),
    "verdict": _verdict,
}
"""How each kind of answer is read; a drawing's is words."""


def _formula(typed: Typed) -> Formula:
    """What was read, as a formula: the numbers as they were typed."""
    if typed.formula is not None:
        return typed.formula
    if typed.rows:
        rows = tuple(
            tuple(Num(cell.value, "" if cell.last is None else str(cell)) for cell in row)
            for row in typed.rows
        )
        return rows[0][0] if len(rows) == len(rows[0]) == 1 else Rows(rows)
    if typed.shape:
        return Space(tuple(Num(Fraction(size)) for size in typed.shape))
    return Words(typed.understood)


def _where(place: Place | None, answer: str) -> Place | None:
    """A place in an answer without the marks around it, on the answer as it was typed."""
    if place is None or place.line > 1:
        return place
    try:
        before = max(answer.find(answers.trimmed(answer)), 0)
    except BackhandError:
        before = 0
    return replace(place, column=place.column + before)
