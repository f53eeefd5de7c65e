"""Formulas as STACK's algebraic inputs: compared by algebra, and by their values at two points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np

from backhand.calculus.forward import trace
from backhand.checking.equality import inlined
from backhand.checking.parts import Prepared
from backhand.checking.recomputing import value_of
from backhand.errors import BackhandError
from backhand.expr import Apply, Compare, Expr, postorder, ref
from backhand.functions import TABLE
from backhand.graph import Graph, Value
from backhand.publishing.maxima import (
    FUNCTIONS,
    Coder,
    Inexpressible,
    entry_symbols,
    identifier,
    number_code,
    slots_of,
)
from backhand.publishing.stack import Check, Input, Tree, bracketed, stop_where_empty
from backhand.publishing.stack_following import Asked, Follow, follow_lines
from backhand.publishing.stack_parts import (
    EXACT,
    ROUNDED,
    Made,
    allowed_words,
    follow_checks,
    said,
    short,
    slip_check,
    tree_name,
)
from backhand.slots import Slot

AT = (
    "bh__at(bh__f, bh__p) := block([bh__v], bh__v: errcatch(float(ev(subst(bh__p, bh__f)))), "
    "if emptyp(bh__v) then false else first(bh__v));"
)
"""A formula's value where the names have these values; false where it has none."""
IN_FORMULAS = frozenset(
    ("wrong sigma'", "sigma and sigma' mixed up", "ReLU' always 1", "factor missing")
)
"""The slips that a formula shows by its value; the others are looked for in plain numbers only."""
TRIES = 8
"""How many points are looked at for two where the formula has a value."""
Symbols = Mapping[tuple[str, tuple[Slot, ...]], str]


def functions_of(graph: Graph) -> tuple[str, ...]:
    """The graph's functions for students to type: `sigma(b)`, `relu(a_1)`."""
    used = {
        node.name
        for q in graph
        if q.definition is not None
        for node in postorder(q.definition)
        if isinstance(node, Apply)
    }
    taken = {identifier(q.name) for q in graph}
    symbols: Symbols = {("x", ()): "bh__x"}
    lines: list[str] = []
    for name in sorted(used):
        formula = TABLE[name].formula
        if formula is None or name in FUNCTIONS:
            continue
        body = Coder(graph, "", symbols).code(formula(ref("x")))
        spelled = [name, *(("sigma",) if name == "sigmoid" else ())]
        lines += [f"{each}(bh__x) := {body};" for each in spelled if each not in taken]
    return tuple(lines)


def is_number(part: Prepared) -> bool:
    """Whether a formula is asked for that on this page is a number: a slope of ReLU, a constant."""
    found = part.part.expected.formula
    if found is None or part.right is None or part.part.expected.allowed:
        return False
    return any(isinstance(node, Compare) for node in postorder(found))


def formula(asked: Asked, follow: Follow) -> Made:
    """A formula's input and tree. Raises `Inexpressible` where STACK can't compare it."""
    part = asked.part
    wanted = part.part.expected
    if wanted.formula is None or part.chains.reader.sizes:
        raise Inexpressible("the right answer is no formula over numbers")
    graph = part.graph
    symbols = entry_symbols(graph)
    right = _symbolic(wanted.formula, graph, symbols)
    points = _points(graph, wanted.formula)
    paged = part.right is not None
    lines = [stop_where_empty(asked.name, asked.kind), f"t__right: {right};", *follow.lines]
    for at, (given, value) in enumerate(points, 1):
        pairs = [f"{s}={number_code(given[key])}" for key, s in symbols.items() if key in given]
        lines += [f"t__at{at}: {bracketed(pairs)};", f"t__value{at}: {number_code(value)};",
                  f"t__own{at}: bh__at({asked.name}, t__at{at});"]  # fmt: skip
    plain = f"emptyp(listofvars({asked.name}))"
    lines += [f"t__own: if {plain} then bh__list({asked.name}) else [t__own1];",
              f"t__same: {_same('1')};", _inside(asked, symbols),
              f"t__opposite: {_same('-1')};", f"t__half: {_same('1/2')};"]  # fmt: skip
    if paged:
        lines.append(f"t__number: {plain} and bh__near(t__own, [float(t__value1)], {ROUNDED});")
    checks = list(_right_checks(asked, paged))
    if follow.values and paged:
        lines += follow_lines(follow, "[float(t__value1)]", (ROUNDED, EXACT), f"{plain} and ")
        checks += follow_checks(follow)
    checks += [slip_check("sign", ("AlgEquiv", ""), "t__opposite", "true"),
               slip_check("factor 2 forgotten", ("AlgEquiv", ""), "t__half", "true")]  # fmt: skip
    for at, (slip, value) in enumerate(part.slips if paged else (), 1):
        if slip in ("sign", "factor 2 forgotten") or value.size != 1:
            continue
        alone = "" if slip in IN_FORMULAS else f"{plain} and "
        near = f"bh__near(t__own, [float({number_code(value.item())})], {ROUNDED})"
        lines.append(f"t__slip{at}: {alone}{near};")
        checks.append(slip_check(slip, ("AlgEquiv", ""), f"t__slip{at}", "true"))
    known = [line.partition("(")[0] for line in functions_of(graph)]
    field = Input(name=asked.name, kind="algebraic", answer=short(right), size=30,
                  allowed=allowed_words([*known, *symbols.values()]))  # fmt: skip
    tree = Tree(tree_name(asked), tuple(lines), tuple(checks))
    return Made(field, tree, "", ("formulas are compared by algebra and at two points",))


