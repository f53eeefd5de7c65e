"""A sweep of a few seconds in a process of its own: `python long_sweep.py FILE WORKERS`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from backhand.sweeping.sweep import Progress, Results, sweep

EPOCHS = 30
RUNS = 12


def data() -> tuple[np.ndarray, np.ndarray]:
    """8000 points of two classes."""
    X = np.random.default_rng(0).standard_normal((8000, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def long_sweep(**options: object) -> Results:
    """Runs of about a tenth of a second each."""
    grid = {"learning_rate": [0.01, 0.02, 0.05], "epochs": EPOCHS}
    return sweep("6 tanh -> 6 tanh", *data(), grid, seeds=RUNS // 3, **options)  # type: ignore[arg-type]


def _said(at: Progress) -> None:
    print(at.done, flush=True)


if __name__ == "__main__":
    long_sweep(database=Path(sys.argv[1]), workers=int(sys.argv[2]), progress=_said)
