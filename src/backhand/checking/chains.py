"""Chains of derivatives as a student writes them, against the paths of the graph.

Every local derivative between two entries is taken for a letter, a number modulo a large prime. The
derivative of one entry by another is then a sum over paths of products of letters, and a chain
is right where it comes to the same number: factors may be combined, in any order where they are
scalars, and in the layout's order where they are matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise, product
from typing import Literal, TypeAlias

from backhand.calculus.chain import is_alias, local_derivative
from backhand.calculus.paths import Spot, paths, routes, without_aliases
from backhand.checking.residues import PRIME, letter
from backhand.errors import LimitError, MeaningError
from backhand.expr import ZERO, Expr, Ref, names, substitute
from backhand.graph import Graph, Layout, Quantity
from backhand.reading.elaborate import Elaborator, Scope, known_graph
from backhand.reading.entries import slots_of, subscript
from backhand.syntax import (
    Entry,
    Flipped,
    Formula,
    Minus,
    Name,
    Num,
    Partial,
    Plus,
    Sum,
    Times,
    replaced,
)

Matrix: TypeAlias = tuple[tuple[int, ...], ...]
Reading: TypeAlias = Literal["whole", "direct"]
"""Whether a factor between neighbours counts every way between them, or the direct one only."""
MAX_ENTRIES = 20_000
"""The most entries that a chain's arrays may have together."""
MAX_SUM = 64
MAX_ROUTES = 8
MAX_KEPT = 4_096
"""The most derivatives that are kept from one answer to the next."""


@dataclass(frozen=True, slots=True)
class Factor:
    """∂of/∂by; no slots where the whole array is meant."""

    of: Spot
    by: Spot


@dataclass
class Chains:
    """The derivatives of one graph as numbers modulo the prime, each worked out once."""

    graph: Graph
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    columns: dict[Spot, dict[Spot, int]] = field(default_factory=dict[Spot, dict[Spot, int]])
    edges: dict[tuple[str, Spot], dict[Spot, int]] = field(
        default_factory=dict[tuple[str, Spot], dict[Spot, int]]
    )

    finest: dict[Factor, list[Factor]] = field(default_factory=dict[Factor, list[Factor]])
    named: dict[Partial, Factor] = field(default_factory=dict[Partial, Factor])
    made: dict[tuple[Factor, Reading], Matrix] = field(
        default_factory=dict[tuple[Factor, Reading], Matrix]
    )

    def __post_init__(self) -> None:
        letters = sorted({a.upper for q in self.graph for a in q.axes if isinstance(a.upper, str)})
        self.sizes = {letter: 2 + at for at, letter in enumerate(letters)}

    # ---- entries and letters -------------------------------------------------------------------

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
                yield each, 1 if is_alias(user) else letter(f"{each} {used}")

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

    # ---- a chain -------------------------------------------------------------------------------

    def value(self, chain: Formula, reading: Reading, layout: Layout) -> Matrix:
        """A chain's value. Raises `MeaningError` where it has none."""
        match chain:
            case Partial():
                made = self.derivative(self.factor(chain), reading)
                return made if layout == "numerator" else _flipped(made)
            case Num(number):
                exact = Fraction(number)
                return ((exact.numerator * pow(exact.denominator, -1, PRIME) % PRIME,),)
            case Minus(of):
                return _scaled(self.value(of, reading, layout), PRIME - 1)
            case Plus(terms):
                parts = [self.value(term, reading, layout) for term in terms]
                return _summed(parts)
            case Times(factors, sign) if sign != "⊙":
                result = self.value(factors[0], reading, layout)
                for factor in factors[1:]:
                    result = _product(result, self.value(factor, reading, layout))
                return result
            case Flipped(of):
                return _flipped(self.value(of, reading, layout))
            case Sum():
                return _summed([self.value(term, reading, layout) for term in self.terms(chain)])
            case _:
                raise MeaningError("not every factor is a derivative", "write each as dJ/dyhat")

    def terms(self, chain: Sum) -> list[Formula]:
        """The terms of a sum over a letter, written out."""
        low, high = self._range(chain)
        if high - low > MAX_SUM:
            raise LimitError("this sum has too many terms to compare")
        return [_with_letter(chain.body, chain.letter, n) for n in range(low, high + 1)]

    def _range(self, chain: Sum) -> tuple[int, int]:
        lower = int(chain.lower.value) if isinstance(chain.lower, Num) else None
        match chain.upper:
            case Num(number):
                return lower or 1, int(number)
            case Name(name) if name in self.sizes:
                return lower or 1, self.sizes[name]
            case _:
                pass
        for name in _counted_by(chain.body, chain.letter):
            if name in self.graph and self.graph[name].rank:
                axis = self.graph[name].axes[0]
                upper = self.sizes[axis.upper] if isinstance(axis.upper, str) else axis.upper
                return axis.lower if lower is None else lower, upper
        raise MeaningError(f"I can't tell how far {chain.letter} counts", "write the sum's limits")

    def factor(self, found: Partial) -> Factor:
        """What a derivative's sign names. Raises `MeaningError` for an unknown name."""
        if found.then:
            raise MeaningError("a chain has first derivatives only", "write dJ/dyhat")
        if found not in self.named:
            if len(self.named) > MAX_KEPT:
                self.named.clear()
            reader = known_graph(self.graph)
            sides = Factor(spot_of(found.of, reader), spot_of(found.by, reader))
            self.named[found] = self.plain(sides)
        return self.named[found]

    def factors(self, chain: Formula) -> list[Factor]:
        """Every derivative in a chain, in order."""
        found: list[Factor] = []

        def leaf(part: Formula) -> Formula | None:
            match part:
                case Partial():
                    found.append(self.factor(part))
                    return part
                case Sum():
                    for term in self.terms(part):
                        found.extend(self.factors(term))
                    return part
                case _:
                    return None

        replaced(chain, leaf)
        return found

    def root(self, name: str) -> str:
        """The quantity of which a name is only another name: ell for the objective J = ell(y, yhat)."""
        aim = self.graph.objective
        own = self.graph[name].definition
        if aim is not None and own is not None and self.graph[aim].definition is own:
            name = aim
        while is_alias(self.graph[name]):
            definition = self.graph[name].definition
            assert isinstance(definition, Ref)
            name = definition.name
        return name

    def plain(self, factor: Factor) -> Factor:
        """The factor without second names."""
        return Factor(*(Spot(self.root(s.name), s.slots) for s in (factor.of, factor.by)))

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
        return any(any(row) for row in self.derivative(factor, "whole"))


