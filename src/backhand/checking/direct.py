"""What settles most formulas at once: worked out modulo the prime straight from what was typed.

A name is looked up as the general way does it (`reading/elaborate.py`), once for all answers. Sums,
products, quotients, whole powers and the table's functions of single numbers are carried out here;
anything else is left to the general way, as is whatever these numbers don't settle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, cast

import numpy as np

from backhand.calculus.evaluate import computable, evaluate
from backhand.checking.bounds import check_work
from backhand.checking.case import Case
from backhand.checking.equality import inlined
from backhand.checking.formula_slips import changed_by_slips
from backhand.checking.recomputing import values_with
from backhand.checking.residues import (
    MAX_EXPONENT,
    PRIME,
    Entries,
    applied,
    residue,
)
from backhand.errors import BackhandError
from backhand.expr import Expr, names
from backhand.functions import READ_AS, TABLE
from backhand.graph import Graph, Value
from backhand.reading.elaborate import Scope, known_graph
from backhand.syntax import Call, Entry, Formula, Minus, Name, Num, Over, Plus, Raised, Times

FAR = 1e-6
"""Values further apart than this don't come from rounding in float64."""
POINTS = 2


class NotPlainError(Exception):
    """The formula is one for the general way."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A name or an entry: its residue, its values at the points, the names that it mentions."""

    residue: int
    numbers: tuple[float, ...]
    names: frozenset[str]


@dataclass
class Names:
    """The names of a graph as they are typed, modulo the prime and at some points."""

    entries: Entries
    points: Sequence[Mapping[str, Value]]
    known: dict[Formula, Leaf] = field(default_factory=dict[Formula, Leaf])

    def leaf(self, found: Formula) -> Leaf:
        """What a name or an entry stands for. Raises `NotPlainError` where it is no single number."""
        if found not in self.known:
            self.known[found] = self._leaf(found)
        return self.known[found]

    def _leaf(self, found: Formula) -> Leaf:
        graph = self.entries.graph
        try:
            tensor = known_graph(graph).tensor(found, Scope())
        except BackhandError:
            raise NotPlainError from None  # the general way says what is wrong, and where
        if tensor.axes:
            raise NotPlainError
        left = self.entries.residue(tensor.expr)
        if left is None:
            raise NotPlainError
        numbers = tuple(value_at(tensor.expr, graph, values) for values in self.points)
        return Leaf(left, numbers, names(tensor.expr))

    def is_function(self, name: str) -> bool:
        """Whether a name is that of a function of one number and has no other meaning here."""
        graph = self.entries.graph
        return (
            name in READ_AS
            and TABLE[READ_AS[name]].arity == 1
            and name not in graph
            and name not in graph.functions
            and name not in graph.signatures
        )


@dataclass
class Reckoning:
    """One formula being worked out, and what it mentions so far."""

    known: Names
    mentioned: set[str] = field(default_factory=set[str])

    def residue(self, found: Formula) -> int:
        """The formula modulo the prime. Raises `NotPlainError`."""
        match found:
            case Name() | Entry():
                leaf = self.known.leaf(found)
                self.mentioned |= leaf.names
                return leaf.residue
            case Num(Fraction() as value):
                top = value.numerator
                return top * pow(value.denominator, -1, PRIME) if value.denominator != 1 else top
            case Times(factors, sign) if sign in ("", "·", "*"):
                product = 1
                for factor in factors:
                    product = product * self.residue(factor) % PRIME
                return product
            case Plus(terms):
                return sum(map(self.residue, terms))
            case Minus(of):
                return -self.residue(of)
            case Over(top, bottom):
                return self.residue(top) * self._inverse(self.residue(bottom)) % PRIME
            case Raised(base, exponent):
                power = whole(exponent)
                below = self.residue(base)
                return pow(self._inverse(below) if power < 0 else below, abs(power), PRIME)
            case Call(name, (of,), 0) if self.known.is_function(name):
                found_there = applied(READ_AS[name], self.residue(of) % PRIME)
                if found_there is None:
                    raise NotPlainError
                return found_there
            case _:
                raise NotPlainError

    def _inverse(self, of: int) -> int:
        if not of % PRIME:
            raise NotPlainError
        return pow(of, -1, PRIME)

    def number(self, found: Formula, point: int) -> float:
        """The formula at one of the points. Raises `NotPlainError` where it has no value."""
        match found:
            case Name() | Entry():
                return self.known.leaf(found).numbers[point]
            case Num(value):
                return float(value)
            case Times(factors):
                return math.prod([self.number(factor, point) for factor in factors])
            case Plus(terms):
                return sum([self.number(term, point) for term in terms])
            case Minus(of):
                return -self.number(of, point)
            case Over(top, bottom):
                return self.number(top, point) / self.number(bottom, point)
            case Raised(base, exponent):
                return self.number(base, point) ** whole(exponent)
            case Call(name, (of,)):
                value = cast(Callable[[Any], Any], TABLE[READ_AS[name]].value)
                return float(value(np.float64(self.number(of, point))))
            case _:
                raise NotPlainError


