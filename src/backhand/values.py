"""Arrays of numbers: exact while they can be, float64 after that."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backhand.errors import MeaningError

Value: TypeAlias = NDArray[Any]
"""An array of `Fraction` (dtype object) while the arithmetic is exact, of float64 after that."""
MAX_EXACT_ENTRIES = 20_000
"""Given values with more entries are worked in float64: nobody reads so many fractions."""


def as_value(data: ArrayLike) -> Value:
    """Numbers as a `Value`: exact where they all are integers, fractions or short decimals.

    >>> as_value([1, 0.5]).tolist()
    [Fraction(1, 1), Fraction(1, 2)]
    """
    array = np.asarray(untracked(data))
    if array.dtype.kind == "c":
        raise TypeError("complex numbers have no order")
    if array.dtype == object:
        entries = [x if isinstance(x, Fraction) else _exact(x) for x in array.ravel().tolist()]
    elif array.size > MAX_EXACT_ENTRIES:
        return array.astype(float)
    else:
        entries = [_exact(x) for x in array.ravel().tolist()]
    if any(x is None for x in entries):
        return array.astype(float)
    out = np.empty(array.shape, dtype=object)
    out[...] = np.array(entries, dtype=object).reshape(array.shape)
    return out


def untracked(data: Any) -> Any:
    """The numbers of a PyTorch tensor, whatever its history, device or precision; else `data` itself."""
    if not (hasattr(data, "detach") and hasattr(data, "cpu")):
        return data
    tensor = data.detach().cpu()
    return tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor


def _exact(x: Any) -> Fraction | None:
    """A number as a person would have written it, or None where that takes over nine digits."""
    if isinstance(x, int):
        return Fraction(x)
    if isinstance(x, float) and np.isfinite(x):
        short = Fraction(f"{x:.9g}")
        return short if float(short) == x else None
    return None


def fitted(name: str, shape: tuple[int, ...], data: ArrayLike) -> Value:
    """Numbers given for a quantity, in its shape. Raises `MeaningError` where they don't fit.

    >>> fitted("w", (), [3]).tolist()
    Fraction(3, 1)
    """
    try:
        value = as_value(data)
    except (TypeError, ValueError):
        raise MeaningError(
            f"the value given for {name} is no array of numbers", "give a nested list"
        ) from None
    if value.size == 1 and prod(shape) == 1:
        value = value.reshape(shape)
    if value.shape != shape:
        raise MeaningError(f"{name} has the shape {shape}, the value given {value.shape}")
    return value


def floats(value: Value) -> NDArray[np.float64]:
    """A value in float64; a fraction beyond its range becomes infinite."""
    if value.dtype != object:
        return value.astype(float)

    def one(x: Any) -> float:
        try:
            return float(x)
        except OverflowError:
            return float("inf") if x > 0 else float("-inf")

    return np.array([one(x) for x in value.ravel().tolist()]).reshape(value.shape)
