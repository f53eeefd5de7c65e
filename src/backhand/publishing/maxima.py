"""Formulas and graphs as Maxima code, as STACK's question variables take it.

A vector is a matrix of one column, as STACK's matrix inputs give it. Every name of a graph gets a
variable of its own: `q__W_1` what is right, `s__W_1` what follows from a student's answers. A
student's formulas use the plain names `W_1_1_2`, so these are never assigned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from backhand.errors import BackhandError
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
    names,
)
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity, Value
from backhand.slots import Affine, Index, Slot, entries, linear

RIGHT, FOLLOWED = "q__", "s__"
"""The prefixes of what is right, and of what follows from a student's own answers."""
FUNCTIONS = {name: name for name in ("exp", "log", "sin", "cos", "tan", "abs", "sqrt", "max", "min",
                                     "erf", "tanh")}  # fmt: skip
"""The functions that Maxima has; another is written out by its formula."""
RESERVED = frozenset(("e", "i", "j", "pi", "d", "del", "if", "then", "else", "and", "or", "not", "for",
                      "do", "in", "from", "thru", "while", "unless", "step", "next", "true", "false",
                      "inf", "minf", "null", "all", "none", "und", "ind", "lambda", "block"))  # fmt: skip
"""Names that mean something else in STACK or Maxima."""
MAX_CODE = 20_000
"""The longest code of one quantity."""
MAX_SYMBOLS = 400
"""The most entries that a student's formulas may choose from."""
MAX_ENTRIES = 4_000
"""The most entries of a network whose numbers become a question's variables."""
_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_PARTIAL = re.compile(r"∂(.+)/∂(.+)")


class Inexpressible(BackhandError):  # noqa: N818  # it is said in a report, not raised to a user
    """What has no Maxima code."""


def identifier(name: str) -> str:
    """A name of a graph as Maxima takes it; different names give different identifiers.

    >>> identifier("W_1"), identifier("yhat"), identifier("e"), identifier("∂J/∂W_1")
    ('W_1', 'yhat', 'v__e', 'dJ__dW_1')
    """
    if name in RESERVED:
        return f"v__{name}"
    if _SAFE.fullmatch(name):
        return name
    found = _PARTIAL.fullmatch(name)
    if found and _SAFE.fullmatch(found[1]) and _SAFE.fullmatch(found[2]):
        return f"d{found[1]}__d{found[2]}"
    return f"u__x{name.encode().hex()}"


def entry_symbols(graph: Graph) -> dict[tuple[str, tuple[Slot, ...]], str]:
    """What a student types for each entry: `W_2[1,1]` as `W_2_1_1`; no two are the same.

    Raises `Inexpressible` where they are too many.
    """
    sizes = [q.size for q in graph if not any(isinstance(a.upper, str) for a in q.axes)]
    if sum(sizes) > MAX_SYMBOLS:
        raise Inexpressible("the model has too many entries to type")
    found: dict[tuple[str, tuple[Slot, ...]], str] = {}
    taken = {identifier(q.name) for q in graph}
    for quantity in graph:
        for slots in slots_of(quantity):
            plain = "_".join((identifier(quantity.name), *map(str, slots)))
            if slots and plain in taken:
                plain = f"{identifier(quantity.name)}__{'_'.join(map(str, slots))}"
            taken.add(plain)
            found[quantity.name, slots] = plain
    return found


def slots_of(quantity: Quantity) -> list[tuple[int, ...]]:
    """The entry numbers of a quantity, none for a scalar. `Inexpressible` where its size is a letter."""
    if any(isinstance(axis.upper, str) for axis in quantity.axes):
        raise Inexpressible(f"the size of {quantity.name} is a letter")
    return entries(quantity.axes)


