"""What is right: of which kind the answer to an ask is, its value or formula, the form asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from backhand.calculus.chain import backward
from backhand.calculus.gradient import objective_of
from backhand.calculus.local import written_in
from backhand.calculus.paths import Spot, is_entry, spot
from backhand.differentiation import local
from backhand.errors import BackhandError
from backhand.expr import Expr, Ref, rewrite, substitute
from backhand.graph import Graph, Value
from backhand.notation import partial_name
from backhand.slots import Slot
from backhand.working import Ask, Working

Kind: TypeAlias = Literal[
    "number",
    "vector",
    "matrix",
    "shape",
    "count",
    "class",
    "formula",
    "chain",
    "drawing",
    "list",
    "verdict",
]
BY_RANK: tuple[Kind, ...] = ("number", "vector", "matrix")
PLAIN_KINDS: dict[str, Kind] = {
    "shape": "shape",
    "matrices": "count",
    "parameters": "count",
    "class": "class",
    "objective": "formula",
    "draw": "drawing",
    "model": "list",
    "forward": "number",
    "shapes": "list",
    "convex": "verdict",
    "check": "verdict",
}
"""The kinds that don't depend on the value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """The right answer to one ask.

    `value` is exact or float64. `formula` holds by the graph's names; `allowed` are the only names
    that an answer "in terms of" may use, or empty. `of` and `by` are the ends of a chain. `words` is
    the right word of a verdict. `digits` is the fewest significant digits of a rounded number.
    """

    kind: Kind
    value: Value | None = None
    formula: Expr | None = None
    allowed: frozenset[str] = frozenset()
    of: Spot | None = None
    by: Spot | None = None
    words: str = ""
    digits: int = 2


def expected(ask: Ask, working: Working, graph: Graph) -> Expected:
    """What is right for an ask, given its working.

    >>> import backhand
    >>> from backhand.reading.asks import parse_ask
    >>> graph = backhand.model("x = 3; u = x^2")
    >>> found = expected(parse_ask("value u"), graph.forward(), graph)
    >>> found.kind, found.value.item()
    ('number', Fraction(9, 1))
    """
    result = working.result
    if isinstance(result, str):
        kind = PLAIN_KINDS.get(ask.verb, "verdict")
        return Expected(kind=kind, words=result)
    ends = _ends(ask, graph)
    of, by = ends if ends is not None else (None, None)
    if ask.verb == "chain" or (ask.verb == "jacobian" and result is None):
        return Expected(kind="chain", of=of, by=by)
    kind = PLAIN_KINDS.get(ask.verb)
    if ask.verb == "gradient" and result is None:
        kind = "list"
    formula = _formula(ask, graph)
    allowed = frozenset(_wanted(ask))
    if kind is None:
        written = bool(allowed) or result is None or ask.verb == "local"
        scalar = of is None or by is None or (is_entry(graph, of) and is_entry(graph, by))
        symbolic = written and scalar and formula is not None
        kind = "formula" if symbolic or result is None else BY_RANK[min(result.ndim, 2)]
    value = None if result is None else np.asarray(result)
    return Expected(kind=kind, value=value, formula=formula, allowed=allowed, of=of, by=by)


def _ends(ask: Ask, graph: Graph) -> tuple[Spot, Spot] | None:
    """What is differentiated and by what, where an ask is about one derivative."""
    words = ask.words
    try:
        if ask.verb in ("chain", "derivative", "jacobian", "local"):
            return spot(words[0], graph), spot(words[1], graph)
        if ask.verb == "gradient" and len(words) == 2:
            return spot(words[0], graph), spot(words[1], graph)
        if ask.verb == "update":
            return spot(objective_of(graph), graph), spot(words[0], graph)
    except BackhandError:
        return None
    return None


def _wanted(ask: Ask) -> Sequence[str]:
    if ask.verb != "local" or len(ask.words) < 4:
        return ()
    return [name for word in ask.words[3:] for name in word.split(",") if name]


def _formula(ask: Ask, graph: Graph) -> Expr | None:
    """The right answer as a formula over the graph's names, where it is one number."""
    if ask.verb == "objective":
        return graph[objective_of(graph)].definition
    ends = _ends(ask, graph)
    if ends is None or ask.verb not in ("derivative", "jacobian", "local"):
        return None
    of, by = ends
    if not (is_entry(graph, of) and is_entry(graph, by)):
        return None
    try:
        if ask.verb == "local":
            definition = graph[of.name].definition
            if definition is None:
                return None
            here = substitute(definition, dict(zip(graph[of.name].axes, of.slots, strict=True)))
            raw = local(here, by.name, by.slots)
            wanted = _wanted(ask)
            return written_in(raw, graph, wanted) if wanted else raw
        return total_derivative(graph, of, by)
    except BackhandError:
        return None


def total_derivative(graph: Graph, of: Spot, by: Spot) -> Expr | None:
    """The derivative of one entry by another by the backward pass, its names put in one by one.

    Each derivative is put in where the one before it was, so the work grows with the layers.
    """
    whole = backward(graph, of.name)
    name = partial_name(of.name, by.name)
    if name not in whole:
        return None
    found: dict[str, Expr] = {}

    def leaf(node: Expr) -> Expr | None:
        return entry_of(node.name, node.slots) if isinstance(node, Ref) else None

    def entry_of(derivative: str, slots: Sequence[Slot]) -> Expr | None:
        if derivative not in found:
            return None
        return substitute(found[derivative], dict(zip(whole[derivative].axes, slots, strict=True)))

    for quantity in whole.quantities[len(graph.quantities) :]:
        assert quantity.definition is not None
        found[quantity.name] = rewrite(quantity.definition, leaf)
    return entry_of(name, (*of.slots, *by.slots))
