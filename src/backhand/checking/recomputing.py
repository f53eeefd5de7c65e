"""Values worked out again under a change: other values on the way, or other equations or slopes.

Nothing is written out on the way, and what follows from the equations alone, paths and the backward
pass, is kept for every graph that has the same ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from backhand.calculus.answer import answer
from backhand.calculus.chain import backward, local_derivative
from backhand.calculus.evaluate import computable, evaluate, settled
from backhand.calculus.gradient import loss_of, objective_of
from backhand.calculus.paths import MAX_PATHS, Hop, Paths, Spot, is_entry, paths, spot
from backhand.calculus.points import over_points
from backhand.errors import BackhandError
from backhand.expr import Expr, names
from backhand.graph import Graph, Layout, Quantity, Role, Value
from backhand.notation import partial_name
from backhand.values import MAX_EXACT_ENTRIES, floats
from backhand.working import Ask

Number: TypeAlias = Fraction | float
Slope: TypeAlias = Callable[[Hop], Expr | Number | None]
"""The slope to use for a hop instead of its own; None for its own."""
Entries: TypeAlias = Mapping[Spot, Number]
"""Numbers to be taken for single entries of quantities."""
NOTHING: Entries = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Itself:
    """A graph as a key: the very same graph, not one that is equal."""

    graph: Graph

    def __hash__(self) -> int:
        return id(self.graph)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and other.graph is self.graph


@dataclass(frozen=True, eq=False)
class Equations:
    """A graph as a key for what its values have no part in."""

    graph: Graph

    @cached_property
    def _all(self) -> tuple[object, ...]:
        return tuple((q.name, q.axes, q.role, q.definition) for q in self.graph)

    def __hash__(self) -> int:
        return hash(self._all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equations) and other._all == self._all


def values_with(
    graph: Graph, given: Mapping[str, Value], entries: Entries = NOTHING
) -> dict[str, Value]:
    """The value of every quantity where those in `given`, and single `entries`, are taken as they are.

    >>> import backhand
    >>> graph = backhand.model("x = 3; u = x^2; y = u + 1")
    >>> values_with(graph, {"u": np.array(Fraction(5))})["y"].item()
    Fraction(6, 1)
    """
    return _worked_out(graph, graph.quantities, given, entries)


def value_with(graph: Graph, entries: Entries, name: str) -> Value | None:
    """The value of one quantity, as in `values_with`; only what leads to it is worked out."""
    if name not in graph:
        return None
    own = Counter(spot.name for spot in entries)
    whole = frozenset(n for n, count in own.items() if n in graph and count == graph[n].size)
    return _worked_out(graph, _leading(Itself(graph), frozenset((name,)), whole), {}, entries).get(
        name
    )


def leading(graph: Graph, name: str) -> tuple[Quantity, ...]:
    """What leads to a quantity, in the graph's order, itself the last."""
    return _leading(Itself(graph), frozenset((name,)), frozenset[str]())


@lru_cache(1024)
def _leading(of: Itself, wanted: frozenset[str], given: frozenset[str]) -> tuple[Quantity, ...]:
    """What leads to some quantities, in the graph's order; what is given needs nothing before it."""
    graph = of.graph
    needed, left = set[str](), [*wanted]
    while left:
        here = left.pop()
        if here in needed or here not in graph:
            continue
        needed.add(here)
        definition = graph[here].definition
        if here not in given and graph[here].value is None and definition is not None:
            left += names(definition)
    return tuple(q for q in graph if q.name in needed)


def _worked_out(
    graph: Graph, quantities: Iterable[Quantity], given: Mapping[str, Value], entries: Entries
) -> dict[str, Value]:
    exact = sum(q.size for q in graph if q.value is not None) <= MAX_EXACT_ENTRIES
    values: dict[str, Value] = {}
    own: dict[str, dict[tuple[int, ...], Number]] = {}
    for at, number in entries.items():
        own.setdefault(at.name, {})[at.slots] = number
    for quantity in quantities:
        known = own.get(quantity.name, {})
        if known and len(known) == quantity.size:
            values[quantity.name] = _put_in(np.zeros(quantity.shape, object), quantity, known)
            continue
        if quantity.name in given:
            values[quantity.name] = given[quantity.name].reshape(quantity.shape)
        elif quantity.value is not None:
            values[quantity.name] = quantity.value if exact else floats(quantity.value)
        elif quantity.definition is not None and computable(quantity.definition, values):
            values[quantity.name] = evaluate(quantity.definition, quantity.axes, graph, values)
        if known and quantity.name in values:
            values[quantity.name] = _put_in(values[quantity.name], quantity, known)
    return values


