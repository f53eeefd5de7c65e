"""A dense network in one line: `2 -> 2 relu -> 1 sigmoid`."""

from __future__ import annotations

import re
from difflib import get_close_matches

import numpy as np

from backhand.compositions import COMPOSED_AS, COMPOSITIONS
from backhand.errors import AskError, LimitError, ReadingError
from backhand.functions import READ_AS, TABLE
from backhand.graph import Graph, Value
from backhand.initial import glorot
from backhand.reading.meaning import model

MAX_LAYERS = 600
MAX_WIDTH = 1_000_000
ARROW = re.compile(r"->|→|\\to\b")


def network(text: str, *, loss: str = "squared_error", seed: int | None = None) -> Graph:
    """A dense network with biases folded in: widths, each with its activation (none: identity).

    Layers are a_1 = W_1 x, z_1 = relu(a_1), ..., the last one yhat; y is the target, J the loss of
    one point. A loss from logits takes the last a and leaves yhat beside it. Without `seed` nothing
    has a value; with one, parameters are Glorot-uniform, and x and y random of the kind that the
    loss expects. Raises `ReadingError` for an unknown function, width or loss.

    >>> [q.name for q in network("2 -> 2 relu -> 1 sigmoid")]
    ['x', 'y', 'W_1', 'W_2', 'a_1', 'z_1', 'a_2', 'yhat', 'J']
    """
    shapes, equations, name = definitions(text, loss)
    if seed is not None and seed < 0:
        raise AskError(f"the seed is {seed}", "give a whole number from 0")
    graph = model("\n".join([*shapes.values(), *equations]))
    return graph if seed is None else graph.with_values(**_values(graph, name, seed))


def definitions(text: str, loss: str) -> tuple[dict[str, str], list[str], str]:
    """A network's lines: the shape of each given quantity, by name, its equations; the loss's name.

    >>> definitions("2 -> 1 sigmoid", "SE")[1]
    ['a_1 = W_1 @ x', 'yhat = sigmoid(a_1)', 'J = squared_error(y, yhat)']
    """
    widths, functions = _layers(text)
    if loss not in COMPOSED_AS or not COMPOSITIONS[COMPOSED_AS[loss]].target_first:
        known = ", ".join(n for n, c in COMPOSITIONS.items() if c.target_first)
        raise ReadingError(f"there is no loss {loss}", f"the losses are {known}")
    entry = COMPOSITIONS[COMPOSED_AS[loss]]
    shapes = {"x": f"x ∈ R^{widths[0]}", "y": f"y ∈ R^{widths[-1]}"}
    made: list[str] = []
    before, last = "x", len(widths) - 1
    for n in range(1, len(widths)):
        shapes[f"W_{n}"] = f"W_{n} ∈ R^{{{widths[n]}×{widths[n - 1] + 1}}}"
        after = "yhat" if n == last else f"z_{n}"
        made += [f"a_{n} = W_{n} @ {before}", f"{after} = {functions[n]}(a_{n})"]
        before = after
    compared = f"a_{last}" if entry.from_logits else "yhat"
    return shapes, [*made, f"J = {entry.name}(y, {compared})"], entry.name


def _layers(text: str) -> tuple[list[int], list[str]]:
    """Widths and functions, the input's function being the identity."""
    parts = ARROW.split(text)
    if len(parts) < 2:
        raise ReadingError(f"{text!r} has no layer", "write 2 -> 2 relu -> 1 sigmoid")
    if len(parts) > MAX_LAYERS:
        raise LimitError(f"over {MAX_LAYERS} layers", "use fewer")
    widths: list[int] = []
    functions: list[str] = []
    for at, part in enumerate(parts):
        found = re.fullmatch(r"\s*(\d{1,9})(?:\s+(\w+))?\s*", part)
        if found is None or (at == 0 and found[2]):
            raise ReadingError(
                f"{part.strip()!r} is no layer",
                "write a width and a function, such as 2 relu" if at else "start with a width",
            )
        if not 1 <= int(found[1]) <= MAX_WIDTH:
            raise LimitError(f"the width {found[1]} isn't from 1 to {MAX_WIDTH}", "change it")
        widths.append(int(found[1]))
        functions.append(_function(found[2] or "identity"))
    return widths, functions


def _function(name: str) -> str:
    if name in READ_AS and TABLE[READ_AS[name]].arity == 1:
        return READ_AS[name]
    if name in COMPOSED_AS and COMPOSITIONS[COMPOSED_AS[name]].gives == "entries":
        return COMPOSED_AS[name]
    known = [*(n for n, f in TABLE.items() if f.arity == 1), "softmax"]
    close = get_close_matches(name, known, n=1)
    mend = f"did you mean {close[0]}?" if close else f"the functions are {', '.join(known)}"
    raise ReadingError(f"there is no function {name}", mend)


def _values(graph: Graph, loss: str, seed: int) -> dict[str, Value]:
    rng = np.random.default_rng(seed)
    values: dict[str, Value] = {"x": rng.standard_normal(graph["x"].shape)}
    values |= {matrix.name: glorot(matrix, rng) for matrix in graph.parameters}
    size = graph["y"].size
    match loss:
        case "cross_entropy" | "cross_entropy_from_logits":
            target = np.eye(size)[rng.integers(size)]
        case "binary_cross_entropy" | "binary_cross_entropy_from_logits":
            target = rng.integers(0, 2, size).astype(float)
        case "hinge":
            target = 2.0 * rng.integers(0, 2, size) - 1.0
        case _:
            target = rng.standard_normal(size)
    values["y"] = target.reshape(graph["y"].shape)
    return values
