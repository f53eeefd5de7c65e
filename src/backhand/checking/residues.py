"""Expressions modulo a large prime: names and functions are taken for letters, numbers at random.

Two rational expressions that come to the same residue are the same, but for a chance of their degree
in 10³⁸; two that don't are different. Functions of the same residues are the same letter, so there
only agreement says something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from backhand.calculus.intervals import written_out
from backhand.errors import LimitError
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
    postorder,
    ref,
    substitute,
)
from backhand.functions import TABLE
from backhand.graph import Graph

PRIME = 2**127 - 1
MAX_EXPONENT = 64
MARK = "•"
"""The argument of a function in its textbook meaning."""


@lru_cache(maxsize=65536)
def letter(text: str) -> int:
    """The number that stands for a name, always the same, and never 0.

    >>> letter("x") == letter("x"), letter("x") == letter("y")
    (True, False)
    """
    drawn = int.from_bytes(blake2b(text.encode(), digest_size=24).digest(), "little")
    return 1 + drawn % (PRIME - 1)


@lru_cache(maxsize=65536)
def applied(function: str, *arguments: int) -> int | None:
    """A function of these residues: its textbook meaning where it has one, else a letter.

    So σ(−x) is 1 − σ(x) here too. Of e^x and e^(−x) the one is the inverse of the other.
    """
    if function == "exp" and arguments[0] > PRIME // 2:
        positive = applied("exp", PRIME - arguments[0])
        return None if positive is None else pow(positive, -1, PRIME)
    meaning = _meaning(function)
    if meaning is not None:
        return _through(meaning, {ref(MARK): arguments[0]})
    return letter("Apply" + function + ",".join(map(str, arguments)))


@lru_cache(maxsize=256)
def _meaning(function: str) -> Expr | None:
    """A function's meaning in terms of others."""
    formula = TABLE[function].formula
    if formula is None:
        return None
    found = formula(ref(MARK))
    own = any(isinstance(node, Apply) and node.name == function for node in postorder(found))
    return None if own else found


@lru_cache(maxsize=4096)
def residue(expr: Expr) -> int | None:
    """The value of an expression modulo the prime; None at a pole."""
    return _through(expr, {})


def _through(expr: Expr, known: Mapping[Expr, int]) -> int | None:
    """The residue of an expression in which those of some nodes are known."""
    done = dict(known)
    for node in postorder(expr):
        value = known.get(node)
        if value is None:
            value = _residue(node, done)
        if value is None:
            return None
        done[node] = value
    return done[expr]


def _residue(node: Expr, done: Mapping[Expr, int]) -> int | None:
    match node:
        case Number(value):
            below = value.denominator % PRIME
            return value.numerator * pow(below, -1, PRIME) % PRIME if below else None
        case Add(args):
            return sum(done[a] for a in args) % PRIME
        case Mul(args):
            product = 1
            for a in args:
                product = product * done[a] % PRIME
            return product
        case Power((base, _)) if (whole := whole_exponent(node)) is not None:
            if whole < 0 and not done[base]:
                return None
            return pow(done[base], whole, PRIME)
        case Ref() | Constant():
            return letter(repr(node))
        case Apply(name, args):
            return applied(name, *(done[a] for a in args))
        case Compare() | Power():
            head = type(node).__name__ + str(getattr(node, "order", ""))
            return letter(head + ",".join(str(done[a]) for a in node.args))
        case _:
            return letter(repr(node))


@dataclass
class Entries:
    """The entries of a graph modulo the prime: equations are put in for all names but those in `keep`.

    Each entry is worked out once, from those before it, so a deep network costs its entries.
    """

    graph: Graph
    keep: frozenset[str] = frozenset()
    known: dict[Expr, int | None] = field(default_factory=dict[Expr, int | None])

    def residue(self, expr: Expr) -> int | None:
        """The value of an expression without free indices; None at a pole, or where it is too long.

        >>> import backhand
        >>> from backhand.expr import ref
        >>> graph = backhand.model("x = 3; u = x^2; y = u + 1")
        >>> Entries(graph).residue(ref("y")) == residue(ref("x") ** 2 + 1)
        True
        """
        if expr not in self.known:
            self.known[expr] = self._residue(expr)
        return self.known[expr]

    def _residue(self, expr: Expr) -> int | None:
        try:
            whole = written_out(expr)
        except LimitError:
            return None
        done: dict[Expr, int] = {}
        for node in postorder(whole):
            value = self._entry(node) if isinstance(node, Ref) else _residue(node, done)
            if value is None:
                return None
            done[node] = value
        return done[whole]

    def _entry(self, node: Ref) -> int | None:
        if not all(isinstance(slot, int) for slot in node.slots):
            return None
        if node.name not in self.graph or node.name in self.keep:
            return letter(repr(node))
        own = self.graph[node.name]
        if own.definition is None:
            return letter(repr(node))
        return self.residue(
            substitute(own.definition, dict(zip(own.axes, node.slots, strict=True)))
        )


def same_residue(left: Expr, right: Expr) -> bool:
    """Whether the two agree modulo the prime. Formulas for which it is False may still be equal."""
    found = residue(left)
    return found is not None and found == residue(right)


def is_rational(expr: Expr) -> bool:
    """Whether there is nothing but numbers, names, sums, products and whole powers."""
    return all(map(_is_rational, postorder(expr)))


def _is_rational(node: Expr) -> bool:
    return isinstance(node, Ref | Number | Add | Mul) or (
        isinstance(node, Power) and whole_exponent(node) is not None
    )


def whole_exponent(node: Power) -> int | None:
    """The exponent where it is a whole number of bearable size."""
    exponent = node.args[1]
    if isinstance(exponent, Number) and exponent.value.denominator == 1:
        whole = int(exponent.value)
        return whole if abs(whole) <= MAX_EXPONENT else None
    return None
