"""What a process that works for the server may use: seconds of its processor, and memory."""

from __future__ import annotations

import math
from pathlib import Path
from time import process_time

try:
    import resource
except ImportError:  # Windows has no such limits: the server's deadline holds there alone.
    resource = None

SECONDS = 5
"""Of the processor, a request."""
MEMORY = 1_000_000_000
"""Bytes of address space, beyond what the process has when it is ready to work."""


def limit_memory(more: int = MEMORY) -> None:
    """Let this process grow by so many bytes, where the system tells how large it is."""
    status = Path("/proc/self/statm")
    if resource is None or not status.exists():
        return
    pages = int(status.read_text(encoding="ascii").split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (_within(limit, hard), hard))


def limit_seconds(more: int = SECONDS) -> None:
    """Let this process use so many seconds of its processor from now on; then the system ends it."""
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = math.ceil(process_time()) + more
    resource.setrlimit(resource.RLIMIT_CPU, (_within(limit, hard), hard))


def _within(limit: int, hard: int) -> int:
    """A limit that a process may set itself."""
    assert resource is not None
    return limit if hard == resource.RLIM_INFINITY else min(limit, hard)
