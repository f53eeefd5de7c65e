"""Slips in a chain: a factor left out, or worked out by a wrong rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from backhand.calculus.forward import trace
from backhand.calculus.paths import Hop, Spot, without_aliases
from backhand.checking.case import Case
from backhand.checking.recomputing import (
    Number,
    Slope,
    as_value,
    derivative_with,
    values_with,
    ways,
)
from backhand.expr import Apply, Expr, apply, number, substitute
from backhand.graph import Graph, Value


def along_paths(
    case: Case, slope: Slope, given: Mapping[str, Value] | None = None
) -> Iterator[Value]:
    """The derivative, or the update with it, where the factors are those that `slope` gives."""
    of, by = case.expected.of, case.expected.by
    if of is None or by is None or case.ask.verb not in ("derivative", "update", "local"):
        return
    if case.ask.options.get("over") == "all":
        return
    graph = case.graph.at_point(int(case.ask.options.get("point", "1")))
    found = ways(graph, of, by)
    if found is None:
        return
    number = derivative_with(graph, found, values_with(graph, given or {}), slope)
    if number is not None:
        yield from used(case, graph, by, number)


def used(case: Case, graph: Graph, by: Spot, slope: Number) -> Iterator[Value]:
    """The derivative itself, or the update with it."""
    if case.ask.verb != "update":
        yield as_value(slope)
        return
    before = graph[by.name].entry(trace(graph)[by.name], by.slots)
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
    used: list[Hop] = []

    def chosen(hop: Hop) -> Expr | None:
        found = _activation(hop, case.graph, *wanted)
        if found is None:
            return None
        used.append(hop)
        return slope(found)

    values = list(along_paths(case, chosen))
    yield from values if used else ()


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
