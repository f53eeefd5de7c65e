"""Backpropagation: the gradient of a scalar, backwards through the graph, one quantity at a time.

A gradient, which an update subtracts, always has its parameter's own shape.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from backhand.calculus.chain import backward
from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.forward import trace
from backhand.calculus.layout import arranged
from backhand.errors import AskError
from backhand.expr import ZERO, mul, names, same
from backhand.graph import AXES, Graph, Layout, Quantity, Role, Value
from backhand.matrices import matrix_form
from backhand.notation import equals, formula, named, partial_name, result, value_formula
from backhand.syntax import Entry, Formula, Name, Words, replaced
from backhand.working import Prose, Step, Working


def objective_of(graph: Graph, of: str | None = None) -> str:
    """The name of the scalar whose gradient is meant; `AskError` where there is none."""
    name = of or graph.objective
    if name is None:
        raise AskError("this graph has no objective", "define a scalar J, such as J = (y - yhat)^2")
    if not graph[name].single:
        raise AskError(
            f"{name} is no scalar, and a gradient is that of a scalar",
            f"ask for `jacobian {name} ...`",
        )
    return name


def loss_of(graph: Graph) -> str:
    """The name of what "the loss" means: ℓ, loss or L where the page has one, else the objective."""
    aim = objective_of(graph)
    return next((name for name in ("ell", "loss", "L") if name in graph), aim)


def gradients(
    graph: Graph, of: str, by: Collection[str], values: Mapping[str, Value]
) -> tuple[Graph, dict[str, Value]]:
    """The backward graph, and every value in it that is needed for the derivatives by `by`."""
    whole = backward(graph, of)
    for name in by:
        if partial_name(of, name) not in whole:
            whole = with_quantity(whole, _constant(graph[of], graph[name]))
    known = dict(values)
    wanted = {partial_name(of, name) for name in by}
    for quantity in reversed(whole.quantities):
        if quantity.name in wanted and quantity.definition is not None:
            wanted |= names(quantity.definition)
    for quantity in whole.with_role(Role.GRADIENT):
        definition = quantity.definition
        if quantity.name in wanted and definition is not None and computable(definition, known):
            known[quantity.name] = evaluate(definition, quantity.axes, whole, known)
    return whole, known


def _constant(of: Quantity, by: Quantity) -> Quantity:
    """The derivative of a quantity by one that it doesn't depend on, or by itself."""
    own = tuple(a.named(n) for a, n in zip((*of.axes, *by.axes), AXES, strict=False))
    pairs = zip(own[: of.rank], own[of.rank :], strict=False)
    one = mul(*(same(a, b) for a, b in pairs)) if of.name == by.name else ZERO
    return Quantity(
        name=partial_name(of.name, by.name), axes=own, role=Role.GRADIENT, definition=one
    )


def gradient(graph: Graph, of: str | None = None, by: Sequence[str] = ()) -> Working:
    """Backpropagation: the gradient of a scalar by each parameter, or by each quantity in `by`.

    Gradients have their quantity's own shape. The working's `values` hold them as `∂J/∂W_1`; its
    result is the gradient itself where there is one only.
    """
    name = objective_of(graph, of)
    chosen = list(by) or [q.name for q in graph.parameters]
    if not chosen:
        raise AskError("this graph has no parameter", f"name what to differentiate {name} by")
    whole, known = gradients(graph, name, chosen, trace(graph))
    needed = on_the_way(whole, name, chosen)
    steps = [
        backward_step(q, whole, known, "denominator")
        for q in whole.with_role(Role.GRADIENT)
        if q.name in needed
    ]
    answers: list[str | Formula] = []
    for each in chosen:
        sign = partial_name(name, each)
        shown = named(whole, sign)
        answers += [", " if answers else "", result(shown, known[sign]) if sign in known else shown]
    single = known.get(partial_name(name, chosen[0])) if len(chosen) == 1 else None
    return Working(
        ask=" ".join(["gradient", name, *by]),
        answer=tuple(a for a in answers if a),
        result=single,
        steps=tuple(steps),
        notes=(("Each gradient is shown in the shape of its own parameter.",),),
        values=known,
    )


def on_the_way(whole: Graph, of: str, by: Collection[str]) -> set[str]:
    """The derivatives from which those by `by` are worked out, and these themselves."""
    needed = {partial_name(of, name) for name in by}
    for quantity in reversed(whole.quantities):
        if quantity.name in needed and quantity.definition is not None:
            needed |= {n for n in names(quantity.definition) if n.startswith("∂")}
    return needed


def backward_step(
    quantity: Quantity, graph: Graph, values: Mapping[str, Value], layout: Layout
) -> Step:
    """The step back to one quantity, in matrix notation where there is one."""
    assert quantity.definition is not None
    sign = named(graph, quantity.name)
    matrices = matrix_form(quantity, graph, layout)
    right = matrices
    left = sign
    if right is None:
        left = named(graph, quantity.name, tuple(Name(axis.name) for axis in quantity.axes))
        right = formula(quantity.definition, graph)
    numbers = None
    if quantity.rank == 0 and not _mentions_arrays(quantity, graph):
        numbers = formula(quantity.definition, graph, values)
    value = values.get(quantity.name)
    return Step(
        title=("Back to ", sign),
        rule="chain rule",
        formula=equals(left, right),
        substitution=numbers if value is not None else None,
        value=None if value is None else value_formula(arranged(value, quantity, graph, layout)),
        note=_cut_note(right),
    )


def _mentions_arrays(quantity: Quantity, graph: Graph) -> bool:
    return any(graph[n].rank for n in names(quantity.definition)) if quantity.definition else False


def _cut_note(right: Formula) -> Prose:
    """Says why a matrix stands without its first column."""
    cut: list[Formula] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Entry) and any(isinstance(s, Words) for s in part.slots):
            cut.append(part.of)
        return None

    replaced(right, leaf)
    return ("without column 0 of ", cut[0], ": the bias multiplies the constant 1") if cut else ()


def with_quantity(graph: Graph, quantity: Quantity) -> Graph:
    """The graph with one more quantity."""
    return replace(graph, quantities=(*graph.quantities, quantity))
