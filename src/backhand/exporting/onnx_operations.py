"""Each operator of a program as ONNX nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.errors import MeaningError
from backhand.exporting.options import Precision
from backhand.training.array_program import Step
from backhand.training.dense import Linear

Name: TypeAlias = str


class Page(Protocol):
    """Where the nodes of a model are written."""

    def node(self, operator: str, inputs: Sequence[Name], name: Name = "", **options: Any) -> Name:
        """A node, and what its result is called: `name`, or one of its own."""
        ...

    def numbers(self, value: NDArray[Any] | float) -> Name:
        """A constant in the model's precision."""
        ...

    def whole(self, *values: int) -> Name:
        """A constant vector of whole numbers."""
        ...

    def place(self, value: int) -> Name:
        """A constant whole number."""
        ...

    def sizes(self, name: Name) -> tuple[int, ...]:
        """The sizes of a step's value, without the batch."""
        ...


Operation: TypeAlias = Callable[[Page, Step, Sequence[Name], Name], Name]
"""From a step, its inputs and what its result is called to that result."""

FUNCTIONS = {
    "identity": "Identity",
    "relu": "Relu",
    "leaky_relu": "LeakyRelu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "erf": "Erf",
    "sin": "Sin",
    "cos": "Cos",
    "abs": "Abs",
    "max": "Max",
    "min": "Min",
}
"""The functions of the table that ONNX has in float32 and, with onnxruntime, in float64 but Erf."""


def functions(kind: Precision) -> frozenset[str]:
    """Those that a model in this precision uses: LeakyRelu has its slope in float32 only."""
    return frozenset(FUNCTIONS) - ({"leaky_relu"} if kind == "float64" else set())


def _node(operator: str) -> Operation:
    return lambda page, step, inputs, name: page.node(operator, inputs, name)


