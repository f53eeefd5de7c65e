"""A network as SVG: neurons by layer, weights on the edges, and the paths that carry a derivative.

The drawing stands alone: no script, no font, no network. It says itself in words to a screen
reader, follows the reader's dark or light scheme and prints in the light one. Colours are written
out in each rule, for there are SVG readers that know no custom properties. Classes start with
`bh-`, so several drawings, all with the same style, can stand on one page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from backhand.syntax import Formula
from backhand.working import Column, Picture
from backhand.writing.arranging import (
    LABEL,
    VALUE,
    Drawing,
    Shape,
    Wire,
    Writing,
    arranged,
    equation,
    function,
    label,
    value,
)
from backhand.writing.geometry import Point
from backhand.writing.typesetting import Line, line, plain, printable

BORDER = 18.0
BELOW_MIDDLE = 0.34
"""How far the foot of the letters is below the middle of their line, in heights of the type."""
MAX_SAID = 60
"""More connections than this are counted for a listener and not listed."""

COLOURS = {
    "paper": ("#ffffff", "#14171c"),
    "ink": ("#1b1f27", "#eceff4"),
    "soft": ("#5a6372", "#a3adbd"),
    "wire": ("#8d97a6", "#6b7687"),
    "neuron": ("#f3f5f9", "#222833"),
    "bias": ("#fff8e3", "#2e2a1c"),
    "lit": ("#c2185b", "#ff7eb0"),
    "lit-neuron": ("#fdebf2", "#42202f"),
    "plus": ("#2f6db5", "#71aef2"),
    "minus": ("#c2691c", "#f0a35e"),
}
"""Each colour on light and on dark paper."""

PAINT = (
    (".bh-paper", "fill", "paper"),
    (".bh-text", "fill", "ink"),
    (".bh-soft", "fill", "soft"),
    (".bh-wire", "stroke", "wire"),
    (".bh-plus", "stroke", "plus"),
    (".bh-minus", "stroke", "minus"),
    (".bh-live", "stroke", "lit"),
    (".bh-shape", "fill", "neuron"),
    (".bh-shape", "stroke", "soft"),
    (".bh-bias", "fill", "bias"),
    (".bh-lit .bh-shape", "fill", "lit-neuron"),
    (".bh-lit .bh-shape", "stroke", "lit"),
    (".bh-accent", "fill", "lit"),
    (".bh-dots", "fill", "soft"),
)
"""What is painted in which colour."""

SHAPES = """
.bh-net{max-width:100%;height:auto}
.bh-text{text-anchor:middle;font-family:"Times New Roman","Liberation Serif","Nimbus Roman",serif}
.bh-words{font-family:system-ui,-apple-system,"Segoe UI","Helvetica Neue",Arial,sans-serif}
.bh-strong{font-weight:600}
.bh-i{font-style:italic}
.bh-b{font-weight:700}
.bh-wire{fill:none;stroke-linejoin:round;stroke-linecap:round}
.bh-shape{stroke-width:1.5px}
.bh-bias{stroke-dasharray:4 3}
.bh-lit .bh-shape{stroke-width:3px}
.bh-dim{opacity:.42}
.bh-fine{opacity:.6}
"""

KINDS = {
    "weight": "bh-text",
    "dim": "bh-text bh-soft",
    "factor": "bh-text bh-accent bh-strong",
    "title": "bh-text bh-words bh-strong",
    "function": "bh-text bh-words",
    "note": "bh-text bh-words bh-soft",
    "caption": "bh-text bh-words",
}
WIRES = {
    "plain": "bh-wire",
    "plus": "bh-wire bh-plus bh-fine",
    "minus": "bh-wire bh-minus bh-fine",
    "dim": "bh-wire bh-dim",
    "factor": "bh-wire bh-live",
}
"""The classes of each kind of text and of line."""


def draw(picture: Picture) -> str:
    """The picture as a standalone SVG; the same text for the same picture.

    Raises `BackhandError` where an edge joins units that the picture lacks or leads to the left.

    >>> from backhand.working import Column, Edge, Unit
    >>> units = [Unit(name, None, None) for name in "xy"]
    >>> columns = tuple(Column((), (unit,), 1) for unit in units)
    >>> draw(Picture(columns, (Edge("x", "y", None, None),))).count("<path")
    1
    """
    drawing = arranged(picture)
    mark = hashlib.sha256(repr(picture).encode(errors="replace")).hexdigest()[:8]
    left, top, right, bottom = _extent(drawing)
    across, down = right - left, bottom - top
    head = {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "bh-net",
        "role": "img",
        "aria-labelledby": f"bh-{mark}-title bh-{mark}-desc",
        "viewBox": f"{left} {top} {across} {down}",
        "width": across,
        "height": down,
    }
    paper = {"class": "bh-paper", "x": left, "y": top, "width": across, "height": down, "rx": 6}
    body = [
        _tag("title", {"id": f"bh-{mark}-title"}, escape(_title(picture))),
        _tag("desc", {"id": f"bh-{mark}-desc"}, escape(_described(picture))),
        _tag("style", {}, _style()),
        _tag("rect", paper),
        *(_wire(wire) for wire in drawing.wires),
        *(_unit(shape) for shape in drawing.shapes),
        *(_dots(point) for point in drawing.dots),
        *(_writing(writing) for writing in drawing.writings),
    ]
    return _tag("svg", head, "\n" + "\n".join(body) + "\n") + "\n"


def _extent(drawing: Drawing) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of everything, with a border."""
    boxes = [shape.box for shape in drawing.shapes] + [w.box for w in drawing.writings]
    points = [corner for box in boxes for corner in box.corners()]
    points += [corner for wire in drawing.wires for corner in wire.corners] or [Point(0, 0)]
    xs, ys = [p.x for p in points], [p.y for p in points]
    return (
        round(min(xs) - BORDER),
        round(min(ys) - BORDER),
        round(max(xs) + BORDER),
        round(max(ys) + BORDER),
    )


