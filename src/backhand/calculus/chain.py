"""The chain rule on equations: local derivatives, and the backward pass as a graph of its own.

`∂J/∂q[K] = Σ over the quantities c that use q, Σ_I ∂J/∂c[I] · ∂c[I]/∂q[K]`. The local derivative
comes from the rules for sums, products and powers here and from the functions' table; the deltas it
brings along are carried out by the sum, so a dense layer gives `Σ_j ∂J/∂a[j] · W[j,k]` and an
activation `∂J/∂z[j] · σ'(a[j])`.

Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from backhand.differentiation import local
from backhand.errors import AskError
from backhand.expr import (
    Add,
    Apply,
    Expr,
    Index,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Slot,
    Total,
    add,
    mul,
    names,
    postorder,
    power,
    ref,
    rewrite,
    substitute,
    total,
)
from backhand.graph import AXES, Graph, Quantity, Role
from backhand.notation import partial_name


def at(quantity: Quantity, slots: Sequence[Slot]) -> Expr:
    """The equation of a quantity with `slots` in the place of its axes."""
    if quantity.definition is None:
        raise AskError(f"{quantity.name} has no equation", "ask about a quantity that has one")
    return substitute(quantity.definition, dict(zip(quantity.axes, slots, strict=True)))


def entry(quantity: Quantity, slots: Sequence[Slot]) -> Expr:
    """The entry of a quantity as a reference."""
    return ref(quantity.name, *slots)


def local_derivative(
    graph: Graph, of: str, of_slots: Sequence[Slot], by: str, by_slots: Sequence[Slot]
) -> Expr:
    """∂of[of_slots]/∂by[by_slots] through the one equation of `of`, in terms of `of` where it can.

    >>> from backhand.expr import apply
    >>> from backhand.graph import Quantity, Role
    >>> b = Quantity(name="b", axes=(), role=Role.DATA)
    >>> yhat = Quantity(name="yhat", axes=(), role=Role.OBJECTIVE, definition=apply("sigmoid", ref("b")))
    >>> local_derivative(Graph((b, yhat)), "yhat", (), "b", ())
    yhat*(1 + -1*yhat)
    """
    quantity = graph[of]
    derivative = local(at(quantity, of_slots), by, by_slots)
    # A quotient's derivative is clearer without its own name; σ' = ŷ(1 − ŷ) is clearer with it.
    has_function = any(isinstance(node, Apply) for node in postorder(at(quantity, of_slots)))
    return in_terms_of(derivative, quantity) if has_function else derivative


def in_terms_of(expr: Expr, quantity: Quantity) -> Expr:
    """`expr` with every occurrence of the quantity's equation replaced by its name.

    An occurrence may have any entries in the place of the axes, and a product may be part of a
    longer one: `e^s_j (Σ e^s)^-1 · 3` becomes `3 p_j`.
    """
    pattern = quantity.definition
    if pattern is None or isinstance(pattern, Ref) or not names(pattern):
        return expr
    exposed = frozenset(quantity.axes)

    def leaf(node: Expr) -> Expr | None:
        found = _match(pattern, node, exposed)
        if found is not None:
            # An axis that is missing from the equation may stand for anything: all its entries agree.
            own = {a: a if a in pattern.free else a.lower for a in quantity.axes}
            return ref(quantity.name, *(found.get(a, own[a]) for a in quantity.axes))
        if isinstance(node, Mul) and isinstance(pattern, Mul):
            return _match_in_product(pattern, node, quantity)
        return None

    previous = None
    while expr is not previous:
        previous, expr = expr, rewrite(expr, leaf)
    return expr


Binding = dict[Index, Slot]


def _match(pattern: Expr, node: Expr, open_: frozenset[Index]) -> Binding | None:
    """What the open indices of the pattern must be for it to be the node, or None."""
    binding: Binding = {}
    stack = [(pattern, node)]
    while stack:
        left, right = stack.pop()
        if left is right and not left.free & open_:
            continue
        if type(left) is not type(right) or len(left.args) != len(right.args):
            return None
        match left, right:
            case (Ref(a, s), Ref(b, t)) | (Padded(a, s, _), Padded(b, t, _)):
                if a != b or not all(
                    x == y or (x in open_ and binding.setdefault(x, y) == y)  # type: ignore[arg-type]
                    for x, y in zip(s, t, strict=True)
                ):
                    return None
            case (Apply(a), Apply(b)):
                if a != b:
                    return None
            case (Total(a), Total(b)):
                if a != b:
                    return None
            case (Add() | Mul() | Power(), _):
                pass
            case _:
                if left is not right:
                    return None
        stack.extend(zip(left.args, right.args, strict=True))
    covered = all(k.covers(v) for k, v in binding.items())
    return binding if covered and substitute(pattern, binding) is node else None


def _match_in_product(pattern: Mul, node: Mul, quantity: Quantity) -> Expr | None:
    """The node with one occurrence of the pattern's factors taken out for the name, or None."""
    exposed = frozenset(quantity.axes)
    lead = next((f for f in pattern.args if f.free >= exposed), None)
    if lead is None:
        return None
    for factor in node.args:
        binding = _match(lead, factor, exposed)
        if binding is None:
            continue
        there = substitute(pattern, binding)
        if not _holds(node, there):
            continue
        rest = mul(node, *(power(f, -1) for f in there.args))
        return mul(rest, ref(quantity.name, *(binding.get(a, a) for a in quantity.axes)))
    return None


