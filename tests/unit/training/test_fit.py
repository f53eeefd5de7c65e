"""Training as a whole: the same bits each time, weights, early stopping, interruptions, errors."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.training.emitted import by_hand, interpreted

from backhand import model, network
from backhand.errors import AskError, DataError, DivergenceError
from backhand.training import run
from backhand.training.evaluation import mean_loss
from backhand.training.fit import Fit, fit
from backhand.training.kernel import Kernel
from backhand.training.run import Progress
from backhand.values import floats

GRAPH = network("3 -> 4 tanh -> 1", seed=3)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
Y = np.sin(X[:, 0]) - X[:, 1]


@pytest.fixture
def plain() -> Iterator[None]:
    """Loops run without Numba."""
    with interpreted():
        yield


def trained(**options: Any) -> Fit:
    return fit(GRAPH, X, Y, **{"epochs": 4, "learning_rate": 0.02, "dtype": "float64", **options})


def same(one: Fit, other: Fit) -> bool:
    """Equal to the bit."""
    assert one.parameters.keys() == other.parameters.keys()
    pairs = [(one.parameters[name], other.parameters[name]) for name in one.parameters]
    return all(np.array_equal(a, b) for a, b in pairs) and one.history == other.history


# ---- what a run does ---------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 7, "all"])
@pytest.mark.parametrize("shuffle", [True, False])
def test_the_points_in_the_promised_order(plain: None, batch: Any, shuffle: bool) -> None:
    found = trained(batch_size=batch, shuffle=shuffle, seed=5, epochs=2)
    size = 30 if batch == "all" else batch
    graph, history = GRAPH, []
    for epoch in range(2):
        order = np.random.default_rng([5, epoch]).permutation(30) if shuffle else np.arange(30)
        learned, total = by_hand(graph, {"x": X[order], "y": Y[order]}, size, 0.02)
        graph = graph.with_values(**learned)
        history.append(total / 30)
    assert found.history == pytest.approx(history, rel=1e-12)
    for name in ("W_1", "W_2"):
        expected = floats(graph[name].value)
        np.testing.assert_allclose(found.parameters[name], expected, rtol=1e-11)
        assert np.array_equal(floats(found.graph[name].value), found.parameters[name])
        assert not np.array_equal(floats(GRAPH[name].value), found.parameters[name])
    assert (found.epochs, found.steps, found.ended) == (2, 2 * -(-30 // size), "done")


def test_the_same_arguments_give_the_same_bits(plain: None) -> None:
    assert same(trained(seed=1), trained(seed=1))
    assert not same(trained(seed=1), trained(seed=2))
    bare = network("3 -> 4 tanh -> 1")
    one, two, other = (fit(bare, X, Y, seed=seed) for seed in (1, 1, 2))
    assert same(one, two)
    assert not same(one, other)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("batch", [1, 4])
def test_how_the_calls_are_cut_changes_no_bit(
    plain: None, batch: int, optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"batch_size": batch, "schedule": "cosine", "optimizer": optimizer}
    expected = trained(**options)
    for seconds, points in ((0.0, 1 << 20), (1e9, 1 << 20), (1e9, 5), (0.0, 1)):
        monkeypatch.setattr(run, "CALL_SECONDS", seconds)
        monkeypatch.setattr(run, "CALL_POINTS", points)
        assert same(trained(**options), expected)


def test_compiled_and_interpreted_agree() -> None:
    compiled_one = trained(epochs=20)
    with interpreted():
        other = trained(epochs=20)
    assert compiled_one.history == pytest.approx(other.history, rel=1e-12)
    assert compiled_one.compile_seconds > 0
    assert same(compiled_one, trained(epochs=20))


def test_a_schedule_reaches_every_step(plain: None) -> None:
    parts: list[Any] = []

    def factor(t: Any) -> Any:
        parts.append(t)
        return np.where(t < 0.5, 1.0, 0.0)

    found = trained(schedule=factor, epochs=4, shuffle=False)
    assert same(found, trained(schedule=factor, epochs=4, shuffle=False))
    half = trained(epochs=2, shuffle=False)
    for name, value in half.parameters.items():
        assert np.array_equal(value, found.parameters[name])
    assert 0 <= min(map(np.min, filter(len, parts))) <= max(map(np.max, filter(len, parts))) < 1


# ---- weights -----------------------------------------------------------------------------------


def test_a_weight_is_a_point_so_many_times(plain: None) -> None:
    weights = RNG.integers(0, 4, 30)
    options = {"batch_size": "all", "epochs": 25, "dtype": "float64", "shuffle": False}
    weighted = fit(GRAPH, X, Y, sample_weight=weights, **options)
    repeated = fit(GRAPH, np.repeat(X, weights, 0), np.repeat(Y, weights), **options)
    assert weighted.history == pytest.approx(repeated.history, rel=1e-12)
    for name, value in repeated.parameters.items():
        np.testing.assert_allclose(weighted.parameters[name], value, rtol=1e-11)


def test_a_class_weight_is_that_weight_of_its_points(plain: None) -> None:
    graph = network("3 -> 1 sigmoid", loss="binary_cross_entropy", seed=1)
    labels = np.where(X[:, 0] > 0.8, "rare", "usual")
    options = {"batch_size": 4, "epochs": 3, "dtype": "float64"}
    by_class = fit(graph, X, labels, class_weight={"rare": 3.0, "usual": 0.5}, **options)
    weights = np.where(labels == "rare", 3.0, 0.5)
    assert same(by_class, fit(graph, X, labels, sample_weight=weights, **options))
    balanced = fit(graph, X, labels, class_weight="balanced", **options)
    assert not same(balanced, fit(graph, X, labels, **options))


# ---- early stopping and interruptions ----------------------------------------------------------

HELD = (X[20:], Y[20:] + RNG.normal(size=10))


def test_early_stopping_keeps_the_best(plain: None) -> None:
    options: dict[str, Any] = {"learning_rate": 0.1, "dtype": "float64", "epochs": 500}
    found = fit(GRAPH, X[:8], Y[:8], validation=HELD, patience=6, **options)
    assert found.ended == "early"
    best = int(np.argmin(found.validation))
    assert len(found.validation) == found.epochs == best + 7
    held = {"x": HELD[0], "y": HELD[1]}
    assert mean_loss(found.graph, held) == pytest.approx(min(found.validation), rel=1e-12)
    again = fit(GRAPH, X[:8], Y[:8], validation=HELD, **{**options, "epochs": best + 1})
    assert again.ended == "done"
    for name, value in again.parameters.items():
        assert np.array_equal(value, found.parameters[name])


def test_a_tolerance_is_how_much_better_counts(plain: None) -> None:
    options: dict[str, Any] = {"validation": HELD, "epochs": 50, "patience": 2}
    assert trained(tolerance=1e9, **options).epochs == 3
    assert trained(tolerance=0.0, **options).epochs > 3


def test_ctrl_c_keeps_the_best_so_far(plain: None) -> None:
    def press(progress: Progress) -> None:
        if progress.epoch >= 5:
            os.kill(os.getpid(), signal.SIGINT)

    found = trained(epochs=10**6, validation=HELD, progress=press)
    assert found.ended == "interrupted"
    assert 5 <= found.epochs < 10
    held = {"x": HELD[0], "y": HELD[1]}
    assert mean_loss(found.graph, held) == pytest.approx(min(found.validation), rel=1e-12)


def test_ctrl_c_inside_a_call_is_heard_after_it(
    plain: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was interrupted goes on, to the same bits as what wasn't."""
    expected = trained(epochs=9, optimizer="adam")
    monkeypatch.setattr(run, "CALL_POINTS", 13)
    calls: list[int] = []
    take = Kernel.take

    def pressed(self: Kernel, order: Any, rates: Any, losses: Any) -> tuple[int, int]:
        calls.append(order.size)
        found = take(self, order, rates, losses)
        if len(calls) == 8:
            os.kill(os.getpid(), signal.SIGINT)
        return found

    monkeypatch.setattr(Kernel, "take", pressed)
    file = tmp_path / "run.safetensors"
    cut = trained(epochs=9, optimizer="adam", checkpoint=file)
    assert cut.ended == "interrupted"
    assert len(calls) == 8
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert same(trained(epochs=9, optimizer="adam", checkpoint=file, resume=True), expected)


