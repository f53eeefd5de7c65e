"""The derivative of a whole quantity by a whole quantity: a matrix in its layout, or by entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backhand.calculus.forward import trace
from backhand.calculus.gradient import backward_step, gradients, on_the_way
from backhand.calculus.layout import arranged, chain_steps, has_matrix, layout_note
from backhand.calculus.paths import MAX_PATHS, routes
from backhand.calculus.routes import chain_sum
from backhand.graph import AXES, Graph, Layout, Quantity, Role
from backhand.notation import named, partial_name, result
from backhand.syntax import Equal, Formula, Name
from backhand.values import Value
from backhand.working import Step, Working


def array_derivative(graph: Graph, of: str, by: str, layout: Layout) -> Working:
    """The derivative of a whole quantity by a whole quantity, in the given layout.

    The working's result is the array as the layout shows it; one with more than two axes has those
    of `of`, then those of `by`, in either layout.
    """
    whole, known = gradients(graph, of, [by], trace(graph))
    last = whole[partial_name(of, by)]
    steps = list(_chains(graph, of, by, layout))
    said = {step.formula for step in steps if step.value is None}
    steps += [s for s in _backwards(whole, of, by, known, layout) if s.formula not in said]
    sign = named(whole, last.name)
    value = known.get(last.name)
    shown = None
    if value is not None:
        shown = arranged(value, last, whole, layout) if has_matrix(graph, of, by) else value
    return Working(
        ask=f"derivative {of} {by}",
        answer=(result(sign, shown) if shown is not None else steps[-1].formula or sign,),
        result=shown,
        steps=tuple(steps),
        notes=(layout_note(graph, of, by, layout),),
        values=known,
        layout=layout,
    )


def _chains(graph: Graph, of: str, by: str, layout: Layout) -> Iterator[Step]:
    """The chain by whole arrays where they all are matrices, else as sums over entries."""
    found = list(chain_steps(graph, of, by, layout))
    yield from found
    if not found and any(len(route) > 2 for route in routes(graph, of, by, MAX_PATHS)):
        yield by_entries(graph, of, by)


def by_entries(graph: Graph, of: str, by: str) -> Step:
    """The multivariate chain rule for one entry by one entry, summed over all on the way."""
    return Step(
        title=("By entries",),
        rule="multivariate chain rule",
        formula=chain_sum(
            graph, (of, _letters(graph[of], 0)), (by, _letters(graph[by], graph[of].rank))
        ),
    )


def _letters(quantity: Quantity, used: int) -> tuple[Formula, ...]:
    """Letters for the axes of a quantity, after those that are used."""
    return tuple(Name(letter) for letter in AXES[used : used + quantity.rank])


def _backwards(
    whole: Graph, of: str, by: str, known: Mapping[str, Value], layout: Layout
) -> Iterator[Step]:
    """The steps back from `of` to `by`; one that says only that a sign is itself is left out."""
    needed = on_the_way(whole, of, [by])
    for quantity in whole.with_role(Role.GRADIENT):
        if quantity.name in needed:
            step = backward_step(quantity, whole, known, layout)
            if not _says_nothing(step.formula):
                yield step


def _says_nothing(found: Formula | None) -> bool:
    return isinstance(found, Equal) and len(found.sides) == 2 and found.sides[0] == found.sides[1]
