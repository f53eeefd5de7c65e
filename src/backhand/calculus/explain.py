"""Why a derivative is what it is: the paths that carry it, and the factor that decides each.

Everything is worked in float64. The paths are ranked and counted by dynamic programming over the
entries of the graph, so a deep and wide network, with more paths than there are atoms, is no harder
than its number of edges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp, log10

import numpy as np

from backhand.calculus.chain import is_alias, local_derivative
from backhand.calculus.contributions import Contribution, Contributions, contributions, cut
from backhand.calculus.counting import plural
from backhand.calculus.entries import entries, in_floats
from backhand.calculus.evaluate import evaluate
from backhand.calculus.forward import ancestors, known, trace
from backhand.calculus.gradient import objective_of
from backhand.calculus.norms import first_wild, norm_steps, norms, trend, wild_step
from backhand.calculus.paths import Spot, is_entry, partial, spot, spot_formula
from backhand.calculus.picture import picture
from backhand.calculus.units import flat_below, flat_units, unit_steps
from backhand.errors import AskError
from backhand.expr import Apply, Ref, substitute
from backhand.functions import TABLE
from backhand.graph import Graph, Role, Value
from backhand.notation import DOTS, equals, formula, product, result
from backhand.rounding import digits, number
from backhand.syntax import Call, Formula
from backhand.working import Picture, Prose, Step, Working

MAX_MOST = 100
"""The most paths that are named."""
MAX_FACTORS = 8
"""A longer path is shown with its middle left out."""
MAX_CUT = 4
"""The most zero factors of a cut that are shown one by one."""
MAX_DRAWN = 200
"""A graph of more quantities isn't drawn."""
SMALL, LARGE = 0.1, 10.0
"""A factor beyond these is said to hold a derivative down or to drive it up."""
CANCELLED = 0.01
"""Under this part of the sum of all contributions' sizes they are said to cancel."""
ROUNDING = 1e-12
"""Under this part only the rounding of float64 is left."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is explained: the derivative of `of` by `by`, with the values and the paths."""

    graph: Graph
    of: Spot
    by: Spot
    values: Mapping[str, Value]
    paths: Contributions


def explain(graph: Graph, by: str, of: str | None = None, most: int = 5) -> Working:
    """Why the derivative of the objective, or of the entry `of`, by the entry `by` is what it is.

    The working ranks the `most` largest of the paths that carry it by the size of their products,
    names the factor that kills it or blows it up, the dead and the saturated units, and the norm of
    the gradient at every quantity. Raises `AskError` where a value is missing or `by` or `of` isn't
    one entry, `LimitError` where the graph has too many entries.

    >>> import backhand
    >>> graph = backhand.model("x = 2; w = -3; a = w x; z = relu(a); J = (z - 1)^2")
    >>> working = explain(graph, "w")
    >>> working.value
    0.0
    """
    if not 1 <= most <= MAX_MOST:
        raise AskError(f"I can't name {most} paths", f"ask for 1 to {MAX_MOST}")
    graph = in_floats(graph)
    target, source = spot(of or objective_of(graph), graph), spot(by, graph)
    for each, text in ((target, of or target.name), (source, by)):
        if not is_entry(graph, each):
            first = ",".join(str(axis.lower) for axis in graph[each.name].axes)
            raise AskError(f"{text} is more than one entry", f"name one: {each.name}[{first}]")
    values = trace(graph)
    known(graph, values, target.name)
    known(graph, values, source.name)
    found = contributions(entries(graph, target, source, values), most)
    case = Case(graph, target, source, values, found)
    on_way = ancestors(graph, target.name) | {target.name}
    sizes = norms(graph, target, source.name, values)
    wild = first_wild(graph, on_way, values)
    steps = [
        *((wild_step(graph, wild),) if wild else ()),
        *_path_steps(case),
        *_factor_steps(case),
        *norm_steps(graph, target, sizes),
        *unit_steps(graph, flat_units(graph, on_way, values)),
    ]
    answer = _answer(case)
    if wild:
        first = spot_formula(graph, wild.at)
        answer += (". The first value that isn't finite is ", first)
    fading = trend(graph, sizes)
    if fading:
        answer += (". ", *fading)
    return Working(
        ask=" ".join(["explain", by, *([of] if of else [])]),
        answer=answer,
        result=np.array(found.derivative),
        steps=tuple(steps),
        values=values,
        picture=_picture(case, by),
    )


def _picture(case: Case, by: str) -> Picture | None:
    """The network with the paths lit; None where it is too large, or there is nothing to light."""
    of = case.of.name
    if case.paths.count == 0 or case.of == case.by or not case.graph[of].single:
        return None
    if sum(1 for q in case.graph if q.role is not Role.GRADIENT) > MAX_DRAWN:
        return None
    return picture(replace(case.graph, objective=of), by)


# ---- the answer in words -----------------------------------------------------------------------


def _answer(case: Case) -> Prose:
    """The derivative, how many paths carry it, and what makes it small, large or nothing."""
    paths = case.paths
    sign = result(partial(case.graph, case.of, case.by), np.array(paths.derivative))
    if case.of == case.by:
        return (sign, ": it is the derivative of an entry by itself")
    if paths.count == 0:
        of, by = spot_formula(case.graph, case.of), spot_formula(case.graph, case.by)
        return (sign, ": ", of, " doesn't depend on ", by)
    if paths.live == 0:
        return (sign, ": ", *_blocked(case))
    if np.isfinite(paths.derivative) and paths.log_absolute > _log(ROUNDING) + _log(0.0):
        pass
    return (sign, ": ", *_carried(case))
