"""A worksheet with hidden layers of other sizes: its brackets of numbers grow or shrink."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from backhand.calculus.structure import layers
from backhand.checking.blanks import Blank, blanks_of, spelled
from backhand.checking.mentions import Mention, words_of
from backhand.errors import AskError, LimitError
from backhand.graph import Value
from backhand.reading.document import worksheet
from backhand.working import Worksheet

MAX_WIDTH = 100
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def with_widths(sheet: Worksheet, widths: Sequence[int]) -> tuple[Worksheet, tuple[Mention, ...]]:
    """The worksheet with hidden layers of these sizes, and the words that may count the old ones.

    Raises `AskError` where the page has another number of hidden layers, or where a question asks
    for what a smaller layer lacks; `LimitError` for a layer of over 100 units.
    """
    hidden = layers(sheet.graph)[:-1]
    if len(widths) != len(hidden):
        raise AskError(
            f"hidden layers on the page: {len(hidden)}; sizes given: {len(widths)}",
            "give one size for each hidden layer",
        )
    if not all(1 <= width <= MAX_WIDTH for width in widths):
        raise LimitError(f"a hidden layer has 1 to {MAX_WIDTH} units here", "choose another size")
    new = _resized(sheet, widths)
    source = sheet.source
    old = {name: value for name, value in _values(sheet).items() if name in new}
    spans = blanks_of(sheet, old).blanks
    by_name = {name: [b for b in spans if b.name == name] for name in old}
    for name in sorted(old, key=lambda n: by_name[n][0].start, reverse=True):
        own = by_name[name]
        text = _written(new[name], old[name], own, sheet.source)
        source = source[: own[0].start] + text + source[own[-1].end :]
    sizes = {
        layer.output.size for layer, w in zip(hidden, widths, strict=True) if layer.output.size != w
    }
    return worksheet(source), tuple(_counts(sheet, sizes))


def _values(sheet: Worksheet) -> dict[str, Value]:
    return {q.name: q.value for q in sheet.graph.parameters if q.value is not None}


def _resized(sheet: Worksheet, widths: Sequence[int]) -> dict[str, Value]:
    """The parameters whose shape changes, their numbers repeated until they fill the new one."""
    values, found = _values(sheet), dict[str, Value]()
    every = layers(sheet.graph)
    sizes = [*widths, every[-1].output.size]
    for at, layer in enumerate(every):
        before = every[at - 1].output.size if at else None
        for parameter in layer.parameters:
            shape = list(parameter.shape)
            if shape and shape[0] == layer.output.size:
                shape[0] = sizes[at]
            if before is not None and len(shape) == 2 and shape[1] - parameter.folded == before:
                shape[1] = sizes[at - 1] + parameter.folded
            if tuple(shape) != parameter.shape and parameter.name in values:
                found[parameter.name] = np.resize(values[parameter.name], shape)
    return found


def _written(new: Value, old: Value, blanks: Sequence[Blank], source: str) -> str:
    """An array between its outer brackets, with the signs that the page has between its numbers."""
    latex = "\\begin" in source[max(0, blanks[0].start - 40) : blanks[0].start]
    between = [source[a.end : b.start] for a, b in pairwise(blanks)]
    columns = old.shape[1] if old.ndim == 2 else 1
    in_row = between[0] if columns > 1 else (" & " if latex else ", ")
    ends_row = between[columns - 1] if len(blanks) > columns else (r" \\ " if latex else "; ")
    table = new.reshape(len(new), -1).tolist()
    like = blanks[0].written
    return ends_row.join(in_row.join(spelled(x, like) for x in row) for row in table)


def _counts(sheet: Worksheet, sizes: set[int]) -> Iterator[Mention]:
    """The lines that name an old size as a number in words or digits."""
    wanted = [COUNTS[size] for size in sizes if size < len(COUNTS)]
    wanted += [str(size) for size in sizes]
    for line, text in words_of(sheet.source):
        for word in wanted:
            if re.search(rf"(?<![\w.]){word}(?![\w.]\w)", text, re.IGNORECASE):
                note = f"line {line}: “{word}” may count units, whose number has changed"
                yield Mention(note, "", None)
