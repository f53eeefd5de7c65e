"""A side of a line as an expression over the page's names, the author's, and derivatives.

What the elaborator doesn't know becomes a name of its own with a way to its value: a derivative, a
decimal number, a primed function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from backhand.calculus.chain import backward
from backhand.calculus.paths import Spot
from backhand.checking.audit_numbers import last_place
from backhand.checking.chain_reading import Factor
from backhand.checking.chains import Chains
from backhand.checking.numerals import Numeral
from backhand.differentiation import local
from backhand.errors import MeaningError
from backhand.expr import Expr, Ref, names, rewrite
from backhand.graph import Graph, Layout, Quantity, Role, Value, axes
from backhand.reading.elaborate import Elaborator, Scope, known_graph
from backhand.reading.tensors import Tensor, by_entry
from backhand.slots import Index
from backhand.syntax import Call, Entry, Flipped, Formula, Name, Num, Partial, Times, replaced

if TYPE_CHECKING:
    from backhand.checking.audit_worlds import World

Convention: TypeAlias = Literal["numerator", "denominator", "shaped"]
"""A layout, or `shaped`: derivatives of a number in the shape of what they are by."""
Weights: TypeAlias = Literal["folded", "plain", "bare"]
"""A matrix with its bias column as the page has it, as any matrix, or without that column where it is
transposed or comes last in a product, as in the way back."""
Compute: TypeAlias = Callable[["World"], Value]


@dataclass(frozen=True, slots=True)
class Made:
    """A name that the graph doesn't have: its axes, and its value in a world.

    `key`: the derivative that it is. `literal`: the decimal number that it stands for. `own`: the
    author's name that it is, read under one convention.
    """

    quantity: Quantity
    compute: Compute
    key: Factor | None = None
    literal: Numeral | None = None
    uses: frozenset[str] = frozenset()
    own: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """A side that was read: an expression over `axes`; `row` as in a tensor."""

    formula: Formula
    expr: Expr
    axes: tuple[Index, ...]
    row: bool

    @property
    def names(self) -> frozenset[str]:
        return names(self.expr)


@dataclass
class Pool:
    """Everything that a solution may name, growing as it is read."""

    graph: Graph
    layout: Layout
    chains: Chains
    made: dict[str, Made] = field(default_factory=dict[str, Made])
    own: dict[str, Formula] = field(default_factory=dict[str, Formula])
    """What the author's own names stand for."""
    _whole: Graph | None = None
    _backward: dict[str, Graph] = field(default_factory=dict[str, Graph])
    _read: dict[tuple[Formula, Convention, Weights], Side] = field(
        default_factory=dict[tuple[Formula, Convention, Weights], Side]
    )

    @property
    def whole(self) -> Graph:
        """The graph with the names that were made, as given quantities."""
        if self._whole is None:
            extra = tuple(m.quantity for m in self.made.values())
            self._whole = replace(self.graph, quantities=(*self.graph.quantities, *extra))
        return self._whole

    def backward(self, of: str) -> Graph:
        """The graph with the derivatives of a quantity, made once."""
        if of not in self._backward:
            self._backward[of] = backward(self.graph, of)
        return self._backward[of]

    def add(self, made: Made) -> None:
        """One more name."""
        self.made[made.quantity.name] = made
        self._whole = None

    def forget(self) -> None:
        """Sides read before mean something else now."""
        self._read.clear()

    def names(self) -> frozenset[str]:
        """What a formula may name."""
        return frozenset((*(q.name for q in self.graph), *self.own))

    def side(self, formula: Formula, how: Convention, weights: Weights) -> Side:
        """A formula's meaning.  Raises `BackhandError`."""
        key = formula, how, weights
        if key not in self._read:
            tensor = self._tensor(formula, how, weights)
            self._read[key] = Side(formula, tensor.expr, tensor.axes, tensor.row)
        return self._read[key]

    def _tensor(self, formula: Formula, how: Convention, weights: Weights) -> Tensor:
        def leaf(part: Formula) -> Formula | None:
            match part:
                case Partial():
                    return Name(self._derivative(part, how))
                case Num(Fraction() as value, text) if "." in text or "e" in text.lower():
                    return Name(self._literal(value, text))
                case Call(function, (arg,), 1):
                    return Name(self._primed(function, arg, how, weights))
                case Name(name) if (own := self._own(name, how, weights)) is not None:
                    return own
                case Entry(Name(name), slots) if name in self.own:
                    own = self._own(name, how, weights)
                    assert own is not None
                    return Entry(own, slots)
                case Flipped(Name(name)) if weights == "bare" and self._is_folded(name):
                    return Flipped(Name(self._without_bias(name, 1)))
                case Times((*before, Name(name))) if weights == "bare" and self._is_folded(name):
                    rest = tuple(replaced(factor, leaf) for factor in before)
                    return replace(part, factors=(*rest, Name(self._without_bias(name, 1))))
                case Name(name) if weights == "plain" and self._is_folded(name):
                    return Name(self._without_bias(name, 0))
                case Entry(Name()):
                    return part
                case _:
                    return None

        changed = replaced(formula, leaf)
        reader = self.reader()
        found = reader.tensor(changed, Scope())
        if reader.folds:
            raise MeaningError(
                f"the shapes don't fit: {', '.join(reader.folds)} has one column more"
            )
        for name in [n for n in reader.quantities if n not in self.whole]:
            self._nameless(reader.quantities[name])
        return found

    def _nameless(self, quantity: Quantity) -> None:
        """A vector that was given a name so that a 1 can be put before it."""
        assert quantity.definition is not None
        side = Side(Name(quantity.name), quantity.definition, quantity.axes, False)

        def compute(world: World) -> Value:
            return world.value(side, plain=False)

        self.add(Made(replace(quantity, definition=None), compute, uses=side.names))

    def _own(self, name: str, how: Convention, weights: Weights) -> Formula | None:
        """A name of the author's own, as it is read under a convention."""
        if name not in self.own:
            base, _, tail = name.rpartition("_")
            if base not in self.own or not tail.isdecimal() or name in self.graph:
                return None
            inner = self._own(base, how, weights)
            assert inner is not None
            return Entry(inner, (Num(Fraction(tail)),))
        spelled = f"{name} {how}{weights}"
        if spelled not in self.made:
            tensor = self._tensor(self.own[name], how, weights)
            side = Side(self.own[name], tensor.expr, tensor.axes, tensor.row)
            sizes = [axis.extent for axis in tensor.axes]
            shape = axes(*([1, *sizes] if tensor.row else sizes))

            def compute(world: World) -> Value:
                return world.value(side, plain=False)

            quantity = Quantity(name=spelled, axes=shape, role=Role.DATA)
            self.add(Made(quantity, compute, uses=side.names, own=name))
        return Name(spelled)

    def reader(self) -> Elaborator:
        """An elaborator that knows every name."""
        return known_graph(self.whole)

    # ---- what becomes a name ---------------------------------------------------------------------

    def factor(self, found: Partial) -> Factor:
        """What a derivative is of and by."""
        return self.chains.reader.factor(found)

    def _derivative(self, found: Partial, how: Convention) -> str:
        factor = self.factor(found)
        name = f"∂{factor.of.name}{list(factor.of.slots)}/∂{factor.by.name}{list(factor.by.slots)}"
        name = f"{name} {how}"
        if name not in self.made:
            rows, columns = (self._shape(s) for s in (factor.of, factor.by))
            shape, turn = _laid_out(rows, columns, how)
            quantity = Quantity(name=name, axes=axes(*shape), role=Role.DATA)

            def compute(world: World) -> Value:
                return turn(world.derivative(factor)).reshape(shape)

            self.add(Made(quantity, compute, key=factor))
        return name

    def _shape(self, at: Spot) -> tuple[int, ...]:
        quantity = self.graph[at.name]
        if len(at.slots) == quantity.rank:
            return ()
        if at.slots:
            raise MeaningError(f"a row of {at.name} is no quantity", "name an entry, or all of it")
        if any(isinstance(a.upper, str) for a in quantity.axes):
            raise MeaningError(f"{at.name} has no size here")
        return quantity.shape

    def _literal(self, value: Fraction, text: str) -> str:
        name = f"‹{text}›"
        if name not in self.made:
            cell = Numeral(value, last_place(value, text))
            quantity = Quantity(name=name, axes=(), role=Role.DATA)
            self.add(Made(quantity, lambda _: np.array(float(value)), literal=cell))
        return name

    def _primed(self, function: str, arg: Formula, how: Convention, weights: Weights) -> str:
        """g'(arg), entry by entry."""
        inside = self._tensor(arg, how, weights)
        reader = self.reader()
        reader.quantities["•"] = Quantity(name="•", axes=(), role=Role.DATA)
        slope = local(reader.tensor(Call(function, (Name("•"),)), Scope()).expr, "•", ())

        def at(node: Expr) -> Expr:
            return rewrite(slope, lambda n: node if isinstance(n, Ref) and n.name == "•" else None)

        found = by_entry(at, inside) if names(slope) else inside
        own = axes(*(axis.extent for axis in found.axes))
        name = f"{function}'({inside.expr!r})"
        if name not in self.made:
            side = Side(arg, found.expr, found.axes, found.row)

            def compute(world: World) -> Value:
                return world.value(side, plain=False)

            quantity = Quantity(name=name, axes=own, role=Role.DATA)
            self.add(Made(quantity, compute, uses=side.names))
        return name

    def _is_folded(self, name: str) -> bool:
        return name in self.graph and self.graph[name].folded

    def _without_bias(self, name: str, first: int) -> str:
        """The weights as a matrix from column `first` on, whose columns count from 1."""
        spelled = f"{name} from {first}"
        if spelled not in self.made:
            rows, columns = self.graph[name].shape
            quantity = Quantity(name=spelled, axes=axes(rows, columns - first), role=Role.DATA)
            uses = frozenset((name,))
            self.add(Made(quantity, lambda world: world.need(name)[:, first:], uses=uses))
        return spelled


