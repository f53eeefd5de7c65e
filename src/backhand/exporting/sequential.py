"""A stack of dense layers as `nn.Sequential`, and its parameters under that module's names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from numpy.typing import NDArray

from backhand.exporting.options import Precision, value_of
from backhand.graph import Graph
from backhand.training.dense import Linear, Stack, stack
from backhand.values import floats

MODULES: dict[str, Callable[[Any], Any]] = {
    "relu": lambda nn: nn.ReLU(),
    "leaky_relu": lambda nn: nn.LeakyReLU(0.01),
    "sigmoid": lambda nn: nn.Sigmoid(),
    "tanh": lambda nn: nn.Tanh(),
    # As in torch_operations.py: the threshold at which it is x to the last digit.
    "softplus": lambda nn: nn.Softplus(threshold=40),
    "gelu": lambda nn: nn.GELU(),
    "gelu_tanh": lambda nn: nn.GELU(approximate="tanh"),
    "silu": lambda nn: nn.SiLU(),
    "softmax": lambda nn: nn.Softmax(dim=1),
}
"""The functions for which PyTorch has a module."""


def stacked(graph: Graph, output: str, fixed: frozenset[str]) -> Stack | None:
    """The stack of layers that a graph is, if PyTorch has a module for each part; else None."""
    found = stack(graph, output)
    if found is None or found.source in fixed:
        return None
    if graph.points and found.source not in graph.points:
        return None
    return found if all(isinstance(p, Linear) or p in MODULES for p in found.parts) else None


def sequential(found: Stack, graph: Graph, dtype: Precision) -> Any:
    """The module. A number that comes in or goes out is a vector of one between the layers."""
    torch: Any = import_module("torch")
    nn = torch.nn
    parts: list[Any] = [nn.Unflatten(0, (-1, 1))] if graph[found.source].rank == 0 else []
    for part in found.parts:
        if isinstance(part, Linear):
            parts.append(_layer(part, graph, getattr(torch, dtype)))
        else:
            parts.append(MODULES[part](nn))
    return nn.Sequential(*parts, *([nn.Flatten(0)] if graph[found.output].rank == 0 else []))


def _layer(part: Linear, graph: Graph, dtype: Any) -> Any:
    torch: Any = import_module("torch")
    weight, bias = part.matrices(*given(part, graph))
    rows, columns = weight.shape
    # The usual constructor would draw random numbers, and so change those that are drawn after it.
    made = torch.nn.utils.skip_init(
        torch.nn.Linear, columns, rows, bias=bias is not None, dtype=dtype
    )
    made.weight = torch.nn.Parameter(torch.tensor(weight, dtype=dtype))
    if bias is not None:
        made.bias = torch.nn.Parameter(torch.tensor(bias, dtype=dtype))
    return made


def given(part: Linear, graph: Graph) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """The values of a layer's parameters."""
    weight = floats(value_of(graph, part.weight))
    return weight, None if part.bias is None else floats(value_of(graph, part.bias))


def numbered(found: Stack, graph: Graph) -> dict[str, Linear]:
    """The layers under the names that they have in the module."""
    first = int(graph[found.source].rank == 0)
    return {str(at + first): layer for at, layer in found.layers}
