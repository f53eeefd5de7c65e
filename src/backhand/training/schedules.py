"""The table of learning-rate schedules: the factor on the rate at a part of the way, one entry each."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError

Floats: TypeAlias = NDArray[np.float64]
Schedule: TypeAlias = str | Callable[[Floats], Any]
"""A name in the table, or a function of the parts of the way, from 0 to 1, that gives the factors."""

SCHEDULES: dict[str, Callable[[Floats], Floats]] = {
    "constant": np.ones_like,
    "linear": lambda t: 1 - t,
    # Loshchilov and Hutter, SGDR (2017), equation 5, without restarts.
    "cosine": lambda t: (1 + np.cos(np.pi * t)) / 2,
    "exponential": lambda t: 0.01**t,
    "inverse": lambda t: 1 / (1 + 9 * t),
    # He et al., Deep residual learning (2016): a tenth after a half, another after three quarters.
    "step": lambda t: np.where(t < 0.5, 1.0, np.where(t < 0.75, 0.1, 0.01)),
    # Goyal et al., Accurate, large minibatch SGD (2017): the first twentieth to warm up.
    "warm-up": lambda t: np.minimum(1, t / 0.05),
}


def rates(schedule: Schedule, rate: float, first: int, count: int, whole: int) -> Floats:
    """The learning rates of `count` steps from step number `first`, counted from 0, of `whole`.

    Raises `AskError` for a schedule that isn't there, or one that gives no finite numbers.

    >>> rates("linear", 0.1, 0, 2, 2).round(3).tolist()
    [0.1, 0.05]
    """
    named = SCHEDULES.get(schedule) if isinstance(schedule, str) else schedule
    if not callable(named):
        near = get_close_matches(str(schedule), SCHEDULES, 1)
        raise AskError(
            f"there is no schedule {schedule!r}",
            f"did you mean {near[0]!r}?" if near else f"they are {', '.join(SCHEDULES)}",
        )
    parts = np.arange(first, first + count) / whole
    try:
        factors = np.asarray(named(parts), dtype=float)
    except (TypeError, ValueError):
        factors = np.empty(0)
    if factors.shape != parts.shape or not np.isfinite(factors).all():
        raise AskError(
            "the schedule gives no finite factor for each step",
            "write a function of an array from 0 to 1 that gives an array of the same length",
        )
    return rate * factors
