"""Entries and index letters: what `a_1`, `W_{1,1,2}`, `W[j,k]` and the k of a sum stand for."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from backhand.errors import MeaningError, Place
from backhand.expr import ZERO, padded, ref, substitute
from backhand.reading.positions import position, positioned, range_within
from backhand.reading.products import fold
from backhand.reading.tensors import Tensor, axis
from backhand.slots import Affine, Index, Slot, affine
from backhand.syntax import Entry, Formula, Minus, Name, Num, Plus, Sum, Times, replaced

if TYPE_CHECKING:
    from backhand.reading.elaborate import Elaborator, Scope

MAX_DIGIT_INDEX = 9
"""W_12 is the entry (1,2) only where no row or column has a number of two digits."""


def axes_of(reader: Elaborator, name: str, scope: Scope) -> tuple[Index, ...] | None:
    """The axes of an argument or a quantity; None for a name that is neither."""
    if name in scope.arguments:
        return scope.arguments[name].axes
    return reader.quantities[name].axes if name in reader.quantities else None


def subscript(
    reader: Elaborator, spelled: str, scope: Scope
) -> tuple[str, tuple[Slot, ...]] | None:
    """`a_1`, `z_j` or `W_12` as an array and its slots, if the part before is a known array."""
    base, _, tail = spelled.rpartition("_")
    own = axes_of(reader, base, scope) if base else None
    if own is None:
        return None
    if tail.isdecimal() and len(own) == 2 and len(tail) == 2:
        small = all(
            isinstance(along.upper, int) and along.upper <= MAX_DIGIT_INDEX for along in own
        )
        return (base, (int(tail[0]), int(tail[1]))) if small else None
    if tail.isdecimal() and len(own) == 1:
        return base, (int(tail),)
    # A vector of one entry is a number, and its entry 1 is that number.
    if not own and tail == "1":
        return base, ()
    if tail in scope.letters and len(own) == 1:
        return base, (scope.letters[tail],)
    return None


def slots_of(reader: Elaborator, found: Entry, scope: Scope) -> tuple[str, tuple[Slot, ...]]:
    """An entry's array and slots; `W_{1,1,2}` is the entry (1,2) of W_1 where that is known."""
    if not isinstance(found.of, Name):
        raise MeaningError(
            "only an entry of a name can be taken", "give the bracket a name", found.place
        )
    if found.point is not None:
        raise MeaningError(
            "a data point's superscript (i) belongs into a mean over the points",
            "write J = 1/N sum_{i=1}^N ..., or leave the superscript out",
            found.place,
        )
    base, slots = found.of.name, tuple(slot(s, scope) for s in found.slots)
    readings: list[tuple[str, tuple[Slot, ...]]] = []
    own = axes_of(reader, base, scope)
    if own is not None and len(own) == len(slots):
        readings.append((base, slots))
    elif own == () and slots == (1,):
        readings.append((base, ()))
    if slots and isinstance(slots[0], int):
        layer = f"{base}_{slots[0]}"
        inside = axes_of(reader, layer, scope)
        if inside is not None and len(inside) == len(slots) - 1:
            readings.append((layer, slots[1:]))
    if len(readings) > 1:
        (first, _), (second, _) = readings
        shown = ",".join(
            s.name if isinstance(s, Name) else str(slot(s, scope)) for s in found.slots[1:]
        )
        raise MeaningError(
            f"this is an entry of {first} or of {second}",
            f"write {second}[{shown}] with brackets, or give one of them another name",
            found.place,
        )
    if readings:
        return readings[0]
    if own is None:
        raise reader.unknown(base, found.place)
    raise MeaningError(
        f"{base} is {reader.shape_in_words(base, scope)} and is given "
        f"{len(slots)} entry number{'s' if len(slots) != 1 else ''}",
        "give one number for each axis, as in W[1,2]",
        found.place,
    )


def slot(found: Formula, scope: Scope) -> Slot:
    """A number or an index letter between the brackets of an entry."""
    match found:
        case Num(Fraction() as value) if value.denominator == 1:
            return int(value)
        case Name(letter) if letter in scope.letters:
            return scope.letters[letter]
        case Plus() | Minus() | Times() if (at := position(found, scope.letters)) is not None:
            return at
        case Name(letter):
            raise MeaningError(
                f"I don't know the index {letter}",
                f"put it on the left-hand side too, or sum over it: sum_{letter}",
                found.place,
            )
        case _:
            raise MeaningError(
                "an entry is numbered by a whole number, an index letter or a sum of these",
                "write W[1,2], W[j,k] or x[2i + k - 1]",
                found.place,
            )


def entry(
    reader: Elaborator, name: str, slots: Sequence[Slot], scope: Scope, place: Place | None
) -> Tensor:
    """An entry of a known array; one with the number 0 says that a bias is folded in."""
    if any(isinstance(slot, Affine) for slot in slots):
        placed = _placed(slots, axes_of(reader, name, scope) or ())
        if placed is None:
            return Tensor(ZERO)
        slots = placed
    if name not in scope.arguments and slots:
        last, quantity = slots[-1], reader.quantities[name]
        first = last.lower if isinstance(last, Index) else last
        if first == 0 and quantity.axes[-1].lower == 1:
            size = quantity.axes[-1].extent
            longer = isinstance(last, Index) and isinstance(size, int) and last.extent == size + 1
            if longer and quantity.rank == 1:
                return Tensor(padded(name, (last,), 1))
            if quantity.definition is None:
                fold(reader, name)
    own = axes_of(reader, name, scope) or ()
    for at, (number, along) in enumerate(zip(slots, own, strict=True), 1):
        if not along.covers(number):
            shown = number if isinstance(number, int) else f"{number.lower} to {number.upper}"
            where = f"axis {at} of {name}" if len(own) > 1 else name
            raise MeaningError(
                f"{where} has no entry {shown}",
                f"the numbers there are {along.lower} to {along.upper}",
                place,
            )
    if name in scope.arguments:
        return Tensor(substitute(scope.arguments[name].expr, dict(zip(own, slots, strict=True))))
    return Tensor(ref(name, *slots))


