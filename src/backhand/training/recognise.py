"""What a node is as one operation: a sum over several indices, a softmax, a function's formula."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from backhand.errors import MeaningError
from backhand.expr import (
    Apply,
    Expr,
    Mul,
    Number,
    Power,
    Total,
    add,
    names,
    postorder,
    ref,
    substitute,
)
from backhand.functions import TABLE
from backhand.slots import Index


def named(expr: Expr) -> set[Expr]:
    """The nodes that mention a quantity; all others are numbers."""
    found: set[Expr] = set()
    for node in postorder(expr):
        if any(arg in found for arg in node.args) or (not node.args and names(node)):
            found.add(node)
    return found


def summed(node: Total) -> tuple[tuple[Index, ...], tuple[Expr, ...]]:
    """The indices of sums that stand directly in one another, and the factors under them all."""
    over = [node.index]
    body = node.args[0]
    while isinstance(body, Total):
        over.append(body.index)
        body = body.args[0]
    return tuple(over), body.args if isinstance(body, Mul) else (body,)


Part = Literal["factor", "divisor", "log"]


def part(factor: Expr) -> Part:
    """How a factor enters a product: as it is, by division, or as a log, which may be of 0."""
    match factor:
        case Power((base, Number(value))) if value < 0 and names(base):
            return "divisor"
        case Apply("log", (Total(_, (Apply("exp", _),)),)):
            return "factor"
        case Apply("log", (inside,)) if names(inside):
            return "log"
        case _:
            return "factor"


def parts(factors: Sequence[Expr]) -> tuple[Expr, ...]:
    """What a product is worked out from."""
    found = (f if part(f) == "factor" else f.args[0] for f in factors)
    return tuple(dict.fromkeys(found))


def has_log(factors: Sequence[Expr]) -> bool:
    """Whether a product holds a logarithm and something that could be 0 with it."""
    return len(factors) > 1 and any(part(f) == "log" for f in factors)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A product with e^top / Σ_index e^inner in it; `axis`: the index of a softmax, if it is one."""

    top: Expr
    index: Index
    inner: Expr
    rest: tuple[Expr, ...]
    axis: Index | None


def ratio_of(node: Mul) -> Ratio | None:
    """The ratio of exponentials in a product, or None."""
    top = next((f for f in node.args if isinstance(f, Apply) and f.name == "exp"), None)
    for factor in node.args if top is not None else ():
        match factor:
            case Power((Total(index, (Apply("exp", (inner,)),)), Number(value))) if value == -1:
                assert top is not None
                rest = tuple(f for f in node.args if f is not top and f is not factor)
                above = top.args[0]
                return Ratio(above, index, inner, rest, _softmax_axis(above, index, inner))
            case _:
                pass
    return None


def _softmax_axis(above: Expr, index: Index, inner: Expr) -> Index | None:
    """The index i of e^u[i] / Σ_k e^u[k] that runs as far as k, in whatever order; else None."""
    for own in sorted(above.free - inner.free, key=lambda each: each.name):
        whole = (own.lower, own.upper) == (index.lower, index.upper)
        if whole and substitute(inner, {index: own}) is above:
            return own
    return None


def written_out(name: str, args: Sequence[Expr], functions: Collection[str]) -> Expr:
    """A function by its formula, down to `functions`. Raises `MeaningError` where it has none."""
    pending, met = [name], {name}
    while pending:
        formula = TABLE[pending.pop()].formula
        if formula is None:
            raise MeaningError(
                f"{name} can't be exported: its entry in the table has no formula",
                "define it with formula=lambda x: ..., in terms of other functions",
            )
        nodes = postorder(add(formula(ref("x"))))
        used = {n.name for n in nodes if isinstance(n, Apply)} - set(functions)
        if used & met:
            raise MeaningError(
                f"{name} can't be exported: its formula uses {min(used & met)}, which it explains",
                "write the formula in terms of other functions",
            )
        met |= used
        pending += used
    formula = TABLE[name].formula
    assert formula is not None
    return add(formula(*args))
