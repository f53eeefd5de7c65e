"""The statements of a page by what they do: define, declare a shape, or give a data point."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeAlias

from backhand.compositions import COMPOSED_AS
from backhand.errors import MeaningError, Place
from backhand.functions import READ_AS
from backhand.graph import Graph, Role
from backhand.reading.maths import Statement
from backhand.reading.names import WRITTEN_AS
from backhand.reading.positions import mentions
from backhand.reading.roles import TARGET
from backhand.syntax import Call, Entry, Equal, Formula, Name, Num, Space, replaced

Macro: TypeAlias = tuple[tuple[str, ...], Formula]
"""A function of the page: its parameters and its body."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One statement: `name`, the index letters of its left-hand side, and its other sides."""

    name: str
    letters: tuple[str, ...]
    sides: tuple[Formula, ...]
    place: Place


@dataclass(slots=True)
class Page:
    """The statements of a text, sorted by kind; `base` is the graph that they add to."""

    base: Graph
    definitions: dict[str, Definition] = field(default_factory=dict[str, Definition])
    functions: dict[str, Definition] = field(default_factory=dict[str, Definition])
    """By name; `letters` are the parameters."""
    spaces: dict[str, tuple[Space, Place]] = field(default_factory=dict[str, tuple[Space, Place]])
    points: dict[str, dict[int, Definition]] = field(
        default_factory=dict[str, dict[int, Definition]]
    )
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    declared: dict[str, Role] = field(default_factory=dict[str, Role])

    @classmethod
    def of(cls, found: Sequence[Statement], base: Graph) -> Page:
        """The page of these statements. Raises `MeaningError` for one that defines nothing."""
        page = cls(base)
        for statement in found:
            page._add(statement)
        page._functions_in_chains()
        page._functions_of_quantities()
        return page

    def macros(self) -> dict[str, Macro]:
        """The functions of the page, and those of the graph before it."""
        own = {name: (f.letters, f.sides[0]) for name, f in self.functions.items()}
        return {**self.base.functions, **own}

    def knows(self, name: str) -> bool:
        """Whether a name is a quantity of this page or of the graph before it."""
        own = name in self.definitions or name in self.spaces or name in self.points
        return own or name in self.base

    # ---- collecting ----------------------------------------------------------------------------

    def _add(self, statement: Statement) -> None:
        formula = statement.formula
        if not isinstance(formula, Equal) or len(formula.sides) < 2:
            raise MeaningError(
                "this defines nothing", "write name = formula, or name ∈ R^2", statement.place
            )
        if "≈" in formula.signs or "←" in formula.signs:
            sign = "≈" if "≈" in formula.signs else "←"
            raise MeaningError(f"{sign} defines nothing exactly", "write =", statement.place)
        left, *sides = formula.sides
        match left:
            case Call(name, params):
                self._function(name, params, sides, statement)
            case Entry(Name(name), (), Num(Fraction() as number)):
                self._point(name, int(number), sides, statement)
            case Entry(Name(name), slots, None) if all(isinstance(s, Name) for s in slots):
                letters = tuple(s.name for s in slots if isinstance(s, Name))
                self._define(name, letters, sides, statement)
            case Name(spelled):
                name, letters = without_index(spelled, sides[0])
                self._define(name, letters, sides, statement)
            case _:
                raise MeaningError(
                    "the left-hand side is no name",
                    "write a name, an entry such as a_j, or a function f(x)",
                    left.place or statement.place,
                )

    def _define(
        self, name: str, letters: tuple[str, ...], sides: Sequence[Formula], statement: Statement
    ) -> None:
        equations = [s for s in sides if not isinstance(s, Space)]
        for space in (s for s in sides if isinstance(s, Space)):
            before = self.spaces.setdefault(name, (space, statement.place))
            if before[0] != space:
                raise MeaningError(
                    f"{name} is declared in two shapes, first at {before[1]}",
                    "keep one of the two",
                    statement.place,
                )
        if equations:
            self._claim(name, statement.place)
            self.definitions[name] = Definition(name, letters, tuple(equations), statement.place)

    def _claim(self, name: str, place: Place) -> None:
        """Raise `MeaningError` where a name is defined before. A shape alone may get its value."""
        known = self.base[name] if name in self.base else None  # noqa: SIM401
        filled = known is not None and known.definition is None and known.value is None
        if name in self.places or (known is not None and not filled) or name in self.base.functions:
            before = self.places.get(name) or (known.place if known is not None else None)
            raise MeaningError(
                f"{name} is defined twice" + (f", first at {before}" if before else ""),
                "give one of the two another name",
                place,
            )
        self.places[name] = place

    def _point(
        self, name: str, number: int, sides: Sequence[Formula], statement: Statement
    ) -> None:
        each = self.points.setdefault(name, {})
        if number in each:
            raise MeaningError(
                f"data point {number} of {name} is given twice, first at {each[number].place}",
                "drop one of the two",
                statement.place,
            )
        if not each:
            self._claim(name, statement.place)
        each[number] = Definition(name, (), tuple(sides), statement.place)

    def _function(
        self, name: str, params: Sequence[Formula], sides: Sequence[Formula], statement: Statement
    ) -> None:
        spelled = [p.name for p in params if isinstance(p, Name)]
        if len(spelled) < len(params) or len(set(spelled)) < len(spelled):
            raise MeaningError(
                f"the arguments of {name} must be different names",
                f"write {name}(x) = ...",
                statement.place,
            )
        self._claim(name, statement.place)
        self.functions[name] = Definition(name, tuple(spelled), tuple(sides), statement.place)
        learned = before_semicolon(statement.source)
        if learned is not None:
            self.declared |= dict.fromkeys(spelled[:learned], Role.PARAMETER)
            for given in spelled[learned:]:
                self.declared[given] = Role.TARGET if TARGET.fullmatch(given) else Role.DATA

    def _functions_in_chains(self) -> None:
        """`y = f(x) = x^2` defines f on the way, where nothing else does."""
        for name, found in list(self.definitions.items()):
            sides = list(found.sides)
            for at, side in enumerate(found.sides[:-1]):
                if isinstance(side, Call) and self._is_new(side.function):
                    spelled = tuple(p.name for p in side.args if isinstance(p, Name))
                    if len(set(spelled)) == len(side.args):
                        self.functions[side.function] = Definition(
                            side.function, spelled, found.sides[at + 1 :], found.place
                        )
                        self.places[side.function] = found.place
                        sides.remove(side)
            self.definitions[name] = replace(found, sides=tuple(sides))

    def _is_new(self, function: str) -> bool:
        elsewhere = (self.functions, self.base.functions, READ_AS, COMPOSED_AS, WRITTEN_AS)
        return not any(function in names for names in elsewhere)

    def _functions_of_quantities(self) -> None:
        """ℓ(y, ŷ) = (y - ŷ)^2 defines the quantity ℓ, where y and ŷ are known ones."""
        chained = {d.place for d in self.definitions.values()}
        for name, found in self.functions.items():
            used = [p for p in found.letters if p in mentioned(found.sides[0])[0]]
            if used and all(map(self.knows, used)) and found.place not in chained:
                self.definitions[name] = Definition(name, (), found.sides, found.place)

    # ---- order ---------------------------------------------------------------------------------

    def in_order(self) -> Iterable[Definition]:
        """The definitions, each after those that it uses; `MeaningError` for a cycle."""
        macros = self.macros()
        state: dict[str, int] = {}
        for root in self.definitions:
            stack = [(root, iter(self._uses(root, macros)))] if root not in state else []
            state.setdefault(root, 1)
            while stack:
                name, rest = stack[-1]
                following = next((n for n in rest if state.get(n) != 2), None)
                if following is None:
                    state[name] = 2
                    stack.pop()
                    yield self.definitions[name]
                elif state.get(following) == 1:
                    ring = [n for n, _ in stack]
                    cycle = [*ring[ring.index(following) :], following]
                    raise MeaningError(
                        f"{' → '.join(cycle[:12])} is defined in a circle",
                        "define one of them by what is known",
                        self.places[following],
                    )
                else:
                    state[following] = 1
                    stack.append((following, iter(self._uses(following, macros))))

    def _uses(self, name: str, macros: Mapping[str, Macro]) -> list[str]:
        """The definitions of this page that a definition mentions, through functions too."""
        found: dict[str, None] = {}
        called: set[str] = set()
        pending = [mentioned(self.definitions[name].sides[0])]
        if len(self.definitions[name].sides) > 1:
            # W_1 = [W_{1,1,0} ...] = [numbers] is no use of itself.
            pending = [({n for n in pending[0][0] if n != name}, pending[0][1])]
        while pending:
            names, calls = pending.pop()
            found |= {n: None for n in sorted(names) if n in self.definitions}
            for call in calls - called:
                called.add(call)
                if call in macros:
                    params, body = macros[call]
                    inside = mentioned(body, frozenset(params))
                    pending.append(inside)
        return list(found)


