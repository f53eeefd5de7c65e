"""The table of activations: for each entry of `functions.TABLE` a row, made from that entry alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from backhand.calculus.curves import Plot, on_arrays, plot, sections, slope_of, turns, value_of
from backhand.differentiation import local
from backhand.errors import AskError
from backhand.expr import Compare, Expr, Number, Power, Ref, apply, names, postorder, ref, rewrite
from backhand.functions import READ_AS, REALS, TABLE, Curvature, Direction, Function, Interval
from backhand.graph import Graph, Quantity, Role
from backhand.notation import equals, formula
from backhand.rounding import number
from backhand.syntax import Call, Derive, Equal, Formula, Minus, Name, Num, Plus, Space
from backhand.working import Prose

MAX_NODES = 14
"""A derivative written out in z is shown where it has at most this many nodes."""
LETTERS = "abcdefgh"
"""The arguments of a function of several."""
CURVATURES = {
    Curvature.AFFINE: "affine",
    Curvature.CONVEX: "convex",
    Curvature.CONCAVE: "concave",
    Curvature.NEITHER: "neither convex nor concave",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What the table says of one function, ready to be written.

    `value` is its formula, or the bare sign of one that needs no explaining. `derivatives` holds
    one equation an argument; its last side is in the arguments alone where that is short.
    `plot` is None for a function of several arguments.
    """

    function: Function
    value: Formula
    derivatives: tuple[Equal, ...]
    domain: Prose
    range: Prose
    monotone: str
    curvature: str
    kinks: tuple[Equal, ...]
    plot: Plot | None


def rows(names: Sequence[str] = ()) -> tuple[Row, ...]:
    """The rows of these functions, by any of their names; of the whole table for none.

    Raises `AskError` for a name that the table doesn't have.

    >>> from backhand.writing.text import formula_text, prose_text
    >>> (row,) = rows(["logistic"])
    >>> formula_text(row.derivatives[0]), prose_text(row.range), row.monotone
    ("σ'(z) = σ(z) (1 − σ(z)) = e^(−z)/(1 + e^(−z))²", '(0, 1)', 'increasing')
    """
    for name in names:
        if name not in READ_AS:
            raise AskError(f"there is no function {name!r}", f"the names are {', '.join(TABLE)}")
    chosen = dict.fromkeys(READ_AS[name] for name in names) if names else TABLE
    return tuple(_row(TABLE[name]) for name in chosen)


def _row(function: Function) -> Row:
    letters = ["z"] if function.arity == 1 else list(LETTERS[: function.arity])
    graph = Graph(tuple(Quantity(name=n, axes=(), role=Role.DATA) for n in letters))
    args = [ref(letter) for letter in letters]
    sign = Call(function.name, tuple(Name(letter) for letter in letters))
    meaning = _meaning(function, args)
    return Row(
        function=function,
        value=sign if meaning is None else equals(sign, formula(meaning, graph)),
        derivatives=tuple(_derivatives(function, args, sign, graph)),
        domain=_domain(function, meaning, graph),
        range=_range(function),
        monotone=_direction(function, letters[0]),
        curvature=CURVATURES[function.curvature],
        kinks=tuple(_kink(at, sign.args) for at in function.kinks),
        plot=plot(function) if function.arity == 1 else None,
    )


def _meaning(function: Function, args: Sequence[Expr]) -> Expr | None:
    return function.formula(args[0]) if function.formula and len(args) == 1 else None


def _derivatives(
    function: Function, args: Sequence[Expr], sign: Call, graph: Graph
) -> Iterator[Equal]:
    """An equation for each argument: as the table has it, then in the argument alone."""
    for at, slope in enumerate(function.partials(apply(function.name, *args), *args)):
        by = sign.args[at]
        if function.arity == 1 and function.notation.style == "prefix":
            left: Formula = Call(sign.function, sign.args, primes=1)
        else:
            left = Derive(sign, (by,), straight=function.arity == 1)
        sides = [formula(slope, graph)]
        alone = _written_out(function, args)
        if alone is not None and alone is not slope:
            sides.append(formula(alone, graph))
        yield equals(left, *sides)


