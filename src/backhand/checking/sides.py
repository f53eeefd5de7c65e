"""The sides of a = b = c before the last: an answer that is right may have got there by a slip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from backhand.calculus.evaluate import computable, evaluate
from backhand.checking.answers import trimmed, written
from backhand.checking.marks import Mark
from backhand.checking.parts import Prepared
from backhand.errors import BackhandError
from backhand.graph import floats
from backhand.reading.maths import parse
from backhand.syntax import Call, Derive, Entry, Equal, Formula, Name, Num, Partial, replaced

MAX_SIDES = 8
ARITHMETIC = "-+*·×/(−=≈"
"""Without one of these before its last relation an answer has no side but names."""
ROOM = 0.05
"""A side with rounded numbers in it must be further off than this, measured by the right value."""
EXACT = 1e-6
CREDIT = 0.75


def with_sides(part: Prepared, answer: str, mark: Mark) -> Mark:
    """The mark of a right answer, less where one of its earlier sides has another value."""
    if mark.verdict != "right" or not _claims(answer):
        return mark
    if part.right is None or part.right[0].size != 1:
        return mark
    for side in _before_the_last(part, answer):
        if _differs(part, side, part.right[1][0]):
            told = f"The result is right, but {written(side)} isn't equal to it."
            return replace(mark, verdict="partly", credit=CREDIT, feedback=told)
    return mark


def _claims(answer: str) -> bool:
    """Whether something that can be worked out stands before the last relation."""
    last = max(answer.rfind(sign) for sign in ("=", "≈", "\\approx"))
    return last > 0 and any(sign in answer[:last] for sign in ARITHMETIC)


def _before_the_last(part: Prepared, answer: str) -> Sequence[Formula]:
    """The sides that claim a value: what only names the answer is none."""
    try:
        found = parse(trimmed(answer), part.reader.known).formula
    except (BackhandError, RecursionError):
        return ()
    if not isinstance(found, Equal) or set(found.signs) - {"=", "≈"}:
        return ()
    named = isinstance(found.sides[0], Name | Entry | Partial | Derive | Call)
    return found.sides[1 if named else 0 : -1][:MAX_SIDES]


def _differs(part: Prepared, side: Formula, right: float) -> bool:
    """Whether a side certainly has another value at the page's numbers."""
    try:
        tensor = part.reader.tensor(side)
    except (BackhandError, RecursionError):
        return False
    if tensor.axes or not computable(tensor.expr, part.values):
        return False
    value = float(floats(evaluate(tensor.expr, (), part.graph, part.values)))
    room = ROOM if _has_decimals(side) else EXACT
    return math.isfinite(value) and abs(value - right) > room * max(abs(right), abs(value))


def _has_decimals(side: Formula) -> bool:
    seen: list[Formula] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Num) and ("." in part.text or "e" in part.text):
            seen.append(part)
        return None

    replaced(side, leaf)
    return bool(seen)
