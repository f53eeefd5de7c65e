"""A function's formula, loop line and value say the same."""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Rational

import numpy as np
import pytest
from tests.laws.values import FRACTIONS, arguments, scalars, value

from backhand.expr import ref
from backhand.functions import TABLE

FAR = (-800.0, -40.0, 40.0, 800.0)
NAMES = ("x", "t")


def exact(name: str, *args: float) -> float:
    return float(TABLE[name].value(*map(np.float64, args)))


def looped(name: str, *args: float) -> float:
    """The loop line, its arguments standing there as sums in brackets."""
    parts = [f"(u{at} + v{at})" for at in range(len(args))]
    line = TABLE[name].loop.format(*parts, x=parts[0])
    scope = {f"{letter}{at}": arg / 2 for at, arg in enumerate(args) for letter in "uv"}
    return eval(f"2.0 * ({line})", {"math": math, **scope}) / 2


@pytest.mark.parametrize("name", [n for n in sorted(TABLE) if TABLE[n].formula])
def test_the_formula_is_the_value(name: str) -> None:
    entry = TABLE[name]
    names = NAMES[: entry.arity]
    assert entry.formula is not None
    meaning = entry.formula(*map(ref, names))
    for args in arguments(name):
        found = value(meaning, scalars(**dict(zip(names, args, strict=True))))
        assert found == pytest.approx(exact(name, *args), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_loop_line_is_the_value(name: str) -> None:
    far = [(x,) * TABLE[name].arity for x in FAR if usable(name, x)]
    for args in [*arguments(name), *far]:
        assert looped(name, *args) == pytest.approx(exact(name, *args), rel=1e-12, abs=1e-14)


def usable(name: str, x: float) -> bool:
    """Whether the true value at x fits a float: only exp grows out of it."""
    return TABLE[name].domain.low < x and not (name == "exp" and x > 709)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_far_values_are_finite_without_a_warning(name: str) -> None:
    for x in FAR:
        if usable(name, x):
            args = (x, -x)[: TABLE[name].arity]
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                assert math.isfinite(exact(name, *args))


@pytest.mark.parametrize("name", [n for n in sorted(TABLE) if TABLE[n].rational])
def test_rational_functions_keep_fractions(name: str) -> None:
    entry = TABLE[name]
    numbers = np.array(FRACTIONS, dtype=object)
    args = (numbers, numbers[::-1])[: entry.arity]
    found = entry.value(*args).tolist()
    assert all(isinstance(v, Rational) for v in found)
    alone = [exact(name, *map(float, each)) for each in zip(*args, strict=True)]
    assert [float(v) for v in found] == pytest.approx(alone, rel=1e-15)


@pytest.mark.parametrize("name", [n for n in sorted(TABLE) if not TABLE[n].rational])
def test_other_functions_leave_the_fractions(name: str) -> None:
    with np.errstate(all="ignore"):
        third = exact(name, *[1 / 3] * TABLE[name].arity)
    assert Fraction(third).limit_denominator(10_000) != Fraction(third)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_arrays_are_taken_entry_by_entry(name: str) -> None:
    columns = [np.array(column) for column in zip(*arguments(name), strict=True)]
    whole = TABLE[name].value(*columns)
    assert whole.tolist() == pytest.approx([exact(name, *args) for args in arguments(name)])
