"""Graphs as functions of JAX: values against the evaluator, gradients against JAX's own."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.training.single_nodes import NODES, Arrays, node

from backhand import model, network
from backhand.calculus.forward import trace
from backhand.compositions import COMPOSITIONS
from backhand.errors import AskError, DataError, MeaningError
from backhand.expr import add, apply, compare, padded, ref, total
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity, Role, axes
from backhand.initial import initialised
from backhand.reading.building import BLOCKS, block
from backhand.slots import Index
from backhand.training.array_program import OPERATORS
from backhand.training.batch_gradient import batch_gradient
from backhand.training.jax import evaluated, loss_and_gradient, parameters, to_jax
from backhand.training.jax_operations import functions, operations
from backhand.training.program import WEIGHT
from backhand.values import as_value, floats

jax = pytest.importorskip("jax")
jnp = jax.numpy
SMALL = network("2 -> 3 relu -> 1 sigmoid", seed=0)


def drawn(graph: Graph, points: int = 5) -> tuple[Arrays, Arrays]:
    """Parameters and data, away from kinks; a target is a number between 0 and 1."""
    rng = np.random.default_rng(1)
    learned = {q.name: rng.normal(size=q.shape) for q in graph.parameters}
    data = {q.name: rng.normal(size=(points, *q.shape)) for q in graph.with_role(Role.DATA)}
    goals = graph.with_role(Role.TARGET)
    return learned, data | {q.name: rng.uniform(size=(points, *q.shape)) for q in goals}


def agrees_with_jax(graph: Graph) -> None:
    """Assert that Backhand's gradient is JAX's own of the lowered loss."""
    learned, data = drawn(graph)
    assert graph.objective is not None
    values = to_jax(graph, graph.objective, dtype="float64")
    with jax.enable_x64(True):
        expected, slopes = jax.value_and_grad(
            lambda learned: values(learned, data)[graph.objective].mean()
        )(learned)
    loss, found = loss_and_gradient(graph, dtype="float64")(learned, data)
    assert float(loss) == pytest.approx(float(expected), rel=1e-13)
    assert found.keys() == slopes.keys()
    for name, slope in slopes.items():
        scale = max(1.0, float(np.max(np.abs(slope))))
        assert np.max(np.abs(slope)) > 0
        np.testing.assert_allclose(found[name], slope, rtol=0, atol=1e-12 * scale)


def squared(graph: Graph, output: str) -> Graph:
    """The graph with the sum of a quantity's squares as its objective."""
    squares = ref(output, *graph[output].axes) ** 2
    for index in graph[output].axes:
        squares = total(index, squares)
    objective = Quantity(name="J", axes=(), role=Role.OBJECTIVE, definition=squares)
    return Graph((*graph.quantities, objective), "J")


# ---- values ------------------------------------------------------------------------------------


def test_every_operator_has_an_entry() -> None:
    assert set(operations()) | {"input", "parameter", "constant"} == OPERATORS
    assert set(functions()) == set(TABLE)


@pytest.mark.parametrize("case", NODES)
def test_a_node_is_what_the_evaluator_says(case: str) -> None:
    graph, data, learned = node(case)
    found = to_jax(graph, "y", dtype="float64")(learned, data)["y"]
    assert found.dtype == "float64"
    for point in range(3):
        here = graph.with_values(**{name: rows[point] for name, rows in data.items()})
        mine = found[point] if found.ndim > graph["y"].rank else found
        np.testing.assert_allclose(mine, floats(trace(here)["y"]), rtol=1e-9, atol=1e-11)


def test_every_function_is_that_of_the_table() -> None:
    lines = [f"{n}_0 = {n}({'x, 0.3' if f.arity == 2 else 'x'})" for n, f in TABLE.items()]
    graph = model("x = 1; " + "; ".join(lines))
    x = np.array([1e-3, 0.25, 0.9, 5.0, 30.0])
    found = to_jax(graph, [f"{n}_0" for n in TABLE], dtype="float64")({}, {"x": x})
    for name, function in TABLE.items():
        expected = function.value(*[x, 0.3][: function.arity])
        np.testing.assert_allclose(found[f"{name}_0"], expected, rtol=1e-12, err_msg=name)


