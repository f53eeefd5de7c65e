"""The known slips in a formula: the right formula is changed by each and compared."""

from __future__ import annotations

from collections.abc import Iterator

from backhand.calculus.paths import without_aliases
from backhand.checking.case import Case
from backhand.checking.equality import inlined
from backhand.checking.recomputing import ways
from backhand.checking.residues import same_residue
from backhand.expr import Apply, Expr, Mul, Number, apply, number, ref


def slip_of(case: Case, given: Expr, right: Expr) -> str | None:
    """The slip that leads from the right formula to the given one, or None."""
    for slip, changed in changed_by_slips(case, right):
        if given is changed or same_residue(given, changed):
            return slip
    return None


def changed_by_slips(case: Case, right: Expr) -> Iterator[tuple[str, Expr]]:
    """The right formula under each slip that there can be."""
    yield "sign", -right
    yield "factor 2 forgotten", right / 2
    yield from _sigmas(case, right)
    yield from _factors(case, right)


def _factors(case: Case, right: Expr) -> Iterator[tuple[str, Expr]]:
    """A factor of the chain left out, or one of the product."""
    of, by = case.expected.of, case.expected.by
    if case.ask.verb == "derivative" and of is not None and by is not None:
        found = ways(case.graph, of, by)
        if found is not None and found.count == 1:
            for hop in without_aliases(case.graph, next(found.each())):
                yield "factor missing", right / inlined(hop.slope, case.graph)
    if isinstance(right, Mul):
        for factor in right.args:
            if not isinstance(factor, Number):
                yield "factor missing", right / factor


def _sigmas(case: Case, right: Expr) -> Iterator[tuple[str, Expr]]:
    """σ(1 − e^(−z)) for σ′; σ for σ′; a slope of ReLU that is always 1."""
    wanted = case.expected
    if case.ask.verb != "local" or wanted.of is None:
        return
    definition = case.graph[wanted.of.name].definition
    if not isinstance(definition, Apply):
        return
    if definition.name == "sigmoid":
        own = ref(wanted.of.name) if wanted.of.name in wanted.allowed else None
        inside = inlined(definition.args[0], case.graph, wanted.allowed)
        whole = apply("sigmoid", inside) if own is None else own
        yield "wrong sigma'", whole * (1 - apply("exp", -1 * inside))
        yield "sigma and sigma' mixed up", whole
    if definition.name == "relu":
        yield "ReLU' always 1", number(1)
