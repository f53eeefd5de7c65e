"""The server's addresses: files of the page, and tasks, each handed to a process of the pool."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from backhand.errors import BackhandError
from backhand.page.fields import MAX_BODY, RequestError
from backhand.page.static_files import StaticFile
from backhand.page.tasks import GOT, TASKS, Reply, encoded, refusal
from backhand.reading.document import text_of

Run: TypeAlias = Callable[[str, bytes], Awaitable[Reply]]
"""What answers a task by its name, given its JSON."""
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
SECONDS_TO_SEND = 10.0
"""A body that takes longer is given up."""
NOT_BUILT = BackhandError("the page isn't built", "run npm ci and npm run build in web/")
NOWHERE = BackhandError("there is nothing at this address", "open / for the page")


def routes(run: Run, files: Mapping[str, StaticFile], file: Path | None) -> list[Route]:
    """Every address of the server, tasks answered by `run`; `file`: the worksheet that is served."""
    return [
        Route("/api/start", _start(run, file), methods=["GET"]),
        Route("/api/functions", _got(run, "functions"), methods=["GET"]),
        Route("/api/data", _got(run, "data"), methods=["GET"]),
        Route("/api/data/{name}", _points(run), methods=["GET"]),
        *(
            Route(f"/api/{task}", _posted(run, task), methods=["POST"])
            for task in TASKS
            if task not in GOT
        ),
        Route("/{path:path}", _static(files), methods=["GET"]),
    ]


def _response(reply: Reply) -> Response:
    headers: dict[str, str] = {}
    if reply.name:
        headers["content-disposition"] = f'attachment; filename="{reply.name}"'
    if reply.status == 503:
        headers["retry-after"] = "2"
    return Response(reply.content, reply.status, headers, reply.kind)


def _start(run: Run, file: Path | None) -> Endpoint:
    async def start(_: Request) -> Response:
        asked: dict[str, str] = {}
        if file is not None:
            try:
                asked = {"file": file.name, "text": await asyncio.to_thread(text_of, file)}
            except BackhandError as error:
                return _response(refusal(422, error))
        return _response(await run("start", encoded(asked)))

    return start


def _got(run: Run, task: str) -> Endpoint:
    async def got(_: Request) -> Response:
        return _response(await run(task, b"{}"))

    return got


def _points(run: Run) -> Endpoint:
    async def points(request: Request) -> Response:
        asked: dict[str, object] = {"name": request.path_params["name"]}
        for name, value in request.query_params.items():
            asked[name] = int(value) if re.fullmatch(r"[0-9]{1,16}", value) else value
        return _response(await run("points", encoded(asked)))

    return points


def _posted(run: Run, task: str) -> Endpoint:
    async def posted(request: Request) -> Response:
        try:
            async with asyncio.timeout(SECONDS_TO_SEND):
                body = await _body(request)
        except RequestError as error:
            return _response(refusal(error.status, error))
        except TimeoutError:
            slow = BackhandError("the request took too long to arrive", "send it again")
            return _response(refusal(408, slow))
        except ClientDisconnect:
            return Response(status_code=400)
        return _response(await run(task, body))

    return posted


async def _body(request: Request) -> bytes:
    """The body, given up as soon as it is too long."""
    large = RequestError(f"the request is over {MAX_BODY:,} bytes", "send a smaller page", 413)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 12 or int(length) > MAX_BODY):
        raise large
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise large
        parts.append(part)
    return b"".join(parts)


def _static(files: Mapping[str, StaticFile]) -> Endpoint:
    async def static(request: Request) -> Response:
        found = files.get(request.url.path)
        if request.url.path.removeprefix("/api/") in TASKS.keys() - GOT:
            raise HTTPException(405, headers={"allow": "POST"})
        if found is None:
            at_root = request.url.path == "/"
            return _response(refusal(404, NOT_BUILT if at_root else NOWHERE))
        headers = {"etag": found.mark, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == found.mark:
            return Response(status_code=304, headers=headers)
        return Response(found.content, 200, headers, found.kind)

    return static


async def unroutable(_: Request, error: Exception) -> Response:
    """The reply to a request that has no address or another method."""
    assert isinstance(error, HTTPException)
    wrong = BackhandError(error.detail.lower(), "see the documentation of the page")
    reply = refusal(error.status_code, wrong)
    return Response(reply.content, reply.status, error.headers, reply.kind)
