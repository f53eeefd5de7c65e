"""Networks as scikit-learn's estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from numpy.typing import ArrayLike, NDArray

from backhand.errors import AskError
from backhand.estimators.base import BaseEstimator, ClassifierMixin, RegressorMixin, as_value_error
from backhand.estimators.ends import announced, ends_of, regression_ends
from backhand.estimators.outputs import decisions, labels, outputs, probabilities
from backhand.estimators.points import (
    Classes,
    Floats,
    classification_points,
    held_out,
    regression_points,
)
from backhand.estimators.training import Standing, choices, keep, part, trained
from backhand.graph import Graph
from backhand.training.labels import ClassWeight
from backhand.training.schedules import Schedule


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """A dense network that tells classes apart, trained by the loop that Backhand derived.

    Two classes end in one sigmoid, n classes in n softmax, several labels a point (y (N, m) of 0 and
    1) in m sigmoids, each with its cross-entropy. Features are standardised for the training, and
    `graph_` is the network for the features as they came. `batch_size`: points a step; data with no
    more points are taken whole, and then a weight is the same as a repeated point. `settings`: the
    optimiser's numbers. `l1`, `l2`: penalties on the standardised network's weights. The other
    parameters are those of `Graph.fit` and of scikit-learn's `MLPClassifier`.

    Attributes: `graph_`, `classes_`, `history_` (the mean loss of each epoch), `loss_curve_` (the
    same), `validation_history_`, `n_iter_` (epochs done), `n_features_in_`, `feature_names_in_`.
    Raises `ValueError` for data and parameters that can't be used.

    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["no", "yes", "yes", "no"]
    >>> network = NetworkClassifier((8,), activation="tanh", epochs=400).fit(X, y)
    >>> network.predict(X).tolist()
    ['no', 'yes', 'yes', 'no']
    >>> network.graph_["W_1"].shape
    (8, 3)
    """

    graph_: Graph
    classes_: NDArray[Any]
    history_: tuple[float, ...]
    validation_history_: tuple[float, ...]
    n_iter_: int

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (32,),
        *,
        activation: str = "relu",
        optimizer: str = "adam",
        settings: Mapping[str, float] | None = None,
        learning_rate: float = 0.01,
        schedule: Schedule = "constant",
        batch_size: int | Literal["all"] = 200,
        epochs: int = 200,
        l1: float = 0.0,
        l2: float = 0.0,
        class_weight: ClassWeight | None = None,
        shuffle: bool = True,
        random_state: Any = 0,
        dtype: Literal["float32", "float64"] = "float64",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        tolerance: float = 1e-4,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.settings = settings
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.l1 = l1
        self.l2 = l2
        self.class_weight = class_weight
        self.shuffle = shuffle
        self.random_state = random_state
        self.dtype = dtype
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.tolerance = tolerance
        self.warm_start = warm_start
        self.verbose = verbose

    @as_value_error()
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NetworkClassifier:
        """Train on features X (N, n) and labels y (N,), or indicators (N, m)."""
        choice = choices(self)
        points, classes = classification_points(
            self, X, y, sample_weight, known=None, first=True, class_weight=self.class_weight
        )
        graph = None
        if self.warm_start and hasattr(self, "_standing"):
            if not classes.same_as(self._classes):
                raise AskError(
                    f"warm_start goes on with the classes {self._classes.values}, and y has others",
                    "give the same classes, or warm_start=False",
                )
            graph = self._standing.graph
        held = None
        if self.early_stopping:
            points, held = held_out(points, self.validation_fraction, classes, choice.seed)
        return self._keep(trained(choice, ends_of(classes), points, held, None, graph), classes)

    @as_value_error()
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> NetworkClassifier:
        """One epoch on some of the points; `classes`: all there will be, at the first call.

        Goes on from `fit` as well. The scales are those of all points seen so far.
        """
        if isinstance(self.class_weight, str):
            raise AskError(
                f"class_weight is {self.class_weight!r}, and partial_fit sees some points only",
                "give {class: weight}, or sample_weight",
            )
        choice = part(choices(self))
        before: Standing | None = getattr(self, "_standing", None)
        known = announced(getattr(self, "_classes", None), classes, y)
        points, found = classification_points(
            self,
            X,
            y,
            sample_weight,
            known=known,
            first=before is None,
            class_weight=self.class_weight,
        )
        return self._keep(trained(choice, ends_of(found), points, None, before), found)

    def _keep(self, standing: Standing, classes: Classes) -> NetworkClassifier:
        self._standing, self._classes = standing, classes
        self.classes_ = classes.values
        keep(self, standing)
        return self

    @property
    def loss_curve_(self) -> list[float]:
        """The mean loss of each epoch."""
        return list(self.history_)

    def decision_function(self, X: ArrayLike) -> Floats:
        """What goes into the sigmoid, (N,), or into the softmax, (N, classes)."""
        return decisions(self, X)

    def predict_proba(self, X: ArrayLike) -> Floats:
        """The probability of each class, (N, classes)."""
        return probabilities(self, X)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class of each point, (N,), or indicators (N, m)."""
        return labels(self, X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class NetworkRegressor(RegressorMixin, BaseEstimator):
    """A dense network that predicts one number, or several, trained by the loop that Backhand derived.

    `loss`: "squared_error" or "absolute_error", added over the outputs. Features are standardised
    for the training, targets shifted to mean 0 and all divided by one number; `graph_` is the
    network for the data as they came. The parameters are else those of `NetworkClassifier`.

    Attributes: `graph_`, `history_` (the mean loss of each epoch, in the target's unit),
    `loss_curve_` (the same), `validation_history_`, `n_iter_`, `n_features_in_`,
    `feature_names_in_`. Raises `ValueError` for data and parameters that can't be used.

    >>> X = [[float(x)] for x in range(8)]
    >>> network = NetworkRegressor((16,), epochs=400).fit(X, [(x - 3.5) ** 2 for [x] in X])
    >>> bool(network.score(X, [(x - 3.5) ** 2 for [x] in X]) > 0.95)
    True
    """

    graph_: Graph
    history_: tuple[float, ...]
    validation_history_: tuple[float, ...]
    n_iter_: int

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (32,),
        *,
        activation: str = "relu",
        loss: str = "squared_error",
        optimizer: str = "adam",
        settings: Mapping[str, float] | None = None,
        learning_rate: float = 0.01,
        schedule: Schedule = "constant",
        batch_size: int | Literal["all"] = 200,
        epochs: int = 200,
        l1: float = 0.0,
        l2: float = 0.0,
        shuffle: bool = True,
        random_state: Any = 0,
        dtype: Literal["float32", "float64"] = "float64",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        tolerance: float = 1e-4,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.optimizer = optimizer
        self.settings = settings
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.l1 = l1
        self.l2 = l2
        self.shuffle = shuffle
        self.random_state = random_state
        self.dtype = dtype
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.tolerance = tolerance
        self.warm_start = warm_start
        self.verbose = verbose

    @as_value_error()
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NetworkRegressor:
        """Train on features X (N, n) and targets y, (N,) or (N, m)."""
        choice = choices(self)
        points, flat = regression_points(self, X, y, sample_weight, first=True)
        graph = self._standing.graph if self.warm_start and hasattr(self, "_standing") else None
        held = None
        if self.early_stopping:
            points, held = held_out(points, self.validation_fraction, None, choice.seed)
        ends = regression_ends(self.loss, points)
        return self._keep(trained(choice, ends, points, held, None, graph), flat)

    @as_value_error()
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NetworkRegressor:
        """One epoch on some of the points, going on from `fit` as well.

        The scales are those of all points seen so far.
        """
        choice = part(choices(self))
        before: Standing | None = getattr(self, "_standing", None)
        points, flat = regression_points(self, X, y, sample_weight, first=before is None)
        ends = regression_ends(self.loss, points)
        return self._keep(trained(choice, ends, points, None, before), flat)

    def _keep(self, standing: Standing, flat: bool) -> NetworkRegressor:
        self._standing, self._flat = standing, flat
        keep(self, standing)
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
