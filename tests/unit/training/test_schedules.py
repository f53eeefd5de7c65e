"""Learning-rate schedules: where they start and end, and that cutting up a run changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.errors import AskError
from backhand.training.schedules import SCHEDULES, rates

ENDS = {
    "constant": (1, 1),
    "linear": (1, 0),
    "cosine": (1, 0),
    "exponential": (1, 0.01),
    "inverse": (1, 0.1),
    "step": (1, 0.01),
    "warm-up": (0, 1),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_where_it_starts_and_ends(name: str) -> None:
    found = rates(name, 0.4, 0, 10_000, 10_000)
    assert found.shape == (10_000,)
    assert [found[0], found[-1]] == pytest.approx(np.multiply(0.4, ENDS[name]), abs=2e-4)
    assert (found >= 0).all()
    assert name == "warm-up" or (np.diff(found) <= 0).all()


def test_values_on_the_way() -> None:
    half = {"linear": 0.5, "cosine": 0.5, "exponential": 0.1, "inverse": 1 / 5.5, "step": 0.1}
    for name, value in half.items():
        assert rates(name, 1.0, 50, 1, 100)[0] == pytest.approx(value)
    assert rates("warm-up", 1.0, 0, 6, 100) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(1, 60), st.data())
def test_a_part_is_a_part_of_the_whole(name: str, whole: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, whole))
    count = data.draw(st.integers(0, whole - first))
    part = rates(name, 0.1, first, count, whole)
    assert np.array_equal(part, rates(name, 0.1, 0, whole, whole)[first : first + count])


def test_a_function_of_ones_own() -> None:
    assert rates(lambda t: 1 - t**2, 0.1, 0, 2, 2) == pytest.approx([0.1, 0.075])
    assert rates(lambda t: [1.0] * len(t), 0.1, 0, 2, 2) == pytest.approx([0.1, 0.1])


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("cosin", "did you mean 'cosine'"),
        ("zzz", "they are constant, linear"),
        (lambda t: 1.0, "no finite factor"),
        (lambda t: t / 0, "no finite factor"),
        (lambda t: "fast", "no finite factor"),
        (lambda t: None, "no finite factor"),
        (3, "no schedule 3"),
    ],
)
def test_what_is_no_schedule(schedule: Any, said: str) -> None:
    with pytest.raises(AskError, match=said), np.errstate(all="ignore"):
        rates(schedule, 0.1, 0, 3, 3)
