"""How long a derivative takes to make, beside SymPy, JAX and PyTorch: gradients and Hessians.

Backhand makes equations in index notation and a working, SymPy one expression an entry, JAX a jaxpr
or compiled code, PyTorch an FX graph. Their values are compared. All run in turn, each from empty
caches, and the best run counts: a noisy machine only ever adds time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np

import backhand
from backhand import Graph, expr
from backhand.calculus.chain import backward
from backhand.calculus.forward import trace
from backhand.calculus.second import hessian
from benchmarks.working import seconds

RUNS = 7
PATIENCE = 1.0
"""Seconds; who takes longer runs twice only, and isn't asked for anything larger of the same kind."""
COMPARED = 12
"""How many of SymPy's entries are worked out to be compared: they are long."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A scalar as a graph with values, and the same for the peers as a function of arrays.

    `by` are the quantities that it is differentiated by, `order` 1 for a gradient, 2 for a Hessian.
    """

    name: str
    graph: Graph
    of: str
    by: tuple[str, ...]
    function: Callable[..., Any]
    order: int = 1

    @property
    def values(self) -> list[Any]:
        """The point at which values are compared."""
        found = (self.graph[name].value for name in self.by)
        return [
            np.asarray(value, dtype=float).reshape(-1 if value.ndim == 0 else value.shape)
            for value in found
            if value is not None
        ]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a derivative: `make` is timed, `value` turns what it made into numbers."""

    name: str
    make: Callable[[], Any]
    value: Callable[[Any], Any]


# ---- what is differentiated --------------------------------------------------------------------


def nested(depth: int) -> Problem:
    """A sigmoid of a sigmoid of ... of x."""

    def function(lib: Any, x: Any) -> Any:
        for _ in range(depth):
            x = 1 / (1 + lib.exp(-x))
        return x.sum()

    text = "sigmoid(" * depth + "x" + ")" * depth
    graph = backhand.model(f"x = 0.3; f = {text}")
    return Problem(f"{depth} sigmoids, one in another", graph, "f", ("x",), function)


def network(width: int) -> Problem:
    """The squared error of a network with two hidden layers, by all its weights."""
    graph = backhand.network(f"{width} -> {width} tanh -> {width} tanh -> 1 sigmoid", seed=0)
    x, y = (np.asarray(graph[name].value, dtype=float) for name in ("x", "y"))

    def function(lib: Any, *weights: Any) -> Any:
        *hidden, last = weights
        z = lib.asarray(x)
        for matrix in hidden:
            z = lib.tanh(matrix[:, 1:] @ z + matrix[:, 0])
        yhat = 1 / (1 + lib.exp(-(last[:, 1:] @ z + last[:, 0])))
        return ((lib.asarray(y) - yhat) ** 2).sum()

    name = f"{width}-{width}-{width}-1, by all weights"
    return Problem(name, graph, "J", ("W_1", "W_2", "W_3"), function)


def softmax(classes: int) -> Problem:
    """The cross-entropy of softmax, by the scores."""
    rng = np.random.default_rng(0)
    t, z = np.eye(classes)[1], rng.normal(size=classes)
    text = f"t in R^{classes}; z in R^{classes}; J = cross_entropy(t, softmax(z))"
    graph = backhand.model(text).with_values(t=t, z=z)

    def function(lib: Any, z: Any) -> Any:
        powers = lib.exp(z)
        return -(lib.asarray(t) * lib.log(powers / powers.sum())).sum()

    return Problem(f"softmax cross-entropy, {classes} classes", graph, "J", ("z",), function)


def logistic(weights: int, points: int = 20) -> Problem:
    """The Hessian of logistic regression's loss by its weights."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(points, weights))
    y, w = rng.integers(0, 2, points).astype(float), rng.normal(size=weights)
    graph = backhand.model(
        f"X in R^({points}×{weights}); y in R^{points}; w in R^{weights}; a = X w;"
        "J = sum_i (softplus(a_i) - y_i a_i)"
    ).with_values(X=data, y=y, w=w)

    def function(lib: Any, w: Any) -> Any:
        a = lib.asarray(data) @ w
        return (lib.log(1 + lib.exp(a)) - lib.asarray(y) * a).sum()

    return Problem(f"Hessian, {weights} weights", graph, "J", ("w",), function, order=2)


# ---- who differentiates ------------------------------------------------------------------------


def ours(problem: Problem) -> Iterator[Way]:
    """Equations; of a Hessian the whole working, with its value."""
    graph, of = problem.graph, problem.of
    if problem.order == 2:
        yield Way("Backhand", lambda: hessian(graph, of, problem.by), lambda made: made.result)
        return

    def value(made: Graph) -> Any:
        known = trace(made)
        return np.concatenate([known[f"∂{of}/∂{name}"].ravel() for name in problem.by])

    yield Way("Backhand", lambda: backward(graph, of), value)


