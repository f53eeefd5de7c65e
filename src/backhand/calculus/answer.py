"""From an ask to its working: one function for each verb, and a whole worksheet with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from backhand.calculus.classify import classify
from backhand.calculus.convexity import drawn
from backhand.calculus.counting import (
    activation_parameters,
    layer_parameters,
    matrices,
    parameters,
    plural,
    shape,
    shapes,
)
from backhand.calculus.derive import chain_rule, entry_derivative
from backhand.calculus.descent import step, update
from backhand.calculus.forward import equation, forward, value_of
from backhand.calculus.gradient import gradient, loss_of
from backhand.calculus.jacobian import array_derivative
from backhand.calculus.layout import known_layout
from backhand.calculus.likeness import likeness
from backhand.calculus.local import local_working
from backhand.calculus.objective import objective
from backhand.calculus.paths import MAX_PATHS, Spot, is_entry, routes, spot
from backhand.calculus.picture import picture
from backhand.calculus.second import hessian
from backhand.errors import AskError, BackhandError, ReadingError
from backhand.graph import Graph, Layout, Quantity, Role
from backhand.notation import named, result, space_of, value_formula
from backhand.syntax import Equal, Formula, Num
from backhand.working import (
    Answered,
    Ask,
    Block,
    Question,
    Solution,
    Step,
    Working,
    Worksheet,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An ask together with what it is put to."""

    graph: Graph
    ask: Ask
    layout: Layout
    earlier: frozenset[str]

    def spot(self, at: int) -> Spot:
        """The entry or quantity that a word of the ask names."""
        return spot(self.ask.words[at], self.graph)

    def point(self) -> int | None:
        """The data point of an update; None for all of them."""
        if self.ask.options.get("over") == "all":
            return None
        return int(self.number("point", "1"))

    def number(self, option: str, otherwise: str) -> Fraction:
        """An option's value; `AskError` where it is no number."""
        text = self.ask.options.get(option, otherwise)
        try:
            return Fraction(text)
        except (ValueError, ZeroDivisionError):
            raise AskError(f"{option}={text} is no number", f"write {option}={otherwise}") from None


Answer: TypeAlias = Callable[[Asked], Working]


def _value(asked: Asked) -> Working:
    at = asked.spot(0)
    working = value_of(asked.graph, at.name, asked.earlier)
    quantity = asked.graph[at.name]
    if not is_entry(asked.graph, at) or quantity.single:
        return working
    value = np.array(quantity.entry(working.values[at.name], at.slots))
    sign = named(asked.graph, at.name, tuple(Num(Fraction(s)) for s in at.slots))
    return replace(working, answer=(result(sign, value),), result=value)


def derivative(graph: Graph, of: str, by: str, layout: Layout = "numerator") -> Working:
    """The derivative of a quantity or entry by another; whole arrays in the given layout.

    Raises `AskError` where the one doesn't depend on the other, `MeaningError` for unknown names.
    """
    layout = known_layout(layout)
    top, bottom = spot(of, graph), spot(by, graph)
    if is_entry(graph, top) and is_entry(graph, bottom):
        if not top.slots and not bottom.slots and sizes_are_letters(graph, top.name, bottom.name):
            return array_derivative(graph, top.name, bottom.name, layout)
        return entry_derivative(graph, top, bottom)
    for each, text in ((top, of), (bottom, by)):
        if each.slots and graph[each.name].rank:
            whole = each.name
            raise AskError(
                f"{text} is one entry and the other side is a whole array",
                f"ask for an entry of both, or for {whole}",
            )
    return array_derivative(graph, top.name, bottom.name, layout)


def sizes_are_letters(graph: Graph, of: str, by: str) -> bool:
    """Whether an array on the way has a size without a number, so that its paths can't be listed."""
    return any(
        isinstance(extent, str)
        for route in routes(graph, of, by, MAX_PATHS)
        for name in route
        for extent in graph[name].extents
    )


def _derivative(asked: Asked) -> Working:
    return derivative(asked.graph, asked.ask.words[0], asked.ask.words[1], asked.layout)


def _chain(asked: Asked) -> Working:
    of, by = asked.spot(0), asked.spot(1)
    if is_entry(asked.graph, of) and is_entry(asked.graph, by):
        return chain_rule(asked.graph, of, by)
    working = array_derivative(asked.graph, of.name, by.name, asked.layout)
    first = working.steps[0]
    return replace(
        working,
        answer=(first.formula,) if first.formula else (),
        result=None,
        steps=working.steps[:1],
    )


def _local(asked: Asked) -> Working:
    words = asked.ask.words
    wanted = [w.strip(",") for w in words[3:]] if len(words) > 3 and words[2] == "in" else []
    wanted = [name for word in wanted for name in word.split(",") if name]
    return local_working(asked.graph, asked.spot(0), asked.spot(1), wanted, asked.layout)


def _gradient(asked: Asked) -> Working:
    words = asked.ask.words
    return gradient(asked.graph, words[0] if words else None, words[1:])


def _update(asked: Asked) -> Working:
    return update(asked.graph, asked.spot(0), asked.number("eta", "0.1"), asked.point())


def _class(asked: Asked) -> Working:
    given = "threshold" in asked.ask.options
    return classify(asked.graph, asked.number("threshold", "0.5") if given else None)


def _loss(asked: Asked) -> Working:
    return value_of(asked.graph, loss_of(asked.graph), asked.earlier)


def _hessian(asked: Asked) -> Working:
    of, *by = asked.ask.words
    return hessian(asked.graph, of, by)


def _check(asked: Asked) -> Working:
    from backhand.calculus.identity import identity

    assert asked.ask.claim is not None
    return identity(asked.ask.claim).working


