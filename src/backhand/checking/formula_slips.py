"""The known slips in a formula: the right formula is changed by each and compared."""

from __future__ import annotations

from collections.abc import Iterator

from backhand.calculus.paths import without_aliases
from backhand.checking.equality import inlined, same_at_points
from backhand.checking.parts import Prepared
from backhand.checking.recomputing import ways
from backhand.expr import Apply, Expr, Mul, Number, apply, number, ref


def slip_of(part: Prepared, given: Expr, right: Expr) -> str | None:
    """The slip that leads from the right formula to the given one, or None."""
    for slip, changed in _changed(part, right):
        if given is changed or same_at_points(given, changed):
            return slip
    return None


def _changed(part: Prepared, right: Expr) -> Iterator[tuple[str, Expr]]:
    yield "sign", -right
    yield "factor 2 forgotten", right / 2
    yield from _sigmas(part, right)
    yield from _factors(part, right)


def _factors(part: Prepared, right: Expr) -> Iterator[tuple[str, Expr]]:
    """A factor of the chain left out, or one of the product."""
    of, by = part.part.expected.of, part.part.expected.by
    if part.part.ask.verb == "derivative" and of is not None and by is not None:
        found = ways(part.graph, of, by)
        if found is not None and found.count == 1:
            for hop in without_aliases(part.graph, next(found.each())):
                yield "factor missing", right / inlined(hop.slope, part.graph)
    if isinstance(right, Mul):
        for factor in right.args:
            if not isinstance(factor, Number):
                yield "factor missing", right / factor


def _sigmas(part: Prepared, right: Expr) -> Iterator[tuple[str, Expr]]:
    """σ(1 − e^(−z)) for σ′; σ for σ′; a slope of ReLU that is always 1."""
    wanted = part.part.expected
    if part.part.ask.verb != "local" or wanted.of is None:
        return
    definition = part.graph[wanted.of.name].definition
    if not isinstance(definition, Apply):
        return
    if definition.name == "sigmoid":
        own = ref(wanted.of.name) if wanted.of.name in wanted.allowed else None
        inside = inlined(definition.args[0], part.graph, wanted.allowed)
        whole = apply("sigmoid", inside) if own is None else own
        yield "wrong sigma'", whole * (1 - apply("exp", -1 * inside))
        yield "sigma and sigma' mixed up", whole
    if definition.name == "relu":
        yield "ReLU' always 1", number(1)
