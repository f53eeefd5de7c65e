"""Formulas with holes: places that the page fills with numbers, and keeps filled as they change.

A working is written by the same code as everywhere, on numbers that no page has; where one of them
ends up in a formula, there is the hole, with the expression that it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product

import numpy as np

from backhand.calculus.derive import expanded
from backhand.expr import Expr, ref, substitute
from backhand.graph import Graph, Quantity
from backhand.page.nodes import Json, Nodes
from backhand.slots import Slot
from backhand.syntax import Formula, Num, replaced
from backhand.values import Value
from backhand.writing.mathml import formula_mathml

FIRST = 10**40
"""Marks count from here. A number this long is shown rounded, but kept whole beside that."""
_HOLE = re.compile(r"<mn>⟦(\d+)⟧</mn>")
# What stands alone in its row is the hole itself, so that the page sees what is around it.
_ALONE = re.compile(r"<mrow>(<mn>⟦\d+⟧</mn>)</mrow>")


class Marks:
    """The holes of one working over the quantities of `graph`, the net that fills them.

    `live` has for each hole the number of its expression in `nodes`, or a whole quantity's name.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = Nodes()
        self.live: list[Json] = []
        self._marked: list[Expr] = []
        self._numbers: dict[Expr, int] = {}
        self._holes: dict[object, int] = {}

    def mark(self, expr: Expr) -> Fraction:
        """The number that stands for an expression in the numbers of the net."""
        if expr not in self._numbers:
            self._marked.append(expr)
            self._numbers[expr] = len(self._marked)
        return Fraction(FIRST + self._numbers[expr])

    def value(self, expr: Expr) -> Value:
        """The same as a value without axes."""
        return np.array(self.mark(expr), dtype=object)

    def hole(self, expr: Expr) -> int:
        """The hole that shows an expression."""
        if expr not in self._holes:
            self._holes[expr] = len(self.live)
            self.live.append(self.nodes.add(expr))
        return self._holes[expr]

    def array(self, name: str, *, turned: bool) -> int:
        """The hole that shows a whole quantity as a matrix, perhaps transposed."""
        key = name, turned
        if key not in self._holes:
            self._holes[key] = len(self.live)
            self.live.append({"array": name, "turned": turned})
        return self._holes[key]

    def values(self, graph: Graph) -> Mapping[str, Value]:
        """A mark for every entry of a graph that has the net's quantities and perhaps others."""
        return _Values(self, graph)

    def entry(self, graph: Graph, quantity: Quantity, slots: tuple[int, ...]) -> Expr:
        """An entry in terms of the net: what the net doesn't have, by its equation."""
        if quantity.name in self.graph or quantity.definition is None:
            return ref(quantity.name, *slots)
        places: dict[object, Slot] = dict(zip(quantity.axes, slots, strict=True))
        here = substitute(quantity.definition, places)  # type: ignore[arg-type]
        return expanded(here, graph, frozenset(q.name for q in self.graph))

    def math(self, found: Formula | None) -> str | None:
        """A formula in MathML, with a hole for each mark in it."""
        if found is None:
            return None
        text = formula_mathml(replaced(found, self._hole_for), "block")
        return _HOLE.sub(r'<mrow data-live="\1"></mrow>', _ALONE.sub(r"\1", text))

    def _hole_for(self, part: Formula) -> Formula | None:
        if not isinstance(part, Num) or not isinstance(part.value, Fraction):
            return None
        at = part.value - FIRST
        if at not in range(1, len(self._marked) + 1):
            return None
        return Num(Fraction(1), f"⟦{self.hole(self._marked[int(at) - 1])}⟧")


class _Values(Mapping[str, Value]):
    """The marks of a graph's quantities, each made when it is first asked for."""

    def __init__(self, marks: Marks, graph: Graph) -> None:
        self._marks = marks
        self._graph = graph
        self._known: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        if name not in self._graph:
            raise KeyError(name)
        if name not in self._known:
            self._known[name] = self._array(self._graph[name])
        return self._known[name]

    def _array(self, quantity: Quantity) -> Value:
        out = np.empty(quantity.size, dtype=object)
        ranges = [range(a.lower, a.lower + a.size) for a in quantity.axes]
        for at, slots in enumerate(product(*ranges)):
            out[at] = self._marks.mark(self._marks.entry(self._graph, quantity, slots))
        return out.reshape(quantity.shape)

    def __contains__(self, name: object) -> bool:
        return name in self._graph

    def __iter__(self) -> Iterator[str]:
        return (q.name for q in self._graph)

    def __len__(self) -> int:
        return len(self._graph.quantities)
