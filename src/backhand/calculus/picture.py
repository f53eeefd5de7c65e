"""A graph as columns of units and edges between them, to be drawn.

A layer and its activation are one column of neurons. Quantities that are neither inputs nor layers
stand in columns of their own where there is no network, or where a derivative's path leads through
them. What would be a tangle is abridged: the first few units of a wide layer and its last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from backhand.calculus.chain import local_derivative
from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.forward import ancestors, trace
from backhand.calculus.gradient import objective_of
from backhand.calculus.paths import Hop, Spot, is_entry, partial, paths, spot, spot_formula
from backhand.calculus.structure import Layer, function_name, has_bias_folded, layers
from backhand.errors import AskError
from backhand.expr import ONE, ZERO, Apply, Ref, names, substitute
from backhand.graph import AXES, Graph, Quantity, Role, Value
from backhand.notation import equals, value_formula
from backhand.slots import entry_name
from backhand.syntax import Formula, Num
from backhand.working import Column, Edge, Picture, Prose, Unit

MAX_UNITS = 12
"""A taller column is abridged to its first three units and its last."""


@dataclass(frozen=True, slots=True)
class Neurons:
    """Units to be drawn: the quantity that labels them, and the layer `inner` inside them."""

    shown: Quantity
    inner: Quantity


@dataclass(frozen=True, slots=True)
class Plan:
    """One column before it is drawn."""

    title: str
    members: tuple[Neurons, ...]


@dataclass(frozen=True, slots=True)
class Lit:
    """The paths of the derivative that is asked for: each hop with its factor as a formula."""

    hops: Mapping[tuple[Spot, Spot], Formula] = field(
        default_factory=dict[tuple[Spot, Spot], Formula]
    )
    caption: Prose = ()


def picture(graph: Graph, derivative: str | None = None) -> Picture:
    """The network, and with `derivative` the paths that carry the objective's slope by that entry.

    Raises `AskError` where that isn't one entry, or the objective doesn't depend on it.
    """
    values = trace(graph)
    lit = _lit(graph, derivative, values) if derivative else Lit()
    if not layers(graph):
        plans = _by_depth(graph)
    else:
        plans = [*_network(graph, lit), *(_to_objective(graph) if derivative else [])]
    edges: list[Edge] = []
    biases: dict[int, list[Unit]] = {}
    for at, plan in enumerate(plans):
        for neurons in plan.members:
            definition = neurons.inner.definition
            used = names(definition) if definition is not None else frozenset[str]()
            for before in plans[:at]:
                for source in before.members:
                    if source.shown.name in used:
                        edges += _edges(source, neurons, graph, values, lit)
            found = _bias_edges(neurons, graph, values, lit)
            if found:
                unit = Unit(
                    found[0].start, _count(1), None, bias=True, lit=any(e.lit for e in found)
                )
                biases.setdefault(max(at - 1, 0), []).append(unit)
                edges += found
    columns = tuple(
        _column(plan, biases.get(at, []), graph, values, lit) for at, plan in enumerate(plans)
    )
    return Picture(columns, tuple(edges), lit.caption)


# ---- what stands in which column ---------------------------------------------------------------


def _network(graph: Graph, lit: Lit) -> list[Plan]:
    """Inputs, then a column for each layer."""
    found = layers(graph)
    placed = {p.name for p in graph.parameters}
    plans: list[Plan] = []
    for layer in found:
        sources = sorted(ancestors(graph, layer.output.name) - placed)
        data = [graph[n] for n in sources if graph[n].role is Role.DATA]
        made = [graph[n] for n in sources if graph[n].role is not Role.DATA]
        if data:
            plans.append(Plan("Input", tuple(Neurons(q, q) for q in data)))
        plans += [Plan("", (Neurons(q, q),)) for q in _in_order(graph, made)]
        hidden = "Hidden layer" if len(found) == 2 else f"Hidden layer {layer.number}"
        plans += _layer(layer, "Output" if layer is found[-1] else hidden, lit)
        placed |= {*sources, layer.output.name}
        placed |= {layer.activation.name} if layer.activation else set()
    return plans


def _layer(layer: Layer, title: str, lit: Lit) -> list[Plan]:
    """A layer with its activation inside the neurons.

    Softmax mixes its entries, so paths through it run between neurons: then it stands apart.
    """
    shown = layer.activation or layer.output
    if lit.hops and shown is not layer.output and not isinstance(shown.definition, Apply):
        scores = Plan("Scores", (Neurons(layer.output, layer.output),))
        return [scores, Plan(title, (Neurons(shown, shown),))]
    return [Plan(title, (Neurons(shown, layer.output),))]


def _to_objective(graph: Graph) -> list[Plan]:
    """What lies between the last layer and the objective, and the objective."""
    target = graph[objective_of(graph)]
    placed = {p.name for p in graph.parameters}
    for layer in layers(graph):
        placed |= {layer.output.name, *ancestors(graph, layer.output.name)}
        placed |= {layer.activation.name} if layer.activation else set()
    if target.name in placed:
        return []
    between = [graph[n] for n in ancestors(graph, target.name) - placed]
    made = [q for q in _in_order(graph, between) if q.definition is not None]
    return [
        *(Plan("", (Neurons(q, q),)) for q in made),
        Plan("Objective", (Neurons(target, target),)),
    ]


def _in_order(graph: Graph, chosen: Sequence[Quantity]) -> list[Quantity]:
    wanted = {q.name for q in chosen}
    return [q for q in graph if q.name in wanted]


def _by_depth(graph: Graph) -> list[Plan]:
    """Without layers: every quantity as far to the right as its longest way from an input."""
    wanted = {q.name for q in graph if q.role is not Role.GRADIENT}
    if graph.objective is not None:
        wanted = ancestors(graph, graph.objective) | {graph.objective}
    depth: dict[str, int] = {}
    columns: dict[int, list[Neurons]] = {}
    for quantity in graph:
        if quantity.name in wanted:
            used = names(quantity.definition) if quantity.definition is not None else ()
            depth[quantity.name] = max((depth[n] + 1 for n in used if n in depth), default=0)
            columns.setdefault(depth[quantity.name], []).append(Neurons(quantity, quantity))
    return [Plan("", tuple(members)) for _, members in sorted(columns.items())]


def _spots(quantity: Quantity) -> list[Spot]:
    """The entries of a quantity that are drawn."""
    first = tuple(axis.lower for axis in quantity.axes)
    every = [Spot(quantity.name, first)]
    if (at := _line(quantity)) is not None:
        steps = range(quantity.axes[at].size)
        entries = ((*first[:at], first[at] + n, *first[at + 1 :]) for n in steps)
        every = [Spot(quantity.name, slots) for slots in entries]
    return every if len(every) <= MAX_UNITS else [*every[:3], every[-1]]


def _line(quantity: Quantity) -> int | None:
    """The one axis along which a quantity has several entries; None where it is a number or a table."""
    long = [at for at, axis in enumerate(quantity.axes) if axis.size > 1]
    return long[0] if len(long) == 1 else None


# ---- units and edges ---------------------------------------------------------------------------


def _lit(graph: Graph, derivative: str, values: Mapping[str, Value]) -> Lit:
    of, by = Spot(objective_of(graph), ()), spot(derivative, graph)
    if not is_entry(graph, by):
        raise AskError(f"{derivative} is more than one entry", f"name one: {by.name}[1]")
    if by.name not in ancestors(graph, of.name):
        raise AskError(f"{of.name} doesn't depend on {by.name}", "name one of its parameters")
    found = paths(graph, of, by)
    hops = found.hops if found is not None else ()
    caption = ("The paths that carry ", partial(graph, of, by))
    return Lit({(hop.of, hop.by): _factor(hop, graph, values) for hop in hops}, caption)


def _factor(hop: Hop, graph: Graph, values: Mapping[str, Value]) -> Formula:
    sign = partial(graph, hop.of, hop.by)
    if not computable(hop.slope, values):
        return sign
    return equals(sign, value_formula(evaluate(hop.slope, (), graph, values)))


def _column(
    plan: Plan, biases: Sequence[Unit], graph: Graph, values: Mapping[str, Value], lit: Lit
) -> Column:
    units: list[Unit] = list(biases)
    touched = {at for pair in lit.hops for at in pair}
    for neurons in plan.members:
        for at in _spots(neurons.shown):
            inner = Spot(neurons.inner.name, at.slots)
            units.append(
                Unit(
                    _id(at),
                    spot_formula(graph, at),
                    _number(at, graph, values),
                    lit=at in touched or inner in touched,
                    factor=lit.hops.get((at, inner)),
                    inner=_id(inner) if inner != at else "",
                )
            )
    shown = [neurons.shown for neurons in plan.members]
    function = function_name(shown[0], graph) if len(shown) == 1 else ""
    size = sum(1 if _line(q) is None else q.size for q in shown)
    return Column((plan.title,) if plan.title else (), tuple(units), size + len(biases), function)


def _id(at: Spot) -> str:
    return entry_name(at.name, at.slots)


def _count(value: int) -> Num:
    return Num(Fraction(value))


def _number(at: Spot, graph: Graph, values: Mapping[str, Value]) -> Formula | None:
    if at.name not in values:
        return None
    return value_formula(np.array(graph[at.name].entry(values[at.name], at.slots)))


def _edges(
    source: Neurons, into: Neurons, graph: Graph, values: Mapping[str, Value], lit: Lit
) -> list[Edge]:
    """An edge for every entry of `into` that uses an entry of `source`, with its weight."""
    inside = tuple(a.named(f"{a.name}′") for a in source.shown.axes)
    outside = tuple(a.named(n) for a, n in zip(into.inner.axes, AXES, strict=False))
    general = local_derivative(graph, into.inner.name, outside, source.shown.name, inside)
    found: list[Edge] = []
    for end in _spots(into.shown):
        for start in _spots(source.shown):
            where = {
                **dict(zip(outside, end.slots, strict=False)),
                **dict(zip(inside, start.slots, strict=False)),
            }
            slope = substitute(general, where)
            if slope is ZERO:
                continue
            hop = Spot(into.inner.name, end.slots), start
            weight = _weight(slope, graph)
            factor = lit.hops.get(hop) or (lit.hops.get((hop[0], weight)) if weight else None)
            found.append(_edge(_id(start), _id(end), weight, factor, graph, values))
    return found


def _weight(slope: object, graph: Graph) -> Spot | None:
    """The parameter's entry that an edge multiplies by."""
    if isinstance(slope, Ref) and graph[slope.name].role is Role.PARAMETER:
        slots = tuple(s for s in slope.slots if isinstance(s, int))
        return Spot(slope.name, slots) if len(slots) == len(slope.slots) else None
    return None


