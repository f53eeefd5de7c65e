"""The table of functions as people see it: golden pages, and plots read back from their marks."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tests.goldens import agrees

from backhand.calculus.curves import Plot, value_of
from backhand.calculus.table import Row, rows
from backhand.functions import TABLE
from backhand.writing import function_table, plots

FEW = rows(["sigmoid", "relu", "tan", "max"])
PLOTTED = {row.function.name: row.plot for row in rows() if row.plot is not None}


def value(name: str, x: float) -> float:
    return float(value_of(TABLE[name])(np.array([x]))[0])


# ---- whole pages -------------------------------------------------------------------------------


def test_the_whole_table_on_a_terminal() -> None:
    text = function_table.text(rows())
    assert agrees(text, "writing/functions.txt")
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (function_table.html, "functions.html"),
        (function_table.latex, "functions.tex"),
        (function_table.json, "functions.json"),
    ],
)
def test_four_functions_as_a_page(write: Callable[[Sequence[Row]], str], name: str) -> None:
    assert agrees(write(FEW), f"writing/{name}")


@pytest.mark.parametrize("width", [40, 60, 79, 100])
def test_a_terminal_of_any_width_is_filled_and_not_more(width: int) -> None:
    out = StringIO()
    function_table.terminal(FEW, Console(file=out, width=width))
    assert max(map(len, out.getvalue().splitlines())) <= width


def test_a_terminal_shows_colours() -> None:
    out = StringIO()
    function_table.terminal(FEW, Console(file=out, width=80, force_terminal=True))
    assert "\x1b[35m" in out.getvalue()


def test_json_has_numbers_and_no_literal_that_json_lacks() -> None:
    def refuse(literal: str) -> None:
        raise AssertionError(literal)

    found = json.loads(function_table.json(rows()), parse_constant=refuse)
    assert [entry["name"] for entry in found] == list(TABLE)
    relu = found[1]
    assert relu["range"] == {"low": 0, "high": "inf", "text": "[0, ∞)"}
    assert relu["kinks"] == [0]
    assert relu["derivatives"] == [
        {
            "text": "ReLU'(z) = [z > 0]",
            "latex": r"\mathrm{ReLU}'\left(z\right) = \mathbf{1}[z > 0]",
        }
    ]


def test_html_has_a_row_a_function_and_says_what_each_plot_shows() -> None:
    page = function_table.html(rows())
    table = ET.fromstring(re.search(r"<table.*</table>", page, re.DOTALL)[0])  # type: ignore[index]
    assert [row.get("id") for row in table.iter("tr")][1:] == list(TABLE)
    titles = [svg.findtext("title") for svg in table.iter("svg")]
    assert titles == [f"{name} and its derivative" for name in PLOTTED]
    assert all(svg.get("role") == "img" for svg in table.iter("svg"))
    assert "<script" not in page


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no LaTeX here")
def test_latex_compiles(tmp_path: Path) -> None:
    (tmp_path / "table.tex").write_text(function_table.latex(rows()), encoding="utf-8")
    made = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout[-2000:]
    assert b"Overfull" not in made.stdout


# ---- plots -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLOTTED)
def test_the_line_of_an_svg_is_the_function(name: str) -> None:
    plot = PLOTTED[name]
    svg = ET.fromstring(plots.svg(plot, name))
    line = next(path for path in svg.iter("path") if path.get("class") == "value").get("d", "")
    frame = plots.Frame(
        plot,
        plots.WIDTH - plots.LEFT - plots.RIGHT,
        plots.HEIGHT - plots.TOP - plots.BOTTOM,
    )
    pieces = [
        [tuple(map(float, point.split())) for point in piece.split("L")]
        for piece in line.split("M")[1:]
    ]
    assert len(pieces) == len(plot.value)
    steep = (plot.right - plot.left) / frame.width * 0.02
    for across, down in (point for piece in pieces for point in piece):
        x = plot.left + across / frame.width * (plot.right - plot.left)
        there = [value(name, x + step) for step in (-steep, steep)]
        low, high = frame.y(max(there)) - 0.1, frame.y(min(there)) + 0.1
        assert low <= down <= high or not np.isfinite(there).all()


@pytest.mark.parametrize("name", PLOTTED)
def test_left_out_points_are_on_the_line(name: str) -> None:
    plot = PLOTTED[name]
    frame = plots.Frame(plot, 180.0, 100.0)
    for curve in plot.value:
        kept = np.array(frame.places(curve))
        x, y = np.array([(frame.x(x), frame.y(y)) for x, y in curve]).T
        if np.abs(np.diff(kept[:, 1]) / np.diff(kept[:, 0]).clip(1e-9)).max() < 5:
            assert np.interp(x, *kept.T) == pytest.approx(y, abs=0.2)
        assert len(kept) <= len(curve)


def dots(plot: Plot, mark: str) -> set[tuple[int, int]]:
    """The Braille dots in the cells that carry a mark, read back from the signs."""
    found: set[tuple[int, int]] = set()
    for row, line in enumerate(plots.braille(plot)[:-1]):
        for cell, (sign, is_of) in enumerate(line[1:]):
            if is_of != mark:
                continue
            bits = ord(sign) - 0x2800
            found |= {
                (2 * cell + c, 4 * row + r)
                for r in range(4)
                for c in range(2)
                if bits & plots.DOTS[r][c]
            }
    return found


@pytest.mark.parametrize("name", PLOTTED)
def test_braille_has_a_dot_wherever_the_function_is(name: str) -> None:
    plot = PLOTTED[name]
    frame = plots.Frame(plot, 2 * plots.CELLS - 1, 4 * plots.ROWS - 1)
    marked = dots(plot, "value")
    for x, y in (point for curve in plot.value for point in curve):
        at = frame.x(x), frame.y(y)
        assert min(max(abs(at[0] - c), abs(at[1] - r)) for c, r in marked) <= 1


def test_braille_shows_the_slope_in_dashes() -> None:
    plot = PLOTTED["identity"]
    columns = sorted({column for column, _ in dots(plot, "slope")})
    assert 0.3 < len(columns) / (2 * plots.CELLS) < 0.6


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(-4.2, 4.2, [-4, -2, 0, 2, 4]), (-0.05, 1.05, [0, 0.25, 0.5, 0.75, 1]), (-0.1, 0.2, [0])],
)
def test_ticks_are_few_and_round(low: float, high: float, found: list[float]) -> None:
    assert plots.ticks(low, high) == found
