"""The sign of a polynomial in one variable over an interval, decided exactly.

Source: Basu, Pollack and Roy, Algorithms in Real Algebraic Geometry (2006), section 2.2 (Sturm's
theorem); Yun, On Square-free Decomposition Algorithms (1976).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

Coefficients: TypeAlias = tuple[Fraction, ...]
"""Of 1, x, x², ...; the last one isn't 0, and the zero polynomial has none."""
MAX_DEGREE = 40


def sign_on(
    coefficients: Sequence[Fraction], low: Fraction | None, high: Fraction | None
) -> tuple[int, bool] | None:
    """The sign of a polynomial on [low, high] (None: without end), and whether it is never 0 there.

    1 where it is nowhere negative, -1 where nowhere positive, 0 where it is 0 throughout; None where
    it takes both signs, or its degree is over `MAX_DEGREE`.

    >>> one, two = Fraction(1), Fraction(2)
    >>> sign_on([one, -two, one], None, None), sign_on([-one, Fraction(0), one], two, None)
    ((1, False), (1, True))
    >>> sign_on([-one, one], None, None) is None
    True
    """
    p = _trimmed(coefficients)
    if not p:
        return 0, False
    if len(p) - 1 > MAX_DEGREE:
        return None
    if low is not None and low == high:
        value = _at(p, low)
        return (value > 0) - (value < 0), bool(value)
    crossing: Coefficients = (Fraction(1),)
    touching = False
    for multiplicity, factor in enumerate(_square_free(p), 1):
        roots = _roots_inside(factor, low, high)
        touching = touching or bool(roots or _zero_at_an_end(factor, low, high))
        if roots and multiplicity % 2:
            crossing = factor
    if len(crossing) > 1:
        return None
    inside = next(value for value in (_at(p, x) for x in _samples(low, high)) if value)
    return (1 if inside > 0 else -1), not touching


def _trimmed(p: Sequence[Fraction]) -> Coefficients:
    last = max((at for at, c in enumerate(p) if c), default=-1)
    return tuple(p[: last + 1])


def _at(p: Coefficients, x: Fraction) -> Fraction:
    value = Fraction(0)
    for coefficient in reversed(p):
        value = value * x + coefficient
    return value


def _zero_at_an_end(p: Coefficients, low: Fraction | None, high: Fraction | None) -> bool:
    return any(end is not None and not _at(p, end) for end in (low, high))


def _samples(low: Fraction | None, high: Fraction | None) -> list[Fraction]:
    """More points between the ends than a polynomial of bounded degree has zeros."""
    count = MAX_DEGREE + 2
    if low is None and high is None:
        return [Fraction(n) for n in range(count)]
    if low is None or high is None:
        end, way = (high or Fraction(0), -1) if low is None else (low, 1)
        return [end + way * n for n in range(1, count)]
    return [low + (high - low) * Fraction(n, count) for n in range(1, count)]


def _divided(p: Coefficients, q: Coefficients) -> tuple[Coefficients, Coefficients]:
    """Quotient and remainder."""
    rest = list(p)
    quotient = [Fraction(0)] * max(0, len(p) - len(q) + 1)
    for shift in range(len(p) - len(q), -1, -1):
        factor = rest[shift + len(q) - 1] / q[-1]
        quotient[shift] = factor
        for at, coefficient in enumerate(q):
            rest[shift + at] -= factor * coefficient
    return _trimmed(quotient), _trimmed(rest)


def _common(p: Coefficients, q: Coefficients) -> Coefficients:
    """The greatest common divisor, its leading coefficient 1."""
    while q:
        p, q = q, _divided(p, q)[1]
    return tuple(c / p[-1] for c in p)


def _slope(p: Coefficients) -> Coefficients:
    return tuple(at * c for at, c in enumerate(p))[1:]


def _square_free(p: Coefficients) -> list[Coefficients]:
    """The factors of p, the first of them with the simple roots, the second with the double ones, ..."""
    factors: list[Coefficients] = []
    shared = _common(p, _slope(p))
    rest, slope = _divided(p, shared)[0], _divided(_slope(p), shared)[0]
    while len(rest) > 1:
        inner = _slope(rest)
        size = max(len(slope), len(inner))
        gap = _trimmed(
            [
                (slope[n] if n < len(slope) else Fraction(0))
                - (inner[n] if n < len(inner) else Fraction(0))
                for n in range(size)
            ]
        )
        factor = _common(rest, gap)
        factors.append(factor)
        rest, slope = _divided(rest, factor)[0], _divided(gap, factor)[0]
    return factors


def _roots_inside(p: Coefficients, low: Fraction | None, high: Fraction | None) -> int:
    """The number of roots of a square-free polynomial strictly between the ends."""
    chain = [p, _slope(p)]
    while len(chain[-1]) > 1:
        chain.append(tuple(-c for c in _divided(chain[-2], chain[-1])[1]))
    count = _changes(chain, low, -1) - _changes(chain, high, 1)
    return count - (high is not None and not _at(p, high))


def _changes(chain: Sequence[Coefficients], end: Fraction | None, side: int) -> int:
    """The changes of sign along the chain at an end, or at infinity on that side."""
    if end is None:
        values = [q[-1] * (side if len(q) % 2 == 0 else 1) for q in chain if q]
    else:
        values = [_at(q, end) for q in chain if q]
    signs = [value > 0 for value in values if value]
    return sum(a != b for a, b in pairwise(signs))
