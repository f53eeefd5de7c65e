"""Second derivatives: Hessians, and Hessian-vector products that never form the Hessian.

Backwards once, then forwards: the gradient's own equations are differentiated, quantity by quantity,
`∂q/∂v[K] = Σ over the quantities p that q uses, Σ_I ∂q/∂p[I] · ∂p/∂v[K]`, so that a Hessian is a
graph like any other. A product with a vector u is the derivative along w + ε u at ε = 0: a number
for each entry on the way, instead of one for each pair.

Source: Pearlmutter, Fast Exact Multiplication by the Hessian, Neural Computation 6 (1994).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from backhand.calculus.chain import backward
from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.forward import trace
from backhand.calculus.gradient import backward_step, objective_of, on_the_way
from backhand.differentiation import local
from backhand.errors import AskError, MeaningError
from backhand.expr import Expr, add, mul, names, ref, same, total
from backhand.graph import AXES, Graph, Quantity, Role
from backhand.notation import named, partial_name, parts, result
from backhand.slots import Index
from backhand.values import Value, as_value
from backhand.working import Step, Working

STEP = "epsilon"
"""The variable along which a product with a vector differentiates."""
MAX_ENTRIES = 4_000_000
"""A Hessian with more entries isn't formed; its product with a vector is."""


def tangents(graph: Graph, by: str, own: tuple[Index, ...], seeds: Mapping[str, Expr]) -> Graph:
    """The graph with the derivative of every quantity by the variable `by`, forwards.

    `own`: the axes of the variable. `seeds`: what the derivative is of those that it changes
    directly, over their own axes and then `own`.
    """
    made: dict[str, Quantity] = {}
    for quantity in graph:
        name = partial_name(quantity.name, by)
        if name in graph:
            made[quantity.name] = graph[name]
            continue
        axes = _axes(quantity, own)
        used = names(quantity.definition) & made.keys() if quantity.definition is not None else ()
        if quantity.name in seeds:
            slope = seeds[quantity.name]
        elif used and quantity.definition is not None:
            slope = add(*(_through(quantity, graph[each], made[each]) for each in sorted(used)))
        else:
            continue
        made[quantity.name] = Quantity(
            name=name,
            axes=axes,
            role=Role.GRADIENT,
            definition=slope,
            place=quantity.place,
        )
    new = (tangent for tangent in made.values() if tangent.name not in graph)
    return replace(graph, quantities=(*graph.quantities, *new))


def _axes(quantity: Quantity, own: tuple[Index, ...]) -> tuple[Index, ...]:
    letters = AXES[quantity.rank : quantity.rank + len(own)]
    if len(letters) < len(own):
        raise AskError(f"a derivative of {quantity.name} would have over {len(AXES)} axes")
    return (*quantity.axes, *(a.named(letter) for a, letter in zip(own, letters, strict=True)))


def _through(quantity: Quantity, used: Quantity, tangent: Quantity) -> Expr:
    """What reaches a quantity through one that it uses, whose derivative is `tangent`."""
    assert quantity.definition is not None
    middle = tuple(axis.named(f"{axis.name}′") for axis in used.axes)
    free = _axes(quantity, tangent.axes[used.rank :])[quantity.rank :]
    product = mul(local(quantity.definition, used.name, middle), ref(tangent.name, *middle, *free))
    for index in reversed(middle):
        product = total(index, product)
    return product


def hessian(graph: Graph, of: str | None = None, by: Sequence[str] = ()) -> Working:
    """The second derivatives of a scalar by a quantity, or by two: ∂²J/∂w∂v[j,k] = ∂/∂v_k ∂J/∂w_j.

    Its axes are those of the first quantity, then those of the second. Raises `AskError` for one
    with more than `MAX_ENTRIES` entries.
    """
    name = objective_of(graph, of)
    first, second = _pair(graph, by)
    size = graph[first].size * graph[second].size if _sized(graph, first, second) else 0
    if size > MAX_ENTRIES:
        raise AskError(
            f"this Hessian has {size} entries", "multiply it by a vector: graph.hessian_vector"
        )
    variable = graph[second]
    others = _axes(variable, variable.axes)[variable.rank :]
    seed = mul(*(same(a, b) for a, b in zip(variable.axes, others, strict=True)))
    whole = tangents(_backward(graph, name, first), second, variable.axes, {second: seed})
    return _worked(
        graph, whole, partial_name(name, first), second, f"hessian {name} {first} {second}"
    )


