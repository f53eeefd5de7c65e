"""The derivative of one expression by one entry: the rules for sums, products, powers and the tables.

The deltas that it brings along are carried out by the sums around them, so `Σ_k W[j,k] x[k]` by
`x[m]` is `W[j,m]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import TypeAlias

from backhand.array_functions import ARRAY_FUNCTIONS
from backhand.expr import (
    ZERO,
    Add,
    Apply,
    Expr,
    Image,
    Mul,
    Padded,
    Power,
    Ref,
    Total,
    add,
    apply,
    image,
    mul,
    names,
    postorder,
    power,
    same,
    substitute,
    total,
)
from backhand.functions import TABLE
from backhand.slots import Index, Slot

Equations: TypeAlias = Mapping[str, tuple[tuple[Index, ...], Expr]]
"""Quantities by name, each after those that it uses: its axes, and its equation in them."""
_fresh = count()


def local(expr: Expr, name: str, slots: Sequence[Slot]) -> Expr:
    """The derivative of an expression by the entry `name[slots]`, all other names held fixed.

    >>> from backhand.expr import ref
    >>> from backhand.slots import Index
    >>> j, m = Index("j", 1, 2), Index("m", 1, 2)
    >>> local(apply("sigmoid", ref("a", j)), "a", (m,))
    sigmoid(a[j])*(1 + -1*sigmoid(a[j]))*[j=m]
    """
    slope: dict[Expr, Expr] = {}
    for node in postorder(expr):
        slope[node] = _slope(node, slope, name, tuple(slots))
    return slope[expr]


def _slope(node: Expr, slope: dict[Expr, Expr], name: str, slots: tuple[Slot, ...]) -> Expr:
    match node:
        case Ref(found, at) if found == name:
            return mul(*(same(a, b) for a, b in zip(at, slots, strict=True)))
        case Padded(found, at, rank) if found == name:
            wanted = slots if rank == len(at) else (*slots, 1)
            return mul(*(same(a, b) for a, b in zip(at, wanted, strict=True)))
        case Image(function, of, at, by) if name in of:
            if function in ARRAY_FUNCTIONS:
                return ARRAY_FUNCTIONS[function].slope(name, at, *slots)
            return image(function, of, at, (*by, (name, slots)))
        case Add(args):
            return add(*(slope[arg] for arg in args))
        case Mul(args):
            return add(
                *(
                    mul(*args[:at], slope[arg], *args[at + 1 :])
                    for at, arg in enumerate(args)
                    if slope[arg] is not ZERO
                )
            )
        case Power((base, exponent)):
            return _power_slope(base, exponent, slope[base], slope[exponent])
        case Total(index, (body,)):
            return total(index, slope[body]) if slope[body] is not ZERO else ZERO
        case Apply(function, args) if any(slope[arg] is not ZERO for arg in args):
            partials = TABLE[function].partials(node, *args)
            return add(*(mul(p, slope[arg]) for p, arg in zip(partials, args, strict=True)))
        case _:
            return ZERO


def _power_slope(base: Expr, exponent: Expr, d_base: Expr, d_exponent: Expr) -> Expr:
    by_base = mul(exponent, power(base, add(exponent, -1)), d_base) if d_base is not ZERO else ZERO
    if d_exponent is ZERO:
        return by_base
    return add(by_base, mul(power(base, exponent), apply("log", base), d_exponent))


def total_derivative(expr: Expr, name: str, slots: Sequence[Slot], equations: Equations) -> Expr:
    """The derivative of `expr` by the entry `name[slots]`, through every equation on the way.

    >>> from backhand.expr import ref
    >>> u = (), ref("x") ** 2
    >>> total_derivative(apply("sin", ref("u")), "x", (), {"u": u})
    2*cos(u)*x
    """
    slopes: dict[str, Expr] = {}
    for each, (_, definition) in equations.items():
        if each != name and names(definition) & {name, *slopes}:
            slopes[each] = _through(definition, name, slots, slopes, equations)
    return _through(expr, name, slots, slopes, equations)


def _through(
    expr: Expr, name: str, slots: Sequence[Slot], slopes: Mapping[str, Expr], equations: Equations
) -> Expr:
    """The derivative of one expression, given those of the quantities that it uses."""
    terms = [local(expr, name, slots)]
    for used in sorted(names(expr) & slopes.keys()):
        own = equations[used][0]
        fresh = tuple(axis.named(f"∘d{next(_fresh)}") for axis in own)
        slope = substitute(slopes[used], dict(zip(own, fresh, strict=True)))
        term = mul(local(expr, used, fresh), slope)
        for index in reversed(fresh):
            term = total(index, term)
        terms.append(term)
    return add(*terms)
