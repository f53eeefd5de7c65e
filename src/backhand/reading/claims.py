"""A claim, a function or a derivative on its own, as one types it: `d/dx(sin x) = cos x`.

Nothing has to be declared: `free_names.py` says what a name means that nothing defines. What may
stand before: definitions, signatures; and after: where it holds, `for x > 0`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from backhand.errors import MeaningError, Place, ReadingError
from backhand.expr import Expr, Ref, number, rewrite
from backhand.functions import Interval
from backhand.graph import Graph, Quantity, Role, axes
from backhand.reading.conditions import cut
from backhand.reading.elaborate import Elaborator, Scope, known_graph
from backhand.reading.free_names import CONSTANTS, calls, completed, free, functions_of
from backhand.reading.maths import START, Known, defined_names, statements
from backhand.reading.meaning import model
from backhand.reading.signatures import signature_lines
from backhand.reading.tensors import Tensor, over
from backhand.syntax import Call, Derive, Equal, Formula, Name, Partial, replaced
from backhand.working import Claim, Derivative


@dataclass(frozen=True, slots=True)
class Stated:
    """What was typed, read: its last formula, a graph of all names, where it is looked at."""

    graph: Graph
    formula: Formula
    domain: Mapping[str, Interval]
    place: Place


@dataclass(frozen=True, slots=True)
class Typed:
    """A scalar function that was typed: the quantity `of` in `graph`, looked at on `domain`."""

    graph: Graph
    of: str
    by: tuple[str, ...]
    domain: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Asked:
    """A derivative that was typed: of the quantity `of` in `graph`, by each of `by` in turn."""

    graph: Graph
    of: str
    by: tuple[str, ...]
    formula: Formula


def claim(text: str, start: Place = START, base: Graph | None = None) -> Claim:
    """An equation that may be true or false, after the definitions it needs, if any.

    It may use the functions of `base`; its letters are its own.

    Raises `BackhandError` where the text has no meaning, or the sides have different shapes.

    >>> found = claim("d/dx(x^2) = 2 x")
    >>> found.left is found.right
    True
    """
    stated = _stated(text, start, base)
    match stated.formula:
        case Equal((_, _), ("=",)) as equation:
            pass
        case Equal():
            raise MeaningError(
                "a claim has two sides", "check a = b and b = c one by one", stated.place
            )
        case _:
            raise MeaningError(
                "a claim is an equation", "write two sides: d/dx(x^2) = 2x", stated.place
            )
    graph = completed(stated.graph, equation.sides)
    reader = known_graph(graph)
    # f(g(t)) gives the names f and g their meaning, so it is read before df/dg.
    for side in equation.sides:
        for call in calls(side):
            if call.function in graph.signatures:
                reader.tensor(call, Scope())
    left, right = (reader.tensor(side, Scope()) for side in equation.sides)
    right = _aligned(left, right, stated.place)
    derivatives = tuple(_derivatives(equation, reader))
    return Claim(
        text=text.strip(),
        formula=equation,
        graph=_grown(reader, graph),
        left=_with_values(left.expr, reader),
        right=_with_values(right.expr, reader),
        axes=left.axes,
        derivatives=derivatives,
        domain=stated.domain,
    )


def function(text: str, start: Place = START) -> Typed:
    """A function of its free names: `f(x, y) = x^2 + y^2`, or the formula alone.

    Raises `BackhandError` where the text has no meaning or isn't one number.

    >>> typed = function("f(x) = x log x for x > 0")
    >>> typed.of, typed.graph["f"].definition, typed.by
    ('f', x*log(x), ('x',))
    """
    stated = _stated(text, start)
    body, name = stated.formula, "f"
    parameters: tuple[Formula, ...] = ()
    match body:
        case Equal((Call(name, parameters, 0), right), ("=",)):
            body = right
        case Equal((Name(name), right), ("=",)):
            body = right
        case Equal():
            raise MeaningError(
                "this is no function", "write f(x) = x^2, or the formula alone", stated.place
            )
        case _:
            pass
    graph = completed(stated.graph, (*parameters, body))
    reader = known_graph(graph)
    found = reader.tensor(body, Scope())
    if found.axes:
        raise MeaningError(
            f"this is {found.described}, not a number", "write a scalar function", stated.place
        )
    while name in reader.quantities:
        name += "_0"
    reader.quantities[name] = Quantity(
        name=name, axes=(), role=Role.OBJECTIVE, definition=found.expr
    )
    by = tuple(p.name for p in parameters if isinstance(p, Name))
    return Typed(_grown(reader, graph, name), name, by, stated.domain)


def derivative(text: str, start: Place = START) -> Asked:
    """A derivative to be worked out: `d/dt f(g(t), h(t))`, `∂²/∂x∂y (x^2 y)`.

    Raises `BackhandError` where the text has no meaning or is no derivative.

    >>> derivative("d/dt f(g(t), h(t))").graph["f"].definition
    f(g,h)
    """
    stated = _stated(text, start)
    match stated.formula:
        case Derive(of, by):
            pass
        case Partial(of, first, _, _, then):
            by = (first, *then)
        case _:
            raise MeaningError(
                "this is no derivative", "write d/dt f(g(t)), or ∂/∂v f(g(v))", stated.place
            )
    graph = completed(stated.graph, (of, *by))
    reader = known_graph(graph)
    name = _name_of(reader, reader.tensor(of, Scope()))
    variables = tuple(_spelled(reader, variable) for variable in by)
    return Asked(_grown(reader, graph, name), name, variables, stated.formula)


def _with_values(expr: Expr, reader: Elaborator) -> Expr:
    """The expression with the entries that the text gives as numbers put in."""

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Ref) or node.name not in reader.quantities:
            return None
        quantity = reader.quantities[node.name]
        at = [slot for slot in node.slots if isinstance(slot, int)]
        if quantity.value is None or len(at) < quantity.rank:
            return None
        return number(Fraction(quantity.entry(quantity.value, at)))

    return rewrite(expr, leaf)


# ---- what all three share ----------------------------------------------------------------------


def _stated(text: str, start: Place, base: Graph | None = None) -> Stated:
    """The last statement of a text, after the graph that the text before it defines."""
    held = base or Graph(())
    body, conditions = cut(_unlisted(text), start)
    plain, signed = signature_lines(body, start)
    signatures = {**held.signatures, **signed}
    known = _known(plain, (*signatures, *held.functions), start)
    known |= defined_names("\n".join(conditions.declared))
    found = statements(plain, known, start)
    if not found:
        raise ReadingError("there is nothing to read", "write a formula", start)
    *before, last = found
    definitions = "\n".join([*conditions.declared, *(each.source for each in before)])
    empty = Graph((), notes=last.notes, functions=held.functions, signatures=signatures)
    graph = model(definitions, base=empty, start=start)
    return Stated(graph, last.formula, conditions.domain, last.place)


LISTED = re.compile(
    r"(\\mathbf\{\w+\}|\w+)_\{?1\}?\(([^()]*)\)\s*,\s*(?:\\[lc]?dots|…|⋯|\.\.\.)\s*,\s*"
    r"\1_\{?([A-Za-z])\}?\(\2\)"
)


def _unlisted(text: str) -> str:
    r"""`g_1(t), ..., g_N(t)` as the one function g with N entries that they are.

    >>> _unlisted(r"f(g_1(t), \dots, g_N(t))")
    'g: R -> R^N; f: R^N -> R; f(g(t))'
    """
    listed = LISTED.search(text)
    if listed is None:
        return text
    function, size = listed[1], listed[3]
    outer = re.search(r"(\w+)\($", text[: listed.start()])
    signature = f"; {outer[1]}: R^{size} -> R" if outer else ""
    short = text[: listed.start()] + f"{function}({listed[2]})" + text[listed.end() :]
    return f"{function}: R -> R^{size}{signature}; {short}"


def _known(text: str, functions: Iterable[str], start: Place) -> Known:
    """The names of a text. `uv` is none where u and v are."""
    known = Known(functions=frozenset(functions))
    read = [each.formula for each in statements(text, known, start)]
    called = known.functions | functions_of(read)
    found = {name.name for formula in read for name in free(formula)} - called
    words = {name for name in found if len(name) > 1 and name.isalpha() and set(name) <= found}
    return Known(frozenset(found - words - CONSTANTS), called)


def _grown(reader: Elaborator, graph: Graph, objective: str | None = None) -> Graph:
    """The graph with what reading added to it."""
    notes = tuple(dict.fromkeys((*graph.notes, *reader.notes)))
    quantities = tuple(reader.quantities.values())
    return Graph(quantities, objective, notes, signatures=graph.signatures)


def _name_of(reader: Elaborator, whole: Tensor) -> str:
    """The quantity that a tensor is; a formula without a name becomes `y`."""
    for name, quantity in reader.quantities.items():
        if len(quantity.axes) == len(whole.axes):
            entry = over(whole, quantity.axes)
            if entry is over(reader.whole(name), quantity.axes):
                return name
    name = next(n for n in ("y", "f", "u", "y_0", "f_0") if n not in reader.quantities)
    own = axes(*(a.extent for a in whole.axes))
    reader.quantities[name] = Quantity(
        name=name, axes=own, role=Role.OBJECTIVE, definition=over(whole, own)
    )
    return name


def _spelled(reader: Elaborator, variable: Formula) -> str:
    """A variable of a derivative in its plain spelling."""
    if isinstance(variable, Name) and variable.name in reader.quantities:
        return variable.name
    return repr(reader.tensor(variable, Scope()).expr)


def _aligned(left: Tensor, right: Tensor, place: Place) -> Tensor:
    """The right side over the axes of the left; a column and a row are told apart."""
    if not right.axes:
        return Tensor(right.expr, left.axes, left.row)
    shapes = [[a.extent for a in side.axes] for side in (left, right)]
    if shapes[0] != shapes[1] or (left.row != right.row and left.rank == 1):
        raise MeaningError(
            f"the left side is {left.described}, the right side {right.described}",
            "transpose one side; in numerator layout the derivative of a number is a row",
            place,
        )
    return Tensor(over(right, left.axes), left.axes, left.row)


def _derivatives(formula: Formula, reader: Elaborator) -> Iterator[Derivative]:
    """The derivatives of formulas that stand in a claim, each once, with what they differentiate."""
    found: dict[Formula, Derivative] = {}

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Derive(of, (Name(by),)) | Partial(of, Name(by), then=()) if not isinstance(
                of, Name
            ):
                body = reader.tensor(of, Scope())
                if not body.axes and by in reader.quantities and not reader.quantities[by].axes:
                    found.setdefault(part, Derivative(part, body.expr, by))
            case Call(function, (Name(by),), 1) if by in reader.quantities:
                body = reader.tensor(Call(function, part.args), Scope())
                found.setdefault(part, Derivative(part, body.expr, by))
            case _:
                pass
        return None

    replaced(formula, leaf)
    yield from found.values()
