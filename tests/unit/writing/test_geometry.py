from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.writing.geometry import MAX_GAP, Box, Leg, Link, Place, Point, lane, leg, settle

LENGTHS = st.floats(1, 50)
MIDDLES = st.builds(Point, st.floats(-60, 60), st.floats(-60, 60))
BOXES = st.builds(Box, MIDDLES, LENGTHS, LENGTHS, st.floats(-90, 90))


def holds(box: Box, point: Point) -> bool:
    """Whether a point lies in a box, by turning it back."""
    turn = math.radians(-box.angle)
    x, y = point.x - box.middle.x, point.y - box.middle.y
    across = x * math.cos(turn) - y * math.sin(turn)
    down = x * math.sin(turn) + y * math.cos(turn)
    return abs(across) < box.across and abs(down) < box.down


@given(BOXES, BOXES)
def test_boxes_meet_where_they_share_a_point(one: Box, other: Box) -> None:
    assert one.meets(other) == other.meets(one)
    corners = one.corners()
    inside = [
        Point(
            corners[0].x + a * (corners[1].x - corners[0].x) + b * (corners[3].x - corners[0].x),
            corners[0].y + a * (corners[1].y - corners[0].y) + b * (corners[3].y - corners[0].y),
        )
        for a in (0.02, 0.25, 0.5, 0.75, 0.98)
        for b in (0.02, 0.25, 0.5, 0.75, 0.98)
    ]
    if any(holds(other, point) for point in inside):
        assert one.meets(other)
    apart = math.dist((one.middle.x, one.middle.y), (other.middle.x, other.middle.y))
    if apart > one.radius + other.radius:
        assert not one.meets(other)


def test_crossed_corners_alone_are_no_meeting() -> None:
    """Two thin boxes at a right angle whose upright frames overlap."""
    one, other = Box(Point(0, 0), 30, 2, 45), Box(Point(20, -20), 10, 2, 45)
    assert not one.meets(other)
    assert one.meets(Box(Point(5, 5), 10, 2, -45))


@given(BOXES, MIDDLES, MIDDLES)
def test_a_line_crosses_a_box_where_one_of_its_points_is_inside(
    box: Box, start: Point, end: Point
) -> None:
    line = Leg(start, end)
    if any(holds(box, line.at(n / 40)) for n in range(41)):
        assert box.crossed_by(line)
    if line.distance(box.middle) > box.radius:
        assert not box.crossed_by(line)


@given(st.floats(-200, 200), st.floats(-200, 200), st.floats(100, 400))
def test_edges_start_and_end_at_the_rim(high: float, low: float, across: float) -> None:
    found = leg(Place(high, 40, 24), Place(low, 24, 24), across)
    assert math.dist((found.start.x, found.start.y), (16, high)) == pytest.approx(24)
    assert math.dist((found.end.x, found.end.y), (across, low)) == pytest.approx(24)


def test_labels_settle_without_touching() -> None:
    places = [Place(y, 24, 24) for y in (-100, 0, 100)]
    links = [Link(a, b, (70, 16)) for a in places for b in places]
    boxes = [Box(Point(0, p.y), 24, 24) for p in places]
    settled = settle(links, boxes, boxes)
    assert settled is not None
    across, found = settled
    labels = [box for box in found if box is not None]
    assert len(labels) == len(links)
    assert not any(a.meets(b) for a, b in combinations(labels, 2))
    assert across < 48 + MAX_GAP


def test_labels_that_are_too_long_dont_settle() -> None:
    place = Place(0, 24, 24)
    assert settle([Link(place, place, (MAX_GAP, 16))], [], []) is None
    settled = settle([Link(place, place)], [], [])
    assert settled is not None
    assert settled[1] == [None]


@given(st.lists(st.integers(-9, 9), min_size=1, unique=True), st.floats(-500, 500))
def test_lanes_keep_clear_of_units_and_of_each_other(rows: list[int], wanted: float) -> None:
    heights = [100.0 * row for row in rows]
    taken: list[float] = []
    for _ in range(4):
        lane(heights, 40, wanted, taken)
    assert all(abs(y - row) >= 40 for y in taken for row in heights)
    assert all(abs(a - b) >= 12 for a, b in combinations(taken, 2))