def spot_of(found: Formula, reader: Elaborator) -> Spot:
    """The entry or array that a formula names. Raises `MeaningError` where it names none."""
    if isinstance(found, Name) and found.name in reader.quantities:
        quantity = reader.quantities[found.name]
        return Spot(found.name, tuple(a.lower for a in quantity.axes) if quantity.single else ())
    if isinstance(found, Entry) and found.point is None:
        name, slots = slots_of(reader, found, Scope())
    elif isinstance(found, Name) and (at := subscript(reader, found.name, Scope())):
        name, slots = at
    elif isinstance(found, Name):
        raise reader.unknown(found.name, found.place)
    else:
        raise MeaningError("a derivative is of a name, by a name", "write dJ/dyhat")
    quantity = reader.quantities[name]
    whole = tuple(s for s in slots if isinstance(s, int))
    if not all(a.covers(s) for a, s in zip(quantity.axes, whole, strict=False)) and not any(
        isinstance(a.upper, str) for a in quantity.axes
    ):
        raise MeaningError(f"{name} has no entry {list(whole)}", "", getattr(found, "place", None))
    return Spot(name, whole)


def _counted_by(body: Formula, letter: str) -> list[str]:
    """The names of which a letter numbers the entries."""
    found: list[str] = []

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Name(name) if name.endswith(f"_{letter}"):
                found.append(name.removesuffix(f"_{letter}"))
            case Entry(Name(name), slots) if slots and slots[0] == Name(letter):
                found.append(name)
            case _:
                pass
        return None

    replaced(body, leaf)
    return found


def _with_letter(body: Formula, letter: str, value: int) -> Formula:
    """The term of a sum at one value of its letter."""

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Name(name) if name == letter:
                return Num(Fraction(value))
            case Name(name) if name.endswith(f"_{letter}"):
                base = name.removesuffix(f"_{letter}")
                return Entry(replace(part, name=base), (Num(Fraction(value)),))
            case _:
                return None

    return replaced(body, leaf)


# ---- matrices modulo the prime -----------------------------------------------------------------


def _flipped(m: Matrix) -> Matrix:
    return tuple(zip(*m, strict=True))


def _scaled(m: Matrix, by: int) -> Matrix:
    return tuple(tuple(x * by % PRIME for x in row) for row in m)


def _summed(parts: list[Matrix]) -> Matrix:
    if len({(len(m), len(m[0])) for m in parts}) > 1:
        raise MeaningError("the terms of this sum have different shapes", "check the order")
    return tuple(
        tuple(sum(cells) % PRIME for cells in zip(*rows, strict=True))
        for rows in zip(*parts, strict=True)
    )


def _product(left: Matrix, right: Matrix) -> Matrix:
    if len(left) == len(left[0]) == 1:
        return _scaled(right, left[0][0])
    if len(right) == len(right[0]) == 1:
        return _scaled(left, right[0][0])
    if len(left[0]) != len(right):
        raise MeaningError(
            f"a {len(left)}×{len(left[0])} matrix times a {len(right)}×{len(right[0])} one doesn't fit",
            "check the order of the factors",
        )
    columns = _flipped(right)
    return tuple(
        tuple(sum(a * b for a, b in zip(row, column, strict=True)) % PRIME for column in columns)
        for row in left
    )
