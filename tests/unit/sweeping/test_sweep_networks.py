"""Hidden layers in words become networks that fit the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import backhand
from backhand.errors import BackhandError
from backhand.sweeping.networks import networks
from backhand.training.data import arrange
from backhand.training.table import Table

X = np.arange(60.0).reshape(20, 3)
TWO, THREE = np.arange(20) % 2, np.arange(20) % 3
REAL = np.linspace(0, 1, 20)
TEXT = [f"c{k % 4}" for k in range(20)]


@pytest.mark.parametrize(
    ("text", "y", "loss", "label", "used"),
    [
        ("4 relu", TWO, None, "3 -> 4 relu -> 1 sigmoid", "binary_cross_entropy"),
        ("4 relu", TWO > 0, None, "3 -> 4 relu -> 1 sigmoid", "binary_cross_entropy"),
        ("4 relu->2 tanh", THREE, None, "3 -> 4 relu -> 2 tanh -> 3 softmax", "cross_entropy"),
        ("4 relu", TEXT, None, "3 -> 4 relu -> 4 softmax", "cross_entropy"),
        ("4 relu", REAL, None, "3 -> 4 relu -> 1", "squared_error"),
        ("4 relu", np.column_stack([REAL, REAL]), None, "3 -> 4 relu -> 2", "squared_error"),
        ("4 relu", np.arange(30)[:20] + 5, "squared_error", "3 -> 4 relu -> 1", "squared_error"),
        ("4 relu", THREE, "squared_error", "3 -> 4 relu -> 1", "squared_error"),
        ("4 relu", THREE, "cross_entropy_from_logits", "3 -> 4 relu -> 3", None),
        ("4 relu", TWO, "hinge", "3 -> 4 relu -> 1", "hinge"),
        ("3 -> 3 softmax", THREE, None, "3 -> 3 softmax", "cross_entropy"),
        ("3 → 1 sigmoid", TWO, None, "3 -> 1 sigmoid", "binary_cross_entropy"),
        ("3 -> 1 sigmoid", TWO, "squared_error", "3 -> 1 sigmoid", "squared_error"),
    ],
)
def test_what_the_data_asks_for(
    text: str, y: object, loss: str | None, label: str, used: str | None
) -> None:
    [found] = networks([text], X, y, loss)
    assert found.label == label
    assert found.graph == backhand.network(label, loss=used or str(loss))
    arrange(found.graph, X, y)


def test_more_whole_numbers_than_classes_usually_are() -> None:
    [found] = networks(["4 relu"], np.zeros((21, 3)), np.arange(21), None)
    assert found.label == "3 -> 4 relu -> 1"


def test_tables_and_frames_say_their_own_sizes() -> None:
    table = Table(X, THREE, ("a", "b", "c"), "kind", ("x", "y", "z"))
    assert networks(["4 relu"], table, None, None)[0].label == "3 -> 4 relu -> 3 softmax"
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    assert networks(["4 relu"], frame, REAL, None)[0].label == "3 -> 4 relu -> 1"


def test_graphs_are_told_apart_by_equations_and_given_parameters() -> None:
    plain = backhand.network("3 -> 2 relu -> 1")
    valued = backhand.network("3 -> 2 relu -> 1", seed=1)
    other = backhand.network("3 -> 2 tanh -> 1")
    found = networks([plain, valued, other, plain], {"x": X}, REAL, None)
    assert len({each.mark for each in found}) == len(found) == 3
    assert found[0].label.endswith("(11 parameters)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("4 rleu", "did you mean relu?"),
        ("", "is no layer"),
        ("relu", "is no layer"),
        ("0 relu", "isn't from 1"),
        ("3 ->", "is no layer"),
    ],
)
def test_words_that_are_no_network(text: str, said: str) -> None:
    with pytest.raises(BackhandError) as error:
        networks([text], X, TWO, None)
    assert said in str(error.value)


def test_what_else_is_refused() -> None:
    with pytest.raises(BackhandError, match="no network is given"):
        networks([], X, TWO, None)
    with pytest.raises(BackhandError, match="there is no loss huber"):
        networks(["4 relu"], X, TWO, "huber")
    with pytest.raises(BackhandError, match="needs X as one array"):
        networks(["4 relu"], {"x": X}, TWO, None)
    with pytest.raises(BackhandError, match="needs X as one array"):
        networks(["4 relu"], X, None, None)