def hessian_vector(
    graph: Graph, direction: Mapping[str, ArrayLike], of: str | None = None
) -> Working:
    """The Hessian of a scalar times a vector, given by name: `{"w": [1, 0]}`.

    The working's `values` hold the product's part for each named quantity, as `∂²J/∂w∂epsilon`;
    its result is the first of them.
    """
    name = objective_of(graph, of)
    if not direction:
        raise AskError("there is no direction", 'name one: {"w": [1, 0]}')
    given: list[Quantity] = []
    seeds: dict[str, Expr] = {}
    for each, along in direction.items():
        value = as_value(along)
        quantity = graph[each]
        if value.shape != quantity.shape:
            raise MeaningError(
                f"the direction for {each} has the shape {value.shape}, {each} {quantity.shape}"
            )
        given.append(Quantity(name=f"u_{each}", axes=quantity.axes, role=Role.DATA, value=value))
        seeds[each] = ref(f"u_{each}", *quantity.axes)
    step = Quantity(name=STEP, axes=(), role=Role.DATA)
    base = replace(graph, quantities=(step, *given, *graph.quantities))
    whole = tangents(_backward(base, name, *direction), STEP, (), seeds)
    first, *rest = [partial_name(name, each) for each in direction]
    working = _worked(base, whole, first, STEP, f"hessian {name} times a vector")
    values = dict(working.values)
    for each in rest:
        values |= _evaluated(whole, partial_name(each, STEP), values)
    return replace(working, values=values)


def _pair(graph: Graph, by: Sequence[str]) -> tuple[str, str]:
    chosen = list(by) or [q.name for q in graph.parameters]
    if not by and len(chosen) != 1:
        raise AskError(
            "a Hessian is by one quantity or two", f"name them: {', '.join(chosen) or 'w'}"
        )
    return chosen[0], chosen[-1]


def _sized(graph: Graph, *each: str) -> bool:
    return all(isinstance(n, int) for name in each for n in graph[name].extents)


def _backward(graph: Graph, of: str, *by: str) -> Graph:
    whole = backward(graph, of)
    for name in by:
        if partial_name(of, name) not in whole:
            raise AskError(f"{of} doesn't depend on {name}", "all its second derivatives are 0")
    needed = on_the_way(whole, of, by)
    kept = tuple(q for q in whole if q.role is not Role.GRADIENT or q.name in needed)
    return replace(whole, quantities=kept)


def _worked(graph: Graph, whole: Graph, first: str, second: str, ask: str) -> Working:
    """The working of the derivative of a gradient: back to it, then forwards."""
    last = partial_name(first, second)
    if last not in whole:
        zero = Quantity(name=last, axes=whole[first].axes, role=Role.GRADIENT, definition=add())
        whole = replace(whole, quantities=(*whole.quantities, zero))
    known = _evaluated(whole, last, trace(graph))
    chosen = _needed(whole, last)
    steps = tuple(
        _step(q, whole, known, second) for q in whole.with_role(Role.GRADIENT) if q.name in chosen
    )
    sign = named(whole, last)
    value = known.get(last)
    return Working(
        ask=ask,
        answer=(result(sign, value) if value is not None else steps[-1].formula or sign,),
        result=value,
        steps=steps,
        values=known,
    )


def _step(quantity: Quantity, graph: Graph, values: Mapping[str, Value], variable: str) -> Step:
    step = backward_step(quantity, graph, values, "denominator")
    pair = parts(quantity.name)
    if pair is None or pair[1][-1] != variable:
        return step
    return replace(step, title=("Forward to ", named(graph, quantity.name)))


def _needed(graph: Graph, name: str) -> set[str]:
    wanted = {name}
    for quantity in reversed(graph.quantities):
        if quantity.name in wanted and quantity.definition is not None:
            wanted |= names(quantity.definition)
    return wanted


def _evaluated(graph: Graph, name: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values with those that the quantity `name` needs, where they can be worked out."""
    known = dict(values)
    needed = _needed(graph, name)
    for quantity in graph:
        definition = quantity.definition
        if quantity.name not in needed or quantity.name in known or definition is None:
            continue
        if computable(definition, known):
            known[quantity.name] = np.asarray(evaluate(definition, quantity.axes, graph, known))
    return known
