"""Answers that were rounded too early, worked out with NumPy alone: none of this is Backhand's code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rounding = Callable[[Array | float], Array]
OFF = 2e-3
"""Measured by the right number, an answer must be further off than this to be wrong in four digits."""


def to_digits(digits: int) -> Rounding:
    """Rounding to so many significant digits."""

    def rounded(value: Array | float) -> Array:
        flat = [float(f"{x:.{digits - 1}e}") for x in np.ravel(value)]
        return np.array(flat).reshape(np.shape(value))

    return rounded


def to_places(places: int) -> Rounding:
    """Rounding to so many decimal places."""

    def rounded(value: Array | float) -> Array:
        return np.array([round(float(x), places) for x in np.ravel(value)]).reshape(np.shape(value))

    return rounded


def exactly(value: Array | float) -> Array:
    """No rounding."""
    return np.asarray(value, dtype=float)


def two_neurons(r: Rounding) -> Mapping[str, Array]:
    """The worked example: 2 inputs, 2 units of ReLU, a sigmoid; rounded after every step."""
    yhat = r(1 / (1 + np.exp(5.0)))
    outer = r(-2 * (1 - yhat))
    inner = r(yhat * (1 - yhat))
    second = r(r(outer * inner) * 3)
    first = r(r(r(outer * inner) * -2) * 5)
    return {
        "3.1.9": r((1 - yhat) ** 2),
        "3.2.5": second,
        "3.2.10": first,
        "3.2.11.1": -2 - 2 * second,
        "3.2.11.2": -1 - 2 * first,
    }


def three_layers(r: Rounding) -> Mapping[str, Array]:
    """Two hidden layers of tanh."""
    w2, w3 = np.array([[2.0, 1], [-1, 1]]), np.array([3.0, -1])
    h1 = r(np.tanh(np.array([1.0, -1.0])))
    h2 = r(np.tanh(r(w2 @ h1 + np.array([0.0, 1.0]))))
    yhat = r(w3 @ h2 + 1)
    error = r(-2 * (0.5 - yhat))
    back = r(r(w3 * r(1 - h2**2)) @ w2)
    slope = r(error * r(back[0] * r(1 - h1[0] ** 2)))
    return {"1.2": yhat, "1.3": r((0.5 - yhat) ** 2), "2.3": slope}


def logistic(r: Rounding) -> Mapping[str, Array]:
    """Four students, one neuron."""
    x = np.array([[1.0, 2], [2, 0], [3, 1], [0, 1]])
    y = np.array([1.0, 0, 1, 0])
    p = r(1 / (1 + np.exp(-(x @ np.array([1.0, -1.0])))))
    slopes = r(r(p - y) * x[:, 0])
    return {
        "1.3": r(-np.log(p[0])),
        "1.5": r(p[0] - 1),
        "2.2": 1 - slopes[2],
        "2.3": 1 - r(float(np.mean(slopes))),
    }


def softmax(r: Rounding) -> Mapping[str, Array]:
    """Three classes, no hidden layer."""
    e = r(np.exp(np.array([1.0, 2.0, 0.0])))
    yhat = r(e / r(np.sum(e)))
    return {"1.4": r(-np.log(yhat[1])), "2.2": r(yhat[1] - 1), "2.5": -1 - r(yhat[1] - 1)}


SHEETS: dict[str, Callable[[Rounding], Mapping[str, Array]]] = {
    "two-neurons": two_neurons,
    "three-layers": three_layers,
    "logistic-regression": logistic,
    "softmax-classifier": softmax,
}


def rounded_early() -> Iterator[tuple[str, str, str, bool]]:
    """Example, part, answer to four digits and whether it is right: rounded early, and at the end."""
    for example, worked in SHEETS.items():
        right = worked(exactly)
        for part, value in right.items():
            yield example, part, f"{float(value):.5g}", True
        habits = [*map(to_digits, (1, 2, 3)), *map(to_places, (1, 2, 3))]
        for habit in habits:
            for part, value in worked(habit).items():
                text, whole = f"{float(value):.4g}", float(right[part])
                if abs(float(text) - whole) > OFF * abs(whole) and not _rounds_to(whole, text):
                    yield example, part, text, False


def _rounds_to(right: float, text: str) -> bool:
    """Whether the right number, rounded to as many places, is this text after all."""
    places = len(text.partition(".")[2])
    return bool(np.isclose(round(right, places), float(text), rtol=1e-9))