def test_a_confident_wrong_answer_has_a_finite_loss() -> None:
    graph = model("x = 1; y = 1; w = 1; p = sigmoid(w x); J = binary_cross_entropy(y, p)")
    given = {"x": np.array([-900.0, 900.0]), "y": np.array([1.0, 0.0])}
    assert to_jax(graph, "J")({"w": 1.0}, given)["J"].tolist() == [900, 900]
    loss, slopes = loss_and_gradient(graph)({"w": 1.0}, given)
    assert (float(loss), float(slopes["w"])) == (900, 900)


def test_nothing_times_the_logarithm_of_nothing() -> None:
    given = [Quantity(name=name, axes=(), role=Role.DATA) for name in ("r", "q")]
    product = ref("r") * apply("log", ref("q"))
    made = Quantity(name="y", axes=(), role=Role.INTERMEDIATE, definition=product)
    data = {"r": np.array([0.0, 0.0, 2.0]), "q": np.array([0.0, 3.0, 1.0])}
    assert to_jax(Graph((*given, made)), "y")({}, data)["y"].tolist() == [0, 0, 0]
    learned = Quantity(name="w", axes=(), role=Role.PARAMETER)
    loss = replace(made, name="J", role=Role.OBJECTIVE, definition=ref("w") * product)
    _, slopes = loss_and_gradient(Graph((*given, learned, loss), "J"))({"w": 3.0}, data)
    assert float(slopes["w"]) == 0


def test_the_users_precision_stands_as_it_did() -> None:
    given = {"x": np.ones((2, 2))}
    for kind in ("float64", "float32"):
        assert to_jax(SMALL, dtype=kind)(parameters(SMALL), given)["yhat"].dtype == kind
        assert parameters(SMALL, dtype=kind)["W_1"].dtype == kind
        assert jnp.ones(1, float).dtype == "float32"


def test_the_function_is_differentiated_mapped_and_jitted() -> None:
    f, learned = to_jax(SMALL), parameters(SMALL)
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    mapped = jax.jit(jax.vmap(lambda x: f(learned, {"x": x})["yhat"]))(x)
    np.testing.assert_allclose(mapped[1], f(learned, {"x": x[1]})["yhat"], rtol=1e-6)
    slope = jax.grad(lambda x: f(learned, {"x": x})["yhat"].sum())(x[0])
    assert slope.shape == (4, 2)


def test_fixed_data_and_data_points() -> None:
    graph = model("x = [1, 2]; m = [3, 4]; w = 2; J = sum(m ⊙ x) w")
    x = np.array([[1.0, 1.0], [2.0, 0.0]])
    expected = [14, 12]
    pointed = Graph(graph.quantities, "J", points={"x": as_value([[1, 2], [5, 6]])})
    for one, fixed in ((graph, ["m"]), (graph, "m"), (pointed, ())):
        assert to_jax(one, "J", fixed=fixed)({"w": 2.0}, {"x": x})["J"].tolist() == expected
        loss, slopes = loss_and_gradient(one, fixed=fixed)({"w": 2.0}, {"x": x})
        assert (float(loss), float(slopes["w"])) == (13, 6.5)


# ---- gradients ---------------------------------------------------------------------------------


def test_every_function_has_jaxs_gradient() -> None:
    rows, columns = axes(len(TABLE), 2)
    sums = total(columns, ref("W", rows, columns) * ref("x", columns))
    each: list[Any] = []
    for at, (name, function) in enumerate(TABLE.items(), start=1):
        inside = ref("a", at) ** 2 + 1 if name in ("log", "sqrt") else ref("a", at)
        args = [inside, ref("a", 1) + 2][: function.arity]
        each.append(apply(name, *args))
    made = [
        Quantity(name="x", axes=axes(2), role=Role.DATA),
        Quantity(name="W", axes=(rows, columns), role=Role.PARAMETER),
        Quantity(name="a", axes=(rows,), role=Role.INTERMEDIATE, definition=sums),
        *(Quantity(name=f"f{at}", axes=(), role=Role.INTERMEDIATE, definition=one)
          for at, one in enumerate(each)),
    ]  # fmt: skip
    squares = add(*(ref(f"f{at}") ** 2 for at in range(len(each))))
    objective = Quantity(name="J", axes=(), role=Role.OBJECTIVE, definition=squares)
    agrees_with_jax(Graph((*made, objective), "J"))


