"""Where a training run left the numbers: the step, and the first quantity that is none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.forward import trace
from backhand.errors import DivergenceError
from backhand.graph import Graph, Quantity
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
    for row in rows:
        point = {name: array[row] for name, array in run.data.arrays.items()}
        with np.errstate(all="ignore"):
            made = _traced(graph, point)
        found = _first_bad(made, made.quantities, limit)
        if found is not None:
            return DivergenceError(f"{found} in {where}, at row {row + 1} of the data", mend)
    return DivergenceError(f"{graph.objective} isn't finite in {where}", mend)


def _traced(graph: Graph, point: dict[str, Any]) -> Graph:
    """The graph with what it works out at a data point as given values, in forward order."""
    values = trace(graph.with_values(**point))
    quantities = tuple(
        Quantity(name=q.name, axes=q.axes, role=q.role, value=values[q.name])
        for q in graph
        if q.name in values
    )
    return Graph(quantities)


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
