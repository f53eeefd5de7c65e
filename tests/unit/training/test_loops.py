"""Emitted loops against parameters − η · Backhand's own gradient, in every code form."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import networks
from tests.unit.training.emitted import (
    agree,
    agree_in_every_form,
    by_hand,
    interpreted,
    loop,
    points,
    taken,
)

from backhand import block, model, network, read
from backhand.compositions import COMPOSITIONS
from backhand.errors import AskError
from backhand.expr import ref, total
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity, Role
from backhand.reading.building import BLOCKS
from backhand.training.frame import Plan
from backhand.training.loops import loop_source
from backhand.training.optimizers import optimizer
from backhand.training.program import derived
from backhand.values import floats

EXAMPLES = Path(__file__).parents[3] / "examples"
KINDS = {
    "cross_entropy": "one-hot",
    "cross_entropy_from_logits": "one-hot",
    "binary_cross_entropy": "bits",
    "binary_cross_entropy_from_logits": "bits",
    "hinge": "signs",
}
ENDS = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}
LOSSES = [name for name, each in COMPOSITIONS.items() if each.target_first]


def valued(graph: Graph, seed: int = 0, size: float = 0.5) -> Graph:
    """The graph with random parameters."""
    rng = np.random.default_rng(seed)
    return graph.with_values(**{q.name: size * rng.normal(size=q.shape) for q in graph.parameters})


def squared(graph: Graph) -> Graph:
    """The graph with the sum of the squares of y as objective."""
    squares = ref("y", *graph["y"].axes) ** 2
    for index in graph["y"].axes:
        squares = total(index, squares)
    objective = Quantity(name="J", axes=(), role=Role.OBJECTIVE, definition=squares)
    return Graph((*graph.quantities, objective), "J")


# ---- networks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, f in TABLE.items() if f.arity == 1] + ["softmax"])
def test_an_activation(name: str) -> None:
    if name not in ("log", "sqrt", "tan"):
        graph = network(f"2 -> 3 {name} -> 2 {name}", seed=3)
        agree_in_every_form(graph, points(graph, 7))
        return
    # Weights above 0 and small steps stay inside the domain, and off the poles of the tangent.
    graph = network(f"2 -> 3 sigmoid -> 2 {name}", seed=3)
    graph = graph.with_values(W_2=[[0.2, 0.3, 0.1, 0.2], [0.3, 0.1, 0.2, 0.1]])
    agree_in_every_form(graph, points(graph, 7), rate=0.005)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("body", ["4 tanh -> 3", "3 softmax -> 2", "1 relu -> 2"])
def test_a_loss(loss: str, body: str) -> None:
    graph = network(f"3 -> {body} {ENDS.get(loss, '')}", loss=loss, seed=1)
    agree_in_every_form(graph, points(graph, 7, KINDS.get(loss, "")))


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("2 -> 3 relu -> 3 tanh -> 2 sin -> 3 gelu -> 2 silu -> 2 softmax", "cross_entropy"),
        ("3 -> 4 softmax -> 3 softmax -> 2 softmax", "squared_error"),
        ("3 -> 4 softmax -> 3 sigmoid", "cross_entropy"),
        ("3 -> 2 softmax -> 3 softmax", "binary_cross_entropy"),
        ("1 -> 1 tanh -> 1 sigmoid", "binary_cross_entropy"),
        ("4 -> 1", "absolute_error"),
        ("1 -> 1", "squared_error"),
    ],
)
@pytest.mark.no_cover
def test_a_shape(text: str, loss: str) -> None:
    graph = network(text, loss=loss, seed=1)
    agree_in_every_form(graph, points(graph, 7, KINDS.get(loss, "")), l2=0.1)


def learns(graph: Graph) -> bool:
    """Whether the loss depends on a parameter; behind a softmax of one entry none does."""
    try:
        return bool(derived(graph, ["x", "y"]).parameters)
    except AskError:
        return False


@given(graph=networks(3, 4).filter(learns), seed=st.integers(0, 99))
@settings(max_examples=8, deadline=None)
def test_any_network(graph: Graph, seed: int) -> None:
    rng = np.random.default_rng(seed)
    given_once = {q.name: q.value for q in graph.with_role(Role.DATA, Role.TARGET)}
    arrays = {n: np.stack([floats(v)] * 4) for n, v in given_once.items() if v is not None}
    arrays = {name: a + 1e-3 * rng.random(a.shape) for name, a in arrays.items()}
    expected, loss = by_hand(graph, arrays, rate=1e-4)
    for form in ("written out", "loops", "long loops"):
        with interpreted(form):
            made = loop(graph, arrays)
            assert taken(made, rate=1e-4) == pytest.approx(loss, rel=1e-9)
            agree(made, expected, 1e-9)


# ---- equations as they stand on the page -------------------------------------------------------

TEXTS = {
    "numbers": "w = 0.5; x = 1; y = 2; J = (w x - y)^2",
    "one equation for two": "w = 0.5; b = 1; x = 1; y = 2; J = (sigmoid(w x + b) - y)^2",
    "a matrix used twice": """x = [1; 2]; y = [1; 0]; W = [0.1, 0.2; 0.3, 0.4]
        a = W x; z = relu(a); b = W z; J = norm(b - y)^2""",
    "a matrix squared": """x = [1; 2]; y = [1; 0]; W = [0.1, 0.2; 0.3, 0.4]
        J = norm(W W x - y)^2""",
    "two in one equation": """x = [1; 2]; y = [1; 0]; W = [0.1, 0.2; 0.3, 0.4]
        V = [0.1, 0.2; 0.3, 0.4]; J = norm(W tanh(V x) - y)^2""",
    "transposed": """x = [1; 2]; y = 1; W = [0.1, 0.2; 0.3, 0.4]; w = [1; 0.5]
        a = W x; z = tanh(a); yhat = w^T W^T z; J = (y - yhat)^2""",
    "a penalty of its own": """x = [1; 2]; y = 1; w = [0.1; 0.2]
        J = log(1 + exp(-y w^T x)) + 0.1 w^T w""",
    "a penalty as a factor": """x = [1; 2]; y = 1; w = [0.1; 0.2]; J = (w^T x - y)^2 (w^T w)""",
    "two vectors": """x = [1; 2]; y = 1; w = [0.1; 0.2]; u = [0.3; 0.4]
        J = (w^T x + u^T x + (u^T w)^2 - y)^2""",
    "two inputs": """x = [1; 2]; u = [1; 2; 3]; y = 1; W_1 = [1, 2; 3, 4] / 9; w = [1; 0.5]
        W_2 = [1, 0.2, 0.3; 3, 4, 0.5] / 9; a = W_1 x + W_2 u; z = tanh(a); J = (y - w^T z)^2""",
    "a weight shared by layers": """x = 2; y = 1; w = 0.5; a = w x; z = sigmoid(a)
        b = w z + w; yhat = sigmoid(b); J = -y log(yhat) - (1 - y) log(1 - yhat)""",
    "a given matrix": """x = [1; 2]; y = 1; w = [0.1; 0.2]; A = [1, 2; 3, 4]; c = 0.7
        J = c (y - w^T A x)^2""",
    "a given power": "x = [1; 2]; y = 1; w = [0.1; 0.2]; p = 1.5; J = (1 + (w^T x - y)^2)^p",
    "a quantile": "x = [1; 2]; y = 1; w = [0.1; 0.2]; J = max(w^T x - y, 0.7 (y - w^T x))",
    "a softmax by hand": """x = [1; 2]; y = 1; w = [0.1; 0.2]
        yhat = exp(w^T x) / (1 + exp(w^T x)); J = (y - yhat)^2""",
}


@pytest.mark.parametrize("name", TEXTS)
def test_equations_as_written(name: str) -> None:
    graph = model(TEXTS[name])
    arrays = {n: a for n, a in points(graph, 7).items() if n in ("x", "u", "y")}
    agree_in_every_form(graph, arrays, l2=0.05)


@pytest.mark.parametrize("name", TEXTS)
def test_optimisers_meet_no_value_that_has_changed(name: str) -> None:
    """A batch of one point twice takes gradients before updates, whatever the equations are."""
    graph = model(TEXTS[name])
    once = {n: a for n, a in points(graph, 3).items() if n in ("x", "u", "y")}
    twice = {n: np.repeat(a, 2, axis=0) for n, a in once.items()}
    for entry, form in (("sgd", "loops"), ("nesterov", "written out"), ("momentum", "long loops")):
        with interpreted(form):
            single = loop(graph, once, optimizer=entry, l1=0.01, l2=0.1)
            double = loop(graph, twice, optimizer=entry, l1=0.01, l2=0.1, batch_size=2)
            assert taken(double) == pytest.approx(2 * taken(single), rel=1e-10)
            agree(single, double.parameters, 1e-10)


@pytest.mark.parametrize("page", ["linear-regression", "softmax-classifier", "two-neurons"])
def test_an_example(page: str) -> None:
    graph = read(EXAMPLES / f"{page}.md").questions[-1].graph
    if any(q.value is None for q in graph.parameters):
        graph = valued(graph)
    agree_in_every_form(graph, points(graph, 7, "bits"))


# ---- building blocks ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.no_cover
def test_a_building_block(name: str) -> None:
    graph = valued(squared(block(name)))
    if graph.parameters:
        agree_in_every_form(graph, points(graph, 4))
    else:
        with pytest.raises(AskError, match="no parameter"):
            loop(graph, points(graph, 1))


@pytest.mark.parametrize(
    "sizes",
    [{"stride": 2, "padding": 1}, {"padding": 2}, {"stride": 3, "kernel": 2}, {"kernel": 1}],
    ids=str,
)
@pytest.mark.parametrize("name", ["convolution_1d", "convolution_2d"])
def test_a_convolution_of_any_size(name: str, sizes: dict[str, int]) -> None:
    graph = valued(squared(block(name, **sizes)))
    agree_in_every_form(graph, points(graph, 4))


@pytest.mark.parametrize("name", ["max_pool", "average_pool", "dropout"])
def test_a_block_without_weights_passes_its_gradient_on(name: str) -> None:
    """The block behind a learned scale of its input."""
    plain = block(name)
    scaled = Quantity(name="g", axes=plain["x"].axes, role=Role.PARAMETER)
    values = plain["x"].axes
    inner = Quantity(
        name="u",
        axes=values,
        role=Role.INTERMEDIATE,
        definition=ref("g", *values) * ref("x", *values),
    )
    moved = [
        Quantity(name=q.name, axes=q.axes, role=q.role, definition=_reading_u(q))
        for q in plain
        if q.definition is not None
    ]
    given_ones = [q for q in plain if q.definition is None]
    graph = valued(squared(Graph((*given_ones, scaled, inner, *moved))))
    agree_in_every_form(graph, points(graph, 4))


def _reading_u(quantity: Quantity):  # type: ignore[no-untyped-def]
    from backhand.expr import Ref, rewrite

    def leaf(node):  # type: ignore[no-untyped-def]
        return ref("u", *node.slots) if isinstance(node, Ref) and node.name == "x" else None

    return rewrite(quantity.definition, leaf)


# ---- precision, text, growth -------------------------------------------------------------------


@pytest.mark.parametrize("text", ["5 -> 4 gelu -> 3 softmax", "2 -> 2 tanh -> 2 softmax"])
@pytest.mark.parametrize("batch", [1, 3])
def test_float32_is_float64_to_five_digits(text: str, batch: int) -> None:
    graph = network(text, loss="cross_entropy", seed=1)
    arrays = points(graph, 7, "one-hot")
    expected, loss = by_hand(graph, arrays, batch)
    with interpreted():
        made = loop(graph, arrays, batch_size=batch, dtype="float32")
        assert taken(made) == pytest.approx(loss, rel=1e-5)
        assert {a.dtype for a in made.parameters.values()} == {np.dtype("float32")}
        agree(made, expected, 1e-5)


def test_the_text_of_a_loop_does_not_grow_with_the_network() -> None:
    def lines(width: int, batch: int) -> int:
        graph = network(f"{width} -> {width} relu -> {width} softmax", loss="cross_entropy")
        plan = Plan(batch_size=batch)
        return loop_source(graph, optimizer("adam"), ["x", "y"], plan).text.count("\n")

    # A line that names a length may come or go.
    assert abs(lines(50, 1) - lines(1500, 1)) <= 3
    assert abs(lines(50, 64) - lines(1500, 64)) <= 3


def test_nothing_of_the_size_batch_times_parameters_is_made() -> None:
    graph = network("300 -> 200 relu -> 10 softmax", loss="cross_entropy")
    for batch in (1, 64, 5000):
        source = loop_source(graph, optimizer("adam"), ["x", "y"], Plan(batch_size=batch))
        sizes = [
            np.prod([int(n) for n in re.findall(r"\d+", shape)])
            for shape in re.findall(r"np\.empty\((.*), real\)", source.text)
        ]
        assert max(sizes, default=0) <= max(201 * 301, 301 * min(batch, 1024))


def test_a_graph_without_objective_or_parameter_is_an_error() -> None:
    plain = block("layer_norm")
    constant = network("4 -> 1 softmax", loss="cross_entropy")
    for graph, said in ((plain, "no objective"), (constant, "no parameter")):
        with pytest.raises(AskError, match=said):
            loop_source(graph, optimizer("sgd"), ["x", "y"], Plan())
