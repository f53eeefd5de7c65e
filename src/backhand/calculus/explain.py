"""Why a derivative is what it is: the paths that carry it, and the factor that decides each.

Everything is worked in float64. The paths are ranked and counted by dynamic programming over the
entries of the graph, so a deep and wide network, with more paths than there are atoms, is no harder
than its number of edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp, isfinite, log, log10

import numpy as np

from backhand.calculus.chain import is_alias
from backhand.calculus.contributions import Contribution, Contributions, contributions, cut
from backhand.calculus.counting import plural
from backhand.calculus.entries import entries, in_floats
from backhand.calculus.factors import LEAST, Factor, factor, factor_step, in_short, meaning
from backhand.calculus.forward import ancestors, known, trace
from backhand.calculus.gradient import objective_of
from backhand.calculus.norms import first_wild, norm_steps, norms, trend, wild_step
from backhand.calculus.paths import Spot, is_entry, partial, spot, spot_formula
from backhand.calculus.picture import picture
from backhand.calculus.units import flat_units, unit_steps
from backhand.errors import AskError
from backhand.graph import Graph, Role, Value
from backhand.notation import DOTS, product, result
from backhand.rounding import digits, number
from backhand.syntax import Formula, Minus, Num, Raised
from backhand.working import Picture, Prose, Step, Working

MAX_MOST = 100
"""The most paths that are named."""
MAX_FACTORS = 8
"""A longer path is shown with its middle left out."""
MAX_CUT = 4
"""The most zero factors of a cut that are shown one by one."""
MAX_DRAWN = 200
"""A graph of more quantities isn't drawn."""
SMALL, LARGE = 0.01, 100.0
"""A factor beyond these is named in the answer."""
FAINT = 1e-3
"""A long path whose product is under this, or over its inverse, is described by its mean factor."""
CANCELLED = 0.01
"""Under this part of the sum of all contributions' sizes they are said to cancel."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What is explained: the derivative of `of` by `by`, with the values and the paths."""

    graph: Graph
    of: Spot
    by: Spot
    values: Mapping[str, Value]
    paths: Contributions

    def factor(self, edge: int) -> Factor:
        """The factor on an edge."""
        entries = self.paths.entries
        ends = entries.spot(int(entries.target[edge])), entries.spot(int(entries.source[edge]))
        return factor(self.graph, *ends, float(entries.slope[edge]), self.values)

    def edges(self, path: Contribution) -> list[int]:
        """The edges of a path, without those that only rename: J = ℓ has the factor 1."""
        entries = self.paths.entries
        named = [entries.spot(int(entries.target[edge])).name for edge in path.edges]
        pairs = zip(path.edges, named, strict=True)
        return [e for e, name in pairs if not is_alias(self.graph[name])] or list(path.edges)

    def extremes(self) -> tuple[int, int]:
        """The edges of the largest path with the smallest and the largest factor."""
        edges = self.edges(self.paths.best[0])
        sizes = np.abs(self.paths.entries.slope[edges])
        return edges[int(np.argmin(sizes))], edges[int(np.argmax(sizes))]


def explain(graph: Graph, by: str, of: str | None = None, most: int = 5) -> Working:
    """Why the derivative of the objective, or of the entry `of`, by the entry `by` is what it is.

    The working ranks the `most` largest of the paths that carry it by the size of their products,
    names the factor that kills it or blows it up, the norm of the gradient at every quantity, and
    the dead and the saturated units (as `units.py` defines them). Raises `AskError` where a value
    is missing or `by` or `of` isn't one entry, `LimitError` where there are too many entries.

    >>> import backhand
    >>> graph = backhand.model("x = 1; w = -3; z = relu(w x); J = z^2")
    >>> print(explain(graph, "w").text().splitlines()[0])
    ∂J/∂w = 0: its one path meets a factor of 0. It is ∂z/∂w = 0: the unit z is dead, since ReLU'(−3) = 0
    """
    if not 1 <= most <= MAX_MOST:
        raise AskError(f"I can't name {most} paths", f"ask for 1 to {MAX_MOST}")
    graph = in_floats(graph)
    target, source = _entry(graph, of or objective_of(graph)), _entry(graph, by)
    values = trace(graph)
    known(graph, values, target.name)
    known(graph, values, source.name)
    found = contributions(entries(graph, target, source, values), most)
    case = Case(graph, target, source, values, found)
    on_way = ancestors(graph, target.name) | {target.name}
    sizes = norms(graph, target, source.name, values)
    wild = first_wild(graph, on_way, values)
    answer = list(_answer(case))
    if wild is not None:
        answer += [". The first value that isn't finite is ", spot_formula(graph, wild.at)]
    fading = trend(graph, sizes)
    answer += [". ", *fading] if fading else []
    return Working(
        ask=" ".join(["explain", by, *([of] if of else [])]),
        answer=tuple(answer),
        result=np.array(found.derivative),
        steps=(
            *((wild_step(graph, wild),) if wild else ()),
            *_path_steps(case),
            *_factor_steps(case),
            *norm_steps(graph, target, sizes),
            *unit_steps(graph, flat_units(graph, on_way, values)),
        ),
        values=values,
        picture=_picture(case, by),
    )


