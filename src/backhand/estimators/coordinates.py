"""Scales on which a network trains well, and the same network on the data as they came.

A first layer on standardised features is a first layer on the features themselves, with other
numbers in it: W (x − m)/s = (W/s) x − W m/s. So what a person is given is a plain network.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from backhand.estimators.points import Floats, Points
from backhand.graph import Graph
from backhand.values import floats


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What is subtracted from each column, and what the rest is divided by."""

    mean: Floats
    spread: Floats

    def into(self, values: Floats) -> Floats:
        """Numbers on this scale."""
        return (values - self.mean) / self.spread


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The scales of all points seen so far. `scalers`: scikit-learn's, of features and of targets."""

    scalers: tuple[Any, Any]
    scaled_targets: bool

    @property
    def features(self) -> Scale:
        """Each feature by its own standard deviation; a constant one is only shifted."""
        return Scale(self.scalers[0].mean_, self.scalers[0].scale_)

    @property
    def targets(self) -> Scale:
        """All targets by one number, so that their squared errors count as they did."""
        known = self.scalers[1]
        if not self.scaled_targets:
            return Scale(np.zeros(len(known.mean_)), np.ones(1))
        spread = np.sqrt(known.var_.mean())
        return Scale(known.mean_, np.array([spread if np.any(known.scale_ != 1) else 1.0]))

    def into(self, points: Points) -> Points:
        """The points on these scales."""
        features = self.features.into(points.features)
        return Points(features, self.targets.into(points.targets), points.weights)


def seen(before: Seen | None, points: Points, scaled_targets: bool) -> Seen:
    """The scales after these points too; weights count as so many points."""
    if before is None:
        scaler = import_module("sklearn.preprocessing").StandardScaler
        before = Seen((scaler(), scaler()), scaled_targets)
    after = deepcopy(before)
    for scaler, values in zip(after.scalers, (points.features, points.targets), strict=True):
        scaler.partial_fit(values, sample_weight=points.weights)
    return after


def for_raw(graph: Graph, scales: Seen) -> Graph:
    """The network for the data as they came, from that for scaled data."""
    values = _ends(graph)
    first, last = values[graph.parameters[0].name], values[graph.parameters[-1].name]
    first[:, 1:] /= scales.features.spread
    first[:, 0] -= first[:, 1:] @ scales.features.mean
    last *= scales.targets.spread
    last[:, 0] += scales.targets.mean
    return graph.with_values(**values)


def for_scaled(graph: Graph, scales: Seen) -> Graph:
    """The network for scaled data, from that for the data as they came."""
    values = _ends(graph)
    first, last = values[graph.parameters[0].name], values[graph.parameters[-1].name]
    first[:, 0] += first[:, 1:] @ scales.features.mean
    first[:, 1:] *= scales.features.spread
    last[:, 0] -= scales.targets.mean
    last /= scales.targets.spread
    return graph.with_values(**values)


def _ends(graph: Graph) -> dict[str, Floats]:
    """Copies of the first and the last matrix by name; with one layer both are one array."""
    found: dict[str, Floats] = {}
    for quantity in (graph.parameters[0], graph.parameters[-1]):
        assert quantity.value is not None
        found[quantity.name] = np.array(floats(quantity.value), np.float64)
    return found
