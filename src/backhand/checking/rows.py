"""Finite differences of the whole loss, parameter by parameter, beside the other two gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.checking.replay import Replay
from backhand.checking.report import GradientRow
from backhand.checking.slopes import EPS, Slope, Verdict, slope, unit
from backhand.checking.tensors import Tensor

MAX_PASSES = 4000
"""Forward passes for the finite differences of all parameters together."""


def compare(
    run: Replay,
    gradients: Mapping[str, NDArray[np.float64] | None],
    formulas: Mapping[str, NDArray[np.float64]],
    entries: int,
    seed: int,
) -> tuple[GradientRow, ...]:
    """One row for each parameter."""
    base = run.value()
    rounding = _rounding(run, base)
    most = max(1, MAX_PASSES // (6 * len(run.parameters)) - 1)
    rng = np.random.default_rng(seed)
    return tuple(
        _row(
            name,
            parameter,
            gradients[name],
            formulas.get(name),
            _Differences(run, parameter, base, rounding),
            min(entries, most),
            rng,
        )
        for name, parameter in run.parameters.items()
    )


def _rounding(run: Replay, base: float) -> float:
    """The rounding error of the loss: how much it trembles when parameters move by nothing."""
    shaken: list[float] = []
    for amount in (1e-15, -1e-15, 2e-15):
        held = {n: p.detach().clone() for n, p in run.parameters.items()}
        for name, parameter in run.parameters.items():
            _put(parameter, held[name] * (1 + amount))
        shaken.append(run.value())
        for name, parameter in run.parameters.items():
            _put(parameter, held[name])
    trembling = [abs(value - base) for value in shaken if isfinite(value - base)]
    return 8 * max([*trembling, EPS * abs(base), EPS * EPS])


def _put(parameter: Tensor, values: Tensor) -> None:
    torch: Any = import_module("torch")
    with torch.no_grad():
        parameter.copy_(values)


@dataclass(frozen=True)
class _Differences:
    """Finite differences of the loss by one parameter."""

    run: Replay
    parameter: Tensor
    base: float
    """The loss."""
    rounding: float

    def along(self, direction: Tensor, framework: float, scale: float) -> Slope:
        """Along a direction in the parameter's space."""
        base = self.parameter.detach().clone()

        def at(step: float) -> float:
            _put(self.parameter, base + step * direction)
            return self.run.value()

        try:
            return slope(framework, at, self.base, scale, self.rounding)
        finally:
            _put(self.parameter, base)

    def by_entry(self, entry: tuple[int, ...], framework: float, scale: float) -> Slope:
        """By one entry."""
        torch: Any = import_module("torch")
        step = float(unit(self.parameter.detach())[entry]) or 1.0
        direction = torch.zeros_like(self.parameter)
        direction[entry] = step
        found = self.along(direction, framework * step, scale * step)
        return Slope(found.verdict, framework, found.difference / step)


def _row(
    name: str,
    parameter: Tensor,
    gradient: NDArray[np.float64] | None,
    formula: NDArray[np.float64] | None,
    differences: _Differences,
    entries: int,
    rng: np.random.Generator,
) -> GradientRow:
    """Compare one parameter's gradient at some entries, and along a direction through all of them."""
    torch: Any = import_module("torch")
    shape = tuple(parameter.shape)
    known = np.zeros(shape) if gradient is None else gradient
    chosen = _chosen(known, formula, entries, rng)
    scale = float(np.sqrt(np.mean(known**2))) * 1e-3 if known.size else 0.0
    found = {
        entry: differences.by_entry(
            entry, float(known[entry]), max(scale, abs(float(known[entry])))
        )
        for entry in chosen
    }
    direction = unit(parameter.detach()) * torch.as_tensor(rng.standard_normal(shape)).to(parameter)
    products = known * direction.cpu().double().numpy()
    whole = differences.along(direction, float(products.sum()), float(np.sqrt((products**2).sum())))
    verdicts: list[Verdict] = [each.verdict for each in (*found.values(), whole)]
    apart = {entry: _apart(one, formula, entry) for entry, one in found.items()}
    worst = max(apart, key=lambda entry: (apart[entry] != apart[entry], apart[entry]))
    return GradientRow(
        name=name,
        shape=shape,
        norm=float(np.linalg.norm(known)),
        entry=worst,
        formula=None if formula is None else float(formula[worst]),
        framework=None if gradient is None else float(gradient[worst]),
        difference=found[worst].difference,
        error=apart[worst],
        sampled=len(chosen),
        verdict=_verdict(verdicts, known),
    )


def _verdict(verdicts: Sequence[Verdict], gradient: NDArray[np.float64]) -> Verdict:
    """The gravest that was found at any entry."""
    if not np.isfinite(gradient).all():
        return "wrong"
    grave: tuple[Verdict, ...] = ("wrong", "unknown", "kink", "right")
    return next(verdict for verdict in grave if verdict in verdicts)


def _apart(one: Slope, formula: NDArray[np.float64] | None, entry: tuple[int, ...]) -> float:
    """The largest difference between any two of the three."""
    values = [one.framework, one.difference]
    if formula is not None:
        values.append(float(formula[entry]))
    return float(np.ptp(values))


def _chosen(
    gradient: NDArray[np.float64],
    formula: NDArray[np.float64] | None,
    entries: int,
    rng: np.random.Generator,
) -> list[tuple[int, ...]]:
    """The entries compared: the largest, the one furthest from the formula, and some at random."""
    telling = [int(np.argmax(np.abs(np.nan_to_num(gradient, nan=np.inf))))]
    if formula is not None:
        telling.insert(0, int(np.argmax(np.nan_to_num(np.abs(gradient - formula), nan=np.inf))))
    drawn = (
        rng.permutation(gradient.size)
        if gradient.size <= 10**6
        else rng.integers(gradient.size, size=entries)
    )
    flat = list(dict.fromkeys([*telling, *drawn.tolist()]))[: max(entries, 1)]
    return [tuple(int(i) for i in np.unravel_index(f, gradient.shape)) for f in flat]
