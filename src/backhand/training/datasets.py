"""Data sets to try a network on: made from a formula and a seed, or lying in scikit-learn's files.

No network is used, and the same arguments give the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from backhand.errors import DataError, LimitError
from backhand.training.cells import nearest, shown
from backhand.training.table import Table
from backhand.training.tables import read_table

Floats = NDArray[np.float64]
Maker: TypeAlias = Callable[[int, float, Generator], Table]
"""Makes so many points with so much noise."""
MAX_POINTS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """One entry of `DATASETS`.

    `task`: "two classes", "3 classes" (or however many) or "numbers". `inputs`: how many each
    point has. `points`, `noise`: unless `load` is told otherwise; None where they can't be chosen.
    """

    title: str
    source: str
    task: str
    inputs: int
    points: int | None
    noise: float | None
    maker: Maker


def find(data: str, target: str | None = None) -> Table:
    """A file's table, or that of a built-in data set; `target`: the column of a file, else its last.

    A word that is no file is meant as the name of a data set, if perhaps a misspelt one.
    Raises `DataError` as `load` and `read_table` do.

    >>> find("xor").target.tolist()
    [0, 1, 1, 0]
    """
    if Path(data).exists() or (Path(data).suffix and data not in DATASETS):
        return read_table(data, target)
    table = load(data)
    if target is not None:
        raise DataError(f"the data set {data} has its own target", f"it is {table.name}")
    return table


def load(
    name: str, *, points: int | None = None, noise: float | None = None, seed: int = 0
) -> Table:
    """The data set of this name; `DATASETS` lists them.

    `noise`: the standard deviation of what is added to each number. Raises `DataError` for a name
    that isn't there, an argument that makes no sense, and where scikit-learn is needed and missing;
    `LimitError` for too many points.

    >>> table = load("moons", points=200, seed=1)
    >>> table.features.shape, sorted(set(table.target.tolist()))
    ((200, 2), [0, 1])
    """
    entry = DATASETS.get(name)
    if entry is None:
        raise DataError(
            f"there is no data set {shown(name)}", nearest(str(name), list(DATASETS), "data sets")
        )
    count = _chosen(name, "points", entry.points, points)
    spread = _chosen(name, "noise", entry.noise, noise)
    fewest = 0 if entry.points is None else 1
    for what, value, least in (("points", count, fewest), ("seed", seed, 0)):
        if not _is_whole(value) or value < least:
            raise DataError(f"{what} is {shown(value)}", f"give a whole number from {least}")
    if not (_is_whole(spread) or isinstance(spread, float)) or not 0 <= spread < math.inf:
        raise DataError(f"noise is {shown(noise)}", "give a number, 0 or more")
    if count > MAX_POINTS:
        raise LimitError(f"{count} points are over {MAX_POINTS}", "make fewer")
    return entry.maker(int(count), float(spread), np.random.default_rng(int(seed)))


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer)


def _chosen(name: str, what: str, usual: Any, given: Any) -> Any:
    if given is None:
        return usual or 0
    if usual is None:
        raise DataError(f"{name} is as it is: its {what} can't be chosen", f"leave {what} out")
    return given


# ---- points in the plane -----------------------------------------------------------------------


def _plane(features: Floats, target: NDArray[Any], noise: float, rng: Generator) -> Table:
    """Points whose coordinates are noisy, in random order."""
    order = rng.permutation(len(target))
    noisy = features[order] + noise * rng.normal(size=features.shape)
    return Table(noisy, target[order], ("x_1", "x_2"), "y")


def _logic(truth: Sequence[int]) -> Maker:
    """The four corners of the unit square in turn, with the truth value of each."""

    def made(count: int, noise: float, rng: Generator) -> Table:
        corner = np.arange(count) % 4
        features = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])[corner]
        features += noise * rng.normal(size=features.shape)
        return Table(features, np.array(truth)[corner], ("x_1", "x_2"), "y")

    return made


def _moons(count: int, noise: float, rng: Generator) -> Table:
    upper, lower = (np.linspace(0, np.pi, n) for n in (count // 2, count - count // 2))
    features = np.concatenate(
        [
            np.column_stack([np.cos(upper), np.sin(upper)]),
            np.column_stack([1 - np.cos(lower), 0.5 - np.sin(lower)]),
        ]
    )
    return _plane(features, np.repeat([0, 1], [len(upper), len(lower)]), noise, rng)


def _circles(count: int, noise: float, rng: Generator) -> Table:
    sizes = count // 2, count - count // 2
    angles = np.concatenate([np.linspace(0, 2 * np.pi, n, endpoint=False) for n in sizes])
    target = np.repeat([0, 1], sizes)
    radius = np.where(target == 0, 1.0, 0.5)
    return _plane(_polar(radius, angles), target, noise, rng)


def _spirals(arms: int) -> Maker:
    """Arms that wind one and a half times about the centre, in which none of them has a point."""

    def made(count: int, noise: float, rng: Generator) -> Table:
        target = np.arange(count) % arms
        radius = (np.arange(count) // arms + 1) / -(-count // arms)
        angles = 2 * np.pi * (target / arms + 1.5 * radius)
        return _plane(_polar(radius, angles), target, noise, rng)

    return made


def _blobs(count: int, noise: float, rng: Generator) -> Table:
    target = np.arange(count) % 3
    centres = _polar(np.full(3, 5.0), 2 * np.pi * np.arange(3) / 3)
    return _plane(centres[target], target, noise, rng)


def _polar(radius: Floats, angle: Floats) -> Floats:
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


# ---- numbers to predict ------------------------------------------------------------------------


def _curve(of: Callable[[Floats], Floats], reach: float) -> Maker:
    """y = of(x) + noise for x drawn evenly from -reach to reach."""

    def made(count: int, noise: float, rng: Generator) -> Table:
        x = rng.uniform(-reach, reach, (count, 1))
        return Table(x, of(x[:, 0]) + noise * rng.normal(size=count), ("x",), "y")

    return made


def _worksheet(count: int, noise: float, rng: Generator) -> Table:
    return Table(np.array([[2.0, 5.0]]), np.array([1]), ("x_1", "x_2"), "y")


# ---- files that scikit-learn brings ------------------------------------------------------------


def _bundled(loader: str, target: str) -> Maker:
    def made(count: int, noise: float, rng: Generator) -> Table:
        try:
            sets: Any = import_module("sklearn.datasets")
        except ImportError:
            raise DataError(
                "this data set lies in scikit-learn, which isn't installed",
                "pip install scikit-learn",
            ) from None
        found = getattr(sets, loader)()
        columns = tuple(str(name) for name in found.feature_names)
        names = [str(name) for name in getattr(found, "target_names", ())]
        if not names or names[0].isdecimal():
            return Table(found.data, found.target, columns, target)
        labels = tuple(sorted(names))
        codes = np.array([labels.index(name) for name in names])[found.target]
        return Table(found.data, codes, columns, target, labels)

    return made


# ---- the table ---------------------------------------------------------------------------------


def _corners(word: str, truth: Sequence[int]) -> DataSet:
    return DataSet(
        title=f"{word} of two truth values: the four corners of the unit square",
        source="its truth table",
        task="two classes",
        inputs=2,
        points=4,
        noise=0.0,
        maker=_logic(truth),
    )


def _arms(count: int, task: str) -> DataSet:
    return DataSet(
        title=f"{count} spirals, one inside the other",
        source="after Lang and Witbrock, Learning to Tell Two Spirals Apart (1988)",
        task=task,
        inputs=2,
        points=300,
        noise=0.02,
        maker=_spirals(count),
    )


def _from_sklearn(
    title: str, source: str, task: str, inputs: int, loader: str, target: str
) -> DataSet:
    return DataSet(
        title=title,
        source=source,
        task=task,
        inputs=inputs,
        points=None,
        noise=None,
        maker=_bundled(loader, target),
    )


UCI = "UCI machine learning repository, as scikit-learn brings it"
DATASETS: Mapping[str, DataSet] = {
    "and": _corners("AND", (0, 0, 0, 1)),
    "or": _corners("OR", (0, 1, 1, 1)),
    "xor": _corners("exclusive OR", (0, 1, 1, 0)),
    "moons": DataSet(
        title="two half circles that interlock",
        source="the formula of scikit-learn's make_moons",
        task="two classes",
        inputs=2,
        points=300,
        noise=0.1,
        maker=_moons,
    ),
    "circles": DataSet(
        title="a circle inside another one of twice its radius",
        source="the formula of scikit-learn's make_circles",
        task="two classes",
        inputs=2,
        points=300,
        noise=0.05,
        maker=_circles,
    ),
    "spirals": _arms(2, "two classes"),
    "spirals-3": _arms(3, "3 classes"),
    "spirals-5": _arms(5, "5 classes"),
    "blobs": DataSet(
        title="three round clouds of points",
        source="normal distributions about the corners of a triangle",
        task="3 classes",
        inputs=2,
        points=300,
        noise=1.0,
        maker=_blobs,
    ),
    "line": DataSet(
        title="points about the line y = 2x + 1",
        source="its equation, x from -1 to 1",
        task="numbers",
        inputs=1,
        points=100,
        noise=0.1,
        maker=_curve(lambda x: 2 * x + 1, 1.0),
    ),
    "sine": DataSet(
        title="points about one period of y = sin x",
        source="its equation, x from -π to π",
        task="numbers",
        inputs=1,
        points=200,
        noise=0.1,
        maker=_curve(np.sin, np.pi),
    ),
    "worksheet": DataSet(
        title="the one point of the worksheet: x = (2, 5), y = 1",
        source="the worksheet that Backhand began with",
        task="two classes",
        inputs=2,
        points=None,
        noise=None,
        maker=_worksheet,
    ),
    "iris": _from_sklearn(
        "iris flowers by four lengths", UCI, "3 classes", 4, "load_iris", "species"
    ),
    "wine": _from_sklearn(
        "wines by 13 measurements", UCI, "3 classes", 13, "load_wine", "cultivar"
    ),
    "breast-cancer": _from_sklearn(
        "tumours by 30 measurements", UCI, "two classes", 30, "load_breast_cancer", "diagnosis"
    ),
    "digits": _from_sklearn(
        "handwritten digits, 8 × 8 pixels from 0 to 16",
        UCI,
        "10 classes",
        64,
        "load_digits",
        "digit",
    ),
    "diabetes": _from_sklearn(
        "diabetes after a year by ten measurements",
        "Efron and others, Least Angle Regression (2004), as scikit-learn brings it",
        "numbers",
        10,
        "load_diabetes",
        "progression",
    ),
}
"""The data sets by name."""