def sympy(problem: Problem) -> Iterator[Way]:
    """An expression for each entry."""
    import sympy as s

    names = ("exp", "log", "tanh")
    functions = {name: np.vectorize(getattr(s, name), otypes=[object]) for name in names}
    lib = SimpleNamespace(asarray=np.asarray, **functions)
    arrays = [
        np.array(s.symbols(f"v{at}_:{value.size}"), dtype=object).reshape(value.shape)
        for at, value in enumerate(problem.values)
    ]
    symbols = [symbol for array in arrays for symbol in array.ravel()]
    scalar = problem.function(lib, *arrays)
    point = dict(zip(symbols, _flat(problem.values), strict=True))

    def make() -> Any:
        if problem.order == 2:
            return s.hessian(scalar, symbols)
        return [s.diff(scalar, symbol) for symbol in symbols]

    yield Way("SymPy", make, lambda made: [float(e.evalf(subs=point)) for e in made[:COMPARED]])


def jax(problem: Problem) -> Iterator[Way]:
    """A jaxpr; and compiled code with its first run."""
    import jax
    from jax.extend.core import jaxpr_as_fun

    jax.config.update("jax_enable_x64", True)
    values = [jax.numpy.asarray(value) for value in problem.values]

    def program() -> Callable[..., Any]:
        # A function of its own each time: JAX remembers what it has traced.
        def scalar(*arrays: Any) -> Any:
            return problem.function(jax.numpy, *arrays)

        every = tuple(range(len(values)))
        return (jax.hessian if problem.order == 2 else jax.grad)(scalar, argnums=every)

    def traced() -> Any:
        return jax.make_jaxpr(program())(*values)

    def compiled() -> Any:
        return jax.block_until_ready(jax.jit(program())(*values))

    yield Way("JAX, traced", traced, lambda made: _flat(jaxpr_as_fun(made)(*values)))
    yield Way("JAX, compiled and run", compiled, lambda made: _flat(jax.tree.leaves(made)))


def torch(problem: Problem) -> Iterator[Way]:
    """An FX graph of `torch.func`; and its run without one."""
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx

    values = [torch.asarray(value) for value in problem.values]
    every = tuple(range(len(values)))

    def scalar(*arrays: Any) -> Any:
        return problem.function(torch, *arrays)

    derivative = (torch.func.hessian if problem.order == 2 else torch.func.grad)(scalar, every)

    def flat(made: Any) -> Any:
        return _flat([each.numpy() for each in torch.utils._pytree.tree_leaves(made)])

    yield Way("PyTorch, traced", lambda: make_fx(derivative)(*values), lambda f: flat(f(*values)))
    yield Way("PyTorch, run", lambda: derivative(*values), flat)


def _flat(arrays: Any) -> Any:
    return np.concatenate([np.asarray(array).ravel() for array in arrays])


# ---- timing ------------------------------------------------------------------------------------

FAMILIES = (
    (nested, (3, 10)),
    (network, (2, 4, 10)),
    (softmax, (3, 10, 50)),
    (logistic, (2, 10, 50)),
)
PEERS = {"sympy": sympy, "jax": jax, "torch": torch}


def run() -> None:
    """Print the table."""
    peers = [ways for name, ways in PEERS.items() if find_spec(name)]
    for name in PEERS:
        if not find_spec(name):
            print(f"{name} isn't installed and is left out")
    print(f"{'derivative':<38}{'by':<24}{'ms':>10}{'ratio':>10}")
    for problem, sizes in FAMILIES:
        slow: set[str] = set()
        for size in sizes:
            found = problem(size)
            ways = [way for peer in (ours, *peers) for way in peer(found)]
            took = _measured([way for way in ways if way.name not in slow])
            for way in ways:
                time, start = took.get(way.name), f"{found.name:<38}{way.name:<24}"
                if time is None:
                    print(f"{start}{'not tried':>20}")
                else:
                    print(f"{start}{time * 1e3:>10.2f}{time / took['Backhand']:>10.1f}")
            slow |= {name for name, time in took.items() if time > PATIENCE}
    print()


def _measured(ways: list[Way]) -> dict[str, float]:
    """The shortest time of each, the runs of all taken in turn, after their values were compared."""
    best: dict[str, float] = {}
    wanted: Any = None
    for way in ways:
        made: list[Any] = []
        best[way.name] = _fresh(lambda way=way, made=made: made.append(way.make()))
        found = np.ravel(np.asarray(way.value(made[0]), dtype=float))
        wanted = found if wanted is None else wanted
        np.testing.assert_allclose(found, wanted[: len(found)], 1e-6, 1e-9, err_msg=way.name)
    for number in range(1, RUNS):
        for way in ways:
            # Twice in any case: a first run may have imported half a library.
            if number == 1 or best[way.name] < PATIENCE:
                best[way.name] = min(best[way.name], _fresh(way.make))
    return best


def _fresh(work: Callable[[], object]) -> float:
    """How long a call takes from empty caches."""
    expr._substitute.cache_clear()
    if "sympy" in sys.modules:
        sys.modules["sympy.core.cache"].clear_cache()
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
    return seconds(work)
