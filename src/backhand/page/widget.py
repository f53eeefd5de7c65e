"""The page in a notebook: an edit there reaches Python, and a number set here moves the page."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from typing import Any, cast

import anywidget
import numpy as np
import traitlets

from backhand.errors import BackhandError, MeaningError
from backhand.graph import Graph, Quantity
from backhand.page.editing import edited
from backhand.page.fields import MAX_BODY, RequestError
from backhand.page.graph_text import text_of
from backhand.page.program import program
from backhand.page.sheets import sheet_of
from backhand.page.single import built, entries
from backhand.page.tasks import JSON, TASKS, Reply, answered, encoded, refusal
from backhand.reading.meaning import spelled
from backhand.values import fitted, floats
from backhand.working import Worksheet

FAILED = "Backhand failed at this: it is a mistake in Backhand, not in what you did"
Values = dict[str, Any]


class NetworkWidget(anywidget.AnyWidget):
    """A network in a notebook, to be touched: numbers, derivatives, training, practice.

    `values`: the given numbers by name, as nested lists; what is assigned replaces those named.
    `selected`: the entry whose derivative is worked out (`"W_1[1,2]"`), or None. `layout_name`:
    numerator or denominator. `text`: the worksheet that is shown. Each follows the page and moves
    it. Raises `BackhandError` where the page can't show the graph; an assignment that doesn't fit
    raises `traitlets.TraitError`.
    """

    _esm = built("widget.js")
    text = traitlets.Unicode().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    layout_name = traitlets.Enum(["numerator", "denominator"], "numerator").tag(sync=True)

    def __init__(self, shown: Graph | Worksheet) -> None:
        text = shown.source if isinstance(shown, Worksheet) else text_of(shown)
        program(sheet_of(text).worksheet.graph)
        self._known: tuple[str, Values] = ("", {})
        layout = shown.layout if isinstance(shown, Worksheet) else "numerator"
        super().__init__(text=text, values={}, layout_name=layout)
        self.on_msg(self._hear)  # pyright: ignore[reportUnknownMemberType]

    @property
    def graph(self) -> Graph:
        """The graph with the numbers of now."""
        given = {name: tuple(np.ravel(each).tolist()) for name, each in self.values.items()}
        return edited(self._sheet_graph(), given)

    def _sheet_graph(self) -> Graph:
        return sheet_of(self.text).worksheet.graph

    # ---- what is assigned, here or by the page --------------------------------------------------

    @traitlets.validate("text")
    def _readable(self, proposal: Mapping[str, Any]) -> str:
        try:
            program(sheet_of(proposal["value"]).worksheet.graph)
        except BackhandError as error:
            raise traitlets.TraitError(str(error)) from None
        return proposal["value"]

    @traitlets.validate("values")
    def _whole(self, proposal: Mapping[str, Any]) -> Values:
        """Every given quantity's numbers: those assigned, else those of before."""
        text, before = self._known
        graph = self._sheet_graph()
        start = before if text == self.text else _own_values(graph)
        try:
            new = {name: _numbers(graph[name], each) for name, each in proposal["value"].items()}
        except BackhandError as error:
            raise traitlets.TraitError(str(error)) from None
        whole = {**start, **new}
        self._known = self.text, whole
        return whole

    @traitlets.validate("selected")
    def _entry(self, proposal: Mapping[str, Any]) -> str | None:
        if proposal["value"] is None:
            return None
        graph = self._sheet_graph()
        try:
            found = spelled(proposal["value"], graph)
            known = entries(graph[found.partition("[")[0]])
        except BackhandError as error:
            raise traitlets.TraitError(str(error)) from None
        if found not in known:
            raise traitlets.TraitError(f"{found} is no single entry; write one: W_1[1,2]")
        return found

    @traitlets.observe("text")
    def _turn(self, _: object) -> None:
        """Another page has other numbers, unless they came with it."""
        if self._known[0] != self.text:
            self.selected = None
            self.values = {}

    # ---- messages of the page -------------------------------------------------------------------

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take over what the page sends; where it doesn't fit, the page gets the old state back."""
        try:
            super().set_state(sync_data)  # pyright: ignore[reportUnknownMemberType]
        except (BackhandError, traitlets.TraitError):
            self.send_state()  # pyright: ignore[reportUnknownMemberType]

    def _hear(self, _: object, content: object, __: object) -> None:
        """Answer a message `{id, task, body}`; one without an id has nobody who waits."""
        asked = cast(dict[str, object], content) if isinstance(content, dict) else {}
        if not isinstance(asked.get("id"), str):
            return
        reply = self._reply(asked.get("task"), asked.get("body"))
        is_json = reply.kind == JSON
        self.send(  # pyright: ignore[reportUnknownMemberType]
            {
                "id": asked["id"],
                "status": reply.status,
                "body": json.loads(reply.content) if is_json and not reply.name else None,
                "name": reply.name,
                "kind": reply.kind,
            },
            buffers=[reply.content] if reply.name else [],
        )

    def _reply(self, task: object, body: object) -> Reply:
        try:
            if not isinstance(task, str) or task not in TASKS:
                raise RequestError(
                    f"there is no task {str(task)[:40]!r}", f"ask {', '.join(TASKS)}"
                )
            sent = encoded({"text": self.text} if task == "start" else body)
            if len(sent) > MAX_BODY:
                raise RequestError(f"the message is over {MAX_BODY:,} bytes", "send less", 413)
            return answered(task, sent)
        except RequestError as error:
            return refusal(error.status, error)
        except Exception:
            # The page gets one clear sentence; the kernel's log the rest.
            traceback.print_exc(file=sys.stderr)
            return refusal(500, BackhandError(FAILED, "please report it"))


def _own_values(graph: Graph) -> Values:
    """The numbers that a graph gives, by name."""
    return {
        q.name: floats(q.value).tolist()
        for q in graph
        if q.definition is None and q.value is not None
    }


def _numbers(quantity: Quantity, data: Any) -> Any:
    """Numbers as nested lists of a quantity's shape; given row by row, or nested already.

    Raises `MeaningError` for anything else.
    """
    if quantity.definition is not None:
        raise MeaningError(f"{quantity.name} is defined by an equation", "give values to data only")
    shape = (quantity.size,) if _is_row(data, quantity.size) else quantity.shape
    found = floats(fitted(quantity.name, shape, data)).reshape(quantity.shape)
    if not np.isfinite(found).all():
        raise MeaningError(f"{quantity.name} can't be infinite or undefined", "give finite numbers")
    return found.tolist()


def _is_row(data: Any, size: int) -> bool:
    """Whether these are so many numbers, not nested."""
    if not isinstance(data, list):
        return False
    row = cast(list[Any], data)
    return len(row) == size and all(isinstance(each, int | float) for each in row)
