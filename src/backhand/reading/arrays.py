"""Operations on whole arrays, as equations of their entries: the pieces that networks are made of.

Each takes arrays and gives the one of its result. Shapes broadcast as in NumPy. What an entry is stays a
formula: a convolution is a sum over positions `x[c, 2i + k - 2]`, which count as 0 outside the
array, and a reshape is a change of positions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import count, product
from math import prod
from string import ascii_lowercase
from typing import TypeAlias

from backhand.errors import LimitError, MeaningError
from backhand.expr import ZERO, Expr, add, apply, mul, number, power, ref, same, total
from backhand.graph import AXES, axes
from backhand.slots import Index, Slot, affine, linear, reach

Shape: TypeAlias = tuple[int, ...]
Entry: TypeAlias = Callable[[tuple[Slot, ...]], Expr]
"""From entry numbers, all from 1, to the formula of that entry."""


@dataclass(frozen=True, slots=True)
class Array:
    """An array given by a formula for its entries; arithmetic is entry by entry, and broadcasts."""

    shape: Shape
    entry: Entry

    @property
    def rank(self) -> int:
        """Its number of axes."""
        return len(self.shape)

    def apply(self, function: str) -> Array:
        """A function of the table at each entry."""
        return Array(self.shape, lambda slots: apply(function, self.entry(slots)))

    def __add__(self, other: Array | Expr | int) -> Array:
        return _each(self, other, lambda a, b: a + b)

    def __sub__(self, other: Array | Expr | int) -> Array:
        return _each(self, other, lambda a, b: a - b)

    def __mul__(self, other: Array | Expr | int) -> Array:
        return _each(self, other, lambda a, b: a * b)

    def __truediv__(self, other: Array | Expr | int) -> Array:
        return _each(self, other, lambda a, b: a / b)

    def __pow__(self, other: Array | Expr | int) -> Array:
        return _each(self, other, power)

    def largest(self, other: Array | Expr | int) -> Array:
        """The larger of two, entry by entry."""
        return _each(self, other, lambda a, b: apply("max", a, b))

    def least(self, other: Array | Expr | int) -> Array:
        """The smaller of two, entry by entry."""
        return _each(self, other, lambda a, b: apply("min", a, b))


def _each(left: Array, right: Array | Expr | int, of: Callable[[Expr, Expr], Expr]) -> Array:
    other = right if isinstance(right, Array) else scalar(right)
    shape = broadcast(left.shape, other.shape)
    a, b = spread(left, shape), spread(other, shape)
    return Array(shape, lambda slots: of(a.entry(slots), b.entry(slots)))


def named(name: str, shape: Shape) -> Array:
    """The array of a quantity."""
    return Array(shape, lambda slots: ref(name, *slots))


def scalar(value: Expr | int) -> Array:
    """One number."""
    one = number(value) if isinstance(value, int) else value
    return Array((), lambda slots: one)


def letters(shape: Shape) -> tuple[Index, ...]:
    """The axes of a definition; `LimitError` where there are more than letters."""
    if len(shape) > len(AXES):
        raise LimitError(f"an array has {len(shape)} axes", f"at most {len(AXES)} can be named")
    return axes(*shape)


_fresh = count()


def inner(sizes: Sequence[int]) -> tuple[Index, ...]:
    """Indices to sum over, whose names nothing else has."""
    return tuple(Index(f"·{next(_fresh)}", 1, size) for size in sizes)


def over(indices: Sequence[Index], body: Expr) -> Expr:
    """The sum of `body` over some indices."""
    for index in reversed(indices):
        body = total(index, body)
    return body


def broadcast(*shapes: Shape) -> Shape:
    """The common shape, as in NumPy; `MeaningError` where there is none."""
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    common = tuple(max(sizes) for sizes in zip(*padded, strict=True))
    if any(n not in (1, most) for own in padded for n, most in zip(own, common, strict=True)):
        raise MeaningError(f"arrays of the shapes {' and '.join(map(str, shapes))} don't fit")
    return common


def spread(array: Array, shape: Shape) -> Array:
    """The array repeated along its axes of size 1, and along new ones before them, to a shape."""
    if array.shape == shape:
        return array
    kept = len(shape) - array.rank

    def entry(slots: tuple[Slot, ...]) -> Expr:
        own = zip(array.shape, slots[kept:], strict=True)
        return array.entry(tuple(1 if size == 1 else slot for size, slot in own))

    return Array(shape, entry)


def summed(array: Array, along: Sequence[int], keep: bool = False) -> Array:
    """The sum along some axes; with `keep` they stay, with size 1."""
    sizes = [array.shape[axis] for axis in along]
    shape = tuple(
        1 if axis in along else size
        for axis, size in enumerate(array.shape)
        if keep or axis not in along
    )

    def entry(slots: tuple[Slot, ...]) -> Expr:
        indices = inner(sizes)
        rest = iter([s for axis, s in enumerate(slots) if not keep or axis not in along])
        at = [indices[along.index(a)] if a in along else next(rest) for a in range(array.rank)]
        return over(indices, array.entry(tuple(at)))

    return Array(shape, entry)


def matmul(left: Array, right: Array) -> Array:
    """The matrix product over the last two axes, the others broadcast."""
    a = left if left.rank > 1 else Array((1, *left.shape), lambda s: left.entry(s[1:]))
    b = right if right.rank > 1 else Array((*right.shape, 1), lambda s: right.entry(s[:-1]))
    batch = broadcast(a.shape[:-2], b.shape[:-2])
    if a.shape[-1] != b.shape[-2]:
        raise MeaningError(f"a product of {left.shape} and {right.shape} doesn't fit")
    a, b = spread(a, (*batch, *a.shape[-2:])), spread(b, (*batch, *b.shape[-2:]))
    rows, columns = a.shape[-2:-1] * (left.rank > 1), b.shape[-1:] * (right.rank > 1)

    def entry(slots: tuple[Slot, ...]) -> Expr:
        before = slots[: len(batch)]
        row = slots[len(batch)] if rows else 1
        column = slots[-1] if columns else 1
        (k,) = inner(a.shape[-1:])
        return total(k, mul(a.entry((*before, row, k)), b.entry((*before, k, column))))

    return Array((*batch, *rows, *columns), entry)


def einsum(equation: str, arrays: Sequence[Array]) -> Array:
    """A sum of products by Einstein's convention, `ij,jk->ik`; `MeaningError` for dots in it."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    if "." in left:
        raise MeaningError(f"the equation {equation!r} has dots", "write a letter for every axis")
    terms = left.split(",")
    own = sorted(letter for letter in set(left) - {","} if left.count(letter) == 1)
    result = right if arrow else "".join(own)
    sizes: dict[str, int] = {}
    for term, array in zip(terms, arrays, strict=True):
        for letter, size in zip(term, array.shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
    along = [letter for letter in sizes if letter not in result]

    def entry(slots: tuple[Slot, ...]) -> Expr:
        sums = inner([sizes[letter] for letter in along])
        at = dict(zip([*result, *along], [*slots, *sums], strict=True))
        wide = [spread(a, tuple(sizes[c] for c in t)) for t, a in zip(terms, arrays, strict=True)]
        factors = [a.entry(tuple(at[c] for c in t)) for t, a in zip(terms, wide, strict=True)]
        return over(sums, mul(*factors))

    return Array(tuple(sizes[letter] for letter in result), entry)


def chosen(array: Array, vectors: Array, axis: int) -> Array:
    """The entries that one-hot vectors, a row each, choose along an axis."""
    letters = ascii_lowercase[: array.rank]
    return einsum(
        f"Z{letters[axis]},{letters}->{letters.replace(letters[axis], 'Z')}", [vectors, array]
    )


def transposed(array: Array, order: Sequence[int]) -> Array:
    """Axis `at` of the result is axis `order[at]` of the array."""

    def entry(slots: tuple[Slot, ...]) -> Expr:
        return array.entry(tuple(slots[order.index(axis)] for axis in range(array.rank)))

    return Array(tuple(array.shape[axis] for axis in order), entry)


def moved(slot: Slot, factor: int, offset: int, axis: Index) -> Slot | None:
    """The position `factor · slot + offset` in an axis; None where it always lies outside."""
    terms, constant = linear(slot)
    return affine({i: factor * c for i, c in terms.items()}, factor * constant + offset, axis)


def piece(array: Array, axis: int, start: int, step: int, size: int) -> Array:
    """The entries `start, start + step, ...` along one axis, counted from 0."""
    whole = Index("", 1, array.shape[axis])

    def entry(slots: tuple[Slot, ...]) -> Expr:
        there = moved(slots[axis], step, start + 1 - step, whole)
        return ZERO if there is None else array.entry((*slots[:axis], there, *slots[axis + 1 :]))

    return Array((*array.shape[:axis], size, *array.shape[axis + 1 :]), entry)


def inside(array: Array, slots: Sequence[Slot]) -> Expr:
    """The entry at positions that may lie outside the array: 0 there.

    A quantity's own entries are 0 outside; those of a formula, such as x + 1 or a piece of x, are
    not, so a position that can leave the array is compared with those inside.
    """
    at: list[Slot] = []
    deltas: list[Expr] = []
    sums: list[Index] = []
    for slot, size in zip(slots, array.shape, strict=True):
        low, high = reach(slot)
        if low < 1 or high > size:
            sums += inner((size,))
            deltas.append(same(slot, sums[-1]))
            at.append(sums[-1])
        else:
            at.append(slot)
    return over(sums, mul(*deltas, array.entry(tuple(at))))


def padded(array: Array, before: Sequence[int], after: Sequence[int]) -> Array:
    """The array with zeros before and after, along its last axes."""
    first = array.rank - len(before)
    sizes = array.shape[first:]

    def entry(slots: tuple[Slot, ...]) -> Expr:
        moves = zip(slots[first:], before, sizes, strict=True)
        there = [moved(slot, 1, -zeros, Index("", 1, size)) for slot, zeros, size in moves]
        at = [slot for slot in there if slot is not None]
        return ZERO if len(at) < len(there) else inside(array, (*slots[:first], *at))

    wide = (size + b + a for size, b, a in zip(sizes, before, after, strict=True))
    return Array((*array.shape[:first], *wide), entry)


def joined(arrays: Sequence[Array], axis: int) -> Array:
    """The arrays one after another along an axis."""
    first = arrays[0].shape

    def entry(slots: tuple[Slot, ...]) -> Expr:
        terms: list[Expr] = []
        before = 0
        for array in arrays:
            there = moved(slots[axis], 1, -before, Index("", 1, array.shape[axis]))
            if there is not None:
                terms.append(inside(array, (*slots[:axis], there, *slots[axis + 1 :])))
            before += array.shape[axis]
        return add(*terms)

    size = sum(array.shape[axis] for array in arrays)
    return Array((*first[:axis], size, *first[axis + 1 :]), entry)


def place(slots: Sequence[Slot], shape: Shape) -> tuple[dict[Index, int], int]:
    """The number of an entry, counted row by row from 0, as coefficients and a number."""
    terms: dict[Index, int] = {}
    offset, stride = 0, 1
    for slot, size in zip(reversed(slots), reversed(shape), strict=True):
        own, constant = linear(slot)
        for index, coefficient in own.items():
            terms[index] = terms.get(index, 0) + stride * coefficient
        offset += stride * (constant - 1)
        stride *= size
    return terms, offset


def groups(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    """Runs of axes of two shapes that hold equally many entries, as short as can be."""
    found: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        left, right = ([i] if i < len(old) else []), ([j] if j < len(new) else [])
        i, j = i + len(left), j + len(right)
        while prod(old[a] for a in left) != prod(new[a] for a in right):
            if prod(old[a] for a in left) < prod(new[a] for a in right):
                left.append(i)
                i += 1
            else:
                right.append(j)
                j += 1
        found.append((left, right))
    return found


def reshaped(array: Array, shape: Shape) -> Array:
    """The same entries, row by row, in another shape."""
    if prod(shape) != prod(array.shape):
        raise MeaningError(f"{array.shape} has not as many entries as {shape}")
    runs = groups(array.shape, shape)

    def entry(slots: tuple[Slot, ...]) -> Expr:
        at: list[Slot] = [1] * array.rank
        sums: list[Index] = []
        deltas: list[Expr] = []
        for old, new in runs:
            wide = [axis for axis in old if array.shape[axis] > 1]
            terms, offset = place([slots[a] for a in new], tuple(shape[a] for a in new))
            if not wide:
                continue
            run = Index("", 1, prod(array.shape[a] for a in wide))
            there = affine(terms, offset + 1, run)
            assert there is not None
            if len(wide) == 1:
                at[wide[0]] = there
                continue
            own = inner([array.shape[axis] for axis in wide])
            sums += own
            for axis, index in zip(wide, own, strict=True):
                at[axis] = index
            mine, constant = place(own, tuple(array.shape[a] for a in wide))
            here = affine(mine, constant + 1, run)
            assert here is not None
            deltas.append(same(there, here))
        return over(sums, mul(*deltas, array.entry(tuple(at))))

    return Array(shape, entry)


def largest(x: Array, along: Sequence[int]) -> Array:
    """The largest entry along some axes, which stay with size 1."""
    shape = tuple(1 if axis in along else size for axis, size in enumerate(x.shape))

    def entry(slots: tuple[Slot, ...]) -> Expr:
        ranges = [
            range(1, size + 1) if axis in along else (slots[axis],)
            for axis, size in enumerate(x.shape)
        ]
        return first_largest([x.entry(at) for at in product(*ranges)])

    return Array(shape, entry)


def first_largest(entries: Sequence[Expr]) -> Expr:
    """The largest, whose derivative goes to the first of those that are equal."""
    return reduce(lambda most, entry: apply("max", entry, most), entries)