def _edge(
    start: str,
    end: str,
    weight: Spot | None,
    factor: Formula | None,
    graph: Graph,
    values: Mapping[str, Value],
) -> Edge:
    return Edge(
        start,
        end,
        spot_formula(graph, weight) if weight else None,
        _number(weight, graph, values) if weight else None,
        lit=factor is not None,
        factor=factor,
        entry=_id(weight) if weight else "",
    )


def _bias_edges(into: Neurons, graph: Graph, values: Mapping[str, Value], lit: Lit) -> list[Edge]:
    """Edges from a constant 1: a folded column 0, or a vector that is added to the layer."""
    found: list[Edge] = []
    for end in _spots(into.shown):
        at = Spot(into.inner.name, end.slots)
        weight = _bias_of(into.inner, end.slots, graph)
        if weight is not None:
            found.append(
                _edge(
                    f"1→{into.inner.name}",
                    _id(end),
                    weight,
                    lit.hops.get((at, weight)),
                    graph,
                    values,
                )
            )
    return found


def _bias_of(layer: Quantity, slots: tuple[int, ...], graph: Graph) -> Spot | None:
    if layer.definition is None:
        return None
    learned = [graph[n] for n in sorted(names(layer.definition)) if graph[n] in graph.parameters]
    if has_bias_folded(layer):
        folded = next((p for p in learned if p.folded), None)
        return Spot(folded.name, (*(slots or (1,)), 0)) if folded is not None else None
    for parameter in learned:
        # A row of outputs, 1×n, has a bias of n entries.
        own = slots[len(slots) - parameter.rank :] if parameter.rank <= len(slots) else None
        if own is None or any(axis.size > 1 for axis in layer.axes[: len(slots) - parameter.rank]):
            continue
        if local_derivative(graph, layer.name, slots, parameter.name, own) is ONE:
            return Spot(parameter.name, own)
    return None
