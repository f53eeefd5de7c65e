"""A graph and an optimiser as one Python function that trains: readable, and compiled by Numba."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from backhand.graph import Graph
from backhand.training.batches import by_batch, is_mostly_products
from backhand.training.frame import Frame, Plan
from backhand.training.optimizers import Optimizer
from backhand.training.points import by_point
from backhand.training.program import derived


@dataclass(frozen=True, slots=True)
class Source:
    """A training function as Python: `steps(order, rates, ...)`, and what it takes after these.

    `data`: names with one entry a point, `fixed`: given once, `states`: (state, parameter) pairs,
    `runs`: numbers that change with every step, together in one array, `settings`: names of
    numbers; all in the order in which the function takes them, and last the array of the
    sums. `order` has a row for each epoch, `rates` a column for each step. A scalar
    that is given once or learned is an array of one entry.
    """

    text: str
    optimizer: str
    plan: Plan
    data: tuple[str, ...]
    fixed: tuple[str, ...]
    parameters: tuple[str, ...]
    states: tuple[tuple[str, str], ...]
    runs: tuple[str, ...]
    settings: tuple[str, ...]


def loop_source(
    graph: Graph, optimizer: Optimizer, data: Collection[str], plan: Plan, *, weighted: bool = False
) -> Source:
    """The training function of a graph; see `Source`.

    `data`: the quantities that differ from point to point; `weighted`: each point has a weight, a
    data quantity called `weight`. Raises `AskError` where there is nothing to minimise or to learn.

    >>> import backhand
    >>> from backhand.training.optimizers import optimizer
    >>> graph = backhand.model("w = 0; x = 1; y = 2; J = (w x - y)^2")
    >>> source = loop_source(graph, optimizer("sgd"), ["x", "y"], Plan(dtype="float64"))
    >>> print(next(line for line in source.text.splitlines() if "+=" in line and "w" in line))
                w_now += -2.0 * eta * (w_now * x_now - y_now) * x_now
    """
    frame = Frame(derived(graph, data, weighted), optimizer, plan)
    program = frame.program
    blas = plan.batch_size > 1 and is_mostly_products(frame)
    return Source(
        by_batch(frame) if blas else by_point(frame),
        optimizer.name,
        plan,
        program.data,
        program.fixed,
        program.parameters,
        tuple((s, p) for p in program.parameters for s in optimizer.states),
        tuple(optimizer.runs),
        frame.settings,
    )