# ---- elements ----------------------------------------------------------------------------------


def _tag(name: str, attributes: Mapping[str, str | float], content: str = "") -> str:
    text = "".join(
        f" {key}={quoteattr(item if isinstance(item, str) else _n(item))}"
        for key, item in attributes.items()
    )
    return f"<{name}{text}>{content}</{name}>" if content else f"<{name}{text}/>"


def _n(number: float) -> str:
    """A length to a tenth; there is no -0."""
    return f"{round(number, 1) + 0.0:g}"


def _style() -> str:
    light, dark = (
        "".join(f"{selector}{{{what}:{COLOURS[colour][n]}}}\n" for selector, what, colour in PAINT)
        for n in (0, 1)
    )
    return f"\n{light}{SHAPES.strip()}\n@media screen and (prefers-color-scheme:dark){{\n{dark}}}\n"


def _wire(wire: Wire) -> str:
    corners = [f"{_n(corner.x)} {_n(corner.y)}" for corner in wire.corners]
    said = _tag("title", {}, escape(plain(equation(wire.edge.weight, wire.edge.value))))
    return _tag(
        "path",
        {
            "class": WIRES[wire.kind],
            "stroke-width": wire.thickness,
            "d": "M" + "L".join(corners),
            "data-edge": f"{printable(wire.edge.start)} {printable(wire.edge.end)}",
        },
        said if wire.edge.weight is not None or wire.edge.value is not None else "",
    )


def _unit(shape: Shape) -> str:
    """A neuron: a circle, longer where its text is, or a dashed square for a bias."""
    unit = shape.unit
    middle = shape.middle
    rim = {
        "class": "bh-shape bh-bias" if unit.bias else "bh-shape",
        "x": middle.x - shape.across,
        "y": middle.y - shape.radius,
        "width": 2 * shape.across,
        "height": 2 * shape.radius,
        "rx": 5.0 if unit.bias else shape.radius,
    }
    lines = [(text, size) for text, size in ((label(unit), LABEL), (value(unit), VALUE)) if text]
    heights = [0.0] if len(lines) == 1 else [-9.0, 11.0]
    kinds = ["bh-text", "bh-text bh-soft"]
    body = [_tag("rect", rim)]
    for (text, size), height, kind in zip(lines, heights, kinds, strict=False):
        body.append(_text(text, size, kind, Point(middle.x, middle.y + height)))
    state = " bh-lit" if unit.lit else " bh-dim" if shape.dim else ""
    return _tag("g", {"class": f"bh-unit{state}", "data-unit": printable(unit.name)}, "".join(body))


