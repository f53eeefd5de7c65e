"""What every export asks: which quantity, in which precision, and that all numbers are there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, TypeAlias

from backhand.errors import AskError
from backhand.graph import Graph, Role
from backhand.training.lowering import outputs_of
from backhand.values import Value

Precision: TypeAlias = Literal["float32", "float64"]


def output_of(graph: Graph, output: str | None) -> str:
    """The quantity to export: the one named, else the prediction, else what is defined last."""
    return outputs_of(graph, () if output is None else (output,))[0]


def precision(dtype: Any) -> Precision:
    """`"float32"` or `"float64"`, perhaps given as a framework's or NumPy's own type.

    >>> precision("float64")
    'float64'
    """
    name = dtype.__name__ if isinstance(dtype, type) else str(dtype).removeprefix("torch.")
    if name not in ("float32", "float64"):
        raise AskError(f"the precision {name} isn't known", "give dtype='float32' or 'float64'")
    return name


def checked(graph: Graph, fixed: Collection[str]) -> frozenset[str]:
    """The data that becomes part of what is exported. Raises `AskError` for what isn't data."""
    names = (fixed,) if isinstance(fixed, str) else tuple(fixed)
    for name in names:
        if graph[name].role not in (Role.DATA, Role.TARGET):
            raise AskError(f"{name} is no data", "fix what is given and not learned")
    return frozenset(names)


def value_of(graph: Graph, name: str) -> Value:
    """The value of a given quantity. Raises `AskError` where it has none."""
    value = graph[name].value
    if value is None:
        raise AskError(f"{name} has no value", f"give it one: graph.with_values({name}=...)")
    return value
