"""Linear and logistic regression as scikit-learn's estimators."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike, NDArray

from backhand.estimators.base import BaseEstimator, ClassifierMixin, RegressorMixin, as_value_error
from backhand.estimators.convex import Optimum, optimum
from backhand.estimators.ends import ends_of, regression_ends
from backhand.estimators.outputs import decisions, labels, outputs, probabilities
from backhand.estimators.points import (
    Floats,
    classification_points,
    regression_points,
)
from backhand.graph import Graph
from backhand.training.labels import ClassWeight
from backhand.values import floats


class LinearRegression(RegressorMixin, BaseEstimator):
    """ŷ = W (1, x) with the least mean squared error plus l2/2 Σ w², found by gradient descent.

    With `l2=0` the weights are those of scikit-learn's `LinearRegression`, the shortest where there
    are many; else those of its `Ridge` with alpha = l2/2 · Σ sample_weight. The bias isn't penalised.
    How it is trained stands in `convex`; it ends when nothing changes by more than `tol`.

    Attributes: `coef_` (n,) or (m, n), `intercept_`, `graph_`, `history_` (the mean loss of each
    epoch, penalty included), `loss_curve_` (the same), `n_iter_`, `n_features_in_`,
    `feature_names_in_`. Raises `ValueError` for data and parameters that can't be used.

    >>> model = LinearRegression().fit([[0], [1], [2], [4]], [1, 3, 5, 9])
    >>> model.coef_.round(6).tolist(), round(model.intercept_, 6), model.n_iter_
    ([2.0], 1.0, 24)
    """

    graph_: Graph
    coef_: Floats
    intercept_: Floats | float
    history_: tuple[float, ...]
    n_iter_: int

    def __init__(
        self, *, l2: float = 0.0, epochs: int = 10_000, tol: float = 1e-6, verbose: bool = False
    ) -> None:
        self.l2 = l2
        self.epochs = epochs
        self.tol = tol
        self.verbose = verbose

    @as_value_error()
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> LinearRegression:
        """Train on features X (N, n) and targets y, (N,) or (N, m)."""
        points, flat = regression_points(self, X, y, sample_weight, first=True)
        ends = regression_ends("squared_error", points)
        coef, intercept = _keep(self, optimum(points, ends, **_options(self)))
        self._flat = flat
        self.coef_, self.intercept_ = (coef[0], float(intercept[0])) if flat else (coef, intercept)
        return self

    @property
    def loss_curve_(self) -> list[float]:
        """The mean loss of each epoch."""
        return list(self.history_)

    def predict(self, X: ArrayLike) -> Floats:
        """The predictions, (N,) where y was, else (N, m)."""
        found = outputs(self, X)
        return found[:, 0] if self._flat else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class LogisticRegression(ClassifierMixin, BaseEstimator):
    """σ(w (1, x)) for two classes, softmax(W (1, x)) for more, with the least mean cross-entropy.

    `l2`: the penalty l2/2 Σ w², the bias not counted; scikit-learn's `LogisticRegression` with
    C = 1 / (l2 · Σ sample_weight) has the same weights. Without it classes that can be separated
    have no best weights. How it is trained stands in `convex`; it ends when nothing changes by more
    than `tol`. `class_weight`: {class: weight} or "balanced".

    Attributes: `coef_` (1, n) or (classes, n), `intercept_`, `classes_`, `graph_`, `history_` (the
    mean loss of each epoch, penalty included), `loss_curve_` (the same), `n_iter_`,
    `n_features_in_`, `feature_names_in_`. Raises `ValueError` for data and parameters that can't be used.

    >>> model = LogisticRegression().fit([[0], [1], [2], [3]], ["low", "low", "high", "high"])
    >>> model.predict([[0.5], [2.5]]).tolist(), model.predict_proba([[1.5]]).round(3).tolist()
    (['low', 'high'], [[0.5, 0.5]])
    """

    graph_: Graph
    classes_: NDArray[Any]
    coef_: Floats
    intercept_: Floats
    history_: tuple[float, ...]
    n_iter_: int

    def __init__(
        self,
        *,
        l2: float = 1e-3,
        class_weight: ClassWeight | None = None,
        epochs: int = 10_000,
        tol: float = 1e-6,
        verbose: bool = False,
    ) -> None:
        self.l2 = l2
        self.class_weight = class_weight
        self.epochs = epochs
        self.tol = tol
        self.verbose = verbose

    @as_value_error()
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> LogisticRegression:
        """Train on features X (N, n) and labels y (N,)."""
        points, classes = classification_points(
            self, X, y, sample_weight, known=None, first=True, class_weight=self.class_weight
        )
        found = optimum(points, ends_of(classes), **_options(self))
        self.coef_, self.intercept_ = _keep(self, found)
        self._classes, self.classes_ = classes, classes.values
        return self

    @property
    def loss_curve_(self) -> list[float]:
        """The mean loss of each epoch."""
        return list(self.history_)

    def decision_function(self, X: ArrayLike) -> Floats:
        """W (1, x): (N,) for two classes, else (N, classes)."""
        return decisions(self, X)

    def predict_proba(self, X: ArrayLike) -> Floats:
        """The probability of each class, (N, classes)."""
        return probabilities(self, X)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class of each point."""
        return labels(self, X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _options(estimator: Any) -> dict[str, Any]:
    e = estimator
    return {"l2": e.l2, "epochs": e.epochs, "tolerance": e.tol, "verbose": bool(e.verbose)}


def _keep(estimator: Any, found: Optimum) -> tuple[Floats, Floats]:
    """Give a person the linear model; its weights (m, n) and its biases (m,)."""
    estimator.graph_ = found.graph
    estimator.history_ = found.history
    estimator.n_iter_ = len(found.history)
    value = found.graph.parameters[0].value
    assert value is not None
    W = floats(value)
    return W[:, 1:].copy(), W[:, 0].copy()
