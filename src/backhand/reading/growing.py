"""A graph that grows array by array, with names given by stems: a_1, z_1, a_2, ..."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from backhand.expr import names, ref
from backhand.graph import Quantity, Role, axes
from backhand.reading.arrays import Array, Shape, letters
from backhand.slots import Slot
from backhand.values import as_value


@dataclass(slots=True)
class Growing:
    """The quantities so far, in order.

    `objective`: the name that gets that role. `single`: whether each array's first axis is a batch
    of one, which its quantity then leaves out. `reserved`: names that no stem may come to.
    """

    objective: str = "J"
    single: bool = False
    reserved: frozenset[str] = frozenset()
    quantities: dict[str, Quantity] = field(default_factory=dict[str, Quantity])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def entered(
        self,
        name: str,
        shape: Shape,
        role: Role,
        *,
        value: NDArray[Any] | None = None,
        whole: bool = False,
    ) -> Array:
        """A given array under a name; `whole`: it has no axis for the batch, as a parameter has none.

        One that is there already is that same quantity.
        """
        kept = tuple(range(len(shape))) if whole else self._kept(shape)
        if name not in self.quantities:
            sizes = tuple(shape[axis] for axis in kept)
            numbers = None if value is None else as_value(value.reshape(sizes))
            made = Quantity(name=name, axes=axes(*sizes), role=role, value=numbers)
            self.quantities[name] = made
        return _through(name, shape, kept)

    def define(self, stem: str, array: Array, name: str = "") -> Array:
        """An array under a name of its own: the one given, or the next number of its stem."""
        name = name or self.free(stem)
        kept = self._kept(array.shape)
        own = letters(tuple(array.shape[axis] for axis in kept))
        at: list[Slot] = [1] * array.rank
        for axis, index in zip(kept, own, strict=True):
            at[axis] = index
        role = Role.OBJECTIVE if name == self.objective else Role.INTERMEDIATE
        self.quantities[name] = Quantity(
            name=name, axes=own, role=role, definition=array.entry(tuple(at))
        )
        return _through(name, array.shape, kept)

    def taken(self, name: str) -> bool:
        """Whether a name is another quantity's, or kept for one."""
        return name in self.quantities or name in self.reserved

    def free(self, stem: str) -> str:
        """The next number of a stem that makes a name of its own: a_1, a_2, ..."""
        while True:
            self.counts[stem] = self.counts.get(stem, 0) + 1
            name = f"{stem}_{self.counts[stem]}"
            if not self.taken(name):
                return name

    def used(self, last: Collection[str]) -> tuple[Quantity, ...]:
        """The quantities on which those named depend, and these, in order."""
        wanted = {name for name in last if name in self.quantities}
        for quantity in reversed(self.quantities.values()):
            if quantity.name in wanted and quantity.definition is not None:
                wanted |= names(quantity.definition)
        return tuple(q for q in self.quantities.values() if q.name in wanted)

    def _kept(self, shape: Shape) -> tuple[int, ...]:
        """The axes of an array that its quantity has; a vector of one entry is a number."""
        if not self.single or shape[:1] != (1,):
            return tuple(range(len(shape)))
        rest = tuple(range(1, len(shape)))
        return () if all(shape[axis] == 1 for axis in rest) else rest


def _through(name: str, shape: Shape, kept: tuple[int, ...]) -> Array:
    return Array(shape, lambda slots: ref(name, *(slots[axis] for axis in kept)))
