"""A picture's parts in their places: units in columns, edges as lines, labels beside what they name.

`geometry` knows boxes and lines only; here it is decided what is written at all. A gap with few
edges has every weight with its value, a fuller one only numbers, a full one none: there the colour
and the width of a line say the sign and the size of its weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from backhand.errors import BackhandError
from backhand.syntax import Equal, Formula, Num
from backhand.working import Column, Edge, Picture, Unit
from backhand.writing.geometry import Box, Link, Place, Point, lane, leg, settle
from backhand.writing.typesetting import (
    Line,
    Run,
    function_sign,
    line,
    plain,
    printable,
    shortened,
    width,
)

LABEL, VALUE, WEIGHT, WORD = 18.0, 14.0, 13.0, 13.0
"""Sizes of type: names and values in neurons, weights on edges, titles."""
SMALLEST_RADIUS, LARGEST_RADIUS = 24.0, 40.0
"""A neuron with more text than fits a circle is a longer shape with round ends."""
WIDEST = 170.0
"""What is longer is cut short."""
MAX_FULL, MAX_SHORT = 12, 24
"""So many edges in one gap have name and value of their weight, and so many one of the two."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A unit in its place, half as wide as `across`, its round ends of this radius."""

    unit: Unit
    column: int
    middle: Point
    across: float
    radius: float
    dim: bool

    @property
    def place(self) -> Place:
        """Where edges meet it."""
        return Place(self.middle.y, self.across, self.radius)

    @property
    def box(self) -> Box:
        """What it covers."""
        return Box(self.middle, self.across, self.radius)


@dataclass(frozen=True, slots=True)
class Writing:
    """A line of text and the box it fills; `kind` says what it is there for."""

    content: Line
    size: float
    kind: str
    box: Box

    def shifted(self, x: float) -> Writing:
        """The same further to the right."""
        return replace(self, box=replace(self.box, middle=self.box.middle.shifted(x)))


@dataclass(frozen=True, slots=True)
class Wire:
    """An edge as a line through its corners."""

    edge: Edge
    corners: tuple[Point, ...]
    kind: str
    thickness: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that is drawn, and the height of the dots that stand for units left out."""

    shapes: tuple[Shape, ...]
    wires: tuple[Wire, ...]
    writings: tuple[Writing, ...]
    dots: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture with its units at their heights, and for each edge the places on its way."""

    picture: Picture
    shapes: Mapping[str, Shape]
    ways: tuple[tuple[Place, ...], ...]
    lit: bool

    def first(self, edge: Edge) -> int:
        """The column where an edge starts."""
        return self.shapes[edge.start].column

    def last(self, edge: Edge) -> int:
        """The column where an edge ends."""
        return self.shapes[edge.end].column

    def column(self, number: int) -> list[Shape]:
        """The units of a column."""
        return [s for s in self.shapes.values() if s.column == number]


def arranged(picture: Picture) -> Drawing:
    """The picture with everything in its place.

    Raises `BackhandError` where an edge joins units that the picture lacks or leads to the left.
    """
    lit = any(e.lit for e in picture.edges) or any(u.lit for c in picture.columns for u in c.units)
    shapes = _shapes(picture, lit)
    frame = Frame(picture, shapes, _ways(picture, shapes), lit)
    at, labels = [0.0], dict[int, Writing]()
    for gap in range(len(picture.columns) - 1):
        distance, found = _gap(frame, gap)
        labels |= {n: writing.shifted(at[-1]) for n, writing in found.items()}
        at.append(at[-1] + distance)
    placed = tuple(replace(s, middle=s.middle.shifted(at[s.column])) for s in shapes.values())
    wires = [_wire(frame, n, at, n in labels) for n in range(len(picture.edges))]
    wires.sort(key=lambda wire: wire.edge.lit)
    factors = [w for shape in placed if (w := _factor(shape))]
    words = _words(picture, placed, wires, at)
    dots = [
        Point(x, (a.middle.y + b.middle.y) / 2)
        for n, x in enumerate(at[: len(picture.columns)])
        if is_abridged(picture.columns[n]) and len(picture.columns[n].units) > 1
        for a, b in [frame.column(n)[-2:]]
    ]
    return Drawing(placed, tuple(wires), (*labels.values(), *factors, *words), tuple(dots))


# ---- units -------------------------------------------------------------------------------------