def _laid_out(
    rows: tuple[int, ...], columns: tuple[int, ...], how: Convention
) -> tuple[tuple[int, ...], Callable[[Value], Value]]:
    """The shape of a derivative on the page, and how it comes from an array by `of`, then `by`."""
    match len(rows), len(columns):
        case 0, 0:
            return (), _kept
        case 0, 1:
            return ((1, columns[0]) if how == "numerator" else columns), _kept
        case 0, 2:
            turned = how == "numerator" and min(columns) > 1
            return (columns[::-1], np.transpose) if turned else (columns, _kept)
        case 1, 0:
            return ((1, rows[0]) if how == "denominator" else rows), _kept
        case 1, 1:
            turned = how == "denominator"
            return ((columns[0], rows[0]), np.transpose) if turned else ((*rows, *columns), _kept)
        case _:
            raise MeaningError(
                "a derivative of an array by a matrix has more than two axes",
                "write one entry of it, such as ∂a_1/∂W_1[1,2]",
            )


def _kept(value: Value) -> Value:
    return value


def literals(formula: Formula) -> Iterator[Num]:
    """The decimal numbers of a formula."""
    found: list[Num] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Num) and ("." in part.text or "e" in part.text.lower()):
            found.append(part)
        return part if isinstance(part, Num) else None

    replaced(formula, leaf)
    yield from found


def has_arrays_of_derivatives(formula: Formula, pool: Pool) -> bool:
    """Whether the layout matters: a derivative of or by more than one entry stands there."""
    return any(
        len(spot.slots) < pool.graph[spot.name].rank
        for factor in factors(formula, pool)
        for spot in (factor.of, factor.by)
    )


def factors(formula: Formula, pool: Pool) -> list[Factor]:
    """The derivatives that stand in a formula."""
    found: list[Factor] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Partial):
            found.append(pool.factor(part))
            return part
        return None

    replaced(formula, leaf)
    return found


def has_folded(formula: Formula, pool: Pool) -> bool:
    """Whether weights with a bias column stand there as a whole, beside something else."""
    found: list[str] = []

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Name(name) if name in pool.graph and pool.graph[name].folded:
                found.append(name)
            case Entry() | Partial():
                return part
            case _:
                pass
        return None

    replaced(formula, leaf)
    return bool(found)
