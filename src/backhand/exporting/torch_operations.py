"""Each operator of a program as PyTorch's operations, for tensors and for `torch.fx` proxies."""

from __future__ import annotations

import operator
from collections.abc import Callable
from importlib import import_module
from string import ascii_letters
from typing import Any, TypeAlias

from backhand.training.array_program import Step

Tensor: TypeAlias = Any
Operation: TypeAlias = Callable[..., Tensor]

SCALARS = frozenset({"add", "multiply", "divide", "compare", "raised"})
"""Operators that take a plain number in the place of a tensor."""
STORED = {"take": "positions", "mask": "outside"}
"""Operators with an array among their options, and what the buffer for it is called."""


def functions() -> dict[str, Operation]:
    """The functions of the table that PyTorch has."""
    torch: Any = import_module("torch")
    F = torch.nn.functional
    plain = ("relu", "sigmoid", "tanh", "exp", "log", "sqrt", "erf", "sin", "cos", "tan", "abs")
    others: dict[str, Callable[[Tensor], Tensor]] = {
        "identity": lambda x: x,
        "leaky_relu": F.leaky_relu,
        # Up to its threshold of 20 PyTorch's own would be wrong in the ninth digit.
        "softplus": lambda x: F.softplus(x, threshold=40),
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "silu": F.silu,
    }
    pairs = {"max": torch.maximum, "min": torch.minimum}
    return {name: getattr(torch, name) for name in plain} | others | pairs


def operations() -> dict[str, Operation]:
    """For each operator a function of its step and its inputs; what is stored comes as an input."""
    torch: Any = import_module("torch")
    known = functions()
    arrays = {"inv": torch.linalg.inv, "det": torch.linalg.det, "logdet": torch.logdet}

    def layer(step: Step, x: Tensor, weight: Tensor, bias: Tensor = None) -> Tensor:
        return torch.nn.functional.linear(x, *step.options[0].matrices(weight, bias))

    def contract(step: Step, a: Tensor, b: Tensor) -> Tensor:
        one, two, kept = ("".join(ascii_letters[n] for n in labels) for labels in step.options)
        return torch.einsum(f"{one},{two}->{kept}", a, b)

    def compare(step: Step, a: Tensor, b: Tensor) -> Tensor:
        tests = {">": operator.gt, ">=": operator.ge, "=": operator.eq}
        return tests[step.options[0]](a, b).type_as(b if isinstance(a, float) else a)

    def power(step: Step, x: Tensor) -> Tensor:
        exponent = step.options[0]
        if exponent == -1:
            return torch.reciprocal(x)
        return x ** (exponent.numerator if exponent.denominator == 1 else float(exponent))

    def unsqueeze(step: Step, x: Tensor) -> Tensor:
        for axis in step.options[0]:
            x = torch.unsqueeze(x, axis)
        return x

    def padded(step: Step, x: Tensor) -> Tensor:
        return torch.cat([torch.ones_like(torch.narrow(x, -1, 0, 1)), x], dim=-1)

    def function(step: Step, *args: Tensor) -> Tensor:
        return known[step.options[0]](*args)

    def guard(step: Step, factor: Tensor, x: Tensor) -> Tensor:
        return torch.where((factor == 0) & (x == 0), 1.0, x)

    one: dict[str, Callable[[Step, Tensor], Tensor]] = {
        "array": lambda step, x: arrays[step.options[0]](x),
        "negative": lambda step, x: -x,
        "power": power,
        "sum": lambda step, x: torch.sum(x, dim=step.options[0]),
        "logsumexp": lambda step, x: torch.logsumexp(x, dim=step.options[0]),
        "softmax": lambda step, x: torch.softmax(x, dim=step.options[0]),
        "pick": lambda step, x: torch.select(x, *step.options),
        "slice": lambda step, x: torch.narrow(x, *step.options),
        "padded": padded,
        "reshape": lambda step, x: torch.reshape(x, (-1,) * step.batched + step.options[0]),
        "transpose": lambda step, x: torch.permute(x, step.options[0]),
        "unsqueeze": unsqueeze,
        "spread": lambda step, x: x.expand((-1,) * step.batched + step.options[0]),
    }
    two: dict[str, Callable[[Step, Tensor, Tensor], Tensor]] = {
        "add": lambda step, a, b: a + b,
        "multiply": lambda step, a, b: a * b,
        "divide": lambda step, a, b: a / b,
        "raised": lambda step, a, b: a**b,
        "compare": compare,
        "contract": contract,
        "guard": guard,
        "take": lambda step, x, places: torch.index_select(x, step.options[0], places),
        "mask": lambda step, x, outside: torch.masked_fill(x, outside, 0.0),
    }
    return {**one, **two, "layer": layer, "function": function}


def stored(step: Step) -> Tensor:
    """The buffer of a step that needs one."""
    torch: Any = import_module("torch")
    if step.operator == "take":
        return torch.as_tensor(step.options[1].copy()).long()
    return torch.as_tensor(~step.options[0])
