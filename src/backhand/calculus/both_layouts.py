"""A derivative as one asks for it out of the blue, in both layouts, with the shape of every factor.

Functions known by their signature only stay signs; what has a formula is worked out. Second and
higher derivatives are taken by entries, with the product rule on the chain before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain as joined

from backhand.array_functions import ARRAY_FUNCTIONS
from backhand.calculus.answer import derivative
from backhand.calculus.jacobian import array_derivative, by_entries
from backhand.calculus.layout import LAYOUTS, chain_steps, has_matrix, known_layout, layout_note
from backhand.calculus.paths import MAX_PATHS, is_entry, routes, spot
from backhand.differentiation import total_derivative
from backhand.errors import AskError
from backhand.expr import Expr, Image, postorder, ref
from backhand.graph import AXES, Graph, Layout, Quantity, Role
from backhand.matrices import matrix_form
from backhand.notation import equals, formula, named, partial_name, space_of
from backhand.slots import Index, Slot
from backhand.syntax import Call, Equal, Formula, Name, Partial
from backhand.working import Prose, Step, Working


def both_layouts(graph: Graph, of: str, by: Sequence[str], layout: Layout | None = None) -> Working:
    """The derivative of `of` by `by`, once by each: in both layouts, or in the one that is named.

    Raises `AskError` where an entry is mixed with a whole array, `MeaningError` for unknown names.
    """
    if len(by) > 1:
        return _higher(graph, of, by)
    first = by[0]
    wanted: tuple[Layout, ...] = (known_layout(layout),) if layout else LAYOUTS
    entries = is_entry(graph, spot(of, graph)) and is_entry(graph, spot(first, graph))
    if entries and _all_numbers(graph, of, first):
        working = derivative(graph, of, first)
        note: Prose = ("All factors are numbers, so both layouts are the same.",)
        steps = (*_given(graph), *working.steps)
        return replace(working, steps=steps, notes=(*working.notes, note))
    # A number by a number, but through arrays: the chain has matrices all the same.
    work = array_derivative if entries else derivative
    found = [work(graph, of, first, each) for each in wanted]
    answers = [found[0].answer]
    if any(working.answer != answers[0] for working in found):
        answers = [_named_layout(working) for working in found]
    elif not has_matrix(graph, of, first):
        found = found[:1]
    notes = [note for working in found for note in working.notes]
    return Working(
        ask=f"derivative {of} {first}",
        answer=tuple(joined.from_iterable(_separated(answers))),
        result=found[0].result,
        steps=tuple(_steps(graph, of, first, [(w.layout or "numerator", w) for w in found])),
        notes=tuple(dict.fromkeys(notes)),
        values=found[0].values,
        layout=layout,
    )


def _all_numbers(graph: Graph, of: str, by: str) -> bool:
    """Whether no array stands on the way: then the layouts are the same."""
    found = routes(graph, spot(of, graph).name, spot(by, graph).name, MAX_PATHS)
    return all(graph[name].single for route in found for name in route)


def _separated(answers: Sequence[Prose]) -> Iterator[Prose]:
    for at, answer in enumerate(answers):
        yield ("; ", *answer) if at else answer


def _named_layout(working: Working) -> Prose:
    return (*working.answer, f" in {working.layout} layout")


def _steps(
    graph: Graph, of: str, by: str, found: Sequence[tuple[Layout, Working]]
) -> Iterator[Step]:
    """What is given, the rule by entries, then each layout with its shapes."""
    yield from _given(graph)
    if any(chain_steps(graph, of, by, found[0][0])):
        yield by_entries(graph, of, by)
    for which, working in found:
        for step in working.steps:
            if step.title[0] == "By entries" and which != found[0][0]:
                continue
            if len(found) > 1 and "layout" not in step.rule:
                step = replace(step, rule=f"{step.rule}, {which} layout")
            yield step


def _given(graph: Graph) -> Iterator[Step]:
    """The shapes that the order of the factors follows from, where a function has no formula."""
    if not any(_is_unknown(quantity) for quantity in graph):
        return
    parts: list[str | Formula] = []
    for quantity in graph:
        if quantity.role is not Role.GRADIENT:
            sign: Formula = named(graph, quantity.name)
            if _is_unknown(quantity) and isinstance(quantity.definition, Image):
                args = tuple(named(graph, name) for name in quantity.definition.of)
                font = "bold" if quantity.rank else "italic"
                sign = Call(quantity.definition.name, args, font=font)
            parts += [", " if parts else "", Equal((sign, space_of(quantity)), ("∈",))]
    yield Step(title=("What is given",), rule="signatures", note=tuple(p for p in parts if p))


def _is_unknown(quantity: Quantity) -> bool:
    definition = quantity.definition
    return isinstance(definition, Image) and definition.name not in ARRAY_FUNCTIONS


# ---- higher derivatives ------------------------------------------------------------------------


def _higher(graph: Graph, of: str, by: Sequence[str]) -> Working:
    """A derivative of second or higher order, one step an order, by entries."""
    if graph[of].rank:
        raise AskError(f"{of} is an array", "ask for one entry of it")
    equations = {q.name: (q.axes, q.definition) for q in graph if q.definition is not None}
    expr: Expr | None = graph[of].definition
    if expr is None:
        raise AskError(f"{of} has no equation", "define it")
    steps = list(_given(graph))
    letters = iter(AXES)
    axes: list[Index] = []
    signs: list[Formula] = []
    sign: Formula = named(graph, of)
    for variable in by:
        name, slots, shown = _variable(graph, variable, letters)
        axes += [slot for slot in slots if isinstance(slot, Index)]
        expr = total_derivative(expr, name, slots, equations)
        signs.append(shown)
        sign = Partial(named(graph, of), signs[0], graph.single_variable, then=tuple(signs[1:]))
        steps.append(
            Step(
                title=(f"Derivative {len(signs)}" if len(by) > 1 else "Derivative",),
                rule="chain rule" if len(signs) == 1 else "product rule and chain rule",
                formula=equals(sign, formula(expr, graph)),
            )
        )
    steps += _as_matrix(graph, of, by, expr, axes)
    last = steps[-1].formula
    return Working(
        ask=f"derivative {of} {' '.join(by)}",
        answer=(last if last is not None else sign,),
        steps=tuple(steps),
        notes=(layout_note(graph, of, by[0], "numerator"),) if not axes else (),
    )


def _variable(
    graph: Graph, variable: str, letters: Iterator[str]
) -> tuple[str, tuple[Slot, ...], Formula]:
    at = spot(variable, graph)
    if is_entry(graph, at):
        return at.name, at.slots, formula(ref(at.name, *at.slots), graph)
    own = tuple(axis.named(next(letters)) for axis in graph[at.name].axes)
    return at.name, own, named(graph, at.name, tuple(Name(axis.name) for axis in own))


def _as_matrix(
    graph: Graph, of: str, by: Sequence[str], expr: Expr, axes: Sequence[Index]
) -> Iterator[Step]:
    """A Hessian in matrix notation, where it has one."""
    if len(by) != 2 or len(axes) != 2 or any(isinstance(n, Image) for n in postorder(expr)):
        return
    name = partial_name(partial_name(of, by[0]), by[1])
    made = Quantity(name=name, axes=tuple(axes), role=Role.GRADIENT, definition=expr)
    whole = replace(graph, quantities=(*graph.quantities, made))
    matrix = matrix_form(made, whole)
    if matrix is not None:
        yield Step(
            title=("The Hessian as a matrix",),
            rule="matrix notation",
            formula=equals(named(whole, name), matrix),
        )
