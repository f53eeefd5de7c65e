"""One operation of an exported PyTorch program, and the tables in which operations are entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol, TypeAlias

from backhand.errors import MeaningError
from backhand.expr import Expr, number
from backhand.graph import Role
from backhand.reading import layers
from backhand.reading.arrays import Array, scalar

STORAGE = {"dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking", "copy",
           "cudnn_enable", "cudnn_enabled", "sparse"}  # fmt: skip
"""Options that say how numbers are stored or worked out, which is nothing to a formula."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A tensor whose numbers are known when the program is read: a constant, a mask, a class.

    `name`: that of its quantity, should an equation need one. `batched`: whether its first axis
    counts the points, as an input's does.
    """

    name: str
    tensor: Any
    role: Role = Role.DATA
    batched: bool = False


class Page(Protocol):
    """Where quantities get their names."""

    def define(self, stem: str, array: Array) -> Array:
        """Name an array by a stem."""
        ...

    def enter(self, known: Known) -> Array:
        """A known tensor as a quantity, or as a number where all its entries are one."""
        ...

    def hot(self, known: Known, size: int, axis: int, without: int | None) -> Array:
        """Known whole numbers as one-hot vectors along a new axis; `without`: one that is all 0."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: its arguments by name, arrays in the place of tensors, in their order."""

    arguments: Mapping[str, Any]
    defaults: Mapping[str, Any]
    result: Any
    """What PyTorch says of the result: its shape and type."""
    page: Page
    looked_at: set[str] = field(default_factory=set[str])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(self.result.shape)

    def get(self, key: str | int) -> Any:
        """An argument by its name in PyTorch's schema, or its position; None where it has none."""
        name = list(self.arguments)[key] if isinstance(key, int) else key
        self.looked_at.add(name)
        return self.arguments.get(name)

    def array(self, key: str | int = 0) -> Array:
        """An argument as an array; a number is one of no axes."""
        found = self.option(key)
        return scalar(as_number(self.get(key))) if found is None else found

    def option(self, key: str | int) -> Array | None:
        """An argument as an array, or None where it is no tensor."""
        value = self.get(key)
        if isinstance(value, Known):
            return self.page.enter(value)
        return value if isinstance(value, Array) else None

    def arrays(self, key: str | int) -> list[Array]:
        """An argument that is a list of tensors."""
        return [self.page.enter(a) if isinstance(a, Known) else a for a in self.get(key)]

    def axis(self, key: str | int, rank: int) -> int:
        """The number of an axis, counted from the front."""
        return int(self.get(key)) % rank

    def unread(self) -> str | None:
        """An option that the meaning didn't look at although it isn't at its default."""
        for name, default in self.defaults.items():
            value = self.arguments[name]
            if name not in self.looked_at | STORAGE and value is not default and value != default:
                return f"{name}={value}" if isinstance(value, float | int | str) else name
        return None


Result: TypeAlias = "Array | tuple[Array, ...]"
Meaning: TypeAlias = Callable[[Call], Result]


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation means, and the letter of what it makes; no letter, no quantity of its own."""

    of: Meaning
    stem: str


Table: TypeAlias = dict[str, Operation]


def operation(table: Table, *names: str, stem: str = "h") -> Callable[[Meaning], Meaning]:
    """Enter what an operation means under its names in ATen."""

    def enter(meaning: Meaning) -> Meaning:
        table.update(dict.fromkeys(names, Operation(meaning, stem)))
        return meaning

    return enter


def as_number(value: object) -> Expr:
    """A Python number as an exact one."""
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        return layers.exact(value)
    raise MeaningError(f"{value} is not a number")


def each(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """One number for each axis."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * rank if len(values) == 1 else values


def additive(allowed: Any) -> Known:
    """A mask of truth values as what attention adds to its scores: 0 where allowed, −∞ where not."""
    return Known("mask", (~allowed).double().masked_fill(~allowed, -inf))
