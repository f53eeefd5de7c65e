"""Networks that are built by a click, written as a worksheet that anybody could have written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, cast

from backhand.errors import LimitError
from backhand.graph import Graph
from backhand.page.bodies import LayerSpec
from backhand.reading.shorthand import definitions, network
from backhand.values import floats

MAX_PARAMETERS = 20_000
"""More of them are no page to be read."""
FEW = 40
"""A network of more parameters gets questions about its size and its loss only."""
HATTED = {"yhat": r"\hat{y}"}


def page_of(layers: Sequence[LayerSpec], loss: str, seed: int) -> str:
    """The worksheet of a dense network: its numbers, its equations, and the first questions on it.

    Its numbers are rounded, so that they can be worked with by hand. Raises `ReadingError` for an
    unknown function or loss, `LimitError` for over 20,000 parameters.

    >>> page_of([LayerSpec(2, ""), LayerSpec(1, "sigmoid")], "squared_error", 0).splitlines()[0]
    '# A network 2 → 1 sigmoid'
    """
    steps = [str(layers[0].width), *(f"{x.width} {x.activation}".strip() for x in layers[1:])]
    size = sum(b.width * (a.width + 1) for a, b in pairwise(layers))
    if size > MAX_PARAMETERS:
        raise LimitError(f"the network has {size:,} parameters", f"use at most {MAX_PARAMETERS:,}")
    text = " -> ".join(steps)
    graph = network(text, loss=loss, seed=seed)
    shapes, equations, _ = definitions(text, loss)
    places = 2 if size <= FEW else 3
    given = [f"{name} = {written(graph, name, places)}" for name in shapes]
    lines = [
        f"# A network {' → '.join(steps)}",
        "",
        *(f"$$\n{line}\n$$\n" for line in given),
        "$$",
        *(line.replace(" @ ", " ") for line in equations),
        "$$",
        "",
        *_questions(graph, size),
    ]
    return "\n".join(lines)


def written(graph: Graph, name: str, places: int) -> str:
    """The value of a quantity in brackets, rounded to so many places, a matrix row by row."""
    quantity = graph[name]
    assert quantity.value is not None
    rounded: Any = floats(quantity.value).round(places).tolist()
    if quantity.rank == 0:
        return _number(rounded)
    if quantity.rank == 1:
        return f"[{'; '.join(map(_number, rounded))}]"
    rows = (", ".join(map(_number, row)) for row in cast(list[list[float]], rounded))
    return f"[{', '.join(f'[{row}]' for row in rows)}]"


def _number(value: float) -> str:
    return f"{value + 0.0:g}"


def _questions(graph: Graph, size: int) -> Iterator[str]:
    asked = [("How many parameters does this network have?", "parameters")]
    if size <= FEW:
        asked += [
            (f"Work out ${HATTED.get(q.name, q.name)}$.", f"value {q.name}")
            for q in graph
            if q.definition is not None and q.name != graph.objective
        ]
    asked.append(("How large is the loss?", "loss"))
    if size <= FEW:
        for matrix in reversed(graph.parameters):
            shown = f"W_{{{matrix.name.removeprefix('W_')},1,1}}"
            asked.append(
                (f"What is the derivative of $J$ by ${shown}$?", f"derivative J {matrix.name}[1,1]")
            )
    for number, (words, ask) in enumerate(asked, 1):
        yield f"{number}. {words}\n   % ask: {ask}"
    yield ""
