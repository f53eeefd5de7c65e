"""Tasks, models, splits and intervals: each against what it must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.comparing.tables import circles, clouds, corners, noise, three, wave

from backhand.comparing.intervals import corrected, exact, t_quantile
from backhand.comparing.models import MAX_NETWORKS, candidates
from backhand.comparing.splits import can_hold_out, splits
from backhand.comparing.task import Task, task_of
from backhand.errors import AskError, BackhandError, DataError, LimitError
from backhand.training.table import Table


def small(y: np.ndarray) -> Task:
    return task_of(Table(np.arange(float(len(y)))[:, None], y, ("a",), "b"), "small")


# ---- tasks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "labels"),
    [(circles(), ("0", "1")), (three(), ("u", "v", "w")), (noise(), ()), (wave(), ())],
)
def test_the_target_s_values_say_whether_it_is_classes(
    table: Table, labels: tuple[str, ...]
) -> None:
    assert task_of(table, "t").labels == labels


def test_one_may_say_what_the_target_is() -> None:
    counts = np.arange(40.0) % 6
    assert small(counts).kind == "classes"
    table = Table(np.arange(40.0)[:, None], counts, ("a",), "b")
    assert task_of(table, "t", "numbers").kind == "numbers"
    assert task_of(table, "t", "numbers").reason == "as asked"
    with pytest.raises(DataError, match="kind is text"):
        task_of(three(), "t", "numbers")


def test_classes_are_numbered_from_0_and_keep_their_names() -> None:
    task = small(np.array([7.0, 3.0, 7.0, 3.0]))
    assert task.labels == ("3", "7")
    assert task.y.tolist() == [1, 0, 1, 0]
    assert task.counts == (2, 2)


def test_a_label_that_no_row_has_is_no_class() -> None:
    table = replace(three(), features=three().features[::3], target=three().target[::3])
    with pytest.raises(DataError, match="one value only"):
        task_of(table, "t")
    two = three().target != 1
    kept = replace(three(), features=three().features[two], target=three().target[two])
    assert task_of(kept, "t").labels == ("u", "w")


def test_names_can_t_move_the_cursor() -> None:
    table = replace(clouds(), labels=("left\x1b[2J", "right"), columns=("a\n", "b"))
    task = task_of(table, "t\x1b")
    assert all(c.isprintable() for c in "".join((task.title, *task.labels, *task.columns)))


@pytest.mark.parametrize(
    ("table", "error", "said"),
    [
        (Table(np.ones((3, 1)), np.arange(3), ("a",), "b"), DataError, "3 points are too few"),
        (Table(np.ones((9, 1)), np.ones(9), ("a",), "b"), DataError, "one value only"),
        (
            Table(np.broadcast_to(np.float32(1), (5_000_000, 5)), np.ones(5), ("a",), "b"),
            LimitError,
            "sample",
        ),
    ],
)
def test_tables_that_can_t_be_used(table: Table, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        task_of(table, "t")
    assert said in str(caught.value)


# ---- models ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "layers"),
    [
        (circles(), ["2 -> 1", "2 -> 1 sigmoid", "2 -> 8 relu -> 1 sigmoid"]),
        (three(), ["3 -> 3", "3 -> 3 softmax", "3 -> 8 relu -> 3 softmax"]),
        (noise(), ["8 -> 1", "8 -> 8 relu -> 1"]),
    ],
)
def test_models_fit_the_task(table: Table, layers: list[str]) -> None:
    assert [c.layers for c in candidates(task_of(table, "t"), ["8  relu"])] == layers


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        (["8"], "has no function"),
        (["2 -> 8 relu"], "has no function"),
        (["8 rleu"], "did you mean relu"),
        (["8 softmax"], "no hidden layer"),
        (["relu"], "no layer"),
        ([""], "no layer"),
        (["100000 relu"], "over 100000 for a comparison"),
        (["1 relu", "2 relu", "3 relu", "4 relu"], f"give up to {MAX_NETWORKS}"),
    ],
)
def test_hidden_layers_that_make_no_sense(hidden: list[str], said: str) -> None:
    with pytest.raises(BackhandError) as caught:
        candidates(task_of(circles(), "t"), hidden)
    assert said in str(caught.value)


def test_the_same_network_twice_is_one() -> None:
    assert len(candidates(task_of(circles(), "t"), ["8 relu", " 8  relu "])) == 3


# ---- splits ------------------------------------------------------------------------------------


@given(
    count=st.integers(20, 90),
    classes=st.integers(2, 4),
    folds=st.integers(2, 5),
    seed=st.integers(0, 9),
)
@settings(max_examples=30, deadline=None)
def test_every_point_is_held_out_once_a_repeat(
    count: int, classes: int, folds: int, seed: int
) -> None:
    task = small(np.arange(count) % classes)
    found = splits(task, folds, seed)
    assert len(found) == 3 * folds
    for repeat in range(3):
        parts = [s.held_out for s in found if s.repeat == repeat]
        assert sorted(np.concatenate(parts).tolist()) == list(range(count))
        for number in range(classes):
            shares = [int((task.y[part] == number).sum()) for part in parts]
            assert max(shares) - min(shares) <= 1
    for split in found:
        both = np.concatenate([split.training, split.held_out])
        assert sorted(both.tolist()) == list(range(count))


def test_splits_are_decided_by_the_seed() -> None:
    task = task_of(circles(), "t")
    first, again, other = (splits(task, 5, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a.held_out, b.held_out) for a, b in zip(first, again, strict=True))
    assert any(
        not np.array_equal(a.held_out, b.held_out) for a, b in zip(first, other, strict=True)
    )
    assert not np.array_equal(first[0].held_out, first[5].held_out)


def test_too_many_folds_are_an_error_and_too_few_points_are_not() -> None:
    with pytest.raises(AskError, match="the smallest class has 40 points"):
        splits(task_of(circles(), "t"), 50, 0)
    with pytest.raises(AskError, match="1 folds"):
        splits(task_of(circles(), "t"), 1, 0)
    assert not can_hold_out(task_of(corners(0, 1, 1, 0), "xor"))
    assert can_hold_out(task_of(wave(20), "t"))


# ---- intervals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("freedom", [1, 4, 14, 99])
@pytest.mark.parametrize("part", [0.6, 0.975, 0.9958])
def test_student_s_quantiles_are_scipy_s(freedom: int, part: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert t_quantile(freedom, part) == pytest.approx(stats.t.ppf(part, freedom), rel=1e-9)


@pytest.mark.parametrize(("right", "count"), [(0, 30), (30, 30), (17, 30), (1, 1797)])
def test_the_exact_interval_is_scipy_s(right: int, count: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    wanted = stats.binomtest(right, count).proportion_ci(0.95, method="exact")
    found = exact(right, count)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_the_corrected_interval_is_the_plain_one_grown() -> None:
    """Without overlap it is Student's; Nadeau and Bengio's factor is sqrt(1 + n ratio)."""
    stats = pytest.importorskip("scipy.stats")
    scores = np.random.default_rng(0).normal(0.8, 0.05, 15)
    plain = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    found = corrected(scores.tolist(), 0.0)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), rel=1e-9)
    grown = corrected(scores.tolist(), 0.25)
    factor = np.sqrt(1 + 15 * 0.25)
    assert (grown.high - grown.low) == pytest.approx(factor * (plain.high - plain.low), rel=1e-9)
