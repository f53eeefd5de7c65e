"""Where a training run left the numbers: the step, and the first quantity that is none any more."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DivergenceError
from backhand.graph import Graph, Quantity
from backhand.training.evaluation import BLOCK, values_at
from backhand.values import floats

if TYPE_CHECKING:
    from backhand.training.run import Run


def divergence(run: Run, epoch: int, at: int, rows: NDArray[np.int64]) -> DivergenceError:
    """The error for a loss that isn't finite, at one of the data's `rows`; all counted from 0.

    The parameters are still those from before the step.
    """
    size = run.kernel.source.plan.batch_size
    step = epoch * run.steps_an_epoch + at // size + 1
    limit = float(np.finfo(run.kernel.source.plan.dtype).max)
    graph = run.current()
    found = _first_bad(graph, graph.parameters, limit)
    where = f"step {step} (epoch {epoch + 1})"
    mend = f"try a learning rate below {run.course.learning_rate:g}, or scale the data"
    if found is not None:
        return DivergenceError(f"{found} by {where}: the updates grew too large", mend)
    for row in _suspects(run, graph, rows, limit):
        made = _traced(run, graph, row)
        found = _first_bad(made, made.quantities, limit)
        if found is not None:
            return DivergenceError(f"{found} in {where}, at row {row + 1} of the data", mend)
    return DivergenceError(f"{graph.objective} isn't finite in {where}", mend)


def _suspects(run: Run, graph: Graph, rows: NDArray[np.int64], limit: float) -> list[int]:
    """The first row whose loss isn't finite; where float64 finds none, the first few."""
    objective = graph.objective or ""
    for start in range(0, len(rows), BLOCK):
        here = rows[start : start + BLOCK]
        losses = _values(run, graph, here, (objective,))[objective].reshape(len(here))
        bad = np.flatnonzero(~(np.abs(losses) <= limit))
        if len(bad):
            return [int(here[bad[0]])]
    return [int(row) for row in rows[:100]]


def _values(
    run: Run, graph: Graph, rows: NDArray[np.int64], wanted: Collection[str]
) -> dict[str, NDArray[np.float64]]:
    arrays = {name: array[rows] for name, array in run.data.arrays.items()}
    with np.errstate(all="ignore"):
        return values_at(graph, arrays, wanted)


def _traced(run: Run, graph: Graph, row: int) -> Graph:
    """What the graph works out at a data point as given values, in forward order."""
    values = _values(run, graph, np.array([row]), [q.name for q in graph])
    return Graph(
        tuple(
            Quantity(name=q.name, axes=q.axes, role=q.role, value=values[q.name][0]) for q in graph
        )
    )


def _first_bad(graph: Graph, quantities: tuple[Quantity, ...], limit: float) -> str | None:
    """The first quantity with an entry that overflowed or is undefined, in words."""
    for quantity in quantities:
        if quantity.value is None:
            continue
        value = floats(quantity.value)
        bad = np.argwhere(~(np.abs(value) <= limit))
        if len(bad):
            slots = (int(at) + a.lower for at, a in zip(bad[0], quantity.axes, strict=True))
            entry = quantity.name + (f"[{','.join(map(str, slots))}]" if quantity.axes else "")
            undefined = np.isnan(value[tuple(bad[0])])
            return f"{entry} {'became undefined (NaN)' if undefined else 'overflowed'}"
    return None
