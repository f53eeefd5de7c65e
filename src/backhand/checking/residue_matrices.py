"""Matrices modulo the prime: products of derivatives, in the layout's order."""

from __future__ import annotations

from typing import TypeAlias

from backhand.checking.residues import PRIME
from backhand.errors import MeaningError

Matrix: TypeAlias = tuple[tuple[int, ...], ...]
"""By rows; a number is 1×1."""


def flipped(m: Matrix) -> Matrix:
    return m if len(m) == len(m[0]) == 1 else tuple(zip(*m, strict=True))


def scaled(m: Matrix, by: int) -> Matrix:
    return tuple(tuple(x * by % PRIME for x in row) for row in m)


def summed(parts: list[Matrix]) -> Matrix:
    """A sum. Raises `MeaningError` where the shapes differ."""
    if len({(len(m), len(m[0])) for m in parts}) > 1:
        raise MeaningError("the terms of this sum have different shapes", "check the order")
    return tuple(
        tuple(sum(cells) % PRIME for cells in zip(*rows, strict=True))
        for rows in zip(*parts, strict=True)
    )


def product(left: Matrix, right: Matrix) -> Matrix:
    """A matrix product; a number scales. Raises `MeaningError` where the shapes don't fit."""
    if len(left) == len(left[0]) == 1:
        return scaled(right, left[0][0])
    if len(right) == len(right[0]) == 1:
        return scaled(left, right[0][0])
    if len(left[0]) != len(right):
        raise MeaningError(
            f"a {len(left)}×{len(left[0])} matrix times a {len(right)}×{len(right[0])} one doesn't fit",
            "check the order of the factors",
        )
    columns = flipped(right)
    return tuple(
        tuple(sum(a * b for a, b in zip(row, column, strict=True)) % PRIME for column in columns)
        for row in left
    )
