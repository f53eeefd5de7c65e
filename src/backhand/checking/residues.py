"""Expressions modulo a large prime: names and functions are taken for letters, numbers at random.

Two rational expressions that come to the same residue are the same, but for a chance of their degree
in 10³⁸; two that don't are different. Functions of the same residues are the same letter, so there
only agreement says something.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b

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
)

PRIME = 2**127 - 1
MAX_EXPONENT = 64


@lru_cache(maxsize=65536)
def letter(text: str) -> int:
    """The number that stands for a name, always the same, and never 0.

    >>> letter("x") == letter("x"), letter("x") == letter("y")
    (True, False)
    """
    drawn = int.from_bytes(blake2b(text.encode(), digest_size=24).digest(), "little")
    return 1 + drawn % (PRIME - 1)


def applied(function: str, *arguments: int) -> int:
    """The letter that stands for a function of these residues."""
    return letter("Apply" + function + ",".join(map(str, arguments)))


@lru_cache(maxsize=4096)
def residue(expr: Expr) -> int | None:
    """The value of an expression modulo the prime; None at a pole."""
    done: dict[Expr, int] = {}
    for node in postorder(expr):
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


def same_residue(left: Expr, right: Expr) -> bool:
    """Whether the two agree modulo the prime. Formulas for which it is False may still be equal."""
    found = residue(left)
    return found is not None and found == residue(right)


def is_rational(expr: Expr) -> bool:
    """Whether there is nothing but numbers, names, sums, products and whole powers."""
    return all(
        isinstance(node, Ref | Number | Add | Mul)
        or (isinstance(node, Power) and whole_exponent(node) is not None)
        for node in postorder(expr)
    )


def whole_exponent(node: Power) -> int | None:
    """The exponent where it is a whole number of bearable size."""
    exponent = node.args[1]
    if isinstance(exponent, Number) and exponent.value.denominator == 1:
        whole = int(exponent.value)
        return whole if abs(whole) <= MAX_EXPONENT else None
    return None
