"""The weights of points: their own and those of their classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backhand
from backhand.errors import DataError
from backhand.graph import Graph
from backhand.training.data import arrange

SIGMOID = backhand.network("2 -> 2 relu -> 1 sigmoid")
LINEAR = backhand.network("2 -> 1")
SOFTMAX = backhand.network("2 -> 3 softmax", loss="cross_entropy")
X = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]


def refused(graph: Graph, *given: Any, **options: Any) -> str:
    """What is said of weights that can't be used."""
    with pytest.raises(DataError) as caught:
        arrange(graph, *given, **options)
    return str(caught.value)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    utils: Any = pytest.importorskip("sklearn.utils.class_weight")
    y = ["a", "b", "a", "a"]
    weights = arrange(SIGMOID, X, y, class_weight="balanced").weights
    assert weights == pytest.approx(utils.compute_sample_weight("balanced", y))


def test_weights_of_points_and_classes_multiply() -> None:
    data = arrange(
        SOFTMAX, X, [0, 1, 2, 1], sample_weight=[1, 2, 3, 0], class_weight={1: 10, 2: 0.5}
    )
    assert data.weights is not None
    assert data.weights.tolist() == [1, 20, 1.5, 0]
    assert arrange(SOFTMAX, X, [0, 1, 2, 1]).weights is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sample_weight": [1, 2]}, "sample_weight has 2 rows, the data 4"),
        ({"sample_weight": [1, 2, -1, 0]}, "the weight in row 3 is -1; give 0 or more"),
        ({"sample_weight": [0, 0, 0, 0]}, "all weights are 0"),
        ({"sample_weight": np.ones((4, 2))}, "sample_weight has the shape (4, 2)"),
        ({"sample_weight": [1, 1, np.nan, 1]}, "row 3 of sample_weight has no value"),
        ({"class_weight": "balance"}, "class_weight is 'balance'"),
        ({"class_weight": 3}, "class_weight is '3'; give \"balanced\" or {label: weight}"),
        ({"class_weight": {"C": 1}}, "there is no class 'C'"),
        ({"class_weight": {"a": -1}}, "the weight of class 'a' is '-1'"),
        ({"class_weight": {"a": "x"}}, "the weight of class 'a' is 'x'"),
    ],
)
def test_weights_that_make_no_sense(options: dict[str, Any], said: str) -> None:
    assert said in refused(SIGMOID, X, ["a", "b", "a", "b"], **options)


def test_class_weights_need_classes() -> None:
    said = refused(LINEAR, X, [0.5, 1, 2, 3], class_weight="balanced")
    assert "for classes, and the target is numbers; leave it out" in said
