"""Each composition against plain NumPy, its gradient against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.unit.calculus.graphs import given, made

from backhand.calculus.chain import backward
from backhand.calculus.forward import trace
from backhand.compositions import COMPOSED_AS, COMPOSITIONS, Composition, compose
from backhand.errors import BackhandError
from backhand.expr import Expr, Index, ref, substitute, total
from backhand.graph import Graph, Role, floats

STEP = 1e-6
TARGET, PROBABLE = [0.0, 1.0, 0.0], [0.2, 0.7, 0.1]
ENTRIES, OTHER = Index("j", 1, 3), Index("n", 1, 3)


def _sigmoid(s: Any) -> Any:
    return 1 / (1 + np.exp(-s))


def _binary(y: Any, p: Any) -> Any:
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))


PEERS: dict[str, Callable[..., Any]] = {
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(),
    "logsumexp": lambda x: np.log(np.exp(x).sum()),
    "squared_error": lambda y, p: ((y - p) ** 2).sum(),
    "absolute_error": lambda y, p: np.abs(y - p).sum(),
    "binary_cross_entropy": _binary,
    "binary_cross_entropy_from_logits": lambda y, s: _binary(y, _sigmoid(s)),
    "cross_entropy": lambda y, p: -np.sum(y * np.log(p)),
    "cross_entropy_from_logits": lambda y, s: -np.sum(y * np.log(np.exp(s) / np.exp(s).sum())),
    "hinge": lambda y, s: np.maximum(0, 1 - y * s).sum(),
}


def over(body: Expr) -> Expr:
    return total(OTHER, substitute(body, {ENTRIES: OTHER}))


def graph(name: str) -> Graph:
    """f = the composition of p alone, or of y and p; J = f₁ + 2 f₂ + 3 f₃ where f is a vector."""
    entry = COMPOSITIONS[name]
    letters = ("y", "p")[-entry.arity :]
    values = {"y": TARGET, "p": PROBABLE}
    body = entry.expand(over, *(ref(letter, ENTRIES) for letter in letters))
    shape = (3,) if entry.gives == "entries" else ()
    weights = [k * ref("f", k) for k in (1, 2, 3)] if shape else [ref("f")]
    quantities = [given(letter, Role.DATA, values[letter]) for letter in letters]
    scalar = made("J", sum(weights[1:], weights[0]), role=Role.OBJECTIVE)
    return Graph((*quantities, made("f", body, *shape), scalar), "J")


def test_every_composition_has_a_peer() -> None:
    assert set(PEERS) == set(COMPOSITIONS)


@pytest.mark.parametrize("name", sorted(PEERS))
def test_the_value_is_numpys(name: str) -> None:
    args = [np.array(TARGET), np.array(PROBABLE)][-COMPOSITIONS[name].arity :]
    found = floats(trace(graph(name))["f"])
    assert found.tolist() == pytest.approx(PEERS[name](*args).tolist(), rel=1e-12)


@pytest.mark.parametrize("name", sorted(PEERS))
def test_the_gradient_is_the_limit_of_differences(name: str) -> None:
    whole = backward(graph(name), "J")
    found = floats(trace(whole)["∂J/∂p"])

    def objective(k: int, step: float) -> float:
        moved = np.array(PROBABLE)
        moved[k] += step
        return float(trace(graph(name).with_values(p=moved))["J"])

    differences = [(objective(k, STEP) - objective(k, -STEP)) / (2 * STEP) for k in range(3)]
    assert found.tolist() == pytest.approx(differences, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", ["softmax", "logsumexp", "cross_entropy_from_logits"])
def test_large_arguments_do_not_overflow(name: str) -> None:
    shifted = floats(trace(graph(name).with_values(p=[1000.0, 1001.0, 999.0]))["f"])
    near = floats(trace(graph(name).with_values(p=[0.0, 1.0, -1.0]))["f"])
    assert shifted - near == pytest.approx(1000 if name == "logsumexp" else 0, abs=1e-9)


def test_names_are_taken_once_over_both_tables() -> None:
    before = dict(COMPOSITIONS), dict(COMPOSED_AS)
    for taken in ("sigmoid", "softmax", "CE"):
        with pytest.raises(BackhandError, match=f"{taken} already means"):
            compose(
                Composition(
                    name="new",
                    aliases=(taken,),
                    arity=1,
                    gives="scalar",
                    latex="",
                    text="",
                    target_first=False,
                    from_logits=False,
                    expand=lambda total, x: total(x),
                )
            )
    assert (dict(COMPOSITIONS), dict(COMPOSED_AS)) == before
