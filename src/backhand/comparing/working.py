"""Convexity of a model's objective as a working: the proof by rules, or the units that change places."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from backhand.comparing.comparison import Compared
from backhand.comparing.facts import plain
from backhand.notation import named, number
from backhand.syntax import Call, Equal, Formula, Name, Num, Over, Plus, Times
from backhand.working import Prose, Step, Working


def convexity_working(model: Compared) -> Working:
    """Why one point's objective is convex in the parameters, or why the mean over the data isn't."""
    if model.convexity is not None:
        found = model.convexity.working
        steps = tuple(
            step if step.formula is None else replace(step, formula=plain(step.formula))
            for step in found.steps
        )
        return replace(found, answer=short_reason(model), steps=steps)
    return Working(ask="convex J", answer=short_reason(model), steps=_swap_steps(model))


def short_reason(model: Compared) -> Prose:
    """The verdict with its reason in a sentence."""
    verdict, graph = model.convexity, model.facts.candidate.graph
    learned: list[str | Formula] = []
    for q in graph.parameters:
        learned += [", " if learned else "", named(graph, q.name)]
    by = tuple(part for part in learned if part)
    if verdict is not None and verdict.verdict == "convex":
        rule = verdict.reason.split(": ", 1)[1]
        return (Name("J"), " is convex in ", *by, f", for every point: {rule}")
    found = model.swapped
    if found is None:
        isnt = (
            " isn't convex in "
            if model.convex == "no"
            else ": it isn't decided whether it is convex in "
        )
        return (Name("J"), isnt, *by, ".")
    return (
        Name("J"),
        " isn't convex in ",
        *by,
        f": when units {found.units[0]} and {found.units[1]} of ",
        named(graph, found.layer),
        " change places, the mean loss stays ",
        number(found.loss),
        ", but halfway it is ",
        number(found.halfway),
        ".",
    )


def _swap_steps(model: Compared) -> tuple[Step, ...]:
    found, graph = model.swapped, model.facts.candidate.graph
    assert found is not None
    one, two = found.units
    places: list[str | Formula] = []
    for name, axis in found.axes:
        what = "columns" if axis and graph[name].rank > 1 else "rows"
        places += [" and " if places else "", f"{what} {one} and {two} of ", named(graph, name)]
    start, other = Name("w"), Name("v")
    half = Over(Num(Fraction(1)), Num(Fraction(2)))
    middle: Formula = Times((half, Plus((start, other))))
    return (
        Step(
            title=("Two hidden units change places: ", *(p for p in places if p)),
            rule="symmetry of hidden units",
            formula=Equal(
                (Call("J", (start,)), Call("J", (other,)), number(found.loss)), ("=", "≈")
            ),
            note=(
                "w are the trained parameters, v the same after the change. No prediction changes, "
                "and J is the mean over all points.",
            ),
        ),
        Step(
            title=("Halfway between them both units are the same one",),
            rule="definition of convexity",
            formula=Equal((Call("J", (middle,)), number(found.halfway)), ("≈",)),
            note=("Of a convex function it would be at most ", number(found.loss), "."),
        ),
    )
