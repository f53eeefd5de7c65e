"""One factor of a chain on its own: a local derivative, in terms of the names that are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from backhand.calculus.chain import at, in_terms_of, local, local_derivative
from backhand.calculus.derive import expanded, kink_note, rule_for
from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.forward import equation, trace
from backhand.calculus.gradient import with_quantity
from backhand.calculus.layout import arranged, layout_note, local_array
from backhand.calculus.paths import Hop, Spot, is_entry, partial
from backhand.errors import AskError
from backhand.expr import Expr, names
from backhand.graph import Graph, Layout, Value
from backhand.matrices import matrix_form
from backhand.notation import equals, formula, named, result, value_formula
from backhand.syntax import Equal, Formula, Name
from backhand.working import Step, Working


def local_working(
    graph: Graph, of: Spot, by: Spot, wanted: Sequence[str], layout: Layout
) -> Working:
    """∂of/∂by through the one equation of `of`, written in the names `wanted` (all, if none).

    Raises `AskError` where that equation doesn't use `by`, or the names don't suffice.
    """
    definition = graph[of.name].definition
    if definition is None or by.name not in names(definition):
        uses = sorted(names(definition)) if definition is not None else []
        raise AskError(
            f"the equation of {of.name} doesn't use {by.name}",
            f"it uses {', '.join(uses) or 'nothing'}; for the whole chain ask "
            f"`derivative {of.name} {by.name}`",
        )
    if not (is_entry(graph, of) and is_entry(graph, by)):
        return _local_array(graph, of.name, by.name, layout)
    return _local_entry(graph, of, by, wanted)


def _local_entry(graph: Graph, of: Spot, by: Spot, wanted: Sequence[str]) -> Working:
    raw = local(at(graph[of.name], of.slots), by.name, by.slots)
    own = local_derivative(graph, of.name, of.slots, by.name, by.slots)
    slope = written_in(raw, graph, wanted) if wanted else own
    sign = partial(graph, of, by)
    hop = Hop(of, by, slope)
    steps = [
        Step(
            title=("The equation of ", named(graph, of.name)),
            rule="definition",
            formula=equation(graph[of.name], graph),
            place=graph[of.name].place,
        )
    ]
    if raw is not slope:
        steps.append(
            Step(
                title=("Differentiate by ", named(graph, by.name)),
                rule=rule_for(graph, hop),
                formula=equals(sign, formula(raw, graph)),
            )
        )
    values = trace(graph)
    value = _value(slope, graph, values)
    numbers = formula(slope, graph, values) if value is not None else None
    shown = value_formula(value) if value is not None else None
    steps.append(
        Step(
            title=("Write it by names",) if raw is not slope else ("Differentiate",),
            rule="substitution" if raw is not slope else rule_for(graph, hop),
            formula=equals(sign, formula(slope, graph)),
            substitution=numbers if numbers != shown else None,
            value=shown,
            note=kink_note(graph, hop, values),
        )
    )
    return Working(
        ask=f"local {of.name} {by.name}",
        answer=(_answer(sign, formula(slope, graph), value),),
        result=value,
        steps=tuple(steps),
        values=values,
    )


def _answer(sign: Formula, slope: Formula, value: Value | None) -> Equal:
    """The derivative as a formula, and its value where the formula isn't the value already."""
    if value is None or value_formula(value) == slope:
        return equals(sign, slope)
    shown = result(slope, value)
    return Equal((sign, *shown.sides), ("=", *shown.signs))


def _value(slope: Expr, graph: Graph, values: Mapping[str, Value]) -> Value | None:
    return evaluate(slope, (), graph, values) if computable(slope, values) else None


def written_in(slope: Expr, graph: Graph, wanted: Sequence[str]) -> Expr:
    """The expression in terms of the names `wanted`; `AskError` where other names remain."""
    allowed = frozenset(wanted)
    found = slope
    for name in wanted:
        found = in_terms_of(found, graph[name])
    if not names(found) <= allowed:
        found = expanded(found, graph, keep=allowed)
        for name in wanted:
            found = in_terms_of(found, graph[name])
    left = sorted(names(found) - allowed)
    if left:
        raise AskError(
            f"the derivative can't be written in {', '.join(wanted)} alone",
            f"it also needs {', '.join(left)}",
        )
    return found


def _local_array(graph: Graph, of: str, by: str, layout: Layout) -> Working:
    """The local derivative of a whole vector, by entries and as the matrix of its layout."""
    array = local_array(graph, of, by)
    whole = with_quantity(graph, array)
    values = trace(graph)
    sign = named(whole, array.name)
    entry_sign = named(whole, array.name, tuple(Name(axis.name) for axis in array.axes))
    assert array.definition is not None
    matrices = matrix_form(array, whole, layout)
    value = None
    if computable(array.definition, values):
        value = arranged(
            np.asarray(evaluate(array.definition, array.axes, whole, values)), array, whole, layout
        )
    by_entry = equals(entry_sign, formula(array.definition, whole))
    steps = (
        Step(
            title=("The equation of ", named(graph, of)),
            rule="definition",
            formula=equation(graph[of], graph),
            place=graph[of].place,
        ),
        Step(title=("Differentiate entry by entry",), rule="chain rule", formula=by_entry),
        Step(
            title=("As a matrix",),
            rule=f"{layout} layout",
            formula=equals(sign, matrices) if matrices is not None else sign,
            value=value_formula(value) if value is not None and value.ndim <= 2 else None,
        ),
    )
    return Working(
        ask=f"local {of} {by}",
        answer=(equals(sign, matrices) if matrices is not None else by_entry,),
        result=value,
        steps=steps,
        notes=(layout_note(graph, of, by, layout),),
        values=values,
        layout=layout,
    )