def _holds(node: Expr, part: Expr) -> bool:
    """Whether every factor of `part` is among those of `node`, to at least its own power."""
    have = dict(map(_base_and_exponent, node.args))
    for base, wanted in map(_base_and_exponent, part.args):
        found = have.get(base, Fraction(0))
        enough = 0 < wanted <= found or found <= wanted < 0
        if not isinstance(base, Number) and not enough:
            return False
    return True


def _base_and_exponent(factor: Expr) -> tuple[Expr, Fraction]:
    match factor:
        case Power((base, Number(exponent))):
            return base, exponent
        case _:
            return factor, Fraction(1)


def uses(graph: Graph, of: str) -> dict[str, list[Quantity]]:
    """Who uses what on the way to `of`: for each name, the quantities whose equations mention it."""
    wanted = {of}
    found: dict[str, list[Quantity]] = {}
    for quantity in reversed(graph.quantities):
        if quantity.name not in wanted or quantity.definition is None:
            continue
        for name in sorted(names(quantity.definition)):
            if name in graph:
                wanted.add(name)
                found.setdefault(name, []).append(quantity)
    return found


def backward(graph: Graph, of: str) -> Graph:
    """The graph with the derivative of `of` by every quantity that it depends on.

    Derivatives are named `∂of/∂q` and have the axes of `of`, then those of q. The number of nodes
    made grows with the equations, not with the sizes. Raises `MeaningError` for an unknown name.
    """
    target = graph[of]
    users = uses(graph, of)
    made = [
        _adjoint(graph, target, quantity, users[quantity.name])
        for quantity in reversed(graph.quantities)
        if quantity.name in users
    ]
    return replace(graph, quantities=(*graph.quantities, *made))


def _adjoint(graph: Graph, of: Quantity, by: Quantity, users: Sequence[Quantity]) -> Quantity:
    """The equation of ∂of/∂by from those of the quantities that use `by`."""
    letters = AXES[: of.rank + by.rank]
    own = tuple(
        axis.named(letter) for axis, letter in zip((*of.axes, *by.axes), letters, strict=True)
    )
    outer, inner = own[: of.rank], own[of.rank :]
    terms: list[Expr] = []
    for user in reversed(users):
        if user.name == of.name:
            terms.append(local_derivative(graph, user.name, outer, by.name, inner))
            continue
        middle = tuple(axis.named(f"{axis.name}′") for axis in user.axes)
        slope = local_derivative(graph, user.name, middle, by.name, inner)
        product = mul(ref(partial_name(of.name, user.name), *outer, *middle), slope)
        for index in reversed(middle):
            product = total(index, product)
        terms.append(product)
    return Quantity(
        name=partial_name(of.name, by.name),
        axes=own,
        role=Role.GRADIENT,
        definition=add(*terms),
        place=by.place,
    )


def is_alias(quantity: Quantity) -> bool:
    """Whether the quantity is another one under a second name: J = ℓ."""
    return isinstance(quantity.definition, Ref) and quantity.definition.slots == quantity.axes
