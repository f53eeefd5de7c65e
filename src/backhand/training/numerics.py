"""The same mathematics, written so that float arithmetic keeps it: log σ, log softmax, softmax.

`log σ(u)` becomes `u − softplus(u)`, `log(1 − σ(u))` becomes `−softplus(u)`, the logarithm of a
softmax `u_k − log Σ e^u`, and a softmax itself `e^(u_k − log Σ e^u)`. Without this a confident
wrong answer has the loss infinity and the gradient NaN. Names on the way are looked through, so
the loss may be written on ŷ as every page does.
"""

from __future__ import annotations

from dataclasses import replace

from backhand.calculus.chain import at
from backhand.expr import (
    ONE,
    Add,
    Apply,
    Expr,
    Mul,
    Number,
    Power,
    Ref,
    Total,
    add,
    apply,
    mul,
    rewrite,
)
from backhand.graph import Graph


def steady(graph: Graph) -> Graph:
    """The graph with every logarithm of a sigmoid or a softmax written safely.

    >>> import backhand
    >>> graph = backhand.network("1 -> 1 sigmoid", loss="binary_cross_entropy")
    >>> steady(graph)["J"].definition
    (-1*y*(a_1 + -1*softplus(a_1)) + (1 + -1*y)*softplus(a_1))
    """
    return replace(
        graph,
        quantities=tuple(
            q
            if q.definition is None
            else replace(q, definition=rewrite(q.definition, lambda node: _log(node, graph)))
            for q in graph
        ),
    )


def _log(node: Expr, graph: Graph) -> Expr | None:
    match node:
        case Apply("log", (inner,)):
            return _log_of(inner, graph)
        case _:
            return None


def _log_of(inner: Expr, graph: Graph) -> Expr | None:
    """The logarithm of a sigmoid, of 1 less a sigmoid, or of an entry of a softmax; else None."""
    match _defined(inner, graph):
        case Apply("sigmoid", (u,)):
            return add(u, mul(-1, apply("softplus", u)))
        case Mul() as product if (found := softmax(product)) is not None and found[2] is ONE:
            return add(found[0], mul(-1, found[1]))
        case Add((Number(value), Mul((Number(minus), negated)))) if (value, minus) == (1, -1):
            match _defined(negated, graph):
                case Apply("sigmoid", (u,)):
                    return mul(-1, apply("softplus", u))
                case _:
                    return None
        case _:
            return None


def _defined(expr: Expr, graph: Graph) -> Expr:
    """What an entry is, by its equation; a name for another name is looked through."""
    while isinstance(expr, Ref) and graph[expr.name].definition is not None:
        inner = at(graph[expr.name], expr.slots)
        if isinstance(inner, Ref | Mul) or (isinstance(inner, Apply) and inner.name == "sigmoid"):
            expr = inner
        else:
            break
    return expr


def softmax(product: Expr) -> tuple[Expr, Expr, Expr] | None:
    """`e^u (Σ e^v)^-1 · rest` as u, log Σ e^v and the rest; None where it isn't one."""
    if not isinstance(product, Mul):
        return None
    top = next((f for f in product.args if isinstance(f, Apply) and f.name == "exp"), None)
    for factor in product.args:
        match factor:
            case Power((Total(_, (Apply("exp", _),)) as below, Number(value))) if value == -1:
                if top is None:
                    return None
                rest = mul(*(f for f in product.args if f is not top and f is not factor))
                return top.args[0], apply("log", below), rest
            case _:
                pass
    return None


def shifted(expr: Expr) -> Expr:
    """An expression with each softmax in it as `e^(u − log Σ e^v)`, whose sum doesn't overflow."""

    def leaf(node: Expr) -> Expr | None:
        found = softmax(node)
        if found is None:
            return None
        u, log_sum, rest = found
        return mul(apply("exp", add(u, mul(-1, log_sum))), shifted(rest))

    return rewrite(expr, leaf)