def test_a_thread_of_its_own_has_no_ctrl_c(plain: None) -> None:
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda seed: trained(seed=seed), (1, 1))
    assert same(one, two)
    assert same(one, trained(seed=1))


def test_progress_tells_where_it_is(plain: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CALL_POINTS", 10)
    seen: list[Progress] = []
    found = trained(epochs=3, schedule="linear", progress=seen.append)
    assert [p.epoch for p in seen] == sorted(p.epoch for p in seen)
    assert (seen[-1].epoch, seen[-1].epochs, seen[-1].loss) == (3, 3, found.history[-1])
    assert all(np.isfinite(p.loss) and 0 <= p.rate <= 0.02 for p in seen)


# ---- divergence --------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 7, "all"])
@pytest.mark.parametrize("rate", [1e3, 1e30])
def test_a_rate_that_is_too_large_names_step_and_quantity(
    plain: None, batch: Any, rate: float
) -> None:
    graph = network("3 -> 4 relu -> 1", seed=3)
    with pytest.raises(DivergenceError, match=r"(overflowed|NaN\)) (in|by) step \d+ \(epoch \d+\)"):
        fit(graph, X, Y, batch_size=batch, epochs=50, learning_rate=rate)


def test_huge_data_names_the_row(plain: None) -> None:
    data = X.copy()
    data[17] = 1e30
    graph = network("3 -> 4 relu -> 1", seed=3)
    for size in (1, 30):
        said = r"\w+(\[1\])? overflowed in step \d+ \(epoch 1\), at row 18 of the data"
        with pytest.raises(DivergenceError, match=said):
            fit(graph, data, Y, shuffle=False, learning_rate=1e-3, batch_size=size)


def test_a_logarithm_of_less_than_nothing_is_undefined(plain: None) -> None:
    graph = model("w = 1; x = 1; u = w x; J = -log(u)")
    with pytest.raises(DivergenceError, match=r"J became undefined.*step 2 .*row 2"):
        fit(graph, {"x": [1.0, -1.0]}, shuffle=False)


def test_an_overflow_in_the_last_update_is_not_missed(plain: None) -> None:
    graph = model("w = 1; x = 1; J = w x")
    with pytest.raises(DivergenceError, match=r"w overflowed by step 1 "):
        fit(graph, {"x": [1e38]}, learning_rate=1e5)


# ---- what can't be used ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": "some"}, "batch_size is 'some'"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"epochs": 0}, "epochs is 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"learning_rate": -1}, "learning_rate is -1"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"l1": -1}, "l1 is -1"),
        ({"l2": float("inf")}, "l2 is inf"),
        ({"tolerance": -1}, "tolerance is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
        ({"dtype": "float16"}, "no dtype 'float16'"),
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"settings": {"momentum": 1}}, "no setting 'momentum'"),
        ({"patience": 3}, "points held out"),
        ({"patience": 0, "validation": HELD}, "patience is 0"),
        ({"validation": X}, "aren't a pair"),
        ({"resume": True}, "nothing to resume from"),
    ],
)
def test_an_option_that_makes_no_sense(plain: None, options: dict[str, Any], said: str) -> None:
    with pytest.raises(AskError, match=said):
        trained(**options)


def test_points_without_a_target(plain: None) -> None:
    """The graph's one value of y isn't taken for all of them."""
    with pytest.raises(DataError, match="no y"):
        fit(GRAPH, X)
    with pytest.raises(DataError, match="no y"):
        fit(GRAPH, X, Y, validation=(X, None))


def test_a_graph_that_cannot_be_trained(plain: None) -> None:
    with pytest.raises(AskError, match="no objective"):
        fit(replace(model("w = 2; x = 1; a = w x"), objective=None), {"x": [1.0]})
    with pytest.raises(AskError, match="no parameter"):
        fit(network("2 -> 1 softmax"), X[:, :2], Y)
    with pytest.raises(DataError, match="30 rows, y has 5"):
        fit(GRAPH, X, Y[:5])


def test_what_has_a_value_and_is_not_given_is_the_same_for_every_point() -> None:
    graph = model("w = 0; x = 1; c = 3; y = 1; J = (w x + c - y)^2")
    found = fit(graph, {"x": [1.0, 2.0]}, [5.0, 7.0], epochs=200, dtype="float64")
    assert found.parameters["w"] == pytest.approx(2.0)
    with pytest.raises(DataError, match="X is empty"):
        fit(graph, {}, [5.0, 7.0])
