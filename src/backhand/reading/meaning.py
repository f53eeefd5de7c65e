"""From formulas to a graph: every definition of a page in an order that works, with its role.

Definitions may stand in any order. A given quantity's role follows from `J(W; x, y)`, from a line
such as `parameters: A`, or else from its name; see `docs/conventions.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from backhand.errors import BackhandError, LimitError, MeaningError, Place
from backhand.expr import Index, Ref, postorder
from backhand.graph import AXES, Graph, Quantity, Role, Value, axes
from backhand.reading.definitions import Definition, Page
from backhand.reading.elaborate import Elaborator, Scope, known_graph
from backhand.reading.entries import slots_of, subscript, used_range
from backhand.reading.expansion import Expansion
from backhand.reading.given import (
    MAX_ENTRIES,
    agrees,
    check_shape,
    counts_from_0,
    declared,
    is_symbols,
    points,
    shape_of,
    value_of,
)
from backhand.reading.maths import START, Known, Statement, defined_names, parse, statements
from backhand.reading.means import of_one_point
from backhand.reading.roles import objective, role_lines, with_roles
from backhand.reading.signatures import image_of, signature_lines
from backhand.reading.tensors import Tensor, in_words, over, squeezed
from backhand.syntax import Call, Entry, Formula, Name, Rows
from backhand.values import as_value


def model(text: str, *, base: Graph | None = None, start: Place = START) -> Graph:
    """The graph that a text defines, one definition a line, in any of the notations.

    `base`: a graph that the text adds to. `start`: where the text stands in its file. Raises
    `BackhandError` with the place and the mend.

    >>> graph = model("x = [2; 5]; W_1 = [[2, 3, -1]]; b = W_1 x; yhat = sigmoid(b)")
    >>> graph["b"].definition
    sum(•0=0..2, W_1[1,•0]*(1,x)[•0])
    """
    graph = base or Graph(())
    plain, said = role_lines(text, start)
    plain, signed = signature_lines(plain, start)
    graph = replace(
        graph,
        declared={**graph.declared, **said},
        signatures={**graph.signatures, **signed},
    )
    known = defined_names(plain, start) | _known(graph)
    return build(statements(plain, known, start), graph)


def build(found: Sequence[Statement], base: Graph | None = None) -> Graph:
    """The graph that the statements add to `base`. Raises `BackhandError` with place and mend."""
    base = base or Graph(())
    page = Page.of(found, base)
    reader = _read(page, frozenset())
    if _late_folds(reader):
        # A bias showed only after the matrix was used elsewhere: read again, knowing it.
        reader = _read(page, frozenset(reader.folds))
    for name, user in _late_folds(reader).items():
        raise MeaningError(
            f"{name} is used with its bias folded in, and in {user.name} without",
            "use two matrices",
            user.place,
        )
    for statement in found:
        for note in statement.notes:
            reader.note(note)
    quantities = sorted(reader.quantities.values(), key=lambda q: q.definition is not None)
    given = [q for q in quantities if q.definition is None]
    if sum(prod(n for n in q.extents if isinstance(n, int)) for q in given) > MAX_ENTRIES:
        raise LimitError(f"over {MAX_ENTRIES} numbers are given", "give fewer", START)
    said = {**base.declared, **page.declared}
    for name in base.declared:
        if name not in reader.quantities:
            reader.note(f"{name} is listed by its role, and nothing is defined by that name yet")
    aim = objective(quantities, reader.functions)
    notes = dict.fromkeys((*base.notes, *reader.notes))
    made = with_roles(quantities, aim, said)
    values = points(page.points, base.points)
    return Graph(made, aim, tuple(notes), values, reader.functions, said, base.signatures)


def _read(page: Page, folds: frozenset[str]) -> Elaborator:
    """The page's definitions read in order; `folds`: arrays known to have their bias folded in."""
    reader = known_graph(page.base)
    reader.functions = page.macros()
    reader.reserved |= {*page.definitions, *page.spaces, *page.points}
    reader.folds |= folds
    for name, rows in points(page.points, page.base.points).items():
        if name in page.points:
            place = page.places[name]
            _give(reader, name, as_value(rows[0]), place)
    for name, (space, place) in page.spaces.items():
        if name not in page.definitions and name not in reader.quantities:
            folded = name in reader.folds
            shaped = declared(name, space, place)
            reader.quantities[name] = replace(shaped, axes=axes(*shaped.extents, folded=folded))
    for definition in page.in_order():
        reader.quantities[definition.name] = _quantity(definition, page, reader)
    for name, (space, place) in page.spaces.items():
        check_shape(reader.quantities[name], space, place)
    _check_chains(page, reader)
    return reader


