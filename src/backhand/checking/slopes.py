"""A derivative beside central differences: equal, wrong, or at a point where there is none.

One step can't decide: a long one sees curvature and kinks, a short one rounding. So a derivative is
right where any of three steps, each a hundred times shorter than the one before, agrees with it to
within the rounding error of that step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from math import isfinite, sqrt
from typing import Any, Literal, TypeAlias

import numpy as np

from backhand.checking.tensors import Tensor, floating, mapped, same_randomness, tensors

Verdict: TypeAlias = Literal["right", "wrong", "kink", "unknown"]
"""kink: the differences to the left and right don't meet. unknown: they aren't finite."""

EPS = 2.0**-52
"""Of float64."""
TOLERANCE = 1e-5
"""Relative to the derivative. Central differences in float64 are good to about 1e-8."""
NOISE = 0.01
"""A step whose rounding error is a larger part of the derivative than this decides nothing."""
SYMMETRIC = frozenset({"cholesky", *(f"linalg_{n}" for n in ("cholesky", "eigh", "eigvalsh"))})
"""Functions of symmetric matrices."""
SHOWN_ENTRIES = 32
"""Of the input of a wrong operation this many entries are tried, to show the worst."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A derivative that a framework gave, beside the central difference."""

    verdict: Verdict
    framework: float
    difference: float

    @property
    def error(self) -> float:
        """How far they are apart."""
        return abs(self.framework - self.difference)


def slope(
    framework: float, at: Callable[[float], float], here: float, scale: float, rounding: float
) -> Slope:
    """`framework`, the derivative at 0 of `at`, whose value there is `here`, beside differences.

    `scale`: how large a derivative counts as large. `rounding`: the error of a value of `at`.
    """
    found: list[Slope] = []
    smooth = False
    longest = EPS ** (1 / 3)
    for step in (longest, longest / 1e2, longest / 1e4):
        above, below = at(step), at(-step)
        difference = (above - below) / (2 * step)
        if not isfinite(difference) or not isfinite(framework):
            continue
        size = max(scale, abs(difference), abs(framework))
        noise = rounding / step
        if found and noise > NOISE * size:
            break
        smooth = smooth or abs(above - 2 * here + below) / step <= 10 * TOLERANCE * size + 4 * noise
        found.append(Slope("wrong", framework, difference))
        if found[-1].error <= TOLERANCE * size + noise:
            return Slope("right", framework, difference)
    if not found:
        return Slope("unknown", framework, float("nan"))
    best = min(found, key=lambda one: one.error)
    return best if smooth else Slope("kink", framework, best.difference)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a differentiable operation, its arguments as they were."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    active: tuple[bool, ...]
    """Which of the tensors in the arguments, in order, a gradient is taken by."""

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors that a gradient is taken by."""
        every = tensors((self.args, dict(self.kwargs)))
        return [t for t, active in zip(every, self.active, strict=True) if active]

    def again(self, inputs: list[Tensor]) -> list[Tensor]:
        """The floating-point results for other inputs, in order."""
        source: Iterator[Tensor] = iter(inputs)
        active = iter(self.active)

        def given(tensor: Tensor) -> Tensor:
            # A copy: an operation may overwrite its argument.
            return (next(source) if next(active) else tensor).clone()

        args, kwargs = mapped(self.args, given), mapped(dict(self.kwargs), given)
        with same_randomness():
            result = self.function(*args, **kwargs)
        return floating(result if any(True for _ in tensors(result)) else args[0])


@dataclass(frozen=True, slots=True)
class Probe:
    """One operation's backward at one point, by a random direction or by one entry."""

    call: Call
    inputs: list[Tensor]
    gradients: list[Tensor]
    weights: list[Tensor | None]
    """What multiplies each result; None where the result has no gradient."""

    def along(self, directions: list[Tensor]) -> Slope:
        """The vector-Jacobian product along a direction, beside differences."""
        torch: Any = import_module("torch")
        products = [g * d for g, d in zip(self.gradients, directions, strict=True)]
        scale = sqrt(sum(float((p * p).sum()) for p in products))

        def weighted(step: float) -> list[Tensor]:
            moved = [x + step * d for x, d in zip(self.inputs, directions, strict=True)]
            results = self.call.again(moved)
            pairs = zip(results, self.weights, strict=True)
            return [torch.where(w != 0, r * w, 0.0) for r, w in pairs if w is not None]

        start = weighted(0.0)
        size = sqrt(sum(float((r * r).sum()) for r in start))

        def at(step: float) -> float:
            here = weighted(step)
            # Differences entry by entry: the sum itself would be rounded more.
            return sum(float((a - b).sum()) for a, b in zip(here, start, strict=True))

        return slope(sum(float(p.sum()) for p in products), at, 0.0, scale, 16 * EPS * size)


