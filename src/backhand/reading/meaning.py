"""From formulas to a graph: what each definition defines, in which order, and what is given.

Definitions may stand in any order. A given quantity's role follows from `J(W; x, y)`, from a line
such as `parameters: A`, or else from its name; see `docs/conventions.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from backhand.errors import BackhandError, LimitError, MeaningError, Place
from backhand.expr import Index
from backhand.graph import Graph, Quantity, Role, Value, as_value, axes
from backhand.reading.elaborate import Elaborator, Scope, known_graph
from backhand.reading.maths import START, Known, Statement, defined_names, parse, statements
from backhand.reading.tensors import Tensor, over, squeezed
from backhand.syntax import (
    Call,
    Entry,
    Equal,
    Formula,
    Minus,
    Name,
    Num,
    Over,
    Plus,
    Raised,
    Rows,
    Space,
    Sum,
    Times,
    replaced,
)

MAX_ENTRIES = 10_000_000
"""How many numbers a page may give."""
ROLE_WORDS = {
    "parameter": Role.PARAMETER,
    "data": Role.DATA,
    "input": Role.DATA,
    "target": Role.TARGET,
    "label": Role.TARGET,
}
PARAMETER_NAMES = ("W", "w", "b", "U", "V", "theta", "beta", "gamma", "omega", "Theta")
TARGET_NAMES = ("y", "t", "Y", "T", "target", "label")
OBJECTIVE_NAMES = ("J", "L", "ell", "loss", "C", "E", "Loss")


@dataclass(frozen=True, slots=True)
class Definition:
    """One statement by what it does: `name` with the letters of its left-hand side, and the sides."""

    name: str
    letters: tuple[str, ...]
    sides: tuple[Formula, ...]
    place: Place
    notes: tuple[str, ...]


def model(text: str, *, base: Graph | None = None, start: Place = START) -> Graph:
    """The graph that a text defines, one definition a line, in any of the notations.

    `base`: a graph that the text adds to. `start`: where the text stands in its file. Raises
    `BackhandError` with the place and the mend.

    >>> graph = model("x = [2; 5]; W_1 = [[2, 3, -1]]; b = W_1 x; yhat = sigmoid(b)")
    >>> graph["b"].definition
    sum(•0=0..2, W_1[1,•0]*(1,x)[•0])
    """
    graph = base or Graph(())
    plain, declared = _role_lines(text, start)
    known = defined_names(plain) | Known(
        frozenset(q.name for q in graph), frozenset(graph.functions)
    )
    graph = replace(graph, declared={**graph.declared, **declared})
    return build(statements(plain, known, start), graph)


def build(found: Sequence[Statement], base: Graph) -> Graph:
    """The graph that the statements add to `base`."""
    page = _Page.of(found, base)
    reader = known_graph(base)
    reader.functions = {**base.functions, **page.functions}
    for statement in found:
        for note in statement.notes:
            reader.note(note)
    points = {**base.points, **_points(page.points, reader)}
    for definition in page.in_order(reader):
        reader.quantities[definition.name] = _quantity(definition, reader)
    for name in page.functions:
        _function_as_quantity(name, page, reader)
    quantities = _sorted(list(reader.quantities.values()))
    declared = {**base.declared, **page.declared}
    notes = (*base.notes, *(n for n in reader.notes if n not in base.notes))
    return _with_roles(quantities, declared, notes, points, reader.functions)


# ---- statements --------------------------------------------------------------------------------


def _role_lines(text: str, start: Place) -> tuple[str, dict[str, Role]]:
    """The text without its lines `parameters: W, b`, left empty, and what those say."""
    declared: dict[str, Role] = {}
    lines = text.split("\n")
    for at, line in enumerate(lines):
        found = re.match(r"\s*(parameter|data|input|target|label)s?\s*:\s*(.+)$", line)
        if found:
            for name in re.split(r"[,\s]+", found[2].strip()):
                spelled = _name_of(name, Place(start.line + at, start.column, line))
                declared[spelled] = ROLE_WORDS[found[1]]
            lines[at] = ""
    return "\n".join(lines), declared


def _name_of(text: str, place: Place) -> str:
    formula = parse(text, start=place).formula
    if not isinstance(formula, Name):
        raise MeaningError(f"{text} is no name", "list names: parameters: W_1, b", place)
    return formula.name


@dataclass(slots=True)
class _Page:
    """A block's statements, sorted by kind."""

    definitions: dict[str, Definition]
    functions: dict[str, tuple[tuple[str, ...], Formula]]
    places: dict[str, Place]
    points: dict[str, dict[int, Definition]]
    declared: dict[str, Role]

    @classmethod
    def of(cls, found: Sequence[Statement], base: Graph) -> _Page:
        page = cls({}, {}, {}, {}, {})
        for statement in found:
            page.add(statement, base)
        return page

    def add(self, statement: Statement, base: Graph) -> None:
        formula = statement.formula
        if not isinstance(formula, Equal) or len(formula.sides) < 2:
            raise MeaningError(
                "this defines nothing", "write name = formula, or name ∈ R^2", statement.place
            )
        if "≈" in formula.signs:
            raise MeaningError("≈ defines nothing exactly", "write =", statement.place)
        left, *sides = formula.sides
        match left:
            case Call(name, params):
                self._function(name, params, sides[-1], statement)
            case Entry(Name(name), (), Num(Fraction() as number)):
                each = self.points.setdefault(name, {})
                if int(number) in each:
                    raise MeaningError(
                        f"data point {number} of {name} is given twice", "drop one", left.place
                    )
                each[int(number)] = _definition(name, (), sides, statement)
            case Entry(Name(name), slots) if all(isinstance(s, Name) for s in slots):
                letters = tuple(s.name for s in slots if isinstance(s, Name))
                self._define(_definition(name, letters, sides, statement), base)
            case Name(spelled):
                name, letters = _without_index(spelled, sides[-1])
                self._define(_definition(name, letters, sides, statement), base)
            case _:
                raise MeaningError(
                    "the left-hand side is no name",
                    "write a name, an entry such as a_j, or a function f(x)",
                    left.place or statement.place,
                )

    def _define(self, definition: Definition, base: Graph) -> None:
        name = definition.name
        before = self.places.get(name) or (base[name].place if name in base else None)
        if name in self.places or name in base:
            raise MeaningError(
                f"{name} is defined twice" + (f", first at {before}" if before else ""),
                "give one of the two another name",
                definition.place,
            )
        self.places[name] = definition.place
        self.definitions[name] = definition

    def _function(
        self, name: str, params: Sequence[Formula], body: Formula, statement: Statement
    ) -> None:
        spelled = [p.name for p in params if isinstance(p, Name)]
        if len(spelled) < len(params) or len(set(spelled)) < len(spelled):
            raise MeaningError(
                f"the arguments of {name} must be different names",
                f"write {name}(x) = ...",
                statement.place,
            )
        if name in self.functions:
            raise MeaningError(
                f"{name} is defined twice, first at {self.places[name]}",
                "give one of the two another name",
                statement.place,
            )
        self.places[name] = statement.place
        self.functions[name] = (tuple(spelled), body)
        head = statement.source.split("=")[0]
        if ";" in head:
            before = head.split(";")[0]
            learned = len(re.findall(r",(?![^{\[]*[}\]])", before)) + 1
            self.declared |= dict.fromkeys(spelled[:learned], Role.PARAMETER)

    def in_order(self, reader: Elaborator) -> Iterable[Definition]:
        """The definitions, each after those that it uses; `MeaningError` for a cycle."""
        state: dict[str, int] = {}
        for root in self.definitions:
            stack = [(root, iter(self._uses(root, reader)))] if root not in state else []
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
                    stack.append((following, iter(self._uses(following, reader))))

    def _uses(self, name: str, reader: Elaborator) -> list[str]:
        """The definitions of this block that a definition mentions, through functions too."""
        seen: set[str] = set()
        found: dict[str, None] = {}
        pending = [self.definitions[name].sides[-1]]
        while pending:
            for spelled in _mentioned(pending.pop()):
                if spelled in self.definitions:
                    found[spelled] = None
                elif spelled in reader.functions and spelled not in seen:
                    seen.add(spelled)
                    pending.append(reader.functions[spelled][1])
        return [n for n in found if n != name or not self._is_literal(name)]

    def _is_literal(self, name: str) -> bool:
        """W_1 = [W_{1,1,0} ...] = [numbers]: the last side is no use of itself."""
        return literal(self.definitions[name].sides[-1]) is not None


