"""The pictures of a comparison as SVG: boundaries, curves of training, predictions, intervals.

Classes differ in shape as well as in colour, and lines in their dashes, so no picture needs colours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backhand.comparing.comparison import Compared, Comparison
from backhand.comparing.fits import Watched
from backhand.comparing.panels import TOP, Panel, around, n, path, tick_text, ticks
from backhand.comparing.plane import Curves, Plane, shown_rows
from backhand.comparing.task import Floats, Task

WIDTH, HEIGHT = 171.0, 150.0
CURVE_HEIGHT = 110.0
SHAPES = 6
"""Classes that have a shape and a colour of their own; more are written as numbers."""
SIZE = 3.2
CROWD = 120
"""More points than this are drawn smaller."""
LEAST_LOSS = 1e-6


def glyph(kind: int, x: float, y: float, size: float = SIZE) -> str:
    """The mark of a class: circle, square, triangle, diamond, cross, triangle upside down."""
    name, half, wide = f'class="dot c{kind}"', size * 0.9, size * 1.2
    match kind:
        case 0:
            return f'<circle {name} cx="{n(x)}" cy="{n(y)}" r="{n(size)}"/>'
        case 1:
            side = n(2 * half)
            return (
                f'<rect {name} x="{n(x - half)}" y="{n(y - half)}" width="{side}" height="{side}"/>'
            )
        case 2:
            return _closed(name, (x, y - wide), (x + wide, y + wide), (x - wide, y + wide))
        case 3:
            return _closed(name, (x, y - wide), (x + wide, y), (x, y + wide), (x - wide, y))
        case 4:
            lines = path(((x - size, y), (x + size, y))) + path(((x, y - size), (x, y + size)))
            return f'<path {name} d="{lines}"/>'
        case _:
            return _closed(name, (x, y + wide), (x + wide, y - wide), (x - wide, y - wide))


def _closed(name: str, *corners: tuple[float, float]) -> str:
    return f'<path {name} d="{path(corners)}z"/>'


# ---- decision boundaries -----------------------------------------------------------------------


def boundary(plane: Plane, model: int, name: str, labels: Sequence[str]) -> str:
    """Where one model decides for which class, the boundary between, and the data points."""
    panel = Panel(
        (float(plane.across[0]), float(plane.up[0])),
        (float(plane.across[-1]), float(plane.up[-1])),
        WIDTH,
        HEIGHT,
    )
    body = [
        *_regions(panel, plane.decided[model]),
        f'<path class="border" d="{_contours(panel, plane, plane.margins[model])}"/>',
        *_points(panel, plane.points, plane.classes, len(labels)),
        *panel.axes(plane.names),
    ]
    return panel.svg(f"Decision boundary of {name}", body)


def _points(panel: Panel, points: Floats, classes: NDArray[np.intp], count: int) -> Iterator[str]:
    size = SIZE if len(points) <= CROWD else 0.75 * SIZE
    for (x, y), kind in zip(points.tolist(), classes.tolist(), strict=True):
        across, down = panel.at(x, y)
        if count <= SHAPES:
            yield glyph(kind, across, down, size)
        else:
            yield f'<text class="code" x="{n(across)}" y="{n(down + 3)}">{kind}</text>'


def _regions(panel: Panel, decided: NDArray[np.intp]) -> Iterator[str]:
    """The plane coloured by class: in each row of the grid one bar a run of the same class."""
    rows, columns = decided.shape
    # A grid point stands in the middle of its bar; those at the edge have half a one.
    right = [min(max((c - 0.5) / (columns - 1), 0), 1) * panel.width for c in range(columns + 1)]
    down = [(1 - min(max((r - 0.5) / (rows - 1), 0), 1)) * panel.height for r in range(rows + 1)]
    bars: dict[int, list[str]] = {}
    for row in range(rows):
        line = decided[row]
        cuts = [0, *(np.flatnonzero(np.diff(line)) + 1).tolist(), columns]
        top, high = down[row + 1], down[row] - down[row + 1]
        for start, end in pairwise(cuts):
            left, wide = n(right[start]), n(right[end] - right[start])
            bar = f"M{left} {top:.2f}h{wide}v{high:.2f}h-{wide}z"
            bars.setdefault(int(line[start]), []).append(bar)
    for kind, found in sorted(bars.items()):
        yield f'<path class="region r{kind % SHAPES}" d="{"".join(found)}"/>'


def _contours(panel: Panel, plane: Plane, margins: Floats) -> str:
    """Where a margin changes its sign, cell by cell of the grid (marching squares)."""
    xs = [panel.x(x) for x in plane.across.tolist()]
    ys = [panel.y(y) for y in plane.up.tolist()]
    parts: list[str] = []
    for field in margins:
        sign = field > 0
        mixed = (sign[:-1, :-1] != sign[1:, 1:]) | (sign[:-1, 1:] != sign[1:, :-1])
        mixed |= sign[:-1, :-1] != sign[:-1, 1:]
        for row, column in np.argwhere(mixed).tolist():
            parts += _cell(field, xs, ys, row, column)
    return "".join(dict.fromkeys(parts))


def _cell(
    field: Floats, xs: Sequence[float], ys: Sequence[float], row: int, column: int
) -> Iterator[str]:
    """The pieces of the contour inside one cell: its edges' crossings, joined two by two."""
    corners = ((row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column))
    crossings: list[tuple[float, float]] = []
    for (r, c), (s, d) in zip(corners, (*corners[1:], corners[0]), strict=True):
        start, end = float(field[r, c]), float(field[s, d])
        if (start > 0) != (end > 0):
            part = start / (start - end)
            crossings.append((xs[c] + part * (xs[d] - xs[c]), ys[r] + part * (ys[s] - ys[r])))
    for start, end in zip(crossings[::2], crossings[1::2], strict=True):
        yield path((start, end))


