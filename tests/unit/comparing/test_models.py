"""Facts from the graphs, training, separation and witnesses, against theory and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.comparing.tables import circles, clouds, corners, noise, three

from backhand.comparing.facts import Facts, convexity_of, facts, is_last_layer, same_score, shared
from backhand.comparing.fits import Course, arrays, fitted, r_squared, watched
from backhand.comparing.models import Candidate, Family, candidates
from backhand.comparing.separation import separation
from backhand.comparing.splits import splits
from backhand.comparing.task import task_of
from backhand.comparing.witnesses import bend, exchanged, swapped
from backhand.reading.shorthand import network
from backhand.training.evaluation import mean_loss
from backhand.training.table import Table
from backhand.writing.text import formula_text, prose_text

HIDDEN = ["8 tanh"]


def known(layers: str, loss: str, family: Family = "network") -> Facts:
    return facts(Candidate(layers, family, layers, network(layers, loss=loss)))


# ---- facts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "loss", "yes"),
    [
        ("3 -> 1", "squared_error", "xpxp"),
        ("3 -> 4", "squared_error", "xpxp"),
        ("3 -> 1 sigmoid", "binary_cross_entropy", "--xp"),
        ("3 -> 4 softmax", "cross_entropy", "--xp"),
        ("3 -> 5 relu -> 1", "squared_error", "----"),
        ("3 -> 5 tanh -> 4 softmax", "cross_entropy", "----"),
        # Without a bend between them two layers are linear in x, but not in their weights.
        ("3 -> 5 identity -> 1", "squared_error", "x-x-"),
    ],
)
def test_what_is_linear_in_what(layers: str, loss: str, yes: str) -> None:
    found = known(layers, loss)
    each = (
        found.in_features,
        found.in_parameters,
        found.score_in_features,
        found.score_in_parameters,
    )
    shown = "".join(sign if line.affine else "-" for sign, line in zip("xpxp", each, strict=True))
    assert shown == yes
    assert all(line.affine == (line.bent is None) for line in each)


@pytest.mark.parametrize(
    ("layers", "loss", "verdict"),
    [
        ("3 -> 1", "squared_error", "convex"),
        ("3 -> 1 sigmoid", "binary_cross_entropy", "convex"),
        ("3 -> 4 softmax", "cross_entropy", "convex"),
        ("3 -> 1 sigmoid", "squared_error", "neither"),
        ("3 -> 5 relu -> 1 sigmoid", "binary_cross_entropy", "neither"),
    ],
)
def test_convexity_in_the_parameters(layers: str, loss: str, verdict: str) -> None:
    found = convexity_of(Candidate(layers, "network", layers, network(layers, loss=loss)))
    assert found.verdict == verdict
    assert (found.witness is None) == (verdict == "convex")


def test_parameters_are_counted_with_the_sum_shown() -> None:
    found = known("2 -> 16 relu -> 3 softmax", "cross_entropy")
    assert found.parameters == 16 * 3 + 3 * 17
    assert formula_text(found.sum) == "16 · 3 + 3 · 17 = 99"


def test_equations_are_those_of_the_graph_without_the_identity() -> None:
    found = known("2 -> 3 relu -> 1", "squared_error")
    assert [formula_text(e) for e in found.whole] == [
        "a₁ = W₁ [1; x]",
        "z₁ = ReLU(a₁)",
        "a₂ = W₂ [1; z₁]",
        "ŷ = a₂",
        "J = (y − ŷ)²",
    ]
    assert formula_text(found.prediction) == "ŷ = W₂ [1; ReLU(W₁ [1; x])]"


def test_what_models_share_is_checked_on_their_graphs() -> None:
    linear = known("2 -> 1", "squared_error", "linear")
    logistic = known("2 -> 1 sigmoid", "binary_cross_entropy", "logistic")
    net = known("2 -> 8 tanh -> 4 relu -> 1 sigmoid", "binary_cross_entropy")
    assert same_score(linear, logistic)
    assert is_last_layer(logistic, net)
    assert not is_last_layer(linear, net)
    assert not is_last_layer(logistic, known("2 -> 8 tanh -> 1 sigmoid", "squared_error"))
    assert not is_last_layer(logistic, known("2 -> 8 tanh -> 1 tanh", "binary_cross_entropy"))
    assert not same_score(linear, known("3 -> 1 sigmoid", "binary_cross_entropy"))
    said = [prose_text(each) for each in shared([linear, logistic, net])]
    assert "on z₂ in the place of x" in said[1]
    assert "Linear regression is the network" in prose_text(
        shared([linear, known("2 -> 8 tanh -> 1", "squared_error")])[0]
    )


# ---- training ----------------------------------------------------------------------------------


def test_linear_regression_finds_the_least_squares_of_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    task = task_of(noise(), "t")
    model = fitted(candidates(task)[0], task, Course(600, 0), np.arange(task.count))
    wanted = linear_model.LinearRegression().fit(task.X, task.y).predict(task.X)
    assert model.outputs(task.X)[:, 0] == pytest.approx(wanted, abs=0.3)
    assert np.ptp(task.y) > 80


def test_logistic_regression_finds_that_of_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(4)
    X = rng.normal(size=(200, 2))
    y = (X[:, 0] - 0.5 * X[:, 1] + rng.logistic(size=200) > 0).astype(float)
    task = task_of(Table(X, y, ("a", "b"), "y"), "t")
    model = fitted(candidates(task)[1], task, Course(600, 0), np.arange(task.count))
    wanted = linear_model.LogisticRegression(C=np.inf, tol=1e-8).fit(X, y).predict_proba(X)[:, 1]
    assert model.outputs(X)[:, 0] == pytest.approx(wanted, abs=0.01)


def test_r_squared_is_scikit_learn_s() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    y, found = rng.normal(size=20), rng.normal(size=20)
    assert r_squared(found, y) == pytest.approx(metrics.r2_score(y, found))
    assert r_squared(np.ones(3), np.ones(3)) == 1
    assert r_squared(np.zeros(3), np.ones(3)) == 0


def test_features_are_scaled_on_the_training_part_only() -> None:
    task = task_of(noise(), "t")
    rows = np.arange(30)
    model = fitted(candidates(task)[0], task, Course(5, 0), rows)
    assert model.scale.mean == pytest.approx(task.X[:30].mean(axis=0))
    assert model.goal is not None
    assert model.goal.spread == pytest.approx(task.y[:30].std())


def test_a_column_that_never_varies_does_no_harm() -> None:
    table = clouds()
    flat = Table(np.column_stack([table.features, np.ones(80)]), table.target, ("a", "b", "c"), "y")
    task = task_of(flat, "t")
    model = fitted(candidates(task)[1], task, Course(300, 0), np.arange(80))
    assert model.score(task.X, task.y) == 1


def test_a_watched_run_is_the_run_itself() -> None:
    """Its last look is the loss of the model trained in one go, its first that after one epoch."""
    task = task_of(circles(), "t")
    net = candidates(task, HIDDEN)[2]
    split = splits(task, 5, 0)[0]
    run = watched(net, task, Course(40, 0), split)
    whole = fitted(net, task, Course(40, 0), split.training)
    assert run.loss == whole.loss
    assert (run.epochs[0], run.epochs[-1]) == (1, 40)
    held = {name: array[split.held_out] for name, array in arrays(whole, task).items()}
    assert run.held_out[-1] == mean_loss(whole.graph, held)


# ---- separation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "separable"),
    [((0, 1, 1, 0), False), ((1, 0, 0, 1), False), ((0, 0, 0, 1), True), ((0, 1, 1, 1), True)],
)
def test_the_corners_of_a_square(truth: tuple[int, ...], separable: bool) -> None:
    found = separation(task_of(corners(*truth), "gate"))
    assert found is not None
    assert found.separable == separable
    assert found.common == (() if separable else (0.5, 0.5))


@given(seed=st.integers(0, 1000), features=st.integers(1, 4), gap=st.sampled_from([0.2, -0.6]))
@settings(max_examples=25, deadline=None)
def test_separation_agrees_with_how_the_points_were_made(
    seed: int, features: int, gap: float
) -> None:
    """Points kept off a plane are separable; with one of each class moved across, hulls meet or not."""
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(40, features)), rng.normal(size=features)
    side = X @ w / np.linalg.norm(w)
    y = (side > 0).astype(float)
    y[0], y[1] = 0, 1
    X = X + np.outer(
        np.where(y == 1, 1, -1) * (np.abs(side) + 1) * np.sign(gap), w / (w @ w) ** 0.5
    )
    found = separation(task_of(Table(X, y, tuple("abcd"[:features]), "y"), "t"))
    assert found is not None
    shifted = X @ w
    expected = shifted[y == 0].max() < shifted[y == 1].min()
    if expected:
        assert found.separable
    if not found.separable:
        point = np.array(found.common)
        for kind in (0, 1):
            own = X[y == kind]
            # A point of the hull is in no direction beyond all of its points.
            for direction in rng.normal(size=(20, features)):
                assert point @ direction <= (own @ direction).max() + 1e-4


def test_only_two_classes_are_asked_about() -> None:
    assert separation(task_of(three(), "t")) is None
    assert separation(task_of(noise(), "t")) is None


# ---- witnesses ---------------------------------------------------------------------------------


def test_units_that_change_places_change_no_prediction() -> None:
    task = task_of(circles(), "t")
    model = fitted(candidates(task, HIDDEN)[2], task, Course(40, 0), np.arange(task.count))
    found = swapped(model, task)
    assert found is not None
    assert found.axes == (("W_1", 0), ("W_2", 1))
    graph, data = model.graph, arrays(model, task)
    one, two = (unit - 1 for unit in found.units)
    other = graph.with_values(**exchanged(graph, found.axes, one, two))
    assert mean_loss(other, data) == pytest.approx(found.loss, rel=1e-9)
    assert not np.array_equal(other["W_1"].value, graph["W_1"].value)
    middle = {
        name: (np.asarray(graph[name].value, float) + np.asarray(other[name].value, float)) / 2
        for name in ("W_1", "W_2")
    }
    assert mean_loss(graph.with_values(**middle), data) == pytest.approx(found.halfway, rel=1e-9)
    assert found.halfway > found.loss


def test_a_linear_model_has_no_bend_and_no_units_to_change() -> None:
    task = task_of(circles(), "t")
    linear, logistic, net = (
        fitted(c, task, Course(40, 0), np.arange(task.count)) for c in candidates(task, HIDDEN)
    )
    assert bend(linear, task, "yhat", 0) is None
    assert bend(logistic, task, "a_1", 0) is None
    assert swapped(logistic, task) is None
    bent = bend(net, task, "a_2", 0)
    assert bent is not None
    first, second = (task.X[at - 1 : at] for at in bent.points)
    # The model's own probability there is the sigmoid of what the witness says.
    halfway = net.outputs((first + second) / 2)[0, 0]
    assert halfway == pytest.approx(1 / (1 + np.exp(-bent.halfway)))
