"""Data points fitted to a graph: for each of its data and target quantities one array.

`arrange` is the door through which everything that is trained on comes in: afterwards there is no
missing value, no infinity, no text and no shape that doesn't fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backhand.errors import DataError
from backhand.graph import Graph, Quantity, Role
from backhand.training.cells import listed, nearest
from backhand.training.intake import Intake, numbers, one_column, values
from backhand.training.labels import ClassWeight, Label, Target, class_weights, of_codes, target
from backhand.training.table import Table


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Data points ready for a loop.

    `arrays`: name of a quantity to (N, *its shape), float32, float64 or integers as they came,
    C-contiguous or memory-mapped. `weights`: (N,), or None where every point counts alike.
    `columns`: the names of X's columns, () where it has none. `labels`: the target's classes, in
    the order of their numbers (0 and 1, or the places in a one-hot row); None for a regression.
    """

    arrays: Mapping[str, NDArray[Any]]
    weights: NDArray[np.float64] | None = None
    columns: tuple[str, ...] = ()
    labels: tuple[Label, ...] | None = None

    @property
    def count(self) -> int:
        """The number of data points."""
        return len(next(iter(self.arrays.values())))


def arrange(
    graph: Graph,
    X: object,
    y: object = None,
    *,
    sample_weight: ArrayLike | None = None,
    class_weight: ClassWeight | None = None,
    labels: tuple[Label, ...] | None = None,
) -> Data:
    """Data points as the graph's data and target quantities want them.

    `X`: an array (N, n), nested lists, a data frame, a `Table` (which brings its target), or a dict
    from quantity to array. Columns of a frame that are called like the graph's numbers go to those.
    `y`: (N,) or (N, m), numbers or labels; None leaves the target out, as for a prediction. What
    becomes of labels stands in `labels.target`; `labels`: the classes, where other points have told
    them. The weights multiply. Memory-mapped arrays are read in blocks and stay on the disk.
    Raises `DataError` naming row and column of what can't be used.

    >>> import backhand
    >>> graph = backhand.network("2 -> 2 relu -> 1 sigmoid")
    >>> data = arrange(graph, [[0, 1], [1, 1], [1, 0]], ["no", "yes", "no"])
    >>> data.arrays["x"].shape, data.arrays["y"].tolist(), data.labels
    ((3, 2), [0.0, 1.0, 0.0], ('no', 'yes'))
    """
    inputs, goals = _varying(graph, Role.DATA), graph.with_role(Role.TARGET)
    if not inputs:
        raise DataError("the graph has no data quantity", "give it an input, such as x ∈ R^2")
    arrays, columns = _inputs(inputs, X)
    if y is None and isinstance(X, Table) and goals:
        reached = _of_table(graph, goals, X, labels)
    else:
        reached = _targets(graph, goals, y, labels) if y is not None else {}
    every = {**arrays, **{name: t.array for name, t in reached.items()}}
    _check_lengths(every)
    only = next(iter(reached.values())) if len(reached) == 1 else None
    count = len(next(iter(every.values())))
    weights = _weights(count, only, sample_weight, class_weight)
    return Data(every, weights, columns, only.labels if only else None)


# ---- inputs ------------------------------------------------------------------------------------


