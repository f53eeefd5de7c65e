"""Marking in batches, wherever it happens: a worksheet as bytes and answers in, small tuples out.

Answers that were marked before are not marked again: one by itself is known by its part and its text,
one that earlier answers may decide by these too, as far as they can matter.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

from backhand.checking.answers import Reader
from backhand.checking.marking import Marker, Part
from backhand.checking.marks import Level, Mark
from backhand.errors import BackhandError
from backhand.graph import Layout
from backhand.working import Worksheet

K = TypeVar("K")
V = TypeVar("V")
REMEMBERED = 20_000
"""Marks, and answers read, that are kept for when they come again."""
MARKERS = 16
"""Worksheets kept ready: variants come sorted."""


class Entry(NamedTuple):
    """The mark of one part as it travels. `verdict`: of `marks`, or "unanswered"."""

    verdict: str
    credit: float
    slip: str | None
    followed: bool
    answer: str
    understood: str
    feedback: str


class Task(NamedTuple):
    """A student to be marked; `wanted` is what the record knows the submission by."""

    student: str
    variant: str
    answers: Mapping[str, str]
    wanted: str


class Marked(NamedTuple):
    """A student's marks, in the order of the worksheet's parts."""

    student: str
    wanted: str
    marks: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """A job: students of one worksheet, whose bytes are at this place of the stock."""

    key: str
    worksheet: int
    tasks: tuple[Task, ...]

    @property
    def uses(self) -> tuple[int, ...]:
        return (self.worksheet,)


def packed(worksheet: Worksheet, layout: Layout | None, level: Level) -> bytes:
    """A worksheet and how it is to be marked, as it travels."""
    return pickle.dumps((worksheet, layout, level))


def mark_batch(batch: Batch, worksheet: bytes) -> list[Marked]:
    """The marks of every student of a batch."""
    ready = _ready(worksheet)
    return [Marked(t.student, t.wanted, ready.marks(t.answers)) for t in batch.tasks]


@lru_cache(MARKERS)
def _ready(worksheet: bytes) -> Ready:
    page, layout, level = pickle.loads(worksheet)
    return Ready(Marker(page, layout=layout), level)


class Ready:
    """A worksheet that marks whole submissions and remembers."""

    def __init__(self, marker: Marker, level: Level) -> None:
        self.marker = marker
        self.level: Level = level
        self.before = {
            part.number: tuple(_before(part, marker.parts[:at]))
            for at, part in enumerate(marker.parts)
        }
        readers = {id(p.question.graph): Reader(p.question.graph) for p in marker.parts}
        self.readers = {p.number: readers[id(p.question.graph)] for p in marker.parts}
        self.alone: dict[tuple[str, str], Entry] = {}
        self.following: dict[tuple[str, str, tuple[str, ...]], Entry] = {}
        self.numeric: dict[tuple[str, str], bool] = {}

    def marks(self, answers: Mapping[str, str]) -> tuple[Entry, ...]:
        """The mark of every part, with the student's own earlier answers."""
        return tuple(self._entry(part.number, answers) for part in self.marker.parts)

    def _entry(self, part: str, answers: Mapping[str, str]) -> Entry:
        answer = answers.get(part, "")
        if not answer:
            return Entry("unanswered", 0.0, None, False, "", "", "There is no answer.")
        entry = self.alone.get((part, answer))
        if entry is None:
            entry = self._marked(part, answer, {})
            _remember(self.alone, (part, answer), entry)
        # Only what isn't right by itself can be right after something earlier.
        if entry.verdict not in ("partly", "wrong"):
            return entry
        earlier = {
            number: answers[number]
            for number in self.before[part]
            if number in answers and self._is_numeric(number, answers[number])
        }
        if not earlier:
            return entry
        key = part, answer, tuple(x for pair in earlier.items() for x in pair)
        found = self.following.get(key)
        if found is None:
            found = self._marked(part, answer, earlier)
            _remember(self.following, key, found)
        return found

    def _is_numeric(self, part: str, answer: str) -> bool:
        """Whether an answer has numbers that could be followed."""
        key = part, answer
        found = self.numeric.get(key)
        if found is None:
            try:
                found = bool(self.readers[part].numbers(answer).rows)
            except (BackhandError, RecursionError):
                found = False
            _remember(self.numeric, key, found)
        return found

    def _marked(self, part: str, answer: str, earlier: Mapping[str, str]) -> Entry:
        try:
            found = self.marker.mark(part, answer, earlier=earlier, level=self.level)
        except Exception as error:  # a fault of the marker's must not stop the others' marks
            said = f"The marking failed here ({type(error).__name__}: {str(error)[:200]})."
            found = Mark("undecided", 0.0, None, f"{said} A person has to look at this.", "")
        return Entry(
            found.verdict, found.credit, found.slip, found.followed, answer, found.understood,
            found.feedback,
        )  # fmt: skip


def _before(part: Part, others: Sequence[Part]) -> list[str]:
    """The earlier parts whose answers can matter: numbers asked of the same model."""
    return [
        other.number
        for other in others
        if other.question.graph is part.question.graph and other.expected.value is not None
    ]


def _remember(kept: dict[K, V], key: K, value: V) -> None:
    if len(kept) >= REMEMBERED:
        # The oldest goes: a batch sees the commonest again soon enough.
        del kept[next(iter(kept))]
    kept[key] = value