def _convex(asked: Asked) -> Working:
    of, *by = asked.ask.words
    return drawn(asked.graph, of, by).working


def _parameters(asked: Asked) -> Working:
    match asked.ask.words:
        case ("layer", number):
            return layer_parameters(asked.graph, int(number))
        case ("activation", number):
            return activation_parameters(asked.graph, int(number))
        case _:
            return parameters(asked.graph)


def _draw(asked: Asked) -> Working:
    by = asked.ask.words[0] if asked.ask.words else None
    drawn = picture(asked.graph, by)
    layout = " – ".join(str(column.size) for column in drawn.columns)
    return Working(
        ask=asked.ask.text,
        answer=drawn.caption or (f"The network, with units by column: {layout}",),
        picture=drawn,
    )


def shown(graph: Graph) -> Working:
    """The graph itself: every equation, shape and role, and how the text was read."""
    count = sum(1 for q in graph if q.role is not Role.GRADIENT)
    answer: list[str | Formula] = [plural(count, "quantity", "quantities")]
    if graph.objective:
        answer += [", objective ", named(graph, graph.objective)]
    return Working(
        ask="model",
        answer=tuple(answer),
        steps=tuple(_shown_step(quantity, graph) for quantity in graph),
        notes=tuple((note,) for note in graph.notes),
    )


def _shown_step(quantity: Quantity, graph: Graph) -> Step:
    """One quantity: its equation, or its value, or the space it is in; its shape."""
    sign: Formula = named(graph, quantity.name)
    space = space_of(quantity)
    if quantity.definition is not None:
        formula: Formula = equation(quantity, graph)
    else:
        formula = sign if quantity.value is not None else Equal((sign, space), ("∈",))
    shape = "×".join(map(str, quantity.extents)) or "scalar"
    return Step(
        title=(sign,),
        rule=quantity.role.value,
        formula=formula,
        value=value_formula(quantity.value) if quantity.value is not None else None,
        note=(shape + (", column 0 is the bias" if quantity.folded else ""),),
        place=quantity.place,
    )


ANSWERS: Mapping[str, Answer] = {
    "value": _value,
    "shape": lambda asked: shape(asked.graph, asked.spot(0).name),
    "shapes": lambda asked: shapes(asked.graph),
    "matrices": lambda asked: matrices(asked.graph),
    "parameters": _parameters,
    "forward": lambda asked: forward(asked.graph),
    "loss": _loss,
    "objective": lambda asked: objective(asked.graph),
    "class": _class,
    "chain": _chain,
    "local": _local,
    "derivative": _derivative,
    "gradient": _gradient,
    "jacobian": _derivative,
    "hessian": _hessian,
    "check": _check,
    "compare": lambda asked: likeness(asked.graph),
    "convex": _convex,
    "update": _update,
    "draw": _draw,
    "model": lambda asked: shown(asked.graph),
}
"""What answers each verb of an ask."""


def answer(
    graph: Graph, ask: Ask, layout: Layout = "numerator", earlier: frozenset[str] = frozenset()
) -> Working:
    """The working of one ask. Errors carry the ask's place.

    `earlier`: quantities whose values were worked out in answers before this one.
    """
    try:
        working = ANSWERS[ask.verb](Asked(graph, ask, layout, earlier))
    except BackhandError as error:
        raise error.at(ask.place) from None
    return replace(working, ask=ask.text)


def solve(
    worksheet: Worksheet, only: str | Sequence[str] | None = None, layout: Layout | None = None
) -> Solution:
    """Every answer of a worksheet, or of the questions whose number starts with one of `only`.

    A value that an answer before has worked out is used without being worked out again.
    """
    chosen = known_layout(layout or worksheet.layout)
    done: list[Answered] = []
    unread: dict[int, str] = {}
    known: dict[int, frozenset[str]] = {}
    for question in _chosen(worksheet, [only] if isinstance(only, str) else only):
        try:
            done.append(_answered(question, chosen, known))
        except BackhandError as error:
            if not worksheet.worded:
                raise
            why = f"question {question.number} isn't answered: {error.what}; {error.mend}"
            unread[id(question)] = why
    missed = (*worksheet.unread, *unread.values())
    if missed and not done and only is None:
        raise ReadingError(
            f"no question of this page could be answered; {missed[0]}",
            "put a line such as % ask: value a below each question",
        )
    blocks = tuple(
        Block("prose", b.source) if id(b.question) in unread else b for b in worksheet.blocks
    )
    return Solution(replace(worksheet, blocks=blocks, unread=missed), tuple(done), chosen)


def _answered(question: Question, layout: Layout, known: dict[int, frozenset[str]]) -> Answered:
    """A question's answers; `known`: what was worked out before, by graph, for those after."""
    workings: list[Working] = []
    for ask in question.asks:
        before = known.get(id(question.graph), frozenset())
        working = answer(question.graph, ask, layout, before)
        workings.append(working)
        if ask.verb in ("value", "loss", "forward"):
            known[id(question.graph)] = before | set(working.values)
    return Answered(question, tuple(workings))


def _chosen(worksheet: Worksheet, numbers: Sequence[str] | None) -> Sequence[Question]:
    """The questions of these numbers or sections, in the page's order."""
    if numbers is None:
        return worksheet.questions
    starts = {number: f"{number.rstrip('.')}." for number in numbers}
    for number, start in starts.items():
        if not any(f"{q.number}.".startswith(start) for q in worksheet.questions):
            known = ", ".join(q.number for q in worksheet.questions)
            raise AskError(f"there is no question {number}", f"the questions are {known}")
    chosen = tuple(starts.values())
    return [q for q in worksheet.questions if f"{q.number}.".startswith(chosen)]


__all__ = ["answer", "derivative", "shown", "solve", "step"]
