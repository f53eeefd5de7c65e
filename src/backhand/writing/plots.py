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
Place: TypeAlias = tuple[float, float]
STEPS = (0.25, 0.5, 1.0, 2.0)
MAX_TICKS = 5
FLAT = 0.03
"""How far a line may pass a sampled point, in the units of the picture."""


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

    def places(self, curve: Curve) -> list[Place]:
        """The points of a curve, straight stretches by their ends only."""
        points = [(self.x(x), self.y(y)) for x, y in curve]
        kept = [0]
        for at in range(2, len(points)):
            start = kept[-1]
            between = points[start + 1 : at]
            if any(_beside(points[start], points[at], each) > FLAT for each in between):
                kept.append(at - 1)
        return [*(points[at] for at in kept), points[-1]]


def _beside(start: Place, end: Place, point: Place) -> float:
    """How far a point is from the line between two others."""
    across, down = end[0] - start[0], end[1] - start[1]
    area = across * (point[1] - start[1]) - down * (point[0] - start[0])
    return abs(area) / (hypot(across, down) or 1.0)


# ---- SVG ---------------------------------------------------------------------------------------

WIDTH, HEIGHT = 220.0, 132.0
LEFT, RIGHT, TOP, BOTTOM = 32.0, 6.0, 6.0, 18.0
"""The margins around the curves; tick labels stand in them."""


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


def _path(points: Sequence[Place]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(length: float) -> str:
    """A length to a hundredth; there is no -0."""
    return f"{round(length, 2) + 0.0:g}"


def _grid(frame: Frame) -> Iterator[str]:
    """Lines at the ticks, stronger ones at 0, and the ticks' numbers at the left and below."""
    width, height = frame.width, frame.height
    for value in ticks(frame.plot.left, frame.plot.right):
        x, kind = frame.x(value), "axis" if value == 0 else "grid"
        yield f'<path class="{kind}" d="M{_n(x)} 0V{height:g}"/>'
        yield f'<text x="{_n(x)}" y="{height + 13:g}">{tick_text(value)}</text>'
    for value in ticks(frame.plot.low, frame.plot.high):
        y, kind = frame.y(value), "axis" if value == 0 else "grid"
        yield f'<path class="{kind}" d="M0 {_n(y)}H{width:g}"/>'
        yield f'<text class="left" x="-5" y="{_n(y + 3.5)}">{tick_text(value)}</text>'


# ---- Braille -----------------------------------------------------------------------------------

CELLS, ROWS = 26, 7
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a Braille sign, by row and column."""
DASH, GAP = 3.0, 3.0
"""How many dots a dash of the slope is long, and what is left free after it."""
LABEL = 5


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
    """The first and the last tick, and 0 where it is one."""
    found = ticks(low, high)
    return sorted({found[0], 0.0, found[-1]} & set(found))


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

PICTURE = 42.0, 26.0
"""Width and height in millimetres."""
PIECE = 1.2
"""Millimetres of a dash, and of the gap after it."""


def latex(plot: Plot) -> str:
    """The plot as a `picture` in millimetres, which LaTeX draws without any package."""
    frame = Frame(plot, *PICTURE)
    across = [(frame.x(tick), -3.5, "b", tick) for tick in ticks(plot.left, plot.right)]
    up = [(-1.0, frame.height - frame.y(tick), "r", tick) for tick in ticks(plot.low, plot.high)]
    lines = [rf"\begin{{picture}}({frame.width + 7:g},{frame.height + 4:g})(-7,-4)"]
    lines += [
        rf"\put({x:.2f},{y:.2f}){{\makebox(0,0)[{side}]{{\tiny ${tick:g}$}}}}"
        for x, y, side, tick in (*across, *up)
    ]
    lines.append(rf"\put(0,{frame.height - frame.y(0):.2f}){{\line(1,0){{{frame.width:g}}}}}")
    if plot.left <= 0 <= plot.right:
        lines.append(rf"\put({frame.x(0):.2f},0){{\line(0,1){{{frame.height:g}}}}}")
    lines.append(r"\linethickness{0.6pt}")
    for curve in plot.value:
        lines += _strokes(frame, pairwise(frame.places(curve)))
    for curve in plot.slope:
        lines += _strokes(frame, _dashes(frame.places(curve)))
    return "\n".join([*lines, r"\end{picture}"])


def _dashes(points: Sequence[Place]) -> Iterator[tuple[Place, Place]]:
    """A broken line in dashes of the same length, a gap of that length after each."""
    gone = 0.0
    for start, end in pairwise(points):
        length = hypot(end[0] - start[0], end[1] - start[1])
        for dash in range(floor(gone / (2 * PIECE)), ceil((gone + length) / (2 * PIECE))):
            first = max(2 * PIECE * dash - gone, 0.0)
            last = min(2 * PIECE * dash + PIECE - gone, length)
            if first < last:
                yield _between(start, end, first / length), _between(start, end, last / length)
        gone += length


def _between(start: Place, end: Place, part: float) -> Place:
    return start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])


def _strokes(frame: Frame, lines: Iterable[tuple[Place, Place]]) -> Iterator[str]:
    r"""Lines of any slope, which `\line` can't draw: `\qbezier` with its middle between the ends.

    It sets a dot every tenth of a millimetre, half the width of the line.
    """
    for start, end in lines:
        dots = 1 + ceil(10 * hypot(end[0] - start[0], end[1] - start[1]))
        points = (start, _between(start, end, 0.5), end)
        yield rf"\qbezier[{dots}]" + "".join(f"({x:.2f},{frame.height - y:.2f})" for x, y in points)
