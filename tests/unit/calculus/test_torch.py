"""Values and gradients against PyTorch in float64, where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backhand

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

ACTIVATIONS: dict[str, Any] = {
    "relu": torch.nn.ReLU,
    "leaky_relu": lambda: torch.nn.LeakyReLU(0.01),
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "softplus": torch.nn.Softplus,
    "gelu": torch.nn.GELU,
    "gelu_tanh": lambda: torch.nn.GELU(approximate="tanh"),
    "silu": torch.nn.SiLU,
    "identity": torch.nn.Identity,
}
F = torch.nn.functional
LOSSES: dict[str, tuple[str, Any]] = {
    "squared_error": ("tanh", lambda y, p: F.mse_loss(p, y, reduction="sum")),
    "absolute_error": ("tanh", lambda y, p: F.l1_loss(p, y, reduction="sum")),
    "binary_cross_entropy": (
        "sigmoid",
        lambda y, p: F.binary_cross_entropy(p, y, reduction="sum"),
    ),
    "binary_cross_entropy_from_logits": (
        "identity",
        lambda y, s: F.binary_cross_entropy_with_logits(s, y, reduction="sum"),
    ),
    "cross_entropy": ("softmax", lambda y, p: -(y * torch.log(p)).sum()),
    "cross_entropy_from_logits": (
        "identity",
        lambda y, s: F.cross_entropy(s[None], y[None], reduction="sum"),
    ),
    "hinge": ("identity", lambda y, s: torch.clamp(1 - y * s, min=0).sum()),
}


def module(graph: backhand.Graph, functions: list[str]) -> Any:
    """The same network in PyTorch, with the graph's parameters."""
    layers: list[Any] = []
    for matrix, name in zip(graph.parameters, functions, strict=True):
        assert matrix.value is not None
        weights = matrix.value.astype(float)
        linear = torch.nn.Linear(weights.shape[1] - 1, weights.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights[:, 1:].copy()))
            linear.bias.copy_(torch.from_numpy(weights[:, 0].copy()))
        softmax = name == "softmax"
        layers += [linear, torch.nn.Softmax(dim=-1) if softmax else ACTIVATIONS[name]()]
    return torch.nn.Sequential(*layers)


def tensor(graph: backhand.Graph, name: str) -> Any:
    value = graph[name].value
    assert value is not None
    return torch.from_numpy(np.atleast_1d(value.astype(float)))


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_gradients_equal_pytorch(activation: str, loss: str) -> None:
    last, compare = LOSSES[loss]
    functions = [activation, activation, last]
    text = f"4 -> 7 {activation} -> 5 {activation} -> 3 {last}"
    graph = backhand.network(text, loss=loss, seed=3)
    network = module(graph, functions)
    found = compare(tensor(graph, "y"), network(tensor(graph, "x")))
    found.backward()
    assert graph.forward().value == pytest.approx(found.item(), rel=1e-9)
    ours = graph.gradient().values
    linear = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    for number, layer in enumerate(linear, 1):
        whole = torch.cat([layer.bias.grad[:, None], layer.weight.grad], dim=1).numpy()
        assert np.allclose(ours[f"∂J/∂W_{number}"].astype(float), whole, rtol=1e-9, atol=1e-12)
