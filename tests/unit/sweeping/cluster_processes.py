"""A Dask scheduler and its workers as processes of their own, as on a real cluster."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep

LIMIT = 20.0
"""Seconds after which a process that doesn't come up fails the test."""


@dataclass(frozen=True, slots=True)
class Processes:
    """The scheduler's address, its process, and the workers'."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def cluster(folder: Path, workers: int) -> Generator[Processes]:
    """A scheduler with so many workers; whatever is left of them is ended after it."""
    port = folder / "address"
    with ExitStack() as stack:
        scheduler = stack.enter_context(
            _started("dask_scheduler", "--port", "0", "--host", "127.0.0.1", log=port)
        )
        address = _address(port)
        started = tuple(
            stack.enter_context(
                _started(
                    "dask_worker",
                    *(address, "--nthreads", "1", "--no-nanny", "--name", str(at)),
                    *("--local-directory", str(folder)),
                    log=folder / f"worker-{at}",
                )
            )
            for at in range(workers)
        )
        if workers:
            _wait(address, workers)
        yield Processes(address, scheduler, started)


@contextmanager
def _started(program: str, *options: str, log: Path) -> Generator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-W", "ignore", "-m", f"distributed.cli.{program}", *options]
    with log.open("wb") as said:
        process = subprocess.Popen([*command, "--no-dashboard"], stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _wait(address: str, workers: int) -> None:
    """Until all workers have joined."""
    client = import_module("distributed").Client(address, set_as_default=False)
    try:
        client.wait_for_workers(workers, timeout=LIMIT)
    finally:
        client.close()


def _address(log: Path) -> str:
    """What the scheduler says its address is."""
    end = monotonic() + LIMIT
    while monotonic() < end:
        for line in log.read_text().splitlines():
            if "Scheduler at:" in line:
                return line.split()[-1]
        sleep(0.05)
    raise AssertionError(log.read_text())
