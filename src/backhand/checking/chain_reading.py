"""A chain as it was typed: its derivatives, its numbers, what joins them.

A factor that isn't a derivative but worked out, as in 2(ŷ − y) · ∂ŷ/∂b, is read as the residues of
its entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from typing import Literal, TypeAlias

from backhand.calculus.chain import is_alias
from backhand.calculus.paths import Spot
from backhand.checking.bounds import check_work
from backhand.checking.residue_matrices import Matrix
from backhand.checking.residues import PRIME, Entries
from backhand.errors import LimitError, MeaningError
from backhand.expr import Ref, substitute
from backhand.graph import Graph
from backhand.reading.elaborate import Elaborator, Scope, known_graph
from backhand.reading.entries import slots_of, subscript
from backhand.reading.tensors import Tensor
from backhand.syntax import (
    Derive,
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

MAX_SUM = 64
"""The most terms of all sums in a chain together."""
MAX_KEPT = 4_096
"""The most derivatives that are kept from one answer to the next."""
MAX_WORKED = 400
"""The most entries of a factor that is worked out."""


@dataclass(frozen=True, slots=True)
class Factor:
    """∂of/∂by; no slots where the whole array is meant."""

    of: Spot
    by: Spot


@dataclass(frozen=True, slots=True)
class Worked:
    """A number, or a factor that was worked out; `formula` is None for a plain number."""

    matrix: Matrix
    formula: Formula | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts of a chain multiplied, added, or the one of them turned about."""

    sign: Literal["·", "+", "ᵀ"]
    parts: tuple[Chain, ...]


Chain: TypeAlias = Factor | Worked | Joined


def leaves(chain: Chain) -> Iterator[Factor | Worked]:
    """The factors of a chain in order, those of every term."""
    stack: list[Chain] = [chain]
    while stack:
        here = stack.pop()
        if isinstance(here, Joined):
            stack.extend(reversed(here.parts))
        else:
            yield here


@dataclass
class ChainReader:
    """Reads chains over the names of one graph; `sizes` are those of its axes without a number."""

    graph: Graph
    sizes: Mapping[str, int]
    entries: Entries
    known: dict[Partial, Factor] = field(default_factory=dict[Partial, Factor])

    terms: int = 0

    def read(self, chain: Formula) -> Chain:
        """A chain's parts. Raises `BackhandError` where a factor means nothing here."""
        self.terms = 0
        return self._read(chain)

    def _read(self, chain: Formula) -> Chain:
        match chain:
            case Partial():
                return self.factor(chain)
            case Num(number):
                exact = Fraction(number)
                return Worked(((exact.numerator * pow(exact.denominator, -1, PRIME) % PRIME,),))
            case Minus(of):
                return Joined("·", (Worked(((PRIME - 1,),)), self._read(of)))
            case Plus(terms) if has_derivative(chain):
                return Joined("+", tuple(map(self._read, terms)))
            case Times(factors, sign) if sign != "⊙" and has_derivative(chain):
                return Joined("·", tuple(map(self._read, factors)))
            case Flipped(of) if has_derivative(chain):
                return Joined("ᵀ", (self._read(of),))
            case Sum() if has_derivative(chain):
                return Joined("+", tuple(self._read(term) for term in self._terms(chain)))
            case _ if has_derivative(chain):
                raise MeaningError(
                    "derivatives are multiplied and added here, nothing else", "write dJ/dyhat"
                )
            case _:
                return self._worked(chain)

    def _worked(self, found: Formula) -> Worked:
        check_work(found)
        tensor = known_graph(self.graph).tensor(found, Scope())
        if any(isinstance(axis.upper, str) for axis in tensor.axes):
            raise MeaningError("this factor has no fixed size", "write each factor as dJ/dyhat")
        if tensor.rank > 2:
            raise MeaningError("this factor has over two axes", "write it as a derivative")
        rows = [self._row(tensor, slots) for slots in _positions(tensor)]
        matrix = tuple(tuple(row) for row in rows)
        if tensor.row:
            matrix = tuple(zip(*matrix, strict=True))
        return Worked(matrix, found)

    def _row(self, tensor: Tensor, positions: list[tuple[int, ...]]) -> list[int]:
        found: list[int] = []
        for slots in positions:
            here = substitute(tensor.expr, dict(zip(tensor.axes, slots, strict=True)))
            residue = self.entries.residue(here)
            if residue is None:
                raise MeaningError("this factor can't be worked out", "write it as a derivative")
            found.append(residue)
        return found

    # ---- sums ----------------------------------------------------------------------------------

    def _terms(self, chain: Sum) -> list[Formula]:
        """The terms of a sum over a letter, written out."""
        low, high = self._range(chain)
        self.terms += max(high - low, 0) + 1
        if self.terms > MAX_SUM:
            raise LimitError(f"the sums have over {MAX_SUM} terms", "write fewer", chain.place)
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

    # ---- derivatives ---------------------------------------------------------------------------

    def factor(self, found: Partial) -> Factor:
        """What a derivative's sign names. Raises `MeaningError` for an unknown name."""
        if found.then:
            raise MeaningError("a chain has first derivatives only", "write dJ/dyhat")
        if found not in self.known:
            if len(self.known) > MAX_KEPT:
                self.known.clear()
            reader = known_graph(self.graph)
            sides = Factor(spot_of(found.of, reader), spot_of(found.by, reader))
            self.known[found] = self.plain(sides)
        return self.known[found]

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


def has_derivative(found: Formula) -> bool:
    """Whether there is a derivative's sign in a formula."""
    match found:
        case Partial() | Derive():
            return True
        case Num() | Name() | Entry():
            return False
        case _:
            seen: list[Formula] = []

            def leaf(part: Formula) -> Formula | None:
                if isinstance(part, Partial | Derive):
                    seen.append(part)
                return part if seen else None

            replaced(found, leaf)
            return bool(seen)


def _positions(tensor: Tensor) -> list[list[tuple[int, ...]]]:
    """The positions of a tensor's entries by rows: a column has one in each row."""
    ranges = [range(a.lower, a.lower + a.size) for a in tensor.axes]
    count = 1
    for each in ranges:
        count *= len(each)
    if count > MAX_WORKED:
        raise LimitError("this factor has too many entries to compare")
    if len(ranges) < 2:
        return [[slots] for slots in product(*ranges)]
    return [[(row, column) for column in ranges[1]] for row in ranges[0]]


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
