"""One operation of an exported PyTorch program, and the tables in which operations are entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from backhand.expr import Expr, number
from backhand.reading import layers
from backhand.reading.arrays import Array, scalar


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: its arguments, arrays in the place of tensors, and what names its parts."""

    args: tuple[Any, ...]
    named: Mapping[str, Any]
    define: layers.Define
    shape: tuple[int, ...]

    def get(self, at: int, name: str, otherwise: Any = None) -> Any:
        """An argument by its position or its name."""
        if at < len(self.args):
            return self.args[at]
        return self.named.get(name, otherwise)

    def axis(self, at: int, name: str, rank: int, otherwise: int = 0) -> int:
        """The number of an axis, counted from the front."""
        return int(self.get(at, name, otherwise)) % rank

    def option(self, at: int, name: str) -> Array | None:
        """An argument that may be left out, as an array."""
        value = self.get(at, name)
        return value if isinstance(value, Array) else None

    def array(self, at: int = 0, name: str = "") -> Array:
        """An argument as an array; a number is one of no axes."""
        value = self.get(at, name)
        return value if isinstance(value, Array) else scalar(as_number(value))


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


def as_number(value: float) -> Expr:
    """A Python number as an exact one."""
    return number(value) if isinstance(value, int) else layers.exact(value)


def each(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """One number for each axis."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * rank if len(values) == 1 else values
