"""Marking: an answer to one part of a worksheet, its verdict, credit and feedback.

Everything that doesn't depend on an answer is worked out once, in `Marker`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from backhand.checking.earlier import earlier_answers
from backhand.checking.following import follows, trivial
from backhand.checking.judging import judged
from backhand.checking.marks import LEVELS, Level, Mark
from backhand.checking.parts import Part, Prepared, other_name, prepared
from backhand.checking.saying import said
from backhand.errors import AskError, BackhandError
from backhand.graph import Layout
from backhand.working import Worksheet

__all__ = ["Marker", "Part", "mark"]
FOLLOWED = "Right, given your earlier answer; that one isn't right yet."
NOT_ENOUGH = "an answer that leaves nothing to work out can't earn the marks that follow."


class Marker:
    """A worksheet ready to mark answers to its parts.

    >>> import backhand
    >>> page = "$$ x = 3, y = x^2 $$\\n\\nHow large is y?\\n% ask: value y"
    >>> sheet = backhand.reading.document.worksheet(page)
    >>> Marker(sheet).mark("1", "9").verdict
    'right'
    """

    def __init__(self, worksheet: Worksheet, *, layout: Layout | None = None) -> None:
        self._prepared = tuple(prepared(worksheet, layout))
        self.parts = tuple(each.part for each in self._prepared)
        self._by_number = {
            name: each
            for each in self._prepared
            for name in (each.part.number, other_name(each.part))
        }

    def part(self, number: str) -> Part:
        """The part of this number; raises `AskError` where there is none."""
        return self._part(number).part

    def _part(self, number: str) -> Prepared:
        if number in self._by_number:
            return self._by_number[number]
        inner = [p.number for p in self.parts if p.question.number == number]
        numbers = ", ".join(inner or [p.number for p in self.parts])
        what = f"{number} has several parts" if inner else f"there is no question {number}"
        raise AskError(what, f"the parts are {numbers}")

    def mark(
        self,
        part: str,
        answer: str | float | Fraction,
        *,
        earlier: Mapping[str, str] | None = None,
        level: Level = "hint",
    ) -> Mark:
        """The mark of one answer to the part of this number.

        `earlier`: the student's other answers by part, so that an answer that is right given those
        is recognised. Raises `AskError` where there is no such part or level; a bad answer raises
        nothing.
        """
        chosen = self._part(part)
        if level not in LEVELS:
            raise AskError(f"there is no level {level!r}", f"the levels are {', '.join(LEVELS)}")
        typed = str(answer)
        try:
            made = judged(chosen, typed)
        except BackhandError as error:
            return Mark("unreadable", 0.0, None, f"I can't read this: {error}.", "")
        except RecursionError:
            return Mark("unreadable", 0.0, None, "I can't read this: it is nested too deep.", "")
        if earlier and made.verdict in ("partly", "wrong"):
            made = self._following(chosen, typed, earlier, made)
        return said(chosen.part, made, level)

    def _following(
        self, chosen: Prepared, answer: str, earlier: Mapping[str, str], made: Mark
    ) -> Mark:
        """The mark where the student's own earlier answers count."""
        before = [(self._part(number), text) for number, text in earlier.items()]
        for found in earlier_answers(before, chosen):
            try:
                understood = follows(chosen, answer, found)
            except (BackhandError, RecursionError):
                return made  # words and shapes don't follow from numbers
            if understood is None:
                continue
            if why := trivial(found, chosen):
                told = f"{why}: {NOT_ENOUGH}"
                return replace(made, verdict="wrong", credit=0.0, feedback=told)
            return Mark("right", 1.0, None, FOLLOWED, understood, followed=True)
        return made


def mark(
    worksheet: Worksheet,
    number: str,
    answer: str | float | Fraction,
    *,
    earlier: Mapping[str, str] | None = None,
    level: Level = "hint",
    layout: Layout | None = None,
) -> Mark:
    """The mark of one answer; for many answers make one `Marker`.

    >>> import backhand
    >>> page = "$$ x = 3, y = x^2 $$\\n\\nHow large is y?\\n% ask: value y"
    >>> sheet = backhand.reading.document.worksheet(page)
    >>> mark(sheet, "1", "-9").slip
    'sign'
    """
    return Marker(worksheet, layout=layout).mark(number, answer, earlier=earlier, level=level)
