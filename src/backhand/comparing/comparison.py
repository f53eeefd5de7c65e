"""The comparison: every model trained and scored on the same splits, with what its graph says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backhand.comparing.facts import Facts, convexity_of, facts, shared
from backhand.comparing.fits import Course, Fitted, Watched, arrays, course, fitted, watched
from backhand.comparing.models import Candidate, candidates
from backhand.comparing.plane import Curves, Plane, curves, plane
from backhand.comparing.scores import Difference, Progress, Score, differences, ratio, scores
from backhand.comparing.separation import Separation, separation
from backhand.comparing.splits import Split, can_hold_out, splits
from backhand.comparing.task import Kind, Task, task_of
from backhand.comparing.witnesses import Bend, Swapped, bend, swapped
from backhand.training.table import Table
from backhand.working import Prose, Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One model: what its graph says, and what training it gave.

    `whole`: trained on all points, with `on_training` its score there. `watched`: trained on the first
    split, with the loss on the points held out. `score`: over all splits. The last two are None
    where nothing is held out. `bend`: of the prediction, `score_bend` of the score before it.
    `convexity`: of one point's objective in the parameters, None where `swapped` shows that the mean
    over the data isn't convex: the proof by rules can't be, and its search takes up to a minute.
    """

    facts: Facts
    whole: Fitted
    on_training: float
    watched: Watched | None
    score: Score | None
    bend: Bend | None
    score_bend: Bend | None
    swapped: Swapped | None
    convexity: Verdict | None

    @property
    def convex(self) -> str:
        """Whether the objective is convex in the parameters: yes, no or not decided."""
        verdict = self.convexity.verdict if self.convexity is not None else "neither"
        known = {"convex": "yes", "affine": "yes", "concave": "no", "neither": "no"}
        return known.get(verdict, verdict)

    @property
    def name(self) -> str:
        """What a person calls the model."""
        return self.facts.candidate.name


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquares:
    """The mean squared error that training linear regression reached, and the least there is."""

    reached: float
    least: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All models on one task, and what was found."""

    task: Task
    course: Course
    splits: tuple[Split, ...]
    models: tuple[Compared, ...]
    differences: tuple[Difference, ...]
    shared: tuple[Prose, ...]
    separation: Separation | None
    least_squares: LeastSquares
    plane: Plane | None
    curves: Curves | None

    @property
    def measure(self) -> str:
        """What the scores are."""
        return "accuracy" if self.task.kind == "classes" else "R²"

    @property
    def folds(self) -> int:
        """Into how many parts the points were dealt; 0 where nothing was held out."""
        return 1 + max((split.fold for split in self.splits), default=-1)


def compare(
    table: Table,
    title: str,
    *,
    hidden: Sequence[str] = (),
    kind: Kind | None = None,
    epochs: int | None = None,
    folds: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Linear regression, logistic regression and networks with these hidden layers on a table.

    The same arguments give the same comparison. `progress` is told what is under way. Raises
    `DataError` for a table that can't be used, `AskError` for settings that make no sense.

    >>> corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> table = Table(corners, np.array([0.0, 1, 1, 0]), ("a", "b"), "a xor b")
    >>> found = compare(table, "xor", hidden=["8 tanh"], epochs=500)
    >>> [(each.name, each.on_training) for each in found.models][-1]
    ('network 8 tanh', 1.0)
    """
    task = task_of(table, title, kind)
    models = candidates(task, hidden)
    plan = course(task, epochs, seed)
    dealt = splits(task, folds, seed) if can_hold_out(task) else ()
    found = scores(models, task, dealt, plan, progress) if dealt else ()
    if progress is not None:
        progress("what the equations say")
    known = [facts(model) for model in models]
    compared = tuple(
        _compared(each, task, plan, dealt, found[n] if found else None)
        for n, each in enumerate(known)
    )
    whole = [each.whole for each in compared]
    return Comparison(
        task,
        plan,
        dealt,
        compared,
        differences(found, ratio(dealt)) if found else (),
        shared(known),
        separation(task),
        _least_squares(whole[0], task),
        plane(task, whole, seed),
        curves(task, whole, seed),
    )


def _compared(
    known: Facts, task: Task, plan: Course, dealt: Sequence[Split], score: Score | None
) -> Compared:
    model: Candidate = known.candidate
    whole = fitted(model, task, plan, np.arange(task.count))
    swap = swapped(whole, task)
    affine, score_affine = known.in_features.affine, known.score_in_features.affine
    return Compared(
        known,
        whole,
        whole.score(task.X, task.y),
        watched(model, task, plan, dealt[0]) if dealt else None,
        score,
        None if affine else bend(whole, task, known.in_features.of, plan.seed),
        None if score_affine else bend(whole, task, known.score, plan.seed),
        swap,
        convexity_of(model) if swap is None else None,
    )


def _least_squares(model: Fitted, task: Task) -> LeastSquares:
    """Linear regression's objective as trained and at its minimum, in the scale of training."""
    data = arrays(model, task)
    x = data["x"].reshape(task.count, -1)
    y = data["y"].reshape(task.count, -1)
    padded = np.column_stack([np.ones(task.count), x])
    best = padded @ np.linalg.lstsq(padded, y, rcond=None)[0]
    reached = model.outputs(task.X)
    reached = reached if model.goal is None else model.goal.into(reached)
    return LeastSquares(
        float(((reached - y) ** 2).sum(1).mean()), float(((best - y) ** 2).sum(1).mean())
    )
