"""What hangs right behind a factor: indices in brackets, a transpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backhand.reading import brackets
from backhand.reading.vocabulary import CLOSING
from backhand.syntax import Entry, Flipped, Formula, Name, Num, Test

if TYPE_CHECKING:
    from backhand.reading.grammar import Parser

MAX_SLOTS = 8
"""The most indices of an entry."""


def hung(parser: Parser, of: Formula, first: int) -> Formula:
    """A factor with the indices and transposes behind it."""
    while True:
        token = parser.ahead()
        if token.kind != "sign" or not token.glued:
            return of
        parser.count()
        if token.text == "[" and _is_indexable(parser, of):
            found = index(parser, of)
            if found is None:
                return of
            of = found
        elif token.text == "." and parser.ahead(1).text == "T" and parser.ahead(1).glued:
            parser.at += 2
            of = Flipped(of, parser.place(token))
        elif token.text in ("'", "''"):
            name = parser.written(first, parser.at)
            raise parser.error(
                f"{name}' can be read as a derivative or as a transpose",
                f"write it as dy/dx, or as {name}^T",
                token,
            )
        else:
            return of


def _is_indexable(parser: Parser, of: Formula) -> bool:
    before = parser.tokens[parser.at - 1]
    return isinstance(of, Name | Entry) or (
        before.text in CLOSING and not isinstance(of, Num | Test)
    )


def index(parser: Parser, of: Formula) -> Formula | None:
    """`W[1, 2]`, or None where the bracket is a comparison, so a factor of its own."""
    start = parser.at
    if brackets.compares(parser, start):
        return None
    token = parser.take()
    slots = (of.slots if isinstance(of, Entry) else ()) + parser.items("]")
    place = parser.place(token)
    if len(slots) > MAX_SLOTS:
        raise parser.source.limit(
            f"an entry has at most {MAX_SLOTS} indices", "leave some out", token.at
        )
    if isinstance(of, Entry):
        return Entry(of.of, slots, of.point, of.place)
    return Entry(of, slots, None, of.place if isinstance(of, Name) else place)
