"""From equations to what stands on the page: expressions and values as formulas.

Order and signs follow the textbook: numbers first, then letters, powers, brackets and functions; a
negative factor becomes a minus, a negative power a fraction. Shown numbers are rounded here, to
`DIGITS` significant digits, and nowhere else; nothing computes with what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
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
    postorder,
    substitute,
)
from backhand.graph import POINT, Graph, Value
from backhand.syntax import (
    Call,
    Entry,
    Equal,
    Formula,
    Minus,
    Name,
    Num,
    Over,
    Partial,
    Plus,
    Raised,
    Rows,
    Sum,
    Test,
    Times,
    Words,
)

DIGITS = 4
"""Significant digits of a shown number."""
MAX_TERMS = 8
"""A sum with more terms is shown with its middle left out."""
LETTERS = "kmnpqrstuvwjl"
DOTS = Words("⋯")


# ---- numbers -----------------------------------------------------------------------------------


def digits(value: Fraction | float) -> str:
    """A number to four significant digits; whole thousands keep all theirs.

    >>> digits(0.00669285), digits(Fraction(-5, 2)), digits(12345.6), digits(-0.0)
    ('0.006693', '-2.5', '12346', '0')
    """
    x = float(value)
    if x == 0 or not np.isfinite(x):
        return "0" if x == 0 else str(x)
    if 1000 <= abs(x) < 1e7:
        return f"{x:.0f}"
    return f"{x:.{DIGITS}g}"


def is_rounded(value: Fraction | float) -> bool:
    """Whether the number shown is not the number itself."""
    if isinstance(value, Fraction):
        shown = number(value)
        return bool(shown.text) and Fraction(shown.text) != value
    return not np.isfinite(value) or Fraction(digits(value)) != Fraction(value)


def number(value: Any) -> Num:
    """A number as it is shown: whole, as a short decimal or fraction, else rounded."""
    if isinstance(value, Fraction):
        if value.denominator == 1 and abs(value) < 10**9:
            return Num(value)
        short = digits(value)
        if Fraction(short) == value:
            return Num(value, short)
        if value.denominator < 100 and abs(value.numerator) < 10_000:
            return Num(value)
        return Num(value, short)
    return Num(float(value), digits(value))


def value_formula(value: Value) -> Formula:
    """A value as a number, a column or a matrix; a long one with its middle left out."""
    if value.size == 1:
        return number(value.ravel()[0])
    if value.ndim > 2:
        return Words(f"{' × '.join(map(str, value.shape))} numbers")
    table = value.reshape(value.shape[0], -1)
    rows = [tuple(_shortened([number(x) for x in table[r]])) for r in _kept(table.shape[0])]
    if len(rows) < table.shape[0]:
        rows.insert(len(rows) - 1, tuple(Words("⋮") for _ in rows[0]))
    return Rows(tuple(rows))


def _kept(count: int) -> list[int]:
    return list(range(count)) if count <= MAX_TERMS else [*range(MAX_TERMS - 3), count - 1]


def _shortened(items: Sequence[Formula]) -> list[Formula]:
    kept = [items[at] for at in _kept(len(items))]
    return kept if len(kept) == len(items) else [*kept[:-1], DOTS, kept[-1]]


def equals(left: Formula, *sides: Formula | None) -> Equal:
    """An equation; the sides that are None are left out."""
    kept = tuple(side for side in sides if side is not None)
    return Equal((left, *kept), tuple("=" for _ in kept))


def result(left: Formula, value: Value) -> Equal:
    """`left = value`, with ≈ where the shown value is rounded."""
    rough = any(is_rounded(x) for x in value.ravel()[:100].tolist())
    return Equal((left, value_formula(value)), ("≈" if rough else "=",))


# ---- names -------------------------------------------------------------------------------------


def parts(name: str) -> tuple[str, str] | None:
    """The two quantities of a derivative's name, or None for a plain name.

    >>> parts("∂J/∂W_1"), parts("W_1")
    (('J', 'W_1'), None)
    """
    if not name.startswith("∂"):
        return None
    of, _, by = name[1:].partition("/∂")
    return of, by


def named(graph: Graph, name: str, slots: Sequence[Formula] = ()) -> Formula:
    """A quantity, or one of its entries, as it is written; a derivative as a fraction of ∂s."""
    pair = parts(name)
    if pair is not None:
        of, by = pair
        rank = graph[of].rank if slots else 0
        return Partial(
            named(graph, of, slots[:rank]), named(graph, by, slots[rank:]), graph.single_variable
        )
    # A size such as N stands in sums under its own name and is no quantity.
    axes = graph[name].axes if name in graph else ()
    if slots and axes and axes[0].name == POINT:
        return Entry(Name(name), tuple(slots[1:]), slots[0])
    if slots:
        return Entry(Name(name), tuple(slots))
    return Name(name, "bold" if len(axes) == 1 else "italic")


# ---- expressions -------------------------------------------------------------------------------


def formula(expr: Expr, graph: Graph, values: Mapping[str, Value] | None = None) -> Formula:
    """An expression in index notation; with `values`, every known entry as its number."""
    letters = _letters(expr, graph)
    done: dict[Expr, Formula] = {}
    for node in postorder(expr):
        done[node] = _formula(node, done, letters, graph, values or {})
    return done[expr]


def _letters(expr: Expr, graph: Graph) -> dict[str, str]:
    """A readable letter for every index: its own where it has one, else the next one free."""
    found: dict[str, None] = {}
    points: set[str] = set()
    for node in postorder(expr):
        if not node.args:
            found.update(dict.fromkeys(index.name for index in sorted(node.free, key=str)))
        if isinstance(node, Ref | Padded) and node.name in graph and node.slots:
            first, axis = node.slots[0], graph[node.name].axes
            if isinstance(first, Index) and axis and axis[0].name == POINT:
                points.add(first.name)
    own = {name: name for name in found if name.isalpha()}
    own |= {name: POINT for name in points if POINT not in own}
    spare = [letter for letter in LETTERS if letter not in own.values()]
    others = sorted(name for name in found if name not in own)
    spare += [f"k_{n}" for n in range(1, max(1, len(others) - len(spare) + 1))]
    return {**own, **dict(zip(others, spare, strict=False))}


def _slots(slots: Sequence[Slot], letters: Mapping[str, str]) -> tuple[Formula, ...]:
    return tuple(Name(letters[s.name]) if isinstance(s, Index) else Num(Fraction(s)) for s in slots)


def _formula(
    node: Expr,
    done: Mapping[Expr, Formula],
    letters: Mapping[str, str],
    graph: Graph,
    values: Mapping[str, Value],
) -> Formula:
    match node:
        case Number(value):
            size = number(abs(value)) if value.denominator >= 10 else Num(abs(value))
            return Minus(size) if value < 0 else size
        case Constant(name):
            return Name(name)
        case Ref(name, slots) | Padded(name, slots):
            known = isinstance(node, Ref) and all(isinstance(s, int) for s in slots)
            if known and name in values:
                return number(
                    graph[name].entry(values[name], (s for s in slots if isinstance(s, int)))
                )
            return named(graph, name, _slots(slots, letters))
        case Same(left, right):
            a, b = _slots((left, right), letters)
            return Test(a, "=", b)
        case Compare(order, (left, right)):
            return Test(done[left], order, done[right])
        case Add(args):
            return _plus(args, done)
        case Mul(args):
            return _times(args, done)
        case Power((base, exponent)):
            return _power(base, exponent, done)
        case Apply(name, args):
            return Call(name, tuple(done[arg] for arg in args))
        case Total(index, (body,)):
            if values and not isinstance(index.upper, str) and not node.free:
                return _expanded(index, body, graph, values)
            upper = Name(index.upper) if isinstance(index.upper, str) else _num(index.upper)
            return Sum(letters[index.name], _num(index.lower), upper, done[body])
        case _:
            raise TypeError(f"no notation for {type(node).__name__}")


def _num(value: int) -> Num:
    return Num(Fraction(value))


def _expanded(index: Index, body: Expr, graph: Graph, values: Mapping[str, Value]) -> Formula:
    """A sum with its terms written out."""
    terms: list[Formula] = []
    kept = _kept(index.size)
    for at in kept:
        term = formula(substitute(body, {index: index.lower + at}), graph, values)
        plus = isinstance(term, Plus)
        terms += term.terms if plus else [term]
    if len(kept) < index.size:
        terms.insert(len(terms) - 1, DOTS)
    return Plus(tuple(terms))


def _is_negative(term: Expr) -> bool:
    match term:
        case Number(value) | Mul((Number(value), *_)):
            return value < 0
        case _:
            return False


def _plus(args: Sequence[Expr], done: Mapping[Expr, Formula]) -> Formula:
    """The terms in the author's order, but never a minus in front where a plus can stand there."""
    order = list(args)
    if _is_negative(order[0]):
        first = next((a for a in order if not _is_negative(a)), order[0])
        order.remove(first)
        order.insert(0, first)
    return Plus(tuple(done[arg] for arg in order))