def number_code(value: Fraction | float | int) -> str:
    """A number, exact where it is.

    >>> number_code(Fraction(-3, 4)), number_code(0.25), number_code(-1e-7)
    ('(-3/4)', '0.25', '(-1e-07)')
    """
    text = str(value) if isinstance(value, Fraction | int) else repr(float(value))
    return f"({text})" if text.startswith("-") or "/" in text else text


def value_code(value: Value) -> str:
    """A value as a number or a matrix. `Inexpressible` for three axes or more."""
    if value.ndim == 0:
        return number_code(value.item())
    if value.ndim > 2:
        raise Inexpressible("an array with three axes has no place in a matrix")
    rows = value.reshape(len(value), -1).tolist()
    return f"matrix({','.join('[' + ','.join(map(number_code, row)) + ']' for row in rows)})"


@dataclass
class Coder:
    """Expressions of one graph over variables with a prefix; `indices` names the letters in use.

    With `symbols` the entries are a student's letters, and nothing is turned into a decimal number.
    """

    graph: Graph
    prefix: str
    symbols: Mapping[tuple[str, tuple[Slot, ...]], str] | None = None
    indices: dict[Index, str] = field(default_factory=dict[Index, str])
    used: int = 0

    def variable(self, name: str) -> str:
        return self.prefix + identifier(name)

    def entry(self, name: str, slots: Sequence[Slot]) -> str:
        """An entry of a quantity; a position outside its axis counts as 0."""
        if self.symbols is not None:
            return self._symbol(name, slots)
        axes = self.graph[name].axes
        if len(axes) > 2:
            raise Inexpressible(f"{name} has three axes")
        if len(slots) != len(axes):
            raise Inexpressible(f"{name} is an array of several data points")
        at = [self._position(slot, axis.lower - 1) for slot, axis in zip(slots, axes, strict=True)]
        if not at:
            return self.variable(name)
        code = f"{self.variable(name)}[{','.join(at if len(at) == 2 else [*at, '1'])}]"
        for slot, axis, place in zip(slots, axes, at, strict=True):
            if isinstance(slot, Affine):
                code = f"(if {place} >= 1 and {place} <= {axis.size} then {code} else 0)"
        return code

    def _symbol(self, name: str, slots: Sequence[Slot]) -> str:
        assert self.symbols is not None
        if (name, tuple(slots)) not in self.symbols:
            raise Inexpressible(f"{name} has an entry that isn't named")
        return self.symbols[name, tuple(slots)]

    def _position(self, slot: Slot, less: int) -> str:
        terms, offset = linear(slot)
        parts = [
            self.indices[i] if c == 1 else f"({c})*{self.indices[i]}" for i, c in terms.items()
        ]
        if offset - less or not parts:
            parts.append(number_code(offset - less))
        return "+".join(parts)

    def code(self, expr: Expr) -> str:
        """An expression; raises `Inexpressible` for what Maxima has no word for."""
        try:
            made = self._code(expr)
        except RecursionError:
            raise Inexpressible("the formula is nested too deep") from None
        if len(made) > MAX_CODE:
            raise Inexpressible("the formula is too long")
        return made

    def _code(self, expr: Expr) -> str:
        match expr:
            case Number(value):
                return number_code(value)
            case Constant(name):
                return f"%{name}" if self.symbols is not None else f"float(%{name})"
            case Ref(name, slots):
                return self.entry(name, slots)
            case Padded(name, slots, rank) if len(slots) == 1:
                at = self._position(slots[0], 0)
                inner = f"{self.variable(name)}[{at},1]" if rank else self.variable(name)
                return f"(if {at} = 0 then 1 else {inner})"
            case Image("inv" | "det" as name, (of,), slots, ()):
                word = "invert" if name == "inv" else "determinant"
                at = ",".join(self._position(slot, 0) for slot in slots)
                return f"{word}({self.variable(of)})" + (f"[{at}]" if at else "")
            case Same(left, right):
                sides = f"{self._position(left, 0)} = {self._position(right, 0)}"
                return f"(if {sides} then 1 else 0)"
            case Total(index):
                return self._total(index, expr.args[0])
            case Add(args):
                return f"({'+'.join(map(self._code, args))})"
            case Mul(args):
                return "*".join(map(self._code, args))
            case Power((base, exponent)):
                return f"({self._code(base)})^({self._code(exponent)})"
            case Compare(order, (left, right)):
                return f"(if {self._code(left)} {order} {self._code(right)} then 1 else 0)"
            case Apply(name, args):
                return self._applied(name, args)
            case _:
                raise Inexpressible(f"Maxima has no word for {expr!r}")

    def _total(self, index: Index, body: Expr) -> str:
        if isinstance(index.upper, str):
            raise Inexpressible(f"the size {index.upper} is a letter")
        letter = self.letter(index)
        code = self._code(body)
        del self.indices[index]
        return f"sum({code},{letter},{index.lower},{index.upper})"

    def letter(self, index: Index) -> str:
        """A letter for an index, not in use elsewhere in this statement."""
        self.used += 1
        self.indices[index] = f"n__{self.used}"
        return self.indices[index]

    def _applied(self, name: str, args: tuple[Expr, ...]) -> str:
        if name == "identity":
            return self._code(args[0])
        if name in FUNCTIONS:
            inner = ",".join(map(self._code, args))
            plain = TABLE[name].rational or self.symbols is not None
            return f"{name}({inner})" if plain else f"float({name}({inner}))"
        formula = TABLE[name].formula
        if formula is None:
            raise Inexpressible(f"Maxima has no function {name}")
        return f"({self._code(formula(args[0]))})"

    def definition(self, quantity: Quantity) -> str:
        """A quantity's equation as a number or a matrix."""
        assert quantity.definition is not None
        if quantity.rank > 2 or any(isinstance(a.upper, str) for a in quantity.axes):
            raise Inexpressible(f"{quantity.name} is no number, vector or matrix")
        self.indices, self.used = {}, 0
        if not quantity.rank:
            return self.code(quantity.definition)
        letters: list[str] = []
        for axis in quantity.axes:
            self.used += 1
            letters.append(f"n__{self.used}")
            self.indices[axis] = letters[-1] if axis.lower == 1 else f"({letters[-1]}-1)"
        if quantity.rank == 1:
            self.used += 1
            letters.append(f"n__{self.used}")
        sizes = (*quantity.shape, 1)[:2]
        body = self.code(quantity.definition)
        return f"genmatrix(lambda([{','.join(letters)}],{body}),{sizes[0]},{sizes[1]})"


