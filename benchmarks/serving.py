"""The page's server under load: many clients on loopback at once, errors, latencies, memory."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

CLIENTS = 200
SECONDS = 60.0
SAMPLES = 5
"""How often memory is looked at, from the first look, taken after the first tenth of the time."""
EXAMPLE = Path(__file__).parents[1] / "examples" / "two-neurons.md"
PERCENTILES = (50, 90, 99, 100)


@dataclass
class Told:
    """What the clients saw: seconds by task, statuses by task, what failed on the way."""

    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    failures: Counter[str] = field(default_factory=Counter[str])


def requests(text: str) -> list[tuple[str, bytes]]:
    """What each client asks in turn: a name, and the bytes on the wire."""
    values = {"x": [-2, 5], "W_1": [2, 3, -1, -1, -3, 1.5]}
    layers = [{"width": 2}, {"width": 4, "activation": "tanh"}, {"width": 1}]
    posts: list[tuple[str, dict[str, Any]]] = [
        ("working", {"text": text, "values": values, "of": "J", "by": "W_1[1,2]"}),
        ("mark", {"text": text, "part": "3.1.4", "answer": "(1, -1)", "level": "step"}),
        ("read", {"text": text}),
        ("preview", {"text": text, "part": "3.2.1", "answer": "dJ/dyhat * dyhat/db"}),
        ("forward", {"text": text, "values": values}),
        ("mark", {"text": text, "part": "3.2.10", "answer": "0.1321"}),
        ("backward", {"text": text, "values": values}),
        ("key", {"text": text, "part": "3.2.10"}),
        ("variant", {"text": text, "seed": 3}),
        ("network", {"layers": layers, "loss": "squared_error", "seed": 1}),
        ("export", {"text": text, "values": values, "format": "markdown"}),
    ]
    gets = ["/", "/page.js", "/api/start", "/api/data/moons?n=200&seed=1"]
    return [
        *((name, _posted(f"/api/{name}", json.dumps(body).encode())) for name, body in posts),
        *((path.partition("?")[0], _head("GET", path)) for path in gets),
    ]


def _head(method: str, path: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def _posted(path: str, body: bytes) -> bytes:
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    return _head("POST", path, *lines) + body


async def visit(port: int, number: int, until: float, told: Told) -> None:
    """One client: one connection, request after request, at least one."""
    asked = requests(EXAMPLE.read_text(encoding="utf-8"))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    at = number
    while True:
        name, data = asked[at % len(asked)]
        at += 1
        start = perf_counter()
        try:
            writer.write(data)
            await writer.drain()
            status = await _answer(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            told.failures[type(error).__name__] += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            continue
        told.seconds.setdefault(name, []).append(perf_counter() - start)
        told.statuses[name, status] += 1
        if perf_counter() > until:
            break
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(" ", 2)[1])


async def _look(pid: int, until: float, looks: list[dict[int, int]]) -> None:
    """Memory of the server and its processes, at even intervals until the end."""
    start = perf_counter() + (until - perf_counter()) / 10
    gap = (until - start) / (SAMPLES - 1)
    for n in range(SAMPLES):
        await asyncio.sleep(max(start + n * gap - 0.5 - perf_counter(), 0))
        looks.append(await asyncio.to_thread(_memory, pid))


def _memory(pid: int) -> dict[int, int]:
    """Resident bytes by process: the server first, then those that work for it."""
    psutil: Any = import_module("psutil")
    server = psutil.Process(pid)
    return {p.pid: int(p.memory_info().rss) for p in (server, *server.children())}


async def _load(port: int, pid: int) -> tuple[Told, list[dict[int, int]]]:
    started = perf_counter()
    first = (visit(port, 2, perf_counter(), Told()) for _ in range(20))
    await asyncio.gather(*first)
    print(f"All processes ready {perf_counter() - started:.1f} s after the address was printed")
    told, looks = Told(), list[dict[int, int]]()
    until = perf_counter() + SECONDS
    clients = (visit(port, number, until, told) for number in range(CLIENTS))
    await asyncio.gather(_look(pid, until, looks), *clients)
    return told, looks


def run() -> None:
    """Start a server, load it, and print what came of it."""
    command = [sys.executable, "-m", "backhand", "serve", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = server.stderr.readline()
        port = int(said.partition("127.0.0.1:")[2].partition("/")[0])
        try:
            told, looks = asyncio.run(_load(port, server.pid))
        finally:
            server.terminate()
            rest = server.stderr.read()
    _print(told, looks)
    if rest.strip():
        print(f"The server said:\n{rest.strip()[:2_000]}")


def _print(told: Told, looks: list[dict[int, int]]) -> None:
    every = [s for seconds in told.seconds.values() for s in seconds]
    wrong = sum(n for (_, status), n in told.statuses.items() if status != 200)
    print(
        f"Serving {CLIENTS} clients at once for {SECONDS:.0f} s, {len(told.seconds)} kinds of request\n"
    )
    print(f"{len(every):,} requests, {len(every) / SECONDS:.0f} a second")
    print(f"{wrong} answered with another status than 200, {told.failures.total()} not at all")
    for (name, status), count in sorted(told.statuses.items()):
        if status != 200:
            print(f"  {name}: {count} with {status}")
    print(
        f"\n{'ms by request':28}"
        + "".join(f"{f'{p} %' if p < 100 else 'most':>9}" for p in PERCENTILES)
    )
    for name, seconds in [*sorted(told.seconds.items()), ("all", every)]:
        print(f"{name:28}" + "".join(f"{1e3 * _at(seconds, p):9.0f}" for p in PERCENTILES))
    print("\nResident memory in MB, at even intervals")
    for pid in looks[0]:
        cells = [f"{look[pid] / 1e6:9.1f}" if pid in look else f"{'ended':>9}" for look in looks]
        print(f"{'server' if pid == next(iter(looks[0])) else 'process':28}" + "".join(cells))


def _at(seconds: list[float], percent: int) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]
