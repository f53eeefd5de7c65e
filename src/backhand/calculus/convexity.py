"""Whether a quantity is convex: by composition rules, by its Hessian, or not, by two points.

f is convex on a convex domain if and only if f(α x₁ + (1 − α) x₂) <= α f(x₁) + (1 − α) f(x₂) for all
x₁, x₂ in it and 0 <= α <= 1, and concave with >= in the place of <=. The domain is where every part
of f has a value. Nothing is decided by sampling alone: a verdict rests on rules, or on two points at
which the definition fails in interval arithmetic.

Source: Boyd and Vandenberghe, Convex Optimization (2004), sections 3.1 and 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from backhand.calculus.convexity_working import (
    proof_steps,
    reason_shape,
    reason_violations,
    swap_steps,
    violation_steps,
)
from backhand.calculus.counterexample import Violation, steepest, violations
from backhand.calculus.curvature import Setting, quantity_shape, setting
from backhand.calculus.entrywise import Point, Written, in_entries, offsets
from backhand.calculus.points import over_points
from backhand.calculus.second_order import by_hessian
from backhand.calculus.symmetry import swap
from backhand.errors import AskError, LimitError
from backhand.expr import Ref
from backhand.functions import Interval
from backhand.graph import Graph, Role
from backhand.working import Chord, Verdict, Working

SAMPLES = 81
"""Points of a curve."""
MARGIN = 0.2
"""How far a curve goes on past the ends of its chord, as a part of it."""


def convexity(
    graph: Graph, of: str, by: Sequence[str] = (), domain: Mapping[str, Interval] | None = None
) -> Verdict:
    """Whether the scalar `of` is convex in all entries of the quantities `by` together.

    `by`: left out, every quantity without an equation and without a value, of an objective the
    parameters among them; if all have values, the parameters. What isn't in `by` is a constant: its
    value if it has one, else any number in its domain. `domain`: limits on the entries of a quantity. Of
    several data points the objective is the mean.

    The verdict is "convex", "concave", "affine" (both), "neither" or "not decided". The witness of
    a failure is {"x1", "x2", "alpha", "left", "right"}, names to numbers; of "neither" one under
    "not convex" and one under "not concave", and under "swap" one by two hidden units that change
    places. Raises `AskError` where `of` is no scalar or nothing is free.

    >>> import backhand
    >>> convexity(backhand.model("x in R; y in R; f = log(exp(x) + exp(y))"), "f").reason
    'f is convex in x and y: it is the logarithm of a log-convex function.'
    >>> convexity(backhand.model("x in R; f = x^3"), "f").verdict
    'neither'
    """
    domain = domain or {}
    graph, names = _question(graph, of, by)
    _check_domain(graph, domain)
    place = setting(graph, of, frozenset(names), domain, by_hessian)
    try:
        found = quantity_shape(of, place)
    except LimitError:
        return _refuted(graph, of, names, place)
    if found.constant or found.convex or found.concave:
        word = "affine" if found.affine else "convex" if found.convex else "concave"
        reason = reason_shape(of, names, word, found)
        return _verdict(of, word, reason, proof_steps(of, place))
    return _refuted(graph, of, names, place)


def _question(graph: Graph, of: str, by: Sequence[str]) -> tuple[Graph, tuple[str, ...]]:
    """The graph to look at, and the names of what varies."""
    quantity = graph[of]
    if not quantity.single:
        raise AskError(f"{of} is no scalar, so it is neither convex nor concave", "name one entry")
    if quantity.definition is None:
        raise AskError(f"{of} has no equation", "ask about a quantity that has one")
    names = tuple(dict.fromkeys(by)) or _free(graph, of)
    for name in names:
        if graph[name].name == of:
            raise AskError(f"{of} can't be a function of itself", "name what it is made of")
    if not names:
        raise AskError(
            f"nothing in {of} is free: every quantity has a value", "name what varies: by=['w']"
        )
    if of == graph.objective and graph.point_count > 1:
        graph = over_points(graph)
    return graph, names


def _free(graph: Graph, of: str) -> tuple[str, ...]:
    """What varies where nobody says: what has no value, of an objective the weights among that."""
    free = [q for q in graph if q.definition is None and q.value is None]
    weights = [q for q in free if q.role is Role.PARAMETER and of == graph.objective]
    return tuple(q.name for q in weights or free or graph.parameters)


def _check_domain(graph: Graph, domain: Mapping[str, Interval]) -> None:
    for name, limits in domain.items():
        if not graph[name].name or not limits.low < limits.high:
            raise AskError(f"the domain of {name} is empty", "give its lower end first")


def _verdict(
    of: str, word: str, reason: str, steps: Sequence[Any], witness: Mapping[str, Any] | None = None
) -> Verdict:
    working = Working(ask=f"convex {of}", answer=(reason,), result=word, steps=tuple(steps))
    return Verdict(verdict=word, reason=reason, working=working, witness=witness)


def _refuted(graph: Graph, of: str, names: Sequence[str], place: Setting) -> Verdict:
    """The verdict where no rule proves anything: by two points, if they are found."""
    try:
        written = in_entries(of, place)
    except LimitError as error:
        return _verdict(of, "not decided", f"{of} is too large to be searched: {error.what}.", ())
    not_convex, not_concave = violations(written)
    swapped = swap(graph, of, written) if not_convex or not_concave else None
    if swapped is not None:
        not_convex = not_convex or swapped.violation
    word = "neither" if not_convex and not_concave else "not decided"
    pairs = {"not convex": not_convex, "not concave": not_concave}
    found = {key: each for key, each in pairs.items() if each is not None}
    reason = reason_violations(of, names, word, found, swapped, written)
    steps = [
        step for key, each in found.items() for step in violation_steps(of, key, each, written)
    ]
    if swapped is not None:
        steps += swap_steps(of, swapped, written)
    witness = {key: as_witness(each, written) for key, each in found.items()}
    if swapped is not None:
        witness["swap"] = {"layer": swapped.layer, **as_witness(swapped.violation, written)}
    return _verdict(of, word, reason, steps, witness or None)


def as_witness(found: Violation, written: Written) -> dict[str, Any]:
    """A violation as names and numbers, ready for JSON."""
    said: dict[str, Any] = {
        "x1": _named(found.first, written),
        "x2": _named(found.second, written),
        "alpha": float(found.weight),
        "left": float(found.left.mid.a),
        "right": float(found.right.mid.a),
    }
    held = {e: x for e, x in zip(written.entries, found.first, strict=True) if e in written.held}
    return {**said, "given": _arrays(held, written)} if held else said


def _named(point: Point, written: Written) -> dict[str, Any]:
    pairs = zip(written.entries, point, strict=True)
    return _arrays({e: x for e, x in pairs if e not in written.held}, written)


def _arrays(numbers: Mapping[Ref, Fraction], written: Written) -> dict[str, Any]:
    """The numbers of entries gathered by quantity: a number, or nested lists."""
    out: dict[str, Any] = {}
    graph = written.setting.graph
    for name in dict.fromkeys(entry.name for entry in numbers):
        quantity = graph[name]
        array = np.zeros(quantity.shape)
        for entry, x in numbers.items():
            if entry.name == name:
                array[offsets(entry, graph)] = float(x)
        out[name] = array.tolist()
    return out


# ---- a picture ---------------------------------------------------------------------------------


def drawn(
    graph: Graph, of: str, by: Sequence[str] = (), domain: Mapping[str, Interval] | None = None
) -> Verdict:
    """The verdict of `convexity` with the picture of a chord in its working, where there is one."""
    verdict = convexity(graph, of, by, domain)
    picture = chord(graph, of, by, verdict, domain)
    return replace(verdict, working=replace(verdict.working, chord=picture))


def chord(
    graph: Graph,
    of: str,
    by: Sequence[str] = (),
    verdict: Verdict | None = None,
    domain: Mapping[str, Interval] | None = None,
) -> Chord | None:
    """The curve and a chord for a picture: where the definition fails, else where it bends most.

    `verdict`: that of `convexity` on the same question, to show its witness. None where there is no
    chord to show: too many entries, or no two points of the domain were found.
    """
    graph, names = _question(graph, of, by)
    place = setting(graph, of, frozenset(names), domain or {}, by_hessian)
    try:
        written = in_entries(of, place)
    except LimitError:
        return None
    witness = _shown_witness(verdict)
    if witness is None:
        pair = steepest(written)
        if pair is None:
            return None
        first, second, weight = *pair, 0.5
    else:
        first, second = (_row(witness, key, written) for key in ("x1", "x2"))
        weight = float(witness["alpha"])
    mark = 1 - weight
    t = np.append(np.linspace(-MARGIN, 1 + MARGIN, SAMPLES), [0, 1, mark])
    values = written.values(first + t[:, None] * (second - first))
    inside = np.isfinite(values[:-3])
    start, end, left = map(float, values[-3:])
    return Chord(
        name=of,
        t=tuple(t[:-3][inside].tolist()),
        values=tuple(values[:-3][inside].tolist()),
        ends=(start, end),
        mark=mark,
        left=left,
        right=weight * start + (1 - weight) * end,
    )


def _shown_witness(verdict: Verdict | None) -> Mapping[str, Any] | None:
    witness = verdict.witness if verdict is not None else None
    if witness is None:
        return None
    return next((witness[key] for key in ("not convex", "not concave") if key in witness), None)


def _row(witness: Mapping[str, Any], key: str, written: Written) -> Any:
    """A point of a witness as the numbers of the entries."""
    numbers = {**witness[key], **witness.get("given", {})}
    graph = written.setting.graph
    return np.array([np.asarray(numbers[e.name])[offsets(e, graph)] for e in written.entries])