def _put_in(value: Value, quantity: Quantity, known: Mapping[tuple[int, ...], Number]) -> Value:
    """The array with these entries; exact where all of it is."""
    exact = value.dtype == object and all(isinstance(n, Fraction) for n in known.values())
    found = value.copy() if exact else floats(value).copy()
    for slots, number in known.items():
        at = tuple(slot - axis.lower for slot, axis in zip(slots, quantity.axes, strict=True))
        found[at] = number
    return found


def with_definitions(graph: Graph, change: Callable[[Quantity], Expr | None]) -> Graph | None:
    """The graph with other equations where `change` gives one; None where it gives none."""
    changed = {q.name: new for q in graph if (new := change(q)) is not None}
    if not changed:
        return None
    quantities = tuple(
        replace(q, definition=changed[q.name]) if q.name in changed else q for q in graph
    )
    return replace(graph, quantities=quantities)


def answered(graph: Graph, ask: Ask, layout: Layout) -> Value | None:
    """The value of an ask put to a changed graph, or None where it has none there."""
    try:
        found = AT_ONCE[ask.verb](graph, ask) if ask.verb in AT_ONCE else None
        if found is not None:
            return found
        result = answer(graph, ask, layout).result
    except BackhandError:
        return None
    return None if isinstance(result, str) else result


def ways(graph: Graph, of: Spot, by: Spot) -> Paths | None:
    """The paths from one entry to another, where they are few."""
    return _ways(Equations(graph), of, by)


@lru_cache(256)
def _ways(within: Equations, of: Spot, by: Spot) -> Paths | None:
    graph = within.graph
    if not (is_entry(graph, of) and is_entry(graph, by)):
        return None
    found = paths(graph, of, by)
    return found if found is not None and 0 < found.count <= MAX_PATHS else None


def own_factors(
    graph: Graph, of: Spot, by: Spot
) -> tuple[Mapping[str, Value], Mapping[Hop, Number]]:
    """The values of a graph, and what the factors of its paths come to, each worked out once."""
    return _own_factors(Itself(graph), of, by)


@lru_cache(64)
def _own_factors(
    within: Itself, of: Spot, by: Spot
) -> tuple[Mapping[str, Value], Mapping[Hop, Number]]:
    graph = within.graph
    found, values = ways(graph, of, by), values_with(graph, {})
    hops = found.hops if found is not None else ()
    numbers = {hop: value_of(hop.slope, graph, values) for hop in hops}
    return values, {hop: number for hop, number in numbers.items() if number is not None}


def derivative_with(
    graph: Graph, found: Paths, values: Mapping[str, Value], slope: Slope
) -> Number | None:
    """The derivative along the paths, with the slopes that `slope` gives."""
    total: Number = Fraction(0)
    for path in found.each():
        product: Number = Fraction(1)
        for hop in path:
            chosen = slope(hop)
            number = value_of(hop.slope if chosen is None else chosen, graph, values)
            if number is None:
                return None
            product = product * number
        total = total + product
    return total


def value_of(slope: Expr | Number, graph: Graph, values: Mapping[str, Value]) -> Number | None:
    """A slope's value, where it has one."""
    if not isinstance(slope, Expr):
        return slope
    if not computable(slope, values):
        return None
    return evaluate(slope, (), graph, values).item()


def as_value(number: Number) -> Value:
    """A number as a value of rank 0."""
    exact = isinstance(number, Fraction)
    return np.array(number, dtype=object) if exact else np.array(float(number))


def gradient_with(graph: Graph, of: str, by: str, entries: Entries) -> Value | None:
    """The whole derivative of `of` by `by` by the backward pass, with entries taken as given."""
    return value_with(with_derivatives(graph, of), entries, partial_name(of, by))


