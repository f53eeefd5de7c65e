"""A notebook for tests: a widget's front end in a page, and the widget itself here, by messages."""

from __future__ import annotations

import base64
import json
from typing import Any

from comm.base_comm import BaseComm

from backhand.page.single import built
from backhand.page.widget import NetworkWidget

MODEL = """
async ([code, state]) => {
  const listeners = {};
  const dirty = {};
  const fire = (event, ...args) => [...(listeners[event] ?? [])].forEach((each) => each(...args));
  const model = {
    get: (name) => state[name],
    set: (name, value) => {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
      state[name] = dirty[name] = value;
      fire(`change:${name}`);
    },
    save_changes: () => {
      const sent = { ...dirty };
      for (const name of Object.keys(dirty)) delete dirty[name];
      void window.kernel({ method: "update", state: sent });
    },
    send: (content) => void window.kernel({ method: "custom", content }),
    on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
    off: (event, listener) => listeners[event]?.delete(listener),
  };
  window.hear = ({ method, state: next, content, buffers }) => {
    if (method === "custom") {
      const bytes = buffers.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
      const views = bytes.map(({ buffer }) => new DataView(buffer));
      return fire("msg:custom", content, views);
    }
    for (const [name, value] of Object.entries(next ?? {})) {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) continue;
      state[name] = value;
      fire(`change:${name}`);
    }
  };
  window.keys = [];
  document.addEventListener("keydown", (event) => window.keys.push(event.key));
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  window.view = () => {
    const el = document.body.appendChild(document.createElement("div"));
    return widget.render({ model, el });
  };
  window.close_first = window.view();
  window.listening = () => Object.values(listeners).reduce((sum, each) => sum + each.size, 0);
}
"""


class Line(BaseComm):
    """The wire between the two; before a page is there nothing is sent."""

    def __init__(self, **options: Any) -> None:
        self.page: Any = None
        self.waiting: list[dict[str, Any]] = []
        super().__init__(**options)

    def publish_msg(self, msg_type: str, data=None, metadata=None, buffers=None, **_) -> None:
        if self.page is not None:
            texts = [base64.b64encode(bytes(each)).decode() for each in buffers or []]
            self.waiting.append({**(data or {}), "buffers": texts})

    def deliver(self) -> None:
        """Hand the page what Python has said."""
        while self.waiting:
            self.page.evaluate(
                "(said) => window.hear(said)", json.loads(json.dumps(self.waiting.pop(0)))
            )


def opened(page: Any, widget: NetworkWidget) -> Line:
    """Show a widget in a page that is otherwise empty."""
    line: Any = widget.comm
    line.page = page
    heard: list[dict[str, Any]] = []
    page.expose_function("kernel", lambda said: heard.append(said))
    page.set_content("<!doctype html><body style='margin: 0'></body>")
    names = ("text", "values", "selected", "layout_name")
    page.evaluate(MODEL, [built("widget.js"), {name: getattr(widget, name) for name in names}])
    line.heard = heard
    return line


def settled(line: Any, until: str) -> None:
    """Carry messages both ways until an expression holds in the page."""
    for _ in range(200):
        while line.heard:
            line.handle_msg({"content": {"data": line.heard.pop(0)}, "buffers": []})
        line.deliver()
        if line.page.evaluate(until):
            return
        line.page.wait_for_timeout(20)
    raise AssertionError(f"never in the page: {until}")
