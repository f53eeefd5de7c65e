"""From a formula on the page to an index-notation expression, name by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from math import prod
from typing import cast

from backhand.compositions import COMPOSITIONS
from backhand.errors import BackhandError, LimitError, MeaningError, Place
from backhand.expr import (
    Expr,
    Index,
    Order,
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
from backhand.functions import ARRAYS_AS, COMPOSED_AS, READ_AS, TABLE
from backhand.graph import Graph, Quantity, Signature
from backhand.reading import matrix_functions, signatures, slopes
from backhand.reading.definitions import Macro
from backhand.reading.entries import entry, range_of, slots_of, subscript
from backhand.reading.products import array_name, times
from backhand.reading.tensors import (
    Tensor,
    axis,
    by_entry,
    entries_sum,
    flipped,
    in_words,
    squeezed,
    stacked,
)
from backhand.syntax import (
    Call,
    Derive,
    Entry,
    Flipped,
    Formula,
    Minus,
    Name,
    Norm,
    Num,
    Over,
    Partial,
    Plus,
    Raised,
    Rows,
    Sum,
    Test,
    Times,
)

MAX_NESTED = 150
"""How deep a formula may be nested, with the functions of the page put in."""
MAX_CALLS = 1_000
"""How many calls of a page's own functions its formulas may unfold to."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Names that mean something inside one formula only: arguments, and index letters."""

    arguments: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    letters: Mapping[str, Index] = field(default_factory=dict[str, Index])


