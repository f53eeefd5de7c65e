"""The optimisers against PyTorch's, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.unit.training.emitted import interpreted, loop, points

from backhand import network
from backhand.errors import AskError
from backhand.training.frame import Plan
from backhand.training.loops import loop_source
from backhand.training.optimizers import OPTIMIZERS, optimizer
from backhand.values import floats

STEPS = 1000
RATES = {"sgd": 0.1, "momentum": 0.02, "nesterov": 0.02, "adam": 0.01, "adamw": 0.01}
SETTINGS = {
    "momentum": {"momentum": 0.8},
    "nesterov": {"momentum": 0.7},
    "adam": {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-6},
    "adamw": {"lambda": 0.03},
}


def made(torch: Any, name: str, weights: list[Any], l2: float, chosen: dict[str, float]) -> Any:
    """PyTorch's optimiser of that name."""
    rate = RATES[name]
    if name in ("adam", "adamw"):
        betas = chosen.get("beta_1", 0.9), chosen.get("beta_2", 0.999)
        kind = torch.optim.Adam if name == "adam" else torch.optim.AdamW
        decay = l2 if name == "adam" else chosen.get("lambda", 0.01)
        epsilon = chosen.get("epsilon", 1e-8)
        return kind(weights, lr=rate, betas=betas, eps=epsilon, weight_decay=decay)
    momentum = chosen.get("momentum", 0.9 if name != "sgd" else 0.0)
    nesterov = name == "nesterov"
    return torch.optim.SGD(weights, lr=rate, momentum=momentum, nesterov=nesterov, weight_decay=l2)


def torch_losses(
    torch: Any, order: Any, data: Any, weights: list[Any], optim: Any, l1: float
) -> Iterator[float]:
    """The sum of the losses of each step's points; `weights` are changed."""
    x, y = (torch.tensor(data[name]) for name in ("x", "y"))
    first, second = weights
    for rows in order:
        optim.zero_grad()
        hidden = torch.tanh(x[rows] @ first[:, 1:].T + first[:, 0])
        error = (y[rows] - (hidden @ second[0, 1:] + second[0, 0])) ** 2
        penalty = l1 * sum(w.abs().sum() for w in weights)
        (error.mean() + penalty).backward()
        optim.step()
        yield float(error.detach().sum())


@pytest.mark.torch
@pytest.mark.parametrize(("batch", "chosen"), [(1, False), (4, True)], ids=["usual", "chosen"])
@pytest.mark.parametrize("name", RATES)
@pytest.mark.no_cover
def test_the_same_curve_as_pytorch(name: str, batch: int, chosen: bool) -> None:
    """Usual settings point by point, then chosen settings with penalties in batches."""
    torch = pytest.importorskip("torch")
    settings = SETTINGS.get(name, {}) if chosen else {}
    l1 = 0.002 if chosen else 0.0
    l2 = 0.01 if chosen and name != "adamw" else 0.0
    graph = network("2 -> 3 tanh -> 1", seed=2)
    data = points(graph, 12)
    data["y"] = np.sin(3 * data["x"][:, 0])
    order = np.random.default_rng(1).integers(0, 12, (STEPS, batch))
    weights = [torch.tensor(floats(graph[n].value), requires_grad=True) for n in ("W_1", "W_2")]
    optim = made(torch, name, weights, l2, settings)
    expected = list(torch_losses(torch, order, data, weights, optim, l1))
    losses = np.zeros(STEPS)
    with interpreted():
        mine = loop(graph, data, optimizer=name, batch_size=batch, settings=settings, l1=l1, l2=l2)
        mine.take(order, np.full((STEPS, 1), RATES[name]), losses)
    np.testing.assert_allclose(losses, expected, rtol=1e-12, atol=1e-12)
    for learned, weight in zip(mine.parameters.values(), weights, strict=True):
        np.testing.assert_allclose(learned, weight.detach().numpy(), rtol=1e-12, atol=1e-12)
    assert np.mean(losses[-100:]) < np.mean(losses[:100])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_and_runs_go_on_from_call_to_call(name: str) -> None:
    graph = network("2 -> 3 tanh -> 1", seed=2)
    data = points(graph, 6)
    order, rates = np.arange(6)[None], np.full((1, 6), 0.01)
    with interpreted():
        whole, parts = (loop(graph, data, optimizer=name) for _ in range(2))
        whole.take(order, rates, np.zeros(1))
        for at in range(6):
            parts.take(order[:, at : at + 1], rates[:, :1], np.zeros(1))
    for one, other in zip(whole.changing.values(), parts.changing.values(), strict=True):
        assert np.array_equal(one, other)


def test_an_unknown_optimiser_gets_a_near_name() -> None:
    with pytest.raises(AskError, match="did you mean 'adam'"):
        optimizer("adm")
    with pytest.raises(AskError, match="they are sgd, momentum"):
        optimizer("zzz")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"momentm": 0.5}, "no setting 'momentm'"),
        ({"momentum": float("nan")}, "momentum is nan"),
        ({"momentum": "high"}, "momentum is 'high'"),
        ({"lambda": 0.1}, "no setting 'lambda'"),
    ],
)
def test_a_setting_that_is_not_there(settings: dict[str, Any], said: str) -> None:
    graph = network("2 -> 1", seed=2)
    with pytest.raises(AskError, match=said):
        loop(graph, points(graph, 2), optimizer="momentum", settings=settings)


def test_sgd_with_one_point_keeps_no_gradient() -> None:
    graph = network("60 -> 50 relu -> 10 softmax", loss="cross_entropy")
    text = loop_source(graph, optimizer("sgd"), ["x", "y"], Plan()).text
    assert "dJ_dW" not in text
