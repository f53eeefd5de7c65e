"""One family of errors: each says what was wrong, where, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a source text: line and column count from 1; `text` is the line itself."""

    line: int
    column: int
    text: str = ""

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class BackhandError(Exception):
    """Something a person wrote can't be used as it stands.

    `what` was wrong, `mend` says what to write instead, `place` says where.

    >>> str(BackhandError("I don't know the name 'q'", "define it: q = 3", Place(2, 5)))
    "line 2, column 5: I don't know the name 'q'; define it: q = 3"
    """

    def __init__(self, what: str, mend: str = "", place: Place | None = None) -> None:
        self.what = what
        self.mend = mend
        self.place = place
        super().__init__(what)

    def at(self, place: Place | None) -> BackhandError:
        """The same error with its place, where it had none yet."""
        if self.place is None:
            self.place = place
        return self

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        mend = f"; {self.mend}" if self.mend else ""
        return f"{where}{self.what}{mend}"


class ReadingError(BackhandError):
    """The text isn't mathematics that Backhand reads."""


class MeaningError(BackhandError):
    """The text reads, but makes no sense: an unknown name, a shape that doesn't fit, a cycle."""


class AskError(BackhandError):
    """The question can't be answered from this graph: no such entry, no value, no such ask."""


class DataError(BackhandError):
    """The data points can't be trained on: a value missing, text for a number, a shape that doesn't fit."""


class LimitError(BackhandError):
    """The input is over a stated bound on its length, depth, size or exponents."""


class WorkerError(BackhandError):
    """The processes that do the work were killed over it, perhaps for lack of memory."""


class DivergenceError(BackhandError):
    """Training left the numbers: a value on the way overflowed or became undefined."""
