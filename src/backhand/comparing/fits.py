"""A model trained on some of the points: features standardised there, then the compiled loop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.structure import prediction
from backhand.comparing.models import Candidate
from backhand.comparing.splits import Rows, Split
from backhand.comparing.task import Floats, Task, one_hot
from backhand.graph import Graph
from backhand.training.evaluation import mean_loss, values_at
from backhand.training.fit import fit
from backhand.training.schedules import SCHEDULES

BATCH = 32
RATE = 0.01
STEPS = 6000
LEAST_EPOCHS, MOST_EPOCHS = 30, 2000
"""Without a number of epochs: about `STEPS` steps, within these."""
HALF = 0.5
LOOKS = 16
"""How often the loss on the points held out is taken in a run."""


@dataclass(frozen=True, slots=True)
class Course:
    """How every model is trained: Adam on small batches, the rate falling along a cosine."""

    epochs: int
    seed: int


def course(task: Task, epochs: int | None, seed: int) -> Course:
    """The epochs asked for, else as many as make about `STEPS` steps."""
    steps = -(-task.count // BATCH)
    return Course(epochs or min(max(-(-STEPS // steps), LEAST_EPOCHS), MOST_EPOCHS), seed)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Mean and standard deviation of each column; a column that doesn't vary is only shifted."""

    mean: Floats
    spread: Floats

    def into(self, values: Floats) -> Floats:
        return (values - self.mean) / self.spread

    def back(self, values: Floats) -> Floats:
        return values * self.spread + self.mean


def scale_of(values: Floats) -> Scale:
    """The scale on which these points have mean 0 and standard deviation 1."""
    spread: Floats = np.asarray(values.std(axis=0))
    return Scale(np.asarray(values.mean(axis=0)), spread + np.equal(spread, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained model. `loss`: the mean loss of each epoch, each point's taken as it was met."""

    candidate: Candidate
    graph: Graph
    classes: int
    scale: Scale
    goal: Scale | None
    loss: tuple[float, ...]

    def outputs(self, X: Floats) -> Floats:
        """What the model predicts for features as they came, (N, outputs), a number in its own unit."""
        graph = self.graph
        name = prediction(graph).name
        x = self.scale.into(X).reshape(len(X), *graph["x"].shape)
        values = values_at(graph, {"x": x}, (name,))[name].reshape(len(X), -1)
        return values if self.goal is None else self.goal.back(values)

    def decided(self, X: Floats) -> NDArray[np.intp]:
        """The class of each point: the largest output; of one output, whether it is over 1/2."""
        outputs = self.outputs(X)
        if outputs.shape[1] > 1:
            return outputs.argmax(axis=1)
        return (outputs[:, 0] > HALF).astype(np.intp)

    def score(self, X: Floats, y: Floats) -> float:
        """The part of the points whose class is right; for numbers R²."""
        if self.classes:
            return int(np.count_nonzero(self.decided(X) == y)) / len(y)
        return r_squared(self.outputs(X)[:, 0], y)


def r_squared(found: Floats, y: Floats) -> float:
    """1 − Σ (y − ŷ)² / Σ (y − ȳ)²; of targets that are all the same, 1 if met exactly and 0 if not.

    >>> r_squared(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    0.5
    """
    left, whole = float(((y - found) ** 2).sum()), float(((y - y.mean()) ** 2).sum())
    return 1 - left / whole if whole else float(left == 0)


def fitted(candidate: Candidate, task: Task, course: Course, training: Rows) -> Fitted:
    """A model trained on the rows `training`."""
    return _trained(candidate, task, course, training, course.epochs)


def _trained(
    candidate: Candidate, task: Task, course: Course, training: Rows, epochs: int
) -> Fitted:
    """A model after the first `epochs` of a course."""
    X, y = task.X[training], task.y[training]
    scale = scale_of(X)
    goal = scale_of(y) if task.kind == "numbers" else None
    found = fit(
        candidate.graph,
        scale.into(X),
        _goal(task, y, goal),
        batch_size=min(BATCH, len(X)),
        epochs=epochs,
        learning_rate=RATE,
        optimizer="adam",
        # The rate falls over the whole course, wherever this run of it ends.
        schedule=lambda part: SCHEDULES["cosine"](part * epochs / course.epochs),
        seed=course.seed,
    )
    if found.ended == "interrupted":
        raise KeyboardInterrupt
    return Fitted(candidate, found.graph, len(task.labels), scale, goal, found.history)


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A training run: its mean loss epoch by epoch, and on points held out after some of the `epochs`."""

    name: str
    loss: tuple[float, ...]
    epochs: tuple[int, ...]
    held_out: tuple[float, ...]


def watched(candidate: Candidate, task: Task, course: Course, split: Split) -> Watched:
    """The run of one split. It is taken again up to each of the epochs: the loop is that fast."""
    epochs = np.unique(np.geomspace(1, course.epochs, LOOKS).round().astype(int)).tolist()
    models = [_trained(candidate, task, course, split.training, epoch) for epoch in epochs]
    held_out = tuple(
        mean_loss(m.graph, {n: a[split.held_out] for n, a in arrays(m, task).items()})
        for m in models
    )
    return Watched(candidate.name, models[-1].loss, tuple(epochs), held_out)


def _goal(task: Task, y: Floats, goal: Scale | None) -> Floats:
    """The target as the graphs have it: 0 or 1, one-hot rows, or a standardised number."""
    if goal is not None:
        return goal.into(y)
    return one_hot(y, len(task.labels)) if len(task.labels) > 2 else y


def arrays(model: Fitted, task: Task) -> dict[str, Floats]:
    """All data points as the graph's x and y, standardised as in training."""
    goal = _goal(task, task.y, model.goal)
    given = {"x": model.scale.into(task.X), "y": goal}
    return {n: a.reshape(task.count, *model.graph[n].shape) for n, a in given.items()}
