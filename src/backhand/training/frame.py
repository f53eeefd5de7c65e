"""The function that an emitted loop stands in: what it takes, where that lies, what it gives back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backhand.errors import AskError
from backhand.graph import Quantity
from backhand.slots import Index
from backhand.training.blocks import Block
from backhand.training.flat import Arrays, flattened
from backhand.training.nest import Nest, Stored
from backhand.training.optimizers import RATE, Optimizer
from backhand.training.program import Program, put, setting_name, settings_of, state_name
from backhand.training.spelling import Spelling, comment
from backhand.training.statements import Statement

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
    """Names and places of one function, filled by whoever writes the steps.

    `stored`: where everything lies; `exponential`: what works out e^x.
    """

    def __init__(self, program: Program, optimizer: Optimizer, plan: Plan) -> None:
        self.program, self.optimizer, self.plan = program, optimizer, plan
        self.settings = settings_of(optimizer, plan.l1, plan.l2)
        self.spelled = Spelling()
        self.stored: dict[str, Stored] = {}
        self.states = {
            state_name(s, p): program.graph[p] for p in program.parameters for s in optimizer.states
        }
        own = [*self.states, *map(setting_name, (*self.settings, *optimizer.runs, RATE, SCALE))]
        for name in own:
            if name in program.graph:
                raise AskError(f"{name} is training's own name", "call the quantity something else")
        self.nest = Nest(self.stored, self.spelled, plan.dtype)
        self.arrays = Arrays()
        self.exponential = "exp"
        for name in own[len(self.states) :]:
            self.stored[name] = Stored(self.spelled(name))

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

    def store(self, name: str, code: str, axes: Sequence[Index]) -> None:
        """Say that an array of these axes lies in the variable `code`."""
        self.stored[name] = Stored(code, tuple(axis.lower for axis in axes), base=name)
        self.arrays.axes[name] = tuple(axes)

    def flattened(self, one: Statement) -> Statement:
        """A statement with axes that always run together as one."""
        one = flattened(one, self.arrays)
        self.store_views()
        return one

    def store_views(self) -> None:
        """A variable for each view that has none yet."""
        for view, base in self.arrays.bases.items():
            if view not in self.stored:
                code = self.spelled.fresh(f"{self.stored[base].code}_flat")
                lowers = tuple(axis.lower for axis in self.arrays.axes[view])
                self.stored[view] = Stored(code, lowers, base=base)

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
            *(f"    {line}" for line in self._sizes()),
            *(f"    {line}" for line in _used([*room, *self._flat_views()], body)),
            *(f"    {code} = runs[{at}]" for at, code in runs),
            "    size = order.shape[1]",
            "    epoch, done = 0, size",
            "    for epoch in range(order.shape[0]):",
            "        total = losses[epoch]",
            *body.text(2),
            "        losses[epoch] = total",
            "        if done < size:",
            "            break",
            *(f"    {line}" for line in back),
            *(f"    runs[{at}] = {code}" for at, code in runs),
            "    return epoch, done",
        ]
        text = "\n".join(lines).replace("math.exp(", f"{self.exponential}(") + "\n"
        return "\n".join([*self._head(text), text])

    def _flat_views(self) -> list[str]:
        """The lines that make the second views."""
        lines: list[str] = []
        for view, base in self.arrays.bases.items():
            code, whole = self.stored[view].code, self.stored[base].code
            axes = self.arrays.axes[view]
            shape = [f"{whole}.shape[0]" if isinstance(a.upper, str) else str(a.size) for a in axes]
            lines.append(f"{code} = {whole}.reshape({', '.join(shape)})")
        return lines

    def _sizes(self) -> list[str]:
        """The lengths of loops, from the shapes of what is given."""
        known: dict[int, str] = {}
        for name in self.arguments:
            first = name in self.program.data
            for at, extent in enumerate(self.quantity(name).shape, first):
                known.setdefault(extent, f"{self.spelled(name)}.shape[{at}]")
        lines: list[str] = []
        for size, code in self.nest.sizes.items():
            near = min(known, key=lambda extent: abs(extent - size), default=size)
            other = f" {'-' if near > size else '+'} {abs(near - size)}" if near != size else ""
            lines.append(f"{code} = {known.get(near, '')}{other}".replace(" =  + ", " = "))
        return lines

    def _head(self, text: str) -> list[str]:
        modules = {"gemm": "blas", "exp": "exponential"}
        size = self.plan.batch_size
        points = "one point" if size == 1 else f"{size} points"
        return [
            f'"""Training by {self.optimizer.name}, {points} a step, as Backhand derived it."""',
            "",
            "import math",
            "",
            "import numpy as np",
            "",
            *(
                f"from backhand.training.{module} import {name}"
                for name, module in modules.items()
                if re.search(rf"(?<![\w.]){name}\(", text)
            ),
            "",
            f"real = np.{self.plan.dtype}",
            "",
            "",
        ]


def _used(room: Sequence[str], body: Block) -> list[str]:
    """The lines that make room, without those for what became a variable of the loop's own."""
    text = "\n".join(line for line in body.text(0) if not line.lstrip().startswith("#"))
    mentioned = set(re.findall(r"\w+", text))
    found: list[str] = []
    for line in reversed(room):
        makes, _, of = line.partition(" = ")
        if ("np.empty" in of or ".reshape(" in of) and makes not in mentioned:
            continue
        mentioned |= set(re.findall(r"\w+", of))
        found.insert(0, line)
    return found


def _plain(name: str) -> str:
    return comment(name)[2:].replace("\\", "").replace('"', "")


def indexed(code: str, before: Sequence[str], slots: Sequence[int], lowers: Sequence[int]) -> str:
    """An entry of an array in which positions count from 0; a number lies at position 0.

    >>> indexed("W", ("i",), (1, 0), (1, 0))
    'W[i, 0, 0]'
    """
    inner = [*before, *(str(s - low) for s, low in zip(slots, lowers, strict=True))]
    return f"{code}[{', '.join(inner or ['0'])}]"


def copied(source: str, target: str, shape: Sequence[int], padded: bool = False) -> list[str]:
    """The lines that copy entries; `source` and `target` are cut where their own places begin.

    `padded`: the target has a column of ones before them.

    >>> copied("x[i, ", "x_now[", (3,))
    ['for n0 in range(3):', '    x_now[n0] = x[i, n0]']
    """
    letters = [f"n{at}" for at in range(len(shape))]
    lines = [
        f"{'    ' * at}for {letter} in range({size}):"
        for at, (letter, size) in enumerate(zip(letters, shape, strict=True))
    ]
    places = [*letters[:-1], f"{letters[-1]} + 1"] if padded else letters
    into, out = f"{target}{', '.join(places)}]", f"{source}{', '.join(letters)}]"
    return [*lines, "    " * len(shape) + f"{into} = {out}".replace(", ]", "]")]
