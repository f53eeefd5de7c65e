"""A process that works for the server: a request comes through a pipe, its reply goes back."""

from __future__ import annotations

import json
import signal
import sys
import traceback
import warnings
from multiprocessing.connection import Connection

from backhand.errors import BackhandError
from backhand.page.limits import limit_memory, limit_seconds
from backhand.page.sheets import example
from backhand.page.tasks import Reply, answered, encoded, refusal

READY = b"ready"
FAILED = "the server failed at this: it is a mistake in Backhand, not in what you wrote"


def work(pipe: Connection) -> None:
    """Answer requests until the pipe is closed. The server ends it where one takes too long."""
    # Ctrl-C goes to every process of a terminal; the server closes the pipes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    warm_up()
    limit_memory()
    try:
        pipe.send_bytes(READY)
        while True:
            task, _, body = pipe.recv_bytes().partition(b"\n")
            limit_seconds()
            pipe.send_bytes(packed(_reply(task.decode(), body)))
    except (EOFError, OSError):
        return


def warm_up() -> None:
    """Import what the first request needs, and solve the example, which most pages start with."""
    answered("start", encoded({"text": example()}))
    answered("functions", b"{}")
    body = {"text": example(), "of": "J", "by": "W_1[1,2]"}
    answered("working", encoded(body))


def _reply(task: str, body: bytes) -> Reply:
    try:
        return answered(task, body)
    except Exception:
        # The person gets one clear sentence; whoever runs the server gets the rest.
        traceback.print_exc(file=sys.stderr)
        return refusal(500, BackhandError(FAILED, "please report it"))


def packed(reply: Reply) -> bytes:
    """A reply as bytes: one line of JSON, then its content."""
    head = {"status": reply.status, "kind": reply.kind, "name": reply.name}
    return json.dumps(head).encode() + b"\n" + reply.content


def unpacked(data: bytes) -> Reply:
    """The reply in these bytes.

    >>> unpacked(packed(Reply(200, "application/json", b"{}"))).content
    b'{}'
    """
    head, _, content = data.partition(b"\n")
    found = json.loads(head)
    return Reply(found["status"], found["kind"], content, found["name"])
