"""Dense layers found in a graph's equations: which parameter is the weight, which the bias.

`a = W x + b`, `a = W (1,x)` with the bias folded in, `a = w·x` and `a = Wᵀ x` are the same layer to
another framework: a matrix of outputs × inputs and a vector. A stack of them, with functions
between, is what it calls sequential.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.expr import Add, Apply, Expr, Mul, Padded, Ref, Total, names
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity, Role
from backhand.matrices import recognised
from backhand.slots import Index, Slot

Numbers: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Linear:
    """A dense layer on the vector (or number) `source`, by the names of its parameters.

    `form`: how the weight's axes stand: outputs × inputs, the transpose, or one of the two alone.
    `folded`: the weight's first column is the bias.
    """

    source: str
    weight: str
    bias: str | None
    folded: bool
    form: Literal["rows", "columns", "row", "column"]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of what is learned in it."""
        return (self.weight,) if self.bias is None else (self.weight, self.bias)

    def matrices(self, weight: Numbers, bias: Numbers | None) -> tuple[Numbers, Numbers | None]:
        """The parameters' values as outputs × inputs, and the bias as a vector."""
        match self.form:
            case "rows":
                matrix = weight
            case "columns":
                matrix = weight.T
            case "row":
                matrix = weight.reshape(1, -1)
            case "column":
                matrix = weight.reshape(-1, 1)
        if self.folded:
            return matrix[:, 1:], matrix[:, 0]
        return matrix, None if bias is None else bias.reshape(-1)

    def values(
        self, matrix: Numbers, bias: Numbers | None, like: tuple[int, ...]
    ) -> tuple[Numbers, Numbers | None]:
        """The way back: the values of the weight, in the shape `like`, and of a bias of its own."""
        if self.folded and bias is not None:
            matrix, bias = np.concatenate([bias.reshape(-1, 1), matrix], axis=1), None
        return (matrix.T if self.form == "columns" else matrix).reshape(like), bias


@dataclass(frozen=True, slots=True)
class Stack:
    """Dense layers and functions in forward order, from the data `source` to the quantity `output`.

    A function is an entry of the table of one argument, or softmax; the identity is left out.
    """

    source: str
    parts: tuple[Linear | str, ...]
    output: str

    @property
    def layers(self) -> Iterator[tuple[int, Linear]]:
        """The dense layers with their numbers among all parts, from 0."""
        yield from ((at, each) for at, each in enumerate(self.parts) if isinstance(each, Linear))


def linear(expr: Expr, graph: Graph) -> Linear | None:
    """The dense layer that an expression in one index, or none, is; None where it isn't one."""
    row = next(iter(expr.free), None)
    if len(expr.free) > 1 or not isinstance(expr, Add | Total | Mul):
        return None
    if not isinstance(expr, Add):
        return _product(expr, row, graph)
    for one, other in (expr.args, expr.args[::-1]) if len(expr.args) == 2 else ():
        found = _product(one, row, graph)
        if found is None or found.folded or not isinstance(other, Ref):
            continue
        bias = graph[other.name]
        # One number added to all rows is no vector of biases.
        shaped = bias.rank == 1 or (bias.rank == 0 and row is None)
        whole = shaped and all(_whole(s, row, bias.axes[0]) for s in other.slots)
        if bias.role is Role.PARAMETER and whole:
            return replace(found, bias=bias.name)
    return None


def _product(expr: Expr, row: Index | None, graph: Graph) -> Linear | None:
    """`Σ_k W[j,k] x[k]`, or one product where there is one input only."""
    match expr:
        case Total(index, (Mul((one, other)),)):
            column: Index | None = index
        case Mul((one, other)):
            column = None
        case _:
            return None
    for weight, source in ((one, other), (other, one)):
        if isinstance(weight, Ref) and graph[weight.name].role is Role.PARAMETER:
            found = _weighted(weight, source, row, column, graph)
            if found is not None:
                return found
    return None


def _weighted(
    weight: Ref, source: Expr, row: Index | None, column: Index | None, graph: Graph
) -> Linear | None:
    if not isinstance(source, Ref | Padded):
        return None
    vector, matrix = graph[source.name], graph[weight.name]
    if vector.rank > 1 or matrix.rank != len(weight.slots) or vector.role is Role.PARAMETER:
        return None
    folded = isinstance(source, Padded)
    if any(isinstance(extent, str) for extent in (*vector.extents, *matrix.extents)):
        return None
    axis = Index("", 1 - folded, vector.size)
    if not all(_whole(slot, column, axis) for slot in source.slots):
        return None
    match weight.slots, matrix.axes:
        case ((first, second), (rows, columns)):
            if _whole(first, row, rows) and _whole(second, column, columns):
                return Linear(vector.name, matrix.name, None, folded, "rows")
            if not folded and _whole(first, column, rows) and _whole(second, row, columns):
                return Linear(vector.name, matrix.name, None, False, "columns")
        case ((only,), (columns,)) if row is None and _whole(only, column, columns):
            return Linear(vector.name, matrix.name, None, folded, "row")
        case ((only,), (rows,)) if column is None and _whole(only, row, rows):
            return Linear(vector.name, matrix.name, None, False, "column")
        case ((), ()) if row is None and column is None:
            return Linear(vector.name, matrix.name, None, False, "row")
        case _:
            pass
    return None


def _whole(slot: Slot, index: Index | None, axis: Index) -> bool:
    """Whether a slot runs along the whole of an axis as `index` does; an axis of one has no index."""
    if index is None or slot != index:
        return slot == axis.lower and axis.size == 1
    return (index.lower, index.upper) == (axis.lower, axis.upper)


def stack(graph: Graph, output: str) -> Stack | None:
    """The stack of dense layers that makes `output` from one vector of data, or None.

    A parameter that two layers share makes it none: those layers aren't independent.
    """
    parts: list[Linear | str] = []
    current = graph[output]
    while current.definition is not None:
        step = _step_back(current, graph)
        if step is None:
            return None
        before, made = step
        parts[:0] = made
        current = graph[before]
    learned = [name for part in parts if isinstance(part, Linear) for name in part.parameters]
    if current.role is not Role.DATA or not learned or len(set(learned)) < len(learned):
        return None
    return Stack(current.name, tuple(parts), output)


def _step_back(quantity: Quantity, graph: Graph) -> tuple[str, list[Linear | str]] | None:
    """What a quantity is made from, and the parts of a stack that make it."""
    expr = quantity.definition
    if expr is None or quantity.rank > 1:
        return None
    found = recognised(quantity, graph)
    if found is not None and found.function == "softmax":
        return next(iter(names(expr))), ["softmax"]
    function: list[Linear | str] = []
    if isinstance(expr, Apply) and TABLE[expr.name].arity == 1:
        function = [expr.name] if expr.name != "identity" else []
        expr = expr.args[0]
    if isinstance(expr, Ref) and expr.slots == quantity.axes:
        return expr.name, function
    layer = linear(expr, graph)
    return None if layer is None else (layer.source, [layer, *function])
