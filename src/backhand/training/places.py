"""The recorder of a program: arrays whose axes stand for indices, and where their entries go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.slots import Affine, Index, Slot, indices, linear
from backhand.training.array_program import Number, Step

BATCH = Index("•", 1, "•")
"""The axis of the data points, the first where an array has it."""
SOME = 64
"""Taken as the size of the batch where products are put in order."""
Positions: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Item:
    """A value of the program and the index that each of its axes stands for."""

    number: Number
    order: tuple[Index, ...]

    @property
    def batched(self) -> bool:
        """Whether it differs from data point to data point."""
        return self.order[:1] == (BATCH,)


@dataclass
class Places:
    """The steps so far. Every method adds what is needed and gives the result."""

    steps: list[Step] = field(default_factory=list[Step])
    _known: dict[Any, Item] = field(default_factory=dict[Any, Item])

    def add(
        self,
        operator: str,
        inputs: Iterable[Item],
        options: tuple[Any, ...],
        order: tuple[Index, ...],
        quantity: str = "",
    ) -> Item:
        """A step whose result has the axes `order`; the same step twice is one."""
        numbers = tuple(item.number for item in inputs)
        batched = order[:1] == (BATCH,)
        sizes = tuple(index.size for index in order[batched:])
        arrays = any(isinstance(option, np.ndarray) for option in options)
        key = None if arrays else (operator, numbers, options, sizes, batched)
        if key is not None and key in self._known:
            return Item(self._known[key].number, order)
        self.steps.append(Step(operator, numbers, options, sizes, batched, quantity))
        item = Item(len(self.steps) - 1, order)
        if key is not None:
            self._known[key] = item
        return item

    def call(self, item: Item, quantity: str) -> None:
        """Say which quantity a value is, unless it already is another."""
        step = self.steps[item.number]
        if not step.quantity:
            self.steps[item.number] = replace(step, quantity=quantity)

    def constant(self, value: NDArray[Any], order: tuple[Index, ...], quantity: str = "") -> Item:
        """Numbers that are always the same."""
        return self.add("constant", (), (np.asarray(value, dtype=float),), order, quantity)

    def never_zero(self, item: Item) -> bool:
        """Whether a value is a constant without a 0."""
        step = self.steps[item.number]
        return step.operator == "constant" and bool(np.all(step.options[0]))

    # ---- axes that meet ------------------------------------------------------------------------

    def turned(self, item: Item, axes: Sequence[Index]) -> Item:
        """The array over all of `axes`, in this order; one of size 1 where it had none."""
        kept = tuple(axis for axis in axes if axis in item.order)
        if kept != item.order:
            turn = tuple(item.order.index(axis) for axis in kept)
            item = self.add("transpose", (item,), (turn,), kept)
        new = tuple(at for at, axis in enumerate(axes) if axis not in kept)
        if not new:
            return item
        # A batch that isn't there stays away: what lacks it is the same for every point.
        shape = tuple(a if a in kept else Index(f"1{a.name}", 1, 1) for a in axes)
        return self.add("unsqueeze", (item,), (new,), shape)

    def together(self, operator: str, items: Sequence[Item], *options: Any) -> Item:
        """An operation entry by entry, two arrays at a time."""
        out = items[0]
        for item in items[1:]:
            axes = _batch_first((*out.order, *item.order))
            pair = [self._broadcast(each, axes) for each in (out, item)]
            out = self.add(operator, pair, options, axes)
        return out

    def _broadcast(self, item: Item, axes: tuple[Index, ...]) -> Item:
        """Turned as far as broadcasting needs: missing axes in front are no axes at all."""
        first = next((at for at, axis in enumerate(axes) if axis in item.order), len(axes))
        return self.turned(item, axes[first:])

    # ---- sums of products ----------------------------------------------------------------------

    def contracted(self, items: Sequence[Item], summed: Iterable[Index]) -> Item:
        """The sum over some indices of a product, two factors at a time, the smallest result first."""
        left: list[Item] = list(items)
        pending = set(summed)
        for at, item in enumerate(left):
            others = {i for n, each in enumerate(left) if n != at for i in each.order}
            left[at] = self.summed(item, [i for i in item.order if i in pending - others])
        while len(left) > 1:
            pairs = list(combinations(range(len(left)), 2))
            best = min(pairs, key=lambda pair: _cost(left, pair, pending))
            one, two = left[best[0]], left[best[1]]
            rest = [item for n, item in enumerate(left) if n not in best]
            elsewhere = {index for item in rest for index in item.order}
            rest.append(self._pair(one, two, pending - elsewhere))
            left = rest
        return left[0]

    def summed(self, item: Item, over: Sequence[Index]) -> Item:
        """The sums over some of an array's axes."""
        for index in over:
            at = item.order.index(index)
            order = item.order[:at] + item.order[at + 1 :]
            item = self.add("sum", (item,), (at,), order)
        return item

    def _pair(self, one: Item, two: Item, summed: set[Index]) -> Item:
        axes = _batch_first((*one.order, *two.order))
        if not summed & set(axes):
            return self.together("multiply", (one, two))
        if set(one.order) == set(two.order):
            product = self.together("multiply", (one, two))
            return self.summed(product, [i for i in product.order if i in summed])
        keep = tuple(axis for axis in axes if axis not in summed)
        labels = tuple(tuple(map(axes.index, order)) for order in (one.order, two.order, keep))
        return self.add("contract", (one, two), labels, keep)

    # ---- entries -------------------------------------------------------------------------------

    def picked(self, item: Item, lowers: Sequence[int], slots: Sequence[Slot]) -> Item:
        """The part of an array that the slots name, its axes counted from `lowers`."""
        first = len(item.order) - len(slots)
        left = [
            (slot, low, axis)
            for slot, low, axis in zip(slots, lowers, item.order[first:], strict=True)
            if not isinstance(slot, int)
        ]
        for at in reversed(range(len(slots))):
            slot = slots[at]
            if isinstance(slot, int):
                order = item.order[: first + at] + item.order[first + at + 1 :]
                item = self.add("pick", (item,), (first + at, slot - lowers[at]), order)
        every = [index for slot, _, _ in left for index in set(indices((slot,)))]
        if len(set(every)) < len(every):
            return self._gathered(item, first, left)
        for at in reversed(range(len(left))):
            slot, low, axis = left[at]
            if isinstance(slot, Index):
                item = self._along(item, first + at, slot, slot.lower - low, axis)
            else:
                item = self._gathered(item, first + at, [left[at]])
        return item

    def _along(self, item: Item, at: int, slot: Index, start: int, axis: Index) -> Item:
        """The entries of one axis at the values of an index."""
        order = (*item.order[:at], slot, *item.order[at + 1 :])
        if slot.size == axis.size:
            return Item(item.number, order)
        return self.add("slice", (item,), (at, start, slot.size), order)

    def _gathered(self, item: Item, at: int, slots: Sequence[tuple[Slot, int, Index]]) -> Item:
        """Entries at sums of indices, in the axes from `at` on; 0 where one lies outside."""
        end = at + len(slots)
        before, after = item.order[:at], item.order[end:]
        sizes = [axis.size for _, _, axis in slots]
        order = tuple(dict.fromkeys(indices(slot for slot, _, _ in slots)))
        where, inside = np.zeros((1,) * len(order), dtype=np.intp), np.array(True)
        for (slot, low, _), size in zip(slots, sizes, strict=True):
            position = _positions(slot, order)
            reach = (slot.lower, slot.upper) if isinstance(slot, Affine) else (low, low + size - 1)
            inside = inside & (reach[0] <= position) & (position <= reach[1])
            inside = inside & (low <= position) & (position < low + size)
            where = where * size + np.clip(position - low, 0, size - 1)
        shape = tuple(index.size for index in order)
        flat = Index("flat", 1, prod(sizes))
        if len(slots) > 1:
            merged = (*before, flat, *after)
            item = self.add("reshape", (item,), (_sizes(merged),), merged)
        taken = (*before, Index("taken", 1, prod(shape)), *after)
        item = self.add("take", (item,), (at, np.broadcast_to(where, shape).ravel()), taken)
        spread = (*before, *order, *after)
        if len(order) > 1:
            item = self.add("reshape", (item,), (_sizes(spread),), spread)
        if inside.all():
            return Item(item.number, spread)
        mask = np.broadcast_to(inside, shape).reshape(*shape, *(1,) * len(after))
        return self.add("mask", (item,), (mask,), spread)


