"""The processes that do the server's work: each can be ended, so no request holds up the others."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from time import monotonic

from backhand.errors import BackhandError
from backhand.page.tasks import Reply, refusal
from backhand.page.worker import READY, unpacked, work

DEADLINE = 15.0
"""Seconds by the clock; those of the processor are fewer, and limited by the system."""
START = 60.0
"""Seconds until a process is taken to be unable to start."""
MOST_WAITING = 400
"""More requests than these at once are sent away."""
PATIENCE = 30.0
"""Seconds after which nobody waits for a reply any more."""
LIFETIME = 2_000
"""Requests after which a process is followed by a new one, so that what it keeps stays bounded."""
TOO_LONG = BackhandError("this takes too long to work out", "make the page or the network smaller")
BUSY = BackhandError("the server is busy", "try again in a few seconds")


def _started(process: BaseProcess) -> None:
    """Start a process to which Ctrl-C is nothing from its first import on: `work` comes too late."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        process.start()
        return
    resource_tracker.ensure_running()  # it would unblock the signal while it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Worker:
    """One process, with the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._pipe: Connection = ours
        self._process: BaseProcess = context.Process(target=work, args=(theirs,), daemon=True)
        _started(self._process)
        theirs.close()
        self._is_ready = False
        self.asked = 0

    @property
    def pid(self) -> int | None:
        """The number of its process."""
        return self._process.pid

    def ask(self, task: str, body: bytes, deadline: float) -> bytes | None:
        """The reply, or None where there is none in time or the process has ended."""
        self.asked += 1
        try:
            if not self._is_ready:
                if not self._pipe.poll(START) or self._pipe.recv_bytes() != READY:
                    return None
                self._is_ready = True
            self._pipe.send_bytes(task.encode() + b"\n" + body)
            return self._pipe.recv_bytes() if self._pipe.poll(deadline) else None
        except (EOFError, OSError):
            return None

    def kill(self) -> None:
        """End the process, whatever it does; who waits for its reply gets None."""
        self._process.kill()

    def end(self) -> None:
        """End the process and leave nothing of it."""
        self.kill()
        self._process.join()
        self._process.close()
        self._pipe.close()


class Pool:
    """So many processes, one thread waiting for each.

    `deadline`: seconds for a request; a process that takes longer is ended and followed by another.
    `waiting`: how many requests there may be at once.
    """

    def __init__(
        self, size: int, *, deadline: float = DEADLINE, waiting: int = MOST_WAITING
    ) -> None:
        self.deadline = deadline
        self._most = waiting
        self._waiting = 0
        self._lock = threading.Lock()
        self._closed = False
        self._all = {Worker() for _ in range(size)}
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._all:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="backhand")

    async def reply(self, task: str, body: bytes) -> Reply:
        """The reply of a process to a request: 503 where it takes too long or too many are waiting."""
        with self._lock:
            if self._waiting >= self._most or self._closed:
                return refusal(503, BUSY)
            self._waiting += 1
        future = self._threads.submit(self._ask, task, body, monotonic())
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def _done(self, _: Future[Reply]) -> None:
        with self._lock:
            self._waiting -= 1

    def _ask(self, task: str, body: bytes, since: float) -> Reply:
        if monotonic() - since > PATIENCE or self._closed:
            return refusal(503, BUSY)
        worker = self._idle.get()
        data = None
        try:
            data = worker.ask(task, body, self.deadline)
        finally:
            self._idle.put(worker if self._is_fit(worker, data) else self._replaced(worker))
        return refusal(503, TOO_LONG) if data is None else unpacked(data)

    def _is_fit(self, worker: Worker, data: bytes | None) -> bool:
        return self._closed or (data is not None and worker.asked < LIFETIME)

    def _replaced(self, worker: Worker) -> Worker:
        worker.end()
        new = Worker()
        with self._lock:
            self._all.remove(worker)
            self._all.add(new)
        return new

    @property
    def pids(self) -> tuple[int, ...]:
        """The numbers of the processes."""
        with self._lock:
            return tuple(worker.pid for worker in self._all if worker.pid is not None)

    def close(self) -> None:
        """End every process; requests that still wait are sent away."""
        self._closed = True
        for worker in self._all:
            worker.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._all:
            worker.end()
