"""Training in JAX: the same curve as the compiled loop's and as PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.training.emitted import interpreted

from backhand import model, network
from backhand.errors import AskError, DataError, DivergenceError
from backhand.graph import Graph
from backhand.training import jax_fit
from backhand.training.fit import Fit, fit
from backhand.training.jax_fit import Course, fit_jax
from backhand.training.optimizers import OPTIMIZERS
from backhand.values import floats

pytest.importorskip("jax")
GRAPH = network("3 -> 4 tanh -> 3 softmax", loss="cross_entropy", seed=3)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(23, 3))
Y = RNG.integers(0, 3, 23)
WEIGHTS = RNG.uniform(0, 2, 23)


def options(**chosen: Any) -> dict[str, Any]:
    return {"epochs": 3, "batch_size": 5, "learning_rate": 0.02, "dtype": "float64", **chosen}


def same_curve(graph: Graph, X: Any, Y: Any, **chosen: Any) -> Fit:
    """Train by the loop, run as plain Python, and in JAX; assert that all numbers agree."""
    with interpreted():
        expected = fit(graph, X, Y, **chosen)
    found = fit_jax(graph, X, Y, **chosen)
    assert found.history == pytest.approx(expected.history, rel=1e-10)
    assert found.parameters.keys() == expected.parameters.keys()
    for name, value in expected.parameters.items():
        shape = value.shape
        assert (found.parameters[name].shape, found.parameters[name].dtype) == (shape, value.dtype)
        np.testing.assert_allclose(found.parameters[name], value, rtol=1e-9, atol=1e-12)
        assert np.array_equal(floats(found.graph[name].value), found.parameters[name])
    counts = (expected.epochs, expected.steps, expected.ended, expected.validation)
    assert (found.epochs, found.steps, found.ended, found.validation) == counts
    assert found.seconds > 0 < found.compile_seconds
    return found


# ---- the same as the loop ------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_with_penalties_weights_and_a_schedule(optimizer: str) -> None:
    settings = {"momentum": 0.7} if "momentum" in OPTIMIZERS[optimizer].settings else {}
    more = {"l1": 0.01, "l2": 0.1, "schedule": "cosine", "sample_weight": WEIGHTS}
    same_curve(GRAPH, X, Y, **options(optimizer=optimizer, settings=settings, **more))


@pytest.mark.parametrize("batch", [1, "all", 40])
def test_every_batch(batch: Any) -> None:
    same_curve(GRAPH, X, Y, **options(batch_size=batch, shuffle=batch != 1, seed=4))


@pytest.mark.no_cover
def test_how_the_calls_are_cut_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fit_jax(GRAPH, X, Y, **options(optimizer="adam", schedule="linear"))
    monkeypatch.setattr(jax_fit, "CALL_POINTS", 21)
    cut = fit_jax(GRAPH, X, Y, **options(optimizer="adam", schedule="linear"))
    assert cut.history == pytest.approx(whole.history, rel=1e-13)
    np.testing.assert_allclose(cut.parameters["W_1"], whole.parameters["W_1"], rtol=1e-12)


@pytest.mark.parametrize("most", [1, 10, 35, 1000])
def test_every_point_is_taken_once_an_epoch(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax_fit, "CALL_POINTS", most)
    taken: list[int] = []
    for rows, sizes, rates in Course(23, 5, 4, 0.1, "constant", 7).calls(8):
        assert rows.shape == (len(sizes), 8)
        assert rates.shape == sizes.shape
        for row, size in zip(rows, sizes, strict=True):
            taken += row[:size].tolist()
            assert set(row[size:]) <= set(row[:size])
    expected = [np.random.default_rng([7, epoch]).permutation(23) for epoch in range(4)]
    assert taken == np.concatenate(expected).tolist()


def test_numbers_integers_and_what_is_given_once() -> None:
    graph = model("x = 1; y = 1; m = 2; w = 0.5; b = 0; J = (m w x + b - y)^2")
    given = {"x": np.arange(6, dtype=np.uint8), "m": np.full(6, 2.0)}
    same_curve(graph, given, np.arange(6) * 3, **options(learning_rate=0.01))


def test_parameters_without_values_are_drawn_as_fit_draws_them() -> None:
    same_curve(network("3 -> 2 -> 1"), X, X[:, 0], **options(seed=9))


def test_single_precision() -> None:
    found = fit_jax(GRAPH, X, Y, **options(dtype="float32", epochs=2))
    expected = fit_jax(GRAPH, X, Y, **options(epochs=2))
    assert found.parameters["W_1"].dtype == np.float32
    assert found.history == pytest.approx(expected.history, rel=1e-5)


@pytest.mark.torch
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_curve_is_pytorchs(optimizer: str) -> None:
    torch = pytest.importorskip("torch")
    layers = [torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3)]
    net = torch.nn.Sequential(*layers).double()
    for layer, name in ((net[0], "W_1"), (net[2], "W_2")):
        value = torch.tensor(floats(GRAPH[name].value))
        layer.bias.data, layer.weight.data = value[:, 0].clone(), value[:, 1:].clone()
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    descent = kinds[optimizer](net.parameters(), lr=0.02)
    history: list[float] = []
    for epoch in range(4):
        summed = 0.0
        for rows in np.split(np.random.default_rng([0, epoch]).permutation(23), [5, 10, 15, 20]):
            loss = torch.nn.functional.cross_entropy(
                net(torch.tensor(X[rows])), torch.tensor(Y[rows])
            )
            descent.zero_grad()
            loss.backward()
            descent.step()
            summed += loss.item() * len(rows)
        history.append(summed / 23)
    found = fit_jax(GRAPH, X, Y, **options(epochs=4, optimizer=optimizer))
    assert found.history == pytest.approx(history, rel=1e-9)
    weights = net[0].weight.detach().numpy()
    np.testing.assert_allclose(found.parameters["W_1"][:, 1:], weights, rtol=1e-8, atol=1e-10)


# ---- ends ----------------------------------------------------------------------------------------


def test_an_interruption_keeps_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax_fit, "CALL_POINTS", 25)

    def schedule(parts: Any) -> Any:
        if parts[0] >= 0.5:
            raise KeyboardInterrupt
        return np.ones_like(parts)

    found = fit_jax(GRAPH, X, Y, **options(epochs=4, schedule=schedule))
    monkeypatch.undo()
    expected = fit_jax(GRAPH, X, Y, **options(epochs=2))
    assert (found.ended, found.epochs, found.steps) == ("interrupted", 2, 10)
    assert found.history == pytest.approx(expected.history, rel=1e-13)
    np.testing.assert_allclose(found.parameters["W_2"], expected.parameters["W_2"], rtol=1e-12)


def test_a_divergence_is_told_with_its_step() -> None:
    graph, targets = network("3 -> 4 relu -> 1", seed=0), X[:, 0]
    chosen = options(learning_rate=1e200, epochs=2, shuffle=False)
    with interpreted(), pytest.raises(DivergenceError) as loop:
        fit(graph, X, targets, **chosen)
    with pytest.raises(DivergenceError, match="try a learning rate below 1e\\+200") as found:
        fit_jax(graph, X, targets, **chosen)
    step = str(loop.value).split("step ")[1].split(")")[0]
    assert f"J isn't finite in step {step})" in str(found.value)
    with pytest.raises(DivergenceError, match="a parameter isn't finite in step 1 "):
        fit_jax(
            graph, 100 * X, targets, **options(learning_rate=1.7e308, batch_size="all", epochs=1)
        )


@pytest.mark.parametrize(
    ("chosen", "error", "text"),
    [
        ({"optimizer": "adm"}, AskError, "did you mean 'adam'"),
        ({"settings": {"mu": 1}}, AskError, "sgd has no setting 'mu'"),
        ({"batch_size": 0}, AskError, "batch_size is 0"),
        ({"epochs": 1.5}, AskError, "epochs is 1.5"),
        ({"learning_rate": float("nan")}, AskError, "learning_rate is nan"),
        ({"dtype": "float16"}, AskError, "no dtype 'float16'"),
        ({"schedule": "cosin"}, AskError, "did you mean 'cosine'"),
        ({"devices": []}, AskError, "devices= is empty"),
        ({"devices": ["cpu"]}, AskError, "devices= holds what is no device"),
        ({"devices": 4}, AskError, "4 is no list of devices; give devices=jax.devices()"),
        ({"sample_weight": [1, 2]}, DataError, "2"),
    ],
)
def test_arguments_that_make_no_sense(chosen: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        fit_jax(GRAPH, X, Y, **options(**chosen))


def test_data_that_makes_no_sense() -> None:
    with pytest.raises(DataError, match="no y for the data points"):
        fit_jax(GRAPH, X, **options())