def _written_out(function: Function, args: Sequence[Expr]) -> Expr | None:
    """The derivative of the textbook formula, where that is short and smooth."""
    meaning = _meaning(function, args)
    if meaning is None:
        return None
    slope = local(meaning, "z", ())
    nodes = list(postorder(slope))
    kinked = any(isinstance(node, Compare) for node in nodes)
    return None if kinked or len(nodes) > MAX_NODES else slope


# ---- where it lives ----------------------------------------------------------------------------


def _ends(limits: Interval) -> tuple[float, float]:
    return limits.low, limits.high


def _interval(limits: Interval, has_low: bool, has_high: bool) -> Prose:
    if limits.low == -math.inf and limits.high == math.inf:
        return (Space(()),)
    left, right = "[" if has_low else "(", "]" if has_high else ")"
    return (left, _num(limits.low), ", ", _num(limits.high), right)


def _num(value: float) -> Num:
    return number(Fraction(value) if float(value).is_integer() else value)


def _domain(function: Function, meaning: Expr | None, graph: Graph) -> Prose:
    """The domain: without its ends where there is no value, nor where the formula divides by 0."""
    whole = function.domain == REALS
    if whole and function.arity > 1:
        return (Space((Num(Fraction(function.arity)),)),)
    ends = np.array(_ends(function.domain))
    found = _interval(function.domain, *np.isfinite(ends) & np.isfinite(value_of(function)(ends)))
    for node in postorder(meaning) if meaning is not None else ():
        match node:
            case Power((base, Number(power))) if power < 0 and _has_zeros(base, function):
                found = (*found, " where ", formula(base, graph), " isn't 0")
            case _:
                pass
    return found


def _has_zeros(expr: Expr, function: Function) -> bool:
    real = on_arrays(lambda z: rewrite(expr, lambda node: z if isinstance(node, Ref) else None))
    return bool(names(expr)) and any(turns(real, xs) for xs in sections(function))


def _range(function: Function) -> Prose:
    """The range, an end in square brackets where it is a value and not a limit only.

    It is looked for at 0, at kinks, at ends of the domain and where the slope changes its sign: a
    function takes its largest and smallest value nowhere else, but where it is flat from a kink on.
    """
    slope = slope_of(function)
    special = [0.0, *function.kinks, *(e for e in _ends(function.domain) if np.isfinite(e))]
    probes = [*special, *(x for xs in sections(function) for x in turns(slope, xs))]
    values = value_of(function)(np.array(probes))
    return _interval(
        function.range,
        *(
            np.isfinite(end) and bool(np.isclose(values, end).any())
            for end in _ends(function.range)
        ),
    )


def _direction(function: Function, first: str) -> str:
    """In the words of the field: "non-decreasing" where it is flat on a stretch."""
    if function.monotone is Direction.NEITHER:
        return "not monotone"
    slope = slope_of(function)
    flat = any((np.diff(np.flatnonzero(slope(xs) == 0)) == 1).any() for xs in sections(function))
    words = {
        (Direction.INCREASING, False): "increasing",
        (Direction.INCREASING, True): "non-decreasing",
        (Direction.DECREASING, False): "decreasing",
        (Direction.DECREASING, True): "non-increasing",
    }[function.monotone, flat]
    return words if function.arity == 1 else f"{words} in {first}"


def _kink(at: float, args: Sequence[Formula]) -> Equal:
    """Where there is no derivative: `z = 0`, and `a = b` or `a - b = 1` for two arguments."""
    first, *rest = args
    if rest and at == 0:
        return equals(first, *rest)
    return equals(Plus((first, *map(Minus, rest))) if rest else first, _num(at))
