"""What an audit says: a finding for each line of a worked solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

LineVerdict: TypeAlias = Literal[
    "follows",
    "doesn't follow",
    "undecided",
    "unreadable",
    "prose",
    "claim true",
    "claim false",
]
WRONG: frozenset[LineVerdict] = frozenset(("doesn't follow", "claim false"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one line of a solution.

    `line`, `column` and `end` count from 1 in the solution's file; `column` to `end` is the line's
    formula, or the side of it that goes wrong. `why` is what the verdict rests on, in words. `slip`
    names a known slip, `hint` says what to look at, `expected` what should stand there (at level
    full only). `digits`: how many digits can be trusted from here, where some were lost. `followed`:
    the line rests on a line of the author's own that is wrong.
    """

    line: int
    column: int
    end: int
    text: str
    verdict: LineVerdict
    why: str = ""
    slip: str | None = None
    hint: str = ""
    expected: str | None = None
    digits: int | None = None
    followed: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings on a solution, in the order of its lines."""

    findings: tuple[Finding, ...]

    @property
    def first_wrong(self) -> Finding | None:
        """The first line that doesn't follow."""
        return next((f for f in self.findings if f.verdict in WRONG), None)

    @property
    def all_follow(self) -> bool:
        """Whether no line is wrong and none couldn't be read."""
        return not any(f.verdict in WRONG or f.verdict == "unreadable" for f in self.findings)

    def count(self, *verdicts: LineVerdict) -> int:
        """How many lines have one of these verdicts."""
        return sum(f.verdict in verdicts for f in self.findings)