def needed(graph: Graph, *wanted: str) -> set[str]:
    """The names that go into some quantities, themselves included."""
    found = set(wanted)
    for quantity in reversed(graph.quantities):
        if quantity.name in found and quantity.definition is not None:
            found |= names(quantity.definition)
    return found


def statements(
    graph: Graph, prefix: str, wanted: set[str], instead: Mapping[str, str] | None = None
) -> list[str]:
    """An assignment a line for the quantities in `wanted`, each after those it uses.

    `instead`: code that takes a quantity's place, with `{}` for its own. What is given keeps the
    variables of what is right.
    """
    coder = Coder(graph, prefix)
    lines: list[str] = []
    if sum(q.size for q in graph if q.name in wanted and q.value is not None) > MAX_ENTRIES:
        raise Inexpressible("the network is too large for a question's variables")
    for quantity in graph:
        if quantity.name not in wanted:
            continue
        if quantity.value is not None:
            code = (
                value_code(quantity.value) if prefix == RIGHT else RIGHT + identifier(quantity.name)
            )
        elif quantity.definition is not None:
            code = coder.definition(quantity)
        else:
            raise Inexpressible(f"{quantity.name} has no value")
        if instead and quantity.name in instead:
            code = instead[quantity.name].replace("{}", code)
        lines.append(f"{coder.variable(quantity.name)}: {code};")
    return lines
