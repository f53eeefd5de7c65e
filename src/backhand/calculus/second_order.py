"""Curvature by the Hessian, where the rules of composition can't see it.

A twice differentiable φ on a convex domain is convex exactly where its Hessian is positive
semidefinite: for one argument where φ'' >= 0, for two and three where all principal minors are, for
a quadratic where the exact LDLᵀ has no negative pivot.

Source: Boyd and Vandenberghe, Convex Optimization (2004), sections 3.1.4 and 3.2.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, islice
from typing import Any, TypeAlias

from backhand.calculus.arguments import MAX_NODES, Outer, readings
from backhand.calculus.convex_rules import Shape
from backhand.calculus.curvature import Setting, depends
from backhand.calculus.intervals import enclosure, high, hull, low
from backhand.calculus.monomials import UNIT, built
from backhand.calculus.rational import polynomial, sign, with_formulas
from backhand.differentiation import local
from backhand.errors import LimitError
from backhand.expr import ONE, ZERO, Expr, Ref, add, mul, postorder, rewrite
from backhand.notation import equals, formula
from backhand.syntax import Call, Formula, Name, Partial, Words
from backhand.working import Prose, Step

Matrix: TypeAlias = Mapping[tuple[int, int], Expr]
"""The entries on and above the diagonal that aren't 0."""
MAX_ARGUMENTS = 3
"""More arguments that hang together have too many minors."""
MAX_QUADRATIC = 60
"""A quadratic may have this many."""
MAX_SPENT = 300
"""Once the expressions that were tried have more nodes together, only the whole is tried."""
MAX_PART = 80
"""A part of more nodes isn't tried on its own."""
MAX_SLOPE = 400
"""A gradient of more nodes isn't differentiated again."""
MAX_SHOWN = 12
"""A second derivative of more terms isn't written over one denominator."""
MAX_PIECES = 300
"""Pieces into which a bounded domain is cut to find a sign."""


