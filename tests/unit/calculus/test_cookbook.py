"""The Matrix Cookbook's identities by value, in both layouts; Hessians against theirs and autograd."""

from __future__ import annotations

import numpy as np
import pytest
from tests.cookbook import HESSIANS, IDENTITIES

import backhand
from backhand.calculus.evaluate import evaluate
from backhand.calculus.forward import trace
from backhand.graph import Graph
from backhand.reading.meaning import expression
from backhand.values import floats

SIZE = 3


def page(seed: int) -> str:
    """Random matrices and vectors, well away from singular ones."""
    rng = np.random.default_rng(seed)

    def rows(array: np.ndarray) -> str:
        return "[" + ", ".join(f"[{', '.join(f'{x:.4f}' for x in row)}]" for row in array) + "]"

    lines = [f"I = {rows(np.eye(SIZE))}", f"E = {rows(rng.normal(size=(2, 2)))}"]
    lines += [
        f"{name} = {rows(rng.normal(size=(SIZE, SIZE)) + 2 * np.eye(SIZE))}" for name in "ABCDX"
    ]
    lines.append(f"Y = {rows(rng.normal(size=(SIZE, 2)))}")
    for name in "SR":
        square = rng.normal(size=(SIZE, SIZE))
        lines.append(f"{name} = {rows(np.round(square @ square.T + np.eye(SIZE), 4))}")
    vectors = {n: ", ".join(f"{x:.4f}" for x in rng.normal(size=SIZE)) for n in "abcx"}
    lines += [f"{name} = [{value}]" for name, value in vectors.items()]
    return "\n".join(lines)


def value(text: str, graph: Graph) -> np.ndarray:
    """What a formula is worth over a graph, through a quantity of its own."""
    whole = backhand.model(f"claimed = {text}", base=graph)
    quantity = whole["claimed"]
    values = trace(whole)
    return floats(values["claimed"]).reshape(quantity.shape)


@pytest.mark.parametrize(
    ("number", "text", "by", "claimed"), IDENTITIES, ids=[i[0] for i in IDENTITIES]
)
def test_the_cookbook_in_both_layouts(number: str, text: str, by: str, claimed: str) -> None:
    graph = backhand.model(f"{page(len(text))}\nf = {text}")
    expected = value(claimed, graph)
    found = graph.derivative("f", by, layout="denominator").value
    assert np.asarray(found) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    turned = np.asarray(graph.derivative("f", by, layout="numerator").value)
    assert turned.reshape(expected.T.shape) == pytest.approx(expected.T, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("name", "text", "claimed"), HESSIANS, ids=[h[0] for h in HESSIANS])
def test_hessians_of_the_cookbook(name: str, text: str, claimed: str) -> None:
    graph = backhand.model(f"{page(len(text))}\nf = {text}")
    found = np.asarray(graph.hessian("x", of="f").value)
    assert found == pytest.approx(value(claimed, graph), rel=1e-8, abs=1e-9)
    assert found == pytest.approx(found.T, rel=1e-12)


def test_there_are_at_least_forty() -> None:
    assert len({number for number, *_ in IDENTITIES}) >= 40


def test_the_evaluator_is_the_one_that_the_page_uses() -> None:
    graph = backhand.model(page(1))
    tensor = expression("A b", graph)
    direct = floats(evaluate(tensor.expr, tensor.axes, graph, trace(graph)))
    assert direct == pytest.approx(value("A b", graph))
