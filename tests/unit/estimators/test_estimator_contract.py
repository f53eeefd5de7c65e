"""scikit-learn's own checks of an estimator, every one of them, and its tools around ours."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("numba")

from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_validate, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from backhand import LinearRegression, LogisticRegression, NetworkClassifier, NetworkRegressor

EVERY = [LinearRegression(), LogisticRegression(), NetworkClassifier(), NetworkRegressor()]
IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


def problem(estimator: Any) -> tuple[Any, Any]:
    return IRIS if hasattr(estimator, "predict_proba") else DIABETES


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(EVERY)
def test_contract(estimator: Any, check: Any) -> None:
    check(estimator)


# ---- the tools around it -----------------------------------------------------------------------

everyone = pytest.mark.parametrize("estimator", EVERY, ids=lambda e: type(e).__name__)


@everyone
def test_in_a_pipeline_of_data_frames(estimator: Any) -> None:
    pandas = pytest.importorskip("pandas")
    X, y = problem(estimator)
    frame = pandas.DataFrame(X, columns=[f"column {n}" for n in range(X.shape[1])])
    scaled = make_column_transformer((StandardScaler(), list(frame.columns)))
    pipeline = make_pipeline(scaled, clone(estimator)).set_output(transform="pandas")
    pipeline.fit(frame, y)
    assert pipeline.score(frame, y) > 0.5
    names = pipeline[-1].feature_names_in_
    assert list(names) == [f"standardscaler__{name}" for name in frame.columns]
    plain = clone(estimator).fit(X, y)
    # Standardising twice is standardising once.
    np.testing.assert_allclose(
        pipeline.predict(frame)[:9].astype(float), plain.predict(X)[:9], 1e-3
    )


@pytest.mark.no_cover
def test_grid_search_in_two_processes() -> None:
    search = GridSearchCV(LogisticRegression(), {"l2": [1e-2, 10.0]}, cv=3, n_jobs=2)
    search.fit(*IRIS)
    assert search.best_params_ == {"l2": 1e-2}
    assert search.best_score_ > 0.9
    found = search.cv_results_["mean_test_score"]
    alone = GridSearchCV(LogisticRegression(), {"l2": [1e-2, 10.0]}, cv=3).fit(*IRIS)
    assert np.array_equal(found, alone.cv_results_["mean_test_score"])


@everyone
def test_cross_validation_and_learning_curve(estimator: Any) -> None:
    X, y = problem(estimator)
    found = cross_validate(estimator, X, y, cv=3, return_train_score=True)
    assert found["test_score"].min() > 0.1
    sizes, training, held = learning_curve(
        estimator, X, y, train_sizes=[0.3, 1.0], cv=3, shuffle=True, random_state=0
    )
    assert training.shape == held.shape == (2, 3)
    assert sizes[0] < sizes[1]
    assert held[1].mean() > held[0].mean() - 0.05


@everyone
def test_a_copy_by_pickle_goes_on_like_the_first(estimator: Any) -> None:
    X, y = problem(estimator)
    one = clone(estimator).fit(X, y)
    other = pickle.loads(pickle.dumps(one))
    assert np.array_equal(one.predict(X), other.predict(X))
    assert other.graph_["yhat"].definition is one.graph_["yhat"].definition
    if hasattr(one, "partial_fit"):
        assert np.array_equal(one.partial_fit(X, y).predict(X), other.partial_fit(X, y).predict(X))
        assert other.n_iter_ == 201


@everyone
def test_what_a_person_is_given(estimator: Any) -> None:
    """The graph is the network on the data as they came: it alone gives the predictions."""
    X, y = problem(estimator)
    found = clone(estimator).fit(X, y)
    graph = found.graph_
    assert [q.name for q in graph][:2] == ["x", "y"]
    said = graph.predict(X)
    if hasattr(found, "predict_proba"):
        np.testing.assert_allclose(said, found.predict_proba(X), rtol=1e-12)
        assert found.classes_.tolist() == [0, 1, 2]
    else:
        np.testing.assert_allclose(said.ravel(), found.predict(X), rtol=1e-12)
    assert len(found.history_) == found.n_iter_
    assert found.loss_curve_ == list(found.history_)
    assert found.history_[-1] < found.history_[0]


@everyone
@pytest.mark.parametrize(
    ("X", "y", "weights", "said"),
    [
        ([[1.0], [np.nan]], [0, 1], None, "NaN"),
        ([[1.0], [2.0]], [0, 1, 1], None, "inconsistent"),
        ([[1.0], [2.0]], [0, 1], [1.0, -1.0], "the weight in row 2 is -1; give 0 or more"),
        ([[1.0], [2.0]], [0, 1], [0.0, 0.0], "zero; give a point some weight"),
        ([[1.0], [2.0]], [0, 1], [[1.0], [1.0]], "give each point one number"),
    ],
)
def test_data_that_cannot_be_used(estimator: Any, X: Any, y: Any, weights: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        clone(estimator).fit(X, y, sample_weight=weights)


def test_without_scikit_learn_the_error_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; import backhand\n"
        "try:\n    backhand.NetworkClassifier\n"
        "except backhand.BackhandError as error:\n    print(error)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == (
        'the estimators need scikit-learn, which isn\'t installed; pip install "backhand[train]"'
    )


def test_no_import_of_scikit_learn_before_it_is_needed() -> None:
    code = "import sys, backhand; print('sklearn' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "False"