def _entry(graph: Graph, text: str) -> Spot:
    """The one entry that is named; `AskError` where that is a whole array."""
    found = spot(text, graph)
    if not is_entry(graph, found):
        first = ",".join(str(axis.lower) for axis in graph[found.name].axes)
        raise AskError(f"{text} is more than one entry", f"name one: {found.name}[{first}]")
    return found


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
        return (sign, ", as for any entry by itself")
    if paths.count == 0:
        of, by = spot_formula(case.graph, case.of), spot_formula(case.graph, case.by)
        return (sign, ": ", of, " doesn't depend on ", by)
    if paths.live == 0:
        return (sign, ": ", *_blocked(case))
    return (sign, ": ", *_carried(case), *_why_so_small_or_large(case))


def _blocked(case: Case) -> Prose:
    """Why no path carries anything: the zero factors that every path meets."""
    zeros = cut(case.paths.entries)
    one = case.factor(zeros[0])
    count = case.paths.count
    which = "its one path" if count == 1 else f"each of its {how_many(count)} paths"
    where = (
        f". There are {len(zeros)} such factors, the first is " if len(zeros) > 1 else ". It is "
    )
    return (f"{which} meets a factor of 0", where, *_named(case, one))


def _named(case: Case, one: Factor) -> Prose:
    """A factor in one line, and what it says of its unit."""
    reason = meaning(case.graph, one)
    return (in_short(case.graph, one), *((": ", *reason) if reason else ()))


def _carried(case: Case) -> Prose:
    """How much of the derivative the largest path brings, or how the paths cancel."""
    paths, best = case.paths, case.paths.best[0]
    if not isfinite(paths.derivative):
        return ("a factor on its way is no finite number",)
    if paths.derivative == 0 and best.value == 0:
        return (
            "it is too small for float64, its largest path brings about ",
            _power(best.log_size),
        )
    if paths.count == 1:
        return ("one path carries it",)
    if paths.live == 1:
        return (
            f"one of its {how_many(paths.count)} paths carries it, the others meet a factor of 0",
        )
    many = f"{how_many(paths.live)} paths carry it"
    if paths.live < paths.count:
        many = f"{how_many(paths.live)} of its {how_many(paths.count)} paths carry it"
    if paths.derivative == 0:
        return (f"{many}, and cancel",)
    left = log(abs(paths.derivative)) - paths.log_absolute
    if left < log(CANCELLED):
        return (f"{many}, and nearly cancel: of the sum of their sizes ", _power(left), " is left")
    return (f"{many}, the largest with {_percent(best.value / paths.derivative)} of it",)


def _why_so_small_or_large(case: Case) -> Prose:
    """The factors of the largest path that stand out, or its factors on average."""
    best = case.paths.best[0]
    edges = case.edges(best)
    which = "The path" if case.paths.count == 1 else "The largest path"
    mean = exp(best.log_size / len(edges)) if isfinite(best.log_size) else np.inf
    if len(edges) > MAX_FACTORS and abs(best.log_size) > -log(FAINT):
        each = f"{which} has {len(edges)} factors, {digits(mean)} on average, with the product "
        return (". ", each, _power(best.log_size))
    out: list[str | Formula] = []
    smallest, largest = (case.factor(edge) for edge in case.extremes())
    for word, one, stands_out in (
        ("smallest", smallest, abs(smallest.value) <= SMALL),
        ("largest", largest, not abs(largest.value) < LARGE),
    ):
        if stands_out:
            out += [f". {which}'s {word} factor is ", *_named(case, one)]
    return tuple(out)


