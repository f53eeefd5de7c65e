"""What the tests of the page share: a client that calls the server as Uvicorn does, byte for byte.

Paths and headers go as they are, which a client library would tidy. The work is done in this process.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from backhand.page.routes import Run
from backhand.page.server import application
from backhand.page.sheets import example
from backhand.page.tasks import Reply, answered

EXAMPLE = example()
HOST = "127.0.0.1:8000"
JSON = {"content-type": "application/json"}


async def here(task: str, body: bytes) -> Reply:
    """The reply of this process."""
    return answered(task, body)


@dataclass(frozen=True)
class Response:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """A client of a server of its own."""

    def __init__(self, *, file: Path | None = None, host: str = "127.0.0.1", run: Run = here):
        self._app = application(run, file=file, host=host)

    def get(self, target: str, /, **headers: str) -> Response:
        return self.ask("GET", target, headers=headers)

    def post(self, target: str, /, **fields: object) -> Response:
        return self.ask("POST", target, json.dumps(fields).encode(), JSON)

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | Sequence[bytes] = b"",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    ) -> Response:
        """The response to a request, its body in one part or in several."""
        return asyncio.run(self.sent(method, target, body, headers))

    async def sent(
        self,
        method: str,
        target: str,
        body: bytes | Sequence[bytes] = b"",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    ) -> Response:
        """The same in a loop that runs."""
        path, _, query = target.partition("?")
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        if not any(name == "host" for name, _ in pairs):
            pairs.append(("host", HOST))
        parts = [body] if isinstance(body, bytes) else list(body)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in pairs],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8000),
        }
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            if not parts:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: Any) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        start = messages[0]
        content = b"".join(message.get("body", b"") for message in messages[1:])
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return Response(start["status"], found, content)


def asked(task: str, status: int = 200, /, **fields: object) -> Any:
    """What a post answers, its status checked."""
    response = Client().post(f"/api/{task}", **fields)
    assert response.status == status, response.text
    return response.json()
