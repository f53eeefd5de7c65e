"""A graph as a flat list of array operations over a batch: what another framework is given to run.

The walk from equations to operations is in `lowering.py`, once; a framework needs one entry for
each operator below. Values are numbered in the order in which they are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

OPERATORS = frozenset(
    {
        *("input", "parameter", "constant", "layer", "function", "array"),
        *("add", "multiply", "divide", "negative", "power", "raised", "compare"),
        *("contract", "sum", "logsumexp", "softmax", "guard"),
        *("pick", "slice", "take", "mask", "padded", "reshape", "transpose", "unsqueeze", "spread"),
    }
)
"""Every operator that a program may hold, with its options.

Given values: input(name), parameter(name), constant(array).
Layers: layer(Linear) of the [batch, inputs] data, the weight and perhaps the bias.
Entry by entry: function(name), add, multiply, divide, negative, power(exponent), raised,
compare(order); guard, which of r and x gives x, but 1 where both are 0, so that r log x is 0 there.
Over axes: contract(labels, labels, labels of the result), sum(axis), logsumexp(axis), softmax(axis).
Matrices, in the last two axes: array(name).
Places: pick(axis, at), slice(axis, start, size), take(axis, positions), mask(array), which puts 0
where that is false, padded, which puts a 1 before the last axis, reshape(sizes), transpose(order),
unsqueeze(axes), spread(sizes). These sizes leave out the batch; numbers of axes count it.
"""

Number: TypeAlias = int
"""The number of a value."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One operation: the numbers of its inputs, its options as `OPERATORS` lists them, its result.

    `sizes`: the result's, without the batch; `batched`: whether the batch is its first axis.
    `quantity`: whose value the result is, or "".
    """

    operator: str
    inputs: tuple[Number, ...]
    options: tuple[Any, ...]
    sizes: tuple[int, ...]
    batched: bool
    quantity: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """Steps in order, and the values that are the results.

    `inputs` and `parameters`: the names of the quantities that are given and learned, in the
    graph's order; `outputs`: the numbers of the values asked for, by their names.
    """

    steps: tuple[Step, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    outputs: dict[str, Number]
