"""A curve with its chord as SVG: what convexity is about, at one look."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from backhand.rounding import digits
from backhand.working import Chord

WIDTH, HEIGHT = 420.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 24.0, 24.0, 22.0, 34.0
TALL = 3.0
"""How far beyond the chord's own height the curve is shown, in heights of what matters."""
STYLE = """
.bh-chord path { fill: none; stroke-linecap: round; stroke-linejoin: round; }
.bh-chord .curve { stroke: var(--answer-line, #2b5d8c); stroke-width: 2.4; }
.bh-chord .chord { stroke: var(--accent, #a3321f); stroke-width: 1.8; stroke-dasharray: 6 4; }
.bh-chord .gap { stroke: currentColor; stroke-width: 1.2; opacity: .75; }
.bh-chord .base { stroke: currentColor; opacity: .35; }
.bh-chord circle { fill: var(--answer-line, #2b5d8c); }
.bh-chord .on { fill: var(--accent, #a3321f); }
.bh-chord text { fill: currentColor; font: 13px Georgia, "Times New Roman", serif; }
"""


def chord_svg(chord: Chord) -> str:
    """The curve between two points with the chord above or below it, and the gap at one place."""
    low, high = _window(chord)
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    first, last = min(chord.t), max(chord.t)

    def x(t: float) -> float:
        return LEFT + (t - first) / (last - first) * width

    def y(value: float) -> float:
        return TOP + (high - value) / (high - low) * height

    points = [(x(t), y(v)) for t, v in zip(chord.t, chord.values, strict=True)]
    start, end = chord.ends
    middle, base = x(chord.mark), HEIGHT - BOTTOM
    parts = [
        f"<title>{escape(_title(chord))}</title><style>{STYLE}</style>",
        f'<path class="base" d="M{LEFT:g} {base:g}H{WIDTH - RIGHT:g}"/>',
        f'<path class="curve" d="{_path(points, y(high), y(low))}"/>',
        f'<path class="chord" d="M{_n(x(0))} {_n(y(start))}L{_n(x(1))} {_n(y(end))}"/>',
        f'<path class="gap" d="M{_n(middle)} {_n(y(chord.left))}V{_n(y(chord.right))}"/>',
        _dot(x(0), y(start)),
        _dot(x(1), y(end)),
        _dot(middle, y(chord.left)),
        _dot(middle, y(chord.right), "on"),
        *_values(chord, middle, sorted((y(chord.left), y(chord.right)))),
        _word(x(0), base + 19, "x₁", "middle"),
        _word(x(1), base + 19, "x₂", "middle"),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="bh-chord" role="img" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" height="{HEIGHT:g}">'
        f"{''.join(parts)}</svg>"
    )


def _values(chord: Chord, x: float, ends: Sequence[float]) -> tuple[str, str]:
    """The two values at the mark, the upper one above the gap and the lower one below it."""
    said = f"f = {digits(chord.left)}", f"chord = {digits(chord.right)}"
    upper, lower = said if chord.left > chord.right else said[::-1]
    # On a rising curve there is room to the left above it and to the right below it.
    left, right = (x - 8, "end"), (x + 8, "start")
    first, second = (left, right) if chord.ends[1] > chord.ends[0] else (right, left)
    return (
        _word(first[0], ends[0] - 7, upper, first[1]),
        _word(second[0], ends[1] + 16, lower, second[1]),
    )


def _title(chord: Chord) -> str:
    place = "above" if chord.left > chord.right else "below"
    if chord.left == chord.right:
        place = "on"
    return f"The curve of {chord.name} and a chord; between its ends the curve is {place} the chord"


def _window(chord: Chord) -> tuple[float, float]:
    """The heights that are shown: all between the ends, and of the rest what fits."""
    inner = [v for t, v in zip(chord.t, chord.values, strict=True) if 0 <= t <= 1]
    main = (*chord.ends, chord.left, chord.right, *inner)
    low, high = min(main), max(main)
    size = (high - low) or abs(high) or 1.0
    low = max(min(low, *chord.values), low - TALL * size)
    high = min(max(high, *chord.values), high + TALL * size)
    edge = 0.06 * (high - low or 1.0)
    return low - edge, high + edge


def _path(points: Sequence[tuple[float, float]], top: float, bottom: float) -> str:
    """The curve, cut where it leaves the picture."""
    out: list[str] = []
    pen = "M"
    for across, down in points:
        if top <= down <= bottom:
            out.append(f"{pen}{_n(across)} {_n(down)}")
            pen = "L"
        else:
            pen = "M"
    return "".join(out)


def _dot(x: float, y: float, kind: str = "off") -> str:
    return f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="4"/>'


def _word(x: float, y: float, text: str, anchor: str) -> str:
    shown = escape(text.replace("-", "−"))
    return f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{shown}</text>'


def _n(length: float) -> str:
    return f"{round(length, 2) + 0.0:g}"