def _shapes(picture: Picture, lit: bool) -> dict[str, Shape]:
    """Every unit at its height, with its column's middle at 0."""
    units = [unit for column in picture.columns for unit in column.units]
    needed = [min(_needed(unit), LARGEST_RADIUS) for unit in units if not unit.bias]
    radius = max([SMALLEST_RADIUS, *needed])
    crowded = any(len(column.units) > 8 for column in picture.columns)
    pitch = 2 * radius + (18 if crowded else 42) + (14 if any(u.factor for u in units) else 0)
    joined = {name for e in picture.edges if e.lit for name in (e.start, e.end)}
    shapes: dict[str, Shape] = {}
    for n, column in enumerate(picture.columns):
        rows = len(column.units) + is_abridged(column)
        for row, unit in enumerate(column.units):
            after_dots = is_abridged(column) and row == len(column.units) - 1
            y = (row + after_dots - (rows - 1) / 2) * pitch
            own = 0.62 * radius if unit.bias else radius
            across = own if unit.bias else max(own, _needed(unit))
            dim = lit and not unit.lit and unit.name not in joined
            shapes[unit.name] = Shape(unit, n, Point(0, y), across, own, dim)
    return shapes


def label(unit: Unit) -> Line:
    """What a unit is called."""
    return shortened(line(unit.label), LABEL, WIDEST) if unit.label is not None else ()


def value(unit: Unit) -> Line:
    """The number in a unit."""
    return shortened(line(unit.value), VALUE, WIDEST) if unit.value is not None else ()


def is_abridged(column: Column) -> bool:
    """Whether some of a column's units are left out."""
    return column.size > len(column.units)


def _needed(unit: Unit) -> float:
    """Half the width that a unit's text takes."""
    return max(width(label(unit), LABEL), width(value(unit), VALUE)) / 2 + 8


def _factor(shape: Shape) -> Writing | None:
    """The slope inside a lit neuron, written under it."""
    if shape.unit.factor is None:
        return None
    content = line(shape.unit.factor)
    across, down = _size(content)
    middle = Point(shape.middle.x, shape.middle.y + shape.radius + 13)
    return Writing(content, WEIGHT, "factor", Box(middle, across / 2, down / 2))


def _solid(shape: Shape) -> list[Box]:
    """What a label must keep clear of at a unit."""
    factor = _factor(shape)
    return [shape.box, factor.box] if factor else [shape.box]


# ---- edges -------------------------------------------------------------------------------------


def _ways(picture: Picture, shapes: Mapping[str, Shape]) -> tuple[tuple[Place, ...], ...]:
    """For each edge its place in every column from its start to its end."""
    ways: list[tuple[Place, ...]] = []
    taken: dict[int, list[float]] = {}
    for edge in picture.edges:
        for name in (edge.start, edge.end):
            if name not in shapes:
                raise BackhandError(f"the picture has no unit {name}", "add it to a column")
        start, end = shapes[edge.start], shapes[edge.end]
        if start.column >= end.column:
            raise BackhandError(
                f"the edge from {edge.start} to {edge.end} doesn't lead to the right",
                "put its end into a later column",
            )
        way = [start.place]
        for column in range(start.column + 1, end.column):
            here = [s for s in shapes.values() if s.column == column]
            share = 1 / (end.column - column + 1)
            wanted = way[-1].y + share * (end.middle.y - way[-1].y)
            way.append(_passing(here, wanted, taken.setdefault(column, [])))
        ways.append((*way, end.place))
    return tuple(ways)


def _passing(column: Sequence[Shape], wanted: float, taken: list[float]) -> Place:
    """Where an edge passes a column on its way to a later one."""
    if not column:
        return Place(wanted)
    clear = max(shape.radius for shape in column) + 14
    clear += 24 if any(shape.unit.factor for shape in column) else 0
    y = lane([shape.middle.y for shape in column], clear, wanted, taken)
    return Place(y, max(shape.across for shape in column))


def _gap(frame: Frame, gap: int) -> tuple[float, dict[int, Writing]]:
    """The distance from one column to the next, and the labels of the edges that end there."""
    edges = frame.picture.edges
    here = [n for n, e in enumerate(edges) if frame.first(e) <= gap < frame.last(e)]
    ending = {n: edges[n] for n in here if frame.last(edges[n]) == gap + 1}
    left, right = ([b for s in frame.column(n) for b in _solid(s)] for n in (gap, gap + 1))
    wide = any(is_abridged(frame.picture.columns[n]) for n in (gap, gap + 1))
    for labels in _choices(ending, wide):
        links = [
            Link(*_leg_of(frame, n, gap), _size(labels[n]) if n in labels else None) for n in here
        ]
        settled = settle(links, left, right)
        if settled is not None:
            break
    else:
        raise AssertionError("without labels any distance will do")
    distance, boxes = settled
    return distance, {
        n: Writing(labels[n], WEIGHT, _kind(edges[n], frame.lit), box)
        for n, box in zip(here, boxes, strict=True)
        if box is not None
    }


def _leg_of(frame: Frame, edge: int, gap: int) -> tuple[Place, Place]:
    step = gap - frame.first(frame.picture.edges[edge])
    return frame.ways[edge][step], frame.ways[edge][step + 1]


