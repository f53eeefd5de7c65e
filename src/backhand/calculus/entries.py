"""A graph as its entries and the edges between them: which entry uses which, with which slope.

Only what lies on the way from one entry to another is there. A layer of m by n units has m n edges
and an activation n, because the deltas of a local derivative are solved before it is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.chain import local_derivative
from backhand.calculus.evaluate import evaluate
from backhand.calculus.forward import ancestors
from backhand.calculus.paths import Spot
from backhand.errors import LimitError
from backhand.expr import (
    ONE,
    ZERO,
    Add,
    Expr,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Same,
    Total,
    add,
    mul,
    names,
    postorder,
    substitute,
    total,
)
from backhand.graph import Graph, Quantity, Value, floats
from backhand.slots import Affine, Index, Slot, moved, solved

MAX_EDGES = 20_000_000
"""More edges than this need over two gigabytes."""

Whole: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """The entries on the way from `start` to `end`, by number, and the edges between them.

    `offsets` are the numbers of the first entries of the quantities `names`; the others follow in
    the order of their array. `size` is how many numbers there are. Edge e says that the entry
    `target[e]` uses the entry `source[e]`, with the local derivative `slope[e]`. `blocks`: the
    edges into one quantity each, in forward order, sorted by target. Every edge lies on a path from
    `start` to `end`; where there is no path, `end` is -1 or no edge is left.
    """

    graph: Graph
    names: tuple[str, ...]
    offsets: Whole
    size: int
    start: int
    end: int
    source: Whole
    target: Whole
    slope: Floats
    blocks: tuple[slice, ...]

    def spot(self, number: int) -> Spot:
        """The entry of this number."""
        at = int(np.searchsorted(self.offsets, number, side="right")) - 1
        quantity = self.graph[self.names[at]]
        rest = int(number) - int(self.offsets[at])
        slots: list[int] = []
        for axis in reversed(quantity.axes):
            rest, place = divmod(rest, axis.size)
            slots.append(place + axis.lower)
        return Spot(quantity.name, tuple(reversed(slots)))


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Edges between two quantities, their entries numbered each from 0."""

    source: Whole
    target: Whole
    slope: Floats


def in_floats(graph: Graph) -> Graph:
    """The graph with its given values in float64: exact fractions would be slow, and rank no better."""
    return replace(
        graph,
        quantities=tuple(
            q if q.value is None else replace(q, value=floats(q.value)) for q in graph
        ),
        points={name: floats(rows) for name, rows in graph.points.items()},
    )


def entries(graph: Graph, of: Spot, by: Spot, values: Mapping[str, Value]) -> Entries:
    """Every entry on the way from `by` to `of`, with all edges that may carry a derivative.

    An edge is there where the local derivative isn't zero whatever the values are; its slope may be.
    Raises `LimitError` over `MAX_EDGES` edges.
    """
    active = {by.name: np.array([_number(graph[by.name], by.slots)])}
    wanted = ancestors(graph, of.name) | {of.name}
    first = {by.name: 0}
    size = graph[by.name].size
    found: list[Edges] = []
    room = MAX_EDGES
    for user in graph:
        if user.name not in wanted or user.name in active or user.definition is None:
            continue
        outer = of.slots if user.name == of.name else user.axes
        parts: list[Edges] = []
        for name in sorted(names(user.definition) & active.keys()):
            edges = _between(graph, user, outer, graph[name], active[name], values, room)
            room -= len(edges.slope)
            parts.append(Edges(edges.source + first[name], edges.target, edges.slope))
        block = _sorted(parts)
        if len(block.slope):
            active[user.name] = np.unique(block.target)
            first[user.name] = size
            found.append(Edges(block.source, block.target + size, block.slope))
            size += user.size
    start = first[by.name] + int(active[by.name][0])
    end = first[of.name] + _number(graph[of.name], of.slots) if of.name in first else -1
    offsets = np.array(list(first.values()))
    return Entries(graph, tuple(first), offsets, size, start, end, *_reaching(end, size, found))


def _number(quantity: Quantity, slots: Sequence[int]) -> int:
    """Which entry of the array this is, counted from 0."""
    number = 0
    for slot, axis in zip(slots, quantity.axes, strict=True):
        number = number * axis.size + slot - axis.lower
    return number


def _sorted(parts: Sequence[Edges]) -> Edges:
    """Edges of several sources as one block, in the order of their targets."""
    source = np.concatenate([np.zeros(0, np.int64), *(p.source for p in parts)])
    target = np.concatenate([np.zeros(0, np.int64), *(p.target for p in parts)])
    slope = np.concatenate([np.zeros(0), *(p.slope for p in parts)])
    if np.any(np.diff(target) < 0):
        order = np.argsort(target, kind="stable")
        source, target, slope = source[order], target[order], slope[order]
    return Edges(source, target, slope)


def _reaching(
    end: int, size: int, found: Sequence[Edges]
) -> tuple[Whole, Whole, Floats, tuple[slice, ...]]:
    """The edges from which the end can be reached, and where each block of them lies."""
    reaching = np.zeros(size, dtype=bool)
    if end >= 0:
        reaching[end] = True
    kept: list[Edges] = []
    for block in reversed(found):
        keep = reaching[block.target]
        if keep.any():
            reaching[block.source[keep]] = True
            kept.append(Edges(block.source[keep], block.target[keep], block.slope[keep]))
    kept.reverse()
    ends = np.cumsum([0, *(len(block.slope) for block in kept)]).tolist()
    whole = _sorted(kept)
    blocks = tuple(slice(a, b) for a, b in pairwise(ends))
    return whole.source, whole.target, whole.slope, blocks