def _symbolic(found: Expr, graph: Graph, symbols: Symbols) -> str:
    """A formula in a student's letters, its sums written out."""
    written_out = inlined(found, graph, frozenset(q.name for q in graph))
    if any(isinstance(node, Compare) for node in postorder(written_out)):
        raise Inexpressible("the formula has a case in it")
    return Coder(graph, "", symbols).code(written_out)


_Point = dict[tuple[str, tuple[Slot, ...]], Fraction | float]


def _points(graph: Graph, found: Expr) -> list[tuple[_Point, Fraction | float]]:
    """The page's own numbers, where it has them all, and others: two points in all."""
    made: list[tuple[_Point, Fraction | float]] = []
    for turn in range(TRIES):
        here = graph if turn == 0 else graph.with_values(**_other_values(graph, turn))
        try:
            values = trace(here)
            value = value_of(found, here, values)
        except BackhandError:
            continue
        if value is None or not math.isfinite(value):
            continue
        point: _Point = {}
        for q in here:
            if q.name in values:
                point |= {
                    (q.name, slots): x
                    for slots, x in zip(slots_of(q), values[q.name].ravel().tolist(), strict=True)
                    if math.isfinite(x)
                }
        made.append((point, value))
        if len(made) == 2:
            return made
    raise Inexpressible("the formula has no values to compare")


def _other_values(graph: Graph, turn: int) -> dict[str, Value]:
    """Numbers between 0 and 1 for everything that is given, so that no logarithm fails."""
    rng = np.random.default_rng(turn)
    return {q.name: rng.integers(5, 95, q.shape) / 97 for q in graph if q.definition is None}


def _same(factor: str) -> str:
    pairs = " and ".join(
        f"bh__near([t__own{n}], [float(({factor})*t__value{n})], 0.000001)" for n in (1, 2)
    )
    return f"if numberp(t__own1) and numberp(t__own2) then ({pairs}) else false"


def _inside(asked: Asked, symbols: Symbols) -> str:
    """Whether the values are right and no other names are used than were asked for."""
    allowed = asked.part.part.expected.allowed
    if not allowed:
        return "t__inside: t__same;"
    letters = ",".join(s for (name, _), s in symbols.items() if name in allowed)
    return f"t__inside: t__same and subsetp(setify(listofvars({asked.name})), {{{letters}}});"


def _right_checks(asked: Asked, paged: bool) -> Iterator[Check]:
    allowed = " and ".join(sorted(asked.part.part.expected.allowed))
    words = said(f"The value is right; write it in terms of {allowed}.")
    yield Check(test="AlgEquiv", student=asked.name, teacher="t__right", score="1", note="right",
                feedback="")  # fmt: skip
    yield Check(test="AlgEquiv", student="t__inside", teacher="true", score="1", note="same values",
                feedback="")  # fmt: skip
    if allowed:
        yield Check(test="AlgEquiv", student="t__same", teacher="true", score="0.5",
                    note="other names", feedback=words)  # fmt: skip
    if paged:
        yield Check(test="AlgEquiv", student="t__number", teacher="true",
                    score="0.5" if allowed else "1", note="a number",
                    feedback=words if allowed else "")  # fmt: skip
