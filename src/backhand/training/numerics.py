"""The same mathematics, written so that float arithmetic keeps it: log σ, log softmax, softmax.

`log σ(u)` becomes `u − softplus(u)`, `log(1 − σ(u))` becomes `−softplus(u)`, the logarithm of a
softmax `u_k − log Σ e^u`, and a softmax itself `e^(u_k − log Σ e^u)`. Without this a confident
wrong answer has the loss infinity and the gradient NaN. Names on the way are looked through, so
the loss may be written on ŷ as every page does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backhand.calculus.chain import at, in_terms_of
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
    names,
    postorder,
    rewrite,
)
from backhand.graph import Graph, Quantity, Role


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


def shared(graph: Graph) -> Graph:
    """Every log Σ e^v, and every softmax with it, as a quantity of its own: worked out once.

    >>> import backhand
    >>> from backhand.calculus.chain import backward
    >>> graph = backhand.network("2 -> 3 softmax", loss="cross_entropy")
    >>> whole = shared(backward(steady(graph), "J"))
    >>> whole["yhat"].definition, whole["∂J/∂a_1"].definition
    (exp((a_1[j] + -1*lse a_1)), -1*(y[j] + -1*yhat[j]*sum(•0=1..3, y[•0])))
    """
    whole = replace(
        graph,
        quantities=tuple(
            q if q.definition is None else replace(q, definition=shifted(q.definition))
            for q in graph
        ),
    )
    while (found := _next(whole, _log_sum_exp)) is not None:
        whole = _named(whole, found, "lse")
    while (found := _next(whole, _softmax_entry)) is not None:
        whole = _named(whole, found, "softmax")
    return whole


def _log_sum_exp(node: Expr) -> bool:
    match node:
        case Apply("log", (Total(_, (Apply("exp", _),)),)):
            return True
        case _:
            return False


def _softmax_entry(node: Expr) -> bool:
    match node:
        case Apply("exp", (Add(args),)):
            return any(_is_minus_lse(arg) for arg in args)
        case _:
            return False


def _is_minus_lse(term: Expr) -> bool:
    match term:
        case Mul((Number(value), Ref(name))):
            return value == -1 and name.startswith("lse ")
        case _:
            return False


def _next(graph: Graph, wanted: Callable[[Expr], bool]) -> Expr | None:
    """The first node of a kind that isn't a whole quantity already."""
    for quantity in graph:
        if quantity.definition is not None:
            for node in postorder(quantity.definition):
                if wanted(node) and node is not quantity.definition:
                    return node
    return None


def _named(graph: Graph, node: Expr, kind: str) -> Graph:
    """The graph with a node as a quantity, and that quantity wherever the node stands."""
    own = next((q for q in graph if q.definition is node), None)
    if own is None:
        axes = tuple(sorted(node.free, key=lambda index: index.name))
        inside = sorted(names(node), key=lambda name: (name.startswith("lse "), name))
        name = f"{kind} {inside[0] if inside else ''}"
        while name in graph:
            name += "′"
        own = Quantity(name=name, axes=axes, role=Role.INTERMEDIATE, definition=node)
    others = [q if q is own else _in_terms_of(q, own) for q in graph]
    if own not in others:
        # As soon as it can be: what it is made from is still in the cache.
        last = max(at for at, q in enumerate(others) if q.name in names(node))
        others.insert(last + 1, own)
    return replace(graph, quantities=tuple(others))


def _in_terms_of(quantity: Quantity, own: Quantity) -> Quantity:
    definition = quantity.definition
    return (
        quantity
        if definition is None
        else replace(quantity, definition=in_terms_of(definition, own))
    )
