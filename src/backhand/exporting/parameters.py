"""A graph's parameters in a safetensors file, and back into the same graph only."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from os import PathLike

from backhand.errors import AskError, MeaningError
from backhand.exporting.options import value_of
from backhand.graph import Graph
from backhand.training.tensors import read_tensors, write_tensors
from backhand.values import floats

FINGERPRINT = "fingerprint"


def save_parameters(graph: Graph, path: str | PathLike[str]) -> None:
    """Write the values of all parameters, in float64, under their names to a safetensors file.

    The file is whole or, whatever happens, the one that was there before. Raises `AskError` where
    a parameter has no value, there is none, or the path can't be written.
    """
    shapes = _shapes(graph)
    if not shapes:
        raise AskError("this graph has no parameter", "there is nothing to save")
    values = {name: floats(value_of(graph, name)) for name in shapes}
    write_tensors(path, values, {"format": "backhand", FINGERPRINT: fingerprint(shapes)})


def load_parameters(graph: Graph, path: str | PathLike[str]) -> Graph:
    """The graph with the parameters of a file that `save_parameters` wrote for a graph like it.

    Raises `ReadingError` where the file isn't there or is damaged, `MeaningError` that names the
    first parameter that differs where it is that of another model.
    """
    tensors, metadata = read_tensors(path)
    wanted, found = _shapes(graph), {name: array.shape for name, array in tensors.items()}
    if fault := _difference(wanted, found):
        raise MeaningError(
            f"{path} is of another model: {fault}", "load it into the graph it is of"
        )
    if metadata.get(FINGERPRINT, fingerprint(wanted)) != fingerprint(wanted):
        raise MeaningError(
            f"{path} is damaged: its fingerprint is of other parameters", "save them again"
        )
    return graph.with_values(**tensors)


def fingerprint(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """A short sign of a model: of its parameters' names and shapes, in whatever order.

    >>> one, two = {"W": (2, 3), "b": ()}, {"b": (), "W": (2, 3)}
    >>> fingerprint(one) == fingerprint(two) != fingerprint({"W": (3, 2), "b": ()})
    True
    """
    return sha256(repr(sorted(shapes.items())).encode()).hexdigest()[:16]


def _shapes(graph: Graph) -> dict[str, tuple[int, ...]]:
    return {q.name: q.shape for q in graph.parameters}


def _difference(
    wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]
) -> str | None:
    """What is wrong with the first parameter that differs, in the graph's order, or None."""
    for name, shape in wanted.items():
        if name not in found:
            return f"it has no {name}"
        if found[name] != shape:
            return f"{name} has the shape {found[name]} there, and {shape} here"
    extra = next((name for name in found if name not in wanted), None)
    return None if extra is None else f"its {extra} isn't here"
