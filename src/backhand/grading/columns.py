"""What each column of a table of submissions is: the student, an answer, or nothing that is needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from string import ascii_lowercase

from backhand.checking.marking import Part
from backhand.errors import DataError

STUDENT = (
    "student", "student id", "studentid", "sid", "id", "user id", "sis user id", "sis id",
    "sis login id", "matriculation number", "username", "user", "login", "email", "email address",
    "e-mail", "name", "student name", "full name",
)  # fmt: skip
"""What a student's column is called where nobody says, the best first."""
PART = ("part", "question", "item")
ANSWER = ("answer", "response")
VARIANT = ("variant", "variant number", "version")
_CANVAS = re.compile(r"\d{3,}: ")
_NUMBER = re.compile(
    r"(?:q|question|part|task|exercise|problem)?[\s._:#-]*(\d+(?:\.\d+)+[a-z]?|\d+[a-z]?)(?=$|[\s.:,)\]–-])",
    re.IGNORECASE,
)
_POINTS = re.compile(r"\d+\.0+(?: \(\d+\))?")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person says of the columns. `parts`: part to the column of its answers."""

    student: str | None = None
    variant: str | None = None
    kept: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table by name. `answers`: column to the questions or parts it answers.

    `part` and `answer` name columns where each row is one answer; then `answers` is empty.
    """

    student: str
    variant: str | None
    kept: tuple[str, ...]
    answers: Mapping[str, str]
    part: str = ""
    answer: str = ""
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers by which a worksheet's parts are called, and the parts of each."""

    parts: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Numbers:
        """Every part by its number, also as 3.1.3a, and every question by its own.

        >>> import backhand
        >>> page = "$$ x = 3, y = 2x $$\\n\\n1. Give both.\\n   % ask: value x\\n   % ask: value y"
        >>> marker = backhand.Marker(backhand.reading.document.worksheet(page))
        >>> list(Numbers.of(marker.parts).parts)
        ['1.1', '1a', '1.2', '1b', '1']
        """
        found: dict[str, tuple[str, ...]] = {}
        questions: dict[str, list[str]] = {}
        for part in parts:
            inside = questions.setdefault(part.question.number, [])
            inside.append(part.number)
            found[part.number] = (part.number,)
            if part.number != part.question.number and len(inside) <= len(ascii_lowercase):
                found[part.question.number + ascii_lowercase[len(inside) - 1]] = (part.number,)
        for question, inside in questions.items():
            found.setdefault(question, tuple(inside))
        return cls(found)

    def named(self, column: str) -> str | None:
        """The number that a column's name starts with: `Q3.1.4`, `3.1.4. What goes in?`.

        Raises `DataError` for what looks like a number of the page and isn't one.
        """
        text = _CANVAS.sub("", column.strip(), count=1).strip()
        if text in self.parts:
            return text
        found = _NUMBER.match(text)
        if found is None:
            return None
        if found[1] in self.parts:
            return found[1]
        if "." in found[1] or text.lower().startswith("q"):
            raise DataError(
                f"the column {_shown(column)} is none of the worksheet's questions",
                self.nearest(found[1]),
            )
        return None

    def nearest(self, number: str) -> str:
        """A mend for a number that isn't there."""
        near = get_close_matches(number[:40], self.parts, 1)
        few = list(dict.fromkeys(p for several in self.parts.values() for p in several))
        listed = ", ".join(few[:12]) + (", …" if len(few) > 12 else "")
        return f"did you mean {near[0]}?" if near else f"the parts are {listed}"

    def spread(self, number: str, text: str) -> dict[str, str]:
        """The answers to the parts of a number: one, or a question's several, each on its line.

        >>> Numbers({"3": ("3.1", "3.2")}).spread("3", "a) 2x3\\nb) 1x3")
        {'3.1': '2x3', '3.2': '1x3'}
        """
        parts = self.parts[number]
        if len(parts) == 1:
            return {parts[0]: text}
        lines = [_LABEL.sub("", line).strip() for line in text.splitlines() if line.strip()]
        if len(lines) != len(parts):
            lines = [piece.strip() for piece in text.split(";")]
        if len(lines) != len(parts):
            return dict.fromkeys(parts, text) if text.strip() else {}
        return dict(zip(parts, lines, strict=True))


_LABEL = re.compile(r"^\s*(?:[-*]\s+|\(?(?:[a-z]|\d+)[).:]\s+)")


def columns(names: Sequence[str], numbers: Numbers, chosen: Chosen) -> Columns:
    """What each column is. Raises `DataError` where there is no student, or a name is wrong.

    >>> numbers = Numbers({"1": ("1",), "2": ("2",)})
    >>> found = columns(["Timestamp", "Email", "1. How large is y?", "2"], numbers, Chosen())
    >>> found.student, dict(found.answers), found.unused
    ('Email', {'1. How large is y?': '1', '2': '2'}, ('Timestamp',))
    """
    for name in (chosen.student, chosen.variant, *chosen.kept, *chosen.parts.values()):
        if name is not None and name not in names:
            raise DataError(f"there is no column {_shown(name)}", _nearest(name, names))
    student = chosen.student or _first(names, STUDENT)
    if student is None:
        raise DataError(
            "no column says who the student is",
            f"name it with --student; the columns are {_few(names)}",
        )
    variant = chosen.variant or _first(names, VARIANT)
    taken = {student, variant, *chosen.kept}
    part, answer = _first(names, PART), _first(names, ANSWER)
    if part is not None and answer is not None and not chosen.parts:
        used = {*taken, part, answer}
        unused = tuple(n for n in names if n not in used)
        return Columns(student, variant, chosen.kept, {}, part, answer, unused)
    answers = _answers(names, numbers, chosen, taken)
    unused = tuple(n for n in names if n not in taken and n not in answers)
    return Columns(student, variant, chosen.kept, answers, unused=unused)


def _answers(
    names: Sequence[str], numbers: Numbers, chosen: Chosen, taken: Iterable[str | None]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, column in chosen.parts.items():
        if number not in numbers.parts:
            raise DataError(f"there is no question {number[:40]}", numbers.nearest(number))
        found[column] = number
    beside = False
    for name in names:
        # Canvas puts the points of a question into a column called 1.0 beside its answers.
        points = beside and _POINTS.fullmatch(name.strip()) is not None
        beside = _CANVAS.match(name) is not None
        if name in taken or name in found or points:
            continue
        number = numbers.named(name)
        if number is not None:
            found[name] = number
    seen: dict[str, str] = {}
    for name, number in found.items():
        for part in numbers.parts[number]:
            if part in seen:
                raise DataError(
                    f"the columns {_shown(seen[part])} and {_shown(name)} both answer {part}",
                    "rename or delete one",
                )
            seen[part] = name
    return found


def _first(names: Sequence[str], known: Sequence[str]) -> str | None:
    """The column whose name is the earliest of the known ones."""
    by_name: dict[str, str] = {}
    for name in names:
        by_name.setdefault(name.strip().lower().replace("_", " "), name)
    return next((by_name[k] for k in known if k in by_name), None)


def _shown(name: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in name[:60])
    return f"'{clean if len(name) <= 40 else clean[:40] + '…'}'"


def _few(names: Sequence[str]) -> str:
    return ", ".join(map(_shown, names[:8])) + (", …" if len(names) > 8 else "")


def _nearest(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name[:60], [n[:60] for n in names[:500]], 1, 0.5)
    return f"did you mean {_shown(near[0])}?" if near else f"the columns are {_few(names)}"