def _definition(
    name: str, letters: tuple[str, ...], sides: Sequence[Formula], statement: Statement
) -> Definition:
    return Definition(name, letters, tuple(sides), statement.place, statement.notes)


def _mentioned(formula: Formula) -> set[str]:
    """Every name that a formula may mean: W_1 of `W_{1,1,2}`, a of `a_1` too."""
    found: set[str] = set()

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Name(name):
                found.update({name, name.rpartition("_")[0]})
            case Entry(Name(name), (Num(value), *_)):
                found.update({name, f"{name}_{value}"})
            case Call(name):
                found.add(name)
            case _:
                pass
        return None

    replaced(formula, leaf)
    return found


def _without_index(spelled: str, right: Formula) -> tuple[str, tuple[str, ...]]:
    """`z_j` on the left is the array z where j numbers entries on the right as well."""
    base, _, letter = spelled.rpartition("_")
    if not base or len(letter) != 1 or not letter.isalpha():
        return spelled, ()
    numbered = any(name.endswith(f"_{letter}") for name in _mentioned(right))
    slots: list[bool] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Entry):
            slots.append(Name(letter) in part.slots)
        return None

    replaced(right, leaf)
    return (base, (letter,)) if numbered or any(slots) else (spelled, ())


# ---- given values ------------------------------------------------------------------------------


