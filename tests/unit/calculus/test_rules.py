"""Derivations: every step is true in itself, and the last one is the derivative."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad
from autograd import numpy as anp
from hypothesis import given, settings
from hypothesis import strategies as st

import backhand
from backhand.calculus.evaluate import evaluate
from backhand.calculus.identity import identity
from backhand.calculus.rules import MAX_STEPS, derivation
from backhand.differentiation import local
from backhand.expr import Expr, apply, ref
from backhand.graph import Graph, Quantity, Role
from backhand.reading.claims import claim
from backhand.syntax import Equal
from backhand.working import Step
from backhand.writing import text

X = ref("x")
GRAPH = Graph((Quantity(name="x", axes=(), role=Role.DATA),))
OUTER = {
    "sin": anp.sin,
    "cos": anp.cos,
    "exp": anp.exp,
    "tanh": anp.tanh,
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "softplus": lambda z: anp.log(1 + anp.exp(z)),
}


def expressions() -> st.SearchStrategy[Expr]:
    """Random smooth formulas of x, defined everywhere."""
    return st.recursive(
        st.sampled_from([X, X + 1, 2 * X, X**2]),
        lambda inner: st.one_of(
            st.builds(lambda a, b: a + b, inner, inner),
            st.builds(lambda a, b: a * b, inner, inner),
            st.builds(apply, st.sampled_from(list(OUTER)), inner),
            st.builds(lambda a, b: a / (1 + b**2), inner, inner),
            st.builds(lambda a: (1 + a**2) ** 3, inner),
            st.builds(lambda a: 1 / (2 + apply("sin", a)), inner),
        ),
        max_leaves=3,
    )


def last(steps: tuple[Step, ...]) -> str:
    found = steps[-1].formula
    assert isinstance(found, Equal)
    return text.formula_text(found)


@settings(max_examples=15, deadline=None)
@given(expressions())
@pytest.mark.no_cover
def test_every_step_is_true_in_itself(expr: Expr) -> None:
    steps = derivation(expr, "x", GRAPH)
    assert steps
    for step in steps:
        assert step.rule
        assert step.formula is not None
        verdict = identity(claim(text.formula_text(step.formula)))
        assert verdict.verdict != "false", step.formula
        # What isn't proved is too long to be multiplied out; the sides agree at every point tried.
        assert verdict.verdict == "proved" or "agree at" in verdict.reason


@settings(max_examples=80, deadline=None)
@given(expressions())
def test_a_derivation_ends_in_the_derivative(expr: Expr) -> None:
    said = claim(last(derivation(expr, "x", GRAPH)))
    slope = local(expr, "x", ())
    for at in (0.37, -1.21):
        given_x = {"x": np.array(at)}
        expected, *found = (
            float(evaluate(each, (), GRAPH, given_x)) for each in (slope, said.left, said.right)
        )
        assert found == pytest.approx([expected] * 2, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", OUTER)
def test_the_end_of_a_derivation_against_autograd(outer: str, inner: str) -> None:
    expr = X**2 * apply(outer, apply(inner, X) / (1 + X**2))
    side = claim(last(derivation(expr, "x", GRAPH))).right
    slope = grad(lambda x: x**2 * OUTER[outer](OUTER[inner](x) / (1 + x**2)))
    found = evaluate(side, (), GRAPH, {"x": np.array(0.37)})
    assert float(found) == pytest.approx(slope(0.37), rel=1e-9)


@pytest.mark.parametrize(
    ("source", "rules"),
    [
        ("x^5", ["power rule"]),
        ("3 x^2", ["constant factor", "power rule"]),
        ("x^2 sin(x)", ["product rule", "power rule", "derivative of sin"]),
        ("sin(x)/x", ["quotient rule", "derivative of sin"]),
        ("1/(1 + x^2)", ["reciprocal rule", "sum rule", "power rule"]),
        ("e^(x^2)", ["chain rule, derivative of exp", "power rule"]),
        ("x^x", ["a^b = e^(b log a)", "product rule", "derivative of log"]),
        ("sin(x) + cos(x)", ["sum rule", "derivative of sin", "derivative of cos"]),
    ],
)
def test_the_rules_are_those_of_a_textbook(source: str, rules: list[str]) -> None:
    graph = backhand.model(f"x in R; y = {source}")
    definition = graph["y"].definition
    assert definition is not None
    found = [step.rule for step in derivation(definition, "x", graph)]
    assert [rule for rule in found if rule not in ("put the parts in", "read it off")] == rules


def test_a_long_formula_is_not_derived_without_end() -> None:
    expr = X
    for _ in range(300):
        expr = apply("sin", expr) + 1
    steps = derivation(expr, "x", GRAPH)
    assert len(steps) <= MAX_STEPS + 1
