"""Windows that slide over arrays of formulas: convolution and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from backhand.expr import ZERO, Expr, mul, same
from backhand.reading.arrays import Array, Shape, first_largest, inner, inside, over
from backhand.slots import Index, Slot, affine, linear


@dataclass(frozen=True, slots=True)
class Window:
    """A window that slides over the last axes of an array, a number for each of these axes."""

    kernel: Shape
    strides: Shape
    dilations: Shape
    before: Shape
    """Zeros put before the first entry."""
    after: Shape

    def positions(self, shape: Shape) -> Shape:
        """How many places it has over these axes."""
        ends = zip(shape, self.kernel, self.dilations, self.before, self.after, strict=True)
        reach = [size + b + a - d * (k - 1) - 1 for size, k, d, b, a in ends]
        return tuple(r // s + 1 for r, s in zip(reach, self.strides, strict=True))

    def slots(
        self, shape: Shape, places: Sequence[Slot], within: Sequence[Slot]
    ) -> tuple[Slot, ...] | None:
        """The entry at some place, `within` the window; None where that always lies outside."""
        found: list[Slot] = []
        for at, size in enumerate(shape):
            stride, dilation = self.strides[at], self.dilations[at]
            terms: dict[Index, int] = {}
            offset = 1 - stride - dilation - self.before[at]
            for slot, factor in ((places[at], stride), (within[at], dilation)):
                own, constant = linear(slot)
                offset += factor * constant
                for index, coefficient in own.items():
                    terms[index] = terms.get(index, 0) + factor * coefficient
            there = affine(terms, offset, Index("", 1, size))
            if there is None:
                return None
            found.append(there)
        return tuple(found)


def convolution(x: Array, kernel: Array, window: Window, channel_groups: int = 1) -> Array:
    """Convolution (cross-correlation, as networks have it) of x[n, c, ...] with kernel[m, c, ...].

    With groups, output channel m sees the input channels of its own group only.
    """
    spatial = x.shape[2:]
    outputs, per_group = kernel.shape[:2]
    per_output = outputs // channel_groups

    def entry(slots: tuple[Slot, ...]) -> Expr:
        point, output, *places = slots
        c, group, q, *within = inner((per_group, channel_groups, per_output, *window.kernel))
        there = window.slots(spatial, places, within)
        if there is None:
            return ZERO
        channel = affine({group: per_group, c: 1}, -per_group, Index("", 1, x.shape[1]))
        own = affine({group: per_output, q: 1}, -per_output, Index("", 1, outputs))
        assert channel is not None
        assert own is not None
        body = mul(kernel.entry((output, c, *within)), inside(x, (point, channel, *there)))
        if channel_groups == 1:
            return over((c, *within), body)
        return over((group, q, c, *within), mul(same(output, own), body))

    return Array((x.shape[0], outputs, *window.positions(spatial)), entry)


def average_pool(x: Array, window: Window) -> Array:
    """The mean over a window, zeros outside counted."""
    spatial = x.shape[2:]

    def entry(slots: tuple[Slot, ...]) -> Expr:
        within = inner(window.kernel)
        there = window.slots(spatial, slots[2:], within)
        found = ZERO if there is None else over(within, inside(x, (*slots[:2], *there)))
        return found / prod(window.kernel)

    return Array((*x.shape[:2], *window.positions(spatial)), entry)


def max_pool(x: Array, window: Window) -> Array:
    """The largest entry in a window that nowhere reaches outside."""
    spatial = x.shape[2:]

    def entry(slots: tuple[Slot, ...]) -> Expr:
        places = product(*(range(1, size + 1) for size in window.kernel))
        seen = [window.slots(spatial, slots[2:], within) for within in places]
        return first_largest([x.entry((*slots[:2], *there)) for there in seen if there is not None])

    return Array((*x.shape[:2], *window.positions(spatial)), entry)