def literal(formula: Formula) -> Any:
    """A formula of numbers only as a fraction or nested lists of them, else None."""
    match formula:
        case Num(Fraction() as value):
            return value
        case Minus(of):
            inner = literal(of)
            return -inner if isinstance(inner, Fraction) else None
        case Plus(terms) | Times(terms):
            values = [literal(t) for t in terms]
            if not all(isinstance(v, Fraction) for v in values):
                return None
            return sum(values) if isinstance(formula, Plus) else np.prod(np.array(values, object))
        case Over(top, bottom):
            above, below = literal(top), literal(bottom)
            both = isinstance(above, Fraction) and isinstance(below, Fraction)
            if both and not below:
                raise MeaningError("this divides by 0", "give another number", formula.place)
            return above / below if both else None
        case Raised(base, Num(Fraction() as power)) if power.denominator == 1:
            below = literal(base)
            small = isinstance(below, Fraction) and 0 <= power <= 64
            return below ** int(power) if small else None
        case Rows(rows):
            return _literal_rows(rows)
        case _:
            return None


def _literal_rows(rows: Sequence[Sequence[Formula]]) -> Any:
    table = [[literal(item) for item in row] for row in rows]
    if not all(isinstance(item, Fraction) for row in table for item in row):
        return None
    return [row[0] for row in table] if len(table[0]) == 1 else table


def _array(formula: Formula, place: Place) -> Value | None:
    found = literal(formula)
    if found is None:
        return None
    value = np.array(found, dtype=object)
    if value.size > MAX_ENTRIES:
        raise LimitError(f"over {MAX_ENTRIES} numbers are given", "give fewer", place)
    # A vector of one entry is the number itself.
    return as_value(value.reshape(()) if value.ndim == 1 and value.size == 1 else value)


