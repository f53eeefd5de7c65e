"""The mean of a loss over the data points: a graph describes one point, so that is what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from backhand.errors import MeaningError
from backhand.syntax import Entry, Formula, Name, Num, Over, Sum, Times, replaced


def of_one_point(
    formula: Formula, name: str, count: int | None, note: Callable[[str], None]
) -> Formula:
    """`1/N Σ_i f(x^(i))` as f(x), which `note` is told; any other formula as it is.

    `count`: how many data points the page gives. Raises `MeaningError` for a sum over points that
    is no mean.
    """
    sums: list[Sum] = []

    def over_points(part: Formula) -> Formula | None:
        if isinstance(part, Sum) and _numbers_points(part.letter, part.body):
            sums.append(part)
            return part
        return None

    replaced(formula, over_points)
    if not sums:
        return formula
    body = _summand(formula)
    whole = sums[0]
    if body is None or whole.lower != Num(Fraction(1)):
        raise MeaningError(
            f"{name} isn't the mean over the data points",
            "write 1/N sum_{i=1}^N of one loss: a graph describes one point",
            whole.place,
        )
    if isinstance(whole.upper, Num) and count not in (None, whole.upper.value):
        raise MeaningError(
            f"{name} is a mean over {whole.upper.value} data points, and {count} are given",
            f"write 1/{count} sum_{{i=1}}^{{{count}}}",
            whole.place,
        )
    points = whole.upper.name if isinstance(whole.upper, Name) else count or ""
    note(
        f"{name} is the mean over the {points} data points".replace("  ", " ")
        + "; its equation is written for one of them"
    )
    return _without_points(whole.letter, body)


def _summand(formula: Formula) -> Formula | None:
    """What a mean is taken of: the loss of one point. None where the formula is no mean."""
    match formula:
        case Times((Over(Num(top), bottom), Sum() as whole)) if top == 1 and bottom == whole.upper:
            return whole.body
        case Times((Num(Fraction() as share), Sum(upper=Num(upper)) as whole)) if (
            share * upper == 1
        ):
            return whole.body
        case Over(Sum() as whole, bottom) if bottom == whole.upper:
            return whole.body
        case Sum(body=Over(body, bottom)) if bottom == formula.upper:
            return body
        case _:
            return None


def _numbers_points(letter: str, formula: Formula) -> bool:
    found: list[bool] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Entry):
            found.append(part.point == Name(letter))
        return None

    replaced(formula, leaf)
    return any(found)


def _without_points(letter: str, formula: Formula) -> Formula:
    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Entry) and part.point == Name(letter):
            return part.of if not part.slots else replace(part, point=None)
        return None

    return replaced(formula, leaf)
