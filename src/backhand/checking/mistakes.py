"""The known slips, one table: each is tested by working the question out under it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from backhand.calculus.structure import layers
from backhand.checking.case import Case
from backhand.checking.chain_mistakes import (
    always_one,
    function_for_slope,
    minus_exponential,
    missing,
)
from backhand.checking.recomputing import answered, with_definitions
from backhand.checking.rounding_early import rounded_early
from backhand.errors import BackhandError
from backhand.expr import Add, Apply, Expr, Power, Ref, number, postorder
from backhand.graph import Graph, Layout, Quantity, Role, Value
from backhand.values import floats

NO_ACTIVATION = frozenset(("log", "exp", "sqrt", "abs"))


@dataclass(frozen=True, slots=True)
class Slip:
    """A known slip: what to say of it, what is still worth something, and the values it leads to."""

    hint: str
    credit: float
    values: Callable[[Case], Iterator[Value]]


# ---- values turned about -----------------------------------------------------------------------


def _sign(case: Case) -> Iterator[Value]:
    if case.value is not None and case.expected.kind in ("number", "vector", "matrix", "formula"):
        yield -case.value


def _swapped(case: Case) -> Iterator[Value]:
    if case.expected.kind == "shape" and case.value is not None and case.value.size == 2:
        yield case.value[::-1]


def _transposed(case: Case) -> Iterator[Value]:
    if case.value is not None and case.value.ndim == 2 and case.expected.kind == "matrix":
        yield case.value.T
    yield from _with_parameters(case, lambda q: None if q.folded else _square_flipped(q))


def _square_flipped(q: Quantity) -> Value | None:
    assert q.value is not None
    return q.value.T if q.rank == 2 and q.shape[0] == q.shape[1] else None


def _other_layout(case: Case) -> Iterator[Value]:
    if case.ask.verb in ("jacobian", "derivative", "local") and case.value is not None:
        other: Layout = "denominator" if case.layout == "numerator" else "numerator"
        found = answered(case.graph, case.ask, other)
        if found is not None and found.ndim:
            yield found


def _halved(case: Case) -> Iterator[Value]:
    """The 2 of a square forgotten."""
    if case.value is None or case.ask.verb not in ("derivative", "gradient", "local", "jacobian"):
        return
    squares = (
        node
        for q in case.graph
        if q.definition is not None
        for node in postorder(q.definition)
        if isinstance(node, Power) and node.args[1] is number(2)
    )
    if next(squares, None) is not None:
        yield case.value / 2


def _neighbours(case: Case) -> Iterator[Value]:
    """The entry beside the one asked for; one more or one fewer counted."""
    if case.expected.kind == "count" and case.value is not None:
        yield from (case.value + 1, case.value - 1)
        return
    word = case.ask.words[-1] if case.ask.words else ""
    name, _, inside = word.partition("[")
    if not inside or case.ask.verb not in ("value", "derivative", "local", "update"):
        return
    slots = [int(part) for part in inside.removesuffix("]").split(",")]
    for at in range(len(slots)):
        for by in (-1, 1):
            moved = [s + by * (i == at) for i, s in enumerate(slots)]
            words = (*case.ask.words[:-1], f"{name}[{','.join(map(str, moved))}]")
            found = answered(case.graph, replace(case.ask, words=words), case.layout)
            if found is not None:
                yield found


# ---- the forward pass worked out otherwise -----------------------------------------------------


def _with_parameters(case: Case, change: Callable[[Quantity], Value | None]) -> Iterator[Value]:
    """The answer with other values for the given arrays."""
    given = [q for q in case.graph if q.value is not None and q.role is Role.PARAMETER]
    changed = {q.name: new for q in given if (new := change(q)) is not None}
    if changed and case.ask.verb not in ("shape", "matrices", "parameters"):
        found = answered(case.graph.with_values(**changed), case.ask, case.layout)
        if found is not None:
            yield found


def _without_bias(case: Case) -> Iterator[Value]:
    yield from _with_parameters(case, lambda q: _no_bias(q, case.graph))
    if case.value is not None and case.expected.kind in ("shape", "count"):
        yield from _smaller(case)


def _smaller(case: Case) -> Iterator[Value]:
    """Shapes and counts where no bias is thought of."""
    assert case.value is not None
    if case.expected.kind == "shape":
        if case.graph[case.ask.words[0]].folded:
            yield np.array([case.value[0], case.value[1] - 1], dtype=object)
        return
    if case.ask.verb != "parameters":
        return
    chosen = [
        layer
        for layer in layers(case.graph)
        if case.ask.words[:1] != ("layer",) or str(layer.number) == case.ask.words[1]
    ]
    if case.ask.words[:1] != ("activation",):
        parameters = [p for layer in chosen for p in layer.parameters]
        biases = sum(
            p.shape[0] if p.folded else p.size for p in parameters if p.folded or p.rank < 2
        )
        yield case.value - biases


def _no_bias(q: Quantity, graph: Graph) -> Value | None:
    assert q.value is not None
    if q.folded:
        bare = q.value.copy()
        bare[..., 0] = q.value[..., 0] * 0
        return bare
    return q.value * 0 if _is_added(q, graph) else None


def _is_added(q: Quantity, graph: Graph) -> bool:
    return any(
        isinstance(other.definition, Add)
        and any(isinstance(arg, Ref) and arg.name == q.name for arg in other.definition.args)
        for other in graph
    )


def _one_at_the_end(case: Case) -> Iterator[Value]:
    """The extra 1 put below the vector: column 0 meets its first entry."""

    def turned(q: Quantity) -> Value | None:
        assert q.value is not None
        return np.roll(q.value, 1, axis=-1) if q.folded else None

    yield from _with_parameters(case, turned)


def _unactivated(case: Case) -> Iterator[Value]:
    """a used where z belongs."""

    def plain(q: Quantity) -> Expr | None:
        match q.definition:
            case Apply(name, (inside,)) if name not in NO_ACTIVATION:
                return inside
            case _:
                return None

    yield from _changed(case, plain)


def _slope_for_function(case: Case) -> Iterator[Value]:
    """σ′ taken where σ was meant."""

    def sloped(q: Quantity) -> Expr | None:
        if isinstance(q.definition, Apply) and q.definition.name in ("sigmoid", "tanh"):
            return _slope(q.definition)
        return None

    if case.ask.verb in ("value", "loss"):
        yield from _changed(case, sloped)


def _mixed_up(case: Case) -> Iterator[Value]:
    yield from _slope_for_function(case)
    yield from function_for_slope(case)


def _slope(of: Apply) -> Expr:
    return of * (1 - of) if of.name == "sigmoid" else 1 - of**2


def _changed(case: Case, change: Callable[[Quantity], Expr | None]) -> Iterator[Value]:
    if case.ask.verb in ("shape", "matrices", "parameters", "shapes"):
        return
    changed = with_definitions(case.graph, change)
    found = answered(changed, case.ask, case.layout) if changed is not None else None
    if found is not None:
        yield found


# ---- updates -----------------------------------------------------------------------------------


def _added(case: Case) -> Iterator[Value]:
    before = _before(case)
    if before is not None and case.value is not None:
        yield 2 * before - case.value


def _without_rate(case: Case) -> Iterator[Value]:
    before = _before(case)
    if before is not None and case.value is not None:
        rate = Fraction(case.ask.options["eta"])
        step = case.value - before
        yield before + step / (rate if case.value.dtype == object else float(rate))


def _before(case: Case) -> Value | None:
    if case.ask.verb != "update" or case.expected.by is None:
        return None
    by = case.expected.by
    value = case.graph[by.name].value
    if value is None:
        return None
    entry = by.slots and case.graph[by.name].rank
    return np.array(case.graph[by.name].entry(value, by.slots)) if entry else value


SLIPS: Mapping[str, Slip] = {
    "sign": Slip("The sign is the wrong way round.", 0.5, _sign),
    "rows and columns swapped": Slip(
        "Rows come first, then columns: this is the other way round.", 0.5, _swapped
    ),
    "update added": Slip(
        "Gradient descent steps against the derivative: subtract, don't add.", 0.5, _added
    ),
    "learning rate forgotten": Slip(
        "The step is the learning rate times the derivative.", 0.5, _without_rate
    ),
    "bias forgotten": Slip("The bias is missing: a 1 goes before the vector.", 0.5, _without_bias),
    "1 at the wrong end": Slip(
        "The extra 1 is at the wrong end: it goes before the vector, not after it.",
        0.5,
        _one_at_the_end,
    ),
    "ReLU' always 1": Slip(
        "The derivative of ReLU is 0 where what goes in is negative.", 0.5, always_one
    ),
    "wrong sigma'": Slip(
        "The derivative of σ isn't σ(z)(1 − e^(−z)): compare with a slope at z = 1.",
        0.5,
        minus_exponential,
    ),
    "sigma and sigma' mixed up": Slip(
        "A function and its derivative are mixed up at the activation.", 0.5, _mixed_up
    ),
    "factor 2 forgotten": Slip(
        "A square brings a factor 2 when it is differentiated.", 0.5, _halved
    ),
    "factor missing": Slip("One factor of the chain is missing.", 0.5, missing),
    "activation forgotten": Slip(
        "This uses what goes into an activation where what comes out is meant.", 0.5, _unactivated
    ),
    "transposed": Slip("A matrix is transposed here.", 0.5, _transposed),
    "layouts mixed": Slip("This is the other layout of derivatives.", 0.5, _other_layout),
    "index off by one": Slip(
        "This is the entry, or the number, beside the right one.", 0.25, _neighbours
    ),
    "rounded too early": Slip(
        "Close, but rounded too early: keep more digits on the way.", 0.75, rounded_early
    ),
}
"""Every known slip, those that are told apart first at the top."""


EARLY = "rounded too early"
BEFORE = tuple(name for name in SLIPS if name != EARLY)


def slipped(case: Case, slips: Iterable[str] = tuple(SLIPS)) -> Iterator[tuple[str, Value]]:
    """The wrong values that the slips lead to, each with its slip; never the right one."""
    if case.value is None:
        return
    right = floats(case.value)
    seen: list[np.ndarray] = [right]
    for name in slips:
        try:
            found = list(SLIPS[name].values(case))
        except (BackhandError, ValueError, ZeroDivisionError, OverflowError):
            continue
        for each in found:
            value = np.asarray(each)  # arithmetic on an array without axes gives a bare number
            plain = floats(value)
            if plain.shape != right.shape and plain.size != right.size and plain.ndim != 2:
                continue
            if not np.all(np.isfinite(plain)):
                continue
            if any(s.shape == plain.shape and np.allclose(s, plain, 1e-9, 1e-12) for s in seen):
                continue
            seen.append(plain)
            yield name, value