def _points(found: Mapping[str, Mapping[int, Definition]], reader: Elaborator) -> dict[str, Value]:
    """The values of data points x^(1), x^(2), ...; the quantity itself gets the first."""
    rows: dict[str, Value] = {}
    for name, each in found.items():
        place = next(iter(each.values())).place
        if sorted(each) != list(range(1, len(each) + 1)):
            missing = min(set(range(1, max(each) + 1)) - set(each), default=max(each) + 1)
            raise MeaningError(
                f"data point {missing} of {name} is missing", "number the points from 1", place
            )
        values = [_array(each[n].sides[-1], each[n].place) for n in sorted(each)]
        shapes = {v.shape for v in values if v is not None}
        if len(shapes) != 1 or any(v is None for v in values):
            raise MeaningError(
                f"the data points of {name} differ in shape or aren't numbers",
                "give every point the same number of entries",
                place,
            )
        rows[name] = np.array([v for v in values if v is not None], dtype=object)
        first = rows[name][0] if rows[name].ndim > 1 else np.array(rows[name][0], dtype=object)
        reader.quantities[name] = Quantity(
            name=name, axes=axes(*first.shape), role=Role.DATA, value=as_value(first), place=place
        )
    counts = {len(v) for v in rows.values()}
    if len(counts) > 1:
        listed = ", ".join(f"{len(v)} of {n}" for n, v in rows.items())
        raise MeaningError(f"the data has {listed}", "give as many targets as inputs")
    return rows


# ---- equations ---------------------------------------------------------------------------------


def _quantity(definition: Definition, reader: Elaborator) -> Quantity:
    """The quantity that a definition gives, errors with its place."""
    try:
        return _defined(definition, reader)
    except BackhandError as error:
        raise error.at(definition.place) from None


def _defined(definition: Definition, reader: Elaborator) -> Quantity:
    name, last = definition.name, definition.sides[-1]
    if isinstance(last, Space):
        sizes = tuple(_size(s) for s in last.sizes)
        shape = () if sizes == (1,) else sizes
        return Quantity(name=name, axes=axes(*shape), role=Role.DATA, place=definition.place)
    value = _array(last, definition.place)
    if value is not None:
        folded = _symbols_folded(definition, value)
        own = axes(*value.shape, folded=folded)
        return Quantity(name=name, axes=own, role=Role.DATA, value=value, place=definition.place)
    if definition.letters:
        return _by_index(definition, reader)
    found = squeezed(reader.tensor(_mean_dropped(last, name, reader), Scope()))
    if found.row:
        raise MeaningError(f"{name} is a row", "transpose it: vectors are columns")
    return _equation(definition, found)


def _equation(definition: Definition, found: Tensor) -> Quantity:
    sizes = tuple(axis.size for axis in found.axes)
    own = axes(*sizes, folded=bool(found.axes) and found.axes[-1].lower == 0)
    return Quantity(
        name=definition.name,
        axes=own,
        role=Role.INTERMEDIATE,
        definition=over(found, own),
        place=definition.place,
    )


def _size(formula: Formula) -> int:
    match formula:
        case Num(Fraction() as value) if value.denominator == 1 and 1 <= value <= MAX_ENTRIES:
            return int(value)
        case _:
            raise MeaningError(
                "a size must be a whole number from 1", "write R^2 or R^{2×3}", formula.place
            )


def _symbols_folded(definition: Definition, value: Value) -> bool:
    """Whether a matrix of symbols before the numbers counts its columns from 0.

    Raises `MeaningError` where the symbols disagree with the matrix.
    """
    folded = False
    for side in definition.sides[:-1]:
        if not isinstance(side, Rows):
            continue
        if (len(side.rows), len(side.rows[0])) != value.reshape(value.shape[0], -1).shape:
            raise MeaningError(
                f"the two brackets of {definition.name} differ in shape", "make them equal"
            )
        first = _last_slot(side.rows[0][0])
        folded = first == 0
        for r, row in enumerate(side.rows, 1):
            for c, item in enumerate(row):
                found = _last_slot(item)
                if found is not None and first is not None and found != c + first:
                    raise MeaningError(
                        f"in row {r} of {definition.name} the symbols count columns out of order",
                        f"number them from {first}",
                        item.place,
                    )
    return folded