def with_derivatives(graph: Graph, of: str) -> Graph:
    """The graph with its backward pass, the same one every time."""
    return _with_derivatives(Itself(graph), of)


@lru_cache(64)
def _with_derivatives(within: Itself, of: str) -> Graph:
    graph = within.graph
    derivatives = _derivatives(Equations(graph), of)
    return replace(graph, quantities=(*graph.quantities, *derivatives))


@lru_cache(64)
def _derivatives(within: Equations, of: str) -> tuple[Quantity, ...]:
    before = within.graph.quantities
    return backward(within.graph, of).quantities[len(before) :]


@lru_cache(64)
def _gradient(within: Itself, of: str, by: str) -> Value | None:
    return gradient_with(within.graph, of, by, NOTHING)


def at_point(graph: Graph, point: int) -> Graph:
    """The graph on one data point, the same one every time."""
    return _at_point(Itself(graph), point)


@lru_cache(64)
def _at_point(within: Itself, point: int) -> Graph:
    return within.graph.at_point(point)


@lru_cache(64)
def _over_points(within: Itself) -> Graph:
    return over_points(within.graph)


# ---- the commonest asks, at once ---------------------------------------------------------------


def _value(graph: Graph, ask: Ask) -> Value | None:
    at = spot(ask.words[0], graph)
    value = value_with(graph, {}, at.name)
    quantity = graph[at.name]
    if value is None or quantity.single or not is_entry(graph, at):
        return value
    return np.array(quantity.entry(value, at.slots))


def _loss(graph: Graph, ask: Ask) -> Value | None:
    return value_with(graph, {}, loss_of(graph))


def _slope(graph: Graph, of: Spot, by: Spot) -> Value | None:
    """The derivative of one entry by another, from the backward pass."""
    if not (is_entry(graph, of) and is_entry(graph, by)):
        return None
    whole = _gradient(Itself(graph), of.name, by.name)
    if whole is None:
        return None
    axes = (*graph[of.name].axes, *graph[by.name].axes)
    places = zip((*of.slots, *by.slots), axes, strict=True)
    return np.array(whole[tuple(slot - axis.lower for slot, axis in places)])


def _derivative(graph: Graph, ask: Ask) -> Value | None:
    return _slope(graph, spot(ask.words[0], graph), spot(ask.words[1], graph))


def _local(graph: Graph, ask: Ask) -> Value | None:
    """The derivative of one entry by another through its equation, in whatever names."""
    of, by = spot(ask.words[0], graph), spot(ask.words[1], graph)
    definition = graph[of.name].definition
    direct = definition is not None and by.name in names(definition)
    if not (direct and is_entry(graph, of) and is_entry(graph, by)):
        return None
    slope = local_derivative(graph, of.name, of.slots, by.name, by.slots)
    before = _leading(Itself(graph), names(slope), frozenset[str]())
    number = value_of(slope, graph, _worked_out(graph, before, {}, NOTHING))
    return None if number is None else as_value(number)


def _whole_gradient(graph: Graph, ask: Ask) -> Value | None:
    return _gradient(Itself(graph), *ask.words) if len(ask.words) == 2 else None


def _update(graph: Graph, ask: Ask) -> Value | None:
    """An entry of a parameter after one step on one point, or on the mean over all."""
    what = spot(ask.words[0], graph)
    every = ask.options.get("over") == "all"
    here = (
        _over_points(Itself(graph)) if every else at_point(graph, int(ask.options.get("point", 1)))
    )
    slope = _slope(here, Spot(objective_of(here), ()), what)
    before = graph[what.name].value
    if slope is None or before is None or graph[what.name].role is not Role.PARAMETER:
        return None
    rate = Fraction(ask.options.get("eta", "0.1"))
    after = graph[what.name].entry(before, what.slots) - rate * slope.item()
    return settled(np.array(after, dtype=object))


AT_ONCE: Mapping[str, Callable[[Graph, Ask], Value | None]] = {
    "value": _value,
    "loss": _loss,
    "derivative": _derivative,
    "local": _local,
    "gradient": _whole_gradient,
    "update": _update,
}
"""What works out an ask without its working; None where that takes the general way."""
