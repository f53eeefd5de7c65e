"""What an ONNX operator sees of its node, and how it is entered in a table.

An operator gets its node and gives an array for each result; where the textbook names something on
the way, such as the mean in a layer normalisation, that becomes a quantity of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

from backhand.errors import ReadingError
from backhand.reading.arrays import Array


class Node(Protocol):
    """One node of an ONNX graph, as its operator sees it."""

    @property
    def operator(self) -> str:
        """The name of its operator."""
        ...

    @property
    def count(self) -> int:
        """How many inputs it has."""
        ...

    @property
    def outputs(self) -> int:
        """How many results are asked of it."""
        ...

    def has(self, at: int) -> bool:
        """Whether there is an input number `at`, from 0."""
        ...

    def array(self, at: int, stem: str = "") -> Array:
        """Input number `at`; a stored array read for the first time is named after `stem`."""
        ...

    def known(self, at: int) -> NDArray[Any]:
        """Input number `at`, which must be a constant."""
        ...

    def option(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        ...

    def define(self, stem: str, array: Array) -> Array:
        """A quantity with this array as its equation."""
        ...

    def store(self, stem: str, value: NDArray[Any]) -> Array:
        """A quantity of known numbers."""
        ...

    def refuse(self, why: str) -> ReadingError:
        """The error that names this node and says why it isn't read."""
        ...


Operator: TypeAlias = Callable[[Node], Sequence[Array]]


def entry(
    table: dict[str, Operator], name: str
) -> Callable[[Callable[[Node], Array]], Callable[[Node], Array]]:
    """Enter a function with one result in a table of operators."""

    def enter(function: Callable[[Node], Array]) -> Callable[[Node], Array]:
        table[name] = lambda node: (function(node),)
        return function

    return enter


def decimal(value: float) -> float:
    """A float32 as it was written where that was short: 0.1, and not the number next to it."""
    short = float(f"{value:.6g}")
    return short if abs(short - value) <= abs(value) * 2.0**-24 else value


def whole(node: Node, at: int) -> list[int]:
    """Input number `at`, which must be constant whole numbers."""
    return [int(each) for each in node.known(at).ravel()]


def axes_of(node: Node, rank: int) -> list[int]:
    """The axes of a node, an attribute in old files and an input in new ones; by default all."""
    given = whole(node, 1) if node.has(1) else node.option("axes")
    if not given:
        return [] if node.option("noop_with_empty_axes", 0) else list(range(rank))
    return sorted(int(axis) % rank for axis in given)