def _last_slot(item: Formula) -> int | None:
    match item:
        case Entry(_, (*_, Num(Fraction() as value))):
            return int(value)
        case _:
            return None


def _by_index(definition: Definition, reader: Elaborator) -> Quantity:
    """An equation in index notation: `a_j = Σ_k W_{jk} x_k`."""
    right = definition.sides[-1]
    letters: dict[str, Index] = {}
    for letter in definition.letters:
        used = reader.used_range(letter, right)
        if used is None:
            raise MeaningError(
                f"the index {letter} stands on the left of {definition.name} only",
                "use it on the right, where it numbers entries",
            )
        letters[letter] = used.named(f"∘{letter}")
    found = reader.tensor(right, Scope(letters=letters))
    if found.axes:
        raise MeaningError(
            f"the right side of {definition.name} is {found.described}, not one entry",
            "use entries on both sides, or whole arrays on both",
        )
    own = tuple(letters[letter] for letter in definition.letters)
    return _equation(definition, squeezed(Tensor(found.expr, own)))


def _mean_dropped(formula: Formula, name: str, reader: Elaborator) -> Formula:
    """`1/N Σ_i f(x^(i))` as f(x): a graph describes one point, and means are taken over points."""
    found: list[Sum] = []

    def inside(part: Formula) -> Formula | None:
        if isinstance(part, Sum) and _has_points(part.body, part.letter):
            found.append(part)
            return part
        return None

    replaced(formula, inside)
    if not found:
        return formula
    whole = found[0]
    one = Fraction(1)
    share: tuple[Formula, ...]
    match formula:
        case Times((Over(Num(top), bottom), Sum())) if top == 1:
            share = (bottom,)
        case Over(Sum(), bottom):
            share = (bottom,)
        case _:
            share = ()
    if not share or whole.upper != share[0] or whole.lower != Num(one):
        raise MeaningError(
            f"{name} isn't the mean over the data points",
            "write 1/N sum_{i=1}^N of one loss: a graph describes one point",
            whole.place,
        )
    letter = Name(whole.letter)

    def dropped(part: Formula) -> Formula | None:
        if isinstance(part, Entry) and part.point == letter:
            return part.of if not part.slots else replace(part, point=None)
        return None

    reader.note(f"{name} is the mean over the data points; its equation is that of one point")
    return replaced(whole.body, dropped)


def _has_points(formula: Formula, letter: str) -> bool:
    found: list[bool] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Entry):
            found.append(part.point == Name(letter))
        return None

    replaced(formula, leaf)
    return any(found)


def _function_as_quantity(name: str, page: _Page, reader: Elaborator) -> None:
    """A function of known quantities is one itself: ℓ(y, ŷ) = (y - ŷ)^2 defines ℓ."""
    params, body = reader.functions[name]
    if not all(p in reader.quantities for p in params) or name in reader.quantities:
        return
    definition = Definition(name, (), (body,), page.places[name], ())
    reader.quantities[name] = _quantity(definition, reader)


# ---- roles -------------------------------------------------------------------------------------


def _sorted(quantities: Sequence[Quantity]) -> list[Quantity]:
    """The quantities with every one after those that it uses, otherwise as they were."""
    given = [q for q in quantities if q.definition is None]
    made = [q for q in quantities if q.definition is not None]
    return [*given, *made]


