"""A function and its slope drawn small: as SVG, in Braille dots on a terminal, and in LaTeX's own picture.

The function is a line and its slope is dashed, so neither needs a colour to be told from the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, hypot
from typing import Literal, TypeAlias

from backhand.calculus.curves import Curve, Plot

Mark: TypeAlias = Literal["value", "slope", "axis", "label"]
STEPS = (0.25, 0.5, 1.0, 2.0)
MAX_TICKS = 5


def ticks(low: float, high: float) -> list[float]:
    """A few round numbers from `low` to `high`.

    >>> ticks(-4, 4), ticks(0, 0.98)
    ([-4.0, -2.0, 0.0, 2.0, 4.0], [0.0, 0.25, 0.5, 0.75])
    """
    for step in STEPS:
        found = [step * n for n in range(ceil(low / step), floor(high / step) + 1)]
        if len(found) <= MAX_TICKS:
            return found
    return [0.0]


def tick_text(value: float) -> str:
    """A tick's number, with a true minus."""
    return f"{value:g}".replace("-", "−")


# ---- SVG ---------------------------------------------------------------------------------------

WIDTH, HEIGHT = 220.0, 132.0
LEFT, RIGHT, TOP, BOTTOM = 32.0, 6.0, 6.0, 18.0
"""The margins around the curves; tick labels stand in them."""
FLAT = 0.05
"""A point that is nearer than this to the line between its neighbours is left out."""


@dataclass(frozen=True, slots=True)
class Frame:
    """From the numbers of a plot to places in a picture of `width` by `height`, y downwards."""

    plot: Plot
    width: float
    height: float

    def x(self, value: float) -> float:
        return (value - self.plot.left) / (self.plot.right - self.plot.left) * self.width

    def y(self, value: float) -> float:
        return (self.plot.high - value) / (self.plot.high - self.plot.low) * self.height

    def places(self, curve: Curve) -> list[tuple[float, float]]:
        """The points of a curve, without those on a straight stretch."""
        kept: list[tuple[float, float]] = []
        points = [(self.x(x), self.y(y)) for x, y in curve]
        for at, point in enumerate(points):
            if 0 < at < len(points) - 1 and _on_line(kept[-1], point, points[at + 1]):
                continue
            kept.append(point)
        return kept


def _on_line(a: tuple[float, float], p: tuple[float, float], b: tuple[float, float]) -> bool:
    along, up = b[0] - a[0], b[1] - a[1]
    return abs(along * (p[1] - a[1]) - up * (p[0] - a[0])) < FLAT * hypot(along, up)


def svg(plot: Plot, title: str) -> str:
    """The plot as an `svg` element, to be coloured by the page's style; `title` is what it says."""
    frame = Frame(plot, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM)
    body = [f"<title>{escape(title)}</title>", *_grid(frame)]
    for kind, curves in (("value", plot.value), ("slope", plot.slope)):
        path = "".join(_path(frame.places(curve)) for curve in curves)
        body.append(f'<path class="{kind}" d="{path}"/>')
    return (
        f'<svg class="plot" role="img" viewBox="{-LEFT:g} {-TOP:g} {WIDTH:g} {HEIGHT:g}"'
        f' width="{WIDTH:g}" height="{HEIGHT:g}">{"".join(body)}</svg>'
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.4g} {y:.4g}" for x, y in points)


def _grid(frame: Frame) -> Iterator[str]:
    """Lines at the ticks, stronger ones at 0, and the ticks' numbers at the left and below."""
    width, height = frame.width, frame.height
    for value in ticks(frame.plot.left, frame.plot.right):
        x, kind = frame.x(value), "axis" if value == 0 else "grid"
        yield f'<path class="{kind}" d="M{x:.4g} 0V{height:g}"/>'
        yield f'<text x="{x:.4g}" y="{height + 13:g}">{tick_text(value)}</text>'
    for value in ticks(frame.plot.low, frame.plot.high):
        y, kind = frame.y(value), "axis" if value == 0 else "grid"
        yield f'<path class="{kind}" d="M0 {y:.4g}H{width:g}"/>'
        yield f'<text class="left" x="-5" y="{y + 3.5:.4g}">{tick_text(value)}</text>'


# ---- Braille -----------------------------------------------------------------------------------

