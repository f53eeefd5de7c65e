"""The forward pass: every quantity from those before it, with formula, substitution and value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

import numpy as np

from backhand.calculus.chain import at
from backhand.calculus.evaluate import computable, evaluate, settled
from backhand.compositions import COMPOSITIONS
from backhand.errors import AskError
from backhand.expr import Add, Apply, Expr, Mul, Padded, Total, names, postorder
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity, Role, Value, floats
from backhand.matrices import matrix_form, recognised
from backhand.notation import MAX_TERMS, equals, formula, named, result, value_formula
from backhand.syntax import Equal, Formula, Name, Num, Plus, Rows, replaced
from backhand.values import MAX_EXACT_ENTRIES
from backhand.working import Prose, Step, Working

MAX_SHOWN = 64
"""A value with more entries isn't put into a formula in full."""


def trace(graph: Graph) -> dict[str, Value]:
    """The value of every quantity that the given values determine, in order."""
    given = sum(q.size for q in graph if q.value is not None)
    values: dict[str, Value] = {}
    for quantity in graph:
        if quantity.value is not None:
            exact = given <= MAX_EXACT_ENTRIES
            values[quantity.name] = quantity.value if exact else floats(quantity.value)
        elif quantity.definition is not None and computable(quantity.definition, values):
            values[quantity.name] = evaluate(quantity.definition, quantity.axes, graph, values)
    return values


def known(graph: Graph, values: Mapping[str, Value], name: str) -> Value:
    """The value of a quantity; `AskError` names the given value that is missing."""
    if name not in values:
        missing = [q.name for q in graph if q.definition is None and q.value is None]
        raise AskError(
            f"{name} has no value, because {', '.join(missing)} has none",
            f"give it one, such as {missing[0] if missing else name} = 2",
        )
    return values[name]


def forward(graph: Graph) -> Working:
    """The whole forward pass. The result is the objective's value."""
    if not graph.quantities:
        raise AskError("this graph is empty", "define something, such as x = 3")
    target = graph.objective or graph.quantities[-1].name
    return _worked(graph, target, {q.name for q in graph if q.role is not Role.GRADIENT})


def value_of(graph: Graph, name: str, earlier: Collection[str] = ()) -> Working:
    """The value of a quantity, worked out from the given ones.

    `earlier`: quantities that were worked out in an answer before and are only used here.
    """
    return _worked(graph, name, {name} | (ancestors(graph, name) - set(earlier)))


def _worked(graph: Graph, name: str, shown: Collection[str]) -> Working:
    """The value of `name`, with the steps of the quantities `shown`."""
    values = trace(graph)
    value = known(graph, values, name)
    steps: list[Step] = []
    for quantity in graph:
        if quantity.name in shown and quantity.name in values:
            steps += steps_for(quantity, graph, values)
    if graph[name].definition is None:
        steps.append(
            Step(
                title=("Given",),
                rule="given value",
                formula=named(graph, name),
                value=value_formula(value),
                place=graph[name].place,
            )
        )
    return Working(
        ask=f"value {name}",
        answer=(result(named(graph, name), value),),
        result=value,
        steps=tuple(steps),
        values=values,
    )


def ancestors(graph: Graph, name: str) -> set[str]:
    """Every quantity on which this one depends."""
    found = {name}
    for quantity in reversed(graph.quantities):
        if quantity.name in found and quantity.definition is not None:
            found |= names(quantity.definition)
    return found - {name}


def steps_for(quantity: Quantity, graph: Graph, values: Mapping[str, Value]) -> tuple[Step, ...]:
    """The step that works a quantity out, after one for each vector whose bias is folded in."""
    if quantity.definition is None:
        return ()
    name = named(graph, quantity.name)
    before = tuple(
        _fold_step(node, quantity, graph, values) for node in _folds(quantity.definition)
    )
    right, meaning = sides(quantity, graph)
    step = Step(
        title=("Work out ", name),
        rule=rule_of(quantity, graph),
        formula=equals(name, right, meaning),
        substitution=_substitution(quantity, meaning or right, graph, values),
        value=value_formula(values[quantity.name]) if quantity.name in values else None,
        note=_meaning(quantity, graph),
        place=quantity.place,
    )
    return (*before, step)


def sides(quantity: Quantity, graph: Graph) -> tuple[Formula, Formula | None]:
    """The right-hand side of an equation, and what its function means where that needs saying."""
    assert quantity.definition is not None
    right = matrix_form(quantity, graph)
    meaning: Formula | None = None
    if isinstance(quantity.definition, Apply) and quantity.rank == 0:
        function = TABLE[quantity.definition.name]
        if function.formula is not None:
            meaning = formula(function.formula(*quantity.definition.args), graph)
    if right is None:
        right = formula(quantity.definition, graph)
    return right, meaning


