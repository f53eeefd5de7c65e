"""Confidence intervals of held-out scores: the corrected resampled t-interval.

The training parts of different folds share most of their points, so scores of folds aren't
independent, and the plain interval is far too narrow. The correction adds the ratio of held-out to
training points to the variance of the mean: s² (1/n + n_held_out/n_training), with n − 1 degrees of
freedom for n = repeats · folds scores.

Sources: Nadeau and Bengio, Inference for the Generalization Error, Machine Learning 52 (2003),
equation 9; for repeated folds Bouckaert and Frank, Evaluating the Replicability of Significance Tests
for Comparing Learning Algorithms (2004). Where all scores are the same: Clopper and Pearson (1934).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

LEVEL = 0.95
STEPS = 60
"""Halvings until a quantile is found."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the ends of its confidence interval."""

    mean: float
    low: float
    high: float


def corrected(scores: Sequence[float], ratio: float, level: float = LEVEL) -> Interval:
    """The interval of a mean score, or of a mean difference of two models on the same splits.

    `ratio`: held-out points for each training point.

    >>> found = corrected([0.9, 0.8, 0.85, 0.95], 0.25)
    >>> round(found.low, 3), round(found.high, 3)
    (0.73, 1.02)
    """
    values = np.asarray(scores, dtype=float)
    count, mean = len(values), float(values.mean())
    half = (
        t_quantile(count - 1, 0.5 + level / 2)
        * float(values.std(ddof=1))
        * np.sqrt(1 / count + ratio)
    )
    return Interval(mean, mean - float(half), mean + float(half))


def exact(right: int, count: int, level: float = LEVEL) -> Interval:
    """The interval of the part `right`/`count` from the binomial distribution.

    >>> exact(20, 20).low > 0.83
    True
    """
    tail = (1 - level) / 2
    low = (
        0.0 if right == 0 else _where(lambda x: _beta(right, count - right + 1, x), tail, 0.0, 1.0)
    )
    high = (
        1.0
        if right == count
        else _where(lambda x: _beta(right + 1, count - right, x), 1 - tail, 0.0, 1.0)
    )
    return Interval(right / count, low, high)


@cache
def t_quantile(freedom: int, part: float) -> float:
    """Where Student's distribution with `freedom` degrees has the part `part` > 1/2 below it.

    >>> round(t_quantile(14, 0.975), 4)
    2.1448
    """

    def below(x: float) -> float:
        return 1 - 0.5 * _beta(freedom / 2, 0.5, freedom / (freedom + x * x))

    return _where(below, part, 0.0, 1e4)


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function."""
    numbers: Any = import_module("mpmath")
    return float(numbers.betainc(a, b, 0, x, regularized=True))


def _where(rising: Callable[[float], float], value: float, low: float, high: float) -> float:
    """Where a rising function has a value, by halving."""
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2
