"""The numbers that a solution's names may stand for: the page's own, the author's, others to test with.

A world gives every name a value. What the author wrote replaces what the page's equations give, and
everything after it is worked out again: follow-through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.paths import Hop, Spot, is_entry
from backhand.checking.audit_numbers import squeezed
from backhand.checking.audit_sides import Pool, Side
from backhand.checking.chain_reading import Factor
from backhand.checking.recomputing import Number, Slope, derivative_with, ways
from backhand.errors import MeaningError
from backhand.expr import Expr, names
from backhand.graph import Graph, Quantity, Role, Value
from backhand.notation import partial_name
from backhand.values import floats

Key: TypeAlias = Spot | Factor
"""What a line gives a value to: an entry or an array, or a derivative."""


@dataclass
class World:
    """Values for every name. `data`: other given values; `given`: values instead of equations.

    `formulas`: wrong formulas of the author's own, to be used instead of the page's. `literals`: what
    decimal numbers stand for. `definitions` and `slopes` are changes that a slip makes.
    """

    pool: Pool
    data: Mapping[str, Value] = field(default_factory=dict[str, Value])
    given: Mapping[Key, Value] = field(default_factory=dict[Key, Value])
    formulas: Mapping[Key, Side] = field(default_factory=dict[Key, Side])
    literals: Mapping[str, float] = field(default_factory=dict[str, float])
    definitions: Mapping[str, Expr] = field(default_factory=dict[str, Expr])
    slopes: Slope | None = None
    values: dict[str, Value] = field(default_factory=dict[str, Value])
    _adjoints: dict[str, Graph] = field(default_factory=dict[str, Graph])

    def __post_init__(self) -> None:
        for quantity in self.pool.graph:
            value = self._value(quantity)
            if value is not None:
                self.values[quantity.name] = self._patched(quantity, value)

    def _value(self, quantity: Quantity) -> Value | None:
        name = quantity.name
        whole = Spot(name, ())
        if whole in self.given and self.given[whole].size == quantity.size:
            return self.given[whole].reshape(quantity.shape)
        if whole in self.formulas:
            found = self._own(self.formulas[whole])
            if found is not None and found.size == quantity.size:
                return found.reshape(quantity.shape)
        if name in self.data:
            return self.data[name]
        if quantity.value is not None:
            return floats(quantity.value)
        definition = self.definitions.get(name, quantity.definition)
        if definition is None or not computable(definition, self.values):
            return None
        return floats(evaluate(definition, quantity.axes, self.pool.graph, self.values))

    def _own(self, side: Side) -> Value | None:
        try:
            return self.value(side)
        except (KeyError, MeaningError):
            return None

    def _patched(self, quantity: Quantity, value: Value) -> Value:
        """The value with the entries that were given one by one."""
        for at, entry in self._entries(quantity.name):
            value = value.copy()
            slots = (s - a.lower for s, a in zip(at.slots, quantity.axes, strict=True))
            value[tuple(slots)] = entry
        return value

    def _entries(self, name: str) -> list[tuple[Spot, float]]:
        found = [
            (key, float(value.ravel()[0]))
            for key, value in self.given.items()
            if isinstance(key, Spot) and key.name == name and key.slots and value.size == 1
        ]
        for key, side in self.formulas.items():
            if isinstance(key, Spot) and key.name == name and key.slots:
                own = self._own(side)
                if own is not None and own.size == 1:
                    found.append((key, float(own.ravel()[0])))
        return found

    # ---- asking for a value ----------------------------------------------------------------------

    def need(self, name: str) -> Value:
        """A name's value. Raises `MeaningError` where it has none."""
        if name in self.values:
            return self.values[name]
        if name not in self.pool.made:
            raise MeaningError(f"{name} has no value here", "give it a value")
        made = self.pool.made[name]
        spot = Spot(made.own or name, ())
        if made.literal is not None and name in self.literals:
            found = np.array(self.literals[name])
        elif spot in self.given and self.given[spot].size == made.quantity.size:
            found = self.given[spot]
        elif spot in self.formulas:
            found = self.value(self.formulas[spot], plain=False)
            if found.size != made.quantity.size:
                found = made.compute(self)
        else:
            found = made.compute(self)
        self.values[name] = np.asarray(found, dtype=float).reshape(made.quantity.shape)
        return self.values[name]

    def value(self, side: Side, *, plain: bool = True) -> Value:
        """A side's value; `plain`: without axes of one entry. Raises `MeaningError` for none."""
        for name in side.names:
            self.need(name)
        if not computable(side.expr, self.values):
            raise MeaningError("this has no value", "give every name in it a value")
        found = floats(evaluate(side.expr, side.axes, self.pool.whole, self.values))
        return squeezed(found) if plain else found

    def derivative(self, factor: Factor) -> Value:
        """∂of/∂by as an array by the entries of `of`, then of `by`."""
        graph = self.pool.graph
        own = self._own_derivative(factor)
        if own is not None:
            return own
        if self.slopes is not None or self._has_locals(factor):
            found = ways(graph, factor.of, factor.by)
            if found is not None:
                number = derivative_with(graph, found, self.values, self._slope)
                if number is not None:
                    return np.array(float(number))
        return self._by_backward(factor)

    def _own_derivative(self, factor: Factor) -> Value | None:
        if factor in self.given:
            return self.given[factor]
        if factor in self.formulas:
            return self._own(self.formulas[factor])
        whole = Factor(factor.of, Spot(factor.by.name, ()))
        if factor.by.slots and whole in self.given:
            quantity = self.pool.graph[factor.by.name]
            value = self.given[whole]
            if value.size == quantity.size:
                return np.array(quantity.entry(value.reshape(quantity.shape), factor.by.slots))
        return None

    def _has_locals(self, factor: Factor) -> bool:
        keys = [k for k in (*self.given, *self.formulas) if isinstance(k, Factor)]
        return any(k.of != factor.of and is_entry(self.pool.graph, k.by) for k in keys)

    def _slope(self, hop: Hop) -> Expr | Number | None:
        own = self._own_derivative(self.pool.chains.plain(Factor(hop.of, hop.by)))
        if own is not None and own.size == 1:
            return float(own.ravel()[0])
        return self.slopes(hop) if self.slopes is not None else None

    def _by_backward(self, factor: Factor) -> Value:
        """From the backward pass of `of`, with derivatives of the author's own on the way."""
        graph, of, by = self.pool.graph, factor.of, factor.by
        if of.name not in self._adjoints:
            self._adjoints[of.name] = self.pool.backward(of.name)
            for quantity in self._adjoints[of.name].quantities[len(graph.quantities) :]:
                self._adjoint(quantity, of)
        name = partial_name(of.name, by.name)
        rows = graph[of.name].shape if len(of.slots) < graph[of.name].rank else ()
        columns = graph[by.name].shape if len(by.slots) < graph[by.name].rank else ()
        if name not in self.values:
            if of == by or (of.name == by.name):
                size = int(np.prod(rows, dtype=int))
                return np.eye(size).reshape((*rows, *columns)) if size > 1 else np.array(1.0)
            return np.zeros((*rows, *columns))
        value = self.values[name]
        for at, slots in ((0, of), (graph[of.name].rank, by)):
            axes = graph[slots.name].axes
            if len(slots.slots) == len(axes) and axes:
                at = at if slots is of else value.ndim - len(axes)
                for slot, axis in zip(slots.slots, axes, strict=True):
                    value = np.take(value, slot - axis.lower, axis=at)
        return value

    def _adjoint(self, quantity: Quantity, of: Spot) -> None:
        """One derivative of a backward pass, replaced where the author has another."""
        graph = self._adjoints[of.name]
        by = quantity.name.partition("/∂")[2]
        key = self.pool.chains.plain(Factor(self.pool.chains.whole(of.name), Spot(by, ())))
        if by in self.pool.graph:
            key = Factor(key.of, self.pool.chains.whole(self.pool.chains.reader.root(by)))
        own = self.given.get(key)
        if own is None and key in self.formulas:
            own = self._own(self.formulas[key])
        if own is not None and own.size == quantity.size:
            self.values[quantity.name] = own.reshape(quantity.shape)
        elif quantity.definition is not None and computable(quantity.definition, self.values):
            found = evaluate(quantity.definition, quantity.axes, graph, self.values)
            self.values[quantity.name] = floats(found)
        if quantity.name in self.values and by in self.pool.graph:
            self._patch_derivative(quantity.name, key.of, self.pool.graph[by])

    def _patch_derivative(self, name: str, of: Spot, by: Quantity) -> None:
        """The derivatives by single entries that the author has."""
        if self.values[name].shape != by.shape:
            return
        for key in (*self.given, *self.formulas):
            if isinstance(key, Factor) and key.of == of and key.by.name == by.name and key.by.slots:
                own = self._own_derivative(key)
                if own is not None and own.size == 1 and by.rank:
                    slots = (s - a.lower for s, a in zip(key.by.slots, by.axes, strict=True))
                    self.values[name] = self.values[name].copy()
                    self.values[name][tuple(slots)] = float(own.ravel()[0])


def perturbed(pool: Pool, seed: int, size: float = 1e-2) -> dict[str, Value]:
    """Other given values beside the page's, near enough that no ReLU turns.

    A vector of labels stays: that it adds up to 1 is what its formulas rest on.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, Value] = {}
    for quantity in pool.graph:
        if quantity.role is Role.TARGET and quantity.rank:
            continue
        if quantity.value is not None:
            value = floats(quantity.value)
            found[quantity.name] = value + size * rng.uniform(0.3, 1, value.shape) * rng.choice(
                (-1.0, 1.0), value.shape
            ) * np.maximum(np.abs(value), 0.5)
        elif quantity.definition is None:
            found[quantity.name] = rng.uniform(0.5, 1.5, quantity.shape)
    return found


def changed_by(pool: Pool, name: str) -> frozenset[str]:
    """The quantities that a quantity's equation uses, however far back."""
    found: set[str] = set()
    stack = [name]
    while stack:
        here = stack.pop()
        definition = pool.graph[here].definition if here in pool.graph else None
        for other in names(definition) if definition is not None else ():
            if other not in found:
                found.add(other)
                stack.append(other)
    return frozenset(found)