def how_many(count: int) -> str:
    """A count in full, or as a power of ten where nobody reads its digits.

    >>> how_many(400), how_many(20**49)
    ('400', '5.6 · 10^63')
    """
    if count < 10**15:
        return str(count)
    exponent = int(log10(count))
    return f"{float(Fraction(count, 10**exponent)):.2g} · 10^{exponent}"


def _power(log_size: float) -> Formula:
    """A size as a power of ten, even one that float64 doesn't hold."""
    exponent = round(log_size / log(10)) if isfinite(log_size) else 0
    raised = Num(Fraction(abs(exponent)))
    return Raised(Num(Fraction(10)), Minus(raised) if exponent < 0 else raised)


def _percent(part: float) -> str:
    if 0 < 100 * abs(part) < LEAST:
        return f"under {LEAST} %"
    return f"{digits(100 * part).replace('-', '−')} %"


# ---- the steps ---------------------------------------------------------------------------------


def _path_steps(case: Case) -> list[Step]:
    """A step for each of the largest paths, and one for all others together."""
    paths = case.paths
    if case.of == case.by:
        return []
    steps = [_path_step(case, at, one) for at, one in enumerate(paths.best, 1)]
    others = paths.count - len(paths.best)
    if others:
        rest = paths.derivative - sum(one.value for one in paths.best)
        share = max(0.0, 1 - sum(paths.share(one) for one in paths.best))
        steps.append(
            Step(
                title=(
                    f"The other {how_many(others)} {'path' if others == 1 else 'paths'} together",
                ),
                rule="contribution",
                value=number(rest),
                note=(f"{_percent(share)} of the sum of all paths' sizes",),
            )
        )
    return steps


def _path_step(case: Case, place: int, one: Contribution) -> Step:
    shown = [None if edge is None else case.factor(edge) for edge in _abridged(case.edges(one))]
    signs = [DOTS if f is None else partial(case.graph, f.of, f.by) for f in shown]
    numbers = [DOTS if f is None else number(f.value) for f in shown]
    count = case.paths.count
    lost = one.value == 0 and not one.zeros
    return Step(
        title=("The one path",) if count == 1 else (f"Path {place} of {how_many(count)}",),
        rule="contribution",
        formula=product(signs),
        substitution=product(numbers) if len(numbers) > 1 else None,
        value=_power(one.log_size) if lost else number(one.value),
        note=_path_note(case, one),
    )


def _abridged(edges: Sequence[int]) -> list[int | None]:
    """A path's edges with None for its middle where it is long."""
    if len(edges) <= MAX_FACTORS:
        return list(edges)
    half = MAX_FACTORS // 2
    return [*edges[:half], None, *edges[-half + 1 :]]


def _path_note(case: Case, one: Contribution) -> Prose:
    paths = case.paths
    if one.zeros:
        edge = next(e for e in one.edges[::-1] if paths.entries.slope[e] == 0)
        short = in_short(case.graph, case.factor(edge))
        return (plural(one.zeros, "factor is 0: ", "factors are 0, the first "), short)
    if paths.count == 1 or not isfinite(paths.derivative):
        return ()
    of_sizes = _percent(paths.share(one))
    of_whole = _percent(one.value / paths.derivative) if paths.derivative else ""
    if of_sizes == of_whole:
        return (f"{of_whole} of the derivative",)
    whole = f"{of_whole} of the derivative, " if of_whole else ""
    return (f"{whole}{of_sizes} of the sum of all paths' sizes",)


def _factor_steps(case: Case) -> list[Step]:
    """The factors that kill a derivative, or the extreme ones of its largest path."""
    graph, values = case.graph, case.values
    if case.paths.count == 0 or case.of == case.by:
        return []
    if case.paths.live == 0:
        zeros = cut(case.paths.entries)
        of = f" (1 of {len(zeros)})" if len(zeros) > 1 else ""
        return [
            factor_step(graph, case.factor(edge), values, (f"A factor that kills it{of}: ",))
            for edge in zeros[:MAX_CUT]
        ]
    if len(case.edges(case.paths.best[0])) == 1:
        return []
    which = "the path" if case.paths.count == 1 else "the largest path"
    return [
        factor_step(graph, case.factor(edge), values, (f"The {word} factor of {which}: ",))
        for word, edge in zip(("smallest", "largest"), case.extremes(), strict=True)
    ]