# ---- numbers -----------------------------------------------------------------------------------


def curve(found: Curves, model: int, name: str, task: Task) -> str:
    """A number over the one feature: the data points and a model's curve."""
    x, y = found.points[:, 0].tolist(), found.points[:, 1].tolist()
    low, high = around(y)
    panel = Panel((float(found.x[0]), low), (float(found.x[-1]), high), WIDTH, HEIGHT)
    body = [
        *(glyph(0, *panel.at(a, b), size=2.2) for a, b in zip(x, y, strict=True)),
        f'<path class="line curve" d="{panel.line(found.x.tolist(), found.curves[model].tolist())}"/>',
        *panel.axes((task.columns[0], task.target)),
    ]
    return panel.svg(f"{task.target} by {name}, over {task.columns[0]}", body)


def predictions(model: Compared, task: Task, seed: int, limits: tuple[float, float]) -> str:
    """The prediction of each point by a model that hadn't seen it, against what it was."""
    assert model.score is not None
    assert model.score.predicted is not None
    rows = shown_rows(task, seed)
    low, high = limits
    panel = Panel((low, low), (high, high), WIDTH, HEIGHT)
    found = np.clip(model.score.predicted[rows], low, high).tolist()
    body = [
        f'<path class="border" d="{path((panel.at(low, low), panel.at(high, high)))}"/>',
        *(
            glyph(0, *panel.at(a, b), size=2.2)
            for a, b in zip(found, task.y[rows].tolist(), strict=True)
        ),
        *panel.axes(("predicted, held out", task.target)),
    ]
    return panel.svg(f"{task.target} against its prediction by {model.name}", body)


# ---- training ----------------------------------------------------------------------------------


def training(run: Watched, limits: tuple[float, float]) -> str:
    """The mean loss epoch by epoch, on the points trained on and on those held out, as logarithms."""
    count = len(run.loss)
    low, high = limits
    panel = Panel((0, low), (count, high), WIDTH, CURVE_HEIGHT)
    at = sorted({*range(1, min(count, 60) + 1), *range(60, count + 1, -(-count // 200)), count})
    lines = (
        ("line", at, _logs([run.loss[epoch - 1] for epoch in at])),
        ("line held", list(run.epochs), _logs(run.held_out)),
    )
    body = [f'<path class="{kind}" d="{panel.line(x, y)}"/>' for kind, x, y in lines]
    title = f"Training of {run.name}: mean loss over {count} epochs"
    return panel.svg(title, [*body, *panel.axes(("epoch", "log₁₀ of mean loss"))])


def loss_limits(runs: Sequence[Watched]) -> tuple[float, float]:
    """The range of logarithms that holds all curves, in which nothing shows below `LEAST_LOSS`."""
    return around([log for run in runs for log in _logs((*run.loss, *run.held_out))])


def _logs(losses: Sequence[float]) -> list[float]:
    return [math.log10(max(loss, LEAST_LOSS)) for loss in losses]


# ---- scores ------------------------------------------------------------------------------------

BAR, BAR_HEIGHT = 250.0, 22.0


def score_limits(found: Comparison) -> tuple[float, float]:
    """The range of scores that the intervals are drawn over."""
    ends = [
        e for m in found.models if m.score for e in (m.score.interval.low, m.score.interval.high)
    ]
    low, high = around([max(e, -1.0) for e in ends])
    return low, min(high, 1.02)


def interval(model: Compared, limits: tuple[float, float]) -> str:
    """A mean score as a dot on its interval."""
    assert model.score is not None
    low, high = limits
    found = model.score.interval

    def x(value: float) -> float:
        return (min(max(value, low), high) - low) / (high - low) * BAR

    y = n(BAR_HEIGHT / 2)
    grid = "".join(
        f'<path class="grid" d="M{n(x(t))} 0V{n(BAR_HEIGHT)}"/>' for t in ticks(low, high)
    )
    return (
        f'<svg class="interval" aria-hidden="true" viewBox="-14 0 {n(BAR + 28)} {n(BAR_HEIGHT)}" '
        f'width="{n(BAR + 28)}" height="{n(BAR_HEIGHT)}">{grid}'
        f'<path class="line" d="M{n(x(found.low))} {y}H{n(x(found.high))}"/>'
        f'<circle class="mean" cx="{n(x(found.mean))}" cy="{y}" r="4.5"/></svg>'
    )


def score_axis(limits: tuple[float, float]) -> str:
    """The numbers under the intervals."""
    low, high = limits
    marks = "".join(
        f'<text x="{n((t - low) / (high - low) * BAR)}" y="{n(TOP + 4)}">{tick_text(t)}</text>'
        for t in ticks(low, high)
    )
    return (
        f'<svg class="interval" aria-hidden="true" viewBox="-14 0 {n(BAR + 28)} 16" '
        f'width="{n(BAR + 28)}" height="16">{marks}</svg>'
    )