def value_at(expr: Expr, graph: Graph, values: Mapping[str, Value]) -> float:
    """The value of an expression, not a number where it has none."""
    return float(evaluate(expr, (), graph, values)) if computable(expr, values) else math.nan


def drawn(graph: Graph, keep: frozenset[str]) -> list[Mapping[str, Value]]:
    """Values for every quantity, from some between 0 and 1 for those that no equation gives."""
    free = [q for q in graph if q.definition is None or q.name in keep]
    if any(isinstance(size, str) for q in graph for size in q.extents):
        return []
    random = np.random.default_rng(0)
    return [
        values_with(graph, {q.name: random.uniform(0.2, 0.8, q.shape) for q in free})
        for _ in range(POINTS)
    ]


def whole(exponent: Formula) -> int:
    """A whole exponent. Raises `NotPlainError` for any other."""
    match exponent:
        case Minus(of):
            return -whole(of)
        case Num(Fraction() as value) if value.denominator == 1 and abs(value) <= MAX_EXPONENT:
            return int(value)
        case _:
            raise NotPlainError


@dataclass(frozen=True, slots=True)
class Settled:
    """A formula that is the right one, or for certain isn't; the slip that leads to it, if known."""

    equal: bool
    names: frozenset[str]
    slip: str | None = None


@dataclass
class Form:
    """The right formula with some names kept, and what it comes to where they are looked up."""

    names: Names
    formula: Expr

    @cached_property
    def residue(self) -> int | None:
        return residue(self.formula)

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """Its values at the points."""
        graph = self.names.entries.graph
        with np.errstate(all="ignore"):
            return tuple(value_at(self.formula, graph, values) for values in self.names.points)


@dataclass
class Direct:
    """The right formula of a part modulo the prime, ready to be compared with."""

    case: Case
    formula: Expr
    values: Mapping[str, Value]

    @cached_property
    def kept(self) -> Form:
        """Names that the answer may have stay as they are."""
        return Form(self._names(self.case.expected.allowed), self.formula)

    @cached_property
    def whole(self) -> Form:
        """Every equation put in."""
        return Form(self._names(frozenset()), inlined(self.formula, self.case.graph))

    def _names(self, keep: frozenset[str]) -> Names:
        """At the page's numbers; where it has none, at some that are drawn."""
        graph, value = self.case.graph, self.case.value
        if value is not None and value.size == 1:
            return Names(Entries(graph, keep), [self.values])
        return Names(Entries(graph, keep), [] if self.values else drawn(graph, keep))

    @cached_property
    def slips(self) -> dict[Expr, dict[int, str]]:
        """For the right formula in either form: the residues of what the slips lead to."""
        found: dict[Expr, dict[int, str]] = {}
        for form in (self.kept, self.whole):
            here = found.setdefault(form.formula, {})
            for slip, changed in changed_by_slips(self.case, form.formula):
                left = residue(changed)
                if left is not None:
                    here.setdefault(left, slip)
        return found

    def settled(self, found: Formula) -> Settled | None:
        """What can be said at once of a formula; None where it takes the general way.

        Raises `LimitError` where it is too much work.
        """
        check_work(found)
        try:
            return self._settled(found)
        except (NotPlainError, ArithmeticError, RecursionError):
            return None

    def _settled(self, found: Formula) -> Settled | None:
        form = self.kept
        reckoning = Reckoning(form.names)
        left = reckoning.residue(found) % PRIME
        allowed = self.case.expected.allowed
        if allowed and not reckoning.mentioned <= allowed:
            form = self.whole
            reckoning = Reckoning(form.names)
            left = reckoning.residue(found) % PRIME
        mentioned = frozenset(reckoning.mentioned)
        if form.residue is None:
            return None
        if left == form.residue:
            return Settled(True, mentioned)
        if not _is_far(reckoning, found, form.numbers):
            return None
        return Settled(False, mentioned, self.slips[form.formula].get(left))


def _is_far(reckoning: Reckoning, found: Formula, right: Sequence[float]) -> bool:
    """Whether the formula's value at one of the points isn't the right one."""
    for at, wanted in enumerate(right):
        with np.errstate(all="ignore"):
            given = reckoning.number(found, at)
        room = FAR * (1 + abs(wanted))
        if math.isfinite(wanted) and math.isfinite(given) and abs(given - wanted) > room:
            return True
    return False
