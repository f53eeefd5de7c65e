"""Numbers that were edited on the page: put into a graph, and written into the worksheet's text."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from backhand.checking.blanks import Blanks, blanks_of
from backhand.errors import MeaningError
from backhand.graph import Graph, Quantity, Value
from backhand.page.bodies import Given
from backhand.values import as_value, floats
from backhand.working import Worksheet


def edited(graph: Graph, values: Given) -> Graph:
    """The graph with these numbers in its given quantities; those of no name in it are left out.

    Raises `MeaningError` where there are more or fewer numbers than entries.

    >>> import backhand
    >>> edited(backhand.model("x = 3; y = x^2"), {"x": (2.0,)}).forward().value
    4.0
    """
    new = {name: _shaped(graph[name], flat) for name, flat in values.items() if name in graph}
    return graph.with_values(**new)


def _shaped(quantity: Quantity, flat: tuple[float, ...]) -> Value:
    if len(flat) != quantity.size:
        raise MeaningError(
            f"{quantity.name} has {quantity.size} entries, the values given {len(flat)}",
            "give a number for each entry, row by row",
        )
    return as_value(np.array(flat).reshape(quantity.shape))


def known_names(sheet: Worksheet, values: Given) -> None:
    """Check that the page has a quantity of each of these names; raises `MeaningError`."""
    for name in values:
        if not any(name in graph for graph in sheet.graphs):
            sheet.graph[name]


def rewritten(sheet: Worksheet, values: Given) -> str:
    """The worksheet's text with these numbers written where the old ones stand; words stay.

    Of data of several points the first is meant. Raises `MeaningError` where the numbers of a
    quantity that has changed can't be found one by one on the page.

    >>> from backhand.reading.document import worksheet
    >>> rewritten(worksheet("$$ x = [2; 5], y = x_1 $$"), {"x": (2.0, 0.25)})
    '$$ x = [2; 0.25], y = x_1 $$'
    """
    graph = sheet.graph
    old, new = dict[str, Value](), dict[str, list[float | None]]()
    for name, flat in values.items():
        quantity = graph[name]
        _shaped(quantity, flat)
        if quantity.value is None or quantity.definition is not None:
            raise MeaningError(
                f"{name} has no numbers on the page",
                f"write them first: {name} = …",
                quantity.place,
            )
        before = floats(quantity.value).ravel().tolist()
        if list(flat) != before:
            old[name] = graph.points.get(name, quantity.value)
            pairs = zip(flat, before, strict=True)
            new[name] = [None if now == then else now for now, then in pairs]
    if not old:
        return sheet.source
    found = blanks_of(sheet, {name: _exact(value) for name, value in old.items()})
    return _filled(found, new)


def _exact(value: Value) -> Value:
    """Numbers as they stand on the page, where float64 has been worked with."""
    if value.dtype == object:
        return value
    entries: list[Any] = [Fraction(repr(float(x))) for x in value.ravel().tolist()]
    return np.array(entries, dtype=object).reshape(value.shape)


def _filled(blanks: Blanks, new: dict[str, list[float | None]]) -> str:
    """The page with the new numbers; None, and whatever is beyond the first point, stays."""
    parts: list[str] = []
    at = 0
    for blank in blanks.blanks:
        flat = new[blank.name]
        number = flat[blank.at] if blank.at < len(flat) else None
        if number is not None:
            parts += [blanks.source[at : blank.start], plainly(number)]
            at = blank.end
    return "".join((*parts, blanks.source[at:]))


def plainly(number: float) -> str:
    """A number without an exponent, which every reader of worksheets knows."""
    text = f"{Decimal(repr(number)):f}".removesuffix(".0")
    return "0" if text == "-0" else text