def by_hessian(expr: Expr, setting: Setting) -> Shape | None:
    """The curvature of an expression from the Hessian in the affine forms that it is made of.

    None where that doesn't settle it: no second derivative, too many arguments, or no definite sign.
    """
    whole = setting.graph[setting.of].definition is expr
    if not whole and (sum(setting.spent) > MAX_SPENT or _size(expr, MAX_PART) > MAX_PART):
        return None
    size = _size(with_formulas(expr), MAX_NODES) if _size(expr, MAX_NODES) <= MAX_NODES else None
    if size is None or size > MAX_NODES:
        return None
    setting.spent.append(size)
    try:
        for outer in readings(expr, setting):
            if found := _bend(outer):
                return found
    except LimitError:
        # What is too long here is inside what is asked for later.
        setting.spent.append(MAX_SPENT // 3)
    return None


def _size(expr: Expr, most: int) -> int:
    """The number of nodes, or one more than `most` where there are more."""
    return sum(1 for _ in islice(postorder(expr), most + 1))


def _bend(outer: Outer) -> Shape | None:
    symbols = tuple(outer.forms)
    if not symbols:
        return Shape(bound=None, rule="affine function", convex=True, concave=True)
    if len(symbols) > MAX_QUADRATIC:
        return None
    slopes = [local(outer.phi, symbol.name, ()) for symbol in symbols]
    if _size(add(*slopes), MAX_SLOPE) > MAX_SLOPE:
        return None
    every = {
        (row, column): simplest(local(slopes[row], symbols[column].name, ()), outer)
        for row in range(len(symbols))
        for column in range(row, len(symbols))
    }
    hessian = {place: slope for place, slope in every.items() if slope is not ZERO}
    numbers = _numbers(hessian, outer)
    if numbers is not None:
        return _quadratic(numbers, len(symbols), outer)
    steps = [*_arguments(outer)]
    up = down = True
    for block in _blocks(hessian, len(symbols)):
        found = _definite(block, hessian, outer)
        if found is None:
            return None
        up, down, steps = up and found[0], down and found[1], [*steps, *found[2]]
    if not up and not down:
        return None
    side = "nowhere negative" if up else "nowhere positive"
    if len(symbols) > 1:
        side = "positive semidefinite" if up else "negative semidefinite"
    rule = f"function with a {side} {'second derivative' if len(symbols) == 1 else 'Hessian'}"
    return Shape(bound=None, rule=rule, convex=up, concave=down, steps=tuple(steps))


def simplest(expr: Expr, outer: Outer) -> Expr:
    """The expression, or its terms over one denominator where that is shorter."""
    try:
        terms = polynomial(expr, outer.leaf)
    except LimitError:
        return expr
    if len(terms) > MAX_SHOWN:
        return expr
    other = built(terms)
    return other if _size(other, MAX_NODES) < _size(expr, MAX_NODES) else expr


def _numbers(hessian: Matrix, outer: Outer) -> dict[tuple[int, int], Fraction] | None:
    """The Hessian of a quadratic: all numbers."""
    found: dict[tuple[int, int], Fraction] = {}
    for place, slope in hessian.items():
        try:
            terms = polynomial(slope, outer.leaf)
        except LimitError:
            return None
        if set(terms) - {UNIT}:
            return None
        found[place] = terms.get(UNIT, Fraction(0))
    return found


def _quadratic(
    numbers: Mapping[tuple[int, int], Fraction], size: int, outer: Outer
) -> Shape | None:
    """A quadratic is convex where no pivot of its Hessian is negative."""
    full = [
        [numbers.get((min(r, c), max(r, c)), Fraction(0)) for c in range(size)] for r in range(size)
    ]
    up, down = _pivots(full), _pivots([[-x for x in row] for row in full])
    if up is None and down is None:
        return None
    pivots = up if up is not None else [-x for x in down or []]
    homogeneous = all(
        sum(exponent for _, exponent in term) == 2 for term in polynomial(outer.phi, outer.leaf)
    )
    rest = polynomial(outer.rest, outer.leaf)
    positive = homogeneous and set(rest) <= {UNIT} and rest.get(UNIT, Fraction(0)) >= 0
    listed = ", ".join(map(str, pivots))
    side, below = ("positive", "negative") if up is not None else ("negative", "positive")
    step = Step(
        title=("The Hessian of a quadratic has no entries but numbers",),
        rule="LDLᵀ of the Hessian",
        note=(f"The pivots of its LDLᵀ are {listed}: none is {below}.",),
    )
    return Shape(
        bound=None,
        rule=f"quadratic with a {side} semidefinite Hessian",
        convex=up is not None,
        concave=down is not None,
        convex_degree=Fraction(1, 2) if positive and up is not None else None,
        steps=(*_arguments(outer), step),
    )


def _pivots(matrix: Sequence[Sequence[Fraction]]) -> list[Fraction] | None:
    """The pivots of LDLᵀ of a symmetric matrix that is positive semidefinite; None of another."""
    work = [list(row) for row in matrix]
    pivots: list[Fraction] = []
    for at, row in enumerate(work):
        pivot = row[at]
        if pivot < 0 or (pivot == 0 and any(row[at:])):
            return None
        pivots.append(pivot)
        for below in work[at + 1 :] if pivot else ():
            factor = below[at] / pivot
            for column in range(at, len(work)):
                below[column] -= factor * row[column]
    return pivots


def _blocks(hessian: Matrix, size: int) -> Iterator[list[int]]:
    """The arguments in groups between which every mixed derivative is 0."""
    left = set(range(size))
    while left:
        group, grown = {min(left)}, True
        while grown:
            near = {n for r, c in hessian if {r, c} & group for n in (r, c)} - group
            group, grown = group | near, bool(near)
        left -= group
        if any((n, n) in hessian for n in group) or len(group) > 1:
            yield sorted(group)


def _definite(
    block: Sequence[int], hessian: Matrix, outer: Outer
) -> tuple[bool, bool, list[Step]] | None:
    """Whether the block is positive, and negative, semidefinite, by all its principal minors."""
    if len(block) > MAX_ARGUMENTS:
        return None
    up = down = True
    steps: list[Step] = []
    for size in range(1, len(block) + 1):
        for rows in combinations(block, size):
            minor = simplest(_determinant(rows, hessian), outer)
            direction = _direction(minor, outer)
            if direction is None:
                return None
            up, down = up and direction >= 0, down and direction * (-1) ** size >= 0
            steps.append(_minor_step(rows, minor, direction, outer))
    return up, down, steps


def _determinant(rows: Sequence[int], hessian: Matrix) -> Expr:
    """The determinant of those rows and columns, along the first row."""

    def minor(rows: Sequence[int], columns: Sequence[int]) -> Expr:
        if not rows:
            return ONE
        terms: list[Expr] = []
        for at, column in enumerate(columns):
            place = min(rows[0], column), max(rows[0], column)
            rest = minor(rows[1:], [c for c in columns if c != column])
            terms.append(mul((-1) ** at, hessian.get(place, ZERO), rest))
        return add(*terms)

    return minor(rows, rows)


def _direction(minor: Expr, outer: Outer) -> int | None:
    """1 where the minor is nowhere negative, -1 nowhere positive, 0 where it is 0."""
    found = sign(minor, outer.leaf)
    return found.direction if found is not None else _by_pieces(minor, outer)


def _by_pieces(minor: Expr, outer: Outer) -> int | None:
    """The sign over a bounded domain, from bounds on ever smaller pieces of it."""
    leaves: dict[Expr, Any] = {
        node: outer.leaf(node) for node in postorder(minor) if isinstance(node, Ref)
    }
    if any(b is None or math.isinf(low(b)) or math.isinf(high(b)) for b in leaves.values()):
        return None
    pieces: list[dict[Expr, Any]] = [leaves]
    directions: set[int] = set()
    for _ in range(MAX_PIECES):
        if not pieces:
            return directions.pop()
        box = pieces.pop()
        bound = enclosure(minor, box)
        if bound is not None and (low(bound) >= 0 or high(bound) <= 0):
            directions.add(1 if low(bound) >= 0 else -1)
        else:
            widest = max(box, key=lambda node: high(box[node]) - low(box[node]), default=None)
            if widest is None:
                return None
            middle = box[widest].mid
            pieces += [{**box, widest: hull(end, middle)} for end in (box[widest].a, box[widest].b)]
        if len(directions) > 1:
            return None
    return None


# ---- the working -------------------------------------------------------------------------------


def _arguments(outer: Outer) -> Iterator[Step]:
    """What the arguments stand for, and the expression in them."""
    graph = outer.setting.graph
    for symbol, form in outer.forms.items():
        if not isinstance(form, Ref):
            yield Step(
                title=("An affine part as one argument",),
                rule="composition with an affine function",
                formula=equals(Name(symbol.name), formula(form, graph)),
            )
    symbols = [_shown(symbol, outer) for symbol in outer.forms]
    rest: Prose = ()
    if depends(outer.rest, outer.setting):
        rest = ("The affine part ", formula(outer.rest, graph), " is left out: it bends nothing.")
    listed = tuple(part for symbol in symbols for part in (", ", symbol))[1:]
    yield Step(
        title=("As a function of ", *listed),
        rule="composition with an affine function",
        formula=equals(Call("φ", tuple(symbols)), _shown(outer.phi, outer)),
        note=rest,
    )


def _shown(expr: Expr, outer: Outer) -> Formula:
    """An expression in the arguments, entries under their own names."""

    def leaf(node: Expr) -> Expr | None:
        form = outer.forms.get(node) if isinstance(node, Ref) else None
        return form if isinstance(form, Ref) and form is not node else None

    return formula(rewrite(expr, leaf), outer.setting.graph)


def _minor_step(rows: Sequence[int], minor: Expr, direction: int, outer: Outer) -> Step:
    symbols = [list(outer.forms)[row] for row in rows]
    words = {1: "It is nowhere negative.", -1: "It is nowhere positive.", 0: "It is 0 throughout."}
    by = [_shown(symbol, outer) for symbol in symbols]
    if len(rows) == 1:
        title: Prose = ("The second derivative by ", by[0])
        left: Formula = Partial(Name("φ"), by[0], len(outer.forms) == 1, then=(by[0],))
    else:
        title = ("A minor of the Hessian",)
        left = Words("det" if len(rows) == len(outer.forms) else "minor")
    return Step(
        title=title,
        rule="second derivative" if len(rows) == 1 else "principal minors of the Hessian",
        formula=equals(left, _shown(minor, outer)),
        note=(words[direction],),
    )
