"""The data sets: those made from formulas against scikit-learn's, the bundled ones against its own."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import backhand
from backhand.errors import DataError, LimitError
from backhand.training.data import arrange
from backhand.training.datasets import DATASETS, load
from backhand.training.table import Table

BUNDLED = ("iris", "wine", "breast-cancer", "digits", "diabetes")
MADE = tuple(name for name in DATASETS if name not in BUNDLED)


def rows(features: Any, target: Any) -> set[tuple[float, ...]]:
    """The points without their order, to ten digits."""
    return {tuple(row) for row in np.column_stack([features, target]).round(10).tolist()}


def classes(name: str) -> int | None:
    """How many classes the entry says that there are."""
    task = DATASETS[name].task
    return None if task == "numbers" else int(task.replace("two", "2").split()[0])


@pytest.mark.parametrize("name", MADE)
def test_the_same_arguments_give_the_same_bits(name: str) -> None:
    one, two, other = load(name, seed=3), load(name, seed=3), load(name, seed=4)
    assert one.features.tobytes() == two.features.tobytes()
    assert one.target.tobytes() == two.target.tobytes()
    same = np.array_equal(one.features, other.features)
    assert same == (not DATASETS[name].noise)


@pytest.mark.parametrize("name", DATASETS)
def test_every_entry_has_the_size_and_the_task_that_it_says(name: str) -> None:
    if name in BUNDLED:
        pytest.importorskip("sklearn")
    table, entry = load(name), DATASETS[name]
    if entry.points is not None:
        assert len(table.features) == entry.points
    assert len(table.features) == len(table.target)
    assert len(table.columns) == table.features.shape[1]
    assert np.isfinite(table.features).all()
    assert entry.title
    assert entry.source
    if classes(name) is None:
        assert len(np.unique(table.target)) > 10
    elif name != "worksheet":
        assert np.array_equal(np.unique(table.target), range(classes(name) or 0))


@pytest.mark.parametrize("name", DATASETS)
def test_a_network_for_the_task_takes_it(name: str) -> None:
    if name in BUNDLED:
        pytest.importorskip("sklearn")
    table, count = load(name), classes(name)
    end = {None: "1", 2: "1 sigmoid"}.get(count, f"{count} softmax")
    loss = "squared_error" if end.startswith("1") else "cross_entropy"
    graph = backhand.network(f"{table.features.shape[1]} -> {end}", loss=loss)
    data = arrange(graph, table)
    assert data.count == len(table.target)
    if count and count > 2:
        assert np.array_equal(data.arrays["y"].argmax(axis=1), table.target)
    else:
        assert np.array_equal(data.arrays["y"].ravel(), table.target)


@pytest.mark.parametrize(("name", "options"), [("moons", {}), ("circles", {"factor": 0.5})])
def test_the_formulas_are_those_of_scikit_learn(name: str, options: dict[str, float]) -> None:
    sets: Any = pytest.importorskip("sklearn.datasets")
    made = load(name, points=101, noise=0)
    want = getattr(sets, f"make_{name}")(101, shuffle=False, **options)
    assert rows(made.features, made.target) == rows(*want)


@pytest.mark.parametrize(
    ("name", "truth"),
    [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])],
)
def test_logic(name: str, truth: list[int]) -> None:
    table = load(name)
    assert table.features.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert table.target.tolist() == truth
    noisy = load(name, points=4000, noise=0.1)
    corners = noisy.features.round()
    assert np.array_equal(corners[:4], table.features)
    assert np.bincount(noisy.target).tolist() == [1000 * truth.count(0), 1000 * truth.count(1)]
    assert (noisy.features - np.tile(table.features, (1000, 1))).std() == pytest.approx(
        0.1, rel=0.05
    )


@pytest.mark.parametrize(("name", "arms"), [("spirals", 2), ("spirals-3", 3), ("spirals-5", 5)])
def test_an_arm_turned_by_its_share_of_the_circle_is_the_next_arm(name: str, arms: int) -> None:
    table = load(name, points=arms * 40, noise=0)
    by_arm = [table.features[table.target == arm] @ [1, 1j] for arm in range(arms)]
    turn = np.exp(2j * np.pi / arms)
    for arm, points in enumerate(by_arm):
        following = by_arm[(arm + 1) % arms]
        assert np.allclose(
            np.sort_complex((points * turn).round(9)), np.sort_complex(following.round(9))
        )
    assert len(rows(table.features, table.target)) == arms * 40


def test_blobs_stand_about_three_corners_with_the_spread_asked_for() -> None:
    table = load("blobs", points=3000, noise=0.5)
    for blob in range(3):
        points = table.features[table.target == blob]
        assert np.hypot(*points.mean(axis=0)) == pytest.approx(5, abs=0.1)
        assert points.std(axis=0) == pytest.approx([0.5, 0.5], rel=0.1)


@pytest.mark.parametrize("name", ["line", "sine"])
def test_curves(name: str) -> None:
    def value(x: Any) -> Any:
        return 2 * x + 1 if name == "line" else np.sin(x)

    exact = load(name, points=50, noise=0)
    assert np.array_equal(exact.target, value(exact.features[:, 0]))
    noisy = load(name, points=5000, noise=0.3)
    assert (noisy.target - value(noisy.features[:, 0])).std() == pytest.approx(0.3, rel=0.05)


def test_the_worksheet_has_its_one_point() -> None:
    table = load("worksheet")
    assert (table.features.tolist(), table.target.tolist()) == ([[2, 5]], [1])


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_are_those_of_scikit_learn(name: str) -> None:
    sets: Any = pytest.importorskip("sklearn.datasets")
    want = getattr(sets, "load_" + name.replace("-", "_"))()
    table = load(name)
    assert np.array_equal(table.features, want.data)
    if table.labels is None:
        assert np.array_equal(table.target, want.target)
    else:
        assert list(table.labels) == sorted(table.labels)
        found = np.array(table.labels)[table.target]
        assert np.array_equal(found, np.array(want.target_names)[want.target])


def test_a_missing_library_is_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match="pip install scikit-learn"):
        load("iris")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "moon"}, "no data set 'moon'; did you mean 'moons'"),
        ({"name": "IRIS"}, "did you mean 'iris'"),
        ({"name": "qqq"}, "the data sets are 'and', 'or', 'xor'"),
        ({"name": "moons", "points": 0}, "points is '0'; give a whole number from 1"),
        ({"name": "moons", "points": 2.5}, "points is '2.5'"),
        ({"name": "moons", "noise": -1}, "noise is '-1'"),
        ({"name": "moons", "noise": float("nan")}, "noise is 'nan'"),
        ({"name": "moons", "seed": -1}, "seed is '-1'"),
        ({"name": "worksheet", "points": 3}, "its points can't be chosen; leave points out"),
        ({"name": "iris", "noise": 0.1}, "its noise can't be chosen"),
    ],
)
def test_arguments_that_make_no_sense(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said.replace("(", r"\(")):
        load(**arguments)


def test_too_many_points() -> None:
    with pytest.raises(LimitError, match="are over 10000000; make fewer"):
        load("moons", points=10**12)


@pytest.mark.parametrize("points", [1, 2, 3, 7])
@pytest.mark.parametrize("name", [name for name in MADE if name != "worksheet"])
def test_few_points(name: str, points: int) -> None:
    table = load(name, points=points)
    assert isinstance(table, Table)
    assert len(table.features) == len(table.target) == points
