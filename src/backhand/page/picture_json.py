"""A drawing as data: units and edges with the entries whose numbers they show."""

from __future__ import annotations

from typing import Any

from backhand.calculus.paths import Spot, spot
from backhand.graph import Graph
from backhand.working import Column, Edge, Picture, Unit
from backhand.writing.html import prose_html
from backhand.writing.mathml import formula_mathml
from backhand.writing.text import formula_text


def picture_json(drawn: Picture, graph: Graph) -> dict[str, Any]:
    """The columns and edges of a picture; numbers are left to the page, which knows them."""
    return {
        "columns": [_column(column, graph) for column in drawn.columns],
        "edges": [_edge(edge, graph) for edge in drawn.edges],
    }


def place(at: Spot, graph: Graph) -> list[Any]:
    """An entry as its quantity's name and its number in row-major order, from 0."""
    flat = 0
    for slot, axis in zip(at.slots, graph[at.name].axes, strict=True):
        flat = flat * axis.size + slot - axis.lower
    return [at.name, flat]


def _place(text: str, graph: Graph) -> list[Any] | None:
    return place(spot(text, graph), graph) if text else None


def _column(column: Column, graph: Graph) -> dict[str, Any]:
    return {
        "title": prose_html(column.title),
        "function": column.function,
        "size": column.size,
        "units": [_unit(unit, graph) for unit in column.units],
    }


def _unit(unit: Unit, graph: Graph) -> dict[str, Any]:
    return {
        "id": unit.name,
        "label": formula_mathml(unit.label) if unit.label is not None else None,
        "text": formula_text(unit.label) if unit.label is not None else None,
        "bias": unit.bias,
        "shown": None if unit.bias else _place(unit.name, graph),
        "inner": _place(unit.inner, graph),
    }


def _edge(edge: Edge, graph: Graph) -> dict[str, Any]:
    return {"start": edge.start, "end": edge.end, "weight": _place(edge.entry, graph)}