def _function(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    options = {"alpha": 0.01} if step.options[0] == "leaky_relu" else {}
    return page.node(FUNCTIONS[step.options[0]], inputs, name, **options)


def _layer(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    layer: Linear = step.options[0]
    x, weight, *bias = inputs
    if layer.form in ("row", "column"):
        shape = (1, -1) if layer.form == "row" else (-1, 1)
        weight = page.node("Reshape", [weight, page.whole(*shape)])
    if layer.folded:
        bias = [page.node("Gather", [weight, page.place(0)], axis=1)]
        ends = page.whole(1), page.whole(np.iinfo(np.int64).max), page.whole(1)
        weight = page.node("Slice", [weight, *ends])
    return page.node("Gemm", [x, weight, *bias], name, transB=int(layer.form != "columns"))


def _array(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    match step.options[0]:
        case "det":
            return page.node("Det", inputs, name)
        case "logdet":
            return page.node("Log", [page.node("Det", inputs)], name)
        case other:
            raise MeaningError(f"{other} can't be exported: ONNX has no such operator")


def _power(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    if step.options[0] == -1:
        return page.node("Reciprocal", inputs, name)
    if step.options[0] == 2:
        return page.node("Mul", [*inputs, *inputs], name)
    return page.node("Pow", [*inputs, page.numbers(float(step.options[0]))], name)


def _compare(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    test = {">": "Greater", ">=": "GreaterOrEqual", "=": "Equal"}[step.options[0]]
    yes = page.node(test, inputs)
    return page.node("Where", [yes, page.numbers(1.0), page.numbers(0.0)], name)


def _contract(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    """A matrix product of (lead, rows, inner) and (lead, inner, columns).

    Not Einsum: onnxruntime 1.32 ends the whole process where it gets an empty batch.
    """
    one, two, kept = step.options
    inner = [n for n in one if n in two and n not in kept]
    # The batch, number 0 where there is one, is broadcast to the factor without it.
    lead = [n for n in kept if (n in one and n in two) or (step.batched and n == 0)]
    rows = [n for n in kept if n in one and n not in lead]
    columns = [n for n in kept if n in two and n not in lead]
    left = _as_matrices(page, inputs[0], one, lead, rows, inner)
    right = _as_matrices(page, inputs[1], two, lead, inner, columns)
    made = (*lead, *rows, *columns)
    flat = len(rows) == len(columns) == 1
    product = page.node("MatMul", [left, right], name if flat and made == kept else "")
    if not flat:
        sizes = dict(zip(kept[step.batched :], step.sizes, strict=True))
        shape = page.whole(*(sizes.get(n, 0) for n in made))
        product = page.node("Reshape", [product, shape], name if made == kept else "")
    if made == kept:
        return product
    return page.node("Transpose", [product], name, perm=[made.index(n) for n in kept])


def _as_matrices(
    page: Page,
    value: Name,
    labels: Sequence[int],
    lead: Sequence[int],
    rows: Sequence[int],
    columns: Sequence[int],
) -> Name:
    """A factor with its axes as lead, one axis of rows and one of columns."""
    before = [n for n in lead if n in labels]
    order = [*before, *rows, *columns]
    sizes = page.sizes(value)
    size = dict(zip(labels[len(labels) - len(sizes) :], sizes, strict=True))
    if order != list(labels):
        value = page.node("Transpose", [value], perm=[labels.index(n) for n in order])
    if len(rows) == len(columns) == 1:
        return value
    matrix = (prod(size[n] for n in rows), prod(size[n] for n in columns))
    return page.node("Reshape", [value, page.whole(*(size.get(n, 0) for n in before), *matrix)])


def _sum(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    return page.node("ReduceSum", [*inputs, page.whole(*step.options)], name, keepdims=0)


def _logsumexp(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    return page.node("ReduceLogSumExp", [*inputs, page.whole(*step.options)], name, keepdims=0)


def _softmax(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    return page.node("Softmax", inputs, name, axis=step.options[0])


def _guard(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    zero = [page.node("Equal", [each, page.numbers(0.0)]) for each in inputs]
    return page.node("Where", [page.node("And", zero), page.numbers(1.0), inputs[1]], name)


def _pick(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    axis, at = step.options
    return page.node("Gather", [*inputs, page.place(at)], name, axis=axis)


def _slice(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    axis, start, size = step.options
    ends = page.whole(start), page.whole(start + size), page.whole(axis)
    return page.node("Slice", [*inputs, *ends], name)


def _take(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    axis, positions = step.options
    return page.node("Gather", [*inputs, page.whole(*positions.tolist())], name, axis=axis)


def _mask(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    return page.node("Mul", [*inputs, page.numbers(step.options[0].astype(float))], name)


def _padded(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    sizes = page.whole(*step.sizes[:-1], 1)
    if step.batched:
        batch = page.node("Shape", inputs, start=0, end=1)
        sizes = page.node("Concat", [batch, sizes], axis=0)
    ones = page.node("Expand", [page.numbers(1.0), sizes])
    return page.node("Concat", [ones, *inputs], name, axis=len(step.sizes) - 1 + step.batched)


def _reshape(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    # A 0 keeps the size of the batch, even where that is 0.
    sizes = page.whole(*(0,) * step.batched, *step.options[0])
    return page.node("Reshape", [*inputs, sizes], name)


def _transpose(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    return page.node("Transpose", inputs, name, perm=step.options[0])


def _unsqueeze(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    return page.node("Unsqueeze", [*inputs, page.whole(*step.options[0])], name)


def _spread(page: Page, step: Step, inputs: Sequence[Name], name: Name) -> Name:
    sizes = page.whole(*(1,) * step.batched, *step.options[0])
    return page.node("Expand", [*inputs, sizes], name)


OPERATIONS: dict[str, Operation] = {
    "layer": _layer,
    "function": _function,
    "array": _array,
    "add": _node("Add"),
    "multiply": _node("Mul"),
    "divide": _node("Div"),
    "negative": _node("Neg"),
    "power": _power,
    "raised": _node("Pow"),
    "compare": _compare,
    "contract": _contract,
    "sum": _sum,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "guard": _guard,
    "pick": _pick,
    "slice": _slice,
    "take": _take,
    "mask": _mask,
    "padded": _padded,
    "reshape": _reshape,
    "transpose": _transpose,
    "unsqueeze": _unsqueeze,
    "spread": _spread,
}
"""Every operator but those that give values."""