CELLS, ROWS = 26, 7
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a Braille sign, by row and column."""
DASH, GAP = 3.0, 3.0
"""How many dots a dash of the slope is long, and what is left free after it."""
LABEL = 4


def braille(plot: Plot) -> list[list[tuple[str, Mark]]]:
    """The plot as lines of text, each in runs that say what they show."""
    frame = Frame(plot, 2 * CELLS - 1, 4 * ROWS - 1)
    value = {dot for curve in plot.value for dot in _dots(frame, curve, 0.0)}
    slope = {dot for curve in plot.slope for dot in _dots(frame, curve, GAP)}
    labels = {round(frame.y(tick)) // 4: tick_text(tick) for tick in _ends(plot.low, plot.high)}
    zero = round(frame.x(0)) // 2, round(frame.y(0)) // 4
    lines: list[list[tuple[str, Mark]]] = []
    for row in range(ROWS):
        line: list[tuple[str, Mark]] = [(labels.get(row, "").rjust(LABEL - 1) + " ", "label")]
        for cell in range(CELLS):
            sign, mark = _cell(value, slope, cell, row)
            line.append((sign, mark) if sign else (_axis(cell, row, zero), "axis"))
        lines.append(line)
    below = " " * (LABEL + CELLS)
    for tick in _ends(plot.left, plot.right):
        text = tick_text(tick)
        at = min(LABEL + round(frame.x(tick)) // 2 - len(text) // 2, len(below) - len(text))
        below = below[:at] + text + below[at + len(text) :]
    return [*lines, [(below, "label")]]


def _ends(low: float, high: float) -> list[float]:
    """The first and the last tick, and 0."""
    found = ticks(low, high)
    return sorted({found[0], 0.0, found[-1]})


def _cell(
    value: set[tuple[int, int]], slope: set[tuple[int, int]], cell: int, row: int
) -> tuple[str, Mark]:
    """The Braille sign of a cell; where both curves meet it is the function's."""
    dots = [(2 * cell + c, 4 * row + r, DOTS[r][c]) for r in range(4) for c in range(2)]
    of_value = sum(bit for x, y, bit in dots if (x, y) in value)
    of_slope = sum(bit for x, y, bit in dots if (x, y) in slope)
    bits = of_value | of_slope
    return chr(0x2800 + bits) if bits else "", "value" if of_value else "slope"


def _axis(cell: int, row: int, zero: tuple[int, int]) -> str:
    return {(True, True): "┼", (True, False): "│", (False, True): "─"}.get(
        (cell == zero[0], row == zero[1]), " "
    )


def _dots(frame: Frame, curve: Curve, gap: float) -> Iterator[tuple[int, int]]:
    """The dots that a curve goes through; with a gap, in dashes."""
    gone = 0.0
    for (x, y), (u, v) in pairwise((frame.x(x), frame.y(y)) for x, y in curve):
        length = hypot(u - x, v - y)
        steps = ceil(2 * length) or 1
        for step in range(steps):
            part = step / steps
            if not gap or (gone + part * length) % (DASH + gap) < DASH:
                yield round(x + part * (u - x)), round(y + part * (v - y))
        gone += length


# ---- LaTeX -------------------------------------------------------------------------------------

PICTURE = 46.0, 27.0
"""Width and height in millimetres."""
PIECE = 1.5
"""Millimetres of a dash, and of the gap after it."""


def latex(plot: Plot) -> str:
    """The plot as a `picture`, which LaTeX draws without any package."""
    frame = Frame(plot, *PICTURE)
    lines = [rf"\begin{{picture}}({frame.width:g},{frame.height + 4:g})(0,-4)"]
    for value in ticks(plot.left, plot.right):
        lines.append(rf"\put({frame.x(value):.4g},-3.5){{\makebox(0,0)[b]{{\tiny ${value:g}$}}}}")
    for value in ticks(plot.low, plot.high):
        at = frame.height - frame.y(value)
        lines.append(rf"\put(-1,{at:.4g}){{\makebox(0,0)[r]{{\tiny ${value:g}$}}}}")
    lines.append(rf"\put(0,{frame.height - frame.y(0):.4g}){{\line(1,0){{{frame.width:g}}}}}")
    lines.append(rf"\put({frame.x(0):.4g},0){{\line(0,1){{{frame.height:g}}}}}")
    lines.append(r"\linethickness{0.5pt}")
    for curve in plot.value:
        lines += _strokes(frame, pairwise(frame.places(curve)))
    for curve in plot.slope:
        lines += _strokes(frame, _dashes(frame.places(curve)))
    return "\n".join([*lines, r"\end{picture}"])


def _dashes(
    points: Sequence[tuple[float, float]],
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """A broken line in dashes of the same length."""
    gone = 0.0
    for (x, y), (u, v) in pairwise(points):
        length = hypot(u - x, v - y)
        at = 0.0
        while at < length:
            inked = (gone + at) % (2 * PIECE) < PIECE
            step = min(length - at, PIECE - (gone + at) % PIECE)
            if inked:
                a, b = at / length, (at + step) / length
                yield (
                    (x + a * (u - x), y + a * (v - y)),
                    (x + b * (u - x), y + b * (v - y)),
                )
            at += max(step, 1e-6)
        gone += length


def _strokes(
    frame: Frame, lines: Iterable[tuple[tuple[float, float], tuple[float, float]]]
) -> Iterator[str]:
    r"""Lines of any slope, which `\line` can't draw: `\qbezier` with its middle between the ends."""
    for (x, y), (u, v) in lines:
        y, v = frame.height - y, frame.height - v
        middle = f"({(x + u) / 2:.4g},{(y + v) / 2:.4g})"
        yield rf"\qbezier({x:.4g},{y:.4g}){middle}({u:.4g},{v:.4g})"