# ---- the edges between two quantities ----------------------------------------------------------


def _between(
    graph: Graph,
    user: Quantity,
    outer: Sequence[Slot],
    used: Quantity,
    active: Whole,
    values: Mapping[str, Value],
    room: int,
) -> Edges:
    """The edges from the active entries of `used` to the entries `outer` of `user`."""
    inner = _slots(used, active)
    slope = local_derivative(graph, user.name, outer, used.name, inner)
    terms = slope.args if isinstance(slope, Add) else (slope,)
    parts: list[Edges] = []
    for term in terms:
        term, where = _solved(term, (*outer, *inner))
        if term is ZERO:
            continue
        axes = tuple(dict.fromkeys(s for s in where if isinstance(s, Index)))
        count = prod(axis.size for axis in axes)
        if count > room:
            raise LimitError(
                f"from {used.name} to {user.name} there are {count} edges, over {MAX_EDGES} in all",
                "explain a smaller network, or an entry nearer to the objective",
            )
        room -= count
        kept = _possible(term, axes, graph)
        kept &= np.isin(_numbers(used, where[len(outer) :], axes), active)
        parts.append(
            Edges(
                _numbers(used, where[len(outer) :], axes)[kept],
                _numbers(user, where[: len(outer)], axes)[kept],
                floats(evaluate(term, axes, graph, values)).ravel()[kept],
            )
        )
    return parts[0] if len(parts) == 1 else _merged(parts, used.size)


def _slots(quantity: Quantity, active: Whole) -> tuple[Slot, ...]:
    """The axes under other letters; an axis on which all active entries agree as that number."""
    along = np.unravel_index(active, quantity.shape) if quantity.axes else ()
    return tuple(
        int(at[0]) + axis.lower if np.all(at == at[0]) else axis.named(f"{axis.name}′")
        for at, axis in zip(along, quantity.axes, strict=True)
    )


def _solved(term: Expr, where: tuple[Slot, ...]) -> tuple[Expr, tuple[Slot, ...]]:
    """A term with its deltas carried out, and what the slots `where` then must be."""
    while True:
        factors = term.args if isinstance(term, Mul) else (term,)
        for index, other in _fixed(factors, where):
            term = substitute(term, {index: other})
            where = tuple(s for s in (moved(s, {index: other}) for s in where) if s is not None)
            break
        else:
            return term, where


def _fixed(factors: Iterable[Expr], where: Sequence[Slot]) -> Iterable[tuple[Index, Slot]]:
    """The slots that a delta among the factors fixes, and at what."""
    for factor in factors:
        if isinstance(factor, Same):
            for index in (factor.right, factor.left):
                if isinstance(index, Index) and index in where:
                    other = solved(index, factor.left, factor.right)
                    if isinstance(other, int | Index):
                        yield index, other


def _possible(term: Expr, axes: Sequence[Index], graph: Graph) -> NDArray[np.bool_]:
    """Where a term isn't zero whatever the values are, as a flat array over the axes.

    The term is evaluated with every number, entry and function put to 1. Nothing cancels then, so
    what is zero is so because of a delta or of a position outside its axis.
    """
    ones = _with_ones(term)
    if isinstance(ones, Number):
        return np.ones(prod(axis.size for axis in axes), dtype=bool)
    values = {name: np.ones(graph[name].shape) for name in names(ones)}
    return floats(evaluate(ones, axes, graph, values)).ravel() > 0


def _with_ones(expr: Expr) -> Expr:
    done: dict[Expr, Expr] = {}
    for node in postorder(expr):
        inside = [done[arg] for arg in node.args]
        match node:
            case Number(value):
                done[node] = ONE if value else ZERO
            case Same():
                done[node] = node
            case Ref(_, slots) | Padded(_, slots) if any(isinstance(s, Affine) for s in slots):
                done[node] = node
            case Add():
                done[node] = add(*inside)
            case Mul():
                done[node] = mul(*inside)
            case Total(index):
                done[node] = total(index, inside[0])
            case Power((_, Number(value))) if value > 0:
                done[node] = inside[0]
            case _:
                done[node] = ONE
    return done[expr]


def _numbers(quantity: Quantity, slots: Sequence[Slot], axes: Sequence[Index]) -> Whole:
    """Which entry of a quantity the slots name, for every value of the axes, as a flat array."""
    shape = [axis.size for axis in axes]
    number: Whole = np.zeros([1] * len(shape), dtype=np.int64)
    for slot, axis in zip(slots, quantity.axes, strict=True):
        number = number * axis.size - axis.lower
        if isinstance(slot, Index):
            at = axes.index(slot)
            along = [shape[at] if n == at else 1 for n in range(len(shape))]
            number = number + np.arange(slot.lower, slot.lower + slot.size).reshape(along)
        elif isinstance(slot, int):
            number = number + slot
    return np.broadcast_to(number, shape).ravel()


def _merged(parts: Sequence[Edges], width: int) -> Edges:
    """The edges of several terms, those between the same two entries added to one."""
    every = _sorted(parts)
    pairs, place = np.unique(every.target * width + every.source, return_inverse=True)
    slope = np.zeros(len(pairs))
    np.add.at(slope, place, every.slope)
    return Edges(pairs % width, pairs // width, slope)
