"""Formulas as they stand on the page: trees of marks, unevaluated, in no notation yet.

The reader turns text into these, the writers turn these into LaTeX, Unicode, MathML and text, so
that what is written can be read back. `2 · 1 + 3 · 2` stays as it is written; nothing here computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any, ClassVar, Literal, TypeAlias, cast, get_args

from backhand.errors import Place

Font: TypeAlias = Literal["italic", "bold", "upright"]
Relation: TypeAlias = Literal["=", "≈", "∈", "←"]


@dataclass(frozen=True, slots=True)
class Num:
    """A number: exact as typed, or a rounded one with the digits that are to be shown."""

    value: Fraction | float
    text: str = field(default="", compare=False)
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its plain spelling (`W_1`, `yhat`, `theta`, `pi`); `font` is bold for a vector."""

    name: str
    font: Font = field(default="italic", compare=False)
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: `W_1[1, 2]`, and for data of many points `x^(i)[2]`; `of` is a name or a bracket."""

    of: Formula
    slots: tuple[Formula, ...] = ()
    point: Formula | None = None
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Partial:
    """A derivative as one sign: `∂J/∂W_1[1,2]`; `straight`: dy/dx, of one variable.

    `then`: what it is differentiated by further, for ∂²f/∂x∂y.
    """

    of: Formula
    by: Formula
    straight: bool = False
    place: Place | None = field(default=None, compare=False)
    then: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Derive:
    """The derivative of a formula that has no name: `d/dx(x² sin x)`, `∂²/∂x∂y(...)`."""

    of: Formula
    by: tuple[Formula, ...]
    straight: bool = False
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Minus:
    """A negated formula; as a term of `Plus` it is subtracted."""

    of: Formula
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Plus:
    """A sum of terms."""

    terms: tuple[Formula, ...]
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Times:
    """A product. `sign`: "" juxtaposed, "·" dotted, "*" starred, "@" of matrices, "⊙" by entries."""

    factors: tuple[Formula, ...]
    sign: Literal["", "·", "*", "@", "⊙"] = ""
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Over:
    """A fraction."""

    top: Formula
    bottom: Formula
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Raised:
    """A power."""

    base: Formula
    exponent: Formula
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Flipped:
    """A transpose."""

    of: Formula
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function on its arguments, by the name it was written with; `primes`: its derivative, g'(z)."""

    function: str
    args: tuple[Formula, ...]
    primes: int = 0
    place: Place | None = field(default=None, compare=False)
    font: Font = field(default="italic", compare=False)


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum over a letter; its range may be left to be found (`lower` and `upper` None)."""

    letter: str
    lower: Formula | None
    upper: Formula | None
    body: Formula
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Norm:
    """The Euclidean length of a vector."""

    of: Formula
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Test:
    """1 where the comparison holds, else 0: `[a > 0]`."""

    __test__: ClassVar[bool] = False  # no test class, though pytest would take it for one
    left: Formula
    order: Literal[">", ">=", "<", "<=", "="]
    right: Formula
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Rows:
    """A matrix by rows; one column is a vector. Entries may be whole blocks, as in `[1; x]`."""

    rows: tuple[tuple[Formula, ...], ...]
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Equal:
    """Sides joined by a relation: `a = b = c`, `≈` before a rounded one, `∈` before a space."""

    sides: tuple[Formula, ...]
    signs: tuple[Relation, ...]
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Space:
    """The space of real arrays of these sizes: R, R^2, R^{2×3}."""

    sizes: tuple[Formula, ...]
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Maps:
    """The signature of functions: `f, g: R^N × R → R`."""

    functions: tuple[Formula, ...]
    domain: tuple[Space, ...]
    codomain: Space
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """Plain words inside a formula."""

    text: str
    place: Place | None = field(default=None, compare=False)


Formula: TypeAlias = (
    Num
    | Name
    | Entry
    | Partial
    | Derive
    | Minus
    | Plus
    | Times
    | Over
    | Raised
    | Flipped
    | Call
    | Sum
    | Norm
    | Test
    | Rows
    | Equal
    | Space
    | Maps
    | Words
)

STRENGTH: dict[type[Formula], int] = {
    Equal: 0,
    Maps: 0,
    Plus: 1,
    Minus: 2,
    Sum: 2,
    Times: 3,
    Derive: 3,
    Over: 4,
    Raised: 5,
    Flipped: 5,
}
"""How tightly each kind binds; whatever isn't here is one unbreakable sign."""


def strength(formula: Formula) -> int:
    """How tightly a formula holds together: 0 for a relation, 9 for a single sign."""
    if isinstance(formula, Num):
        negative = formula.value < 0
        whole = not isinstance(formula.value, Fraction) or formula.value.denominator == 1
        return STRENGTH[Minus] if negative else 9 if whole or formula.text else STRENGTH[Over]
    return STRENGTH.get(type(formula), 9)


def counted(variables: Sequence[Formula]) -> list[tuple[Formula, int]]:
    """Neighbours that are equal gathered, each with its number: what stands below in ∂³f/∂x²∂y."""
    found: list[tuple[Formula, int]] = []
    for variable in variables:
        if found and found[-1][0] == variable:
            found[-1] = variable, found[-1][1] + 1
        else:
            found.append((variable, 1))
    return found


def replaced(formula: Formula, leaf: Callable[[Formula], Formula | None]) -> Formula:
    """The formula with each part for which `leaf` gives another replaced by that, outermost first."""
    new = leaf(formula)
    if new is not None:
        return new

    changed: dict[str, Any] = {}
    for name in _FIELDS[type(formula)]:
        value = getattr(formula, name)
        other = _inside(value, leaf)
        if other is not value:
            changed[name] = other
    return replace(formula, **changed) if changed else formula


def _inside(value: Any, leaf: Callable[[Formula], Formula | None]) -> Any:
    """A field with its formulas replaced; itself where none was."""
    if type(value) in _FIELDS:
        return replaced(value, leaf)
    if not isinstance(value, tuple):
        return value
    old = cast(tuple[Any, ...], value)
    new = tuple(_inside(item, leaf) for item in old)
    return old if all(a is b for a, b in zip(new, old, strict=True)) else new


_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind) if f.name not in ("place", "font", "text"))
    for kind in get_args(Formula)
}
"""The fields of each kind in which there may be formulas."""
