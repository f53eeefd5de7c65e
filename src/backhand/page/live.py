"""Derivations for the page as steps with holes, so that an edit needs no new derivation.

The steps are those of the terminal, made by the same functions; only their numbers are left to the
page. What has no live form (a vector by a vector) comes with its numbers as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from backhand.calculus.answer import derivative
from backhand.calculus.chain import backward, partial_name
from backhand.calculus.derive import (
    at_a_kink,
    chain_formula,
    count_of_paths,
    factor_step,
    kinked,
    product_step,
)
from backhand.calculus.forward import steps_for
from backhand.calculus.gradient import backward_step, objective_of, on_the_way
from backhand.calculus.layout import chain_steps
from backhand.calculus.paths import (
    MAX_PATHS,
    Hop,
    Paths,
    Spot,
    is_entry,
    partial,
    paths,
    spot,
    spot_formula,
    without_aliases,
)
from backhand.calculus.routes import adjoint_step, entry_step, every_path, route
from backhand.expr import Expr, add, mul, number, ref
from backhand.functions import TABLE
from backhand.graph import Graph, Layout, Quantity, Role
from backhand.matrices import turned
from backhand.notation import named
from backhand.page.marks import Marks
from backhand.page.nodes import Json
from backhand.page.picture_json import place
from backhand.page.program import check_size, with_gradients
from backhand.slots import entry_name
from backhand.syntax import Formula
from backhand.working import Step, Working
from backhand.writing.html import prose_html
from backhand.writing.text import step_chain


@dataclass(frozen=True, slots=True)
class Live:
    """A working as it is put together: the net with its gradients, the holes, the steps so far."""

    whole: Graph
    marks: Marks
    steps: list[Json]

    def step(
        self, step: Step, value: int | None = None, where: Iterable[Spot] = (), kinks: Json = ()
    ) -> None:
        """Add a step; its own value, if it has one, is the hole `value`."""
        self.steps.append(
            {
                "title": prose_html(step.title),
                "rule": step.rule,
                "formula": self.marks.math(step.formula),
                "substitution": self.marks.math(step.substitution),
                "value": value,
                "note": prose_html(step.note),
                "kinks": list(kinks),
                "where": [place(at, self.whole) for at in where],
            }
        )

    def quantity(self, name: str, layout: Layout | None = None) -> int:
        """The hole of a whole quantity of the net, a derivative as the layout has it."""
        found = self.whole[name]
        if found.single:
            return self.marks.hole(_only_entry(found))
        is_turned = layout is not None and turned(name, self.whole, layout)
        return self.marks.array(name, turned=is_turned)

    def result(self, of: str, by: str, layout: Layout, answer: Formula | None, **more: Json) -> Any:
        """The finished working."""
        return {
            "of": of,
            "by": by,
            "layout": layout,
            "answer": self.marks.math(answer),
            "result": None,
            "paths": [],
            **more,
            "steps": self.steps,
            "expressions": self.marks.nodes.list,
            "live": self.marks.live,
        }


def _only_entry(quantity: Quantity) -> Expr:
    return ref(quantity.name, *(axis.lower for axis in quantity.axes))


def _started(graph: Graph) -> Live:
    whole = with_gradients(graph)
    check_size(whole)
    return Live(whole, Marks(whole), [])


def live_working(graph: Graph, of: str, by: str, layout: Layout = "numerator") -> dict[str, Any]:
    """The derivative of a quantity or entry by another, as the page's contract has it.

    Raises `AskError` for entries that aren't there, `MeaningError` for unknown names, and what
    `program` raises where the graph can't be put on a page.

    >>> import backhand
    >>> found = live_working(backhand.model("x = 3; u = x^2; J = sin(u)"), "J", "x")
    >>> [step["rule"] for step in found["steps"]], len(found["paths"])
    (['chain rule', 'derivative of sin', 'power rule', 'chain rule'], 1)
    """
    top, bottom = spot(of, graph), spot(by, graph)
    live = _started(graph)
    if is_entry(graph, top) and is_entry(graph, bottom):
        return _entry_by_entry(live, graph, top, bottom, layout)
    whole_array = not bottom.slots and partial_name(of, by) in live.whole
    if top.name == graph.objective and whole_array:
        return _by_array(live, graph, of, by, layout)
    return _as_it_is(live, of, by, derivative(graph, of, by, layout), layout)


# ---- one entry by another ----------------------------------------------------------------------


def _entry_by_entry(live: Live, graph: Graph, of: Spot, by: Spot, layout: Layout) -> dict[str, Any]:
    found = paths(graph, of, by)
    if found is None or found.count > MAX_PATHS:
        whole, drawn = _layer_by_layer(live, graph, of, by), []
    else:
        whole, drawn = _along_paths(live, graph, found)
    return live.result(
        entry_name(of.name, of.slots),
        entry_name(by.name, by.slots),
        layout,
        partial(graph, of, by),
        result={"live": live.marks.hole(whole)},
        paths=drawn,
    )


def _along_paths(live: Live, graph: Graph, found: Paths) -> tuple[Expr, list[Json]]:
    """The chain, every factor, their product: the whole as an expression, and the paths."""
    if not found.hops:
        return _without_hops(live, graph, found), []
    marks = live.marks
    each = [without_aliases(graph, path) for path in found.each()]
    hops = list(dict.fromkeys(hop for path in each for hop in path))
    chain = chain_formula(graph, found)
    several = len(hops) != 1 or found.count != 1
    if several:
        rule = "chain rule" if found.count == 1 else "multivariate chain rule"
        live.step(Step(title=(count_of_paths(found.count),), rule=rule, formula=chain))
    values = marks.values(graph)
    for hop in hops:
        step = factor_step(hop, graph, values, marks.value(hop.slope))
        live.step(step, marks.hole(hop.slope), (hop.of, hop.by), _kinks(live, graph, hop))
    slope = add(*(mul(*(hop.slope for hop in path)) for path in each))
    if several:
        factors = {hop: marks.mark(hop.slope) for hop in hops}
        step = product_step(graph, chain, each, factors, slope, marks.value(slope))
        live.step(step, marks.hole(slope), (found.start, found.end))
    return slope, [[_hop(live, hop) for hop in path] for path in found.each()]


def _hop(live: Live, hop: Hop) -> Json:
    return {
        "of": place(hop.of, live.whole),
        "by": place(hop.by, live.whole),
        "live": live.marks.hole(hop.slope),
    }


def _kinks(live: Live, graph: Graph, hop: Hop) -> list[Json]:
    """Notes for a factor at a kink, each with the hole that is 0 there."""
    return [
        {
            "when": live.marks.hole(add(gap, number(-Fraction(at)))),
            "note": prose_html(at_a_kink(name)),
        }
        for name, gap in kinked(graph, hop)
        for at in TABLE[name].kinks
    ]


def _without_hops(live: Live, graph: Graph, found: Paths) -> Expr:
    itself = found.start == found.end
    start, end = spot_formula(graph, found.start), spot_formula(graph, found.end)
    whole = number(int(itself))
    step = Step(
        title=("A quantity by itself",) if itself else (start, " doesn't depend on ", end),
        rule="identity" if itself else "no path",
        formula=partial(graph, found.start, found.end),
    )
    live.step(step, live.marks.hole(whole), (found.start, found.end))
    return whole


def _layer_by_layer(live: Live, graph: Graph, of: Spot, by: Spot) -> Expr:
    """Backwards, one quantity at a time; the whole as an expression."""
    marks = live.marks
    whole = live.whole if of.name == graph.objective else backward(graph, of.name)
    values = marks.values(whole)
    live.step(every_path(graph, of, by))
    for name in route(graph, of, by)[1:]:
        sign = partial_name(of.name, name)
        step = adjoint_step(sign, whole, {})
        live.step(step, live.quantity(sign) if sign in live.whole else None)
    last = whole[partial_name(of.name, by.name)]
    found = marks.entry(whole, last, (*of.slots, *by.slots))
    step = entry_step(whole, of, by, values, marks.value(found))
    live.step(step, marks.hole(found), (of, by))
    return found


# ---- whole arrays ------------------------------------------------------------------------------


def _by_array(live: Live, graph: Graph, of: str, by: str, layout: Layout) -> dict[str, Any]:
    """The objective by a whole quantity: the chain of arrays, then backwards to it."""
    for step in chain_steps(graph, of, by, layout):
        live.step(step)
    sign = partial_name(of, by)
    _backward_steps(live, on_the_way(live.whole, of, [by]), layout)
    return live.result(
        of, by, layout, named(live.whole, sign), result={"live": live.quantity(sign, layout)}
    )


def _backward_steps(live: Live, wanted: set[str], layout: Layout) -> None:
    values = live.marks.values(live.whole)
    for quantity in live.whole.with_role(Role.GRADIENT):
        if quantity.name in wanted:
            step = backward_step(quantity, live.whole, values, layout)
            live.step(step, live.quantity(quantity.name, layout))


def _as_it_is(live: Live, of: str, by: str, working: Working, layout: Layout) -> dict[str, Any]:
    """A working with its numbers in it."""
    for step in working.steps:
        live.step(Step(title=step.title, rule=step.rule, formula=step_chain(step), note=step.note))
    answers = [part for part in working.answer if not isinstance(part, str)]
    return live.result(of, by, layout, answers[0] if answers else None)


# ---- forward and backward ----------------------------------------------------------------------


def live_forward(graph: Graph, layout: Layout = "numerator") -> dict[str, Any]:
    """The forward pass: every quantity in turn, with formula, substitution and value."""
    live = _started(graph)
    values = live.marks.values(live.whole)
    target = graph.objective or graph.quantities[-1].name
    for quantity in graph:
        if quantity.definition is not None and quantity.role is not Role.GRADIENT:
            _forward_steps(live, quantity, steps_for(quantity, graph, values))
    return live.result(
        target, "", layout, named(graph, target), result={"live": live.quantity(target)}
    )


def _forward_steps(live: Live, quantity: Quantity, steps: Sequence[Step]) -> None:
    *before, last = steps
    for step in before:
        # A folded vector has no name: its numbers stand where others have their substitution.
        folded = Step(
            title=step.title,
            rule=step.rule,
            formula=step.formula,
            substitution=step.value,
            note=step.note,
        )
        live.step(folded)
    where = (Spot(quantity.name, tuple(a.lower for a in quantity.axes)),) if quantity.single else ()
    live.step(last, live.quantity(quantity.name), where)


def live_backward(graph: Graph, layout: Layout = "denominator") -> dict[str, Any]:
    """Backpropagation: back through the graph to every parameter, one quantity at a time."""
    live = _started(graph)
    of = objective_of(graph)
    learned = [q.name for q in graph.parameters if partial_name(of, q.name) in live.whole]
    _backward_steps(live, on_the_way(live.whole, of, learned), layout)
    return live.result(of, "", layout, named(graph, of))