def _rank(factor: Expr) -> int:
    """Where a factor stands in a product."""
    match factor:
        case Number():
            return 0
        case Constant() | Ref() | Padded() | Power((Ref() | Constant(), Number())):
            return 1
        case Add() | Apply() | Power(((Add() | Apply()), _)):
            return 2
        case Total():
            return 5
        case Compare() | Same():
            return 4
        case _:
            return 3


def _times(args: Sequence[Expr], done: Mapping[Expr, Formula]) -> Formula:
    coefficient = Fraction(1)
    top: list[Formula] = []
    bottom: list[Formula] = []
    for factor in sorted(args, key=_rank):
        match factor:
            case Number(value):
                coefficient = value
            case Power((base, Number(value))) if value < 0:
                bottom.append(done[base] if value == -1 else Raised(done[base], _exponent(-value)))
            case _:
                top.append(done[factor])
    size = abs(coefficient)
    if bottom and size.denominator != 1:
        bottom.insert(0, Num(Fraction(size.denominator)))
        size = Fraction(size.numerator)
    if size != 1 or not top:
        top.insert(0, number(size) if size.denominator >= 10 else Num(size))
    out = product(top)
    if bottom:
        out = Over(out, product(bottom))
    return Minus(out) if coefficient < 0 else out


def product(factors: Sequence[Formula]) -> Formula:
    """A product: letters side by side, numbers and derivatives with a dot between them."""
    if len(factors) < 2:
        return factors[0] if factors else Num(Fraction(1))
    dotted = any(isinstance(f, Partial) for f in factors) or any(
        isinstance(f, Num) for f in factors[1:]
    )
    return Times(tuple(factors), "·" if dotted else "")


def _power(base: Expr, exponent: Expr, done: Mapping[Expr, Formula]) -> Formula:
    if isinstance(exponent, Number) and exponent.value < 0:
        below = done[base]
        if exponent.value != -1:
            below = Raised(below, _exponent(-exponent.value))
        return Over(Num(Fraction(1)), below)
    return Raised(done[base], done[exponent])


def _exponent(value: Fraction) -> Formula:
    return Num(value)
