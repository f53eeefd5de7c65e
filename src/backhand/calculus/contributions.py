"""What every path contributes to a derivative, without listing the paths.

A sum over all paths is worked out entry by entry: what reaches an entry is the sum of what its
edges bring. With other meanings of sum and product the same pass gives the derivative, the sum of
the contributions' sizes or the number of paths. The largest products are found in the same way,
each entry keeping the best few that reach it.

Source: Mohri, Semiring Frameworks and Algorithms for Shortest-Distance Problems (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.entries import Entries

ZERO_SIZE = -1e9
"""A zero factor's logarithm in the ranking: below any product of others, and zeros still count."""
WILD_SIZE = 1e12
"""The same for an infinity or a NaN, which ranks first."""

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Semiring:
    """What sum and product mean, with their neutral elements, on arrays of `dtype`."""

    plus: np.ufunc
    times: np.ufunc
    zero: float
    one: float
    dtype: np.dtype[Any]


SLOPES = Semiring(np.add, np.multiply, 0.0, 1.0, np.dtype(float))
LOGARITHMS = Semiring(np.logaddexp, np.add, -np.inf, 0.0, np.dtype(float))
COUNTS = Semiring(np.add, np.multiply, 0, 1, np.dtype(object))
"""Counts are Python integers: there may be more paths than float64 has numbers."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One path: the numbers of its edges from the output back to the input, and its product.

    `log_size` is log |value|, which doesn't underflow. `zeros` counts its factors that are 0.
    """

    edges: tuple[int, ...]
    value: float
    log_size: float
    zeros: int


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """A derivative as the sum over its paths.

    `derivative` is the sum of what the paths contribute, `log_absolute` the logarithm of the sum of
    their sizes, `count` the number of paths, `live` that of those without a zero factor. `best` are
    the largest ones; paths with a zero factor come last, those with the fewest first.
    """

    entries: Entries
    derivative: float
    log_absolute: float
    count: int
    live: int
    best: tuple[Contribution, ...]

    def share(self, one: Contribution) -> float:
        """A path's part of the sum of all sizes, from 0 to 1."""
        if one.zeros or self.log_absolute == -np.inf:
            return 0.0
        return float(np.exp(one.log_size - self.log_absolute))


def contributions(entries: Entries, most: int) -> Contributions:
    """The derivative of the entries' end by their start as a sum over paths, the `most` largest named."""
    if entries.end < 0:
        return Contributions(entries, 0.0, -np.inf, 0, 0, ())
    logs = log_sizes(entries.slope)
    ones = np.ones(len(logs), dtype=object)
    alive = (entries.slope != 0).astype(int).astype(object)
    with np.errstate(all="ignore"):
        return Contributions(
            entries,
            float(over_paths(entries, SLOPES, entries.slope)[entries.end]) + 0.0,
            float(over_paths(entries, LOGARITHMS, logs)[entries.end]),
            int(over_paths(entries, COUNTS, ones)[entries.end]),
            int(over_paths(entries, COUNTS, alive)[entries.end]),
            _largest(entries, logs, most),
        )


def log_sizes(slope: Array) -> Array:
    """log |slope|; a NaN counts as infinite."""
    with np.errstate(all="ignore"):
        logs = np.log(np.abs(slope))
    return np.where(np.isnan(logs), np.inf, logs)


def over_paths(entries: Entries, ring: Semiring, weight: Array) -> Array:
    """For every entry, the sum over all paths from the start to it of the product of their weights.

    One product and one sum for each edge.
    """
    out: Array = np.full(entries.size, ring.zero, dtype=ring.dtype)
    out[entries.start] = ring.one
    for block in entries.blocks:
        target = entries.target[block]
        groups = np.flatnonzero(np.diff(target, prepend=-1))
        brought = ring.times(out[entries.source[block]], weight[block])
        out[target[groups]] = ring.plus.reduceat(brought, groups)
    return out


def _largest(entries: Entries, logs: Array, most: int) -> tuple[Contribution, ...]:
    """The paths with the largest products, by the best few that reach each entry."""
    rank_by = np.where(np.isneginf(logs), ZERO_SIZE, np.where(np.isposinf(logs), WILD_SIZE, logs))
    score = np.full((entries.size, most), -np.inf)
    edge = np.full((entries.size, most), -1)
    rank = np.zeros((entries.size, most), dtype=np.int64)
    score[entries.start, 0] = 0.0
    for block in entries.blocks:
        source, target = entries.source[block], entries.target[block]
        # Of the edges into an entry, only those whose own best path is among the best can matter.
        kept, _ = _best(target, score[source, 0] + rank_by[block], most)
        offers = (score[source[kept]] + rank_by[block][kept, None]).ravel()
        into = np.repeat(target[kept], most)
        chosen, place = _best(into, offers, most)
        score[into[chosen], place] = offers[chosen]
        edge[into[chosen], place] = block.start + kept[chosen // most]
        rank[into[chosen], place] = chosen % most
    reached = np.flatnonzero(score[entries.end] > -np.inf).tolist()
    return tuple(_traced(entries, logs, edge, rank, at) for at in reached)


def _best(group: Array, score: Array, most: int) -> tuple[Array, Array]:
    """The items with the `most` largest scores of each group, and their places in it from 0."""
    order = np.lexsort((-score, group))
    heads = np.flatnonzero(np.diff(group[order], prepend=-1))
    lengths = np.diff(heads, append=len(order))
    place = np.arange(len(order)) - np.repeat(heads, lengths)
    kept = place < most
    return order[kept], place[kept]


def _traced(entries: Entries, logs: Array, edge: Array, rank: Array, place: int) -> Contribution:
    """The path that stands at this place among the best of the end."""
    number = entries.end
    path: list[int] = []
    while number != entries.start:
        at = int(edge[number, place])
        path.append(at)
        number, place = int(entries.source[at]), int(rank[number, place])
    factors, sizes = entries.slope[path], logs[path]
    zeros = int(np.sum(factors == 0))
    return Contribution(
        tuple(path), float(np.prod(factors)) + 0.0, float(np.sum(sizes[factors != 0])), zeros
    )


def cut(entries: Entries) -> tuple[int, ...]:
    """The zero edges that every path must cross, where no path is live.

    Of the two cuts that can be read off, the first zeros from the start and the last ones before
    the end, it is the smaller.
    """
    alive = entries.slope != 0
    reached = np.zeros(entries.size, dtype=bool)
    reached[entries.start] = True
    for block in entries.blocks:
        go = reached[entries.source[block]] & alive[block]
        reached[entries.target[block][go]] = True
    reaching = np.zeros(entries.size, dtype=bool)
    reaching[entries.end] = True
    for block in reversed(entries.blocks):
        go = reaching[entries.target[block]] & alive[block]
        reaching[entries.source[block][go]] = True
    first = np.flatnonzero(reached[entries.source] & ~alive)
    last = np.flatnonzero(reaching[entries.target] & ~alive)
    # A zero beside a live way to the same entry blocks nothing.
    first = first[~reached[entries.target[first]]]
    last = last[~reaching[entries.source[last]]]
    return tuple((last if len(last) < len(first) else first).tolist())
