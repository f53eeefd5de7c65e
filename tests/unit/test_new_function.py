"""A function that the package doesn't know, defined in its user's code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import backhand
from backhand.expr import compare
from backhand.functions import CONVEX, INCREASING, REALS, TABLE, Interval, Notation, forget

GUIDE = Path(__file__).parents[2] / "docs" / "add-a-function.md"
PAGE = """x = [2; 5]; y = 1; W_1 = [[0.2, 0.3, -0.5], [-1, -0.3, 0.1]]; W_2 = [[1, -2, 2]]
a = W_1 @ x; z = elu(a); b = W_2 @ z; yhat = ELU(b); J = (y - yhat)^2"""
STEP = 1e-6


@pytest.fixture(autouse=True)
def table_as_it_was() -> Iterator[None]:
    yield
    if "elu" in TABLE:
        forget("elu")


@pytest.fixture
def graph() -> backhand.Graph:
    backhand.define(
        name="elu",
        aliases=("ELU",),
        arity=1,
        notation=Notation(r"\mathrm{ELU}", "ELU"),
        value=lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        formula=None,
        derivative=lambda y, x: compare(x, ">", 0) + compare(0, ">=", x) * (y + 1),
        domain=REALS,
        range=Interval(-1, float("inf")),
        monotone=INCREASING,
        curvature=CONVEX,
        kinks=(),
        rational=False,
        loop="({x} if {x} > 0 else math.expm1({x}))",
    )
    return backhand.model(PAGE)


def test_it_is_read_and_worked_out(graph: backhand.Graph) -> None:
    def elu(v: float) -> float:
        return v if v > 0 else float(np.expm1(v))

    a = [0.2 + 0.3 * 2 - 0.5 * 5, -1 - 0.3 * 2 + 0.1 * 5]
    expected = (1 - elu(1 - 2 * elu(a[0]) + 2 * elu(a[1]))) ** 2
    working = graph.forward()
    assert working.value == pytest.approx(expected)
    assert "ELU(a)" in working.text()


def test_it_is_differentiated(graph: backhand.Graph) -> None:
    weights = np.array([[0.2, 0.3, -0.5], [-1, -0.3, 0.1]])
    found = graph.gradient("W_1").value
    for at in np.ndindex(2, 3):
        ends = []
        for step in (STEP, -STEP):
            moved = weights.copy()
            moved[at] += step
            ends.append(graph.forward({"W_1": moved}).value)
        assert found[at] == pytest.approx((ends[0] - ends[1]) / (2 * STEP), rel=1e-5, abs=1e-8)  # type: ignore[index]


def test_it_is_drawn(graph: backhand.Graph) -> None:
    assert "ELU" in graph.draw()


@pytest.mark.usefixtures("graph")
def test_it_is_unknown_once_forgotten() -> None:
    forget("elu")
    with pytest.raises(backhand.BackhandError, match="elu"):
        backhand.model(PAGE)


def test_the_guide_runs_as_it_stands() -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), {})
    assert "elu" in TABLE
