"""A graph worked out number by number, as lines of plain Python that need no package.

A platform that can't import Backhand runs them to see what is right after a student's own earlier
answers. Nothing that anybody wrote stands in a line: entries are numbered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from backhand.calculus.chain import backward
from backhand.calculus.paths import Spot
from backhand.checking.chain_reading import Factor
from backhand.checking.standing import entries_of
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Mul,
    Number,
    Power,
    Ref,
    Total,
    add,
    names,
    postorder,
    rewrite,
    substitute,
)
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity
from backhand.values import floats

MAX_NODES = 2_000
"""A quantity of more entries isn't worked out this way."""
MAX_LINES = 4_000
MAX_LINE = 20_000


class Unspellable(Exception):  # noqa: N818 — it is no error, but tells that there is no tape
    """Something that has no line: an unknown function, too many entries."""


@dataclass
class Tape:
    """The lines of one graph. Entry k of `v` is a given number, or what line k makes of those before.

    `places`: where each entry of a quantity or of a derivative's array stands; a student's own number
    may be taken there. `slopes`: places for the student's own derivatives between entries.
    """

    graph: Graph
    lines: list[str] = field(default_factory=list[str])
    places: dict[Spot, int] = field(default_factory=dict[Spot, int])
    slopes: dict[Factor, int] = field(default_factory=dict[Factor, int])
    given: tuple[str, ...] = ()

    def entries(self, name: str) -> list[int]:
        """The places of all entries of a quantity, in order."""
        return [self.places[spot] for spot in entries_of(self.graph, Spot(name, ()))]

    def add(self, text: str) -> int:
        """The place of a new entry that these signs make."""
        at = len(self.lines)
        if at >= MAX_LINES or len(text) > MAX_LINE:
            raise Unspellable
        self.lines.append(text)
        return at

    def again(self, at: int) -> int:
        """The entry worked out once more, at a place where no student's number is taken."""
        return self.add(self.lines[at] or "math.nan")

    def put(self, quantity: Quantity) -> None:
        """Lines for the entries of a quantity that aren't there yet."""
        for spot in _spots(quantity):
            if spot not in self.places:
                if quantity.definition is None:
                    raise Unspellable
                here = dict(zip(quantity.axes, spot.slots, strict=True))
                self.places[spot] = self.add(self.spelled(substitute(quantity.definition, here)))

    def put_derivatives(self, of: str, sign: str) -> None:
        """Lines for a derivative's array, and for those that the backward pass has before it."""
        whole = backward(self.graph, of)
        needed, left = set[str](), [sign]
        while left:
            name = left.pop()
            if name not in needed and name in whole:
                needed.add(name)
                definition = whole[name].definition
                left += names(definition) if definition is not None else ()
        for quantity in whole:
            if quantity.name in needed:
                self.put(quantity)

    def spelled(self, expr: Expr) -> str:
        """An expression as Python on the entries before it."""
        text: dict[Expr, str] = {}
        whole = _written_out(expr)
        for node in postorder(whole):
            text[node] = self._spelled(node, [text[arg] for arg in node.args])
            if len(text[node]) > MAX_LINE:
                raise Unspellable
        return text[whole]

    def _spelled(self, node: Expr, inside: Sequence[str]) -> str:
        match node:
            case Number(value):
                one = value.denominator == 1
                return f"({value})" if one else f"({value.numerator}/{value.denominator})"
            case Constant(name):
                return f"math.{name}"
            case Ref(name, slots) if all(isinstance(slot, int) for slot in slots):
                place = self.places.get(Spot(name, tuple(s for s in slots if isinstance(s, int))))
                if place is not None:
                    return f"v[{place}]"
            case Add():
                return f"({' + '.join(inside)})"
            case Mul():
                return f"({' * '.join(inside)})"
            case Power():
                return f"math.pow({inside[0]}, {inside[1]})"
            case Compare(order):
                sign = "==" if order == "=" else order
                return f"(1.0 if {inside[0]} {sign} {inside[1]} else 0.0)"
            case Apply("log"):
                return f"log({inside[0]})"
            case Apply(name) if name in TABLE:
                return f"({TABLE[name].loop.format(*inside, x=inside[0])})"
            case _:
                pass
        raise Unspellable


def _spots(quantity: Quantity) -> list[Spot]:
    ranges: list[range] = []
    for axis in quantity.axes:
        if isinstance(axis.upper, str):
            raise Unspellable
        ranges.append(range(axis.lower, axis.upper + 1))
    count = 1
    for each in ranges:
        count *= len(each)
    if count > MAX_NODES:
        raise Unspellable
    return [Spot(quantity.name, slots) for slots in product(*ranges)]


def _written_out(expr: Expr) -> Expr:
    """The expression with every sum as its terms."""

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Total):
            return None
        index, upper = node.index, node.index.upper
        if isinstance(upper, str) or upper - index.lower > MAX_NODES:
            raise Unspellable
        terms = (substitute(node.args[0], {index: n}) for n in range(index.lower, upper + 1))
        return add(*(_written_out(term) for term in terms))

    return rewrite(expr, leaf)


def tape(graph: Graph) -> Tape | None:
    """The lines for a graph, or None where it has none."""
    made = Tape(graph)
    known = [q for q in graph if q.value is not None]
    made.given = tuple(quantity.name for quantity in known)
    try:
        for spot in (s for quantity in known for s in _spots(quantity)):
            made.places[spot] = len(made.lines)
            made.lines.append("")
        for quantity in graph:
            made.put(quantity)
    except Unspellable:
        return None
    return made


def numbers(made: Tape, graph: Graph) -> list[float]:
    """The given numbers of a graph with the same quantities, in the order of the tape."""
    values: Mapping[str, Quantity] = {q.name: q for q in graph}
    found: list[float] = []
    for name in made.given:
        value = values[name].value
        assert value is not None
        found += floats(value).ravel().tolist()
    return found