@dataclass(slots=True)
class Elaborator:
    """What a page has defined so far, growing as its formulas are read in order.

    `notes`: how something was read, in order. `folds`: the given arrays that turned out to have
    their bias folded in. `reserved`: names that the page uses, `named`: vectors that got one here.
    `active`: the functions of the page that are being unfolded, outermost first.
    """

    quantities: dict[str, Quantity]
    functions: Mapping[str, Macro]
    signatures: Mapping[str, Signature] = field(default_factory=dict[str, Signature])
    reserved: set[str] = field(default_factory=set[str])
    notes: dict[str, None] = field(default_factory=dict[str, None])
    folds: set[str] = field(default_factory=set[str])
    named: dict[Expr, str] = field(default_factory=dict[Expr, str])
    active: list[str] = field(default_factory=list[str])
    calls: int = 0
    depth: int = 0

    def note(self, text: str) -> None:
        """Say how something was read, once."""
        self.notes.setdefault(text)

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
        if spelled in scope.letters:
            raise MeaningError(
                f"the index {spelled} stands where a number is needed",
                "an index may only number entries",
                found.place,
            )
        at = subscript(self, spelled, scope)
        if spelled in self.quantities:
            if at is not None and at[1] and all(isinstance(s, int) for s in at[1]):
                raise MeaningError(
                    f"{spelled} is a name of its own and also an entry of {at[0]}",
                    f"write {at[0]}[{spelled.rpartition('_')[2]}] for the entry",
                    found.place,
                )
            return self.whole(spelled)
        if at is not None:
            if len(at[1]) == 2:
                self.note(f"I read {spelled} as {at[0]}[{at[1][0]},{at[1][1]}]")
            return entry(self, *at, scope, found.place)
        if spelled == "pi" or spelled == "e":
            return Tensor(constant(spelled))
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

    def shape_in_words(self, name: str, scope: Scope) -> str:
        """The shape of an argument or a quantity, for errors."""
        if name in scope.arguments:
            return scope.arguments[name].described
        return in_words(self.quantities[name].extents)

    # ---- formulas ------------------------------------------------------------------------------

    def tensor(self, found: Formula, scope: Scope) -> Tensor:
        """What a formula means. Errors carry the place of the smallest part that is wrong."""
        self.depth += 1
        try:
            if self.depth > MAX_NESTED:
                raise LimitError(
                    f"formulas and functions are nested over {MAX_NESTED} deep",
                    "name a part of them",
                )
            return self._tensor(found, scope)
        except BackhandError as error:
            raise error.at(found.place) from None
        finally:
            self.depth -= 1

    def _tensor(self, found: Formula, scope: Scope) -> Tensor:
        match found:
            case Num(Fraction() as value):
                return Tensor(number(value))
            case Name():
                return self.name(found, scope)
            case Entry():
                return entry(self, *slots_of(self, found, scope), scope, found.place)
            case Minus(of):
                return by_entry(partial(mul, -1), self.tensor(of, scope))
            case Plus(terms):
                return by_entry(add, *(self.tensor(term, scope) for term in terms))
            case Times(factors, sign):
                return times(self, [self.tensor(f, scope) for f in factors], sign)
            case Over(top, bottom):
                return by_entry(_quotient, self.tensor(top, scope), self.tensor(bottom, scope))
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
            case Derive():
                return slopes.derived(self, found, scope)
            case Partial():
                return slopes.partial(self, found, scope)
            case Rows(rows):
                return self.rows(rows, scope)
            case _:
                raise MeaningError(
                    f"a {type(found).__name__.lower()} can't stand inside a definition",
                    "define quantities from numbers, names, functions and sums",
                )

    def raised(self, base: Formula, exponent: Formula, scope: Scope) -> Tensor:
        """A power: of a number, of every entry of a vector, or the square of a length."""
        if isinstance(base, Norm) and isinstance(exponent, Num) and exponent.value == 2:
            return self.squares(base.of, scope)
        below, above = self.tensor(base, scope), self.tensor(exponent, scope)
        if below.rank == 2:
            if isinstance(exponent, Num) and exponent.value == -1:
                return matrix_functions.inverse(self, below)
            raise MeaningError(
                f"the power of the matrix {below.named} can be read in two ways",
                "write A @ A for the product, A ⊙ A for entry by entry",
            )
        return by_entry(power, below, above)

    def squares(self, of: Formula, scope: Scope) -> Tensor:
        """The sum of the squares of all entries."""
        return entries_sum(by_entry(power, self.tensor(of, scope), Tensor(number(2))))

    def test(self, left: Tensor, order: str, right: Tensor) -> Tensor:
        """1 where the comparison holds, else 0."""
        if order in ("<", "<="):
            left, right, order = right, left, order.replace("<", ">")
        wanted = cast(Order, order)

        def compared(a: Expr, b: Expr) -> Expr:
            return compare(a, wanted, b)

        return by_entry(compared, left, right)

    def sum(self, found: Sum, scope: Scope) -> Tensor:
        """A sum over a letter; without bounds, over all that the letter numbers."""
        index = range_of(self, found, scope)
        inner = replace(scope, letters={**scope.letters, found.letter: index})
        body = self.tensor(found.body, inner)
        return replace(body, expr=total(index, body.expr), text="")

    def rows(self, rows: Sequence[Sequence[Formula]], scope: Scope) -> Tensor:
        """A bracket: `[1; x]` is x with a 1 before it, else a vector or matrix of numbers."""
        items = [[self.tensor(item, scope) for item in row] for row in rows]
        match items:
            case [[Tensor(one, ())], [Tensor(_, (own,), False) as vector]] if one is number(1):
                name = array_name(self, vector)
                longer = axis(Index("", 0, own.upper))
                return Tensor(padded(name, (longer,), 1), (longer,), text=f"[1; {name}]")
            case _:
                return stacked(items)

    # ---- functions -----------------------------------------------------------------------------

    def call(self, found: Call, scope: Scope) -> Tensor:
        """A function of the table, a composition, `sum` or `mean`, or a function of the page."""
        name = found.function
        args = [self.tensor(arg, scope) for arg in found.args]
        if found.primes:
            if len(args) != 1:
                raise MeaningError(
                    f"{name}' is of {len(args)} arguments, so it doesn't say by which",
                    "write ∂/∂x(...)",
                )
            value = self.tensor(replace(found, primes=0), scope)
            return slopes.primed(self, value, args[0], found.primes)
        if name in self.signatures and name not in self.functions:
            return signatures.value(self, name, args)
        if name in ARRAYS_AS:
            return matrix_functions.call(self, ARRAYS_AS[name], name, args)
        if name in self.functions:
            return self.unfolded(name, args)
        if name in READ_AS:
            _check_arity(name, len(args), TABLE[READ_AS[name]].arity)
            return by_entry(partial(apply, READ_AS[name]), *args)
        if name in COMPOSED_AS:
            _check_arity(name, len(args), COMPOSITIONS[COMPOSED_AS[name]].arity)
            return composed(COMPOSED_AS[name], args)
        if name in ("tr", "trace"):
            return matrix_functions.trace(args)
        if name == "diag":
            return matrix_functions.diagonal(args)
        if name in ("sum", "mean"):
            _check_arity(name, len(args), 1)
            whole = entries_sum(args[0])
            if name == "sum":
                return whole
            return Tensor(whole.expr / prod(own.size for own in args[0].axes))
        close = get_close_matches(name, [*READ_AS, *COMPOSED_AS, *self.functions], n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise MeaningError(f"I don't know the function {name}", f"{hint}define it: {name}(x) = ...")

    def unfolded(self, name: str, args: Sequence[Tensor]) -> Tensor:
        """A function of the page with these arguments."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise LimitError(f"{name} calls functions over {MAX_CALLS} times", "define fewer")
        if name in self.active:
            ring = " → ".join([*self.active[self.active.index(name) :], name])
            raise MeaningError(f"{ring} is defined in a circle", "define one by what is known")
        params, body = self.functions[name]
        _check_arity(name, len(args), len(params))
        self.active.append(name)
        try:
            return self.tensor(body, Scope(dict(zip(params, args, strict=True))))
        finally:
            self.active.pop()


def _quotient(top: Expr, bottom: Expr) -> Expr:
    return top / bottom


def _check_arity(name: str, given: int, wanted: int) -> None:
    """Raise unless a function has its number of arguments."""
    if given != wanted:
        letters = ", ".join("xyz"[at] if wanted < 4 else f"x_{at + 1}" for at in range(wanted))
        raise MeaningError(
            f"{name} takes {wanted} argument{'s' if wanted != 1 else ''} and is given {given}",
            f"write {name}({letters})",
        )


def composed(name: str, args: Sequence[Tensor]) -> Tensor:
    """A composition on vectors or numbers, summed over the entries where it says so."""
    entry = COMPOSITIONS[name]
    if any(arg.rank > 1 for arg in args):
        raise MeaningError(f"{entry.text} is of vectors and is given a matrix", "give it a vector")

    shaped = [arg.axes[0] for arg in args if arg.axes]
    if len(shaped) not in (0, len(args)):
        listed = " and ".join(f"{arg.named}, {arg.described}" for arg in args)
        raise MeaningError(f"{entry.text} compares {listed}", "give both the same shape")

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
    known = {q.name: q for q in graph}
    return Elaborator(known, graph.functions, graph.signatures, set(known))
