"""How to type the page's own names, said once below a question."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from backhand.checking.parts import Prepared
from backhand.graph import Graph, Quantity
from backhand.notation import named
from backhand.publishing.maxima import entry_symbols
from backhand.publishing.web_words import Setter
from backhand.syntax import Num, Partial
from backhand.writing.names import spelling


def typing_help(parts: Sequence[Prepared], maths: Setter) -> str:
    """A paragraph for the kinds of answers that are asked for; empty where numbers are all.

    The examples are the model's first names of each shape, whatever the answers are.
    """
    kinds = {part.part.expected.kind for part in parts}
    said: list[str] = []
    if kinds & {"formula", "chain"}:
        graph = parts[0].graph
        symbols = entry_symbols(graph)
        shown: list[str] = []
        for rank in (0, 1, 2):
            found = next((q for q in graph if q.rank == rank and _worth_saying(q)), None)
            if found is not None:
                slots = tuple(a.lower for a in found.axes)
                sign = named(graph, found.name, tuple(Num(Fraction(s)) for s in slots))
                shown.append(
                    f"{maths(sign, 'inline')} as <code>{symbols[found.name, slots]}</code>"
                )
        if shown:
            said.append(f"Type {', '.join(shown)}.")
    if "chain" in kinds:
        said.append(_derivative(parts[0].graph, maths))
    return f"<p><small>{' '.join(said)}</small></p>" if said else ""


def _derivative(graph: Graph, maths: Setter) -> str:
    """The example is of two names at the ends of the model, which no factor joins."""
    first, last = graph.quantities[0], graph.quantities[-1]
    slots = tuple(a.lower for a in first.axes)
    top = named(graph, last.name, tuple(Num(Fraction(a.lower)) for a in last.axes))
    bottom = named(graph, first.name, tuple(Num(Fraction(s)) for s in slots))
    sign = Partial(top, bottom, graph.single_variable)
    symbols = entry_symbols(graph)
    above = symbols[last.name, tuple(a.lower for a in last.axes)]
    return (
        f"Type a derivative such as {maths(sign, 'inline')} as "
        f"<code>d{above}_d{symbols[first.name, slots]}</code>, with * between factors."
    )


def _worth_saying(quantity: Quantity) -> bool:
    """Whether a name isn't typed as it looks: one with an accent, or an entry of an array."""
    return not quantity.single if quantity.rank else bool(spelling(quantity.name).accent)
