"""Values of an expression by a walk of its own, on any numbers: mpmath's, or arrays.

What checks verdicts on curvature must not use the code that finds them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Mul,
    Number,
    Power,
    Total,
    ref,
    substitute,
)
from backhand.functions import TABLE
from backhand.graph import Graph


@dataclass(frozen=True)
class Numbers:
    """A kind of numbers: how a fraction becomes one, and what the functions do to it."""

    of: Callable[[Any, Any], Any]
    functions: Mapping[str, Callable[..., Any]]


def _mp_erf(x: Any) -> Any:
    return mpmath.erf(x)


MP = Numbers(
    lambda top, bottom: mpmath.mpf(int(top)) / int(bottom),
    {
        "exp": mpmath.exp,
        "log": mpmath.log,
        "sqrt": mpmath.sqrt,
        "sin": mpmath.sin,
        "cos": mpmath.cos,
        "tan": mpmath.tan,
        "tanh": mpmath.tanh,
        "erf": _mp_erf,
        "abs": abs,
        "max": max,
        "min": min,
        "relu": lambda x: max(x, mpmath.mpf(0)),
        "leaky_relu": lambda x: max(x, x / 100),
        "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
        "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
        "silu": lambda x: x / (1 + mpmath.exp(-x)),
        "gelu": lambda x: x * mpmath.ncdf(x),
        "identity": lambda x: x,
    },
)
ARRAYS = Numbers(
    lambda top, bottom: np.float64(int(top) / int(bottom)), {n: f.value for n, f in TABLE.items()}
)


def value(expr: Expr, at: Mapping[Expr, Any], numbers: Numbers) -> Any:
    """The value of a closed expression, each entry having a number in `at`."""
    args = [value(arg, at, numbers) for arg in expr.args] if not isinstance(expr, Total) else []
    match expr:
        case Number(x):
            return numbers.of(x.numerator, x.denominator)
        case Constant(name):
            return {"pi": mpmath.pi, "e": mpmath.e}[name] * numbers.of(1, 1)
        case Add():
            return sum(args[1:], args[0])
        case Mul():
            return math.prod(args[1:], start=args[0])
        case Power():
            return args[0] ** args[1]
        case Apply(name):
            return numbers.functions[name](*args)
        case Compare(order):
            return {">": args[0] > args[1], ">=": args[0] >= args[1], "=": args[0] == args[1]}[
                order
            ] * 1
        case Total(index, (body,)):
            rows = range(index.lower, index.lower + index.size)
            return sum(value(substitute(body, {index: row}), at, numbers) for row in rows)
        case _:
            return at[expr]


def entries(graph: Graph, point: Mapping[str, Any]) -> dict[Expr, Any]:
    """The entries of quantities from nested lists."""
    found: dict[Expr, Any] = {}
    for name, data in point.items():
        array = np.asarray(data, dtype=float)
        lowers = [axis.lower for axis in graph[name].axes]
        for place, x in np.ndenumerate(array):
            found[ref(name, *(int(n) + low for n, low in zip(place, lowers, strict=True)))] = x
    return found
