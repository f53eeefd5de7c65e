"""What settles most formulas at once: worked out modulo the prime straight from what was typed.

A name is looked up as the general way does it (`reading/elaborate.py`), once for all answers. Sums,
products, quotients, whole powers and the table's functions of single numbers are carried out here;
anything else is left to the general way, as is whatever these numbers don't settle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np

from backhand.calculus.evaluate import computable, evaluate
from backhand.checking.case import Case
from backhand.checking.equality import inlined
from backhand.checking.formula_slips import changed_by_slips
from backhand.checking.residues import MAX_EXPONENT, PRIME, applied, is_rational, residue
from backhand.errors import BackhandError
from backhand.expr import Expr, names
from backhand.functions import READ_AS, TABLE
from backhand.graph import Graph, Value
from backhand.reading.elaborate import Scope, known_graph
from backhand.syntax import Call, Entry, Formula, Minus, Name, Num, Over, Plus, Raised, Times

FAR = 1e-6
"""Values further apart than this don't come from rounding in float64."""


class NotPlainError(Exception):
    """The formula is one for the general way."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A name or an entry: its residue, its value at the page's numbers, the names that it mentions."""

    residue: int
    number: float | None
    names: frozenset[str]
    rational: bool


@dataclass
class Names:
    """The names of a graph modulo the prime, each with its equation put in but for those in `keep`."""

    graph: Graph
    keep: frozenset[str]
    values: Mapping[str, Value]
    known: dict[Formula, Leaf] = field(default_factory=dict[Formula, Leaf])

    def leaf(self, found: Formula) -> Leaf:
        """What a name or an entry stands for. Raises `NotPlainError` where it is no single number."""
        if found not in self.known:
            self.known[found] = self._leaf(found)
        return self.known[found]

    def _leaf(self, found: Formula) -> Leaf:
        try:
            tensor = known_graph(self.graph).tensor(found, Scope())
        except BackhandError:
            raise NotPlainError from None  # the general way says what is wrong, and where
        if tensor.axes:
            raise NotPlainError
        whole = inlined(tensor.expr, self.graph, self.keep)
        left = residue(whole)
        if left is None:
            raise NotPlainError
        number = None
        if computable(tensor.expr, self.values):
            number = float(evaluate(tensor.expr, (), self.graph, self.values))
        return Leaf(left, number, names(tensor.expr), is_rational(whole))

    def is_function(self, name: str) -> bool:
        """Whether a name is that of a function of the table and has no other meaning here."""
        return (
            name in READ_AS
            and name not in self.graph
            and name not in self.graph.functions
            and name not in self.graph.signatures
        )


@dataclass
class Reckoning:
    """One formula being worked out: what it mentions, and whether it is rational so far."""

    known: Names
    mentioned: set[str] = field(default_factory=set[str])
    rational: bool = True

    def residue(self, found: Formula) -> int:
        """The formula modulo the prime. Raises `NotPlainError`."""
        match found:
            case Name() | Entry():
                leaf = self.known.leaf(found)
                self.mentioned |= leaf.names
                self.rational = self.rational and leaf.rational
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
                self.rational = False
                return applied(READ_AS[name], self.residue(of) % PRIME)
            case _:
                raise NotPlainError

    def _inverse(self, of: int) -> int:
        if not of % PRIME:
            raise NotPlainError
        return pow(of, -1, PRIME)

    def number(self, found: Formula) -> float:
        """The formula at the page's numbers. Raises `NotPlainError` where it has no value."""
        match found:
            case Name() | Entry():
                number = self.known.leaf(found).number
                if number is None:
                    raise NotPlainError
                return number
            case Num(value):
                return float(value)
            case Times(factors):
                return math.prod(map(self.number, factors))
            case Plus(terms):
                return sum(map(self.number, terms))
            case Minus(of):
                return -self.number(of)
            case Over(top, bottom):
                return self.number(top) / self.number(bottom)
            case Raised(base, exponent):
                return self.number(base) ** whole(exponent)
            case Call(name, (of,)):
                return float(TABLE[READ_AS[name]].value(np.float64(self.number(of))))
            case _:
                raise NotPlainError


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
class Direct:
    """The right formula of a part modulo the prime, ready to be compared with."""

    case: Case
    formula: Expr
    values: Mapping[str, Value]

    @cached_property
    def kept(self) -> tuple[Names, Expr]:
        """Names that the answer may have stay as they are."""
        keep = self.case.expected.allowed
        return Names(self.case.graph, keep, self.values), self.formula

    @cached_property
    def whole(self) -> tuple[Names, Expr]:
        """Every equation put in."""
        graph = self.case.graph
        return Names(graph, frozenset(), self.values), inlined(self.formula, graph)

    @cached_property
    def slips(self) -> dict[Expr, dict[int, str]]:
        """For the right formula in either form: the residues of what the slips lead to."""
        found: dict[Expr, dict[int, str]] = {}
        for _, right in (self.kept, self.whole):
            here = found.setdefault(right, {})
            for slip, changed in changed_by_slips(self.case, right):
                left = residue(changed)
                if left is not None:
                    here.setdefault(left, slip)
        return found

    def settled(self, found: Formula) -> Settled | None:
        """What can be said at once of a formula; None where it takes the general way."""
        try:
            return self._settled(found)
        except (NotPlainError, ArithmeticError, RecursionError):
            return None

    def _settled(self, found: Formula) -> Settled | None:
        names, right = self.kept
        reckoning = Reckoning(names)
        left = reckoning.residue(found) % PRIME
        allowed = self.case.expected.allowed
        if allowed and not reckoning.mentioned <= allowed:
            names, right = self.whole
            reckoning = Reckoning(names)
            left = reckoning.residue(found) % PRIME
        mentioned = frozenset(reckoning.mentioned)
        wanted = residue(right)
        if wanted is None:
            return None
        if left == wanted:
            return Settled(True, mentioned)
        if not self._is_far(reckoning, found):
            return None
        slip = self.slips[right].get(left)
        certain = slip is not None or (reckoning.rational and is_rational(right))
        return Settled(False, mentioned, slip) if certain else None

    def _is_far(self, reckoning: Reckoning, found: Formula) -> bool:
        """Whether the formula's value at the page's numbers isn't the right one."""
        value = self.case.value
        if value is None or value.size != 1:
            return not self.values and reckoning.rational and is_rational(self.formula)
        right = float(value.reshape(-1)[0])
        number = reckoning.number(found)
        return math.isfinite(number) and abs(number - right) > FAR * (1 + abs(right))
