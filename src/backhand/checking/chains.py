"""The derivatives of a graph's entries by one another, modulo the prime, and what a chain comes to.

Every local derivative between two entries is taken for a letter. The derivative of one entry by
another is then a sum over paths of products of letters, and a chain is right where it comes to the
same number: factors may be combined, in any order where they are scalars, and in the layout's
order where they are matrices. A chain with factors that are worked out is compared by the residues
of the local derivatives instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise, product
from typing import Literal, TypeAlias

from backhand.calculus.chain import is_alias, local_derivative
from backhand.calculus.paths import Spot, paths, routes, without_aliases
from backhand.checking.chain_reading import (
    MAX_KEPT,
    Chain,
    ChainReader,
    Factor,
    Joined,
    Worked,
)
from backhand.checking.chain_spelling import Spellings
from backhand.checking.residue_matrices import Matrix, flipped, summed
from backhand.checking.residue_matrices import product as product_of
from backhand.checking.residues import PRIME, Entries, letter
from backhand.errors import LimitError, MeaningError
from backhand.expr import ZERO, Expr, names, substitute
from backhand.graph import Graph, Layout, Quantity

Reading: TypeAlias = Literal["whole", "direct"]
"""Whether a factor between neighbours counts every way between them, or the direct one only."""
Slope: TypeAlias = Callable[[Expr, Spot, Spot], int]
"""What a local derivative is taken for."""
MAX_ENTRIES = 20_000
"""The most entries that a chain's arrays may have together."""
MAX_ROUTES = 8


def as_letter(_: Expr, of: Spot, by: Spot) -> int:
    """A local derivative as a letter of its own."""
    return letter(f"{of} {by}")


def as_residue(slope: Expr, of: Spot, by: Spot, *, entries: Entries) -> int:
    """A local derivative worked out. Raises `MeaningError` where it can't be."""
    found = entries.residue(slope)
    if found is None:
        raise MeaningError(f"∂{of.name}/∂{by.name} can't be worked out here", "write it as a sign")
    return found


@dataclass
class Derivatives:
    """The derivatives of one graph as numbers modulo the prime, each worked out once."""

    graph: Graph
    sizes: Mapping[str, int]
    slope: Slope
    columns: dict[Spot, dict[Spot, int]] = field(default_factory=dict[Spot, dict[Spot, int]])
    edges: dict[tuple[str, Spot], dict[Spot, int]] = field(
        default_factory=dict[tuple[str, Spot], dict[Spot, int]]
    )
    made: dict[tuple[Factor, Reading], Matrix] = field(
        default_factory=dict[tuple[Factor, Reading], Matrix]
    )

    def entries(self, at: Spot) -> list[Spot]:
        """The entries that are meant: one, or all of an array."""
        quantity = self.graph[at.name]
        if len(at.slots) == quantity.rank:
            return [at]
        ranges: list[range] = []
        count = 1
        for axis in quantity.axes:
            upper = self.sizes[axis.upper] if isinstance(axis.upper, str) else axis.upper
            ranges.append(range(axis.lower, upper + 1))
            count *= max(upper + 1 - axis.lower, 0)
        if count > MAX_ENTRIES:
            raise LimitError(f"{at.name} has too many entries for a chain of matrices")
        return [Spot(at.name, slots) for slots in product(*ranges)]

    def edge(self, user: Quantity, used: Spot) -> Mapping[Spot, int]:
        """The direct derivatives of the entries of `user` by one entry, without the zeros."""
        key = user.name, used
        if key not in self.edges:
            self.edges[key] = dict(self._edge(user, used))
        return self.edges[key]

    def _edge(self, user: Quantity, used: Spot) -> Iterator[tuple[Spot, int]]:
        general = local_derivative(self.graph, user.name, user.axes, used.name, used.slots)
        if general is ZERO:
            return
        for each in self.entries(Spot(user.name, ())):
            here = dict(zip(user.axes, each.slots, strict=True))
            slope: Expr = substitute(general, here)
            if slope is not ZERO:
                yield each, 1 if is_alias(user) else self.slope(slope, each, used)

    def column(self, by: Spot) -> Mapping[Spot, int]:
        """The derivative of everything by one entry."""
        if by not in self.columns:
            found: dict[Spot, int] = {by: 1}
            touched = {by.name}
            for quantity in self.graph:
                if quantity.definition is None or quantity.name == by.name:
                    continue
                for name in names(quantity.definition) & touched:
                    for used in [s for s in found if s.name == name]:
                        for user, slope in self.edge(quantity, used).items():
                            add = found[used] * slope
                            found[user] = (found.get(user, 0) + add) % PRIME
                            touched.add(quantity.name)
            self.columns[by] = found
        return self.columns[by]

    def derivative(self, factor: Factor, reading: Reading) -> Matrix:
        """∂of/∂by, a row for each entry of `of`."""
        key = factor, reading
        if key not in self.made:
            if len(self.made) > MAX_KEPT:
                self.made.clear()
            self.made[key] = self._derivative(factor, reading)
        return self.made[key]

    def _derivative(self, factor: Factor, reading: Reading) -> Matrix:
        quantity = self.graph[factor.of.name]
        direct = (
            reading == "direct"
            and quantity.definition is not None
            and factor.by.name in names(quantity.definition)
        )
        rows, by = self.entries(factor.of), self.entries(factor.by)
        if len(rows) * len(by) > MAX_ENTRIES:
            raise LimitError("this chain's matrices are too large to compare")
        columns = [self.edge(quantity, b) if direct else self.column(b) for b in by]
        return tuple(tuple(column.get(row, 0) for column in columns) for row in rows)

    def value(self, chain: Chain, reading: Reading, layout: Layout) -> Matrix:
        """What a chain comes to. Raises `MeaningError` where the shapes don't fit."""
        match chain:
            case Factor():
                made = self.derivative(chain, reading)
                return made if layout == "numerator" else flipped(made)
            case Worked(matrix):
                return matrix
            case Joined("·", parts):
                result = self.value(parts[0], reading, layout)
                for part in parts[1:]:
                    result = product_of(result, self.value(part, reading, layout))
                return result
            case Joined("+", parts):
                return summed([self.value(part, reading, layout) for part in parts])
            case Joined(_, parts):
                return flipped(self.value(parts[0], reading, layout))


