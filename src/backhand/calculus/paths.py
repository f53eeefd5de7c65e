"""The paths that carry a derivative from one entry of a graph to another.

An edge is a pair of entries of which the second's equation uses the first, and its local
derivative is not zero whatever the values are. Paths are counted before any is listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from backhand.calculus.chain import is_alias, local_derivative, uses
from backhand.errors import AskError
from backhand.expr import ZERO, Add, Expr, Index, Same, postorder, substitute
from backhand.graph import Graph, Quantity
from backhand.notation import named
from backhand.syntax import Formula, Num, Partial

MAX_EDGES = 400
"""More edges than a person would follow: then sums over an index are shown instead of paths."""
MAX_PATHS = 6
"""More paths than this are shown as sums over an index."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One entry of a quantity."""

    name: str
    slots: tuple[int, ...]


def spot(text: str, graph: Graph) -> Spot:
    """A name, or a name with entry numbers: `J`, `W_1[1,2]`. Without numbers, all of it is meant.

    Raises `MeaningError` for an unknown name and `AskError` for an entry that isn't there.
    """
    name, _, inside = text.partition("[")
    quantity = graph[name]
    if not inside:
        return Spot(name, tuple(a.lower for a in quantity.axes) if quantity.single else ())
    try:
        slots = tuple(int(part) for part in inside.removesuffix("]").split(","))
    except ValueError:
        slots = ()
    fits = len(slots) == quantity.rank and all(
        axis.covers(slot) for axis, slot in zip(quantity.axes, slots, strict=True)
    )
    if not fits:
        ranges = ", ".join(f"{a.lower} to {a.upper}" for a in quantity.axes) or "none"
        raise AskError(f"{name} has no entry {text}", f"its entry numbers are {ranges}")
    return Spot(name, slots)


def spot_formula(graph: Graph, spot: Spot) -> Formula:
    """An entry as it is written."""
    return named(graph, spot.name, tuple(Num(Fraction(s)) for s in spot.slots))


def partial(graph: Graph, of: Spot, by: Spot) -> Partial:
    """The derivative of one entry by another as a sign."""
    return Partial(spot_formula(graph, of), spot_formula(graph, by), graph.single_variable)


def is_entry(graph: Graph, at: Spot) -> bool:
    """Whether one number is meant, and not a whole vector or matrix."""
    return len(at.slots) == graph[at.name].rank


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a chain: the entry `of` uses the entry `by`, with this local derivative."""

    of: Spot
    by: Spot
    slope: Expr


@dataclass(frozen=True, slots=True)
class Paths:
    """The hops from `start` back to `end`; `count` paths lead through them."""

    start: Spot
    end: Spot
    hops: tuple[Hop, ...]
    count: int

    def each(self) -> Iterator[tuple[Hop, ...]]:
        """Every path as its hops, from the output back to the input."""
        into: dict[Spot, list[Hop]] = {}
        for hop in self.hops:
            into.setdefault(hop.of, []).append(hop)
        stack: list[tuple[Spot, tuple[Hop, ...]]] = [(self.start, ())]
        while stack:
            spot, so_far = stack.pop()
            if spot == self.end:
                yield so_far
            else:
                stack += [(hop.by, (*so_far, hop)) for hop in into.get(spot, [])]


def paths(graph: Graph, start: Spot, end: Spot) -> Paths | None:
    """All paths from the entry `start` back to the entry `end`, or None where they are too many to show."""
    users = uses(graph, start.name)
    active: dict[str, set[Spot]] = {end.name: {end}}
    hops: list[Hop] = []
    for quantity in graph:
        for spot in sorted(active.get(quantity.name, set()), key=lambda s: s.slots):
            for user in users.get(quantity.name, []) if spot != start else []:
                room = MAX_EDGES - len(hops)
                found = _hops(graph, user, spot, start, room)
                if found is None:
                    return None
                hops += found
                active.setdefault(user.name, set()).update(hop.of for hop in found)
    used = _reaching(start, hops)
    return Paths(start, end, tuple(used), _count(start, end, used))


def _hops(graph: Graph, user: Quantity, spot: Spot, start: Spot, room: int) -> list[Hop] | None:
    """The entries of `user` that use `spot`; None where there are more than `room`."""
    general = local_derivative(graph, user.name, user.axes, spot.name, spot.slots)
    if general is ZERO:
        return []
    if any(isinstance(axis.upper, str) for axis in user.axes):
        return None
    ranges = [_possible(axis, general) for axis in user.axes]
    if user.name == start.name:
        ranges = [[slot] for slot in start.slots]
    size = 1
    for values in ranges:
        size *= len(values)
    if size > room:
        return None
    found: list[Hop] = []
    for slots in product(*ranges):
        slope = substitute(general, dict(zip(user.axes, slots, strict=True)))
        if slope is not ZERO:
            found.append(Hop(Spot(user.name, tuple(slots)), spot, slope))
    return found


def _possible(axis: Index, slope: Expr) -> list[int]:
    """The values of an axis at which the derivative may differ from zero: where its deltas are 1."""
    terms = slope.args if isinstance(slope, Add) else (slope,)
    fixed: set[int] = set()
    for term in terms:
        here = {
            node.right
            for node in postorder(term)
            if isinstance(node, Same) and node.left == axis and isinstance(node.right, int)
        }
        if not here:
            return list(range(axis.lower, axis.lower + axis.size))
        fixed |= here
    return sorted(fixed)


def _reaching(start: Spot, hops: list[Hop]) -> list[Hop]:
    """Only the hops from which the start can be reached, the output's first."""
    wanted = {start}
    used: list[Hop] = []
    for hop in reversed(hops):
        if hop.of in wanted:
            wanted.add(hop.by)
            used.append(hop)
    return used


def _count(start: Spot, end: Spot, hops: list[Hop]) -> int:
    ways = {start: 1}
    for hop in hops:
        ways[hop.by] = ways.get(hop.by, 0) + ways.get(hop.of, 0)
    return ways.get(end, 0)


def without_aliases(graph: Graph, path: tuple[Hop, ...]) -> tuple[Hop, ...]:
    """A path without the hops that only rename: J = ℓ has the factor 1."""
    kept = tuple(hop for hop in path if not is_alias(graph[hop.of.name]))
    return kept or path


def routes(graph: Graph, of: str, by: str, most: int) -> list[list[str]]:
    """The ways from `of` to `by`, quantity by quantity; one more than `most` where there are more."""
    users = uses(graph, of)
    found: list[list[str]] = []
    stack: list[list[str]] = [[by]]
    while stack and len(found) <= most:
        route = stack.pop()
        if route[0] == of:
            found.append(route)
        else:
            stack += [[user.name, *route] for user in users.get(route[0], [])]
    return found
