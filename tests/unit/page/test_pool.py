"""Processes that work for the server: many at once, one that takes too long, and their end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.unit.page.asking import EXAMPLE, JSON, Client, Response

from backhand.page import pool as pools
from backhand.page.pool import Pool, Worker

READ = json.dumps({"text": EXAMPLE}).encode()
SLOW = json.dumps({"name": "digits", "seed": 0}).encode()
"""Imports scikit-learn, which takes longer than no time at all on any machine."""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    made = Pool(2)
    yield made
    made.close()


def test_twenty_clients_are_served_at_once_without_an_error(pool: Pool) -> None:
    bodies = {
        "read": {"text": EXAMPLE},
        "forward": {"text": EXAMPLE, "values": {"x": [-2, 5]}},
        "working": {"text": EXAMPLE, "of": "J", "by": "W_1[1,2]"},
        "mark": {"text": EXAMPLE, "part": "3.1.4", "answer": "(3, -2)"},
        "preview": {"text": EXAMPLE, "part": "3.1.4", "answer": "(3, +"},
    }
    client = Client(run=pool.reply)

    async def visit(number: int) -> list[Response]:
        found: list[Response] = []
        for at in range(20):
            task = list(bodies)[(number + at) % len(bodies)]
            body = json.dumps(bodies[task]).encode()
            found.append(await client.sent("POST", f"/api/{task}", body, JSON))
        return found

    async def everybody() -> list[list[Response]]:
        return await asyncio.gather(*(visit(number) for number in range(20)))

    responses = [response for each in asyncio.run(everybody()) for response in each]
    counts = {status: sum(r.status == status for r in responses) for status in (200, 422)}
    assert counts == {200: 320, 422: 80}
    assert {r.content for r in responses if r.status == 422} == {
        client.ask("POST", "/api/preview", json.dumps(bodies["preview"]).encode(), JSON).content
    }


def test_ctrl_c_is_nothing_to_a_process_that_has_only_begun() -> None:
    worker = Worker()
    try:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGINT)
        assert worker.ask("read", READ, 60.0) is not None
    finally:
        worker.end()


def test_a_process_that_takes_too_long_is_ended_and_followed_by_another() -> None:
    pool = Pool(1, deadline=0.001)
    try:
        (before,) = pool.pids
        late = asyncio.run(pool.reply("points", SLOW))
        assert late.status == 503
        assert b"takes too long" in late.content
        assert b"Traceback" not in late.content
        (after,) = pool.pids
        assert after != before
        pool.deadline = pools.DEADLINE
        assert asyncio.run(pool.reply("read", READ)).status == 200
        assert pool.pids == (after,)
    finally:
        pool.close()
    left = subprocess.run(["ps", "-p", str(after)], capture_output=True, check=False)
    assert left.returncode != 0
    assert asyncio.run(pool.reply("read", READ)).status == 503


def test_a_process_is_followed_by_a_new_one_after_its_lifetime(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(pool.pids)
    monkeypatch.setattr(pools, "LIFETIME", 1)
    assert asyncio.run(pool.reply("data", b"{}")).status == 200
    monkeypatch.undo()
    assert len(before & set(pool.pids)) == 1
    assert asyncio.run(pool.reply("data", b"{}")).status == 200


def test_more_requests_than_can_wait_are_sent_away(pool: Pool) -> None:
    full = Client(run=Pool.reply.__get__(_Full(pool)))
    response = full.ask("POST", "/api/read", READ, JSON)
    assert response.status == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.json()["error"]["what"] == "the server is busy"


class _Full(Pool):
    """A pool in which nobody can wait any more, over the processes of another."""

    def __init__(self, other: Pool) -> None:
        vars(self).update(vars(other))
        self._most = 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_the_system_ends_a_process_at_its_limit_of_seconds() -> None:
    code = "from backhand.page.limits import limit_seconds\nlimit_seconds(1)\nwhile True: pass"
    ended = subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    assert ended.returncode < 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how large a process is")
def test_memory_beyond_the_limit_is_an_error_that_is_answered() -> None:
    code = (
        "from backhand.page.limits import limit_memory\nlimit_memory(50_000_000)\n"
        "try: bytearray(200_000_000)\nexcept MemoryError: print('caught')"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert said.stdout == "caught\n"
