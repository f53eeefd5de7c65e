"""What a student fills in: room for each answer, and the network's drawing with blanks."""

from __future__ import annotations

from dataclasses import replace

from backhand.calculus.picture import picture
from backhand.errors import BackhandError
from backhand.syntax import Formula, Words
from backhand.working import Ask, Picture, Question

FEW, SOME, MANY = 2, 4, 8
LINES = {
    "shape": FEW, "class": FEW, "parameters": FEW, "matrices": FEW, "local": FEW, "loss": FEW,
    "value": SOME, "shapes": SOME, "chain": SOME, "update": SOME, "objective": SOME, "check": SOME,
    "forward": MANY, "derivative": MANY, "jacobian": MANY, "gradient": MANY, "hessian": MANY,
    "convex": MANY,
}  # fmt: skip
"""How many lines an answer of each kind takes by hand."""
BLANK = Words("____")


def lines_for(ask: Ask) -> int:
    """How many lines are left for an answer."""
    return LINES.get(ask.verb, SOME)


def blank_drawings(question: Question) -> tuple[Picture, ...]:
    """The drawings to fill in that a question asks for: names in their places, no numbers."""
    found: list[Picture] = []
    for ask in question.asks:
        if ask.verb == "draw":
            try:
                found.append(_blank(picture(question.graph)))
            except BackhandError:
                continue
    return tuple(found)


def _blank(drawn: Picture) -> Picture:
    columns = tuple(
        replace(
            column,
            units=tuple(
                replace(unit, value=_or_blank(unit.value), lit=False, factor=None)
                for unit in column.units
            ),
        )
        for column in drawn.columns
    )
    edges = tuple(
        replace(edge, value=_or_blank(edge.value), lit=False, factor=None) for edge in drawn.edges
    )
    return Picture(columns, edges)


def _or_blank(value: Formula | None) -> Formula | None:
    return None if value is None else BLANK
