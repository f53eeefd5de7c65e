"""What is held out, and the mark that tells data apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backhand
from backhand.errors import DataError
from backhand.sweeping.points import divided, fingerprint
from backhand.training.data import arrange
from backhand.training.table import Table

NUMBERS = backhand.network("1 -> 1")
CLASSES = backhand.network("1 -> 3 softmax", loss="cross_entropy")


@given(count=st.integers(2, 200), held_out=st.floats(0.05, 0.95))
def test_every_point_is_on_one_side(count: int, held_out: float) -> None:
    data = arrange(NUMBERS, np.arange(float(count)), np.arange(float(count)))
    if not 1 <= int(count * held_out + 1e-9) < count:
        with pytest.raises(DataError, match="leave at least one point on each side"):
            divided(NUMBERS, data, held_out)
        return
    found = divided(NUMBERS, data, held_out)
    sides = [found.inputs["x"], found.held["x"]]
    assert sorted(np.concatenate(sides).tolist()) == list(range(count))
    assert (found.inputs["x"] == found.targets["y"]).all()
    assert (found.held["x"] == found.held["y"]).all()
    assert len(found.held["x"]) == int(count * held_out + 1e-9)


@given(st.integers(0, 50), st.sampled_from([0.1, 0.2, 0.25, 0.5]))
def test_classes_keep_their_shares(seed: int, held_out: float) -> None:
    y = np.random.default_rng(seed).choice(3, 200, p=[0.6, 0.3, 0.1])
    y[:3] = range(3)
    found = divided(CLASSES, arrange(CLASSES, np.arange(200.0), y), held_out)
    assert found.classes
    assert abs(found.held["y"].sum(axis=0) - held_out * np.bincount(y)).max() <= 1


@pytest.mark.parametrize("held_out", [0, 1, -0.2, 1.5])
def test_a_part_is_between_0_and_1(held_out: float) -> None:
    data = arrange(NUMBERS, np.arange(9.0), np.arange(9.0))
    with pytest.raises(DataError, match="between 0 and 1"):
        divided(NUMBERS, data, held_out)


X = np.arange(6.0).reshape(3, 2)
Y = np.array([0, 1, 0])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((X, Y), (X + 1e-9, Y)),
        ((X, Y), (X, Y[::-1] + 1)),
        ((X, Y), (X.T.reshape(3, 2), Y)),
        ((X, ["a", "b", "a"]), (X, ["a", "c", "a"])),
        ((Table(X, Y, ("a", "b"), "c"), None), (Table(X, Y, ("a", "d"), "c"), None)),
        ((Table(X, Y, ("a", "b"), "c", ("n", "y")), None), (Table(X, Y, ("a", "b"), "c"), None)),
        (({"x": X}, Y), ({"z": X}, Y)),
        (({"x": X}, {"y": Y}), ({"x": X}, {"y": 1 - Y})),
    ],
)
def test_other_data_has_another_mark(
    first: tuple[object, object], second: tuple[object, object]
) -> None:
    assert fingerprint(*first) != fingerprint(*second)


def test_the_same_data_has_the_same_mark_however_it_comes() -> None:
    assert fingerprint(X, Y) == fingerprint(X.tolist(), Y.copy())
    assert fingerprint(X, Y) == fingerprint(np.asfortranarray(X), Y)
    frame = pd.DataFrame(X, columns=["a", "b"])
    assert fingerprint(frame, Y) == fingerprint(frame.copy(), pd.Series(Y))


def test_equal_points_are_told() -> None:
    data = arrange(CLASSES, np.arange(9.0), [0, 1, 2] * 3)
    assert divided(CLASSES, data, 0.4).same(divided(CLASSES, data, 0.4))
    other = arrange(CLASSES, np.arange(9.0), [0, 2, 1] * 3)
    assert not divided(CLASSES, data, 0.4).same(divided(CLASSES, other, 0.4))
