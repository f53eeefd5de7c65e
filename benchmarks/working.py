"""How long a working takes: a whole cold process, the symbolic backward pass, a wide network's weight.

Times are the median of several runs; peers run in turn with ours, so that a noisy machine is noisy
for both, and ratios are to be read rather than seconds.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import backhand
from backhand.calculus.chain import backward
from backhand.expr import postorder

WORKSHEET = Path(__file__).parents[1] / "examples" / "two-neurons.md"

SYMPY = """
import sympy as s
W1, W2 = s.MatrixSymbol("W1", 2, 3), s.MatrixSymbol("W2", 1, 3)
a = s.Matrix(W1) * s.Matrix([1, 2, 5])
z = a.applyfunc(lambda t: s.Max(t, 0))
b = (s.Matrix(W2) * s.Matrix([1, *z]))[0]
J = (1 - 1 / (1 + s.exp(-b))) ** 2
d = s.diff(J, W1[0, 2])
values = {W1: s.Matrix([[2, 3, -1], [-1, -3, 1]]), W2: s.Matrix([[1, -2, 2]])}
at = {W1[i, j]: values[W1][i, j] for i in range(2) for j in range(3)}
at |= {W2[0, j]: values[W2][0, j] for j in range(3)}
print(float(d.subs(at).doit()))
"""


def run() -> None:
    """Print the three tables."""
    _processes()
    _backward()
    _one_weight()


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _in_turn(works: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """The median time of each, the runs of all taken in turn."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: statistics.median(found) for name, found in times.items()}


def _process(*command: str) -> Callable[[], object]:
    # With bytecode kept, as after any installation: the peers' lies in their packages already.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return lambda: subprocess.run(command, check=True, capture_output=True, env=kept)


def _python(code: str) -> Callable[[], object]:
    return _process(sys.executable, "-c", code)


def _processes() -> None:
    command = shutil.which("backhand") or "backhand"
    solve = f"backhand solve {WORKSHEET.name}"

    found = _in_turn(
        {
            "python -c pass": _python("pass"),
            "import numpy": _python("import numpy"),
            "import backhand": _python("import backhand"),
            solve: _process(command, "solve", str(WORKSHEET)),
            "import sympy": _python("import sympy"),
            "one derivative of it by SymPy": _python(SYMPY),
        },
        runs=7,
    )
    print(f"{'whole process, cold':<44}{'ms':>8}{'ratio to solve':>18}")
    for name, took in found.items():
        print(f"{name:<44}{took * 1e3:>8.0f}{took / found[solve]:>18.2f}")
    print()


def _backward() -> None:
    print(f"{'symbolic backward pass':<28}{'width':>8}{'ms':>8}{'nodes made':>12}")
    for layers, width in ((5, 10), (10, 10), (20, 10), (40, 10), (10, 2), (10, 100), (10, 1000)):
        text = " -> ".join([str(width), *[f"{width} tanh"] * (layers - 1), "1 sigmoid"])
        graph = backhand.network(text)
        took = statistics.median(seconds(lambda g=graph: backward(g, "J")) for _ in range(7))
        whole = backward(graph, "J")
        roots = [q.definition for q in whole if q.definition is not None]
        nodes = sum(1 for _ in postorder(*roots))
        print(f"{layers:>4} layers{'':<17}{width:>8}{took * 1e3:>8.2f}{nodes:>12}")
    print()


def _one_weight() -> None:
    graph = backhand.network("784 -> 100 relu -> 10 softmax", loss="cross_entropy", seed=0)
    took = seconds(lambda: graph.derivative("J", "W_1[3,5]").text())
    print(f"the working of one weight of 784-100-10, as text: {took * 1e3:.0f} ms\n")
