"""The account of how a worksheet's questions were read: what each asks, from which words."""

from __future__ import annotations

import os
from dataclasses import dataclass

from backhand.reading.document import text_of, worksheet
from backhand.reading.raw import is_raw, raw_page


@dataclass(frozen=True, slots=True)
class Told:
    """A question with its asks; `words` is the part of it that they come from, `missed` why none."""

    number: str
    asks: tuple[str, ...]
    words: str
    whole: str
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """The explicit worksheet as text, its questions, and notes on formulas."""

    text: str
    questions: tuple[Told, ...]
    notes: tuple[str, ...] = ()


def account(text: str) -> Account:
    """How the page in a text is read; one with asks of its own is explicit as it is.

    >>> found = account("$$ x = 3 $$\\n\\n$$ y = x^2 $$\\n\\n1. What is $y$?")
    >>> found.questions[0].asks
    ('value y',)
    """
    if not is_raw(text):
        questions = worksheet(text).questions
        told = [Told(q.number, tuple(a.text for a in q.asks), "", q.words) for q in questions]
        return Account(text, tuple(told))
    raw = raw_page(text)
    return Account(
        raw.text,
        tuple(
            Told(
                q.number,
                tuple(ask.text for ask in q.understood.asks),
                q.understood.words,
                q.words,
                q.understood.missed,
            )
            for q in raw.questions
        ),
        raw.notes,
    )


def account_of(path: str | os.PathLike[str]) -> Account:
    """The same for a file. Raises what reading a worksheet raises."""
    return account(text_of(path))
