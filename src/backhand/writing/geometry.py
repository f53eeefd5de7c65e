"""Where things stand in a drawing: units in columns, edges between them, labels that don't collide.

Lengths are in the drawing's own units, about a pixel each; y grows downwards. A label lies on its
edge and turns with it. Its place is the one nearest the middle that touches no other label and no
unit; where there is none, the gap between the two columns grows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

MIN_GAP, MAX_GAP = 96.0, 640.0
"""The space between two columns: with nothing to write in it, and at most."""
GROWTH = 1.15
CLEARANCE = 3.0
"""The least distance between two labels."""
MARGIN = 6.0
"""The least length of edge seen at either end of a label."""
TRIES = 41
LANE = 12.0
"""The distance between two edges that pass a column side by side."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    x: float
    y: float

    def shifted(self, x: float) -> Point:
        """The point moved to the right."""
        return Point(self.x + x, self.y)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its middle and its half sides, turned by `angle` degrees clockwise."""

    middle: Point
    across: float
    down: float
    angle: float = 0.0

    def corners(self) -> tuple[Point, ...]:
        """The four corners."""
        turn = math.radians(self.angle)
        cos, sin = math.cos(turn), math.sin(turn)
        signs = ((1, 1), (1, -1), (-1, -1), (-1, 1))
        return tuple(
            Point(
                self.middle.x + a * self.across * cos - b * self.down * sin,
                self.middle.y + a * self.across * sin + b * self.down * cos,
            )
            for a, b in signs
        )

    @property
    def radius(self) -> float:
        """How far its corners are from its middle."""
        return math.hypot(self.across, self.down)

    def grown(self, by: float) -> Box:
        """The box with a border of this width."""
        return replace(self, across=self.across + by, down=self.down + by)

    def meets(self, other: Box) -> bool:
        """Whether two boxes overlap: no side of either separates them."""
        apart = math.dist((self.middle.x, self.middle.y), (other.middle.x, other.middle.y))
        if apart >= self.radius + other.radius:
            return False
        here, there = self.corners(), other.corners()
        for box in (self, other):
            for turn in (math.radians(box.angle), math.radians(box.angle + 90)):
                x, y = math.cos(turn), math.sin(turn)
                mine = [p.x * x + p.y * y for p in here]
                theirs = [p.x * x + p.y * y for p in there]
                if max(mine) <= min(theirs) or max(theirs) <= min(mine):
                    return False
        return True

    def crossed_by(self, leg: Leg) -> bool:
        """Whether a straight line runs through the box."""
        if leg.distance(self.middle) >= self.radius:
            return False
        return self.meets(Box(leg.at(0.5), leg.length / 2, 0.0, leg.angle))


@dataclass(frozen=True, slots=True)
class Leg:
    """The straight part of an edge in the gap between two neighbouring columns."""

    start: Point
    end: Point

    @property
    def angle(self) -> float:
        """Its slope in degrees, clockwise."""
        return math.degrees(math.atan2(self.end.y - self.start.y, self.end.x - self.start.x))

    @property
    def length(self) -> float:
        """How long it is."""
        return math.dist((self.start.x, self.start.y), (self.end.x, self.end.y))

    def distance(self, point: Point) -> float:
        """How far a point is from the leg."""
        dx, dy = self.end.x - self.start.x, self.end.y - self.start.y
        along = (point.x - self.start.x) * dx + (point.y - self.start.y) * dy
        near = self.at(min(1.0, max(0.0, along / (dx * dx + dy * dy or 1.0))))
        return math.dist((near.x, near.y), (point.x, point.y))

    def at(self, share: float) -> Point:
        """The point at this share of the way."""
        return Point(
            self.start.x + share * (self.end.x - self.start.x),
            self.start.y + share * (self.end.y - self.start.y),
        )


def leg(start: Place, end: Place, across: float) -> Leg:
    """The line from one shape to another whose column's middle is `across` to the right.

    Both shapes have round ends; the line runs between their centres and is cut at their rims.
    """
    ax, bx = start.across - start.radius, across - end.across + end.radius
    dx, dy = bx - ax, end.y - start.y
    length = math.hypot(dx, dy) or 1.0
    x, y = dx / length, dy / length
    return Leg(
        Point(ax + start.radius * x, start.y + start.radius * y),
        Point(bx - end.radius * x, end.y - end.radius * y),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edge starts, ends or passes in a column: a height, half a width, and the rim's radius."""

    y: float
    across: float = 0.0
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Link:
    """A leg that is to be placed: from a place in the left column to one in the right.

    `label` is the width and height of what is to be written on it, if anything is.
    """

    start: Place
    end: Place
    label: tuple[float, float] | None = None


