"""Claims: proved, false with a witness, or not decided.

A proof ends in two sides that are the same in canonical form, after the derivation of every
derivative that stands in the claim. A witness is a point where bounds on the two sides don't meet.
Agreement at points proves nothing, and the verdict says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

from backhand.calculus.canonical import Canonical, compared
from backhand.calculus.derive import entry_derivative
from backhand.calculus.paths import Spot
from backhand.calculus.rewriting import SYMBOLIC_POWER
from backhand.calculus.rules import derivation
from backhand.calculus.witness import MAX_POINTS, Witness, search
from backhand.expr import Expr, Image, Ref, Total, opened, postorder, rewrite, substitute, total
from backhand.graph import Graph, Quantity, Role
from backhand.notation import equals, formula, named
from backhand.rounding import number
from backhand.slots import Index, Slot
from backhand.syntax import Derive, Equal, Formula, Minus, Name, Num, Partial, Plus, replaced
from backhand.working import Claim, Derivative, Prose, Step, Verdict, Working

ENOUGH = 12
"""So many points at which the sides agree bear out that a proof is about something."""
MAX_ENTRIES = 40
"""A claim about arrays with more entries is compared for a general entry only."""
SIZE = 2
"""The size that is tried where it is a letter."""
Slots: TypeAlias = tuple[int, ...]
WHOLE = "y"
"""What the formula under a derivative is called while the chain rule is applied to it."""


def identity(claim: Claim) -> Verdict:
    """Whether a claim holds wherever both sides have a value.

    The verdict is "proved", "false" or "not decided". The witness of a false claim holds the
    point, the two values, and the formulas that were taken for unknown functions, if any.
    """
    graph = claim.graph
    entries = list(_entries(claim))
    pairs = [(_inlined(a, graph), _inlined(b, graph)) for _, a, b in entries]
    bodies = [_inlined(derivative.body, graph) for derivative in claim.derivatives]
    derived = _has_derivative(claim.formula)
    found = [compared(*pair, claim.domain, bodies or pair * derived) for pair in pairs]
    agreed: list[int] = []
    for (at, _, _), pair, each in zip(entries, pairs, found, strict=True):
        first = {axis: axis.lower for axis in claim.axes}
        left, right, *under = (
            _at_size(substitute(side, first)) for side in (*pair, *(bodies or pair * derived))
        )
        enough = ENOUGH if each.equal else MAX_POINTS
        searched = search((left, right), graph, claim.domain, under, enough)
        if searched.witness is not None:
            return _false(claim, searched.witness, at)
        if not each.equal or (searched.tried and not searched.agreed):
            agreed.append(searched.agreed)
    return _open(claim, min(agreed)) if agreed else _proved(claim, found, bool(bodies) or derived)


def _entries(claim: Claim) -> Iterator[tuple[Slots, Expr, Expr]]:
    """The two sides entry by entry; for a general entry where a size is a letter, or large."""
    sizes = [axis.extent for axis in claim.axes]
    known = [size for size in sizes if isinstance(size, int)]
    if len(known) < len(sizes) or math.prod(known) > MAX_ENTRIES:
        yield tuple(axis.lower for axis in claim.axes), claim.left, claim.right
        return
    for slots in product(*(range(a.lower, a.lower + a.size) for a in claim.axes)):
        here: dict[Index, Slot] = dict(zip(claim.axes, slots, strict=True))
        yield slots, substitute(claim.left, here), substitute(claim.right, here)


def _at_size(expr: Expr, size: int = SIZE) -> Expr:
    """The expression with a number for sizes that are letters."""

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Total) or isinstance(node.index.upper, int):
            return None
        index, body = opened(node)
        sized = Index(index.name, index.lower, index.lower + size - 1)
        return total(sized, _at_size(substitute(body, {index: sized}), size))

    return rewrite(expr, leaf)


def _inlined(expr: Expr, graph: Graph) -> Expr:
    """The expression with the equations of named formulas put in; unknown functions stay names."""

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Ref) or node.name not in graph:
            return None
        quantity = graph[node.name]
        if quantity.definition is None or isinstance(quantity.definition, Image):
            return None
        return substitute(quantity.definition, dict(zip(quantity.axes, node.slots, strict=True)))

    previous = None
    while expr is not previous:
        previous, expr = expr, rewrite(expr, leaf)
    return expr


def _has_derivative(found: Formula) -> bool:
    seen: list[Formula] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Derive | Partial):
            seen.append(part)
        return None

    replaced(found, leaf)
    return bool(seen)


# ---- verdicts ----------------------------------------------------------------------------------


def _proved(claim: Claim, found: Sequence[Canonical], derived: bool) -> Verdict:
    reason = "both sides are identical in canonical form"
    notes: list[Prose] = []
    split = list(dict.fromkeys(gap for each in found for gap in each.split))
    if split:
        kinks: list[str | Formula] = []
        for gap in split:
            kinks += [" or " if kinks else "", equals(formula(gap, claim.graph), Num(Fraction(0)))]
        tail = (
            "; on the kinks themselves, where a derivative need not exist, nothing is claimed."
            if derived
            else "; on the kinks themselves the sides agree too."
        )
        notes.append(
            ("Proved in each region between the kinks at ", *(k for k in kinks if k), tail)
        )
        reason += ", in each region between the kinks"
    if claim.left is not claim.right and any(SYMBOLIC_POWER in each.rules for each in found):
        notes.append(
            ("A power a^b whose exponent isn't a plain number is e^(b log a): proved for a > 0.",)
        )
    working = Working(
        ask=f"check {claim.text}",
        answer=("Proved: ", claim.formula),
        result="proved",
        steps=(*_derivations(claim), *_same_form(claim, found)),
        notes=tuple(notes),
    )
    return Verdict(verdict="proved", reason=reason, working=working)


def _same_form(claim: Claim, found: Sequence[Canonical]) -> Iterator[Step]:
    """The last step: both sides without derivative signs, then in one form."""
    left, right = (formula(side, claim.graph) for side in (claim.left, claim.right))
    if claim.left is claim.right:
        yield Step(title=("The two sides are the same",), rule="identical",
                   formula=Equal((left, left), ("=",)))  # fmt: skip
        return
    if isinstance(claim.formula, Equal) and (left, right) != claim.formula.sides:
        yield Step(title=("The claim, with the derivatives worked out",), rule="substitution",
                   formula=Equal((left, right), ("=",)))  # fmt: skip
    rules = tuple(dict.fromkeys(rule for each in found for rule in each.rules))
    used: Prose = ("with " + "; ".join(rules),) if rules else ()
    one = found[0]
    if len(found) == 1 and one.left is one.right:
        shown = formula(one.left, claim.graph)
        for title, side in (("The left side", left), ("The right side", right)):
            if side == shown:
                continue
            yield Step(title=(title,), rule="canonical form", formula=equals(side, shown))
        yield Step(title=("The two sides are the same",), rule="identical",
                   formula=Equal((shown, shown), ("=",)), note=used)  # fmt: skip
        return
    zero = Num(Fraction(0))
    yield Step(
        title=("The difference of the two sides, multiplied out",),
        rule="canonical form",
        formula=equals(Plus((left, Minus(right))), zero),
        note=used,
    )


def _false(claim: Claim, witness: Witness, slots: Slots) -> Verdict:
    letters = [axis.upper for axis in claim.axes if isinstance(axis.upper, str)]
    entry = f" entry [{', '.join(map(str, slots))}] of" if slots else ""
    point: list[str | Formula] = []
    for variable, value in witness.point.items():
        sign = formula(variable, claim.graph)
        point += [", " if point else "", equals(sign, number(value))]
    taken: list[str | Formula] = []
    for name, chosen in witness.functions.items():
        taken += [", " if taken else "", equals(Name(name), formula(chosen, claim.graph))]
    for letter in dict.fromkeys(letters):
        taken += [", " if taken else "", equals(Name(letter), Num(Fraction(SIZE)))]
    where = tuple(part for part in (*taken, *([", "] if taken and point else []), *point) if part)
    at: Prose = (" at ", *where) if where else ()
    told: Prose = ("False: at ", *where) if where else ("False:",)
    told = (*told, f"{entry} the left side is ")
    left, right = number(witness.left), number(witness.right)
    assert isinstance(claim.formula, Equal)
    steps = tuple(
        Step(
            title=(f"{entry} the {which} side".strip().capitalize(), *at),
            rule="evaluation",
            formula=side,
            value=value,
        )
        for which, side, value in zip(
            ("left", "right"), claim.formula.sides, (left, right), strict=True
        )
    )
    working = Working(
        ask=f"check {claim.text}",
        answer=(*told, left, f",{' of' if entry else ''} the right side ", right),
        result="false",
        steps=(*_derivations(claim), *steps),
    )
    said: dict[str, Any] = {
        "point": {repr(v): float(value) for v, value in witness.point.items()},
        "left": witness.left,
        "right": witness.right,
    }
    if witness.functions:
        said["functions"] = {name: repr(chosen) for name, chosen in witness.functions.items()}
    reason = "the sides differ at a point"
    if witness.left == witness.right:
        reason += f", by {witness.difference}, which is beyond the digits of the two values"
    return Verdict(verdict="false", reason=reason, working=working, witness=said)


def _open(claim: Claim, agreed: int) -> Verdict:
    said = (
        f"both sides agree at {agreed} points, which is no proof"
        if agreed
        else "no point was found where both sides have a value"
    )
    working = Working(
        ask=f"check {claim.text}",
        answer=(f"Not decided: {said}",),
        result="not decided",
        steps=(*_derivations(claim),),
    )
    return Verdict(verdict="not decided", reason=said, working=working)


# ---- derivations -------------------------------------------------------------------------------


def _derivations(claim: Claim) -> Iterator[Step]:
    """How each derivative of the claim comes about."""
    for derivative in claim.derivatives:
        unknown = [
            n.name
            for n in postorder(derivative.body)
            if isinstance(n, Ref)
            and n.name in claim.graph
            and isinstance(claim.graph[n.name].definition, Image)
        ]
        if unknown:
            yield from _by_chain_rule(claim.graph, derivative)
        else:
            straight = not isinstance(derivative.sign, Derive | Partial) or derivative.sign.straight
            yield from derivation(derivative.body, derivative.by, claim.graph, straight=straight)


def _by_chain_rule(graph: Graph, derivative: Derivative) -> Iterator[Step]:
    """A formula of unknown functions as one function of several variables: the rules of school."""
    name = next(n for n in (WHOLE, "m", "w_0") if n not in graph)
    made = Quantity(name=name, axes=(), role=Role.OBJECTIVE, definition=derivative.body)
    whole = replace(graph, quantities=(*graph.quantities, made))
    yield Step(
        title=("Call it ", named(whole, name)),
        rule="a function of several variables",
        formula=equals(named(whole, name), formula(derivative.body, whole)),
    )
    yield from entry_derivative(whole, Spot(name, ()), Spot(derivative.by, ())).steps
