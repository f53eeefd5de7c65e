"""Follow-through: what would be right, given the student's own earlier answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from backhand.calculus.evaluate import evaluate
from backhand.calculus.gradient import loss_of
from backhand.calculus.paths import Hop, Spot, spot
from backhand.checking.chain_reading import Factor
from backhand.checking.earlier import Earlier, Slope
from backhand.checking.following_formulas import chain_follows, formula_follows
from backhand.checking.judging import all_close, compared_numbers, typed_digits
from backhand.checking.parts import Prepared, aims
from backhand.checking.recomputing import (
    Number,
    answered,
    as_value,
    derivative_with,
    gradient_with,
    value_of,
    value_with,
    values_with,
    ways,
)
from backhand.checking.rounding import tidy
from backhand.checking.standing import entries_of, is_turned, sign_of
from backhand.expr import Apply, names
from backhand.graph import Role, Value
from backhand.values import floats

FOLLOWED = frozenset(
    ("value", "loss", "forward", "class", "local", "derivative", "gradient", "jacobian", "update")
)
"""The asks whose answers may follow from earlier ones."""
MAX_BY_PATHS = 40
"""A derivative with more entries is followed by the backward pass only."""


def is_followed(part: Prepared) -> bool:
    """Whether the part's answer may follow from earlier ones."""
    ask = part.part.ask
    first = int(ask.options.get("point", "1")) == 1
    return ask.verb in FOLLOWED and part.part.expected.kind != "chain" and first


def follows(part: Prepared, answer: str, earlier: Earlier) -> str | None:
    """How the answer was understood, where it is right given the earlier ones and not without them.

    Raises `BackhandError` where it can't be read.
    """
    if part.part.expected.kind == "chain":
        typed = part.reader.formula(answer)
        assert typed.formula is not None
        return typed.understood if chain_follows(part, typed.formula, earlier) else None
    typed = part.reader.numbers(answer)
    if typed.formula is None:
        fits = typed.rows and any(
            compared_numbers(part, typed, aims(value), ()).verdict == "right"
            for value in followed(part, earlier)
        )
        return typed.understood if fits else None
    tensor = part.reader.tensor(typed.formula)
    if part.part.expected.kind == "formula" and not tensor.axes:
        return typed.understood if formula_follows(part, tensor.expr, earlier) else None
    if part.right is None or names(tensor.expr):
        return None
    value = np.asarray(evaluate(tensor.expr, tensor.axes, part.graph, {}))
    digits = typed_digits(typed.formula)
    fits = value.size == part.right[0].size and any(
        all_close(value, right, digits) for right in followed(part, earlier)
    )
    return typed.understood if fits else None


def trivial(found: Earlier, part: Prepared) -> str:
    """Why the earlier answers leave nothing to work out: all zeros, or no unit that is alive; or ""."""
    if found.zeros:
        return found.zeros
    own = {spot.name for spot in found.entries if spot.name in part.graph}
    if not own:
        return ""
    after = values_with(part.graph, {}, found.entries)
    for quantity in part.graph:
        if quantity.role is Role.OBJECTIVE or not isinstance(quantity.definition, Apply):
            continue
        name = quantity.name
        if name in own or name not in after or name not in part.values:
            continue
        if not floats(after[name]).any() and floats(part.values[name]).any():
            return f"With your earlier answers every unit of {name} is dead"
    return ""


def followed(part: Prepared, earlier: Earlier) -> Iterator[Value]:
    """What the part's answer would be with the earlier answers, where that isn't the right one."""
    if part.right is None or not earlier:
        return
    right = floats(part.right[0])
    for value in _candidates(part, earlier):
        plain = floats(np.asarray(value))
        if plain.size == right.size and not np.allclose(plain.ravel(), right.ravel(), 1e-9, 1e-12):
            tidied = np.array([tidy(x) for x in plain.ravel().tolist()], dtype=object)
            yield tidied.reshape(right.shape)


def _candidates(part: Prepared, earlier: Earlier) -> Iterator[Value]:
    ask, wanted, graph = part.part.ask, part.part.expected, part.graph
    match ask.verb:
        case "value" | "loss" | "forward":
            yield from _forward(part, earlier)
        case "class":
            yield from _class(part, earlier)
        case "local" if wanted.formula is not None:
            number = value_of(wanted.formula, graph, values_with(graph, {}, earlier.entries))
            yield from [as_value(number)] if number is not None else []
        case "derivative" | "gradient" | "jacobian":
            for slope in _slopes(part, earlier):
                yield slope.T if is_turned(part) and slope.ndim else slope
        case "update":
            for slope in _slopes(part, earlier):
                yield from _stepped(part, slope)
        case _:
            return


def _forward(part: Prepared, earlier: Earlier) -> Iterator[Value]:
    ask, graph = part.part.ask, part.graph
    at = spot(ask.words[0] if ask.verb == "value" else loss_of(graph), graph)
    own = {s: n for s, n in earlier.entries.items() if s.name != at.name}
    found = value_with(graph, own, at.name) if own else None
    if found is not None:
        yield _at(part, at, found)


