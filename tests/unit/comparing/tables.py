"""Small tables to compare models on."""

from __future__ import annotations

import numpy as np

from backhand.training.table import Table


def circles(count: int = 80) -> Table:
    """A circle inside another: no line separates the classes, a bent boundary does."""
    rng = np.random.default_rng(0)
    y = np.arange(count) % 2
    angle, radius = rng.uniform(0, 2 * np.pi, count), np.where(y == 1, 0.5, 1.5)
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return Table(X + 0.1 * rng.normal(size=X.shape), y, ("a", "b"), "ring")


def clouds(count: int = 80) -> Table:
    """Two clouds side by side, which a line separates."""
    rng = np.random.default_rng(1)
    y = np.arange(count) % 2
    X = 0.3 * rng.normal(size=(count, 2)) + np.column_stack([4.0 * y, 1.0 * y])
    return Table(X, y, ("a", "b"), "cloud", ("left", "right"))


def three(count: int = 90) -> Table:
    """Three classes in three features, two of which say which."""
    rng = np.random.default_rng(2)
    y = np.arange(count) % 3
    centres = np.array([[0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [-3.0, 0.0, 0.0]])
    return Table(
        centres[y] + rng.normal(size=(count, 3)), y, ("a", "b", "c"), "kind", ("u", "v", "w")
    )


def noise(count: int = 60) -> Table:
    """A number that is linear in two of eight features, with noise: a network can only overfit."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(count, 8))
    names = tuple(f"x{n}" for n in range(8))
    return Table(X, 100 + 20 * X[:, 0] - 10 * X[:, 1] + 10 * rng.normal(size=count), names, "price")


def wave(count: int = 80) -> Table:
    """A number that is a sine of the one feature."""
    x = np.linspace(-3, 3, count)
    return Table(x[:, None], np.sin(2 * x), ("time",), "height")


def corners(*truth: int) -> Table:
    """The four corners of a square with their classes."""
    X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    return Table(X, np.array(truth), ("p", "q"), "gate")
