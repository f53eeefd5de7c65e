"""Many steps of training as one function of JAX: gradient and updates, batch after batch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from backhand.expr import Expr, Ref, names, ref, rewrite
from backhand.graph import Graph, Quantity, Role
from backhand.training.array_program import Program
from backhand.training.batch_gradient import BatchGradient
from backhand.training.jax import evaluated
from backhand.training.jax_operations import Array, jax_module, run
from backhand.training.lowering import lowered
from backhand.training.optimizers import GRADIENT, PARAMETER, RATE, Optimizer, regular
from backhand.training.program import WEIGHT

NEXT = "′"
"""After a name: its value after the step."""
Arrays: TypeAlias = Mapping[str, Array]
Standing: TypeAlias = tuple[Arrays, Mapping[str, Arrays], Arrays]
"""What a step changes: the parameters, the optimiser's states for each of them, its running numbers."""


def update_program(optimizer: Optimizer, l1: bool, l2: bool, functions: Collection[str]) -> Program:
    """One update of every entry of a parameter: the entries are its batch, other numbers given once.

    Its outputs are the running numbers, the states and `w`, each with `NEXT` behind its name.

    >>> from backhand.training.optimizers import optimizer
    >>> made = update_program(optimizer("momentum"), False, True, ())
    >>> made.inputs, sorted(made.parameters), list(made.outputs)
    (('w', 'g', 'v'), ['eta', 'l2', 'momentum'], ['v′', 'w′'])
    """
    equations = {name: after for name, (_, after) in optimizer.runs.items()}
    equations[GRADIENT] = regular(ref(GRADIENT), l1, l2)
    equations |= {**optimizer.states, PARAMETER: optimizer.update}
    made, changed = list[Quantity](), set[str]()
    for name, equation in equations.items():
        after = _after(equation, changed)
        made.append(Quantity(name=name + NEXT, axes=(), role=Role.INTERMEDIATE, definition=after))
        changed.add(name)
    entries = (PARAMETER, GRADIENT, *optimizer.states)
    mentioned = {name for equation in equations.values() for name in names(equation)}
    given = [Quantity(name=name, axes=(), role=Role.DATA) for name in entries]
    given += [
        Quantity(name=name, axes=(), role=Role.PARAMETER, value=np.zeros(()))
        for name in sorted(mentioned - set(entries))
    ]
    outputs = [name + NEXT for name in equations if name != GRADIENT]
    return lowered(Graph((*given, *made)), outputs, (), functions)


def _after(equation: Expr, changed: Collection[str]) -> Expr:
    """An equation that reads the new value of what has changed before it."""

    def leaf(node: Expr) -> Expr | None:
        return ref(node.name + NEXT) if isinstance(node, Ref) and node.name in changed else None

    return rewrite(equation, leaf)


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps over batches, to be jitted.

    Called with what a step changes, `order` (steps, places): the points of each batch, `sizes`: how
    many of these count, `rates`: the learning rates, the data by name with the points as first axis,
    and the optimiser's numbers. Gives what has changed, and each step's sum of losses.
    """

    gradient: BatchGradient
    update: Program
    optimizer: Optimizer
    dtype: str

    def __call__(
        self,
        standing: Standing,
        order: Array,
        sizes: Array,
        rates: Array,
        data: Arrays,
        numbers: Arrays,
    ) -> tuple[Standing, Array]:
        def step(standing: Standing, batch: tuple[Array, Array, Array]) -> tuple[Standing, Array]:
            rows, size, rate = batch
            given = self._batch(data, rows, size)
            loss, slopes = evaluated(self.gradient, standing[0], given, self.dtype)
            after = self._updated(standing, slopes, {**numbers, RATE: rate})
            return after, loss * size.astype(self.dtype)

        scan: Callable[..., Any] = jax_module().lax.scan
        return scan(step, standing, (order, sizes, rates))

    def _batch(self, data: Arrays, rows: Array, size: Array) -> dict[str, Array]:
        """The data of a batch and its weights, whose sum makes the mean; places past `size` have 0."""
        jnp = jax_module().numpy
        given = {name: array[rows].astype(self.dtype) for name, array in data.items()}
        share = jnp.where(jnp.arange(len(rows)) < size, 1, 0) / size.astype(self.dtype)
        return given | {WEIGHT: given[WEIGHT] * share if WEIGHT in given else share}

    def _updated(self, standing: Standing, slopes: Arrays, numbers: Arrays) -> Standing:
        learned, states, runs = standing
        found: dict[str, dict[str, Array]] = {}
        for name, value in learned.items():
            own = {PARAMETER: value, GRADIENT: slopes[name], **{s: states[s][name] for s in states}}
            entries = {each: array.reshape(-1) for each, array in own.items()}
            found[name] = run(self.update, {**numbers, **runs}, entries, self.dtype)
        return (
            {p: found[p][PARAMETER + NEXT].reshape(learned[p].shape) for p in learned},
            {s: {p: found[p][s + NEXT].reshape(learned[p].shape) for p in learned} for s in states},
            {r: next(iter(found.values()))[r + NEXT] for r in runs},
        )
