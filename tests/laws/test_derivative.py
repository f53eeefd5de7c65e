"""Each derivative in the table against differences, alone and inside a chain, and against autograd."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from autograd.scipy import special
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.laws.values import arguments, scalars, value

from backhand.calculus.chain import local
from backhand.expr import Expr, apply, ref
from backhand.functions import TABLE

STEP = 1e-5
NAMES = ("x", "t")
PEERS = {
    name: getattr(anp, name) for name in ("tanh", "exp", "log", "sqrt", "sin", "cos", "tan", "abs")
}
PEERS |= {"max": anp.maximum, "min": anp.minimum, "erf": special.erf, "sigmoid": special.expit}


def difference(expr: Expr, at: dict[str, float], by: str, step: float = STEP) -> float:
    above, below = ({**at, by: at[by] + sign * step} for sign in (1, -1))
    return (value(expr, scalars(**above)) - value(expr, scalars(**below))) / (2 * step)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_derivative_is_the_limit_of_differences(name: str) -> None:
    names = NAMES[: TABLE[name].arity]
    expr = apply(name, *map(ref, names))
    for args in arguments(name):
        at = dict(zip(names, args, strict=True))
        for by in names:
            found = value(local(expr, by, ()), scalars(**at))
            assert found == pytest.approx(difference(expr, at, by), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", sorted(PEERS))
def test_the_derivative_is_autograds(name: str) -> None:
    names = NAMES[: TABLE[name].arity]
    expr = apply(name, *map(ref, names))
    for args in arguments(name):
        for place, by in enumerate(names):
            found = value(local(expr, by, ()), scalars(**dict(zip(names, args, strict=True))))
            assert found == pytest.approx(grad(PEERS[name], place)(*args), rel=1e-9, abs=1e-12)


def composed(names: list[str], x: Expr) -> Expr:
    """The functions one around the other, each on an argument inside its domain."""
    for name in names:
        entry = TABLE[name]
        if np.isfinite(entry.domain.low):
            x = entry.domain.low + 1 + x**2
        x = apply(name, x) if entry.arity == 1 else apply(name, x, ref("t"))
    return x


@given(
    st.lists(st.sampled_from(sorted(TABLE)), min_size=2, max_size=3),
    st.floats(-1.5, 1.5),
    st.floats(0.2, 0.9),
)
def test_the_chain_rule_holds_in_compositions(names: list[str], x: float, t: float) -> None:
    expr, at = composed(names, ref("x")), {"x": x, "t": t}
    with np.errstate(all="ignore"):
        centre = difference(expr, at, "x")
        here, above, below = (
            value(expr, scalars(**{**at, "x": x + step})) for step in (0, STEP, -STEP)
        )
    slack = 2e-4 * (1 + abs(centre))
    # Within a step of a kink or a pole the sides disagree, and say nothing about the derivative.
    assume(abs(above - 2 * here + below) / STEP <= slack)
    assert abs(value(local(expr, "x", ()), scalars(**at)) - centre) <= slack
