"""The picture of a chord: what it shows is where the numbers say, and it is well-formed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

import backhand
from backhand.working import Chord
from backhand.writing.chords import HEIGHT, WIDTH, chord_svg


def drawn(text: str) -> tuple[Chord, ET.Element]:
    chord = backhand.convex(text).working.chord
    assert chord is not None
    return chord, ET.fromstring(chord_svg(chord))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("f(x) = x^2", "below"),
        ("f(x) = sin(x)", "above"),
        ("log(x) for x > 0", "above"),
        ("e^x + e^(-x)", "below"),
        ("f(x) = relu(x)", "below"),
        ("1/x for x > 0", "below"),
        ("f(x, y) = x^2 - y^2", "above"),
    ],
)
def test_the_chord_is_above_or_below(text: str, place: str) -> None:
    chord, svg = drawn(text)
    assert f"the curve is {place} the chord" in svg[0].text
    assert (chord.left > chord.right) == (place == "above")
    assert {e.text for e in svg if e.tag.endswith("text")} >= {"x₁", "x₂"}


@pytest.mark.parametrize("text", ["f(x) = x^2", "1/x for x > 0", "x log x for x > 0", "tanh(x)"])
def test_everything_lies_inside(text: str) -> None:
    _, svg = drawn(text)
    for circle in (e for e in svg if e.tag.endswith("circle")):
        assert 0 <= float(circle.get("cx")) <= WIDTH
        assert 0 <= float(circle.get("cy")) <= HEIGHT
    for path in (e for e in svg if e.tag.endswith("path")):
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path.get("d"))]
        assert all(-1 <= n <= WIDTH + 1 for n in numbers)


def test_a_page_shows_it() -> None:
    working = backhand.convex("f(x) = x^2").working
    assert "bh-chord" in working.html()
    assert working._repr_svg_().startswith("<svg")
