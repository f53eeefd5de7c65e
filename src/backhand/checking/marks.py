"""A mark: what was made of one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

VerdictOnAnswer: TypeAlias = Literal["right", "partly", "wrong", "undecided", "unreadable"]
Level: TypeAlias = Literal["hint", "step", "full"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""How much the feedback gives away: a hint, the first step that goes wrong, the full working."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The verdict on one answer, with its credit from 0 to 1.

    `slip` is the name of a known slip, a key of `mistakes.SLIPS`, or None. `feedback` is plain text.
    `understood` says how the answer was read, and is empty if it wasn't. `followed`: the answer is
    right given the student's own earlier answers.
    """

    verdict: VerdictOnAnswer
    credit: float
    slip: str | None
    feedback: str
    understood: str
    followed: bool = False
