"""The grid: every combination once, and values that make no sense refused before anything runs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.errors import AskError, LimitError
from backhand.sweeping.choices import GRID, Choice, choices

RATES = st.lists(st.floats(0, 10), min_size=1, max_size=4, unique=True)
SIZES = st.lists(st.one_of(st.integers(1, 99), st.just("all")), min_size=1, max_size=4, unique=True)


@given(rates=RATES, sizes=SIZES, seeds=st.integers(1, 4))
def test_every_combination_comes_once(rates: list[float], sizes: list[object], seeds: int) -> None:
    found = choices({"learning_rate": rates, "batch_size": sizes}, seeds)
    made = [(c.learning_rate, c.batch_size, c.seed) for c in found]
    assert sorted(made, key=str) == sorted(product(rates, sizes, range(seeds)), key=str)
    assert len(set(found)) == len(found)


def test_values_are_plain_and_equal_ones_count_once() -> None:
    found = choices({"learning_rate": np.array([0.1, 0.1, 1]), "epochs": np.int64(3)}, seeds=[7])
    assert [c.learning_rate for c in found] == [0.1, 1.0]
    assert {type(c.learning_rate) for c in found} == {float}
    assert {(type(c.epochs), c.epochs, c.seed) for c in found} == {(int, 3, 7)}


def test_what_is_left_out_has_its_default() -> None:
    assert choices({}, 1) == (Choice(),)
    assert set(GRID) | {"seed"} == set(Choice.__dataclass_fields__)


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"learning_rat": 1}, "did you mean 'learning_rate'?"),
        ({"seed": [1, 2]}, "a grid has no setting 'seed'"),
        ({"learning_rate": ["fast"]}, "learning_rate is 'fast'; give a number, 0 or more"),
        ({"learning_rate": -1}, "give a number, 0 or more"),
        ({"learning_rate": [float("nan")]}, "give a number"),
        ({"l2": float("inf")}, "give a number"),
        ({"l1": None}, "l1 is 'None'"),
        ({"epochs": 0}, "epochs is '0'; give a whole number from 1"),
        ({"epochs": 2.5}, "give a whole number"),
        ({"batch_size": "some"}, "batch_size is 'some'"),
        ({"batch_size": True}, "give a whole number"),
        ({"optimizer": "adm"}, "did you mean 'adam'?"),
        ({"optimizer": [3]}, "there is no optimizer '3'"),
        ({"schedule": "cosin"}, "did you mean 'cosine'?"),
        ({"dtype": "float16"}, "give float32 or float64"),
        ({"epochs": []}, "the grid has no value for epochs"),
    ],
)
def test_a_slip_is_named(grid: dict[str, object], said: str) -> None:
    with pytest.raises(AskError) as error:
        choices(grid, 1)
    assert said in str(error.value)


@pytest.mark.parametrize("seeds", [0, -3, [], [-1], ["a"]])
def test_seeds_are_counted(seeds: object) -> None:
    with pytest.raises(AskError):
        choices({}, seeds)  # type: ignore[arg-type]


def test_a_grid_out_of_bounds_is_refused_before_it_is_made() -> None:
    with pytest.raises(LimitError, match="over 100000 runs"):
        choices({"epochs": list(range(1, 1001)), "l1": list(range(1000))}, seeds=1000)
    with pytest.raises(LimitError):
        choices({}, seeds=10**9)
