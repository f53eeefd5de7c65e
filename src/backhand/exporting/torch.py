"""A graph as a PyTorch module, and parameters to and fro."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import MeaningError
from backhand.exporting.options import checked, output_of, precision, value_of
from backhand.exporting.sequential import given, numbered, sequential, stacked
from backhand.exporting.torch_module import module_of, names_in_module
from backhand.exporting.torch_operations import functions
from backhand.graph import Graph
from backhand.training.lowering import lowered
from backhand.values import floats

MOST_NAMED = 5


def to_torch(
    graph: Graph, output: str | None = None, *, dtype: Any = "float32", fixed: Collection[str] = ()
) -> Any:
    """A `torch.nn.Module` that works out `output`, by default the prediction, with the graph's values.

    Its inputs are the data that the output needs, in the graph's order, each with an axis for the
    batch before its own; the output too: `[batch]` for a number, `[batch, n]` for a vector. `fixed`
    names data that is the same for every point and becomes a buffer. A stack of dense layers is an
    `nn.Sequential`; anything else a module whose `code` shows its forward pass, with the parameters
    under the graph's names.

    Values and gradients are those of the graph, except that of two equal numbers PyTorch's maximum
    gives each half of the gradient and the graph the second all of it.
    Raises `AskError` where a value is missing, `MeaningError` for a function without a formula;
    `ImportError` without PyTorch.

    >>> import pytest; torch = pytest.importorskip("torch")
    >>> import backhand
    >>> module = to_torch(backhand.network("2 -> 3 relu -> 1 sigmoid", seed=0))
    >>> module(torch.zeros(5, 2)).shape
    torch.Size([5])
    """
    name, kind, kept = output_of(graph, output), precision(dtype), checked(graph, fixed)
    layers = stacked(graph, name, kept)
    if layers is not None:
        return sequential(layers, graph, kind)
    return module_of(lowered(graph, [name], kept, functions()), graph, kind)


def state_dict(
    graph: Graph, output: str | None = None, *, dtype: Any = "float32", fixed: Collection[str] = ()
) -> dict[str, Any]:
    """The graph's values as `to_torch(graph, output).state_dict()` has them: tensors by name."""
    return dict(to_torch(graph, output, dtype=dtype, fixed=fixed).state_dict())


def load_state_dict(
    graph: Graph,
    state: Mapping[str, Any],
    output: str | None = None,
    *,
    fixed: Collection[str] = (),
) -> Graph:
    """The graph with the parameters of a module that `to_torch` made, perhaps trained since.

    `state`: tensors or arrays by the module's names. Buffers in it are not read. Raises
    `MeaningError` that lists missing and unexpected names and wrong shapes, all at once.
    """
    torch: Any = import_module("torch")
    module = to_torch(graph, output, dtype="float64", fixed=fixed)
    shapes = {name: tuple(tensor.shape) for name, tensor in module.named_parameters()}
    buffers = {name for name, _ in module.named_buffers()}
    arrays = {name: _array(name, tensor, torch) for name, tensor in state.items()}
    faults = _faults(shapes, buffers, {name: array.shape for name, array in arrays.items()})
    if faults:
        raise MeaningError(
            "the state is of another module: " + "; ".join(faults),
            "give the state_dict of to_torch(graph)",
        )
    return graph.with_values(
        **_values(graph, output_of(graph, output), checked(graph, fixed), arrays)
    )


def _array(name: str, tensor: Any, torch: Any) -> NDArray[Any]:
    """A tensor or an array of numbers in float64."""
    if isinstance(tensor, torch.Tensor):
        tensor = tensor.detach().cpu().double().numpy()
    try:
        return np.asarray(tensor, dtype=float)
    except (TypeError, ValueError):
        raise MeaningError(f"{name} is no array of numbers", "give a tensor or an array") from None


def _faults(
    shapes: Mapping[str, tuple[int, ...]],
    buffers: Collection[str],
    found: Mapping[str, tuple[int, ...]],
) -> list[str]:
    """What is wrong with a state: names that are missing or unexpected, shapes that don't fit."""
    missing = [name for name in shapes if name not in found]
    unexpected = [name for name in found if name not in shapes and name not in buffers]
    wrong = [
        f"{name} has the shape {found[name]} and would have {shape}"
        for name, shape in shapes.items()
        if name in found and found[name] != shape
    ]
    listed = [("missing", missing), ("unexpected", unexpected)]
    return [f"{what}: {_few(names)}" for what, names in listed if names] + wrong[:MOST_NAMED]


def _few(names: list[str]) -> str:
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _values(
    graph: Graph, output: str, fixed: frozenset[str], arrays: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """The values of the graph's parameters from arrays under the module's names."""
    layers = stacked(graph, output, fixed)
    if layers is None:
        program = lowered(graph, [output], fixed, functions())
        names = names_in_module(program)
        return {name: arrays[names[name]] for name in program.parameters}
    found: dict[str, NDArray[Any]] = {}
    for number, part in numbered(layers, graph).items():
        like = floats(value_of(graph, part.weight)).shape
        weight, bias = part.values(arrays[f"{number}.weight"], arrays.get(f"{number}.bias"), like)
        found[part.weight] = weight
        if part.bias is not None and bias is not None:
            _, old = given(part, graph)
            assert old is not None
            found[part.bias] = bias.reshape(old.shape)
    return found