def _dots(point: Point) -> str:
    """A vertical ellipsis."""
    dots = (_tag("circle", {"cx": point.x, "cy": point.y + d, "r": 2.4}) for d in (-11, 0, 11))
    return _tag("g", {"class": "bh-dots"}, "".join(dots))


def _writing(writing: Writing) -> str:
    """A line of text on a patch of paper, so that no line strikes it through."""
    box = writing.box
    patch = {
        "class": "bh-paper",
        "x": box.middle.x - box.across,
        "y": box.middle.y - box.down,
        "width": 2 * box.across,
        "height": 2 * box.down,
        "rx": 4.0,
    }
    text = _text(writing.content, writing.size, KINDS[writing.kind], box.middle)
    turn = f"rotate({_n(box.angle)} {_n(box.middle.x)} {_n(box.middle.y)})"
    turned = {"transform": turn} if abs(box.angle) > 0.05 else {}
    return _tag("g", {"class": f"bh-{writing.kind}-label", **turned}, _tag("rect", patch) + text)


def _text(content: Line, size: float, kind: str, middle: Point) -> str:
    """A line of type about its middle."""
    where = {"x": middle.x, "y": middle.y + BELOW_MIDDLE * size, "font-size": size}
    rise = 0.0
    spans: list[str] = []
    for run in content:
        style: dict[str, str | float] = {}
        if run.font != "upright":
            style["class"] = {"italic": "bh-i", "bold": "bh-b"}[run.font]
        if run.scale != 1:
            style["font-size"] = run.scale * size
        if run.rise != rise:
            style["dy"] = (rise - run.rise) * size
        rise = run.rise
        text = escape(run.text)
        spans.append(_tag("tspan", style, text) if style else text)
    return _tag("text", {"class": kind, **where}, "".join(spans))


# ---- in words ----------------------------------------------------------------------------------


def _title(picture: Picture) -> str:
    if picture.caption:
        return plain(line(picture.caption))
    sizes = [str(c.size - sum(u.bias for u in c.units)) for c in picture.columns]
    return f"A network with {', '.join(sizes)} units from left to right"


def _described(picture: Picture) -> str:
    """The picture in sentences: each column with its units, then the connections, then what is lit."""
    said = [_column(number, column) for number, column in enumerate(picture.columns, 1)]
    called = {
        unit.name: plain(label(unit)) or printable(unit.name)
        for column in picture.columns
        for unit in column.units
    }
    weights = [(e, equation(e.weight, e.value)) for e in picture.edges]
    listed = [
        f"{called[e.start]} to {called[e.end]}" + (f": {plain(text)}" if text else "")
        for e, text in weights
    ]
    if len(listed) <= MAX_SAID:
        said += [f"Connections: {'; '.join(listed)}."] if listed else []
    else:
        said.append(f"{len(listed)} connections are drawn.")
    lit = [e for e in picture.edges if e.lit]
    factors = [f"{called[e.start]} to {called[e.end]}" + _factor(e.factor) for e in lit] + [
        f"inside {called[u.name]}" + _factor(u.factor)
        for column in picture.columns
        for u in column.units
        if u.factor is not None
    ]
    if factors:
        said.append(f"Highlighted: {'; '.join(factors)}.")
    return " ".join(said)


def _factor(factor: Formula | None) -> str:
    return f", {plain(line(factor))}" if factor is not None else ""


def _column(number: int, column: Column) -> str:
    title = plain(line(column.title)) or f"Column {number}"
    made = f" ({plain(function(column))})" if column.function else ""
    units = [
        "bias 1" if u.bias else plain(equation(u.label, u.value)) or printable(u.name)
        for u in column.units
    ]
    count = column.size - sum(u.bias for u in column.units)
    left_out = f", {count} units in all" if column.size > len(column.units) else ""
    return f"{title}{made}: {', '.join(units)}{left_out}."