@pytest.mark.parametrize("loss", [n for n, c in COMPOSITIONS.items() if c.target_first])
def test_every_loss_has_jaxs_gradient(loss: str) -> None:
    agrees_with_jax(network("3 -> 4 tanh -> 3 sigmoid", loss=loss, seed=0))


@pytest.mark.parametrize("name", [n for n in BLOCKS if block(n).parameters])
def test_every_block_has_jaxs_gradient(name: str) -> None:
    agrees_with_jax(squared(block(name), "y"))


def test_a_softmax_has_jaxs_gradient() -> None:
    agrees_with_jax(network("3 -> 4 softmax -> 3 softmax", loss="cross_entropy", seed=0))


j, k = Index("j", 1, 3), Index("k", 1, 3)
W, V, x = ref("W", j, k), ref("V", j, k), ref("x", j)
SHAPES = {
    "a sum of products": total(j, total(k, W * x * ref("x", k) + V * W * ref("t"))),
    "a sum in a product": ref("t") * total(j, total(k, (W + V * x) * x)) ** 2,
    "an entry": ref("W", 1, 2) ** 2 * ref("t") + ref("V", 2, 2) * total(j, x),
    "a diagonal": total(j, ref("W", j, j) * x) ** 2 + total(j, ref("V", j, j)),
    "nothing but parameters": total(j, total(k, W**2 + V**3)),
    "the same along an axis": total(j, total(k, W + V)) * ref("t"),
    "a logarithm": total(j, total(k, (W**2 + 1) ** ref("u") * (V**2 + x**2) ** (ref("u") * W))),
    "a division": total(j, x / total(k, W**2 + V**2)),
    "a comparison": total(j, total(k, compare(W, ">", 0) * W * V)),
    "a folded 1": total(
        (q := Index("q", 0, 3)), padded("x", (q,), 1) ** 2 * ref("t") * ref("W", 1, 1)
    ) + total(j, total(k, V * x)) ** 2,
}  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_a_gradient_of_any_shape(case: str) -> None:
    own = [("x", Role.DATA, (3,)), ("t", Role.DATA, ()), ("u", Role.TARGET, ())]
    learned = [("W", Role.PARAMETER, (3, 3)), ("V", Role.PARAMETER, (3, 3))]
    given = [Quantity(name=n, axes=axes(*s), role=r) for n, r, s in own + learned]
    objective = Quantity(name="J", axes=(), role=Role.OBJECTIVE, definition=SHAPES[case])
    agrees_with_jax(Graph((*given, objective), "J"))


def test_the_weights_make_the_mean() -> None:
    learned, data = drawn(SMALL, 3)
    f = loss_and_gradient(SMALL, dtype="float64")
    _, found = f(learned, data, [3.0, 0.0, 0.0])
    _, first = f(learned, {name: rows[:1] for name, rows in data.items()})
    np.testing.assert_allclose(found["W_1"], first["W_1"], rtol=1e-12)


def sizes(jaxpr: Any) -> list[int]:
    """The numbers of entries of everything that is worked out, inner functions too."""
    found: list[int] = []
    for equation in jaxpr.eqns:
        found += [int(np.prod(out.aval.shape)) for out in equation.outvars]
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            found += sizes(inner) if hasattr(inner, "eqns") else []
    return found


@pytest.mark.parametrize("text", ["30 -> 40 tanh -> 20 softmax", "30 -> 40"])
def test_no_points_own_gradient_is_stored(text: str) -> None:
    points, graph = 50, network(text, loss="squared_error", seed=0)
    made = batch_gradient(graph, ["x", "y"], functions())
    learned, data = drawn(graph, points)
    given = {**data, WEIGHT: np.ones(points)}
    traced = jax.make_jaxpr(lambda p, g: evaluated(made, p, g, "float32"))(learned, given)
    largest = max(sizes(traced.jaxpr))
    assert 40 * 31 <= largest <= points * 41 < points * 40 * 31


