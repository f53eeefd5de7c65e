"""Nanoseconds a step of training, beside C, PyTorch, JAX and scikit-learn; first steps; memory.

All start from the same weights, see the same points in the same order, and have their parameters
compared after some steps: who computes something else gets no number. Rounds are taken in turn,
each from the same start, and the best counts: a noisy machine only ever adds time.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, sleep

import numpy as np

from benchmarks.training_cases import BATCHES, WORKLOADS, Layers
from benchmarks.training_first import BATCH, First, data_points, first_steps, memory
from benchmarks.training_peers import CONTENDERS, found
from benchmarks.training_workers import NoAnswerError, Worker

OURS = "Backhand"
ROUNDS = 5
ROUND_SECONDS = 0.06
"""Each round is at least about so long."""
PAUSE = 0.02
"""Seconds before each round, in which the threads of the one before go to sleep."""
COMPARED = {1: 200}
"""Steps after which parameters are compared, by batch; `FEW` for the others."""
FEW = 24
TOLERANCE = 1e-2
"""How far parameters may lie apart, in parts of the way that they have gone.

Rounding to float32 makes about 1e-5 of it, one point on the other side of one ReLU's kink about 1e-3.
"""
PATIENCE = 120.0
BUDGET = 240.0
"""Seconds a contender may take to build, over all workloads; torch.compile is who needs them."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What one contender did with one workload: nanoseconds a step, or why there are none.

    `apart`: how far its parameters lay from Backhand's, as in `TOLERANCE`; `build`: seconds.
    """

    ns: float | None
    reason: str = ""
    apart: float = 0.0
    build: float = 0.0


Row = Mapping[str, Timing]


def run(output: Path | None = None) -> None:
    """Print the tables; `output`: a JSON file for the same. Ends with status 1 for a wrong result."""
    rows: dict[tuple[str, int], Row] = {}
    with ExitStack() as workers:
        contest = _Contest(workers)
        print(_heading())
        for name in WORKLOADS:
            print(f"\n{name}")
            for batch in BATCHES:
                rows[name, batch] = contest.row(name, batch)
                print("\n".join(_lines(batch, rows[name, batch])), flush=True)
            for line in _remarks({b: row for (n, b), row in rows.items() if n == name}):
                print(line)
    firsts, grown = _first_steps(), _memory()
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(_record(rows, firsts, grown), indent=1) + "\n")
    if any(t.apart > TOLERANCE for row in rows.values() for t in row.values()):
        raise SystemExit("a contender computed something else: see the reasons above")


# ---- the contest -------------------------------------------------------------------------------


class _Contest:
    """The contenders' processes, and what each may still spend on building."""

    def __init__(self, stack: ExitStack) -> None:
        self._workers: dict[str, Worker] = {}
        self._left = dict.fromkeys(CONTENDERS, BUDGET)
        self._away = {n: "not installed" for n, (d, _) in CONTENDERS.items() if not found(d)}
        for name in CONTENDERS:
            if name not in self._away:
                self._workers[name] = Worker(name)
                stack.callback(self._workers[name].end)

    def row(self, workload: str, batch: int) -> Row:
        """Everyone's time for a workload: built, compared, and timed in turn."""
        found = {name: Timing(None, reason) for name, reason in self._away.items()}
        loops: dict[tuple[str, int], int] = {}
        ours: Layers | None = None
        for name in CONTENDERS:
            if name in self._away:
                continue
            try:
                computed = self._built(name, workload, batch, found)
                ours = computed[0] if ours is None else ours
                far = max(apart(each, ours, WORKLOADS[workload].start()) for each in computed)
                wrong = f"computed something else: {far:.1g} of the way apart"
                reason = "" if far <= TOLERANCE else wrong
                found[name] = Timing(None, reason, far, found[name].build)
                if not reason:
                    loops |= {(name, n): self._steps(name, n) for n in range(len(computed))}
            except NoAnswerError as reason:
                if name == OURS:
                    raise RuntimeError(f"Backhand, {workload}, batch {batch}: {reason}") from None
                self._missing(name, str(reason), found)
        return self._timed(loops, found)

    def _built(
        self, name: str, workload: str, batch: int, found: dict[str, Timing]
    ) -> list[Layers]:
        if self._left[name] <= 0:
            raise NoAnswerError(f"its {BUDGET:.0f} s for building are spent")
        start = perf_counter()
        try:
            found[name] = Timing(None, build=self._ask(name).build(workload, batch, PATIENCE))
        finally:
            self._left[name] -= perf_counter() - start
        return self._ask(name).computed(COMPARED.get(batch, FEW), PATIENCE)

    def _steps(self, name: str, loop: int) -> int:
        """The steps of a round that is long enough."""
        steps = 16
        while (took := self._ask(name).timed(loop, steps, PATIENCE)) < ROUND_SECONDS * 0.8:
            steps = int(steps * min(max(ROUND_SECONDS / took, 1.3), 100))
        return steps

    def _timed(self, loops: dict[tuple[str, int], int], found: dict[str, Timing]) -> Row:
        best: dict[str, float] = {}
        for _ in range(ROUNDS):
            for (name, loop), steps in loops.items():
                if name in self._away:
                    continue
                sleep(PAUSE)
                try:
                    ns = self._ask(name).timed(loop, steps, PATIENCE) / steps * 1e9
                    best[name] = min(ns, best.get(name, ns))
                except NoAnswerError as reason:
                    self._missing(name, str(reason), found)
        for name, ns in best.items():
            if not found[name].reason:
                found[name] = Timing(ns, "", found[name].apart, found[name].build)
        return {name: found[name] for name in CONTENDERS}

    def _ask(self, name: str) -> Worker:
        return self._workers[name]

    def _missing(self, name: str, reason: str, found: dict[str, Timing]) -> None:
        found[name] = Timing(None, reason)
        if not self._workers[name].alive:
            self._away[name] = reason


