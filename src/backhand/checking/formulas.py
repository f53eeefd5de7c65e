"""Backhand's own gradients of a PyTorch module, by the module's names of its parameters."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.chain import backward, partial_name
from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients, objective_of
from backhand.checking.replay import Replay
from backhand.errors import BackhandError
from backhand.expr import postorder
from backhand.graph import Graph, floats
from backhand.reading.torch import from_torch

MAX_ENTRIES = 1_000_000
"""Of all parameters together."""
MAX_WORK = 100_000_000
"""Terms of one sum, over all the entries that it is taken for: about a second."""


def formulas_of(run: Replay) -> tuple[dict[str, NDArray[np.float64]], str]:
    """The gradient by each parameter that is found in the graph, or why there is none."""
    sizes = sum(int(parameter.numel()) for parameter in run.parameters.values())
    if sizes > MAX_ENTRIES:
        return {}, f"the parameters have {sizes} entries, over {MAX_ENTRIES}"
    try:
        graph, names = _read(run)
        values = {
            own: _numbers(run.parameters[name]).reshape(graph[own].shape)
            for name, own in names.items()
        }
        work = _work(backward(graph, objective_of(graph)))
        if work > MAX_WORK:
            return {}, f"its gradients take sums of {work:.0e} terms, over {MAX_WORK:.0e}"
        found = _gradients(graph.with_values(**values), list(names.values()))
    except BackhandError as error:
        return {}, str(error)
    except Exception as error:
        # Whatever is amiss with this column, the other two stand.
        return {}, f"the module can't be read ({type(error).__name__}: {error})"
    shapes = {name: tuple(parameter.shape) for name, parameter in run.parameters.items()}
    return {name: found[own].reshape(shapes[name]) for name, own in names.items()}, ""


def _read(run: Replay) -> tuple[Graph, dict[str, str]]:
    """The module as a graph, and what each parameter is called there.

    A reader names parameters by the page's habits. So the module is read with a random value for
    each, by which it is known again.
    """
    torch: Any = import_module("torch")
    marked = deepcopy(run.module)
    rng = np.random.default_rng(0)
    marks: dict[str, NDArray[np.float64]] = {}
    with torch.no_grad():
        for name, parameter in marked.named_parameters():
            if name in run.parameters:
                marks[name] = 0.1 * rng.standard_normal(tuple(parameter.shape))
                parameter.copy_(torch.as_tensor(marks[name]))
    with run.setting():
        graph = _graph(run, marked)
    values = {q.name: floats(q.value).ravel() for q in graph if q.value is not None}
    return graph, {
        name: own
        for name, mark in marks.items()
        for own, value in values.items()
        if np.array_equal(value, mark.ravel())
    }


def _graph(run: Replay, module: Any) -> Graph:
    """The loss of a module with these parameters, as the graph's objective."""
    torch: Any = import_module("torch")
    if run.loss is not None and run.target is not None:
        return from_torch(module, run.loss, inputs=run.inputs, target=run.target)

    class Loss(torch.nn.Module):
        """The loss as a module's output."""

        def __init__(self) -> None:
            super().__init__()  # type: ignore[reportUnknownMemberType]
            self.module = module

        def forward(self, *inputs: Any) -> Any:
            return run.loss_of(self.module(*inputs), None)

    graph = from_torch(Loss(), inputs=run.inputs)
    return replace(graph, objective=graph.quantities[-1].name)


def _numbers(parameter: Any) -> NDArray[np.float64]:
    return parameter.detach().cpu().double().numpy()


def _work(graph: Graph) -> int:
    """The most terms that any expression of the graph has, at all its entries together."""
    return max(
        prod(index.size for index in node.free)
        for quantity in graph
        if quantity.definition is not None
        for node in postorder(quantity.definition)
    )


def _gradients(graph: Graph, names: list[str]) -> dict[str, NDArray[np.float64]]:
    """The gradients of the objective, their mean over the data points."""
    of = objective_of(graph)
    total: dict[str, NDArray[np.float64]] = {}
    for point in range(1, graph.point_count + 1):
        here = graph.at_point(point)
        _, known = gradients(here, of, names, trace(here))
        for name in names:
            value = floats(known[partial_name(of, name)]) / graph.point_count
            total[name] = total[name] + value if name in total else value
    return total
