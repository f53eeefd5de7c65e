"""A linear model trained to its optimum: gradient descent in the right coordinates.

With X = Q R (weighted, centred) and R = U S Vᵀ, the coordinates u = (x − m) V D, D = 1/√(S² + l2/c),
make the second derivative of the mean loss at most c in every direction, and least squares exactly c.
Gradient descent with the rate 1/c is then sure to get lower with every step; Nesterov's momentum gets
there sooner. Directions in which the points don't vary get D = 0, and so no weight.

Source: Böhning, Multinomial logistic regression algorithm (1992), for the bounds 1/4 and 1/2.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module

import numpy as np

from backhand.estimators.ends import Ends
from backhand.estimators.points import Floats, Points, in_shape
from backhand.estimators.training import whole_batch
from backhand.expr import Expr, Index, add, power, ref, total
from backhand.graph import Graph, Quantity, Role, axes
from backhand.reading.shorthand import network
from backhand.training.data import Data
from backhand.training.fit import check_numbers, check_whole
from backhand.training.frame import Plan
from backhand.training.kernel import bound
from backhand.training.loops import Source, loop_source
from backhand.training.optimizers import optimizer
from backhand.training.run import Course, Run

CURVATURE = {"squared_error": 2.0, "binary_cross_entropy": 0.25, "cross_entropy": 0.5}
"""The largest second derivative of a loss by the numbers that go into the last function."""
SHRINK = "d"
"""The penalty's factor for each coordinate."""
FIRST = 8
"""Epochs between the first two looks; twice as many each time after that."""
MOMENTUM, FADES = 0.9, 20
"""The momentum at first. Longer spells have more, such that what a spell begins with fades by e^−10."""


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """A linear model: `graph` for the data as they came, the mean loss of each epoch with its penalty."""

    graph: Graph
    history: tuple[float, ...]


def optimum(
    points: Points, ends: Ends, *, l2: float, epochs: int, tolerance: float, verbose: bool
) -> Optimum:
    """The linear model with the least mean loss plus l2/2 Σ w², the bias not counted.

    Ends when no weight has changed by more than `tolerance` since the last look, in coordinates of
    variance 1. Warns with scikit-learn's `ConvergenceWarning` where `epochs` were not enough.
    """
    check_whole(epochs=epochs)
    check_numbers(l2=l2, tol=tolerance)
    count, n = points.features.shape
    plain, graph, source = _loop_of(n, ends, whole_batch(count), l2 > 0)
    mean, into = _coordinates(points, l2 / CURVATURE[ends.loss])
    middle, unit = _scale(points, ends)
    inside = Points(
        (points.features - mean) @ into, (points.targets - middle) / unit, points.weights
    )
    name = plain.parameters[0].name
    values = {name: np.zeros(plain[name].shape)}
    if l2:
        values[SHRINK] = np.sqrt(l2 / 2) * np.linalg.norm(into, axis=0)
    start = _bound(source, graph.with_values(**values), inside, 1 / CURVATURE[ends.loss])
    W, history = _descended(start, epochs, tolerance, verbose)
    weights = unit * W[:, 1:] @ into.T
    bias = unit * W[:, 0] + middle - weights @ mean
    raw = plain.with_values(**{name: np.column_stack([bias, weights])})
    return Optimum(raw, tuple(loss * unit**ends.degree for loss in history))


def _coordinates(points: Points, shift: float) -> tuple[Floats, Floats]:
    """The mean m and the matrix V D."""
    x, parts = points.features, points.weights / points.weights.sum()
    mean = parts @ x
    away = np.where(np.ptp(x, axis=0) > 0, x - mean, 0)
    R = np.linalg.qr(np.sqrt(parts)[:, None] * away, mode="r")
    _, S, Vt = np.linalg.svd(R, full_matrices=False)
    least = S.max(initial=0) * max(x.shape) * np.finfo(float).eps
    D = np.zeros_like(S)
    np.divide(1, np.sqrt(S**2 + shift), out=D, where=least < S)
    into = np.zeros((x.shape[1], x.shape[1]))
    into[:, : len(S)] = Vt.T * D
    return mean, into


def _scale(points: Points, ends: Ends) -> tuple[Floats, float]:
    """What targets are shifted by, and the one number that they are divided by."""
    y = points.targets
    if not ends.degree:
        return np.zeros(len(y[0])), 1.0
    parts = points.weights / points.weights.sum()
    mean: Floats = parts @ y
    spread = np.sqrt((parts @ (y - mean) ** 2).mean())
    return mean, float(spread) if spread > np.finfo(float).eps * np.abs(y).max() else 1.0


@lru_cache(maxsize=128)
def _loop_of(
    inputs: int, ends: Ends, batch_size: int, penalised: bool
) -> tuple[Graph, Graph, Source]:
    """A linear model without values, the one that is trained, and its loop: derived once."""
    plain = network(f"{inputs} -> {ends.last}", loss=ends.loss)
    graph = _penalised(plain, inputs) if penalised else plain
    plan = Plan(batch_size, "float64")
    return plain, graph, loop_source(graph, optimizer("nesterov"), ["x", "y"], plan, weighted=True)


def _penalised(graph: Graph, inputs: int) -> Graph:
    """The graph with Σ (d[k] W[j,k])² in its loss."""
    W = graph.parameters[0]
    d = Quantity(name=SHRINK, axes=axes(inputs), role=Role.DATA)
    j, k = W.axes[0], Index("k", 1, inputs)
    term: Expr = total(j, total(k, power(ref(SHRINK, k) * ref(W.name, j, k), 2)))
    quantities = (
        replace(q, definition=add(q.definition, term))
        if q.definition and q.name == graph.objective
        else q
        for q in graph
    )
    return replace(graph, quantities=(d, *quantities))


def _bound(source: Source, graph: Graph, points: Points, rate: float) -> Run:
    """The run of a loop over all points."""
    shaped = in_shape(points, graph["x"].shape, graph["y"].shape)
    data = Data({"x": shaped.features, "y": shaped.targets}, shaped.weights)
    loop = bound(source, graph, data, optimizer("nesterov"), settings={}, l1=0.0, l2=0.0)
    return Run(graph, data, None, loop, Course(0, rate, "constant", None))


def _descended(
    run: Run, epochs: int, tolerance: float, verbose: bool
) -> tuple[Floats, tuple[float, ...]]:
    """The weights after gradient descent on all points, and the mean loss of each epoch."""
    loop = run.kernel
    (W,) = loop.parameters.values()
    look, change = FIRST, np.inf
    while len(run.history) < epochs:
        before = W.copy()
        for velocity in loop.states.values():
            velocity[...] = 0
        momentum = max(MOMENTUM, 1 - FADES / look)
        run.kernel = replace(loop, settings=(np.float64(momentum),))
        run.course = replace(run.course, epochs=min(len(run.history) + look, epochs))
        if run.train(None, 0.0, None) == "interrupted":
            raise KeyboardInterrupt
        change = float(np.abs(W - before).max())
        if verbose:
            print(f"epoch {len(run.history)}: loss {run.history[-1]:.6g}, change {change:.3g}")
        if change <= tolerance:
            break
        look *= 2
    else:
        warnings.warn(
            f"after {epochs} epochs the weights still changed, the last time by {change:.3g}; give more "
            "epochs, or a larger l2: without it, classes that can be separated have no best weights",
            import_module("sklearn.exceptions").ConvergenceWarning,
            stacklevel=5,
        )
    return W, tuple(run.history)
