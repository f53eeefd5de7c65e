"""Linear and logistic regression against scikit-learn's own, which solve them by other means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from sklearn import linear_model
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning

from backhand import LinearRegression, LogisticRegression

DIABETES = load_diabetes(return_X_y=True)
IRIS = load_iris(return_X_y=True)
RNG = np.random.default_rng(0)
WIDE = RNG.normal(size=(15, 30)) + 3, RNG.normal(size=15)


def their_logistic(l2: float, total: float, **options: Any) -> Any:
    return linear_model.LogisticRegression(
        C=1 / (l2 * total), solver="newton-cg", tol=1e-10, max_iter=10_000, **options
    )


def same(one: Any, other: Any, tolerance: float = 1e-6) -> None:
    scale = np.abs(other.coef_).max()
    np.testing.assert_allclose(one.coef_, other.coef_, atol=tolerance * scale)
    np.testing.assert_allclose(one.intercept_, other.intercept_, rtol=tolerance, atol=tolerance)
    assert np.shape(one.coef_) == np.shape(other.coef_)
    assert np.shape(one.intercept_) == np.shape(other.intercept_)


# ---- linear regression -------------------------------------------------------------------------


@pytest.mark.parametrize("data", [DIABETES, WIDE], ids=["diabetes", "fewer points than features"])
def test_the_weights_of_least_squares(data: Any) -> None:
    found = LinearRegression().fit(*data)
    same(found, linear_model.LinearRegression().fit(*data), 1e-9)
    assert found.n_iter_ == 24


def test_columns_that_say_the_same_share_their_weight() -> None:
    X, y = DIABETES
    X = np.column_stack([X[:, :4], X[:, :4], np.full(len(X), 0.1), 1e3 * X[:, 5]])
    same(LinearRegression().fit(X, y), linear_model.LinearRegression().fit(X, y), 1e-8)


def test_a_penalty_is_that_of_ridge() -> None:
    X, y = DIABETES
    weights = RNG.integers(0, 4, len(X)).astype(float)
    found = LinearRegression(l2=0.02).fit(X, y, weights)
    other = linear_model.Ridge(alpha=0.01 * weights.sum(), solver="cholesky")
    same(found, other.fit(X, y, weights), 1e-8)


def test_several_targets_of_different_sizes() -> None:
    X, y = DIABETES
    Y = np.column_stack([y, 1e-3 * X[:, 0] ** 2, 1e4 - 50 * y, X[:, 1], y**2])
    found = LinearRegression().fit(X, Y)
    same(found, linear_model.LinearRegression().fit(X, Y), 1e-9)
    assert found.predict(X).shape == Y.shape
    one = LinearRegression().fit(X, Y[:, :1])
    assert one.predict(X).shape == (len(X), 1)
    assert one.coef_.shape == (1, 10)


def test_the_history_is_the_mean_squared_error() -> None:
    X, y = DIABETES
    found = LinearRegression().fit(X, y)
    assert found.history_[0] == pytest.approx(np.var(y))
    assert found.history_[-1] == pytest.approx(np.mean((y - found.predict(X)) ** 2))
    assert sorted(found.history_[2:], reverse=True) == pytest.approx(found.history_[2:])


# ---- logistic regression -----------------------------------------------------------------------


def test_three_classes() -> None:
    X, y = IRIS
    found = LogisticRegression(l2=1e-3).fit(X, y)
    other = their_logistic(1e-3, len(X)).fit(X, y)
    same(found, other)
    np.testing.assert_allclose(found.predict_proba(X), other.predict_proba(X), atol=1e-6)
    assert np.array_equal(found.predict(X), other.predict(X))
    np.testing.assert_allclose(found.decision_function(X), other.decision_function(X), atol=1e-4)


def test_two_classes_with_words_and_weights() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    X, y = X[:, [0, 4, 9]], np.where(y, "benign", "malignant")
    weights = RNG.integers(0, 4, len(X)).astype(float)
    found = LogisticRegression(l2=1e-2).fit(X, y, weights)
    other = their_logistic(1e-2, weights.sum()).fit(X, y, weights)
    same(found, other)
    np.testing.assert_allclose(found.decision_function(X), other.decision_function(X), atol=1e-5)
    assert found.classes_.tolist() == ["benign", "malignant"]


@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0, 2: 0.5}])
def test_class_weights(class_weight: Any) -> None:
    X, y = IRIS[0][:120], IRIS[1][:120]
    found = LogisticRegression(l2=0.1, class_weight=class_weight).fit(X, y)
    each = {0: 120 / 150, 1: 120 / 150, 2: 120 / 60} if class_weight == "balanced" else class_weight
    total = sum(each.get(int(label), 1.0) for label in y)
    other = their_logistic(0.1, total, class_weight=class_weight).fit(X, y)
    same(found, other)


def test_balanced_counts_weights_as_points() -> None:
    X, y = IRIS
    weights = RNG.integers(0, 3, len(X))
    one = LogisticRegression(l2=0.1, class_weight="balanced").fit(X, y, weights)
    other = LogisticRegression(l2=0.1, class_weight="balanced")
    other.fit(X.repeat(weights, axis=0), y.repeat(weights))
    np.testing.assert_allclose(one.coef_, other.coef_, rtol=1e-9)


def test_the_history_is_the_penalised_loss() -> None:
    X, y = IRIS
    found = LogisticRegression(l2=0.05).fit(X, y)
    chosen = found.predict_proba(X)[np.arange(len(y)), y]
    penalty = 0.05 / 2 * (found.coef_**2).sum()
    assert found.history_[0] == pytest.approx(np.log(3))
    assert found.history_[-1] == pytest.approx(penalty - np.log(chosen).mean(), rel=1e-9)


def test_classes_that_can_be_separated_have_no_best_weights() -> None:
    X, y = IRIS
    with pytest.warns(ConvergenceWarning, match=r"after 500 epochs .*larger l2") as caught:
        found = LogisticRegression(l2=0, epochs=500).fit(X[:100], y[:100])
    assert caught[0].filename == __file__
    assert found.n_iter_ == 500
    assert found.score(X[:100], y[:100]) == 1


def test_verbose_tells_of_every_look(capsys: pytest.CaptureFixture[str]) -> None:
    LinearRegression(verbose=True).fit(*DIABETES)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["epoch 8", "epoch 24"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"l2": -1}, "l2 is -1; give a number, 0 or more"),
        ({"epochs": 0}, "epochs is 0; give a whole number"),
        ({"tol": "small"}, "tol is 'small'"),
        ({"class_weight": "equal"}, "class_weight is 'equal'"),
        ({"class_weight": {7: 1.0}}, r"the class 7, and the data only 0, 1, 2"),
        ({"class_weight": {0: -1.0}}, r"the weight of the class 0 is -1\.0"),
        ({"class_weight": {0: 0, 1: 0, 2: 0}}, "leaves no point"),
    ],
)
def test_parameters_that_make_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LogisticRegression(**options).fit(*IRIS)


def test_one_class_is_none() -> None:
    with pytest.raises(ValueError, match="all of one class, 1; give points of at least two"):
        LogisticRegression().fit([[1.0], [2.0]], [1, 1])
