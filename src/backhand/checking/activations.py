"""A worksheet with another activation in its hidden layers, written where the page has its own."""

from __future__ import annotations

import re

from backhand.calculus.structure import function_name, layers
from backhand.checking.mentions import Mention, words_of
from backhand.errors import AskError, MeaningError
from backhand.functions import READ_AS, TABLE
from backhand.graph import Quantity
from backhand.reading.document import worksheet
from backhand.working import Worksheet

_SIGN = re.compile(
    r"\\(?:text|mathrm|operatorname)\s*\{\s*(\w+)\s*\}|\\(\w+)|(?:np\.)?([^\W\d]\w*)"
)


def with_activation(sheet: Worksheet, function: str) -> tuple[Worksheet, tuple[Mention, ...]]:
    """The worksheet with `function` in its hidden layers, and the words that speak of the old one.

    Raises `AskError` for a function that isn't one of one number, or a page without a hidden layer
    whose activation has a name of its own; `MeaningError` where its sign isn't found on the page.
    """
    name = READ_AS.get(function, "")
    if name not in TABLE or TABLE[name].arity != 1:
        raise AskError(f"there is no activation {function!r}", "name one such as relu or tanh")
    hidden = [
        layer.activation
        for layer in layers(sheet.graph)[:-1]
        if layer.activation is not None and function_name(layer.activation, sheet.graph) in TABLE
    ]
    if not hidden:
        raise AskError(
            "this page has no hidden layer with an activation of its own", "leave the option out"
        )
    source, old = sheet.source, set[str]()
    for quantity in sorted(hidden, key=_place, reverse=True):
        start, end, sign = _sign(sheet, quantity)
        old.add(sign)
        written = rf"\text{{{name}}}" if source[start] == "\\" else name
        source = source[:start] + written + source[end:]
    notes = [
        Mention(f"line {line}: “{sign}” names the activation, which has changed", "", None)
        for line, text in words_of(sheet.source)
        for sign in sorted(old)
        if sign != name and re.search(rf"\b{re.escape(sign)}\b", text, re.IGNORECASE)
    ]
    return worksheet(source), tuple(notes)


def _place(quantity: Quantity) -> tuple[int, int]:
    return (quantity.place.line, quantity.place.column) if quantity.place else (0, 0)


def _sign(sheet: Worksheet, quantity: Quantity) -> tuple[int, int, str]:
    """Where the function's sign stands in the source, and the sign without its command."""
    line, column = _place(quantity)
    at = sum(len(text) + 1 for text in sheet.source.split("\n")[: line - 1]) + column - 1
    at = max(sheet.source.find("=", max(at, 0)), 0)
    wanted = function_name(quantity, sheet.graph)
    for match in _SIGN.finditer(sheet.source, at, at + 200):
        sign = next(group for group in match.groups() if group)
        if READ_AS.get(sign) == wanted:
            return match.start(), match.end(), sign
    raise MeaningError(
        f"the activation of {quantity.name} can't be found on the page",
        rf"write it by its name, as in z = \text{{{wanted}}}(a)",
        quantity.place,
    )
