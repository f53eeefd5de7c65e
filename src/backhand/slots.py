"""What stands in an index position: a number, an index, or a sum of indices as in `x[2i + k - 2]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from backhand.errors import LimitError


@dataclass(frozen=True, slots=True)
class Index:
    """An index and its range, both ends included. A size may be a letter: `Index("i", 1, "N")`."""

    name: str
    lower: int
    upper: int | str

    @property
    def size(self) -> int:
        """How many values the index takes; `LimitError` while that is only a letter."""
        if isinstance(self.upper, str):
            raise LimitError(f"the size {self.upper} has no value here", "give the data first")
        return self.upper - self.lower + 1

    @property
    def extent(self) -> int | str:
        """Its size as a number or a letter: what has to agree where two axes meet."""
        if isinstance(self.upper, int):
            return self.upper - self.lower + 1
        return self.upper if self.lower == 1 else f"{self.upper}+{1 - self.lower}"

    def named(self, name: str) -> Index:
        """The same range under another name."""
        return Index(name, self.lower, self.upper)

    def covers(self, slot: Slot) -> bool:
        """Whether every value of `slot` lies in this range, or counts as 0 outside it."""
        if isinstance(slot, Affine):
            return self.lower <= slot.lower and slot.upper <= self.upper  # type: ignore[operator]
        if isinstance(self.upper, str) or (isinstance(slot, Index) and isinstance(slot.upper, str)):
            return isinstance(slot, Index) and (slot.lower, slot.upper) == (self.lower, self.upper)
        low, high = (slot.lower, slot.upper) if isinstance(slot, Index) else (slot, slot)
        return self.lower <= low and int(high) <= self.upper


@dataclass(frozen=True, slots=True)
class Affine:
    """A sum of indices with whole coefficients, as the position in an axis from `lower` to `upper`.

    An entry at a position outside that range counts as 0, so that a convolution's zero padding and
    the turned kernel of its derivative need no case of their own. Build with `affine`.
    """

    terms: tuple[tuple[Index, int], ...]
    offset: int
    lower: int
    upper: int


Slot: TypeAlias = int | Index | Affine


def affine(terms: Mapping[Index, int], offset: int, axis: Index) -> Slot | None:
    """The position `Σ coefficient · index + offset` in `axis`; None where it always lies outside.

    A position that is a lone index inside the axis, or a number, is given as that.

    >>> i, k, x = Index("i", 1, 3), Index("k", 1, 2), Index("p", 1, 4)
    >>> affine({i: 1, k: 1}, -1, x).offset, affine({i: 1}, 0, x), affine({}, 5, x)
    (-1, Index(name='i', lower=1, upper=3), None)
    """
    fixed = {i: c for i, c in terms.items() if i.lower == i.upper}
    offset += sum(i.lower * c for i, c in fixed.items())
    moving = {i: c for i, c in terms.items() if c and i not in fixed}
    match list(moving.items()):
        case [(index, 1)] if offset == 0 and axis.covers(index):
            return index
        case []:
            return offset if axis.covers(offset) else None
        case _:
            low, high = axis.lower, axis.lower + axis.size - 1
    least = offset + sum(c * (i.lower if c > 0 else int(i.upper)) for i, c in moving.items())
    most = offset + sum(c * (i.lower if c < 0 else int(i.upper)) for i, c in moving.items())
    if most < low or high < least:
        return None
    return Affine(tuple(sorted(moving.items(), key=lambda t: t[0].name)), offset, low, high)


def indices(slots: Iterable[Slot]) -> Iterator[Index]:
    """The indices that stand in the slots."""
    for slot in slots:
        if isinstance(slot, Index):
            yield slot
        elif isinstance(slot, Affine):
            yield from (index for index, _ in slot.terms)


def linear(slot: Slot) -> tuple[dict[Index, int], int]:
    """A slot as the coefficients of its indices, and the number beside them."""
    match slot:
        case int():
            return {}, slot
        case Index():
            return {slot: 1}, 0
        case Affine(terms, offset):
            return dict(terms), offset


def moved(slot: Slot, new: Mapping[Index, Slot]) -> Slot | None:
    """A slot with indices replaced; None where the position then lies outside its axis."""
    if isinstance(slot, Index):
        return new.get(slot, slot)
    if isinstance(slot, int):
        return slot
    terms: dict[Index, int] = {}
    offset = slot.offset
    for index, coefficient in slot.terms:
        inner, number = linear(new.get(index, index))
        offset += coefficient * number
        for each, factor in inner.items():
            terms[each] = terms.get(each, 0) + coefficient * factor
    return affine(terms, offset, Index("", slot.lower, slot.upper))


def solved(index: Index, left: Slot, right: Slot) -> Slot | None:
    """What `index` must be for `left = right`, as a position in its own range.

    None where it isn't alone with the coefficient 1 or -1, so that it can't be told, and where
    another index has values outside its range, or outside that of a position it is compared with.
    """
    terms, offset = linear(left)
    for each, coefficient in linear(right)[0].items():
        terms[each] = terms.get(each, 0) - coefficient
    offset -= linear(right)[1]
    own = terms.pop(index, 0)
    if abs(own) != 1:
        return None
    positions = [side for side in (left, right) if isinstance(side, Affine)]
    if not positions:
        other = right if left == index else left
        return other if index.covers(other) else None
    lower = max(position.lower for position in positions)
    upper = min(position.upper for position in positions)
    axis = index
    if index in (left, right):
        low, high = max(lower, index.lower), min(upper, index.lower + index.size - 1)
        axis = Index(index.name, low, high)
    elif not any(lower <= low and high <= upper for low, high in map(reach, (left, right))):
        return None
    return affine({each: -own * c for each, c in terms.items()}, -own * offset, axis)


def reach(slot: Slot) -> tuple[int, int]:
    """The least and the greatest value of a slot."""
    terms, offset = linear(slot)
    ends = [(c * i.lower, c * (i.lower + i.size - 1)) for i, c in terms.items()]
    return offset + sum(map(min, ends)), offset + sum(map(max, ends))


def entries(axes: Iterable[Index]) -> list[tuple[int, ...]]:
    """Every position of these axes, the last running fastest; `LimitError` where a size is a letter."""
    return list(product(*(range(axis.lower, axis.lower + axis.size) for axis in axes)))


def entry_name(name: str, slots: Iterable[int]) -> str:
    """An entry as it is typed; without positions the whole quantity.

    >>> entry_name("W_1", (1, 2)), entry_name("b", ())
    ('W_1[1,2]', 'b')
    """
    inside = ",".join(map(str, slots))
    return f"{name}[{inside}]" if inside else name