def probe(call: Call, inputs: list[Tensor], weigh: Callable[[Tensor], Tensor]) -> Probe | None:
    """The framework's backward of one operation; None where no result has a gradient."""
    torch: Any = import_module("torch")
    with torch.enable_grad():
        leaves = [x.detach().clone().requires_grad_() for x in inputs]
        results = call.again(leaves)
        # An infinite result, as of a mask, has no differences.
        weights = [weigh(r) * r.isfinite() if r.requires_grad else None for r in results]
        kept = [(r, w) for r, w in zip(results, weights, strict=True) if w is not None]
        if not kept:
            return None
        found = torch.autograd.grad(
            [r for r, _ in kept], leaves, [w for _, w in kept], allow_unused=True
        )
    gradients = [
        torch.zeros_like(x) if g is None else g for g, x in zip(found, leaves, strict=True)
    ]
    return Probe(call, [x.detach() for x in leaves], gradients, weights)


def check(call: Call, seed: int) -> Slope | None:
    """One operation's backward against central differences along a random direction.

    At a kink it is judged a little beside it. None: no result has a gradient.
    """
    torch: Any = import_module("torch")
    generator = torch.Generator().manual_seed(seed)

    def normal(like: Tensor) -> Tensor:
        drawn = torch.randn(like.shape, generator=generator, dtype=torch.float64)
        # A function of symmetric matrices may read one half only: stay among them.
        drawn = drawn + drawn.mT if symmetric and like.dim() > 1 else drawn
        return drawn.to(like.device)

    symmetric = call.function.__name__ in SYMMETRIC
    inputs = call.inputs
    found: Slope | None = None
    for move in (0.0, 1e-3, -1e-3):
        moved = [x + move * unit(x) * normal(x) for x in inputs]
        here = probe(call, moved, normal)
        if here is None:
            return None
        new = here.along([unit(x) * normal(x) for x in inputs])
        if found is None and new.verdict in ("right", "unknown"):
            return new
        if new.verdict == "right" and found is not None:
            return Slope("kink", found.framework, found.difference)
        found = found or new
    return found and Slope("wrong", found.framework, found.difference)


def unit(x: Tensor) -> Tensor:
    """A natural step for each entry: its size, at least a thousandth of its neighbours'; 0 at inf."""
    there = x.isfinite()
    size = x.abs() * 1.0
    size[~there] = 0.0
    mean = float((size * size).mean().sqrt()) if x.numel() else 0.0
    return size.clamp(min=1e-3 * min(mean, 1.0) if mean > 0 else 1.0) * there


@dataclass(frozen=True, slots=True)
class Example:
    """The entry of an operation's input where its backward is furthest off, all results summed."""

    entry: tuple[int, ...]
    value: float
    slope: Slope


def example(call: Call) -> Example | None:
    """Where a wrong backward is most wrong, of the first `SHOWN_ENTRIES` entries of each input."""
    torch: Any = import_module("torch")
    here = probe(call, call.inputs, torch.ones_like)
    if here is None:
        return None
    worst: Example | None = None
    for at, x in enumerate(here.inputs):
        for flat in range(min(x.numel(), SHOWN_ENTRIES)):
            directions = [torch.zeros_like(each) for each in here.inputs]
            entry = tuple(int(i) for i in np.unravel_index(flat, x.shape))
            directions[at][entry] = 1.0
            found = here.along(directions)
            if found.verdict == "wrong" and (worst is None or found.error > worst.slope.error):
                worst = Example(entry, float(x[entry]), found)
    return worst
