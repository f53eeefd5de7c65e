"""Data points as scikit-learn checks them: features, targets as numbers, weights, classes.

A point of weight 0 is left out at once, so that it has no say in classes, scales and orders.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError, DataError

Floats: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["binary", "multiclass", "multilabel"]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Features (N, n), targets (N, m), weights (N,)."""

    features: Floats
    targets: Floats
    weights: Floats

    def rows(self, at: NDArray[np.intp]) -> Points:
        """Some of the points."""
        return Points(self.features[at], self.targets[at], self.weights[at])


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """What a classifier tells apart: its classes in order, and what the target's columns say.

    Two classes are one column of 0 and 1, more are one-hot rows, several labels a point a column each.
    """

    values: NDArray[Any]
    kind: Kind

    def same_as(self, other: Classes) -> bool:
        """Whether both have the same classes."""
        return self.kind == other.kind and np.array_equal(self.values, other.values)


# ---- features ----------------------------------------------------------------------------------


def features(estimator: Any, X: Any) -> Floats:
    """Features for a prediction. Raises `ValueError` unless they fit those of the training."""
    checks = import_module("sklearn.utils.validation")
    checks.check_is_fitted(estimator)
    return checks.validate_data(estimator, X, dtype=np.float64, order="C", reset=False)


def _both(estimator: Any, X: Any, y: Any, first: bool, numeric: bool) -> tuple[Floats, Any]:
    checks = import_module("sklearn.utils.validation")
    if hasattr(y, "toarray"):
        y = y.toarray()
    return checks.validate_data(
        estimator,
        X,
        y,
        reset=first,
        dtype=np.float64,
        order="C",
        multi_output=True,
        y_numeric=numeric,
    )