def _choices(edges: Mapping[int, Edge], wide: bool) -> Iterable[dict[int, Line]]:
    """What could be written on these edges, from all that is good to know down to nothing."""
    lit = {n: e.factor for n, e in edges.items() if e.lit and e.factor is not None}
    factors = {n: line(factor) for n, factor in lit.items()}
    others = {n: e for n, e in edges.items() if n not in lit}
    full = {n: found for n, e in others.items() if (found := equation(e.weight, e.value))}
    if not wide and len(full) <= MAX_FULL:
        yield {**full, **factors}
    if not wide and len(full) <= MAX_SHORT:
        sides = {n: e.value or e.weight for n, e in others.items()}
        yield {**{n: line(side) for n, side in sides.items() if side is not None}, **factors}
    yield factors
    yield {n: line(f.sides[-1]) for n, f in lit.items() if isinstance(f, Equal)}
    yield {}


def equation(name: Formula | None, number: Formula | None) -> Line:
    """A name and its value as an equation, or the one of them that is known."""
    sides = tuple(side for side in (name, number) if side is not None)
    return line(Equal(sides, ("=",) * (len(sides) - 1))) if sides else ()


def _kind(edge: Edge, lit: bool) -> str:
    return "factor" if edge.lit else "dim" if lit else "weight"


def _size(content: Line) -> tuple[float, float]:
    """Width and height of a label; one in bold type is the wider, so all are taken for bold."""
    return 1.06 * width(content, WEIGHT) + 4, WEIGHT * 1.25


def _wire(frame: Frame, number: int, at: Sequence[float], labelled: bool) -> Wire:
    edge = frame.picture.edges[number]
    corners: list[Point] = []
    for column, (start, end) in enumerate(pairwise(frame.ways[number]), frame.first(edge)):
        part = leg(start, end, at[column + 1] - at[column])
        corners += [part.start.shifted(at[column]), part.end.shifted(at[column])]
    if edge.lit or frame.lit:
        return Wire(edge, tuple(corners), _kind(edge, frame.lit), 3.4 if edge.lit else 1.0)
    size = _size_of(edge)
    if labelled or size is None:
        return Wire(edge, tuple(corners), "plain", 1.3)
    sizes = [_size_of(e) for e in frame.picture.edges if frame.last(e) == frame.last(edge)]
    share = abs(size) / (max(abs(s) for s in sizes if s is not None) or 1.0)
    return Wire(edge, tuple(corners), "minus" if size < 0 else "plus", 0.5 + 1.7 * share)


def _size_of(edge: Edge) -> float | None:
    return float(edge.value.value) if isinstance(edge.value, Num) else None


# ---- words -------------------------------------------------------------------------------------


def _words(
    picture: Picture, shapes: Sequence[Shape], wires: Sequence[Wire], at: Sequence[float]
) -> list[Writing]:
    """Titles above the columns; functions and true sizes below them; the caption below all."""
    corners = [corner.y for wire in wires for corner in wire.corners]
    top = min([0.0, *(shape.middle.y - shape.radius for shape in shapes), *corners])
    boxes = [box for shape in shapes for box in _solid(shape)]
    bottom = max([0.0, *(box.middle.y + box.down for box in boxes), *corners])
    found: list[Writing] = []
    for column, x in zip(picture.columns, at, strict=False):
        if column.title:
            found.append(_word(line(column.title), "title", Point(x, top - 22)))
        notes = [(function(column), "function")] if column.function else []
        if is_abridged(column):
            count = column.size - sum(unit.bias for unit in column.units)
            notes.append(((Run(f"{count} units"),), "note"))
        for n, (content, kind) in enumerate(notes):
            found.append(_word(content, kind, Point(x, bottom + 20 + 19 * n)))
    below = Point((at[0] + at[-1]) / 2, max([bottom, *(w.box.middle.y for w in found)]) + 28)
    if picture.caption:
        caption = line(picture.caption)
        found.append(Writing(caption, WORD, "caption", _box(caption, below)))
    elif any(wire.kind in ("plus", "minus") for wire in wires):
        legend = (Run("Weights: blue positive, orange negative, thicker larger"),)
        found.append(Writing(legend, WORD, "note", _box(legend, below)))
    return found


def function(column: Column) -> Line:
    """A column's activation: its sign, and its name where the sign isn't that."""
    sign = function_sign(column.function)
    if plain(sign).lower().replace("_", "") == column.function.lower().replace("_", ""):
        return sign
    return (*sign, Run(f"\u00a0({printable(column.function)})"))


def _word(content: Line, kind: str, middle: Point) -> Writing:
    content = shortened(content, WORD, WIDEST / 1.25)
    return Writing(content, WORD, kind, _box(content, middle))


def _box(content: Line, middle: Point) -> Box:
    """Words are in sans-serif type, titles bold as well, and so wider than formulas."""
    return Box(middle, 1.25 * width(content, WORD) / 2 + 2, WORD * 0.65)
