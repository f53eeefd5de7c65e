"""What the server is asked for, by name: JSON in, a reply out. It runs in a process of its own."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import unescape
from typing import Any, cast

from backhand.errors import AskError, BackhandError, Place
from backhand.graph import Graph
from backhand.page import bodies
from backhand.page.editing import edited, known_names
from backhand.page.exports import exported
from backhand.page.fields import Fields, RequestError, parsed
from backhand.page.live import live_backward, live_forward, live_working
from backhand.page.networks import page_of
from backhand.page.previews import preview
from backhand.page.program import program
from backhand.page.sheets import Sheet, example, forget, sheet_json, sheet_of
from backhand.reading.meaning import spelled
from backhand.writing.html import working_html

JSON = "application/json"
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back: a status of HTTP, a media type, the bytes; a name where it is a file."""

    status: int
    kind: str
    content: bytes
    name: str = ""


def answered(task: str, body: bytes) -> Reply:
    """The reply to a request; whatever is wrong with it is said in the reply.

    >>> answered("read", b'{"text": "x = "}').status
    422
    """
    try:
        return _answered(task, body)
    except MemoryError:
        forget()
    try:
        return _answered(task, body)
    except MemoryError:
        return refusal(422, BackhandError("this takes too much memory", "make it smaller"))


def _answered(task: str, body: bytes) -> Reply:
    try:
        found = TASKS[task](parsed(body))
    except RequestError as error:
        return refusal(error.status, error)
    except BackhandError as error:
        return refusal(422, error)
    except RecursionError:
        return refusal(422, BackhandError("this is nested too deep", "use fewer brackets"))
    return found if isinstance(found, Reply) else Reply(200, JSON, encoded(found))


def refusal(status: int, error: BackhandError) -> Reply:
    """An error as a reply."""
    return Reply(status, JSON, encoded({"error": error_json(error)}))


def error_json(error: BackhandError) -> dict[str, Any]:
    """What was wrong, what to write instead, and where."""
    place: Place | None = error.place
    return {
        "what": error.what,
        "mend": error.mend,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }


def encoded(found: object) -> bytes:
    """Something as JSON; a number that isn't finite becomes null."""
    try:
        text = json.dumps(found, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(found), allow_nan=False, separators=(",", ":"))
    return text.encode()


def _finite(found: object) -> object:
    match found:
        case float():
            return found if math.isfinite(found) else None
        case dict():
            return {key: _finite(value) for key, value in cast(dict[str, object], found).items()}
        case list() | tuple():
            return [_finite(value) for value in cast(list[object], found)]
        case _:
            return found


# ---- pages -------------------------------------------------------------------------------------


def _read(fields: Fields) -> object:
    return sheet_json(bodies.Text.from_json(fields).text)


def _start(fields: Fields) -> object:
    """The sheet of the file that is served, or the example; one with an error can be mended there."""
    fields.only("text", "file")
    name = fields.text("file") if fields.has("file") else None
    text = fields.text("text") if fields.has("text") else example()
    try:
        return {"sheet": sheet_json(text), "file": name, "error": None}
    except BackhandError as error:
        bare: dict[str, Any] = {
            "text": text,
            "title": "",
            "net": None,
            "notes": [],
            "questions": [],
        }
        return {"sheet": bare, "file": name, "error": error_json(error)}


def _network(fields: Fields) -> object:
    asked = bodies.Network.from_json(fields)
    return sheet_json(page_of(asked.layers, asked.loss, asked.seed))


def _variant(fields: Fields) -> object:
    from backhand.checking.variants import variants

    asked = bodies.AnotherOne.from_json(fields)
    (made,) = variants(sheet_of(asked.text).worksheet, 1, seed=asked.seed)
    found = sheet_json(made.worksheet.source)
    return {**found, "notes": [*found["notes"], *made.notes]}


def _export(fields: Fields) -> Reply:
    file = exported(bodies.Export.from_json(fields))
    return Reply(200, file.kind, file.content, file.name)


