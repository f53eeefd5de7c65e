"""The page as one file that needs no server: its script, its style, and all that it would ask for."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any, cast

import numpy as np

from backhand.checking.answers import verdicts
from backhand.checking.judging import DECIDED
from backhand.checking.marking import Marker, Part
from backhand.checking.rounding import ends
from backhand.errors import BackhandError
from backhand.graph import Graph, Layout, Quantity, Role
from backhand.page import bodies
from backhand.page.live import live_backward, live_forward, live_working
from backhand.page.menus import data_sets, models_beside, points
from backhand.page.program import program
from backhand.page.sheets import sheet_json, sheet_of
from backhand.page.tasks import encoded, with_images
from backhand.slots import entries as slots_of
from backhand.slots import entry_name
from backhand.values import floats
from backhand.writing.html import working_html
from backhand.writing.typesetting import printable

Json = Any
LAYOUTS: tuple[Layout, ...] = ("numerator", "denominator")
MOST_ENTRIES = 24
"""Of a quantity with more entries no derivation by each entry is carried along, only that by all."""
MOST_WORKINGS = 200
PLANE = ("moons", "circles", "xor", "spirals")
"""The data sets that are carried along: points with two inputs, in two classes."""
POINTS = 200
DECIMALS = 4
JUDGED = ("number", "vector", "matrix", "count", "class", "shape")


def interactive(text: str) -> str:
    """A worksheet's text as one HTML page in which the network can be touched.

    Raises what reading it raises, and `BackhandError` where it has no network that can be shown or
    where the page isn't built.
    """
    sheet = sheet_json(text)
    if sheet["net"] is None:
        why = [note for note in sheet["notes"] if note.startswith("The network")]
        raise BackhandError(
            why[0] if why else "the worksheet defines no network", "use --format html"
        )
    read = sheet_of(text)
    carried = {
        "sheet": sheet,
        **_derived(read.worksheet.graph),
        **(_practice(read.marker) if read.marker else {"answers": {}, "keys": {}}),
        **_data(),
    }
    return _page(sheet["title"], encoded(carried).decode())


def _page(title: str, data: str) -> str:
    script, style = built("page.js"), built("page.css")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    # In a script only "</" and "<!--" could end it early, and JSON can spell both otherwise.
    safe = data.replace("<", "\\u003c")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(printable(title) or 'Backhand')}</title>\n<style>{style}</style>\n</head>\n"
        f'<body>\n<div id="page"></div>\n<script id="carried" type="application/json">{safe}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def built(name: str) -> str:
    """A file of the front end. Raises `BackhandError` where it isn't built."""
    found = files("backhand.page").joinpath("static", name)
    if not found.is_file():
        raise BackhandError("the page isn't built", "run npm ci and npm run build in web/")
    return found.read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


# ---- what the page would ask for -------------------------------------------------------------


def _derived(graph: Graph) -> dict[str, Json]:
    """Both passes, and the derivative of the objective by every entry, in both layouts."""
    workings: dict[str, Json] = {}
    if graph.objective is not None:
        for by in _asked(graph):
            workings[by] = {
                layout: live_working(graph, graph.objective, by, layout) for layout in LAYOUTS
            }
    backward = {} if graph.objective is None else {n: live_backward(graph, n) for n in LAYOUTS}
    return {
        "workings": workings,
        "passes": {"forward": {n: live_forward(graph, n) for n in LAYOUTS}, "backward": backward},
    }


def _asked(graph: Graph) -> Iterator[str]:
    """What can be chosen on the page, as it is typed there."""
    left = MOST_WORKINGS
    for quantity in graph:
        if quantity.role is Role.GRADIENT or not all(isinstance(e, int) for e in quantity.extents):
            continue
        if quantity.size <= min(left, MOST_ENTRIES):
            yield from entries(quantity)
            left -= quantity.size


def entries(quantity: Quantity) -> Iterator[str]:
    """The entries of a quantity as they are typed, row by row: W_1[1,0], W_1[1,1], …"""
    for slots in slots_of(quantity.axes):
        yield entry_name(quantity.name, slots)


def _practice(marker: Marker) -> dict[str, Json]:
    return {
        "answers": {part.number: expected_json(part) for part in marker.parts},
        "keys": {p.number: with_images(working_html(p.working)) for p in marker.parts},
    }


def expected_json(part: Part) -> dict[str, Json]:
    """What is right, as far as the file itself can judge it: numbers, shapes and verdicts.

    Two formulas may be equal and only one in the form that is asked for: that takes Python.
    """
    right = part.expected
    found: dict[str, Json] = {"kind": right.kind, "digits": right.digits}
    if right.kind in JUDGED and right.value is not None:
        exact = [isinstance(each, Fraction) and ends(each) for each in right.value.ravel()]
        found |= {"numbers": floats(right.value).ravel().tolist(), "ends": exact}
        found |= {"shape": list(right.value.shape)}
    elif right.kind == "verdict" and right.words in DECIDED:
        found |= {"known": dict(verdicts(right.words)), "word": right.words}
    return found


def _data() -> dict[str, Json]:
    known = cast(list[dict[str, Json]], data_sets()["data"])
    sets = [each for each in known if each["name"] in PLANE]
    beside = dict(models_beside(bodies.Beside(inputs=2, classes=2)))
    return {
        "sets": sets,
        "points": {each["name"]: _rounded(each["name"]) for each in sets},
        "beside": {n: None if g is None else program(g) for n, g in beside.items()},
    }


def _rounded(name: str) -> dict[str, Json]:
    found = points(bodies.Points(name, POINTS, 0))
    inputs = np.round(np.asarray(found["inputs"], dtype=float), DECIMALS).tolist()
    return {**found, "inputs": inputs}