def arranged(places: Places, item: Item, axes: tuple[Index, ...]) -> Item:
    """The array with exactly these axes, the batch before them where it has one."""
    wanted = (BATCH, *axes) if item.batched else axes
    out = places.turned(item, wanted)
    if set(item.order) == set(wanted):
        return out
    return places.add("spread", (out,), (tuple(axis.size for axis in axes),), wanted)


def _batch_first(order: Iterable[Index]) -> tuple[Index, ...]:
    axes = dict.fromkeys(order)
    return (BATCH, *(a for a in axes if a != BATCH)) if BATCH in axes else tuple(axes)


def _sizes(order: Sequence[Index]) -> tuple[int, ...]:
    return tuple(index.size for index in order if index != BATCH)


def _cost(items: Sequence[Item], pair: tuple[int, int], summed: set[Index]) -> int:
    """How many entries the product of a pair has, once what can be added up is."""
    rest = {i for n, item in enumerate(items) if n not in pair for i in item.order}
    own = {i for n in pair for i in items[n].order}
    kept = own - (summed - rest)
    return prod(SOME if index == BATCH else index.size for index in kept)


def _positions(slot: Slot, order: Sequence[Index]) -> Positions:
    """The values of a slot over the axes `order`, ready to broadcast."""
    terms, offset = linear(slot)
    found = np.full((1,) * len(order), offset, dtype=np.intp)
    for index, coefficient in terms.items():
        along = [index.size if each == index else 1 for each in order]
        counted = np.arange(index.lower, index.lower + index.size, dtype=np.intp)
        found = found + coefficient * counted.reshape(along)
    return found