def _late_folds(reader: Elaborator) -> dict[str, Quantity]:
    """The folded arrays whose entries an equation numbers as without the fold, and its quantity."""
    late: dict[str, Quantity] = {}
    if not reader.folds:
        return late
    for quantity in reader.quantities.values():
        for node in postorder(quantity.definition) if quantity.definition is not None else ():
            if isinstance(node, Ref) and node.name in reader.folds:
                own = reader.quantities[node.name].axes
                fits = (axis.covers(slot) for axis, slot in zip(own, node.slots, strict=True))
                if not all(fits):
                    late[node.name] = quantity
    return late


def _quantity(definition: Definition, page: Page, reader: Elaborator) -> Quantity:
    """The quantity that a definition gives, errors with its place."""
    try:
        value = _value(definition, reader)
        if value is not None:
            return value
        if definition.letters:
            return _by_index(definition, page, reader)
        rows = next(iter(page.points.values()), None)
        count = len(rows) if rows else page.base.point_count if page.base.points else None
        formula = of_one_point(definition.sides[0], definition.name, count, reader.note)
        found = squeezed(_right_side(formula, reader))
        if found.row:
            raise MeaningError(f"{definition.name} is a row", "transpose it: vectors are columns")
        return _equation(definition, found)
    except BackhandError as error:
        raise error.at(definition.place) from None


def _right_side(formula: Formula, reader: Elaborator) -> Tensor:
    """What a definition says; `y = f(x)` with f known by its signature makes y that value itself."""
    match formula:
        case Call(name, args, 0) if name in reader.signatures and name not in reader.functions:
            return image_of(reader, name, [reader.tensor(arg, Scope()) for arg in args])
        case _:
            return reader.tensor(formula, Scope())


# ---- given values ------------------------------------------------------------------------------


def _value(definition: Definition, reader: Elaborator) -> Quantity | None:
    """The quantity that a definition gives as numbers; None for an equation."""
    name, place = definition.name, definition.place
    symbols = [s for s in definition.sides if isinstance(s, Rows) and is_symbols(s, name)]
    sides = [s for s in definition.sides if s not in symbols]
    values = [value_of(side, place) for side in sides]
    given = [value for value in values if value is not None]
    if not given:
        return None
    if len(given) < len(sides):
        raise MeaningError(
            f"{name} is given by a formula and as a number",
            "keep one of the two: the value follows from the formula",
        )
    if any(other.shape != given[0].shape or (other != given[0]).any() for other in given[1:]):
        raise MeaningError(f"{name} is given two different values", "keep one of them")
    if definition.letters:
        raise MeaningError(f"{name} by its index is a mere number", f"write {name} = ...")
    for side in symbols:
        if counts_from_0(side, name, given[0], place):
            reader.folds.add(name)
    return _give(reader, name, given[0], place)


def _give(reader: Elaborator, name: str, value: Value, place: Place) -> Quantity:
    """A given quantity with its value, entered among those that the reader knows."""
    held = reader.quantities.get(name)
    if held is not None and not agrees(value.shape, held.extents):
        raise MeaningError(
            f"{name} is declared as {in_words(held.extents)} and is {in_words(value.shape)}",
            "change one of the two",
            place,
        )
    folded = name in reader.folds or (held is not None and held.folded)
    own = axes(*value.shape, folded=folded and value.ndim > 0)
    made = Quantity(name=name, axes=own, role=Role.DATA, value=value, place=place)
    reader.quantities[name] = made
    return made


# ---- equations ---------------------------------------------------------------------------------


