"""Slips in a chain: a factor left out, or worked out by a wrong rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from backhand.calculus.paths import Hop, Spot, without_aliases
from backhand.checking.case import Case
from backhand.checking.recomputing import (
    NOTHING,
    Number,
    Slope,
    as_value,
    at_point,
    derivative_with,
    own_factors,
    value_with,
    values_with,
    ways,
)
from backhand.expr import Apply, Expr, apply, number, substitute
from backhand.graph import Graph, Value

ALONG_PATHS = ("derivative", "update", "local")
"""The asks whose answer is a product of factors."""


def along_paths(
    case: Case, slope: Slope, given: Mapping[str, Value] | None = None
) -> Iterator[Value]:
    """The derivative, or the update with it, where the factors are those that `slope` gives."""
    of, by = case.expected.of, case.expected.by
    if of is None or by is None or case.ask.verb not in ALONG_PATHS:
        return
    if case.ask.options.get("over") == "all":
        return
    graph = point_of(case)
    found = ways(graph, of, by)
    if found is None:
        return
    if given is not None:
        number = derivative_with(graph, found, values_with(graph, given), slope)
    else:
        values, own = own_factors(graph, of, by)

        def known(hop: Hop) -> Expr | Number | None:
            chosen = slope(hop)
            return own.get(hop) if chosen is None else chosen

        number = derivative_with(graph, found, values, known)
    if number is not None:
        yield from used(case, graph, by, number)


def point_of(case: Case) -> Graph:
    """The graph on the data point that a question is about."""
    return at_point(case.graph, int(case.ask.options.get("point", "1")))


def used(case: Case, graph: Graph, by: Spot, slope: Number) -> Iterator[Value]:
    """The derivative itself, or the update with it."""
    if case.ask.verb != "update":
        yield as_value(slope)
        return
    value = value_with(graph, NOTHING, by.name)
    assert value is not None
    before = graph[by.name].entry(value, by.slots)
    yield as_value(before - Fraction(case.ask.options["eta"]) * slope)


def missing(case: Case) -> Iterator[Value]:
    """One factor of the chain left out."""
    of, by = case.expected.of, case.expected.by
    if case.ask.verb != "derivative" or of is None or by is None:
        return
    found = ways(case.graph, of, by)
    if found is None or found.count > 1:
        return
    for left_out in without_aliases(case.graph, next(found.each())):
        yield from along_paths(case, lambda hop, out=left_out: Fraction(1) if hop == out else None)


def _activation(hop: Hop, graph: Graph, *wanted: str) -> Apply | None:
    definition = graph[hop.of.name].definition
    if isinstance(definition, Apply) and definition.name in wanted:
        axes = graph[hop.of.name].axes

        here = substitute(definition, dict(zip(axes, hop.of.slots, strict=True)))
        return here if isinstance(here, Apply) else None
    return None


def _sloped(case: Case, wanted: tuple[str, ...], slope: Callable[[Apply], Expr]) -> Iterator[Value]:
    of, by = case.expected.of, case.expected.by
    found = None if of is None or by is None else ways(case.graph, of, by)
    applied = {
        hop: slope(function)
        for hop in (found.hops if found is not None else ())
        if (function := _activation(hop, case.graph, *wanted)) is not None
    }
    if applied:
        yield from along_paths(case, applied.get)


def function_for_slope(case: Case) -> Iterator[Value]:
    """σ taken where σ′ was meant."""
    yield from _sloped(case, ("sigmoid", "tanh"), lambda found: found)


def minus_exponential(case: Case) -> Iterator[Value]:
    """σ(z)(1 − e^(−z)) taken for σ′(z)."""
    yield from _sloped(
        case, ("sigmoid",), lambda found: found * (1 - apply("exp", -1 * found.args[0]))
    )


def always_one(case: Case) -> Iterator[Value]:
    """The slope of ReLU taken for 1 everywhere."""
    yield from _sloped(case, ("relu",), lambda _: number(1))
