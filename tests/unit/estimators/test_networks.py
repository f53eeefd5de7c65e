"""Networks as estimators: scales, going on, early stopping, labels, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from sklearn.datasets import load_diabetes, load_iris

from backhand import NetworkClassifier, NetworkRegressor, network
from backhand.estimators.coordinates import for_raw, for_scaled, seen
from backhand.estimators.points import Points
from backhand.training.fit import fit
from backhand.values import floats

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
RNG = np.random.default_rng(0)


def parameters(estimator: Any) -> dict[str, Any]:
    return {q.name: floats(q.value) for q in estimator.graph_.parameters}


def close(one: Any, other: Any, tolerance: float = 1e-9) -> None:
    for name, value in parameters(one).items():
        np.testing.assert_allclose(value, parameters(other)[name], tolerance, tolerance)


# ---- scales ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", ["3 -> 2", "3 -> 4 tanh -> 2", "1 -> 1"])
def test_the_network_for_raw_data_does_what_that_for_scaled_data_does(layers: str) -> None:
    graph = network(layers, seed=1)
    n, m = graph["x"].size, graph["y"].size
    points = Points(
        5 + 3 * RNG.normal(size=(40, n)), 90 + 7 * RNG.normal(size=(40, m)), np.ones(40)
    )
    scales = seen(None, points, scaled_targets=True)
    inside = scales.into(points)
    assert np.abs(inside.features.mean(axis=0)).max() < 1e-12
    assert (inside.targets**2).mean() == pytest.approx(1)
    raw = for_raw(graph, scales)
    shape = (40, *graph["x"].shape)
    predicted = raw.predict(points.features.reshape(shape)).reshape(40, m)
    expected = graph.predict(inside.features.reshape(shape)).reshape(40, m)
    np.testing.assert_allclose(scales.targets.into(predicted), expected, rtol=1e-9, atol=1e-9)
    back = for_scaled(raw, scales)
    for q in graph.parameters:
        np.testing.assert_allclose(floats(back[q.name].value), floats(q.value), atol=1e-12)


def test_training_is_that_of_fit_on_standardised_data() -> None:
    X, y = DIABETES
    found = NetworkRegressor(epochs=5).fit(X, y)
    inside = (X - X.mean(axis=0)) / X.std(axis=0)
    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    by_hand = fit(
        network("10 -> 32 relu -> 1"),
        inside,
        (y - y.mean()) / y.std(),
        batch_size=200,
        epochs=5,
        learning_rate=0.01,
        optimizer="adam",
        seed=seed,
        dtype="float64",
        sample_weight=np.ones(len(y)),
    )
    expected = y.mean() + y.std() * by_hand.graph.predict(inside)
    np.testing.assert_allclose(found.predict(X), expected, rtol=1e-9)
    assert found.history_ == pytest.approx([loss * y.var() for loss in by_hand.history])


def test_the_unit_of_the_data_changes_nothing() -> None:
    X, y = DIABETES
    one = NetworkRegressor(epochs=20).fit(X, y)
    other = NetworkRegressor(epochs=20).fit(1e3 * X + 7, y / 50 - 3)
    np.testing.assert_allclose(one.predict(X) / 50 - 3, other.predict(1e3 * X + 7), rtol=1e-6)
    assert one.history_[-1] / 2500 == pytest.approx(other.history_[-1])


# ---- going on ----------------------------------------------------------------------------------


def test_partial_fit_goes_on_where_fit_stood() -> None:
    """Momentum, the order of the points and the scales included."""
    X, y = IRIS
    one = NetworkClassifier(epochs=6).fit(X, y)
    other = NetworkClassifier(epochs=2).fit(X, y)
    for _ in range(4):
        other.partial_fit(X, y)
    close(one, other)
    assert other.n_iter_ == 6
    assert other.history_ == pytest.approx(one.history_)
    close(NetworkClassifier(epochs=1).fit(X, y), NetworkClassifier().partial_fit(X, y, [0, 1, 2]))


def test_partial_fit_learns_from_parts() -> None:
    X, y = IRIS
    order = RNG.permutation(150)
    found = NetworkClassifier()
    for _ in range(20):
        for rows in np.split(order, 3):
            found.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
    assert found.score(X, y) > 0.95
    regressor = NetworkRegressor()
    X, y = DIABETES
    for _ in range(20):
        for rows in np.split(RNG.permutation(440), 4):
            regressor.partial_fit(X[rows], y[rows])
    assert regressor.score(X, y) > 0.4


def test_partial_fit_of_labels_that_come_late() -> None:
    X, y = IRIS
    found = NetworkClassifier().partial_fit(X[:50], y[:50], classes=[0, 1, 2])
    assert found.predict_proba(X).shape == (150, 3)
    found.partial_fit(X[50:], y[50:])
    with pytest.raises(ValueError, match=r"y has the label .*7.*the classes are 0, 1, 2"):
        found.partial_fit(X[:2], [0, 7])
    with pytest.raises(ValueError, match=r"classes is \[0 1\], and was \[0 1 2\] before"):
        found.partial_fit(X[:2], [0, 1], classes=[0, 1])
    with pytest.raises(ValueError, match="classes is missing at the first call"):
        NetworkClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="partial_fit sees some points only"):
        NetworkClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])


def test_a_warm_start_goes_on_from_the_weights() -> None:
    X, y = IRIS
    cold = NetworkClassifier(epochs=40).fit(X, y)
    warm = NetworkClassifier(epochs=40, warm_start=True).fit(X, y)
    close(cold, warm)
    warm.fit(X, y)
    assert warm.history_[0] < 1.1 * cold.history_[-1]
    assert warm.n_iter_ == 40
    with pytest.raises(ValueError, match="warm_start goes on with the classes"):
        warm.fit(X, y + 1)
    with pytest.raises(ValueError, match="the layers, the loss or the columns of the data"):
        warm.fit(X[:, :2], y)


# ---- points held out ---------------------------------------------------------------------------


def test_early_stopping_keeps_the_best() -> None:
    X, y = DIABETES
    options: dict[str, Any] = {"early_stopping": True, "validation_fraction": 0.3, "patience": 5}
    found = NetworkRegressor(learning_rate=0.05, **options).fit(X, y)
    held = found.validation_history_
    assert len(held) == found.n_iter_ < 200
    assert min(held) == pytest.approx(min(held[:-5]))
    best = NetworkRegressor(learning_rate=0.05, epochs=int(np.argmin(held)) + 1, **options).fit(
        X, y
    )
    close(found, best)
    with pytest.raises(ValueError, match="validation_fraction is 2"):
        NetworkRegressor(early_stopping=True, validation_fraction=2).fit(X, y)


def test_points_held_out_count_by_their_weight() -> None:
    X, y = IRIS
    options: dict[str, Any] = {"early_stopping": True, "epochs": 3}
    one = NetworkClassifier(**options).fit(X, y, np.ones(150))
    other = NetworkClassifier(**options).fit(X, y, np.where(y == 0, 50.0, 1.0))
    assert one.validation_history_ != other.validation_history_


# ---- targets -----------------------------------------------------------------------------------


def test_several_labels_a_point() -> None:
    X = RNG.normal(size=(120, 2))
    Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0, X.sum(axis=1) > 0, X[:, 0] > 1, X[:, 1] < 0])
    found = NetworkClassifier().fit(X, Y.astype(int))
    assert (found.predict(X) == Y).mean() > 0.95
    assert found.predict_proba(X).shape == found.decision_function(X).shape == (120, 5)
    again = NetworkClassifier(epochs=2).fit(X, Y.astype(int))
    part = NetworkClassifier().partial_fit(X, Y.astype(int)).partial_fit(X, Y.astype(int))
    close(again, part)
    with pytest.raises(ValueError, match="isn't of the kind that was learned: multilabel"):
        part.partial_fit(X, Y[:, 0].astype(int))
    with pytest.raises(ValueError, match="class_weight is for one label a point"):
        NetworkClassifier(class_weight="balanced").fit(X, Y.astype(int))


def test_the_absolute_error_finds_the_median() -> None:
    X = np.zeros((101, 3))
    y = np.arange(101.0) ** 2
    found = NetworkRegressor(loss="absolute_error", schedule="linear", epochs=600).fit(X, y)
    assert found.predict(X[:1]) == pytest.approx([2500], abs=60)
    assert found.history_[-1] == pytest.approx(np.abs(y - 2500).mean(), rel=0.02)


def test_a_weight_is_a_point_so_many_times() -> None:
    X, y = DIABETES[0][:60], DIABETES[1][:60]
    weights = RNG.integers(0, 4, 60)
    one = NetworkRegressor().fit(X, y, weights)
    other = NetworkRegressor().fit(X.repeat(weights, axis=0), y.repeat(weights))
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-8)


def test_the_seed_alone_decides() -> None:
    X, y = IRIS
    one, two = (NetworkClassifier(epochs=3, random_state=s).fit(X, y) for s in (1, 1))
    close(one, two, 0)
    generator = np.random.RandomState(3)
    drawn = [NetworkClassifier(epochs=3, random_state=generator).fit(X, y) for _ in range(2)]
    assert not np.array_equal(drawn[0].predict_proba(X), drawn[1].predict_proba(X))
    assert not np.array_equal(one.predict_proba(X), drawn[0].predict_proba(X))


def test_float32_comes_close() -> None:
    X, y = IRIS
    one = NetworkClassifier(dtype="float32", epochs=20).fit(X, y)
    other = NetworkClassifier(epochs=20).fit(X, y)
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), atol=1e-4)
    assert not np.array_equal(one.predict_proba(X), other.predict_proba(X))


# ---- what is said ------------------------------------------------------------------------------


def test_verbose_tells_the_loss(capsys: pytest.CaptureFixture[str]) -> None:
    found = NetworkClassifier(verbose=True, epochs=3).fit(*IRIS)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"epoch 3 of 3: loss {found.history_[-1]:.6g}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"hidden_layer_sizes": (4, 0)}, "hidden layer 2 has 0 units; give whole numbers"),
        ({"hidden_layer_sizes": "wide"}, "hidden layer 1 has 'wide' units"),
        ({"activation": "rleu"}, "there is no function rleu; did you mean relu"),
        ({"activation": "relu -> 3 relu"}, "the activation is 'relu -> 3 relu'"),
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"settings": [1]}, r"settings is \[1\]"),
        ({"settings": {"beta": 1}}, "no setting 'beta'"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"batch_size": "some"}, "batch_size is 'some'"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"epochs": -1}, "epochs is -1"),
        ({"learning_rate": np.inf}, "learning_rate is inf"),
        ({"l1": -1}, "l1 is -1"),
        ({"dtype": "float16"}, "no dtype 'float16'"),
        ({"patience": 0}, "patience is 0"),
        ({"tolerance": None}, "tolerance is None"),
        ({"random_state": "dice"}, "dice"),
    ],
)
def test_parameters_that_make_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NetworkClassifier(**options).fit(*IRIS)


def test_a_loss_that_is_none_of_a_regression() -> None:
    with pytest.raises(ValueError, match="no loss 'hinge' of a regression; give squared_error or"):
        NetworkRegressor(loss="hinge").fit(*DIABETES)


def test_training_that_leaves_the_numbers_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"overflowed|undefined.*try a learning rate below"):
        NetworkRegressor(learning_rate=1e200, optimizer="adam").fit(*DIABETES)