def _placed(slots: Sequence[Slot], own: Sequence[Index]) -> tuple[Slot, ...] | None:
    """Sums of indices as positions in their axes; None where one always lies outside."""
    found = [
        affine(dict(slot.terms), slot.offset, along) if isinstance(slot, Affine) else slot
        for slot, along in zip(slots, own, strict=True)
    ]
    return None if None in found else tuple(slot for slot in found if slot is not None)


# ---- index letters -----------------------------------------------------------------------------


def range_of(reader: Elaborator, found: Sum, scope: Scope) -> Index:
    """The index of a sum: its bounds, or where they are left out all that its letter numbers."""
    low, high = _bound(reader, found.lower), _bound(reader, found.upper)
    if low is None or high is None:
        used = used_range(reader, found.letter, found.body, scope)
        if used is None:
            raise MeaningError(
                f"I can't tell what {found.letter} runs over",
                f"write the bounds: sum_{{{found.letter}=1}}^{{3}}",
                found.place,
            )
        low = used.lower if low is None else low
        high = used.upper if high is None else high
        if isinstance(found.upper, Name) and found.upper.name != high:
            reader.note(f"I read {found.upper.name}, the end of a sum, as {high}")
    if isinstance(high, int) and high < low:
        raise MeaningError(
            f"the sum over {found.letter} from {low} to {high} has no terms",
            "swap its bounds",
            found.place,
        )
    return axis(Index("", low, high))


def _bound(reader: Elaborator, bound: Formula | None) -> int | None:
    """A bound of a sum as a number; None where it is left out, or a letter without a value."""
    match bound:
        case None:
            return None
        case Num(Fraction() as value) if value.denominator == 1:
            return int(value)
        case Name(name) if name not in reader.quantities:
            return None
        case Name(name) if (value := reader.quantities[name].value) is not None and value.ndim == 0:
            if value.item() == int(value.item()):
                return int(value.item())
        case _:
            pass
    raise MeaningError(
        "a bound of a sum must be a whole number", "write sum_{k=1}^{3}", bound.place
    )


def used_range(reader: Elaborator, letter: str, body: Formula, scope: Scope) -> Index | None:
    """The range of a letter, from the axes that it numbers; `MeaningError` where they differ.

    Beside an array that counts from 0, one of the same size has its bias folded in. A letter that
    stands in sums of indices only runs as far as these stay inside their arrays.
    """
    alone = _range_alone(reader, letter, body, scope)
    plain = {name for name, _ in _numbered(reader, letter, body, scope)}
    # In x[i + 1] - x[i] both have to be inside; in x[i - 1] + b[i] the first may be padding.
    if alone is not None and not plain & positioned(letter, body):
        return alone

    def axes(name: str) -> tuple[Index, ...] | None:
        return axes_of(reader, name, scope)

    def other(name: str, inside: Formula) -> Index | None:
        if name in scope.letters:
            return scope.letters[name]
        plain = _range_alone(reader, name, inside, scope)
        if not isinstance(inside, Sum) or inside.letter != name:
            return plain
        bounds = _bound(reader, inside.lower), _bound(reader, inside.upper)
        return plain if None in bounds else Index(name, *(b for b in bounds if b is not None))

    within = range_within(letter, body, axes, other)
    if alone is None or within is None or isinstance(alone.upper, str):
        return alone or within
    return Index(letter, max(alone.lower, within.lower), min(alone.upper, int(within.upper)))


def _range_alone(reader: Elaborator, letter: str, body: Formula, scope: Scope) -> Index | None:
    """The range of a letter from the axes that it numbers by itself."""
    found: dict[Index, str] = {}
    for name, along in _numbered(reader, letter, body, scope):
        found.setdefault(along.named(letter), name)
    if len({along.extent for along in found}) > 1:
        (a, first), (b, second) = list(found.items())[:2]
        least = min(a.upper, b.upper, key=lambda size: (isinstance(size, str), size))
        raise MeaningError(
            f"the index {letter} runs from {a.lower} to {a.upper} in {first} "
            f"and from {b.lower} to {b.upper} in {second}",
            f"write its bounds: sum_{{{letter}={min(a.lower, b.lower)}}}^{{{least}}}",
            body.place,
        )
    return min(found, key=lambda along: along.lower) if found else None


def _numbered(
    reader: Elaborator, letter: str, body: Formula, scope: Scope
) -> list[tuple[str, Index]]:
    """The arrays, and their axes, that a letter numbers in a formula."""
    found: list[tuple[str, Index]] = []

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Entry(Name(name), slots):
                own = axes_of(reader, name, scope)
                if own is None or len(own) != len(slots):
                    first = slots[0] if slots else None
                    name = f"{name}_{first.value}" if isinstance(first, Num) else name
                    own, slots = axes_of(reader, name, scope), slots[1:]
                if own is not None and len(own) == len(slots):
                    pairs = zip(slots, own, strict=True)
                    found.extend((name, along) for s, along in pairs if s == Name(letter))
            case Name(spelled):
                base, _, tail = spelled.rpartition("_")
                own = axes_of(reader, base, scope)
                if tail == letter and own is not None and len(own) == 1:
                    found.append((base, own[0]))
            case _:
                pass
        return None

    replaced(body, leaf)
    return found
