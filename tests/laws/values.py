"""A second evaluator of expressions, one entry at a time, to check the package's own against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Index,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Same,
    Slot,
    Total,
)
from backhand.functions import TABLE

Given = Callable[[str, tuple[int, ...]], float]
"""The value of an entry, by its name and slots."""

ORDERS = {">": float.__gt__, ">=": float.__ge__, "=": float.__eq__}
CONSTANTS = {"pi": np.pi, "e": np.e}


def value(expr: Expr, given: Given, at: Mapping[Index, int] | None = None) -> float:
    """The number that an expression stands for; `at` gives its free indices."""
    places = dict(at or {})
    done: dict[Expr, float] = {}
    stack = [expr]
    while stack:
        node = stack[-1]
        inner = () if isinstance(node, Total) else node.args
        missing = [arg for arg in inner if arg not in done]
        if missing:
            stack += missing
            continue
        done[node] = float(_one(node, [done[arg] for arg in inner], given, places))
        stack.pop()
    return done[expr]


def _one(node: Expr, inner: list[float], given: Given, at: dict[Index, int]) -> Any:
    def here(slots: tuple[Slot, ...]) -> tuple[int, ...]:
        return tuple(at[s] if isinstance(s, Index) else s for s in slots)

    match node:
        case Number(exact):
            return exact
        case Constant(name):
            return CONSTANTS[name]
        case Ref(name, slots):
            return given(name, here(slots))
        case Padded(name, slots, rank):
            *point, last = here(slots)
            return (
                1
                if last == 0
                else given(name, (*point, last) if rank == len(slots) else tuple(point))
            )
        case Same(left, right):
            return len(set(here((left, right)))) == 1
        case Total(index, (body,)):
            values = range(index.lower, int(index.upper) + 1)
            return sum(value(body, given, {**at, index: v}) for v in values)
        case Add():
            return sum(inner)
        case Mul():
            return np.prod(inner)
        case Power():
            return np.float64(inner[0]) ** inner[1]
        case Compare(order):
            return ORDERS[order](*inner)
        case Apply(name):
            return TABLE[name].value(*(np.float64(v) for v in inner))
        case _:
            raise TypeError(type(node).__name__)


def entries(seed: int) -> Given:
    """Positive numbers for all names and slots, the same ones for the same seed."""
    return lambda name, slots: Random(f"{seed} {name} {slots}").uniform(0.4, 1.6)


def scalars(**given: float) -> Given:
    """The values of scalars by name."""
    return lambda name, slots: given[name]


def inside(name: str, *, margin: float = 1e-3) -> list[float]:
    """Points off the centre in a function's domain, away from its kinks."""
    entry = TABLE[name]
    off = [-2.3, -1.1, -0.37, 0.29, 0.83, 1.2, 2.7]
    return [
        x
        for x in off
        if entry.domain.low < x < entry.domain.high
        and all(abs(x - kink) > margin for kink in entry.kinks)
    ]


def arguments(name: str) -> list[tuple[float, ...]]:
    """Argument lists inside the domain, as many arguments in each as the function takes."""
    points = inside(name)
    if TABLE[name].arity == 1:
        return [(x,) for x in points]
    return [(a, b) for a in points for b in points if a != b]


FRACTIONS = [Fraction(-7, 3), Fraction(-1, 7), Fraction(0), Fraction(2, 9), Fraction(5)]
