"""The pictures of many marks as SVG; verdicts always stand in one order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from backhand.grading.statistics import VERDICTS, Item

WIDTH, LEFT, ROW, BAR = 700.0, 72.0, 22.0, 15.0
HEIGHT, BOTTOM = 130.0, 34.0
SLIP_ROOM = 180.0
"""To the right of the bars, for the commonest slip."""


def verdicts(items: Sequence[Item], students: int) -> str:
    """A bar for each part, cut by verdicts, and beside it its commonest slip."""
    height = ROW * len(items) + 26
    body: list[str] = []
    wide = WIDTH - LEFT - SLIP_ROOM
    for share in (0, 25, 50, 75, 100):
        x = LEFT + wide * share / 100
        body.append(f'<path class="grid" d="M{x:g} 0V{ROW * len(items):g}"/>')
        body.append(f'<text class="mid" x="{x:g}" y="{ROW * len(items) + 16:g}">{share} %</text>')
    for at, item in enumerate(items):
        top = at * ROW + (ROW - BAR) / 2
        body.append(
            f'<text class="end" x="{LEFT - 8:g}" y="{top + 12:g}">{escape(item.part)}</text>'
        )
        body += _bar(item, students, top, wide)
        slip = next(iter(item.slips.items()), None)
        if slip is not None and students:
            said = f"{slip[0]}: {slip[1] / students:.0%}"
            body.append(f'<text x="{LEFT + wide + 10:g}" y="{top + 12:g}">{escape(said)}</text>')
    return _svg("Verdicts by part, and the commonest slip of each", height, body)


def _bar(item: Item, students: int, top: float, wide: float) -> Iterator[str]:
    x = LEFT
    for verdict in VERDICTS:
        count = item.verdicts[verdict]
        if count and students:
            width = wide * count / students
            yield (
                f'<rect class="{verdict}" x="{x:.2f}" y="{top:g}" width="{width:.2f}" height="{BAR:g}">'
                f"<title>{escape(item.part)}: {count:,} {verdict}</title></rect>"
            )
            x += width


def key() -> str:
    """What the colours mean."""
    return "".join(
        f'<span><svg class="sample" width="14" height="12" aria-hidden="true">'
        f'<rect class="{verdict}" width="14" height="12"/></svg> {verdict}</span> '
        for verdict in VERDICTS
    )


def histogram(totals: Sequence[int], out_of: float) -> str:
    """How many students have how many points."""
    most, step = max((*totals, 1)), (WIDTH - LEFT) / max(len(totals), 1)
    body: list[str] = []
    for at, count in enumerate(totals):
        high = (HEIGHT - 16) * count / most
        x = LEFT + at * step
        body.append(
            f'<rect class="total" x="{x + 1:.2f}" y="{HEIGHT - high:.2f}" width="{step - 2:.2f}" '
            f'height="{high:.2f}"/>'
        )
        if count:
            y = HEIGHT - high - 4
            body.append(f'<text class="mid" x="{x + step / 2:.2f}" y="{y:.2f}">{count:,}</text>')
    body.append(f'<path class="axis" d="M{LEFT:g} {HEIGHT:g}H{WIDTH:g}"/>')
    for quarter in range(5):
        x = LEFT + (WIDTH - LEFT) * quarter / 4
        place = "end" if quarter == 4 else "mid"
        body.append(
            f'<text class="{place}" x="{x:g}" y="{HEIGHT + 16:g}">{out_of * quarter / 4:g}</text>'
        )
    middle = (WIDTH + LEFT) / 2
    body.append(f'<text class="mid" x="{middle:g}" y="{HEIGHT + 31:g}">points</text>')
    return _svg("Students by points", HEIGHT + BOTTOM, body)


def _svg(title: str, height: float, body: Sequence[str]) -> str:
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH:g} {height:g}"><title>{escape(title)}</title>'
        f"{''.join(body)}</svg>"
    )
