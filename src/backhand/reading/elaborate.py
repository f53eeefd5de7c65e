"""From a formula on the page to an index-notation expression, name by name and product by product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from typing import Literal, cast

from backhand.compositions import COMPOSED_AS, COMPOSITIONS
from backhand.errors import BackhandError, LimitError, MeaningError, Place
from backhand.expr import (
    Expr,
    Index,
    Ref,
    Slot,
    add,
    apply,
    compare,
    constant,
    mul,
    number,
    padded,
    power,
    ref,
    substitute,
    total,
)
from backhand.functions import READ_AS, TABLE
from backhand.graph import Graph, Quantity, Role, axes
from backhand.reading.tensors import (
    Tensor,
    axis,
    by_entry,
    entries_sum,
    flipped,
    folded_product,
    folds,
    is_plain,
    layer_of_one,
    over,
    product,
    single_column,
    squeezed,
    stacked,
)
from backhand.syntax import (
    Call,
    Entry,
    Flipped,
    Formula,
    Minus,
    Name,
    Norm,
    Num,
    Over,
    Plus,
    Raised,
    Rows,
    Sum,
    Test,
    Times,
    replaced,
)

MAX_CALLS = 10_000
"""How many calls of a page's own functions one formula may unfold to."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Names that mean something inside one formula only: arguments, and index letters."""

    arguments: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    letters: Mapping[str, Index] = field(default_factory=dict[str, Index])


