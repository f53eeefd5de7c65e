"""A first step in a fresh process, with an empty cache and with a filled one; and memory.

Both run in processes of their own, started here, that print numbers.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from benchmarks.training_cases import WORKLOADS

BATCH = 32
MEGABYTES = 64
"""The data of which memory is measured."""
FILES = ("x.npy", "y.npy")
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class First:
    """Seconds of a first step in a new process: to import Numba, and to derive, emit and compile."""

    importing: float
    making: float


def first_steps(name: str) -> tuple[First, First]:
    """A first step with an empty cache, and with what it left there."""
    with TemporaryDirectory() as cache:
        cold, cached = (_process("print_first_step", name, cache) for _ in range(2))
        return First(*cold), First(*cached)


def memory(name: str) -> float | None:
    """Bytes by which a process grows at most while it trains, its data included; Linux only."""
    if not RESET.exists():
        return None
    with TemporaryDirectory() as cache:
        # Made here: what making them needs isn't what training needs.
        for array, path in zip(WORKLOADS[name].points(data_points(name)), FILES, strict=True):
            np.save(Path(cache) / path, array)
        return _process("print_growth", name, cache)[0]


def data_points(name: str) -> int:
    """The points in the data of which memory is measured."""
    return MEGABYTES * 2**20 // (4 * WORKLOADS[name].numbers[0])


def _process(function: str, name: str, cache: str) -> list[float]:
    code = f"from benchmarks.training_first import {function}; {function}({name!r})"
    root = Path(__file__).parents[1]
    # With bytecode kept, as after any installation.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    made = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**kept, "BACKHAND_CACHE": cache},
        check=True,
        capture_output=True,
        text=True,
    )
    return [float(number) for number in made.stdout.split()]


# ---- in the process ----------------------------------------------------------------------------


def print_first_step(name: str) -> None:
    """Numba's import, and from a graph and data to parameters after one step."""
    workload = WORKLOADS[name]
    graph, (x, y) = workload.graph(workload.start()), workload.points(BATCH)
    start = perf_counter()
    import_module("numba")
    there = perf_counter()
    graph.fit(x, y, batch_size=BATCH)
    print(there - start, perf_counter() - there)


def print_growth(name: str) -> None:
    """From before the data is there to the most that one epoch needs; libraries are loaded before."""
    workload = WORKLOADS[name]
    graph = workload.graph(workload.start())
    graph.fit(*workload.points(BATCH), batch_size=BATCH)
    before = _status("VmRSS")
    x, y = (np.load(Path(os.environ["BACKHAND_CACHE"]) / path) for path in FILES)
    assert x.nbytes + y.nbytes == 4 * len(x) * workload.numbers[0]
    RESET.write_text("5")
    graph.fit(x, y, batch_size=BATCH, learning_rate=workload.rate)
    print(_status("VmHWM") - before)


def _status(key: str) -> int:
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[key].split()[0]) * 1024