def apart(one: Layers, other: Layers, start: Layers) -> float:
    """The largest distance between arrays of parameters, in parts of the way that they have gone."""
    worst = 0.0
    for pair, others, starts in zip(one, other, start, strict=True):
        for a, b, first in zip(pair, others, starts, strict=True):
            way = float(np.linalg.norm(b - first))
            assert way > 0, "nothing was learned"
            far = float(np.linalg.norm(a - b)) / way
            worst = max(worst, far if np.isfinite(far) else np.inf)
    return worst


# ---- the table ---------------------------------------------------------------------------------


def _heading() -> str:
    return f"{'ns a step, ratio':<16}" + "".join(f"{name:>14}" for name in CONTENDERS)


def _lines(batch: int, row: Row) -> list[str]:
    ours = row[OURS].ns or np.nan
    times = [f"{t.ns:,.0f}" if t.ns and t.ns >= 100 else f"{t.ns or 0:.1f}" for t in row.values()]
    ratios = [f"{(t.ns or 0) / ours:.2f}" for t in row.values()]
    shown = [
        [text if t.ns else blank for text, t in zip(texts, row.values(), strict=True)]
        for texts, blank in ((times, "-"), (ratios, ""))
    ]
    names = (f"  batch {batch}", "")
    return [
        f"{name:<16}" + "".join(f"{text:>14}" for text in texts)
        for name, texts in zip(names, shown, strict=True)
    ]


def _remarks(rows: Mapping[int, Row]) -> list[str]:
    """Who was faster than Backhand and by how much; who is missing and why."""
    lines: list[str] = []
    for batch, row in rows.items():
        ours = row[OURS].ns or np.nan
        there = {name: t.ns for name, t in row.items() if t.ns}
        first = min(there, key=lambda name: there[name])
        if first != OURS:
            times = ours / there[first]
            lines.append(f"  batch {batch}: {first} is {times:.2f} times as fast as Backhand")
    missing: dict[tuple[str, str], list[str]] = {}
    for batch, row in rows.items():
        for name, timing in row.items():
            if timing.ns is None:
                missing.setdefault((name, timing.reason), []).append(str(batch))
    for (name, reason), batches in missing.items():
        where = "" if len(batches) == len(rows) else f", batch {' and '.join(batches)}"
        lines.append(f"  {name}{where}: {reason}"[:100])
    return lines


# ---- first steps and memory --------------------------------------------------------------------


def _first_steps() -> dict[str, tuple[First, First]]:
    print(f"\n{f'first step in a new process, batch {BATCH}, s':<44}", end="")
    print(f"{'numba':>12}{'cold':>12}{'cached':>12}")
    rows: dict[str, tuple[First, First]] = {}
    for name in WORKLOADS:
        cold, cached = rows[name] = first_steps(name)
        print(f"{name:<44}{cached.importing:>12.2f}{cold.making:>12.2f}{cached.making:>12.2f}")
    return rows


def _memory() -> dict[str, tuple[float, float | None]]:
    """Bytes of data and parameters, and those by which the process grew."""
    print(f"\n{f'memory in training, batch {BATCH}, MB':<32}", end="")
    print(f"{'data':>12}{'parameters':>12}{'growth':>12}{'ratio':>12}")
    rows: dict[str, tuple[float, float | None]] = {}
    for name, workload in WORKLOADS.items():
        point, parameters = (4 * number for number in workload.numbers)
        data = point * data_points(name)
        grown = memory(name)
        rows[name] = data + parameters, grown
        last = ("-", "-") if grown is None else (_mb(grown), f"{grown / (data + parameters):.2f}")
        texts = (_mb(data), f"{parameters / 1e6:.4f}", *last)
        print(f"{name:<32}" + "".join(f"{text:>12}" for text in texts), flush=True)
    print()
    return rows


def _mb(size: float) -> str:
    return f"{size / 1e6:.1f}"


def _record(
    rows: Mapping[tuple[str, int], Row],
    firsts: Mapping[str, tuple[First, First]],
    grown: Mapping[str, tuple[float, float | None]],
) -> dict[str, object]:
    """Everything measured, and on what."""
    packages = ["numba", *{d for d, _ in CONTENDERS.values()}]
    return {
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "packages": {name: found(name) for name in sorted(packages)},
        },
        "steps": [
            {
                "workload": name,
                "batch": batch,
                "contenders": {who: asdict(timing) for who, timing in row.items()},
            }
            for (name, batch), row in rows.items()
        ],
        "first_step_seconds": {
            name: {"cold": asdict(cold), "cached": asdict(cached)}
            for name, (cold, cached) in firsts.items()
        },
        "memory_bytes": {
            name: {"data_and_parameters": least, "growth": most}
            for name, (least, most) in grown.items()
        },
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
