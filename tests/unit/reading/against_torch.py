"""Holds the graph of a PyTorch module against the module itself."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients
from backhand.graph import Graph
from backhand.notation import partial_name
from backhand.reading.torch import from_torch
from backhand.values import floats


def called(graph: Graph) -> dict[str, str]:
    """What PyTorch calls each parameter."""
    notes = (note.removesuffix(" in PyTorch") for note in graph.notes if note.endswith("PyTorch"))
    return dict(note.split(" is ") for note in notes)


def agree(module: Any, x: Any, loss: Any, y: Any) -> Graph:
    """Assert that value and gradients of the graph are PyTorch's, and give the graph."""
    inputs = x if isinstance(x, tuple) else (x,)
    peer = copy.deepcopy(module)
    objective = loss(peer(*inputs), y)
    objective.backward()
    graph = from_torch(module, loss, inputs=x, target=y)
    values = trace(graph)
    assert float(floats(values["J"])) == pytest.approx(objective.item(), rel=1e-8, abs=1e-10)
    learned = [q.name for q in graph.parameters]
    _, known = gradients(graph, "J", learned, values)
    expected = {name: p.grad for name, p in peer.named_parameters() if p.requires_grad}
    names = called(graph)
    for each in learned:
        found = floats(known[partial_name("J", each)])
        slope = expected.pop(names[each]).numpy().reshape(found.shape)
        np.testing.assert_allclose(found, slope, rtol=1e-8, atol=1e-10, err_msg=each)
    assert all(slope is None or not slope.any() for slope in expected.values()), expected
    return graph