def _weights(given: Any, X: Floats) -> Floats:
    if given is None:
        # A loop with weights serves points without, and is compiled once for both.
        return np.ones(len(X))
    checks = import_module("sklearn.utils.validation")
    weights = checks.check_array(
        given, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.ndim != 1:
        raise DataError(
            f"sample_weight has the shape {weights.shape}", "give each point one number"
        )
    checks.check_consistent_length(X, weights)
    if weights.min() < 0:
        at = int(np.argmax(weights < 0))
        raise DataError(f"the weight in row {at + 1} is {weights[at]:.6g}", "give 0 or more")
    if not weights.any():
        raise DataError("every sample weight is zero", "give a point some weight")
    return weights


# ---- numbers -----------------------------------------------------------------------------------


def regression_points(
    estimator: Any, X: Any, y: Any, sample_weight: Any, *, first: bool
) -> tuple[Points, bool]:
    """Points of a regression, and whether their target came as one column without its axis."""
    given, y = _both(estimator, X, y, first, numeric=True)
    weights = _weights(sample_weight, given)
    targets = np.asarray(y, dtype=np.float64)
    flat = targets.ndim == 1
    found = Points(given, targets[:, None] if flat else targets, weights)
    return _without_the_weightless(found), flat


def _without_the_weightless(points: Points) -> Points:
    if not points.weights.any():
        raise DataError("class_weight leaves no point", "give a class that is there some weight")
    return points if points.weights.all() else points.rows(np.flatnonzero(points.weights))


# ---- classes -----------------------------------------------------------------------------------


def classification_points(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    *,
    known: Classes | None,
    first: bool,
    class_weight: Any,
) -> tuple[Points, Classes]:
    """Points of a classification and its classes, those of `y` unless they are known.

    Raises `DataError` for fewer than two classes, a label that isn't known, and weights of classes
    that aren't there; `ValueError` for what scikit-learn itself refuses.
    """
    given, y = _both(estimator, X, y, first, numeric=False)
    weights = _weights(sample_weight, given)
    if not weights.all():
        kept = np.flatnonzero(weights)
        given, y, weights = given[kept], y[kept], weights[kept]
    labels, kind = _labels(y)
    if kind == "multilabel":
        if class_weight is not None:
            raise AskError("class_weight is for one label a point", "give sample_weight")
        count: int = labels.shape[1]
        classes = known or Classes(np.arange(count), kind)
        if classes.kind != kind or count != len(classes.values):
            raise _other_classes(classes)
        return Points(given, labels.astype(np.float64), weights), classes
    classes = known or classes_of(np.asarray(labels))
    codes = _codes(labels, classes)
    if class_weight is not None:
        weights = weights * _class_weights(class_weight, classes, codes, weights)[codes]
    return _without_the_weightless(Points(given, _coded(codes, classes), weights)), classes


def classes_of(values: NDArray[Any]) -> Classes:
    """Classes of one label a point. Raises `DataError` for fewer than two."""
    distinct: Any = np.unique(values)
    if len(distinct) < 2:
        raise DataError(
            f"the points are all of one class, {distinct[0] if len(distinct) else 'none'}",
            "give points of at least two classes",
        )
    return Classes(distinct, "binary" if len(distinct) == 2 else "multiclass")


def _labels(y: Any) -> tuple[Any, Kind]:
    """The target as (N,) labels or (N, m) indicators."""
    multiclass = import_module("sklearn.utils.multiclass")
    multiclass.check_classification_targets(y)
    kind = multiclass.type_of_target(y)
    if kind == "multilabel-indicator":
        return np.asarray(y), "multilabel"
    if kind.endswith("multioutput"):
        raise DataError(
            "y has several columns of more than two classes each",
            "give 0 and 1 in each column, or one column of labels",
        )
    labels: NDArray[Any] = import_module("sklearn.utils.validation").column_or_1d(y, warn=True)
    return labels, "multiclass"


def _codes(labels: NDArray[Any], classes: Classes) -> NDArray[np.intp]:
    """The number of each label in the classes, from 0."""
    if classes.kind == "multilabel":
        raise _other_classes(classes)
    new = np.setdiff1d(labels, classes.values)
    if len(new):
        raise DataError(
            f"y has the label {new[0]!r}, and the classes are {_listed(classes)}",
            "name every class in classes= at the first call of partial_fit",
        )
    return np.searchsorted(classes.values, labels)


def _coded(codes: NDArray[np.intp], classes: Classes) -> Floats:
    if classes.kind == "binary":
        return codes[:, None].astype(np.float64)
    hot = np.zeros((len(codes), len(classes.values)))
    hot[np.arange(len(codes)), codes] = 1
    return hot


def _listed(classes: Classes) -> str:
    first = ", ".join(str(value) for value in classes.values[:5])
    return first if len(classes.values) <= 5 else f"{first}, ... ({len(classes.values)})"


def _other_classes(classes: Classes) -> DataError:
    return DataError(
        f"y isn't of the kind that was learned: {classes.kind}, {_listed(classes)}",
        "give the same kind of target in every call",
    )


def _is_balanced(given: object) -> bool:
    return isinstance(given, str) and given == "balanced"


def _class_weights(
    given: Any, classes: Classes, codes: NDArray[np.intp], weights: Floats
) -> Floats:
    """A weight for each class; "balanced" gives every class the same weight in all."""
    count = len(classes.values)
    if _is_balanced(given):
        have = np.bincount(codes, weights, count)
        return np.divide(have.sum() / count, have, out=np.zeros(count), where=have > 0)
    try:
        named: list[tuple[Any, Any]] = list(given.items())
    except AttributeError:
        raise AskError(
            f"class_weight is {given!r}", "give {class: weight}, or 'balanced'"
        ) from None
    found = np.ones(count)
    for label, weight in named:
        at = np.flatnonzero(classes.values == label)
        if not len(at):
            raise DataError(
                f"class_weight has the class {label!r}, and the data only {_listed(classes)}",
                "leave it out",
            )
        if not (isinstance(weight, int | float | np.number) and 0 <= weight < np.inf):
            raise AskError(f"the weight of the class {label!r} is {weight!r}", "give 0 or more")
        found[at] = weight
    return found


# ---- points held out ---------------------------------------------------------------------------


def held_out(
    points: Points, fraction: float, classes: Classes | None, seed: int
) -> tuple[Points, Points]:
    """Points to train on and points held out, of each class its part."""
    if not (isinstance(fraction, float) and 0 < fraction < 1):
        raise AskError(f"validation_fraction is {fraction!r}", "give a part of 1, such as 0.1")
    selection = import_module("sklearn.model_selection")
    by_class = None
    if classes is not None and classes.kind != "multilabel":
        by_class = points.targets.argmax(axis=1) if classes.kind == "multiclass" else points.targets
    training, held = selection.train_test_split(
        np.arange(len(points.features)), test_size=fraction, stratify=by_class, random_state=seed
    )
    return points.rows(np.sort(training)), points.rows(np.sort(held))


def in_shape(points: Points, x: tuple[int, ...], y: tuple[int, ...]) -> Points:
    """The points as a graph's x and y have them: (N, *x) and (N, *y)."""
    count = len(points.features)
    return replace(
        points,
        features=np.ascontiguousarray(points.features).reshape(count, *x),
        targets=np.ascontiguousarray(points.targets).reshape(count, *y),
    )
