"""Why a network with hidden units isn't convex in its weights: two units may change places.

Swapping two hidden units (their rows in the weights before, their columns in those after) leaves
every output as it is. Halfway between the two settings of the weights both units are the same one,
so the network has lost a unit, and where it needs both its objective is larger there.

Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.2.2 (weight space symmetry).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from backhand.calculus.counterexample import ROUNDS, Violation, as_point, checked, choices, draws
from backhand.calculus.entrywise import Written
from backhand.calculus.forward import ancestors
from backhand.expr import Expr, Padded, Ref, Total, opened, ref
from backhand.graph import Graph
from backhand.slots import Index, indices

Axis = tuple[str, int]
"""A quantity and the number of one of its axes."""
CLEAR = 1e-3
"""The objective halfway must be higher by this much, as a part of it, to be worth showing."""


@dataclass(frozen=True, slots=True)
class Swap:
    """Two units of a hidden layer that change places, and a violation of convexity that this makes.

    `axes`: the axes of the varying quantities along which the entries of the two units stand.
    """

    layer: str
    axes: tuple[Axis, ...]
    violation: Violation


def swap(graph: Graph, of: str, written: Written) -> Swap | None:
    """A violation of convexity by two hidden units that change places; None where none is found."""
    by = written.setting.by
    for layer, axes in hidden_axes(graph, of, by):
        found = _violation(written, _exchanged(axes, written))
        if found is not None:
            return Swap(layer, axes, found)
    return None


def hidden_axes(
    graph: Graph, of: str, by: frozenset[str]
) -> Iterator[tuple[str, tuple[Axis, ...]]]:
    """Each hidden layer of at least two units whose order nothing outside the weights depends on.

    The layer, and the axes of varying quantities that its units stand along: rows of W_1, columns
    of W_2.
    """
    needed = {of, *ancestors(graph, of)}
    group: dict[Axis, Axis] = {}
    fixed: set[Axis] = set()
    for quantity in graph:
        if quantity.name not in needed:
            continue
        own = {index: (quantity.name, n) for n, index in enumerate(quantity.axes)}
        if quantity.definition is not None and quantity.name not in by:
            _join(quantity.definition, own, graph, group, fixed)
        elif quantity.name not in by:
            fixed.update(own.values())
    fixed.update((of, n) for n in range(graph[of].rank))
    bound = {_root(axis, group) for axis in fixed}
    seen: set[Axis] = set()
    for quantity in graph:
        if quantity.definition is None or quantity.name not in needed or quantity.name in by:
            continue
        for n, index in enumerate(quantity.axes):
            root = _root((quantity.name, n), group)
            if root in bound or root in seen or index.size < 2:
                continue
            seen.add(root)
            axes = tuple(
                (q.name, m)
                for q in graph
                if q.name in by
                for m in range(q.rank)
                if _root((q.name, m), group) == root
            )
            if axes:
                yield quantity.name, axes


def _join(
    expr: Expr,
    own: Mapping[Index, Axis],
    graph: Graph,
    group: dict[Axis, Axis],
    fixed: set[Axis],
) -> None:
    """Put axes that share an index into one group; those used in any other way are fixed."""
    held: dict[Index, Axis] = dict(own)
    odd: set[Index] = set()
    stack = [expr]
    seen: set[Expr] = set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        stack.extend([opened(node)[1]] if isinstance(node, Total) else node.args)
        if not isinstance(node, Ref | Padded):
            # A comparison of positions, or a function of whole arrays, sees the order.
            odd.update(() if node.args else node.free)
            continue
        for n, slot in enumerate(node.slots[: graph[node.name].rank]):
            axis = node.name, n
            if not isinstance(slot, Index):
                fixed.add(axis)
                odd.update(indices((slot,)))
            elif slot in held:
                group[_root(axis, group)] = _root(held[slot], group)
            else:
                held[slot] = axis
    fixed.update(held[index] for index in odd if index in held)


def _root(axis: Axis, group: Mapping[Axis, Axis]) -> Axis:
    while axis in group and group[axis] != axis:
        axis = group[axis]
    return axis


def _exchanged(axes: tuple[Axis, ...], written: Written) -> list[int]:
    """For each entry of a point the one that stands there once units 1 and 2 have changed places."""
    places: dict[Expr, int] = {entry: n for n, entry in enumerate(written.entries)}
    out: list[int] = []
    for entry in written.entries:
        slots = list(entry.slots)
        for name, n in axes:
            if name == entry.name and slots[n] in (1, 2):
                slots[n] = 2 if slots[n] == 1 else 1
        out.append(places[ref(entry.name, *slots)])
    return out


def _violation(written: Written, exchanged: list[int]) -> Violation | None:
    """The shortest setting of the weights found whose middle with the exchanged one is higher."""
    rng = np.random.default_rng(0)
    count = draws(written)
    for round_ in range(len(ROUNDS) if count >= 20 else 0):
        columns = choices(written, round_)
        first = np.stack([rng.choice(column, count) for column in columns], axis=1)
        second = first[:, exchanged]
        values, middle = (written.values(p) for p in (first, (first + second) / 2))
        gap = middle - values
        places = np.flatnonzero(gap > CLEAR * (1 + np.abs(values)))
        for row in places[np.argsort(np.abs(first[places]).sum(axis=1))][:5].tolist():
            pair = (as_point(first[row]), as_point(second[row]))
            found = checked(written, *pair, Fraction(1, 2), side=1)
            if found is not None:
                return found
    return None
