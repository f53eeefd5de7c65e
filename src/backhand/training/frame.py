"""The function that an emitted loop stands in: what it takes, where that lies, what it gives back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from backhand.graph import Quantity
from backhand.training.blocks import Block
from backhand.training.nest import Nest, Stored
from backhand.training.optimizers import RATE, Optimizer
from backhand.training.program import Program, put, setting_name, settings_of, state_name
from backhand.training.spelling import Spelling, comment

SCALE = "scale"
"""What a sum over a batch is multiplied by to give the mean."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for beside the equations: points a step, precision, penalties, what is cast."""

    batch_size: int = 1
    dtype: str = "float32"
    l1: bool = False
    l2: bool = False
    cast: frozenset[str] = frozenset()


class Frame:
    """Names and places of one function. `stored` is filled by whoever writes the steps."""

    def __init__(self, program: Program, optimizer: Optimizer, plan: Plan) -> None:
        self.program, self.optimizer, self.plan = program, optimizer, plan
        self.settings = settings_of(optimizer, plan.l1, plan.l2)
        self.spelled = Spelling()
        self.stored: dict[str, Stored] = {}
        self.states = {
            state_name(s, p): program.graph[p] for p in program.parameters for s in optimizer.states
        }
        self.nest = Nest(self.stored, self.spelled, plan.dtype)
        for name in (*self.settings, *optimizer.runs, RATE, SCALE):
            self.stored[setting_name(name)] = Stored(self.number(name))

    @property
    def arguments(self) -> list[str]:
        """What the function takes as arrays, in order."""
        p = self.program
        return [*p.data, *p.fixed, *p.parameters, *self.states]

    @property
    def changed(self) -> set[str]:
        """What a step changes."""
        return {*self.program.parameters, *self.states}

    def quantity(self, name: str) -> Quantity:
        """A quantity of the graph, or a state as the parameter that it belongs to."""
        return self.states[name] if name in self.states else self.program.graph[name]

    def lowers(self, name: str) -> tuple[int, ...]:
        """From where the axes of a quantity count."""
        return tuple(axis.lower for axis in self.quantity(name).axes)

    def number(self, setting: str) -> str:
        """The identifier of one of the optimiser's numbers."""
        return self.spelled(setting_name(setting))

    def put_runs(self, block: Block) -> None:
        """The next value of every running number."""
        for name, (_, after) in self.optimizer.runs.items():
            block.put(f"{self.number(name)} = {self.nest.value(put(after, {}), Block())}")

    def text(self, room: Sequence[str], body: Block, back: Sequence[str]) -> str:
        """The module: `room` comes before the steps, `back` after them."""
        given = [self.spelled(name) for name in self.arguments]
        heads = ["order", "rates", *given, "runs", *map(self.number, self.settings), "losses"]
        runs = [(at, self.number(name)) for at, name in enumerate(self.optimizer.runs)]
        lines = [
            f"def steps({', '.join(heads)}):",
            f'    """Add up {_plain(self.program.objective)} for each row of `order`;'
            ' give the rows done, and the points of the last."""',
            *(f"    {line}" for line in _used(room, body)),
            *(f"    {code} = runs[{at}]" for at, code in runs),
            "    size = order.shape[1]",
            "    epoch, done = 0, size",
            "    for epoch in range(order.shape[0]):",
            "        total = 0.0",
            *body.text(2),
            "        losses[epoch] += total",
            "        if done < size:",
            "            break",
            *(f"    {line}" for line in back),
            *(f"    runs[{at}] = {code}" for at, code in runs),
            "    return epoch, done",
        ]
        return "\n".join([*self._head(), *lines]) + "\n"

    def _head(self) -> list[str]:
        size = self.plan.batch_size
        points = "one point" if size == 1 else f"{size} points"
        return [
            f'"""Training by {self.optimizer.name}, {points} a step, as Backhand derived it."""',
            "",
            "import math",
            "",
            "import numpy as np",
            "",
            f"real = np.{self.plan.dtype}",
            "",
            "",
        ]


def _used(room: Iterable[str], body: Block) -> list[str]:
    """The lines that make room, without those for what became a variable of the loop's own."""
    text = "\n".join(line for line in body.text(0) if not line.lstrip().startswith("#"))
    mentioned = set(re.findall(r"\w+", text))
    return [line for line in room if "np.empty" not in line or line.split(" = ")[0] in mentioned]


def _plain(name: str) -> str:
    return comment(name)[2:].replace("\\", "").replace('"', "")


def entries(quantity: Quantity) -> list[tuple[int, ...]]:
    """The entry numbers of a quantity, the last running fastest."""
    return list(product(*(range(a.lower, a.lower + a.size) for a in quantity.axes)))


def entry_name(name: str, slots: Sequence[int]) -> str:
    """The name of an entry as a quantity of its own.

    >>> entry_name("W_1", (1, 2)), entry_name("b", ())
    ('W_1[1,2]', 'b')
    """
    return f"{name}[{','.join(map(str, slots))}]" if slots else name


def indexed(code: str, before: Sequence[str], slots: Sequence[int], lowers: Sequence[int]) -> str:
    """An entry of an array in which positions count from 0; a number lies at position 0.

    >>> indexed("W", ("i",), (1, 0), (1, 0))
    'W[i, 0, 0]'
    """
    inner = [*before, *(str(s - low) for s, low in zip(slots, lowers, strict=True))]
    return f"{code}[{', '.join(inner or ['0'])}]"
