"""Units that let no gradient through, or hardly any: the dead ones and the saturated ones.

A function *flattens out* where its largest slope is finite and, on one far side, all its slopes are
under 1 % of that. A unit of such a function is *dead* where the function has kinks and its slope is
exactly 0, as left of ReLU's, and *saturated* where its slope is under 1 % of the largest otherwise,
as on the wings of the sigmoid. All of this is read off the functions' table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.curves import slope_of
from backhand.calculus.entries import MAX_EDGES
from backhand.calculus.evaluate import evaluate
from backhand.calculus.forward import trace
from backhand.calculus.paths import Spot, spot_formula
from backhand.calculus.points import over_points
from backhand.expr import Apply, names, postorder
from backhand.functions import TABLE, Function
from backhand.graph import POINT, Graph, Quantity, Value, floats
from backhand.notation import named
from backhand.syntax import Formula
from backhand.working import Step

FLAT = 0.01
"""A slope under this part of the function's largest counts as flat."""
FAR = 25.0
"""A far side of a function is from FAR to 2 FAR away from 0."""
DENSITY = 16
"""Samples a unit."""
MAX_NAMED = 6
"""How many units are named before the rest is only counted."""

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Units:
    """The units that one function makes in one quantity, `size` of them.

    `dead` and `saturated` at this data point; `always` are those dead at every one of the `points`,
    or None where that isn't known.
    """

    quantity: str
    function: str
    size: int
    dead: tuple[Spot, ...]
    saturated: tuple[Spot, ...]
    points: int
    always: tuple[Spot, ...] | None


def flat_below(function: Function) -> float | None:
    """The slope under which a function counts as flat; None for one that doesn't flatten out.

    >>> flat_below(TABLE["sigmoid"]), flat_below(TABLE["exp"]), flat_below(TABLE["sin"])
    (0.0025, None, None)
    """
    slope = slope_of(function)

    def largest(low: float, high: float, density: int = DENSITY) -> float:
        at = np.linspace(low, high, int((high - low) * density) + 1)
        inside = at[(at >= function.domain.low) & (at <= function.domain.high)]
        slopes = np.abs(slope(inside)) if inside.size else np.zeros(0)
        return float(np.max(slopes[np.isfinite(slopes)], initial=0.0))

    most = largest(-2 * FAR, 2 * FAR, 2 * DENSITY)
    # What grows when one looks further, or closer at a pole, has no largest slope.
    bounded = most <= (1 + FLAT) * largest(-FAR, FAR)
    least = min(largest(-2 * FAR, -FAR), largest(FAR, 2 * FAR))
    return FLAT * most if bounded and least < FLAT * most else None


def flat_units(graph: Graph, wanted: Collection[str], values: Mapping[str, Value]) -> list[Units]:
    """The units of every function that flattens out, for the quantities `wanted`, in forward order."""
    used = {node.name for q in graph if q.name in wanted for node in _applied(q)}
    limits = {name: flat_below(TABLE[name]) for name in used}
    every, everywhere = _over_points(graph)
    found: list[Units] = []
    for quantity in graph:
        if quantity.name not in wanted:
            continue
        rows = every[quantity.name] if every and quantity.name in everywhere else None
        nodes = _applied(quantity)
        others = _applied(rows) if rows is not None else []
        for at, node in enumerate(nodes):
            limit = limits[node.name]
            if limit is None:
                continue
            slopes = _slopes(node, quantity, graph, values)
            kinked = bool(TABLE[node.name].kinks)
            dead = (slopes == 0) & kinked
            always = None
            if every and rows is not None and len(others) == len(nodes):
                flat = _slopes(others[at], rows, every, everywhere) == 0
                numbered = bool(rows.axes) and rows.axes[0].name == POINT
                always = _spots(quantity, (flat.all(axis=0) if numbered else flat) & kinked)
            found.append(
                Units(
                    quantity.name,
                    node.name,
                    quantity.size,
                    _spots(quantity, dead),
                    _spots(quantity, (slopes < limit) & ~dead),
                    graph.point_count,
                    always,
                )
            )
    return found


def _applied(quantity: Quantity) -> list[Apply]:
    """The functions of the table in an equation that stand in no sum: one unit for each entry."""
    if quantity.definition is None:
        return []
    axes = set(quantity.axes)
    nodes = (n for n in postorder(quantity.definition) if isinstance(n, Apply))
    return [node for node in nodes if node.free <= axes and names(node)]


def _slopes(node: Apply, quantity: Quantity, graph: Graph, values: Mapping[str, Value]) -> Floats:
    """The size of a function's slope at every unit; of several arguments, the largest of theirs."""
    partials = TABLE[node.name].partials(node, *node.args)
    each = [
        np.abs(floats(evaluate(partial, quantity.axes, graph, values)))
        for partial, arg in zip(partials, node.args, strict=True)
        if names(arg)
    ]
    return np.max(each, axis=0)


def _over_points(graph: Graph) -> tuple[Graph | None, dict[str, Value]]:
    """The graph over all its data points with its values, where there are several and room for them."""
    if graph.point_count == 1 or graph.objective is None:
        return None, {}
    every = over_points(graph)
    if sum(q.size for q in every) > MAX_EDGES:
        return None, {}
    return every, trace(every)


def _spots(quantity: Quantity, chosen: NDArray[np.bool_]) -> tuple[Spot, ...]:
    lows = [axis.lower for axis in quantity.axes]
    return tuple(
        Spot(quantity.name, tuple(int(n) + low for n, low in zip(at, lows, strict=True)))
        for at in np.argwhere(chosen)
    )


def unit_steps(graph: Graph, found: Collection[Units]) -> list[Step]:
    """A step for each layer of units: how many are dead or saturated, and which."""
    return [_step(graph, units) for units in found]


def _step(graph: Graph, units: Units) -> Step:
    sign = TABLE[units.function].notation.text
    note: list[str | Formula] = []
    for word, spots in (("dead", units.dead), ("saturated", units.saturated)):
        if spots:
            note += ["; " if note else "", f"{word}: ", *_listed(graph, spots)]
    if units.always:
        every = f"; dead at every one of the {units.points} points: "
        note += [every, *_listed(graph, units.always)]
    elif units.always is not None and units.dead:
        note.append(f"; none of them is dead at every one of the {units.points} points")
    counts = f"{len(units.dead)} dead, {len(units.saturated)} saturated of {units.size}"
    return Step(
        title=("Units of ", named(graph, units.quantity), f" ({sign}): {counts}"),
        rule="dead and saturated units",
        note=tuple(part for part in note if part),
    )


def _listed(graph: Graph, spots: Collection[Spot]) -> list[str | Formula]:
    out: list[str | Formula] = []
    for spot in list(spots)[:MAX_NAMED]:
        out += [", " if out else "", spot_formula(graph, spot)]
    if len(spots) > MAX_NAMED:
        out.append(f" and {len(spots) - MAX_NAMED} more")
    return [part for part in out if part]