def test_a_shared_parameters_gradient_is_a_sum_of_contractions() -> None:
    graph = model(
        "x ∈ R^30; y ∈ R^30; W ∈ R^{30×30}; h = tanh(W x); p = W h; J = squared_error(y, p)"
    )
    made = batch_gradient(initialised(graph, 0), ["x", "y"], functions())
    assert len(made.gradients["W"]) == 2
    steps = made.program.steps
    assert max(int(np.prod(step.sizes)) for step in steps if step.batched) == 30


def test_small_differences_are_taken_before_the_sum() -> None:
    """As a difference of two sums the gradient would be lost in the noise of the targets."""
    graph = model("x = 1; y = 1; w = 1; b = 0; J = (w x + b - y)^2")
    x = np.random.default_rng(0).uniform(1, 2, 1000).astype(np.float32)
    given = {"x": x * 1e4, "y": x * 1e4 - np.float32(0.01 * x)}
    _, found = loss_and_gradient(graph)({"w": 1.0, "b": 0.0}, given)
    exact = 2 * np.mean(given["x"].astype(float) - given["y"].astype(float))
    assert float(found["b"]) == pytest.approx(exact, rel=1e-5)


# ---- errors ------------------------------------------------------------------------------------


def test_without_jax_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(AskError, match=r'pip install "backhand\[jax\]"'):
        to_jax(SMALL)


@pytest.mark.parametrize(
    ("learned", "given", "error", "text"),
    [
        ({"W_1": None}, {}, MeaningError, "the parameter W_1 is missing; give a dict with W_1, W_2"),
        ({"W_3": 1.0}, {}, MeaningError, "no quantity 'W_3'"),
        ({"x": 1.0}, {}, MeaningError, "x is no parameter of this graph"),
        ({"W_1": [[1.0]]}, {}, MeaningError, r"W_1 has the shape \(3, 3\), the array given \(1, 1\)"),
        ({"W_1": "nine"}, {}, MeaningError, "W_1 is no array of numbers"),
        ({}, {"x": None}, MeaningError, "the input x is missing"),
        ({}, {"a_1": [1.0]}, MeaningError, "a_1 is no input"),
        ({}, {"x": [1.0, 2.0]}, DataError, r"x has the shape \(2,\); give an array \(points, 2\)"),
        ({}, {"y": [1.0]}, DataError, "different numbers of points: x 3, y 1"),
        ({}, {"x": np.ones((0, 2)), "y": []}, DataError, "no data points"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit(learned: Any, given: Any, error: Any, text: str) -> None:
    every = {**parameters(SMALL), **learned}, {"x": np.ones((3, 2)), "y": np.ones(3), **given}
    left = [{name: value for name, value in each.items() if value is not None} for each in every]
    with pytest.raises(error, match=text):
        loss_and_gradient(SMALL)(*left)


def test_other_mistakes_are_named() -> None:
    given = {"x": np.ones((3, 2)), "y": np.ones(3)}
    with pytest.raises(DataError, match=r"weights have the shape \(2,\); give one a point: \(3,\)"):
        loss_and_gradient(SMALL)(parameters(SMALL), given, [1.0, 1.0])
    with pytest.raises(AskError, match="no dtype 'half'"):
        to_jax(SMALL, dtype="half")
    with pytest.raises(AskError, match="W_1 is no data"):
        to_jax(SMALL, fixed=["W_1"])
    with pytest.raises(AskError, match="x has no value"):
        to_jax(network("2 -> 1"), fixed=["x"])
    with pytest.raises(MeaningError, match="x is the same for every point"):
        to_jax(SMALL, fixed=["x"])(parameters(SMALL), {"x": [1.0, 2.0]})
    with pytest.raises(MeaningError, match="no quantity 'z_9'"):
        to_jax(SMALL, "z_9")
    with pytest.raises(AskError, match="no objective"):
        loss_and_gradient(block("attention"))


# ---- the guide ---------------------------------------------------------------------------------


def test_the_guide_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py"])
    guide = (Path(__file__).parents[3] / "docs" / "jax.md").read_text("utf-8")
    names: dict[str, Any] = {}
    for code in re.findall(r"```py\n(.*?)```", guide, re.S):
        exec(code, names)
    assert names["gradient"]["W_1"].shape == (8, 3)