class Chains:
    """What is known of one graph's chains: it doesn't depend on the answer."""

    def __init__(self, graph: Graph) -> None:
        letters = sorted({a.upper for q in graph for a in q.axes if isinstance(a.upper, str)})
        sizes = {letter: 2 + at for at, letter in enumerate(letters)}
        entries = Entries(graph)
        self.graph = graph
        self.reader = ChainReader(graph, sizes, entries)
        self.lettered = Derivatives(graph, sizes, as_letter)
        self.worked = Derivatives(graph, sizes, partial(as_residue, entries=entries))
        self.spellings = Spellings(self.reader)
        self.finest: dict[Factor, list[Factor]] = {}

    def plain(self, factor: Factor) -> Factor:
        """The factor without second names."""
        return self.reader.plain(factor)

    def wanted(self, whole: Factor) -> list[Factor]:
        """The factors of the finest chain, each once."""
        if whole not in self.finest:
            self.finest[whole] = self._wanted(whole)
        return self.finest[whole]

    def _wanted(self, whole: Factor) -> list[Factor]:
        found: dict[Factor, None] = {}
        entries = self.graph[whole.of.name].rank == len(whole.of.slots)
        entries = entries and self.graph[whole.by.name].rank == len(whole.by.slots)
        ways = paths(self.graph, whole.of, whole.by) if entries else None
        if ways is not None and ways.count <= MAX_ROUTES:
            for path in ways.each():
                for hop in without_aliases(self.graph, path):
                    found[self.plain(Factor(hop.of, hop.by))] = None
            return list(found)
        for route in routes(self.graph, whole.of.name, whole.by.name, MAX_ROUTES):
            for step in pairwise(route):
                factor = self.plain(Factor(self.whole(step[0]), self.whole(step[1])))
                if factor.of != factor.by:
                    found[factor] = None
        return list(found)

    def whole(self, name: str) -> Spot:
        """All of a quantity; its entry where it has one only."""
        quantity = self.graph[name]
        return Spot(name, tuple(a.lower for a in quantity.axes) if quantity.single else ())

    def is_possible(self, factor: Factor) -> bool:
        """Whether this derivative isn't zero everywhere."""
        return any(any(row) for row in self.lettered.derivative(factor, "whole"))