def _inputs(
    quantities: Sequence[Quantity], X: Any
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """An array for each data quantity, and the names of X's columns."""
    names = [q.name for q in quantities]
    if _is_mapping(X):
        return _by_name(quantities, X), ()
    if isinstance(X, Table):
        taken = Intake(numbers(X.features, "X").array, X.columns)
    else:
        taken = numbers(X, names[0] if len(names) == 1 else "X")
    if len(quantities) == 1:
        return {names[0]: _fitted(taken, quantities[0])}, taken.columns
    if not taken.columns or not all(q.size == 1 for q in quantities):
        raise DataError(
            f"the graph has {len(names)} data quantities, and X is one array",
            "give a dict: " + ", ".join(f"{name!r}: ..." for name in names[:5]),
        )
    return {q.name: _column(taken, q) for q in quantities}, tuple(names)


def _varying(graph: Graph, role: Role) -> tuple[Quantity, ...]:
    """The quantities of a role that differ from point to point: all, unless the page gives points."""
    every = graph.with_role(role)
    return tuple(q for q in every if q.name in graph.points) or every


def _is_mapping(given: object) -> bool:
    return isinstance(given, Mapping)


def _by_name(quantities: Sequence[Quantity], X: Mapping[Any, Any]) -> dict[str, NDArray[Any]]:
    names = [q.name for q in quantities]
    for name in X:
        if name not in names:
            raise DataError(
                f"the graph has no data quantity {name!r}",
                nearest(str(name), names, "data quantities"),
            )
    for quantity in quantities:
        # What has a value and isn't given is the same for every point.
        if quantity.name not in X and quantity.value is None:
            raise DataError(f"X has no {quantity.name}", listed(names, "graph's data quantities"))
    if not X:
        raise DataError("X is empty", listed(names, "graph's data quantities"))
    return {q.name: _fitted(numbers(X[q.name], q.name), q) for q in quantities if q.name in X}


def _column(taken: Intake, quantity: Quantity) -> NDArray[Any]:
    if quantity.name not in taken.columns:
        raise DataError(
            f"X has no column for the graph's {quantity.name}",
            nearest(quantity.name, taken.columns, "columns"),
        )
    column = taken.array[:, taken.columns.index(quantity.name)]
    return np.ascontiguousarray(column.reshape(len(column), *quantity.shape))


def _fitted(taken: Intake, quantity: Quantity) -> NDArray[Any]:
    """The array as (N, *shape); the entries of a matrix may come in one row, row by row."""
    array = taken.array
    if array.shape[1:] == quantity.shape:
        return array
    if array.size == len(array) * quantity.size and (array.ndim == 2 or quantity.size == 1):
        return array.reshape(len(array), *quantity.shape)
    raise DataError(*_misfit(taken, quantity))


def _misfit(taken: Intake, quantity: Quantity) -> tuple[str, str]:
    array, wanted, name = taken.array, quantity.size, quantity.name
    if array.ndim == 1 and len(array) == wanted:
        return f"{name} is given one row of {wanted} numbers without its axis", "give [[...]]"
    if array.ndim > 2:
        return (
            f"a point of {name} has the shape {quantity.shape}, one given {array.shape[1:]}",
            "give (N, ...) in the graph's shape",
        )
    have = array.shape[1] if array.ndim == 2 else 1
    s = "" if have == 1 else "s"
    what = f"the data has {have} column{s}, and the graph's {name} has {wanted} entries"
    if array.ndim == 2 and have == wanted + 1 and bool((array[:1000, 0] == 1).all()):
        return what, "leave the column of ones out: the bias is in the graph"
    there = f"{listed(taken.columns, 'columns')}; " if taken.columns else ""
    return what, f"{there}choose {wanted} of them, or a network that begins with {have}"


# ---- targets and weights -----------------------------------------------------------------------


def _targets(
    graph: Graph, goals: Sequence[Quantity], y: object, labels: tuple[Label, ...] | None
) -> dict[str, Target]:
    given = _by_goal(goals, y)
    known = labels if len(goals) == 1 else None
    return {q.name: target(graph, q, values(given[q.name], q.name).array, known) for q in goals}


def _by_goal(goals: Sequence[Quantity], y: Any) -> Mapping[Any, Any]:
    """The target of each target quantity."""
    names = [q.name for q in goals]
    if not goals:
        raise DataError("a target is given, and the graph has none", "write a loss with y in it")
    if not _is_mapping(y):
        if len(goals) > 1:
            each = ", ".join(f"{name!r}: ..." for name in names[:5])
            raise DataError(f"the graph has {len(goals)} targets", f"give y as a dict: {each}")
        return {names[0]: y}
    for name in y:
        if name not in names:
            raise DataError(f"there is no target {name!r}", nearest(str(name), names, "targets"))
    for name in names:
        if name not in y:
            raise DataError(f"y has no {name}", listed(names, "graph's targets"))
    return y


def _of_table(
    graph: Graph, goals: Sequence[Quantity], table: Table, labels: tuple[Label, ...] | None
) -> dict[str, Target]:
    """A table's target. Its classes are those of the whole file, whichever of them this part has."""
    if table.labels is None:
        return _targets(graph, goals, table.target, labels)
    if labels is not None and labels != table.labels:
        text = np.array(table.labels, dtype=object)[table.target]
        return _targets(graph, goals, text, labels)
    (name,) = _by_goal(goals, table.target)
    return {name: of_codes(graph, goals[0], table.target, table.labels)}


def _check_lengths(arrays: Mapping[str, NDArray[Any]]) -> None:
    first, *rest = arrays
    for name in rest:
        if len(arrays[name]) != len(arrays[first]):
            raise DataError(
                f"{first} has {len(arrays[first])} rows, {name} has {len(arrays[name])}",
                "give both the same data points",
            )


def _weights(
    count: int, found: Target | None, sample: ArrayLike | None, by_class: ClassWeight | None
) -> NDArray[np.float64] | None:
    if sample is None and by_class is None:
        return None
    weights = np.ones(count) if sample is None else _sample_weights(sample, count)
    if by_class is not None:
        if found is None:
            raise DataError("class_weight is given, and there is no one target", "leave it out")
        weights = weights * class_weights(by_class, found)
    if not weights.any():
        raise DataError("all weights are 0", "give a point some weight")
    return weights


def _sample_weights(sample: ArrayLike, count: int) -> NDArray[np.float64]:
    weights = one_column(sample, "sample_weight")
    if len(weights) != count:
        raise DataError(
            f"sample_weight has {len(weights)} rows, the data {count}", "give each point one weight"
        )
    if weights.min() < 0:
        at = int(np.argmax(weights < 0))
        raise DataError(f"the weight in row {at + 1} is {weights[at]:.6g}", "give 0 or more")
    return weights
