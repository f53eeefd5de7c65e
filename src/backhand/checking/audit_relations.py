"""Whether one side of a line follows from another: for any values, with the page's numbers, or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from backhand.calculus.evaluate import computable, evaluate
from backhand.checking.audit_author import Author
from backhand.checking.audit_numbers import Numbers, fits, half, numbers, same, squeezed
from backhand.checking.audit_sides import (
    Convention,
    Side,
    Weights,
    has_arrays_of_derivatives,
    has_folded,
    literals,
)
from backhand.checking.audit_worlds import World
from backhand.errors import BackhandError, MeaningError
from backhand.graph import Value
from backhand.reading.free_names import free
from backhand.syntax import Formula
from backhand.values import floats

Ground: TypeAlias = Literal["any values", "these numbers", "by chance", "not settled", "different"]
CONVENTIONS: Mapping[str, tuple[Convention, ...]] = {
    "numerator": ("numerator", "shaped", "denominator"),
    "denominator": ("denominator", "shaped", "numerator"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How two sides are related, read under one convention.

    `ground`: why they are equal, if they are. `value`: the left side as the page has it, `behind`
    before rounding, `written` with the numbers that the author wrote. `followed`: only with the
    author's own wrong lines. `trouble`: why a side has no meaning.
    """

    ground: Ground
    how: Convention = "shaped"
    weights: Weights = "folded"
    value: Value | None = None
    behind: Value | None = None
    written: Value | None = None
    followed: bool = False
    trouble: str = ""

    @property
    def holds(self) -> bool:
        return self.ground in ("any values", "these numbers")


def related(author: Author, left: Formula, right: Formula, *, about: bool) -> Outcome:
    """The best relation between two sides under the conventions that fit."""
    worst = Outcome("not settled")
    found: list[Outcome] = []
    for how, weights in conventions(author, left, right):
        try:
            sides = (author.pool.side(left, how, weights), author.pool.side(right, how, weights))
            made = replace(_compared(author, *sides, about=about), how=how, weights=weights)
        except BackhandError as error:
            if not worst.trouble:
                worst = Outcome("not settled", how, weights, trouble=error.what)
            continue
        if made.holds:
            return made
        found.append(made)
    chance = [f for f in found if f.ground in ("by chance", "not settled")]
    return (chance or found or [worst])[0]


def conventions(author: Author, *formulas: Formula) -> Iterator[tuple[Convention, Weights]]:
    """The conventions that make a difference for these formulas, the page's layout first."""
    every = CONVENTIONS[author.pool.layout]
    arrays = any(has_arrays_of_derivatives(f, author.pool) for f in formulas)
    own = any(name in author.pool.own for name in _named(formulas))
    hows = every if arrays or own else every[:1]
    folded = own or any(has_folded(f, author.pool) for f in formulas)
    every_way: tuple[Weights, ...] = ("folded", "plain", "bare") if folded else ("folded",)
    for weights in every_way:
        for how in hows:
            yield how, weights


def _named(formulas: tuple[Formula, ...]) -> set[str]:
    return {name.name for formula in formulas for name in free(formula)}


def _compared(author: Author, left: Side, right: Side, *, about: bool) -> Outcome:
    plain = numbers(right.formula)
    rounded = bool([*literals(left.formula), *literals(right.formula)])
    if plain is None and not rounded:
        for own in (False, True) if author.wrong else (False,):
            if _for_any(author.tests(own=own), left, right):
                return Outcome("any values", followed=own)
    return _with_numbers(author, left, right, plain, about=about, rounded=rounded)


def _for_any(worlds: list[World], left: Side, right: Side) -> bool:
    try:
        return all(same(w.value(left), w.value(right)) for w in worlds)
    except MeaningError:
        return False


def _with_numbers(
    author: Author, left: Side, right: Side, plain: Numbers | None, *, about: bool, rounded: bool
) -> Outcome:
    value = behind = written = None
    match = 0
    ground: Ground
    unrounded = _behind(author, left)
    for number, each in enumerate(author.assignments(left, right), 1):
        a, b = _at(author, left, each), _at(author, right, each)
        value = a if value is None else value
        written = a if number <= 2 else written
        fitting = plain is not None and fits(plain, a, about=about)
        if fitting or (plain is None and same(a, b, _room(author, right, each))):
            match, behind = number, a
            break
    if value is None:
        return Outcome("not settled", trouble="a name in it has no value")
    if not match:
        finite = bool(np.all(np.isfinite(value)))
        ground = "different" if finite else "not settled"
        return Outcome(ground, value=value, behind=unrounded, written=written)
    followed = author.slipped and match > 1 and not _near(value, behind)
    if unrounded is not None and behind is not None and _near(unrounded, behind):
        behind = unrounded
    by_chance = plain is None and not rounded and not _with_names_free(author, left, right)
    ground = "by chance" if by_chance and not followed else "these numbers"
    return Outcome(ground, value=value, behind=behind, followed=followed)


def _behind(author: Author, side: Side) -> Value | None:
    """A side's value before anything was rounded."""
    try:
        values = {name: choice[-1] for name in side.names if (choice := author.unrounded(name))}
        return _at(author, side, values) if len(values) == len(side.names) else None
    except BackhandError:
        return None


def _near(a: Value, b: Value | None) -> bool:
    """Whether two values differ by no more than rounding."""
    return b is not None and a.shape == b.shape and bool(np.allclose(a, b, 3e-2, 1e-12))


def _at(author: Author, side: Side, values: Mapping[str, Value]) -> Value:
    if not computable(side.expr, values):
        raise MeaningError("this has no value", "give every name in it a value")
    return squeezed(floats(evaluate(side.expr, side.axes, author.pool.whole, values)))


def _room(author: Author, side: Side, values: Mapping[str, Value]) -> Value | float:
    """How far a side may be off for the decimal numbers that it writes for the first time."""
    room: Value | float = 0.0
    for name in side.names:
        made = author.pool.made.get(name)
        if made is None or made.literal is None or author.is_settled(made.literal):
            continue
        step = half(made.literal)
        ends = [_at(author, side, {**values, name: values[name] + d}) for d in (step, -step)]
        room = room + np.abs(ends[0] - ends[1]) / 2 * (1 + 1e-7)
    return room


def _with_names_free(author: Author, left: Side, right: Side) -> bool:
    """Whether the two agree with the page's numbers put in, whatever the names left are."""
    if not right.names:
        return True
    try:
        return all(same(w.value(left), w.value(right)) for w in author.freed(right))
    except BackhandError:
        return True