def before_semicolon(source: str) -> int | None:
    """How many arguments stand before the `;` of J(W_1, W_2; y, x); None without one."""
    head = re.sub(r"\\[;,:!> ]", " ", source).partition("=")[0]
    depth = count = 0
    for sign in head:
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 1 and sign == ";":
            return count + 1
        count += depth == 1 and sign == ","
    return None


def mentioned(formula: Formula, but: frozenset[str] = frozenset()) -> tuple[set[str], set[str]]:
    """The names that a formula may mean, W_1 of `W_{1,1,2}` and a of `a_1` too, and its calls."""
    found: set[str] = set()
    calls: set[str] = set()

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Name(name) if name not in but:
                found.update({name, name.rpartition("_")[0]} - but)
            case Entry(Name(name), (Num(value), *_)) if name not in but:
                found.update({name, f"{name}_{value}"} - but)
            case Call(name):
                calls.add(name)
            case _:
                pass
        return None

    replaced(formula, leaf)
    return found, calls


def without_index(spelled: str, right: Formula) -> tuple[str, tuple[str, ...]]:
    """`z_j` on the left is the array z where j numbers entries on the right as well."""
    base, _, letter = spelled.rpartition("_")
    if not base or len(letter) != 1 or not letter.isalpha():
        return spelled, ()
    slots: list[bool] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Entry):
            slots.append(any(mentions(slot, letter) for slot in part.slots))
        elif isinstance(part, Name):
            slots.append(part.name.endswith(f"_{letter}"))
        return None

    replaced(right, leaf)
    return (base, (letter,)) if any(slots) else (spelled, ())