def _equation(definition: Definition, found: Tensor) -> Quantity:
    own = tuple(axis.named(letter) for axis, letter in zip(found.axes, AXES, strict=False))
    return Quantity(
        name=definition.name,
        axes=own,
        role=Role.INTERMEDIATE,
        definition=over(found, own),
        place=definition.place,
    )


def _by_index(definition: Definition, page: Page, reader: Elaborator) -> Quantity:
    """An equation in index notation: `a_j = Σ_k W_{jk} x_k`; its shape may be declared apart."""
    right = definition.sides[0]
    letters: dict[str, Index] = {}
    space = page.spaces.get(definition.name)
    own = axes(*shape_of(space[0])) if space else ()
    for at, letter in enumerate(definition.letters):
        declared = own[at] if len(own) == len(definition.letters) else None
        used = declared or used_range(reader, letter, right, Scope(letters=letters))
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


def _check_chains(page: Page, reader: Elaborator) -> None:
    """Compare the further sides of `y = q(u, v) = u / v` with the first, which defines y.

    Where they aren't the same for all to see, a note says which one is used.
    """
    expansion = Expansion(reader.quantities)
    for definition in page.definitions.values():
        quantity = reader.quantities[definition.name]
        if quantity.definition is None or definition.letters:
            continue
        for number, side in enumerate(definition.sides[1:], 2):
            try:
                same = _says_the_same(side, quantity, reader, expansion)
            except BackhandError as error:
                raise error.at(definition.place) from None
            if not same:
                reader.note(
                    f"{definition.name} is defined by its first side; I haven't checked that its "
                    f"side {number} says the same"
                )
    for function in page.functions.values():
        if function.name not in page.definitions and len(function.sides) > 1:
            reader.note(
                f"{function.name} is defined by its first side; I haven't checked that its other "
                "sides say the same"
            )


def _says_the_same(
    side: Formula, quantity: Quantity, reader: Elaborator, expansion: Expansion
) -> bool:
    """Whether a further side is the quantity's equation; `MeaningError` where its shape differs."""
    sizes = len(reader.quantities), len(reader.notes)
    found = squeezed(reader.tensor(of_one_point(side, "", None, _ignore), Scope()))
    if tuple(axis.extent for axis in found.axes) != quantity.extents or found.row:
        raise MeaningError(
            f"a further side of {quantity.name} is {found.described}, "
            f"the first is {in_words(quantity.extents)}",
            "make them equal, or keep the first",
            side.place,
        )
    assert quantity.definition is not None
    same = expansion.equal(quantity.definition, over(found, quantity.axes))
    # What only this side needed, such as a name for a nameless vector, goes again.
    while len(reader.quantities) > sizes[0]:
        name, extra = reader.quantities.popitem()
        reader.named = {d: n for d, n in reader.named.items() if n != name}
        expansion.forget(extra)
    while len(reader.notes) > sizes[1]:
        reader.notes.popitem()
    return same


def _ignore(_: str) -> None:
    """No note: the first side had the same."""


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
    functions = frozenset((*graph.functions, *graph.signatures))
    return Known(frozenset(q.name for q in graph), functions)


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
        name, slots = slots_of(reader, formula, Scope())
    elif isinstance(formula, Name) and (found := subscript(reader, formula.name, Scope())):
        name, slots = found
    else:
        raise reader.unknown(text.strip(), start)
    quantity = graph[name]
    if not all(axis.covers(slot) for axis, slot in zip(quantity.axes, slots, strict=True)):
        ranges = " and ".join(
            f"{what} {axis.lower} to {axis.upper}"
            for what, axis in zip(("rows", "columns"), quantity.axes, strict=False)
        )
        if quantity.rank == 1:
            ranges = ranges.replace("rows", "entries")
        bias = " (column 0 is the bias)" if quantity.folded else ""
        raise MeaningError(
            f"{name} has no entry {text.strip()}",
            f"it is {in_words(quantity.extents)}, with {ranges}{bias}",
            start,
        )
    return name, tuple(s for s in slots if isinstance(s, int))


def spelled(text: str, graph: Graph) -> str:
    """A quantity or entry in its plain spelling: `W_2[1,1]` for `W_{2,1,1}`."""
    name, slots = entry(text, graph)
    return name + (f"[{','.join(map(str, slots))}]" if slots else "")