def _class(part: Prepared, earlier: Earlier) -> Iterator[Value]:
    names = {spot.name for spot in earlier.entries if spot.name in part.graph}
    if not names:
        return
    values = values_with(part.graph, {}, earlier.entries)
    fixed = replace(
        part.graph,
        quantities=tuple(
            replace(q, value=values[q.name].reshape(q.shape)) if q.name in names else q
            for q in part.graph
        ),
    )
    found = answered(fixed, part.part.ask, part.layout)
    if found is not None:
        yield found


# ---- derivatives -------------------------------------------------------------------------------


def _slopes(part: Prepared, earlier: Earlier) -> Iterator[Value]:
    """The derivative with the earlier answers, all of them about the first data point."""
    found = _slopes_of_point(part, earlier) if is_followed(part) else iter(())
    yield from _mean(part, found) if part.part.ask.options.get("over") == "all" else found


def _slopes_of_point(part: Prepared, earlier: Earlier) -> Iterator[Value]:
    """By the answer itself, for an update; by the paths; by the backward pass."""
    of, by, graph = part.part.expected.of, part.part.expected.by, part.graph
    if of is None or by is None:
        return
    tops, bottoms = entries_of(graph, of), entries_of(graph, by)
    pairs = [(top, bottom) for top in tops for bottom in bottoms]
    values = values_with(graph, {}, earlier.entries)
    if part.part.ask.verb == "update":
        own = [earlier.slopes.get(part.chains.plain(Factor(*pair))) for pair in pairs]
        yield from _array(part, [None if s is None else value_of(s, graph, values) for s in own])
    if len(pairs) == 1:
        yield from _array(part, [_chained(part, Factor(*pairs[0]), values, earlier)])
    if len(pairs) <= MAX_BY_PATHS:
        yield from _array(part, [_along(part, pair, values, earlier) for pair in pairs])
    sign = sign_of(part, of.name, by.name)
    rest = {s: n for s, n in earlier.entries.items() if s.name != sign}
    if rest:
        whole = gradient_with(graph, part.chains.reader.root(of.name), by.name, rest)
        if whole is not None:
            offsets = zip(of.slots, graph[of.name].axes, strict=False)
            row = whole[tuple(slot - axis.lower for slot, axis in offsets)]
            yield _at(part, by, np.asarray(row, dtype=whole.dtype))


def _along(
    part: Prepared, pair: tuple[Spot, Spot], values: dict[str, Value], earlier: Earlier
) -> Number | None:
    """One entry by its paths, with the student's own factors."""
    found = ways(part.graph, *pair)

    def slope(hop: Hop) -> Slope | None:
        return earlier.slopes.get(part.chains.plain(Factor(hop.of, hop.by)))

    return None if found is None else derivative_with(part.graph, found, values, slope)


def _chained(
    part: Prepared, factor: Factor, values: dict[str, Value], earlier: Earlier
) -> Number | None:
    """What the student's own chain comes to."""
    factors = earlier.chains.get(part.chains.plain(factor))
    if factors is None:
        return None
    result: Number = Fraction(1)
    for each in factors:
        own = earlier.slopes.get(each)
        number = (
            _along(part, (each.of, each.by), values, earlier)
            if own is None
            else value_of(own, part.graph, values)
        )
        if number is None:
            return None
        result = result * number
    return result


def _array(part: Prepared, numbers: Sequence[Number | None]) -> Iterator[Value]:
    """The numbers as the array of the derivative, where there is one for each entry."""
    of, by, graph = part.part.expected.of, part.part.expected.by, part.graph
    known = [number for number in numbers if number is not None]
    if of is None or by is None or not known or len(known) < len(numbers):
        return
    if len(known) == 1:
        yield as_value(known[0])
        return
    exact = all(isinstance(number, Fraction) for number in known)
    shape = [a.size for at in (of, by) if not at.slots for a in graph[at.name].axes]
    yield np.array(known, dtype=object if exact else float).reshape(shape)


def _at(part: Prepared, by: Spot, whole: Value) -> Value:
    """The entry that is asked for, or the whole."""
    if not by.slots:
        return whole
    return np.array(part.graph[by.name].entry(whole, by.slots), dtype=whole.dtype)


def _mean(part: Prepared, slopes: Iterator[Value]) -> Iterator[Value]:
    """The mean over all points where the derivative on the first is another than the right one."""
    of, by, graph = part.part.expected.of, part.part.expected.by, part.graph
    before = _before(part)
    if of is None or by is None or before is None or part.right is None:
        return
    first = gradient_with(graph, of.name, by.name, {})
    if first is None:
        return
    rate = Fraction(part.part.ask.options["eta"])
    mean = (floats(before) - floats(part.right[0])) / float(rate)
    for slope in slopes:
        moved = floats(slope) - floats(_at(part, by, first))
        yield np.asarray(mean + moved / graph.point_count)


def _before(part: Prepared) -> Value | None:
    by = part.part.expected.by
    value = part.graph[by.name].value if by is not None else None
    return _at(part, by, value) if by is not None and value is not None else None


def _stepped(part: Prepared, slope: Value) -> Iterator[Value]:
    before = _before(part)
    if before is None or slope.size != before.size:
        return
    rate = Fraction(part.part.ask.options["eta"])
    if slope.dtype == object and before.dtype == object:
        yield np.asarray(before - rate * slope.reshape(before.shape))
    else:
        yield np.asarray(floats(before) - float(rate) * floats(slope).reshape(before.shape))
