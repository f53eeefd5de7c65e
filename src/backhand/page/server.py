"""The server of the page: on this machine alone unless it is told otherwise, and without accounts."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backhand.errors import BackhandError, LimitError
from backhand.page.fields import MAX_FILE
from backhand.page.guard import Guard, Rules
from backhand.page.pool import Pool
from backhand.page.routes import Run, routes, unroutable
from backhand.page.static_files import static_files
from backhand.reading.document import text_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

MOST_CONNECTIONS = 1_000
MAX_WORKERS = 4


def application(
    run: Run,
    *,
    host: str = "127.0.0.1",
    file: Path | None = None,
    lifespan: Callable[..., AsyncGenerator[None]] | None = None,
) -> ASGIApp:
    """The server as an ASGI application; `run` answers the tasks, `file` is the worksheet served."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException

    around = None if lifespan is None else asynccontextmanager(lifespan)
    app = Starlette(
        routes=routes(run, static_files(), file),
        exception_handlers={HTTPException: unroutable},
        lifespan=around,
    )
    return Guard(app, Rules.of(host))


def serve(
    file: Path | None,
    host: str,
    port: int,
    opened: Callable[[str], None],
    *,
    workers: int | None = None,
) -> None:
    """Serve until Ctrl-C. `opened` is called with the page's address once it can be asked for.

    Raises `BackhandError` where the file can't be served, the port is taken or the host isn't this
    machine's.
    """
    if file is not None and len(text_of(file).encode()) > MAX_FILE:
        raise LimitError(f"a page is a worksheet of up to {MAX_FILE:,} bytes", "split the file")
    listener = bound(host, port)
    # One thread of linear algebra a process: there are several, and no product here is large.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    pool = Pool(workers or min(MAX_WORKERS, max(2, os.cpu_count() or 2)))
    try:
        _serve(pool, listener, host, file, opened)
    finally:
        pool.close()
        listener.close()


def _serve(
    pool: Pool,
    listener: socket.socket,
    host: str,
    file: Path | None,
    opened: Callable[[str], None],
) -> None:
    from uvicorn import Config, Server

    async def lifespan(_: object) -> AsyncGenerator[None]:
        opened(address(host, listener))
        yield

    config = Config(
        application(pool.reply, host=host, file=file, lifespan=lifespan),
        log_level="error",
        access_log=False,
        ws="none",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        lifespan="on",
    )
    Server(config).run(sockets=[listener])


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `BackhandError` where it can't."""
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except socket.gaierror:
        raise BackhandError(
            f"{host} isn't an address of this machine", "leave --host out"
        ) from None
    except OverflowError:
        raise BackhandError(f"there is no port {port}", "choose one from 1 to 65535") from None
    except OSError as error:
        raise BackhandError(
            f"can't serve at {host}, port {port}: {os.strerror(error.errno or 0).lower()}",
            f"choose another port: --port {port + 1 if port < 65535 else 8000}; "
            "--port 0 takes any that is free",
        ) from None


def address(host: str, listener: socket.socket) -> str:
    """The address that a browser opens."""
    port = listener.getsockname()[1]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)
    return f"http://{f'[{name}]' if ':' in name and name[0] != '[' else name}:{port}/"
