"""Counting: parameters by layer and by kind, weight matrices, and every shape with its reason."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from backhand.calculus.structure import Layer, function_name, layers
from backhand.errors import AskError
from backhand.expr import Mul, Padded, Ref, names, postorder
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity
from backhand.notation import named, space_of
from backhand.syntax import Equal, Formula, Num, Plus, Times
from backhand.working import Prose, Step, Working


def _count(value: int) -> Num:
    return Num(Fraction(value))


def _whole(value: int) -> np.ndarray:
    return np.array(Fraction(value), dtype=object)


def plural(count: int | str, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`, `2 matrices`.

    >>> plural(1, "row"), plural(2, "matrix", "matrices")
    ('1 row', '2 matrices')
    """
    return f"{count} {one if count == 1 else many or one + 's'}"


def parameters(graph: Graph) -> Working:
    """How many parameters are learned in the whole network, layer by layer."""
    steps: list[Step] = []
    for layer in layers(graph):
        steps.append(_layer_step(layer, graph))
        if layer.activation is not None:
            steps.append(_activation_step(layer.activation, graph))
    sizes = [layer.size for layer in layers(graph)]
    unused = sum(p.size for p in graph.parameters) - sum(sizes)
    if unused:
        sizes.append(unused)
    steps.append(
        Step(
            title=("Add the layers",),
            rule="count",
            formula=Plus(tuple(_count(s) for s in sizes)) if len(sizes) > 1 else None,
            value=_count(sum(sizes)),
        )
    )
    return _answer("parameters", sum(sizes), "in the whole network", steps)


def layer_parameters(graph: Graph, number: int) -> Working:
    """How many parameters are learned in one linear layer, counted from 1."""
    layer = _layer(graph, number)
    step = _layer_step(layer, graph)
    return _answer(f"parameters layer {number}", layer.size, f"in layer {number}", [step])


def activation_parameters(graph: Graph, number: int) -> Working:
    """How many parameters are learned in the activation after a layer: none."""
    layer = _layer(graph, number)
    made = layer.activation if layer.activation is not None else layer.output
    step = _activation_step(made, graph)
    where = f"in activation layer {number}"
    return _answer(f"parameters activation {number}", 0, where, [step])


def _layer(graph: Graph, number: int) -> Layer:
    found = layers(graph)
    if not 1 <= number <= len(found):
        raise AskError(f"there is no layer {number}", f"the layers are 1 to {len(found)}")
    return found[number - 1]


def _answer(ask: str, count: int, where: str, steps: list[Step]) -> Working:
    return Working(
        ask=ask,
        answer=(plural(count, "parameter"), f" {where}"),
        result=_whole(count),
        steps=tuple(steps),
    )


def _layer_step(layer: Layer, graph: Graph) -> Step:
    terms = [_entries(p) for p in layer.parameters]
    biases = sum(p.shape[0] for p in layer.parameters if p.folded)
    note: Prose = (f"of which {plural(biases, 'bias', 'biases')}, in column 0",) if biases else ()
    signs: list[str | Formula] = [f"Layer {layer.number}: "]
    for at, parameter in enumerate(layer.parameters):
        signs += [", " if at else "", named(graph, parameter.name)]
    return Step(
        title=tuple(s for s in signs if s),
        rule="count",
        formula=terms[0] if len(terms) == 1 else Plus(tuple(terms)) if terms else None,
        value=_count(layer.size),
        note=note if terms else ("its parameters were counted in an earlier layer",),
    )


def _entries(parameter: Quantity) -> Formula:
    if parameter.rank < 2:
        return _count(parameter.size)
    return Times(tuple(_count(s) for s in parameter.shape), "·")


def _activation_step(quantity: Quantity, graph: Graph) -> Step:
    name = function_name(quantity, graph)
    sign = TABLE[name].notation.text if name in TABLE else name or "the function"
    return Step(
        title=("Activation ", named(graph, quantity.name)),
        rule="count",
        value=_count(0),
        note=(f"{sign} is a fixed function: it has nothing to learn",),
    )


def matrices(graph: Graph) -> Working:
    """How many weight matrices there are."""
    found = [p for p in graph.parameters if p.rank == 2]
    signs: list[str | Formula] = []
    for matrix in found:
        signs += [", " if signs else "", named(graph, matrix.name)]
    step = Step(
        title=("One for each layer that has weights: ", *signs) if found else ("None",),
        rule="count",
        value=_count(len(found)),
    )
    return Working(
        ask="matrices",
        answer=(
            plural(len(found), "weight matrix", "weight matrices"),
            ": " if found else "",
            *signs,
        ),
        result=_whole(len(found)),
        steps=(step,),
    )


def shape(graph: Graph, name: str) -> Working:
    """The shape of a quantity, and why it is that."""
    quantity = graph[name]
    step = _shape_step(quantity, graph)
    return Working(
        ask=f"shape {name}",
        answer=(named(graph, name), f" is {_by(quantity)}"),
        result=np.array([Fraction(s) for s in quantity.shape], dtype=object),
        steps=(step,),
    )


def shapes(graph: Graph) -> Working:
    """The shapes of all parameters, or where there are none of everything."""
    chosen = graph.parameters or graph.quantities
    answers: list[str | Formula] = []
    for quantity in chosen:
        answers += [", " if answers else "", named(graph, quantity.name), f" is {_by(quantity)}"]
    table = np.empty(len(chosen), dtype=object)
    return Working(
        ask="shapes",
        answer=tuple(a for a in answers if a),
        result="; ".join(f"{q.name}: {_by(q)}" for q in chosen) if len(table) else None,
        steps=tuple(_shape_step(q, graph) for q in chosen),
    )


def _by(quantity: Quantity) -> str:
    if quantity.rank == 0:
        return "a scalar"
    if quantity.rank == 1:
        return f"a vector of {plural(quantity.extents[0], 'entry', 'entries')}"
    return "×".join(map(str, quantity.extents))


def _shape_step(quantity: Quantity, graph: Graph) -> Step:
    sign = named(graph, quantity.name)
    return Step(
        title=("The shape of ", sign),
        rule="shape",
        formula=Equal((sign, space_of(quantity)), ("∈",)),
        note=_reason(quantity, graph),
    )


def _reason(quantity: Quantity, graph: Graph) -> Prose:
    """Where a matrix's rows and columns come from: what it makes, and what it is multiplied by."""
    if quantity.rank != 2:
        return ()
    for user in graph:
        if user.definition is None or quantity.name not in names(user.definition):
            continue
        rows: Prose = (
            f"{plural(quantity.extents[0], 'row')}, one for each entry of ",
            named(graph, user.name),
        )
        columns = f"; {plural(quantity.extents[1], 'column')}, one for "
        for node in postorder(user.definition):
            match node:
                case Padded(name) if quantity.folded:
                    size = graph[name].extents[0] if graph[name].axes else 1
                    each = f"{columns}the bias and {size} for the entries of "
                    return (*rows, each, named(graph, name))
                case Mul((Ref(matrix), Ref(name))) if matrix == quantity.name:
                    return (*rows, f"{columns}each entry of ", named(graph, name))
                case _:
                    pass
        return rows
    return ()
