"""Who trains: each builds its loop for a workload, in its own fastest usual way.

A loop starts where it is put, takes its steps over the points in the order given, and shows its
parameters, so that what it computed can be compared.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np

from benchmarks.training_c import sources
from benchmarks.training_cases import Array, Layers, Workload

FLAGS = ("-O3", "-march=native", "-ffast-math")


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop that is ready to train: `ready` takes the order of the points and gives what is timed."""

    put: Callable[[Layers], None]
    layers: Callable[[], Layers]
    ready: Callable[[Array], Callable[[], object]]


class LeftOutError(Exception):
    """Why a contender doesn't take part."""


Contender: TypeAlias = Callable[[Workload, int], Sequence[Loop]]
"""Gives one loop, or several of which the fastest counts."""


# ---- Backhand ----------------------------------------------------------------------------------


def backhand(workload: Workload, batch: int) -> list[Loop]:
    """The loop that `fit` calls."""
    from backhand.training.data import arrange
    from backhand.training.kernel import kernel
    from backhand.training.optimizers import optimizer

    graph = workload.graph(workload.start())
    plain = {"settings": {}, "l1": 0.0, "l2": 0.0}
    data = arrange(graph, *workload.points())
    loop = kernel(graph, data, optimizer("sgd"), batch_size=batch, dtype="float32", **plain)

    def put(layers: Layers) -> None:
        for quantity in workload.graph(layers).parameters:
            loop.parameters[quantity.name][...] = quantity.value

    def ready(order: Array) -> Callable[[], object]:
        rates = np.full((1, len(order) // batch), workload.rate, np.float32)
        losses = np.zeros(1)
        return lambda: loop.take(order[None], rates, losses)

    return [Loop(put, lambda: workload.layers(loop.parameters), ready)]


# ---- C -----------------------------------------------------------------------------------------


def c(workload: Workload, batch: int) -> list[Loop]:
    """`training_c.py`, compiled by the compiler at hand."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise LeftOutError("there is no C compiler")
    return [_compiled(compiler, text, workload, batch) for text in sources(workload, batch)]


def _compiled(compiler: str, text: str, workload: Workload, batch: int) -> Loop:
    with TemporaryDirectory() as folder:
        source, library = Path(folder) / "steps.c", Path(folder) / "steps.so"
        source.write_text(text)
        command = [compiler, *FLAGS, "-shared", "-fPIC", "-o", library, source, "-lm"]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            raise LeftOutError(f"the C compiler says: {made.stderr.strip().splitlines()[0]}")
        steps: Any = ctypes.CDLL(str(library)).steps
    x, y = workload.points()
    flat = np.zeros(workload.numbers[1], np.float32)
    steps.restype = ctypes.c_float
    steps.argtypes = [
        np.ctypeslib.ndpointer(np.int64, flags="C"),
        ctypes.c_longlong,
        *[np.ctypeslib.ndpointer(np.float32, flags="C")] * 2,
        ctypes.c_float,
        np.ctypeslib.ndpointer(np.float32, flags="C"),
    ]

    def put(layers: Layers) -> None:
        flat[:] = np.concatenate([part.ravel() for layer in layers for part in layer])

    def layers() -> Layers:
        found, at = list[tuple[Array, Array]](), 0
        for shape in workload.shapes:
            middle, end = at + int(np.prod(shape)), at + int(np.prod(shape)) + shape[0]
            found.append((flat[at:middle].reshape(shape).copy(), flat[middle:end].copy()))
            at = end
        return found

    def ready(order: Array) -> Callable[[], object]:
        return lambda: steps(order, len(order) // batch, x, y, workload.rate, flat)

    return Loop(put, layers, ready)


# ---- PyTorch -----------------------------------------------------------------------------------


def torch_eager(workload: Workload, batch: int, device: str = "cpu") -> list[Loop]:
    """A module, a loss, `torch.optim.SGD`."""
    import torch
    from torch import nn

    x, y = _tensors(workload, device)
    parts: list[nn.Module] = []
    for shape in workload.shapes:
        if len(shape) > 2:
            parts += [nn.Conv2d(1, shape[0], shape[-1]), nn.ReLU(), nn.Flatten()]
        else:
            parts += [nn.Linear(shape[-1], shape[0]), nn.ReLU()]
    squared = workload.end == "sigmoid"
    parts[-1:] = [nn.Sigmoid()] if squared else []
    net = nn.Sequential(*parts).to(device)
    loss = nn.MSELoss() if squared else nn.CrossEntropyLoss()
    descent = torch.optim.SGD(net.parameters(), lr=workload.rate)

    def ready(order: Array) -> Callable[[], object]:
        batches = torch.from_numpy(order).to(device).view(-1, batch).unbind()

        def go() -> None:
            for rows in batches:
                descent.zero_grad()
                loss(net(x[rows]), y[rows]).backward()
                descent.step()
            _done(device)

        return go

    return [_torch_loop(workload, list(net.parameters()), ready)]


def torch_compiled(workload: Workload, batch: int, device: str = "cpu") -> list[Loop]:
    """One graph for the whole step: rows, loss, gradient, update."""
    import torch
    from torch.nn import functional as f

    x, y = _tensors(workload, device)
    squared = workload.end == "sigmoid"

    def loss(parameters: list[Any], x: Any, y: Any) -> Any:
        for n, shape in enumerate(workload.shapes):
            weights, biases = parameters[2 * n : 2 * n + 2]
            x = f.relu(x) if n else x
            if len(shape) > 2:
                x = f.conv2d(x, weights, biases).flatten(1)
            else:
                x = f.linear(x.flatten(1), weights, biases)
        return f.mse_loss(torch.sigmoid(x), y) if squared else f.cross_entropy(x, y)

    def step(parameters: list[Any], x: Any, y: Any, rows: Any) -> None:
        slopes = torch.func.grad(loss)(parameters, x[rows], y[rows])
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter.sub_(slope, alpha=workload.rate)

    torch._dynamo.reset()
    compiled = torch.compile(step, dynamic=False)
    start = [torch.from_numpy(part) for layer in _channels(workload.start()) for part in layer]
    parameters = [part.clone().to(device) for part in start]
    compiled(parameters, x, y, torch.arange(batch, device=device))

    def ready(order: Array) -> Callable[[], object]:
        batches = torch.from_numpy(order).to(device).view(-1, batch).unbind()

        def go() -> None:
            for rows in batches:
                compiled(parameters, x, y, rows)
            _done(device)

        return go

    return [_torch_loop(workload, parameters, ready)]


def _done(device: str) -> None:
    """Wait for what has been asked of a device."""
    import torch

    if device != "cpu":
        torch.cuda.synchronize()


def _tensors(workload: Workload, device: str) -> tuple[Any, Any]:
    """Points as PyTorch wants them: images with their channel, classes as numbers."""
    import torch

    x, y = workload.points()
    x = x[:, None] if len(workload.x) > 1 else x
    y = y if workload.end == "sigmoid" else y.argmax(axis=1)
    return torch.from_numpy(x).to(device), torch.from_numpy(y).to(device)


def _channels(layers: Layers) -> Layers:
    """Kernels with the one channel that they read."""
    return [(w[:, None] if w.ndim > 2 else w, b) for w, b in layers]


def _torch_loop(workload: Workload, parameters: list[Any], ready: Any) -> Loop:
    import torch

    def put(layers: Layers) -> None:
        given = [part for layer in _channels(layers) for part in layer]
        with torch.no_grad():
            for parameter, part in zip(parameters, given, strict=True):
                parameter.copy_(torch.from_numpy(part))

    def layers() -> Layers:
        found = [parameter.detach().cpu().numpy().copy() for parameter in parameters]
        pairs = zip(workload.shapes, found[::2], found[1::2], strict=True)
        return [(weights.reshape(shape), biases) for shape, weights, biases in pairs]

    return Loop(put, layers, ready)


# ---- JAX ---------------------------------------------------------------------------------------


def jax_scan(workload: Workload, batch: int) -> list[Loop]:
    """All steps in one compiled `lax.scan`."""
    import jax
    from jax import lax, nn
    from jax import numpy as jnp

    x, y = map(jnp.asarray, workload.points())

    def loss(layers: Any, x: Any, y: Any) -> Any:
        for n, (weights, biases) in enumerate(layers):
            x = nn.relu(x) if n else x
            if weights.ndim > 2:
                x = lax.conv(x[:, None], weights[:, None], (1, 1), "VALID")
                x = x + biases[:, None, None]
            else:
                x = x.reshape(batch, -1) @ weights.T + biases
        if workload.end == "sigmoid":
            return ((nn.sigmoid(x) - y) ** 2).sum(axis=1).mean()
        return -(y * nn.log_softmax(x)).sum(axis=1).mean()

    def steps(layers: Any, x: Any, y: Any, batches: Any) -> Any:
        def step(layers: Any, rows: Any) -> Any:
            value, slopes = jax.value_and_grad(loss)(layers, x[rows], y[rows])
            return jax.tree.map(lambda w, g: w - workload.rate * g, layers, slopes), value

        return lax.scan(step, layers, batches)

    compiled = jax.jit(steps, donate_argnums=0)
    programs: dict[int, Any] = {}
    now: list[Any] = [None]

    def put(layers: Layers) -> None:
        now[0] = [(jnp.array(weights), jnp.array(biases)) for weights, biases in layers]

    def ready(order: Array) -> Callable[[], object]:
        batches = jnp.asarray(order.reshape(-1, batch).astype(np.int32))
        if len(batches) not in programs:
            programs[len(batches)] = compiled.lower(now[0], x, y, batches).compile()
        program = programs[len(batches)]

        def go() -> None:
            now[0], losses = program(now[0], x, y, batches)
            jax.block_until_ready((now[0], losses))

        return go

    return [Loop(put, lambda: [(np.array(w), np.array(b)) for w, b in now[0]], ready)]


# ---- scikit-learn ------------------------------------------------------------------------------


def sklearn(workload: Workload, batch: int) -> list[Loop]:
    """`MLPClassifier.partial_fit`, given all its points at once, in order."""
    from sklearn.neural_network import MLPClassifier

    if workload.end == "sigmoid":
        raise LeftOutError("it has no squared error of a sigmoid")
    if len(workload.x) > 1:
        raise LeftOutError("it has no convolution")
    x, y = workload.points()
    classes = y.argmax(axis=1)
    net = MLPClassifier(
        [shape[0] for shape in workload.shapes[:-1]],
        solver="sgd",
        alpha=0.0,
        momentum=0.0,
        learning_rate_init=workload.rate,
        batch_size=batch,
        shuffle=False,
    )
    net.partial_fit(x[:batch], classes[:batch], classes=np.arange(workload.outputs))

    def put(layers: Layers) -> None:
        for n, (weights, biases) in enumerate(layers):
            net.coefs_[n][...] = weights.T
            net.intercepts_[n][...] = biases

    def layers() -> Layers:
        pairs = zip(net.coefs_, net.intercepts_, strict=True)
        return [(weights.T.copy(), biases.copy()) for weights, biases in pairs]

    def ready(order: Array) -> Callable[[], object]:
        given, goals = x[order], classes[order]
        return lambda: net.partial_fit(given, goals)

    return [Loop(put, layers, ready)]


CONTENDERS: dict[str, tuple[str, Contender]] = {
    "Backhand": ("numpy", backhand),
    "C": ("numpy", c),
    "PyTorch": ("torch", torch_eager),
    "torch.compile": ("torch", torch_compiled),
    "JAX": ("jax", jax_scan),
    "scikit-learn": ("scikit-learn", sklearn),
}
"""Name in the table to the distribution that it needs and the function that builds its loops."""


def found(distribution: str) -> str | None:
    """The version that is installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
