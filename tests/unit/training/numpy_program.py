"""A program of array operations, run by NumPy: the plainest meaning of every operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backhand.array_functions import ARRAY_FUNCTIONS
from backhand.functions import TABLE
from backhand.training.array_program import Program, Step

Array = Any


def _layer(step: Step, x: Array, weight: Array, bias: Array = None) -> Array:
    matrix, vector = step.options[0].matrices(weight, bias)
    return x @ matrix.T + (0 if vector is None else vector)


def _contract(step: Step, a: Array, b: Array) -> Array:
    one, two, kept = step.options
    return np.einsum(a, list(one), b, list(two), list(kept))


def _logsumexp(step: Step, x: Array) -> Array:
    return np.logaddexp.reduce(x, axis=step.options[0])


def _softmax(step: Step, x: Array) -> Array:
    return np.exp(x - np.logaddexp.reduce(x, axis=step.options[0], keepdims=True))


def _cut(step: Step, x: Array) -> Array:
    axis, start, size = step.options
    return np.take(x, np.arange(start, start + size), axis=axis)


def _padded(step: Step, x: Array) -> Array:
    return np.concatenate([np.ones((*x.shape[:-1], 1)), x], axis=-1)


def _reshape(step: Step, x: Array) -> Array:
    return x.reshape(*x.shape[: step.batched], *step.options[0])


def _spread(step: Step, x: Array) -> Array:
    return np.broadcast_to(x, (*x.shape[: step.batched], *step.options[0]))


def _array(step: Step, x: Array) -> Array:
    value = ARRAY_FUNCTIONS[step.options[0]].value
    if x.ndim == 2:
        return value(x)
    return np.stack([value(one) for one in x])


_COMPARE = {">": np.greater, ">=": np.greater_equal, "=": np.equal}
OPERATORS: dict[str, Callable[..., Array]] = {
    "layer": _layer,
    "function": lambda step, *args: TABLE[step.options[0]].value(*args),
    "array": _array,
    "add": lambda step, a, b: a + b,
    "multiply": lambda step, a, b: a * b,
    "divide": lambda step, a, b: a / b,
    "negative": lambda step, x: -x,
    "power": lambda step, x: x ** float(step.options[0]),
    "raised": lambda step, a, b: a**b,
    "compare": lambda step, a, b: _COMPARE[step.options[0]](a, b).astype(float),
    "contract": _contract,
    "sum": lambda step, x: x.sum(axis=step.options[0]),
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "guard": lambda step, r, x: np.where((r == 0) & (x == 0), 1.0, x),
    "pick": lambda step, x: np.take(x, step.options[1], axis=step.options[0]),
    "slice": _cut,
    "take": lambda step, x: np.take(x, step.options[1], axis=step.options[0]),
    "mask": lambda step, x: np.where(step.options[0], x, 0.0),
    "padded": _padded,
    "reshape": _reshape,
    "transpose": lambda step, x: np.transpose(x, step.options[0]),
    "unsqueeze": lambda step, x: np.expand_dims(x, step.options[0]),
    "spread": _spread,
}


def run(program: Program, given: Mapping[str, Array], learned: Mapping[str, Array]) -> Any:
    """The outputs by name. Every value must have the sizes that its step promises."""
    values: list[Array] = []
    batch = next((len(given[name]) for name in program.inputs), 1)
    with np.errstate(all="ignore"):
        for step in program.steps:
            inputs = [values[number] for number in step.inputs]
            match step.operator:
                case "input":
                    value = given[step.options[0]]
                case "parameter":
                    value = learned[step.options[0]]
                case "constant":
                    value = step.options[0]
                case _:
                    value = OPERATORS[step.operator](step, *inputs)
            assert np.shape(value) == (batch,) * step.batched + step.sizes, step
            values.append(np.asarray(value, dtype=float))
    return {name: values[number] for name, number in program.outputs.items()}
