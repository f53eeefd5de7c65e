"""Numbers that show what rules don't: where a trained model bends, and that its loss isn't convex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from backhand.calculus.symmetry import hidden_axes
from backhand.comparing.fits import Fitted, arrays
from backhand.comparing.task import Floats, Task
from backhand.graph import Graph
from backhand.training.evaluation import mean_loss, values_at
from backhand.values import floats

PAIRS = 200
"""Pairs of data points that are tried."""
SWAPS = 10
"""Pairs of hidden units that are tried in each layer: those of five units."""
CLEAR = 1e-6
"""A gap must be larger than this, as a part of the values, to be no rounding."""


@dataclass(frozen=True, slots=True)
class Bend:
    """Two data points, counted from 1, halfway between which a quantity isn't the mean of its ends."""

    of: str
    points: tuple[int, int]
    halfway: float
    mean: float


@dataclass(frozen=True, slots=True)
class Swapped:
    """Two hidden units, counted from 1, that change places: the mean loss there and halfway.

    `axes`: the parameters whose rows (0) or columns (1) change places with them.
    """

    layer: str
    units: tuple[int, int]
    axes: tuple[tuple[str, int], ...]
    loss: float
    halfway: float


def bend(model: Fitted, task: Task, of: str, seed: int) -> Bend | None:
    """The clearest bend of the first entry of a quantity along a line between two data points.

    None where halfway is the mean for all pairs tried: an affine function has no bend.
    """
    graph = model.graph
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, task.count, (PAIRS, 2))
    x = arrays(model, task)["x"]
    first, second = x[pairs[:, 0]], x[pairs[:, 1]]

    def at(points: Floats) -> Floats:
        return values_at(graph, {"x": points}, (of,))[of].reshape(len(points), -1)[:, 0]

    ends, halfway = (at(first) + at(second)) / 2, at((first + second) / 2)
    gap = np.abs(halfway - ends)
    best = int(np.argmax(gap))
    if gap[best] <= CLEAR * (1 + abs(ends[best])):
        return None
    points = (int(pairs[best, 0]) + 1, int(pairs[best, 1]) + 1)
    return Bend(of, points, float(halfway[best]), float(ends[best]))


def swapped(model: Fitted, task: Task) -> Swapped | None:
    """Two hidden units whose change of places shows that the mean loss on the data isn't convex.

    The order of hidden units changes no prediction, so the loss is the same at both settings of the
    weights; of a convex function the value halfway couldn't be above that. None where it is nowhere
    clearly above, as for a model without hidden units.

    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.2.2.
    """
    graph, data = model.graph, arrays(model, task)
    learned = frozenset(q.name for q in graph.parameters)
    here = mean_loss(graph, data)
    best: Swapped | None = None
    for layer, axes in hidden_axes(graph, "J", learned):
        size = graph[layer].size
        for one, two in list(combinations(range(size), 2))[:SWAPS]:
            halfway = mean_loss(_halfway(graph, axes, one, two), data)
            if halfway > here + CLEAR * (1 + here) and (best is None or halfway > best.halfway):
                best = Swapped(layer, (one + 1, two + 1), axes, here, halfway)
    return best


def exchanged(
    graph: Graph, axes: tuple[tuple[str, int], ...], one: int, two: int
) -> Mapping[str, Floats]:
    """The parameters with units `one` and `two`, from 0, in each other's place."""
    found: dict[str, Floats] = {}
    for name, axis in axes:
        quantity = graph[name]
        assert quantity.value is not None
        value = found.get(name, floats(quantity.value))
        # A folded bias is column 0 and no unit's.
        shift = 1 - quantity.axes[axis].lower
        order = list(range(value.shape[axis]))
        order[one + shift], order[two + shift] = two + shift, one + shift
        found[name] = value.take(order, axis)
    return found


def _halfway(graph: Graph, axes: tuple[tuple[str, int], ...], one: int, two: int) -> Graph:
    other = exchanged(graph, axes, one, two)
    middle: dict[str, Floats] = {}
    for name, value in other.items():
        own = graph[name].value
        assert own is not None
        middle[name] = (floats(own) + value) / 2
    return graph.with_values(**middle)
