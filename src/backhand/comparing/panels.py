"""A small picture with two axes as SVG: places, ticks, lines. Its colours are the page's style."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

Place = tuple[float, float]
LEFT, RIGHT, TOP, BOTTOM = 40.0, 13.0, 8.0, 34.0
"""The margins around the picture, in which the ticks' numbers and the axes' names stand."""
TICKS = 4


def ticks(low: float, high: float) -> list[float]:
    """A few round numbers from `low` to `high`.

    >>> ticks(-1.2, 2.3), ticks(0, 330)
    ([-1.0, 0.0, 1.0, 2.0], [0.0, 100.0, 200.0, 300.0])
    """
    rough = (high - low) / TICKS
    if not rough > 0:
        return [low]
    power = 10.0 ** floor(log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(step * n, 12) for n in range(first, last + 1)]


def tick_text(value: float) -> str:
    """A tick's number, with a true minus."""
    return f"{value:.6g}".replace("-", "−")


def n(length: float) -> str:
    """A length to a tenth; there is no -0."""
    return f"{round(length, 1) + 0.0:g}"


def path(points: Iterable[Place]) -> str:
    """A line through places."""
    return "M" + "L".join(f"{n(x)} {n(y)}" for x, y in points)


@dataclass(frozen=True, slots=True)
class Panel:
    """From the numbers of two axes to places in a picture, y downwards."""

    low: Place
    high: Place
    width: float
    height: float

    def x(self, value: float) -> float:
        return (value - self.low[0]) / (self.high[0] - self.low[0]) * self.width

    def y(self, value: float) -> float:
        return (self.high[1] - value) / (self.high[1] - self.low[1]) * self.height

    def at(self, x: float, y: float) -> Place:
        return self.x(x), self.y(y)

    def line(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        """A curve, cut at the upper and lower edge."""
        low, high = self.low[1], self.high[1]
        return path(self.at(x, min(max(y, low), high)) for x, y in zip(xs, ys, strict=True))

    def axes(self, names: tuple[str, str]) -> Iterator[str]:
        """A frame, the ticks with their numbers, and the names of the axes."""
        yield f'<rect class="frame" width="{n(self.width)}" height="{n(self.height)}"/>'
        for value in ticks(self.low[0], self.high[0]):
            x = n(self.x(value))
            yield f'<path class="tick" d="M{x} {n(self.height)}v4"/>'
            yield f'<text x="{x}" y="{n(self.height + 14)}">{tick_text(value)}</text>'
        for value in ticks(self.low[1], self.high[1]):
            y = self.y(value)
            yield f'<path class="tick" d="M0 {n(y)}h-4"/>'
            yield f'<text class="end" x="-6" y="{n(y + 3.5)}">{tick_text(value)}</text>'
        yield (
            f'<text x="{n(self.width / 2)}" y="{n(self.height + 28)}">{escape(shortened(names[0]))}</text>'
        )
        yield (
            f'<text class="up" transform="translate({n(-LEFT + 9)} {n(self.height / 2)}) rotate(-90)">'
            f"{escape(shortened(names[1]))}</text>"
        )

    def svg(self, title: str, body: Iterable[str]) -> str:
        """The picture around its body; `title` is what it says to those who don't see it."""
        width, height = self.width + LEFT + RIGHT, self.height + TOP + BOTTOM
        return (
            f'<svg class="panel" role="img" viewBox="{n(-LEFT)} {n(-TOP)} {n(width)} {n(height)}" '
            f'width="{n(width)}" height="{n(height)}"><title>{escape(title)}</title>{"".join(body)}</svg>'
        )


def shortened(name: str, room: int = 30) -> str:
    """A name that fits beside an axis."""
    return name if len(name) <= room else name[: room - 1] + "…"


def around(values: Sequence[float], share: float = 0.05) -> Place:
    """A range with a little room at both ends."""
    low, high = min(values), max(values)
    edge = share * ((high - low) or abs(high) or 1.0)
    return low - edge, high + edge