def _with_roles(
    quantities: Sequence[Quantity],
    declared: Mapping[str, Role],
    notes: tuple[str, ...],
    points: Mapping[str, Value],
    functions: Mapping[str, tuple[tuple[str, ...], Formula]],
) -> Graph:
    scalars = [q for q in quantities if q.definition is not None and q.size == 1]
    # A helper such as g(x) = sin(x) isn't what is minimised, wherever it stands.
    last = [q.name for q in scalars if q.name not in functions] or [q.name for q in scalars]
    named = [n for n in OBJECTIVE_NAMES if n in {q.name for q in scalars}]
    objective = next(iter([*named, *last[-1:]]), None)
    for quantity in quantities:
        if quantity.name == "J" and quantity.definition is not None and quantity.size > 1:
            raise MeaningError(
                f"J has {quantity.size} entries, and an objective is one number",
                "sum over them: J = sum(...)",
                quantity.place,
            )
    made = tuple(replace(q, role=_role(q, objective, declared, bool(scalars))) for q in quantities)
    return Graph(made, objective, notes, points, functions, declared)


def _role(
    quantity: Quantity,
    objective: str | None,
    declared: Mapping[str, Role],
    compared: bool,
) -> Role:
    """The role of a quantity; `compared`: whether something scalar is made of the given ones."""
    if quantity.name == objective:
        return Role.OBJECTIVE
    if quantity.definition is not None:
        return Role.INTERMEDIATE
    if quantity.name in declared:
        return declared[quantity.name]
    base = quantity.name.partition("_")[0]
    if base in PARAMETER_NAMES or (quantity.rank == 2 and base not in ("X", "x")):
        return Role.PARAMETER
    if base in TARGET_NAMES and compared:
        return Role.TARGET
    return Role.DATA


# ---- formulas over a graph ---------------------------------------------------------------------


def expression(text: str, graph: Graph, start: Place = START) -> Tensor:
    """What a formula over a graph's names means: its expression and axes.

    >>> expression("x^2 + 1", model("x = 3; y = x^2")).expr
    (x^(2) + 1)
    """
    return expression_of(parse(text, _known(graph), start).formula, graph)


def expression_of(formula: Formula, graph: Graph) -> Tensor:
    """The same for a formula that was parsed before."""
    return known_graph(graph).tensor(formula, Scope())


def _known(graph: Graph) -> Known:
    return Known(frozenset(q.name for q in graph), frozenset(graph.functions))


def entry(text: str, graph: Graph, start: Place = START) -> tuple[str, tuple[int, ...]]:
    """A quantity or an entry of one, however it is spelled: `W_{2,1,1}`, `W₂[1,1]`, `a_1`, `W_1`.

    Raises `MeaningError` for an unknown name or a number out of range.

    >>> entry("W_{1,1,2}", model("x = [2;5]; W_1 = [[2,3,-1],[-1,-3,1]]; a = W_1 x"))
    ('W_1', (1, 2))
    """
    reader = known_graph(graph)
    formula = parse(text, _known(graph), start).formula
    if isinstance(formula, Name) and formula.name in graph:
        return formula.name, ()
    if isinstance(formula, Entry):
        name, slots = reader.slots_of(formula, Scope())
    elif isinstance(formula, Name) and (found := reader.subscript(formula.name, Scope())):
        name, slots = found
    else:
        raise reader.unknown(text.strip(), start)
    quantity = graph[name]
    if not all(axis.covers(slot) for axis, slot in zip(quantity.axes, slots, strict=True)):
        sizes = "×".join(map(str, quantity.shape))
        ranges = " and ".join(
            f"{what} {axis.lower} to {axis.upper}"
            for what, axis in zip(("rows", "columns", "layers"), quantity.axes, strict=False)
        )
        bias = " (column 0 is the bias)" if quantity.folded else ""
        raise MeaningError(
            f"{name} has no entry {text.strip()}", f"it is {sizes}, with {ranges}{bias}", start
        )
    return name, tuple(s for s in slots if isinstance(s, int))


def spelled(text: str, graph: Graph) -> str:
    """A quantity or entry in its plain spelling: `W_2[1,1]` for `W_{2,1,1}`."""
    name, slots = entry(text, graph)
    return name + (f"[{','.join(map(str, slots))}]" if slots else "")