def equation(quantity: Quantity, graph: Graph) -> Equal:
    """A quantity's equation, in matrix notation where it has one, else in index notation."""
    matrices = matrix_form(quantity, graph)
    if matrices is not None:
        return equals(named(graph, quantity.name), matrices)
    assert quantity.definition is not None
    slots = tuple(Name(axis.name) for axis in quantity.axes)
    return equals(named(graph, quantity.name, slots), formula(quantity.definition, graph))


def rule_of(quantity: Quantity, graph: Graph) -> str:
    """What is done in an equation, in two or three words."""
    by_name = recognised(quantity, graph)
    match quantity.definition:
        case _ if by_name is not None:
            return f"apply {COMPOSITIONS[by_name.function].text}"
        case Apply(name):
            return f"apply {TABLE[name].notation.text or name}"
        case Total(_, (Mul(args),)) if len(args) == 2:
            return "matrix product"
        case Add(args) if any(isinstance(arg, Total) for arg in args):
            return "matrix product and bias"
        case Total():
            return "sum"
        case _:
            return "definition"


def _meaning(quantity: Quantity, graph: Graph) -> Prose:
    """What softmax or log-sum-exp means, entry by entry."""
    if quantity.definition is None or recognised(quantity, graph) is None:
        return ()
    slots = tuple(Name(axis.name) for axis in quantity.axes)
    entry = named(graph, quantity.name, slots)
    return ("that is ", equals(entry, formula(quantity.definition, graph)))


def _folds(definition: Expr) -> list[Padded]:
    seen: dict[str, Padded] = {}
    for node in postorder(definition):
        if isinstance(node, Padded):
            seen.setdefault(node.name, node)
    return list(seen.values())


def _fold_step(node: Padded, quantity: Quantity, graph: Graph, values: Mapping[str, Value]) -> Step:
    """A 1 is put before a vector, so that the first column of the matrix is the bias."""
    vector = named(graph, node.name)
    folded = [n for n in sorted(names(quantity.definition or node)) if graph[n].folded]
    which: Prose = ("column 0 of ", named(graph, folded[0]), " is the bias") if folded else ()
    value = None
    if node.name in values and node.rank <= 1:
        entries = values[node.name].reshape(-1)
        one = np.ones(1, dtype=entries.dtype)
        value = value_formula(settled(np.concatenate([one, entries])))
    one_before = Rows(((Num(Fraction(1)),), (vector,)))
    return Step(
        title=("Fold the bias in: put a 1 before ", vector),
        rule="bias folded in",
        formula=one_before,
        value=value,
        note=which,
    )


def _substitution(
    quantity: Quantity, right: Formula, graph: Graph, values: Mapping[str, Value]
) -> Formula | None:
    """The right-hand side with numbers in it: as matrices, and entry by entry where that fits."""
    matrices = (
        with_numbers(right, graph, values) if quantity.rank or _has_arrays(right, graph) else None
    )
    entries = _entry_sums(quantity, graph, values)
    if quantity.rank == 0 and matrices is None:
        return with_numbers(right, graph, values)
    if matrices is None or entries is None or matrices == entries:
        return entries if matrices is None else matrices
    return Equal((matrices, entries), ("=",))


def _has_arrays(right: Formula, graph: Graph) -> bool:
    found: list[str] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Name) and part.name in graph and graph[part.name].rank:
            found.append(part.name)
        return None

    replaced(right, leaf)
    return bool(found)


def with_numbers(right: Formula, graph: Graph, values: Mapping[str, Value]) -> Formula | None:
    """A formula in matrix notation with every name as its value; None where that is too long."""
    too_long: list[str] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Name) and part.name in graph:
            value = values.get(part.name)
            if value is None or value.size > MAX_SHOWN:
                too_long.append(part.name)
                return None
            return value_formula(value)
        if isinstance(part, Rows):
            return _stacked(part, graph, values)
        return None

    out = replaced(right, leaf)
    return None if too_long else out


def _stacked(rows: Rows, graph: Graph, values: Mapping[str, Value]) -> Formula | None:
    """A 1 over a vector as one column of numbers."""
    match rows.rows:
        case ((Num() as one,), (Name(name),)) if name in values and values[name].size <= MAX_SHOWN:
            below = value_formula(values[name])
            rest = below.rows if isinstance(below, Rows) else ((below,),)
            return Rows(((one,), *rest))
        case _:
            return None


def _entry_sums(quantity: Quantity, graph: Graph, values: Mapping[str, Value]) -> Formula | None:
    """Each entry's own sum written out: `2 + 3 · 2 + (−1) · 5`."""
    summed = isinstance(quantity.definition, Total) or recognised(quantity, graph)
    if quantity.rank > 1 or quantity.size > MAX_TERMS or not summed:
        return None
    assert quantity.definition is not None
    if quantity.rank == 0:
        return formula(quantity.definition, graph, values)
    axis = quantity.axes[0]
    rows = [
        formula(at(quantity, (slot,)), graph, values)
        for slot in range(axis.lower, axis.lower + axis.size)
    ]
    if any(isinstance(r, Plus) and len(r.terms) > MAX_TERMS for r in rows):
        return None
    return Rows(tuple((row,) for row in rows))
