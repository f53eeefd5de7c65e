"""How large the gradient is at every quantity, and the first value that isn't a finite number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from backhand.calculus.chain import at, is_alias, uses
from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.forward import ancestors
from backhand.calculus.gradient import gradients
from backhand.calculus.paths import Spot, partial, spot_formula
from backhand.errors import LimitError
from backhand.expr import Apply, names, postorder
from backhand.graph import Graph, Quantity, Role, Value, floats
from backhand.notation import equals, formula, named, partial_name
from backhand.rounding import digits, number
from backhand.syntax import Formula, Norm
from backhand.working import Prose, Step

MAX_NUMBERS = 50_000_000
"""The most numbers that all gradients together may have."""
FADED = 1e-3
"""A gradient whose norm falls under this part on its way back vanishes; over the inverse, it explodes."""
MAX_ROWS = 60
"""More quantities than this are shown with their middle left out."""


@dataclass(frozen=True, slots=True)
class Size:
    """The Euclidean norm of the derivative by one quantity.

    `after` is the next quantity towards the output, `ratio` this norm by that one's.
    """

    name: str
    norm: float
    after: str | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Wild:
    """The first entry, in forward order, that is infinite or no number, and what made it so."""

    at: Spot
    value: float
    cause: Formula | None


def norms(graph: Graph, of: Spot, by: str, values: Mapping[str, Value]) -> tuple[Size, ...]:
    """‖∂of/∂q‖ for every parameter and every quantity made on the way, in forward order."""
    chosen = _in_order(graph, of.name, by)
    count = graph[of.name].size * sum(q.size for q in chosen)
    if count > MAX_NUMBERS:
        raise LimitError(
            f"the gradients of {of.name} have {count} numbers, over {MAX_NUMBERS}",
            "explain a smaller network",
        )
    _, known = gradients(graph, of.name, [q.name for q in chosen], values)
    here = tuple(s - a.lower for s, a in zip(of.slots, graph[of.name].axes, strict=True))
    sizes: dict[str, float] = {}
    with np.errstate(all="ignore"):
        for quantity in chosen:
            slope = floats(known[partial_name(of.name, quantity.name)])[here]
            sizes[quantity.name] = float(np.linalg.norm(slope))
    users = uses(graph, of.name)
    found: list[Size] = []
    for quantity in chosen:
        after = None
        if quantity.definition is not None:
            nearest = reversed(users.get(quantity.name, []))
            after = next((user.name for user in nearest if user.name in sizes), None)
        ratio = sizes[quantity.name] / sizes[after] if after and sizes[after] else None
        found.append(Size(quantity.name, sizes[quantity.name], after, ratio))
    return tuple(found)


def _in_order(graph: Graph, of: str, by: str) -> list[Quantity]:
    """The quantities on the way, each that is given right before the first that uses it."""
    wanted = ancestors(graph, of) | {of}
    found: dict[str, Quantity] = {}
    for quantity in graph:
        if quantity.definition is None or quantity.name not in wanted:
            continue
        for name in sorted(names(quantity.definition)):
            given = graph[name]
            if given.definition is None and (name == by or given.role is Role.PARAMETER):
                found.setdefault(name, given)
        if quantity.name != of and not is_alias(quantity):
            found[quantity.name] = quantity
    return list(found.values())


def trend(graph: Graph, found: Sequence[Size]) -> Prose:
    """Whether the gradient vanishes or explodes on its way back, in a sentence; empty if neither."""
    made = [s for s in found if s.norm != 0 and graph[s.name].definition is not None]
    if len(made) < 2 or not np.isfinite([size.norm for size in made]).all():
        return ()
    ratio = made[0].norm / made[-1].norm
    if FADED <= ratio <= 1 / FADED:
        return ()
    word = "vanishes" if ratio < 1 else "explodes"
    each = ratio ** (1 / (len(made) - 1))
    first, last = named(graph, made[0].name), named(graph, made[-1].name)
    share = f", by {digits(ratio)} over {len(made) - 1} steps, {digits(each)} a step on average"
    return (f"The gradient {word} on its way back from ", last, " to ", first, share)


def norm_steps(graph: Graph, of: Spot, found: Sequence[Size]) -> list[Step]:
    """A step for each norm, in forward order; of very many the first and the last."""
    half = MAX_ROWS // 2
    if len(found) <= MAX_ROWS:
        return [_row(graph, of, size) for size in found]
    left_out = Step(
        title=(f"{len(found) - MAX_ROWS} more quantities in between",), rule="gradient norm"
    )
    first, last = found[:half], found[-half:]
    rows = [_row(graph, of, size) for size in (*first, *last)]
    return [*rows[:half], left_out, *rows[half:]]


def _row(graph: Graph, of: Spot, size: Size) -> Step:
    sign = partial(graph, of, Spot(size.name, ()))
    note: Prose = ()
    if size.after is not None and size.ratio is not None and isfinite(size.ratio):
        note = (f"{digits(size.ratio)} times that at ", named(graph, size.after))
    return Step(
        title=("Size of the gradient at ", named(graph, size.name)),
        rule="gradient norm",
        formula=Norm(sign),
        value=number(size.norm),
        note=note,
    )


def first_wild(graph: Graph, wanted: Collection[str], values: Mapping[str, Value]) -> Wild | None:
    """The first entry of the quantities `wanted`, in forward order, that isn't finite; None if all are."""
    for quantity in graph:
        if quantity.name not in wanted or quantity.name not in values:
            continue
        value = floats(values[quantity.name])
        wild = np.argwhere(~np.isfinite(value))
        if len(wild):
            where = tuple(int(n) for n in wild[0])
            slots = tuple(n + a.lower for n, a in zip(where, quantity.axes, strict=True))
            spot = Spot(quantity.name, slots)
            return Wild(spot, float(value[where]), _cause(graph, spot, values))
    return None


def _cause(graph: Graph, spot: Spot, values: Mapping[str, Value]) -> Formula | None:
    """The first part of an equation that isn't finite, with its numbers: exp(1000) = inf."""
    if graph[spot.name].definition is None:
        return None
    for node in postorder(at(graph[spot.name], spot.slots)):
        if node.args and not node.free and computable(node, values):
            value = floats(evaluate(node, (), graph, values)).item()
            if not np.isfinite(value):
                shown = formula(node, graph, values if isinstance(node, Apply) else None)
                return equals(shown, number(value))
    return None


def wild_step(graph: Graph, wild: Wild) -> Step:
    """The step that names the first value that isn't finite."""
    sign = spot_formula(graph, wild.at)
    return Step(
        title=("The first value, in forward order, that isn't finite: ", sign),
        rule="overflow",
        formula=equals(sign, number(wild.value)),
        note=("from ", wild.cause) if wild.cause is not None else (),
        place=graph[wild.at.name].place,
    )
