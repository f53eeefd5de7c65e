"""Microseconds a step of training on JAX's first device: `fit_jax` beside PyTorch and JAX by hand.

`python -m benchmarks accelerator` needs an NVIDIA GPU that both PyTorch and JAX see. All start from
the same weights and meet the same points in the same order; parameters are compared afterwards.
"""

from __future__ import annotations

import gc
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.training import apart
from benchmarks.training_cases import POINTS, WORKLOADS, Array, Layers, Workload, dense
from benchmarks.training_peers import Loop, found, jax_scan, torch_compiled, torch_eager

BATCHES = (32, 256, 2048)
CASES = (*WORKLOADS.values(), dense(784, 2048, 2048, 10))
ROUNDS = 3
ROUND_SECONDS = 0.25
MOST_STEPS = 8192
COMPARED = 24
"""Steps after which parameters are compared."""
BUILD_SECONDS = 150.0
"""What torch.compile may spend, over all workloads."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Microseconds a step; `apart`: how far the parameters lay from Backhand's, in parts of the way."""

    us: float
    apart: float


def run(output: Path | None = None) -> None:
    """Print the table; `output`: a JSON file for the same."""
    try:
        import jax
        import torch
    except ImportError as error:
        raise SystemExit(f"this table needs JAX and PyTorch: {error}") from None
    device = jax.devices()[0]
    if device.platform != "gpu" or not torch.cuda.is_available():
        raise SystemExit("this table needs a GPU that PyTorch and JAX see")
    # The same arithmetic for all: products of float32 matrices in full, without TF32.
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    jax.config.update("jax_default_matmul_precision", "float32")
    contest = _Contest()
    rows: list[dict[str, object]] = []
    print(
        f"{device.device_kind}; {'µs a step, ratio':<20}"
        + "".join(f"{n:>15}" for n in contest.builds)
    )
    for workload in CASES:
        for batch in BATCHES:
            timings = contest.row(workload, batch)
            print(_line(f"{workload.name}, batch {batch}", timings, contest.builds), flush=True)
            shown = {name: asdict(timing) for name, timing in timings.items()}
            rows.append({"workload": workload.name, "batch": batch, "contenders": shown})
            if output is not None:
                record = {"machine": _machine(device.device_kind), "steps": rows}
                output.write_text(json.dumps(record, indent=1) + "\n")


def _machine(device: str) -> dict[str, object]:
    packages = {name: found(name) for name in ("jax", "numpy", "torch")}
    return {"device": device, "python": platform.python_version(), "packages": packages}


class _Contest:
    def __init__(self) -> None:
        self.builds: Mapping[str, Callable[[Workload, int], Sequence[Loop]]] = {
            "Backhand": _fit_jax,
            "JAX by hand": jax_scan,
            "PyTorch": partial(torch_eager, device="cuda"),
            "torch.compile": partial(torch_compiled, device="cuda"),
        }
        self._left = BUILD_SECONDS

    def row(self, workload: Workload, batch: int) -> dict[str, Timing]:
        """Everyone's time, one after the other so that each has the memory to itself."""
        timings: dict[str, Timing] = {}
        ours: Layers | None = None
        for name, build in self.builds.items():
            if name == "torch.compile" and self._left <= 0:
                continue
            start = perf_counter()
            loop = build(workload, batch)[0]
            if name == "torch.compile":
                self._left -= perf_counter() - start
            computed = _computed(loop, workload, batch)
            ours = computed if ours is None else ours
            timings[name] = Timing(
                _timed(loop, workload, batch), apart(computed, ours, workload.start())
            )
            gc.collect()
        return timings


def _fit_jax(workload: Workload, batch: int) -> list[Loop]:
    """The compiled steps that `fit_jax` runs, called as it calls them."""
    import jax

    from backhand.training import jax_fit
    from backhand.training.data import arrange
    from backhand.training.jax_devices import devices_for
    from backhand.training.optimizers import optimizer

    graph = workload.graph(workload.start())
    data = arrange(graph, *workload.points())
    plain = {"l1": 0.0, "l2": 0.0}
    sgd, shared = optimizer("sgd"), devices_for(None)
    training = jax_fit._training(graph, data, sgd, plain, "float32", shared)
    now: list[Any] = [None]

    def put(layers: Layers) -> None:
        at = replace(training, graph=workload.graph(layers))
        now[0] = at._start()

    def ready(order: Array) -> Callable[[], object]:
        rows = order.reshape(-1, batch).astype(np.int32)
        sizes = np.full(len(rows), batch, np.int32)
        rates = np.full(len(rows), workload.rate, np.float32)
        placed = (*training._placed(rows, sizes, rates), training.data, training.numbers)
        steps = training._ready((now[0], *placed))

        def go() -> None:
            now[0], losses = steps(now[0], *placed)
            jax.block_until_ready((now[0], losses))

        return go

    def layers() -> Layers:
        return workload.layers({name: np.asarray(array) for name, array in now[0][0].items()})

    return [Loop(put, layers, ready)]


def _order(steps: int, batch: int) -> Array:
    rng = np.random.default_rng(3)
    epochs = [rng.permutation(POINTS) for _ in range(-(-steps * batch // POINTS))]
    return np.concatenate(epochs)[: steps * batch].astype(np.int64)


def _computed(loop: Loop, workload: Workload, batch: int) -> Layers:
    loop.put(workload.start())
    loop.ready(_order(COMPARED, batch))()
    return loop.layers()


def _timed(loop: Loop, workload: Workload, batch: int) -> float:
    """The best of some rounds that are long enough to drown the call."""
    steps = 64
    while True:
        took = _round(loop, workload, batch, steps)
        if took >= ROUND_SECONDS * 0.6 or steps >= MOST_STEPS:
            break
        steps = min(MOST_STEPS, int(steps * min(max(ROUND_SECONDS / took, 2), 32)))
    return min(_round(loop, workload, batch, steps) for _ in range(ROUNDS)) / steps * 1e6


def _round(loop: Loop, workload: Workload, batch: int, steps: int) -> float:
    loop.put(workload.start())
    go = loop.ready(_order(steps, batch))
    start = perf_counter()
    go()
    return perf_counter() - start


def _line(name: str, timings: Mapping[str, Timing], names: Mapping[str, object]) -> str:
    ours = timings["Backhand"].us
    cells = [
        f"{timings[n].us:,.1f} {timings[n].us / ours:6.2f}" if n in timings else "-" for n in names
    ]
    return f"{name:<32}" + "".join(f"{cell:>15}" for cell in cells)