# ---- working -----------------------------------------------------------------------------------


def _working(fields: Fields) -> object:
    asked = bodies.Derivation.from_json(fields)
    graph = _graph(asked)
    layout = asked.layout or sheet_of(asked.text).worksheet.layout
    return live_working(graph, _named(asked.of, graph), _named(asked.by, graph), layout)


def _named(word: str, graph: Graph) -> str:
    """A quantity or an entry in the one spelling of its name; an error has no place on the page."""
    try:
        return spelled(word, graph)
    except BackhandError as error:
        error.place = None
        raise


def _forward(fields: Fields) -> object:
    return live_forward(_graph(bodies.Pass.from_json(fields)))


def _backward(fields: Fields) -> object:
    """Each gradient in the shape of its own quantity, unless another layout is asked for."""
    asked = bodies.Pass.from_json(fields)
    return live_backward(_graph(asked), asked.layout or "denominator")


def _graph(asked: bodies.Derivation | bodies.Pass) -> Graph:
    """The graph at a question's place, or at the end of the page, with the edited values."""
    sheet = sheet_of(asked.text).worksheet
    known_names(sheet, asked.values)
    graph = sheet.graph
    if asked.question is not None:
        found = [q for q in sheet.questions if q.number == asked.question]
        if not found:
            numbers = ", ".join(q.number for q in sheet.questions)
            raise AskError(
                f"there is no question {asked.question}", f"the questions are {numbers or 'none'}"
            )
        graph = found[0].graph
    return edited(graph, asked.values)


# ---- questions ---------------------------------------------------------------------------------


def _mark(fields: Fields) -> object:
    asked = bodies.Answer.from_json(fields)
    marker = sheet_of(asked.text).ready()
    return asdict(marker.mark(asked.part, asked.answer, earlier=asked.earlier, level=asked.level))


def _preview(fields: Fields) -> object:
    asked = bodies.Preview.from_json(fields)
    return {"math": preview(sheet_of(asked.text).ready().part(asked.part), asked.answer)}


def _key(fields: Fields) -> object:
    asked = bodies.Key.from_json(fields)
    sheet: Sheet = sheet_of(asked.text)
    return {"html": with_images(working_html(sheet.ready().part(asked.part).working))}


def with_images(html: str) -> str:
    """HTML whose drawings are images: their style sheets would be against the page's policy."""

    def image(found: re.Match[str]) -> str:
        title = _TITLE.search(found[0])
        alt = title[1] if title else ""
        data = base64.b64encode(found[0].encode()).decode()
        quoted = unescape(alt).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        return f'<img alt="{quoted}" src="data:image/svg+xml;base64,{data}">'

    return _DRAWING.sub(image, html)


# ---- functions and data ------------------------------------------------------------------------


def _functions(fields: Fields) -> object:
    from backhand.page.menus import functions

    fields.only()
    return functions()


def _data(fields: Fields) -> object:
    from backhand.page.menus import data_sets

    fields.only()
    return data_sets()


def _points(fields: Fields) -> object:
    from backhand.page.menus import points

    return points(bodies.Points.from_json(fields))


def _beside(fields: Fields) -> object:
    from backhand.page.menus import models_beside

    asked = bodies.Beside.from_json(fields)
    return {name: None if graph is None else program(graph) for name, graph in models_beside(asked)}


TASKS: Mapping[str, Callable[[Fields], object]] = {
    "read": _read,
    "network": _network,
    "variant": _variant,
    "export": _export,
    "working": _working,
    "forward": _forward,
    "backward": _backward,
    "mark": _mark,
    "preview": _preview,
    "key": _key,
    "beside": _beside,
    "start": _start,
    "functions": _functions,
    "data": _data,
    "points": _points,
}
"""Every task; the page posts to all but the last four, which are got."""
GOT = frozenset({"start", "functions", "data", "points"})