@dataclass(slots=True)
class Elaborator:
    """What a page has defined so far, growing as its formulas are read in order."""

    quantities: dict[str, Quantity]
    functions: Mapping[str, tuple[tuple[str, ...], Formula]]
    notes: list[str] = field(default_factory=list[str])
    multiplied: set[str] = field(default_factory=set[str])
    """Matrices that were multiplied without a fold: they can't be folded any more."""
    calls: int = 0

    # ---- names ---------------------------------------------------------------------------------

    def whole(self, name: str) -> Tensor:
        """A known quantity with fresh axes."""
        own = tuple(axis(a) for a in self.quantities[name].axes)
        return Tensor(ref(name, *own), own, text=name)

    def name(self, found: Name, scope: Scope) -> Tensor:
        """What a name stands for: an argument, a quantity, an entry `a_1`, or a constant."""
        spelled = found.name
        if spelled in scope.arguments:
            return scope.arguments[spelled]
        slots = self.subscript(spelled, scope)
        if spelled in self.quantities:
            if slots is not None and all(isinstance(s, int) for s in slots[1]):
                raise MeaningError(
                    f"{spelled} is a name of its own and also an entry of {slots[0]}",
                    f"write {slots[0]}[{spelled.rpartition('_')[2]}] for the entry",
                    found.place,
                )
            return self.whole(spelled)
        if slots is not None:
            return self.entry(*slots, found.place)
        if spelled in ("pi", "e"):
            return Tensor(constant(spelled))
        if spelled in scope.letters:
            raise MeaningError(
                f"the index {spelled} stands where a number is needed",
                "an index may only number entries",
                found.place,
            )
        raise self.unknown(spelled, found.place)

    def unknown(self, name: str, place: Place | None) -> MeaningError:
        """The error for a name that nothing defines, with what may have been meant."""
        if name in self.functions or name in READ_AS or name in COMPOSED_AS:
            return MeaningError(f"{name} is a function", f"give it an argument: {name}(x)", place)
        known = sorted(self.quantities)
        close = get_close_matches(name, known, n=1)
        mend = f"did you mean {close[0]}? " if close else ""
        listed = ", ".join(known[:15]) or "none yet"
        return MeaningError(
            f"I don't know the name {name}", f"{mend}define it; the names are {listed}", place
        )

    def subscript(self, spelled: str, scope: Scope) -> tuple[str, tuple[Slot, ...]] | None:
        """`a_1`, `z_j` or `W_12` as an array and its slots, if the part before is a known array."""
        base, _, tail = spelled.rpartition("_")
        if not base or base not in self.quantities or self.quantities[base].rank == 0:
            return None
        rank = self.quantities[base].rank
        if tail.isdigit():
            if rank == 2 and len(tail) == 2:
                return base, (int(tail[0]), int(tail[1]))
            return (base, (int(tail),)) if rank == 1 else None
        if tail in scope.letters and rank == 1:
            return base, (scope.letters[tail],)
        return None

    def slots_of(self, found: Entry, scope: Scope) -> tuple[str, tuple[Slot, ...]]:
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
        base, slots = found.of.name, [self.slot(s, scope) for s in found.slots]
        readings: list[tuple[str, tuple[Slot, ...]]] = []
        if base in self.quantities and self.quantities[base].rank == len(slots):
            readings.append((base, tuple(slots)))
        if slots and isinstance(slots[0], int):
            layer = f"{base}_{slots[0]}"
            if layer in self.quantities and self.quantities[layer].rank == len(slots) - 1:
                readings.append((layer, tuple(slots[1:])))
        if len(readings) > 1:
            raise MeaningError(
                f"this is an entry of {readings[0][0]} or of {readings[1][0]}",
                f"write {readings[1][0]}[{','.join(map(str, readings[1][1]))}] with brackets",
                found.place,
            )
        if readings:
            return readings[0]
        if base not in self.quantities:
            raise self.unknown(base, found.place)
        raise MeaningError(
            f"{base} has {self.quantities[base].rank} axes and is given {len(slots)} entry numbers",
            "give one number for each axis, as in W[1,2]",
            found.place,
        )

    def slot(self, found: Formula, scope: Scope) -> Slot:
        """A number or an index letter between the brackets of an entry."""
        match found:
            case Num(Fraction() as value) if value.denominator == 1:
                return int(value)
            case Name(letter) if letter in scope.letters:
                return scope.letters[letter]
            case Name(letter):
                raise MeaningError(
                    f"I don't know the index {letter}",
                    f"put it on the left-hand side too, or sum over it: sum_{letter}",
                    found.place,
                )
            case _:
                raise MeaningError(
                    "an entry is numbered by a whole number or an index letter",
                    "write W[1,2] or W[j,k]",
                    found.place,
                )

    def entry(self, name: str, slots: Sequence[Slot], place: Place | None) -> Tensor:
        """An entry of a known array, a 1 before it where the index starts at 0."""
        quantity = self.quantities[name]
        last, own = slots[-1], quantity.axes[-1]
        if isinstance(last, Index) and last.lower == 0 and own.lower == 1:
            if last.size == own.size + 1 and quantity.rank == 1:
                return Tensor(padded(name, (last,), 1))
            if last.size == own.size:
                self.fold(name, place)
        for at, (slot, own) in enumerate(zip(slots, self.quantities[name].axes, strict=True), 1):
            if not own.covers(slot):
                shown = slot.name if isinstance(slot, Index) else slot
                raise MeaningError(
                    f"{name} has no entry number {shown} on axis {at}",
                    f"the numbers there are {own.lower} to {own.upper}",
                    place,
                )
        return Tensor(ref(name, *slots))

    # ---- formulas ------------------------------------------------------------------------------

    def tensor(self, found: Formula, scope: Scope) -> Tensor:
        """What a formula means. Errors carry the place of the smallest part that is wrong."""
        try:
            return self._tensor(found, scope)
        except BackhandError as error:
            raise error.at(found.place) from None

    def _tensor(self, found: Formula, scope: Scope) -> Tensor:
        match found:
            case Num(Fraction() as value):
                return Tensor(number(value))
            case Name():
                return self.name(found, scope)
            case Entry():
                return self.entry(*self.slots_of(found, scope), found.place)
            case Minus(of):
                return by_entry(partial(mul, -1), self.tensor(of, scope))
            case Plus(terms):
                return by_entry(add, *(self.tensor(term, scope) for term in terms))
            case Times(factors, sign):
                return self.times([self.tensor(f, scope) for f in factors], sign)
            case Over(top, bottom):
                return self.over(self.tensor(top, scope), self.tensor(bottom, scope))
            case Raised(base, exponent):
                return self.raised(base, exponent, scope)
            case Flipped(of):
                return flipped(self.tensor(of, scope))
            case Norm(of):
                return by_entry(partial(apply, "sqrt"), self.squares(of, scope))
            case Test(left, order, right):
                return self.test(self.tensor(left, scope), order, self.tensor(right, scope))
            case Call():
                return self.call(found, scope)
            case Sum():
                return self.sum(found, scope)
            case Rows(rows):
                return self.rows(rows, scope)
            case _:
                raise MeaningError(
                    f"a {type(found).__name__.lower()} can't stand inside a definition",
                    "define quantities from numbers, names, functions and sums",
                )

    def times(self, factors: Sequence[Tensor], sign: str) -> Tensor:
        """A product, from the right, so that W_2 W_1 x is two layers and not one matrix."""
        result = factors[-1]
        for left in reversed(factors[:-1]):
            result = self.pair(left, result, sign)
        return result

    def pair(self, left: Tensor, right: Tensor, sign: str) -> Tensor:
        """The product of two by the sign between them."""
        columns = left.rank == right.rank == 1 and not left.row and not right.row
        if sign == "⊙":
            return by_entry(mul, left, right)
        if sign == "*" and left.axes and right.axes:
            if left.rank != right.rank:
                raise MeaningError(
                    f"{left.named} * {right.named} multiplies {left.described} by {right.described}",
                    "write @ for the matrix product, ⊙ for entry by entry",
                )
            self.notes.append(f"I read {left.named} * {right.named} as a product entry by entry")
            return by_entry(mul, left, right)
        if sign == "·" and columns:
            self.notes.append(f"I read {left.named} · {right.named} as the sum of the products")
            return product(flipped(left), right)
        return self.matrix_product(left, right)

    def matrix_product(self, left: Tensor, right: Tensor) -> Tensor:
        """The matrix product; where the matrix has one column more, with the bias folded in."""
        if single_column(left, right):
            return layer_of_one(left, right)
        explicit = right.rank == 1 and right.axes[0].lower == 0
        if explicit and left.axes and left.axes[-1].size == right.axes[0].size:
            return product(self.folded(left), right)
        if folds(left, right):
            name, rank = self.vector_name(right), right.rank
            plain = self.folded(left)
            matrix = left.text
            self.note(
                f"{matrix} has one column more than {name} has entries: a 1 is put before {name}, "
                f"column 0 of {matrix} is the bias"
            )
            return folded_product(plain, name, rank)
        if left.rank and right.rank and left.axes[-1].lower == 0:
            raise MeaningError(
                f"{left.named} has its bias folded in elsewhere, so it can't multiply "
                f"{right.described} here",
                "use another matrix, or the same shapes in both places",
            )
        if is_plain(left) and left.rank == 2 and right.axes:
            self.multiplied.add(left.text)
        return product(left, right)

    def note(self, text: str) -> None:
        """Say how something was read, once."""
        if text not in self.notes:
            self.notes.append(text)

    def folded(self, left: Tensor) -> Tensor:
        """The same matrix with its columns counted from 0."""
        if left.axes[-1].lower == 0:
            return left
        if not is_plain(left) or self.quantities[left.text].definition is not None:
            raise MeaningError(
                f"{left.named} has one column more than the vector after it has entries, "
                "and is no given matrix",
                "give the matrix a name of its own, or make the sizes equal",
            )
        self.fold(left.text, None)
        again = self.whole(left.text)
        return replace(again, row=left.row)

    def fold(self, name: str, place: Place | None) -> None:
        """Count the last axis of a given quantity from 0: its first column is a bias."""
        quantity = self.quantities[name]
        if name in self.multiplied:
            raise MeaningError(
                f"{name} is used with its bias folded in and without",
                "use two matrices",
                place,
            )
        self.quantities[name] = replace(quantity, axes=axes(*quantity.shape, folded=True))

    def vector_name(self, vector: Tensor) -> str:
        """The name of a vector; one that has none gets one, so that a 1 can be put before it."""
        if is_plain(vector):
            return cast(Ref, vector.expr).name
        name = next(n for n in self._spare() if n not in self.quantities)
        own = axes(*(a.size for a in vector.axes))
        self.quantities[name] = Quantity(
            name=name, axes=own, role=Role.INTERMEDIATE, definition=over(vector, own)
        )
        self.note(f"I call {vector.text or 'the vector that is multiplied'} {name}")
        return name

    def _spare(self) -> Iterator[str]:
        number_ = 1
        while True:
            yield f"h_{number_}"
            number_ += 1

    def over(self, top: Tensor, bottom: Tensor) -> Tensor:
        """A quotient: by a number, or entry by entry."""
        return by_entry(lambda a, b: a / b, top, bottom)

    def raised(self, base: Formula, exponent: Formula, scope: Scope) -> Tensor:
        """A power: of a number, of every entry of a vector, or the square of a length."""
        if isinstance(base, Norm) and isinstance(exponent, Num) and exponent.value == 2:
            return self.squares(base.of, scope)
        below, above = self.tensor(base, scope), self.tensor(exponent, scope)
        if below.rank == 2:
            raise MeaningError(
                f"the power of the matrix {below.named} can be read in two ways",
                "write A @ A for the product, A ⊙ A for entry by entry",
            )
        return by_entry(power, below, above)

    def squares(self, of: Formula, scope: Scope) -> Tensor:
        """The sum of the squares of all entries."""
        return entries_sum(by_entry(_square, self.tensor(of, scope)))

    def test(self, left: Tensor, order: str, right: Tensor) -> Tensor:
        """1 where the comparison holds, else 0."""
        if order in ("<", "<="):
            left, right, order = right, left, order.replace("<", ">")
        wanted = cast(Literal[">", ">=", "="], order)
        return by_entry(lambda a, b: compare(a, wanted, b), left, right)

    def call(self, found: Call, scope: Scope) -> Tensor:
        """A function of the table, a composition, `sum` or `mean`, or a function of the page."""
        name = found.function
        if found.primes:
            raise MeaningError(
                f"{name}{chr(39) * found.primes} is a derivative",
                "define the function and ask for its derivative",
            )
        args = [self.tensor(arg, scope) for arg in found.args]
        if name in self.functions:
            return self.unfolded(name, args)
        if name in READ_AS:
            self.arity(name, len(args), TABLE[READ_AS[name]].arity)
            return by_entry(partial(apply, READ_AS[name]), *args)
        if name in COMPOSED_AS:
            self.arity(name, len(args), COMPOSITIONS[COMPOSED_AS[name]].arity)
            return composed(COMPOSED_AS[name], args)
        if name in ("sum", "mean") and len(args) == 1:
            whole = entries_sum(args[0])
            size = 1
            for own in args[0].axes:
                size *= own.size
            return whole if name == "sum" else by_entry(partial(mul, Fraction(1, size)), whole)
        close = get_close_matches(name, [*READ_AS, *COMPOSED_AS, *self.functions], n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise MeaningError(f"I don't know the function {name}", f"{hint}define it: {name}(x) = ...")

    def arity(self, name: str, given: int, wanted: int) -> None:
        """Raise unless a function has its number of arguments."""
        if given != wanted:
            raise MeaningError(
                f"{name} takes {wanted} argument{'s' if wanted != 1 else ''} and is given {given}",
                f"write {name}({', '.join('xyz'[:wanted])})",
            )

    def unfolded(self, name: str, args: Sequence[Tensor]) -> Tensor:
        """A function of the page with these arguments."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise LimitError(f"{name} calls functions over {MAX_CALLS} times", "define fewer")
        params, body = self.functions[name]
        self.arity(name, len(args), len(params))
        return self.tensor(body, Scope(dict(zip(params, args, strict=True))))

    def sum(self, found: Sum, scope: Scope) -> Tensor:
        """A sum over a letter; without bounds, over all that the letter numbers."""
        index = self.range_of(found, scope)
        inner = replace(scope, letters={**scope.letters, found.letter: index})
        body = self.tensor(found.body, inner)
        return replace(body, expr=total(index, body.expr), text="")

    def range_of(self, found: Sum, scope: Scope) -> Index:
        """The index of a sum with its range."""
        bounds = (found.lower, found.upper)
        if all(isinstance(b, Num) for b in bounds):
            low, high = (int(cast(Num, b).value) for b in bounds)
            if high < low:
                raise MeaningError(f"the sum over {found.letter} has no terms", "swap its bounds")
            return Index(f"∘{found.letter}{low}", low, high)
        used = self.used_range(found.letter, found.body)
        if used is None:
            raise MeaningError(
                f"I can't tell what {found.letter} runs over",
                f"write the bounds: sum_{{{found.letter}=1}}^{{3}}",
            )
        return used.named(f"∘{found.letter}")

    def used_range(self, letter: str, body: Formula) -> Index | None:
        """The range of a letter, from the axes that it numbers; `MeaningError` where they differ."""
        found: dict[tuple[int, int | str], str] = {}
        for name, at in self.numbered(letter, body):
            own = self.quantities[name].axes[at]
            found.setdefault((own.lower, own.upper), name)
        if len(found) > 1:
            (a, first), (b, second) = list(found.items())[:2]
            raise MeaningError(
                f"the index {letter} runs from {a[0]} to {a[1]} in {first} "
                f"and from {b[0]} to {b[1]} in {second}",
                f"write its bounds: sum_{{{letter}={max(a[0], b[0])}}}^{{...}}",
                body.place,
            )
        if not found:
            return None
        low, high = next(iter(found))
        return Index(letter, low, high)

    def numbered(self, letter: str, body: Formula) -> list[tuple[str, int]]:
        """The quantities, and which of their axes, that a letter numbers in a formula."""
        found: list[tuple[str, int]] = []

        def leaf(part: Formula) -> Formula | None:
            match part:
                case Entry(Name(base), slots):
                    layer = (
                        f"{base}_{slots[0].value}" if slots and isinstance(slots[0], Num) else ""
                    )
                    shift = 0 if base in self.quantities else 1
                    name = base if shift == 0 else layer
                    if name in self.quantities:
                        rank = self.quantities[name].rank
                        found.extend(
                            (name, at - shift)
                            for at, slot in enumerate(slots)
                            if slot == Name(letter) and 0 <= at - shift < rank
                        )
                case Name(spelled):
                    base, _, tail = spelled.rpartition("_")
                    known = self.quantities.get(base)
                    if tail == letter and known is not None and known.rank == 1:
                        found.append((base, 0))
                case _:
                    pass
            return None

        replaced(body, leaf)
        return found

    def rows(self, rows: Sequence[Sequence[Formula]], scope: Scope) -> Tensor:
        """A bracket: `[1; x]` is x with a 1 before it, else a vector or matrix of numbers."""
        items = [[self.tensor(item, scope) for item in row] for row in rows]
        match items:
            case [[Tensor(one, ())], [Tensor(_, (own,)) as vector]] if one is number(1):
                name = self.vector_name(vector)
                longer = axis(Index("", 0, own.size))
                return Tensor(padded(name, (longer,), 1), (longer,), text=f"[1; {name}]")
            case _:
                return stacked(items)


def _square(x: Expr) -> Expr:
    return power(x, 2)


def composed(name: str, args: Sequence[Tensor]) -> Tensor:
    """A composition on vectors or numbers, summed over the entries where it says so."""
    entry = COMPOSITIONS[name]
    if any(arg.rank > 1 for arg in args):
        raise MeaningError(f"{entry.text} is of vectors and is given a matrix", "give it a vector")

    shaped = [arg.axes[0] for arg in args if arg.axes]

    def over_entries(expr: Expr) -> Expr:
        if not shaped:
            return expr
        bound = axis(shaped[0])
        return total(bound, substitute(expr, {shaped[0]: bound}))

    found = by_entry(partial(entry.expand, over_entries), *args)
    if entry.gives == "scalar":
        return Tensor(found.expr)
    return squeezed(found)


def known_graph(graph: Graph) -> Elaborator:
    """An elaborator that knows a graph's quantities and functions."""
    return Elaborator({q.name: q for q in graph}, dict(graph.functions))
