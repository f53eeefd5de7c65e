"""One expression as lines of Python inside a nest of loops, each part in the outermost loop it can.

A part that doesn't depend on the inner loop is worked out before it, once; a part that occurs twice
is worked out once. Positions count from 0 in the arrays, whatever they count from on the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from fractions import Fraction

from backhand.errors import LimitError
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Image,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Same,
    Total,
    mul,
    opened,
)
from backhand.functions import TABLE
from backhand.graph import AXES
from backhand.slots import Affine, Index, Slot, indices
from backhand.training.blocks import Block
from backhand.training.memory import LONG, SHORT, VECTOR, always_inside, extent, innermost_last
from backhand.training.spelling import Spelling, in_precision, literal


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a quantity lies: a local number, or an array with what its axes count from.

    `base`: the array of which it is a view, else its own name.
    """

    code: str
    lowers: tuple[int, ...] = ()
    base: str = ""

    @property
    def is_number(self) -> bool:
        return not self.lowers


CONSTANTS = {"pi": math.pi, "e": math.e}


class Nest:
    """Writes expressions into blocks. `stored`: where each quantity lies, by name."""

    def __init__(self, stored: Mapping[str, Stored], spelled: Spelling, dtype: str) -> None:
        self.stored = stored
        self.spelled = spelled
        self.dtype = dtype
        self.sizes: dict[int, str] = {}

    # ---- places --------------------------------------------------------------------------------

    def place(self, name: str, slots: Sequence[Slot], block: Block) -> str:
        """An entry as it is read or written."""
        stored = self.stored[name]
        if stored.is_number:
            return stored.code
        inner = [
            block.position(s, low)
            for s, low in zip(slots, stored.lowers, strict=len(slots) == len(stored.lowers))
        ]
        return f"{stored.code}[{', '.join(inner)}]"

    def base(self, name: str) -> str:
        """The array that a name stands for: its own, or that of which it is a view."""
        return self.stored[name].base or name if name in self.stored else name

    # ---- loops ---------------------------------------------------------------------------------

    def letter(self, like: str, block: Block) -> str:
        """A name for a loop's variable that no loop around it and nothing else has."""
        around = {each.variable for each in block.chain()}
        plain = like if like.isascii() and like.isalpha() else AXES[0]
        return self.spelled.letter((plain, *AXES, *(f"{plain}{n}" for n in range(2, 100))), around)

    def loop(
        self, index: Index, block: Block, written_out: int = SHORT
    ) -> AbstractContextManager[Block]:
        """A loop over the whole index inside `block`; see `size`."""
        name = self.letter(index.name, block)
        header = f"for {name} in range({self.size(index, written_out)}):"
        return block.inner(Block(block, index, name, header))

    def size(self, index: Index, written_out: int = SHORT) -> str:
        """How many turns a loop takes, as a name where it should run in vectors.

        `written_out`: up to so many it should be written out by the compiler instead.
        """
        if isinstance(index.upper, str):
            return index.upper
        if not written_out < index.size <= LONG:
            return str(index.size)
        # Did the compiler know it, it would write such a loop out first and then find no vectors.
        if index.size not in self.sizes:
            self.sizes[index.size] = self.spelled.fresh(f"n_{index.size}")
        return self.sizes[index.size]

    def clipped(
        self, index: Index, factors: Iterable[Expr], block: Block, written_out: int = SHORT
    ) -> AbstractContextManager[Block]:
        """A loop over the values at which every factor's position lies inside its axis."""
        firsts, lasts = ["0"], [self.size(index, written_out)]
        inside: set[tuple[Expr, Slot]] = set()
        for factor in factors:
            if not isinstance(factor, Ref):
                continue
            for slot in factor.slots:
                if not isinstance(slot, Affine) or index not in indices((slot,)):
                    continue
                if always_inside(slot):
                    continue
                if not set(indices((slot,))) - {index} <= block.bound:
                    continue
                first, last = self._span(index, slot, block)
                firsts.append(first)
                lasts.append(last)
                inside.add((factor, slot))
        if not inside:
            return self.loop(index, block, written_out)
        first = f"max({', '.join(dict.fromkeys(firsts))})"
        last = f"min({', '.join(dict.fromkeys(lasts))})"
        name = self.letter(index.name, block)
        header = f"for {name} in range({first}, {last}):"
        return block.inner(Block(block, index, name, header, inside=inside))

    def _span(self, index: Index, slot: Affine, block: Block) -> tuple[str, str]:
        """From where to where the variable keeps `lower <= position <= upper`."""
        coefficient = dict(slot.terms)[index]
        others = tuple(t for t in slot.terms if t[0] != index)
        rest = Affine(others, slot.offset + coefficient * index.lower, slot.lower, slot.upper)
        at = f"({block.position(rest, 0)})"
        low, high = f"({slot.lower} - {at})", f"({slot.upper} - {at})"
        if coefficient < 0:
            low, high = f"(-{high})", f"(-{low})"
        step = abs(coefficient)
        if step == 1:
            return low, f"{high} + 1"
        return f"-((-{low}) // {step})", f"{high} // {step} + 1"

    # ---- expressions ---------------------------------------------------------------------------

    def value(self, node: Expr, block: Block) -> str:
        """Code for the value of a node, with what it needs put into the blocks around it."""
        for each in block.chain():
            if node in each.made:
                return each.made[node]
        home = block.home(node)
        code = self._code(node, home, block)
        if home is not block and not code.isidentifier() and not _is_plain(node):
            code = self.named(code, home, node)
        return code

    def named(self, code: str, block: Block, node: Expr | None = None, like: str = "t") -> str:
        """A local variable for a piece of code."""
        name = code
        if not code.isidentifier():
            name = self.spelled.fresh(like)
            block.put(f"{name} = {code}")
        if node is not None:
            block.made[node] = name
        return name

    def _code(self, node: Expr, home: Block, block: Block) -> str:
        match node:
            case Number(value):
                return literal(value, self.dtype)
            case Constant(name):
                return literal(CONSTANTS[name], self.dtype)
            case Ref(name, slots):
                return self._entry(node, name, slots, home, block)
            case Padded(name, slots, rank):
                return self._padded(name, slots, rank, home)
            case Same(left, right):
                return self._same(left, right, home)
            case Add(args):
                return self._sum(args, home)
            case Mul(args):
                return self._product(args, home)
            case Power((base, exponent)):
                return self.named(self._power(base, exponent, home), home, node)
            case Compare(order, (left, right)):
                sign = "==" if order == "=" else order
                test = f"{self.value(left, home)} {sign} {self.value(right, home)}"
                return f"({literal(1.0, self.dtype)} if {test} else {literal(0.0, self.dtype)})"
            case Total():
                return self._total(node, home)
            case Apply("log", (Total(_, (Apply("exp", _),)) as below,)):
                return self._log_sum_exp(node, below, home)
            case Apply("log", (Add(args),)) if all(_is_exp(arg) for arg in args):
                return self._log_of_exponentials(node, args, home)
            case Apply(name, args):
                return self._applied(node, name, args, home)
            case Image(name):
                raise LimitError(
                    f"{name} of a whole matrix has no loop", "write it with sums over entries"
                )
            case _:
                raise TypeError(f"no loop for {type(node).__name__}")

    def _entry(
        self, node: Expr, name: str, slots: Sequence[Slot], home: Block, block: Block
    ) -> str:
        code = self.place(name, slots, home)
        tests = [
            test
            for slot in slots
            if isinstance(slot, Affine)
            and not always_inside(slot)
            and not any((node, slot) in each.inside for each in block.chain())
            for test in [f"{slot.lower} <= {home.position(slot, 0)} <= {slot.upper}"]
        ]
        if tests:
            return f"({code} if {' and '.join(tests)} else {literal(0.0, self.dtype)})"
        return code

    def _padded(self, name: str, slots: Sequence[Slot], rank: int, home: Block) -> str:
        at = home.position(slots[-1], 0)
        stored = self.stored[name]
        place = stored.code
        if not stored.is_number:
            pairs = zip(slots[: rank if rank else 0], stored.lowers, strict=True)
            place = f"{place}[{', '.join(home.position(s, low) for s, low in pairs)}]"
        # Position 0 would read the last entry, which the test then doesn't use.
        return f"({place} if {at} > 0 else {literal(1.0, self.dtype)})"

    def _same(self, left: Slot, right: Slot, home: Block) -> str:
        a, b = home.position(left, 0), home.position(right, 0)
        tests = [f"{a} == {b}"]
        tests += [
            f"{slot.lower} <= {home.position(slot, 0)} <= {slot.upper}"
            for slot in (left, right)
            if isinstance(slot, Affine)
        ]
        one, zero = literal(1.0, self.dtype), literal(0.0, self.dtype)
        return f"({one} if {' and '.join(tests)} else {zero})"

    def _by_home(self, args: Sequence[Expr], home: Block) -> list[tuple[Block, list[Expr]]]:
        """The arguments by the block in which each can be worked out, outermost first."""
        found: dict[int, tuple[Block, list[Expr]]] = {}
        for arg in args:
            place = home.home(arg)
            found.setdefault(len(place.chain()), (place, []))[1].append(arg)
        return [found[depth] for depth in sorted(found)]

    def _sum(self, args: Sequence[Expr], home: Block) -> str:
        parts: list[str] = []
        for place, group in self._by_home(args, home):
            here: list[str] = []
            for arg in group:
                minus, rest = _sign(arg)
                code = self.value(rest, place)
                here += ["-" if minus else "+", code if not isinstance(rest, Add) else f"({code})"]
            text = " ".join(here[1:] if here[0] == "+" else ["-" + here[1], *here[2:]])
            if place is not home and not all(map(_is_plain, group)):
                text = self.named(text, place)
            parts += ["+", text] if not text.startswith("-") else ["-", text[1:]]
        return "(" + " ".join(parts[1:] if parts[0] == "+" else ["-" + parts[1], *parts[2:]]) + ")"

    def _product(self, args: Sequence[Expr], home: Block) -> str:
        logs = [a for a in args if isinstance(a, Apply) and a.name == "log"]
        if logs and len(args) > 1:
            return self._times_log(args, logs[0], home)
        text = ""
        for place, group in self._by_home(args, home):
            over = [a for a in group if not _is_inverse(a)]
            under = [a.args[0] for a in group if _is_inverse(a)]
            factors = ([text] if text else []) + [self._factor(a, place) for a in over]
            minus = factors and factors[0] == literal(-1.0, self.dtype) and len(factors) > 1
            text = " * ".join(factors[1:] if minus else factors) or literal(1.0, self.dtype)
            text = f"-{text}" if minus else text
            for below in under:
                text = f"{text} / {self._factor(below, place)}"
            if place is not home and not all(map(_is_plain, group)):
                text = self.named(text, place)
        return text

    def _times_log(self, args: Sequence[Expr], log: Expr, home: Block) -> str:
        """0 · log 0 is 0: a class that can't be costs nothing."""
        rest = [a for a in args if a is not log]
        before = self.named(
            self._product(rest, home) if len(rest) > 1 else self.value(rest[0], home), home
        )
        zero = literal(0.0, self.dtype)
        return f"({zero} if {before} == {zero} else {before} * {self.value(log, home)})"

    def _factor(self, node: Expr, block: Block) -> str:
        code = self.value(node, block)
        return f"({code})" if isinstance(node, Mul) and " " in code else code

    def _power(self, base: Expr, exponent: Expr, home: Block) -> str:
        match exponent:
            case Number(value) if value == Fraction(1, 2):
                return f"math.sqrt({self.value(base, home)})"
            case Number(value) if value.denominator == 1 and 0 < abs(value.numerator) <= 4:
                code = self.named(self.value(base, home), home, base)
                product = " * ".join([code] * abs(value.numerator))
                return product if value > 0 else f"{literal(1.0, self.dtype)} / ({product})"
            case _:
                return f"{self.value(base, home)} ** {self._factor(exponent, home)}"

    def _applied(self, node: Expr, name: str, args: Sequence[Expr], home: Block) -> str:
        given = [self.named(self.value(arg, home), home, arg) for arg in args]
        line = TABLE[name].loop.format(*given, x=given[0])
        return self.named(in_precision(line, self.dtype), home, node)

    def _total(self, node: Total, home: Block) -> str:
        name = self.spelled.fresh("s")
        home.put(f"{name} = {literal(0.0, self.dtype)}")
        sums: list[Index] = []
        body: Expr = node
        while isinstance(body, Total):
            index, body = opened(body)
            sums.append(index)
        factors = body.args if isinstance(body, Mul) else (body,)
        most = SHORT if extent(sums) <= SHORT else VECTOR
        with ExitStack() as stack:
            inner = home
            for index in innermost_last(sums, factors):
                inner = stack.enter_context(self.clipped(index, factors, inner, most))
            inner.put(f"{name} += {self.value(body, inner)}")
        home.made[node] = name
        return name

    def _log_sum_exp(self, node: Expr, total: Total, home: Block) -> str:
        """log Σ e^u, shifted by the largest u so that nothing overflows."""
        top, sum_ = self.exponentials(total, home)
        return self.named(f"{top} + math.log({sum_})", home, node)

    def exponentials(
        self, total: Total, home: Block, keep: Callable[[Block], str] | None = None
    ) -> tuple[str, str]:
        """The largest u of Σ e^u and Σ e^(u − largest); `keep`: where to leave each e^(u − largest)."""
        top, sum_ = self.spelled.fresh("top"), self.spelled.fresh("s")
        home.put(f"{top} = {'' if self.dtype == 'float64' else 'real'}(-math.inf)")
        with self.loop(total.index, home) as first:
            first.put(f"{top} = max({top}, {self.value(total.args[0].args[0], first)})")
        home.put(f"{sum_} = {literal(0.0, self.dtype)}")
        with self.loop(total.index, home) as second:
            code = f"math.exp({self.value(total.args[0].args[0], second)} - {top})"
            if keep is not None:
                second.put(f"{keep(second)} = {code}")
                code = keep(second)
            second.put(f"{sum_} += {code}")
        return top, sum_

    def _log_of_exponentials(self, node: Expr, args: Sequence[Expr], home: Block) -> str:
        """The same where the sum is written out."""
        codes = [self.named(self.value(arg.args[0], home), home, arg.args[0]) for arg in args]
        most = codes[0]
        for code in codes[1:]:
            most = f"max({most}, {code})"
        top = self.named(most, home, like="top")
        parts = " + ".join(f"math.exp({code} - {top})" for code in codes)
        return self.named(f"{top} + math.log({parts})", home, node)


def _is_exp(node: Expr) -> bool:
    return isinstance(node, Apply) and node.name == "exp"


def _is_plain(node: Expr) -> bool:
    return isinstance(node, Number | Constant)


def _is_inverse(node: Expr) -> bool:
    match node:
        case Power((_, Number(value))):
            return value == -1
        case _:
            return False


def _sign(term: Expr) -> tuple[bool, Expr]:
    """Whether a term is subtracted, and what."""
    match term:
        case Mul((Number(value), *_)) if value < 0:
            return True, mul(-1, term)
        case Number(value) if value < 0:
            return True, mul(-1, term)
        case _:
            return False, term
