"""A student's earlier answers, as what they stand for: numbers, formulas of slopes, chains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from backhand.calculus.paths import Spot
from backhand.checking.answers import Typed
from backhand.checking.chain_reading import Chain, Factor, Joined
from backhand.checking.numerals import Numeral
from backhand.checking.parts import Prepared
from backhand.checking.recomputing import Number, value_of
from backhand.checking.standing import standing
from backhand.errors import BackhandError
from backhand.expr import ZERO, Expr, names
from backhand.graph import Value
from backhand.reading.tensors import over
from backhand.syntax import Formula
from backhand.values import floats

Slope: TypeAlias = Expr | Number


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the student found before: entries of quantities and of derivatives' arrays, slopes, chains.

    A chain is the factors of a product. `zeros`: why they can't earn anything, where an answer among
    them is nothing but zeros.
    """

    entries: dict[Spot, Number] = field(default_factory=dict[Spot, Number])
    slopes: dict[Factor, Slope] = field(default_factory=dict[Factor, Slope])
    chains: dict[Factor, tuple[Factor, ...]] = field(
        default_factory=dict[Factor, tuple[Factor, ...]]
    )
    zeros: str = ""

    def __bool__(self) -> bool:
        return bool(self.entries or self.slopes or self.chains)


def earlier_answers(given: Iterable[tuple[Prepared, str]], part: Prepared) -> list[Earlier]:
    """The earlier answers on the same model, as what they stand for.

    First without those that are nothing but zeros, then, where there are such, with them.
    """
    found: list[Earlier] = []
    for before, answer in given:
        if before.graph is part.graph and before is not part:
            found += _known(before, answer)
    sound = _together(each for each in found if not each.zeros)
    zeros = [each.zeros for each in found if each.zeros]
    return [sound, replace(_together(found), zeros=zeros[0])] if zeros else [sound]


@lru_cache(4096)
def _known(before: Prepared, answer: str) -> tuple[Earlier, ...]:
    """What one answer stands for: nothing where it can't be read."""
    try:
        return tuple(_taken(before, answer))
    except (BackhandError, RecursionError):
        return ()


def _together(every: Iterable[Earlier]) -> Earlier:
    whole = Earlier()
    for each in every:
        whole.entries.update(each.entries)
        whole.slopes.update(each.slopes)
        whole.chains.update(each.chains)
    return whole


def _taken(before: Prepared, answer: str) -> Iterator[Earlier]:
    """What one answer stands for."""
    kind = before.part.expected.kind
    if kind == "chain":
        yield from _chain(before, answer)
        return
    stands = standing(before)
    if not (stands.entries or stands.slopes):
        return
    typed = before.reader.numbers(answer)
    value = _numbers(before, typed)
    if value is not None:
        numbers: list[Number] = value.ravel().tolist()
        empty = not floats(value).any() and before.right is not None and any(before.right[1])
        yield Earlier(
            dict(zip(stands.entries, numbers, strict=False)),
            dict(zip(stands.slopes, numbers, strict=False)),
            zeros=_zeros(before) if empty else "",
        )
    elif kind == "formula" and typed.formula is not None and len(stands.slopes) == 1:
        expr = _scalar(before, typed.formula)
        if expr is not None:
            yield Earlier(
                slopes={stands.slopes[0]: expr}, zeros=_zeros(before) if expr is ZERO else ""
            )


def _zeros(before: Prepared) -> str:
    return f"The answer to {before.part.number} is nothing but zeros"


def _numbers(before: Prepared, typed: Typed) -> Value | None:
    """The numbers that were typed, a short calculation among them worked out."""
    if before.right is None:
        return None
    like = before.right[0]
    if typed.formula is None:
        return _shaped(typed.rows, like)
    expr = _scalar(before, typed.formula) if like.size == 1 else None
    if expr is None or names(expr):
        return None
    number = value_of(expr, before.graph, {})
    exact = like.dtype == object
    return (
        None
        if number is None
        else np.array(number, dtype=object if exact else float).reshape(like.shape)
    )


def _scalar(before: Prepared, found: Formula) -> Expr | None:
    """A formula that is one number."""
    tensor = before.reader.tensor(found)
    if any(axis.extent != 1 for axis in tensor.axes):
        return None
    return over(tensor, []) if not tensor.axes else tensor.expr


def _shaped(rows: Sequence[Sequence[Numeral]], like: Value) -> Value | None:
    """The numbers in the shape that is right; a matrix typed in the other layout is turned."""
    exact = like.dtype == object
    entries = [[c.value if exact else float(c.value) for c in row] for row in rows]
    typed = np.array(entries, dtype=object if exact else float)
    if not typed.size or typed.size != like.size:
        return None
    if like.ndim < 2 or min(like.shape) == 1 or typed.shape == like.shape:
        return typed.reshape(like.shape)
    return typed.T if typed.T.shape == like.shape else None


# ---- chains ------------------------------------------------------------------------------------


def _chain(before: Prepared, answer: str) -> Iterator[Earlier]:
    """A product of derivatives."""
    typed = before.reader.formula(answer)
    of, by = before.part.expected.of, before.part.expected.by
    if typed.formula is None or of is None or by is None:
        return
    factors = factors_of(before.chains.reader.read(typed.formula))
    whole = before.chains.plain(Factor(of, by))
    if factors and whole not in factors:
        yield Earlier(chains={whole: factors})


def factors_of(chain: Chain) -> tuple[Factor, ...]:
    """The factors of a plain product of derivatives; nothing for another chain."""
    match chain:
        case Factor():
            return (chain,)
        case Joined("·", parts):
            inner = [factors_of(part) for part in parts]
            return tuple(f for each in inner for f in each) if all(inner) else ()
        case _:
            return ()
