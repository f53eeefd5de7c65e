"""Follow-through: what would be right, given the student's own earlier answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from backhand.calculus.gradient import loss_of
from backhand.calculus.paths import Hop
from backhand.checking.chain_reading import Factor
from backhand.checking.numerals import Numeral
from backhand.checking.parts import Prepared
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
from backhand.errors import BackhandError
from backhand.expr import Apply
from backhand.graph import Role, Value
from backhand.notation import partial_name
from backhand.values import floats


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the student found before: values of quantities, and of derivatives between entries."""

    values: dict[str, Value] = field(default_factory=dict[str, Value])
    slopes: dict[Factor, Number] = field(default_factory=dict[Factor, Number])
    trivial: str = ""


def earlier_answers(given: Sequence[tuple[Prepared, str]], part: Prepared) -> Earlier:
    """The earlier answers that are numbers, on the same model, as what they stand for."""
    found = Earlier()
    zeros = ""
    for before, answer in given:
        if before.graph is not part.graph or before is part:
            continue
        right = before.right
        if right is None:
            continue
        try:
            rows = before.reader.numbers(answer).rows
        except BackhandError:
            continue
        cells = [cell for row in rows for cell in row]
        if not cells or len(cells) != right[0].size:
            continue
        if not any(c.value for c in cells) and any(right[1]):
            zeros = zeros or f"The answer to {before.part.number} is nothing but zeros"
        _take(found, before, _shaped(cells, right[0]))
    return Earlier(found.values, found.slopes, zeros)


def _shaped(cells: Sequence[Numeral], like: Value) -> Value:
    exact = like.dtype == object
    entries = [c.value if exact else float(c.value) for c in cells]
    return np.array(entries, dtype=object if exact else float).reshape(like.shape)


def _take(found: Earlier, before: Prepared, value: Value) -> None:
    ask, wanted = before.part.ask, before.part.expected
    if ask.verb == "value" and "[" not in ask.words[0]:
        found.values[ask.words[0]] = value
    elif ask.verb == "loss":
        found.values[loss_of(before.graph)] = value
    elif ask.verb in ("local", "derivative", "gradient") and wanted.of and wanted.by:
        if value.size == 1:
            found.slopes[before.chains.plain(Factor(wanted.of, wanted.by))] = value.item()
        if ask.verb != "local" and value.size == before.graph[wanted.by.name].size:
            sign = partial_name(wanted.of.name, wanted.by.name)
            found.values[sign] = value


def trivial(found: Earlier, part: Prepared) -> str:
    """Why the earlier answers leave nothing to work out: all zeros, or no unit that is alive; or ""."""
    if found.trivial:
        return found.trivial
    here = {n: v for n, v in found.values.items() if n in part.graph}
    if not here:
        return ""
    after = values_with(part.graph, here)
    for quantity in part.graph:
        if quantity.role is Role.OBJECTIVE or not isinstance(quantity.definition, Apply):
            continue
        name = quantity.name
        if name in here or name not in after or name not in part.values:
            continue
        if not floats(after[name]).any() and floats(part.values[name]).any():
            return f"With your earlier answers every unit of {name} is dead"
    return ""


def followed(part: Prepared, earlier: Earlier) -> Iterator[Value]:
    """What the part's answer would be with the earlier answers, where that isn't the right one."""
    if part.right is None:
        return
    right = floats(part.right[0])
    for value in _candidates(part, earlier):
        plain = floats(np.asarray(value))
        if plain.size == right.size and not np.allclose(plain.ravel(), right.ravel(), 1e-9, 1e-12):
            yield value.reshape(right.shape)


def _candidates(part: Prepared, earlier: Earlier) -> Iterator[Value]:
    ask, wanted, graph = part.part.ask, part.part.expected, part.graph
    here = {n: v for n, v in earlier.values.items() if n in graph}
    match ask.verb:
        case "value" | "loss" | "forward":
            yield from _forward(part, here)
        case "class":
            yield from _class(part, here)
        case "local" if wanted.formula is not None:
            number = value_of(wanted.formula, graph, values_with(graph, here))
            yield from [as_value(number)] if number is not None else []
        case "derivative" | "update" | "gradient":
            for slope in _slopes(part, earlier):
                yield from _stepped(part, slope) if ask.verb == "update" else [slope]
        case _:
            return


def _forward(part: Prepared, here: dict[str, Value]) -> Iterator[Value]:
    ask, graph = part.part.ask, part.graph
    if ask.verb == "value":
        name, _, entry = ask.words[0].partition("[")
    else:
        name, entry = loss_of(graph), ""
    own = {n: v for n, v in here.items() if n != name}
    found = value_with(graph, own, name)
    if found is not None and own and not entry:
        yield found


def _class(part: Prepared, here: dict[str, Value]) -> Iterator[Value]:
    if not here:
        return
    fixed = replace(
        part.graph,
        quantities=tuple(
            replace(q, value=here[q.name].reshape(q.shape)) if q.name in here else q
            for q in part.graph
        ),
    )
    found = answered(fixed, part.part.ask, part.layout)
    if found is not None:
        yield found


def _slopes(part: Prepared, earlier: Earlier) -> Iterator[Value]:
    """The derivative with the earlier answers: by its paths, then by the backward pass."""
    of, by, graph = part.part.expected.of, part.part.expected.by, part.graph
    if of is None or by is None or part.part.ask.options.get("over") == "all":
        return
    known = earlier.slopes.get(part.chains.plain(Factor(of, by)))
    if part.part.ask.verb == "update" and known is not None:
        yield as_value(known)
    here = {n: v for n, v in earlier.values.items() if n in graph}
    found = ways(graph, of, by)
    if found is not None:

        def slope(hop: Hop) -> Number | None:
            return earlier.slopes.get(part.chains.plain(Factor(hop.of, hop.by)))

        number = derivative_with(graph, found, values_with(graph, here), slope)
        if number is not None:
            yield as_value(number)
    sign = partial_name(of.name, by.name)
    rest = {n: v for n, v in earlier.values.items() if n != sign}
    if rest:
        whole = gradient_with(graph, of.name, by.name, rest)
        if whole is not None and by.slots and graph[by.name].rank:
            yield np.array(graph[by.name].entry(whole, by.slots))
        elif whole is not None:
            yield whole


def _stepped(part: Prepared, slope: Value) -> Iterator[Value]:
    by = part.part.expected.by
    assert by is not None
    value = part.graph[by.name].value
    if value is None or slope.ndim:
        return
    before = (
        part.graph[by.name].entry(value, by.slots) if part.graph[by.name].rank else value.item()
    )
    rate = Fraction(part.part.ask.options["eta"])
    change: Number = slope.item()
    if isinstance(change, Fraction):
        yield as_value(before - rate * change)
    else:
        yield as_value(float(before) - float(rate) * change)