def settle(
    links: Sequence[Link], left: Sequence[Box], right: Sequence[Box]
) -> tuple[float, list[Box | None]] | None:
    """The distance between two columns' middles and a box for each label; None where none will do.

    `left` and `right` are what the labels must keep clear of, about their column's middle.
    """
    reach = max((b.across for b in left), default=0) + max((b.across for b in right), default=0)
    gap = _least_gap(links, left, right, reach)
    while gap <= MAX_GAP:
        across = reach + gap
        moved = [replace(b, middle=b.middle.shifted(across)) for b in right]
        boxes = _placed(links, [*left, *moved], across)
        if boxes is not None:
            return across, boxes
        gap *= GROWTH
    return None


def _least_gap(
    links: Sequence[Link], left: Sequence[Box], right: Sequence[Box], reach: float
) -> float:
    """The gap to start from: long enough for the labels, and so that no leg is steep enough to run
    behind a neighbour of its ends.
    """
    gap = MIN_GAP + 0.6 * max((link.label[0] for link in links if link.label), default=0)
    while gap * GROWTH < MAX_GAP and not _is_clear(links, left, right, reach + gap):
        gap *= GROWTH
    return gap


def _is_clear(
    links: Sequence[Link], left: Sequence[Box], right: Sequence[Box], across: float
) -> bool:
    """Whether every leg keeps clear of the units at which it doesn't end."""
    for link in links:
        part = leg(link.start, link.end, across)
        ends = ((left, 0.0, link.start.y), (right, across, link.end.y))
        for boxes, shift, own in ends:
            for box in boxes:
                middle = box.middle.shifted(shift)
                if box.middle.y != own and part.distance(middle) < box.down + CLEARANCE:
                    return False
    return True


def _placed(
    links: Sequence[Link], obstacles: Sequence[Box], across: float
) -> list[Box | None] | None:
    legs = [leg(link.start, link.end, across) for link in links]
    order = sorted(
        (n for n, link in enumerate(links) if link.label),
        key=lambda n: (-(links[n].label or (0, 0))[0], legs[n].length, n),
    )
    found: list[Box | None] = [None] * len(links)
    taken = [box.grown(CLEARANCE) for box in obstacles]
    for n in order:
        others = [other for m, other in enumerate(legs) if m != n]
        box = _best(legs[n], links[n].label or (0, 0), taken, others)
        if box is None:
            return None
        found[n] = box
        taken.append(box.grown(CLEARANCE))
    return found


def _best(
    own: Leg, label: tuple[float, float], taken: Sequence[Box], others: Sequence[Leg]
) -> Box | None:
    """The place on the leg with the fewest crossings, the middle one of several."""
    best: tuple[float, Box] | None = None
    for share in _shares(own, label[0]):
        box = Box(own.at(share), label[0] / 2, label[1] / 2, own.angle)
        if any(box.meets(other) for other in taken):
            continue
        cost = sum(box.crossed_by(other) for other in others) + 2 * abs(share - 0.5)
        if best is None or cost < best[0]:
            best = cost, box
    return best[1] if best else None


def _shares(own: Leg, label: float) -> Iterator[float]:
    """Where along a leg the middle of a label may be, from the leg's own middle outwards."""
    room = own.length - label - 2 * MARGIN
    if room < 0:
        return
    reach = room / own.length / 2
    for n in range(TRIES):
        step = (n + 1) // 2 * (1 if n % 2 else -1)
        yield 0.5 + 2 * reach * step / (TRIES - 1)


def lane(rows: Sequence[float], clear: float, wanted: float, taken: list[float]) -> float:
    """The height nearest to `wanted` at which an edge may pass a column of units.

    It lies between two units or outside them all, at least `clear` from their middles and away
    from the heights in `taken`, to which it is added.
    """
    heights = sorted(rows)
    free = [(a + b) / 2 for a, b in pairwise(heights) if b - a >= 2 * clear]
    free = [y for y in free if all(abs(y - other) >= LANE for other in taken)]
    for height, step in ((heights[0] - clear, -LANE), (heights[-1] + clear, LANE)):
        while any(abs(height - other) < LANE for other in taken):
            height += step
        free.append(height)
    chosen = min(free, key=lambda y: (abs(y - wanted), y))
    taken.append(chosen)
    return chosen
