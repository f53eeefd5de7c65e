"""Lowered programs, run by a tiny NumPy interpreter, against the evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from tests.strategies import networks
from tests.unit.training.numpy_program import OPERATORS as MEANT
from tests.unit.training.numpy_program import run
from tests.unit.training.single_nodes import (
    NODES,
    SQUARE,
    Arrays,
    D,
    P,
    base,
    drawn,
    j,
    k,
    node,
    one,
    x,
)

from backhand.calculus.chain import backward
from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients
from backhand.compositions import COMPOSITIONS
from backhand.errors import AskError, LimitError, MeaningError
from backhand.expr import add, apply, image, ref, total
from backhand.functions import TABLE, define, forget
from backhand.graph import Graph, Quantity, Role, axes
from backhand.notation import partial_name
from backhand.reading.building import BLOCKS, block
from backhand.reading.meaning import model
from backhand.slots import Index
from backhand.training.array_program import OPERATORS
from backhand.training.lowering import lowered, outputs_of
from backhand.values import as_value, floats

FORMULAS = frozenset({"exp", "log", "sqrt", "sin", "cos", "erf", "tanh", "sigmoid", "max", "min"})
"""What a framework has at least."""


def at_point(graph: Graph, data: Mapping[str, Any], point: int) -> Graph:
    return graph.with_values(**{name: rows[point] for name, rows in data.items()})


def agree(graph: Graph, output: str, data: Arrays, learned: Arrays) -> None:
    """Assert that the program gives what the evaluator does, point by point."""
    program = lowered(graph, [output], (), FORMULAS)
    assert {step.operator for step in program.steps} <= OPERATORS
    found = run(program, data, learned)[output]
    batched = program.steps[program.outputs[output]].batched
    for point in range(len(next(iter(data.values()), [0]))):
        expected = floats(trace(at_point(graph, data, point))[output])
        mine = found[point] if batched else found
        np.testing.assert_allclose(mine, expected, rtol=1e-9, atol=1e-11)


def agree_backwards(graph: Graph, of: str, data: Arrays, learned: Arrays) -> None:
    """The same for every derivative of the backward pass, in one program."""
    whole = backward(graph, of)
    wanted = [n for q in whole.parameters if (n := partial_name(of, q.name)) in whole]
    program = lowered(whole, wanted, (), FORMULAS)
    found = run(program, data, learned)
    for point in range(2):
        here = at_point(graph, data, point)
        _, known = gradients(here, of, list(learned), trace(here))
        for name in wanted:
            step = program.steps[program.outputs[name]]
            mine = found[name][point] if step.batched else found[name]
            np.testing.assert_allclose(mine, floats(known[name]), rtol=1e-7, atol=1e-9)


def test_the_interpreter_means_every_operator() -> None:
    assert set(MEANT) | {"input", "parameter", "constant"} == OPERATORS


# ---- networks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BLOCKS)
def test_a_building_block_and_its_derivatives(name: str) -> None:
    graph = block(name)
    squares = ref("y", *graph["y"].axes) ** 2
    for index in graph["y"].axes:
        squares = total(index, squares)
    objective = Quantity(name="J", axes=(), role=Role.OBJECTIVE, definition=squares)
    graph, data, learned = drawn(Graph((*graph.quantities, objective), "J"))
    agree(graph, "y", data, learned)
    if learned:
        agree_backwards(graph, "J", data, learned)


@pytest.mark.parametrize(
    "sizes",
    [{"stride": 2, "padding": 1}, {"padding": 2}, {"stride": 3, "kernel": 2}, {"kernel": 1}],
    ids=str,
)
@pytest.mark.parametrize("name", ["convolution_1d", "convolution_2d"])
def test_convolutions_of_all_sizes(name: str, sizes: dict[str, int]) -> None:
    graph, data, learned = drawn(block(name, **sizes))
    agree(graph, "y", data, learned)


@settings(max_examples=20, deadline=None)
@given(networks(4, 6))
def test_a_random_network_and_its_gradients(graph: Graph) -> None:
    free = [q for q in graph if q.definition is None and q.role is not P]
    data = {q.name: np.repeat(floats(q.value)[None], 2, axis=0) for q in free}
    learned = {q.name: floats(q.value) for q in graph.parameters}
    agree(graph, "J", data, learned)
    agree_backwards(graph, "J", data, learned)


@pytest.mark.parametrize("loss", [n for n, e in COMPOSITIONS.items() if e.arity == 2])
def test_every_loss_at_the_edges_of_its_target(loss: str) -> None:
    graph = model(
        f"x = [1, 2]; y = [1, 0]; W = [[1, 2], [0, 1]]; p = sigmoid(W x); J = {loss}(y, p)"
    )
    x = np.array([[0.5, -1.0], [2.0, 0.1], [-900.0, 900.0], [900.0, -900.0]])
    y = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    agree(graph, "J", {"x": x, "y": y}, {"W": floats(graph["W"].value)})


@pytest.mark.parametrize("name", TABLE)
def test_every_function_that_the_framework_has_and_lacks(name: str) -> None:
    args = ["x", "0.3"] if TABLE[name].arity == 2 else ["x"]
    graph = model(f"x = 1; y = {name}({', '.join(args)})")
    data = {"x": np.array([0.25, 0.9, 0.0 if name == "relu" else 0.5])}
    agree(graph, "y", data, {})
    program = lowered(graph, ["y"], (), TABLE)
    found = run(program, data, {})["y"]
    np.testing.assert_allclose(found, TABLE[name].value(*[data["x"], 0.3][: len(args)]), rtol=1e-12)


# ---- single nodes ------------------------------------------------------------------------------


@pytest.mark.parametrize("case", NODES)
def test_a_node(case: str) -> None:
    graph, data, learned = node(case)
    agree(graph, "y", data, learned)


def test_every_operator_occurs() -> None:
    graphs = [node(case)[0] for case in NODES]
    graphs += [drawn(block(name))[0] for name in ("convolution_1d", "residual", "layer_norm")]
    programs = [lowered(graph, ["y"], (), FORMULAS) for graph in graphs]
    programs.append(lowered(graphs[0], ["y"], ["M", "x"], ()))
    assert {step.operator for program in programs for step in program.steps} == OPERATORS


def test_matrix_functions_backwards() -> None:
    graph = one(base(*SQUARE), total(j, total(k, image("inv", ("W",), (j, k)) * x * ref("x", k))))
    agree_backwards(*_with(graph, "y"))
    agree_backwards(*_with(one(base(*SQUARE), image("det", ("W",)) * ref("t")), "y"))


def _with(graph: Graph, of: str) -> tuple[Graph, str, Arrays, Arrays]:
    graph, data, _ = drawn(graph)
    return graph, of, data, {"W": floats(graph["W"].value)}


def test_large_arguments_overflow_nowhere() -> None:
    graph = model("x = [1, 2, 3]; p = softmax(x); L = logsumexp(x); y = p_1 + L")
    agree(graph, "y", {"x": np.array([[1e3, -1e3, 0.0], [-1e3, -2e3, -1e4]])}, {})


def test_one_number_added_to_all_rows_is_no_bias() -> None:
    graph = model("x = [1, 2]; W = [[1, 2], [3, 4]]; y = 1; b = 2; a = W x + b; J = SE(y, sum(a))")
    graph, data, learned = drawn(graph)
    agree(graph, "a", data, learned)
    layers = [s.options[0] for s in lowered(graph, ["a"], (), ()).steps if s.operator == "layer"]
    assert [layer.bias for layer in layers] == [None]


# ---- what a program says -----------------------------------------------------------------------


def test_dense_layers_are_layers_and_names_are_kept() -> None:
    graph = model("x = [1, 2]; W = [[3, 1, 2]]; b = W x; yhat = σ(b); y = 1; J = SE(y, yhat)")
    program = lowered(graph, outputs_of(graph, ()), (), {"sigmoid"})
    assert program.inputs == ("x",)
    assert program.parameters == ("W",)
    (layer,) = [step for step in program.steps if step.operator == "layer"]
    assert layer.options[0].folded
    assert [step.quantity for step in program.steps if step.quantity] == ["x", "W", "b", "yhat"]


def test_a_parameter_used_twice_is_one() -> None:
    graph = model("x = [1, 2]; W = [[1, 2], [3, 4]]; a = W x; z = W a; y = 1; J = SE(y, sum(z))")
    assert lowered(graph, ["z"], (), ()).parameters == ("W",)
    agree(*[graph, "z"], {"x": np.ones((2, 2))}, {"W": floats(graph["W"].value)})


def test_equal_steps_are_one() -> None:
    graph = model("x = [1, 2]; u = exp(x) + 1; v = exp(x) + 2; y = u + v")
    steps = lowered(graph, ["y"], (), {"exp"}).steps
    assert sum(step.operator == "function" for step in steps) == 1


def test_fixed_data_are_constants() -> None:
    graph = model("x = [1, 2]; m = [3, 4]; y = x + m")
    program = lowered(graph, ["y"], ["m"], ())
    assert program.inputs == ("x",)
    assert run(program, {"x": np.zeros((2, 2))}, {})["y"].tolist() == [[3, 4], [3, 4]]


def test_where_there_are_points_only_they_are_inputs() -> None:
    graph = model("x = [1, 2]; m = [3, 4]; y = x + m")
    graph = Graph(graph.quantities, points={"x": as_value([[1, 2], [5, 6]])})
    assert lowered(graph, ["y"], (), ()).inputs == ("x",)


def test_what_needs_no_data_has_no_batch() -> None:
    program = lowered(one(base(("x", D, ())), add(2, 3)), ["y"], (), ())
    assert not program.steps[program.outputs["y"]].batched
    assert run(program, {}, {})["y"] == 5


@pytest.mark.no_cover
def test_a_deep_chain_is_no_error() -> None:
    own = axes(2)
    made = [Quantity(name="q0", axes=own, role=D)]
    for at in range(1100):
        before = ref(made[-1].name, *own)
        definition = apply("tanh", before)
        made.append(
            Quantity(name=f"q{at + 1}", axes=own, role=Role.INTERMEDIATE, definition=definition)
        )
    nested = ref("q0", *own)
    for _ in range(1100):
        nested = apply("tanh", nested + 1)
    made.append(Quantity(name="y", axes=own, role=Role.INTERMEDIATE, definition=nested))
    assert len(lowered(Graph(tuple(made)), ["q1100"], (), {"tanh"}).steps) == 1101
    assert lowered(Graph(tuple(made)), ["y"], (), {"tanh"}).outputs


# ---- errors ------------------------------------------------------------------------------------


def test_a_function_without_a_formula_is_named() -> None:
    with pytest.raises(MeaningError, match="erf can't be exported"):
        lowered(model("x = 1; y = erf(x)"), ["y"], (), ())


def test_a_formula_in_a_circle_is_named() -> None:
    entry = TABLE["sin"]
    fields = {name: getattr(entry, name) for name in entry.__slots__}
    define(**fields | {"name": "ping", "aliases": (), "formula": lambda x: apply("ping", x)})
    try:
        with pytest.raises(MeaningError, match="uses ping, which it explains"):
            lowered(model("x = 1; y = ping(x)"), ["y"], (), {"sin"})
    finally:
        forget("ping")


def test_a_function_known_by_its_signature_is_named() -> None:
    graph = one(base(("x", D, ())), image("f", ("x",)))
    with pytest.raises(MeaningError, match="f\\(x\\)"):
        lowered(graph, ["y"], (), ())


def test_missing_values_and_sizes_are_named() -> None:
    with pytest.raises(AskError, match="W_Q has no value"):
        lowered(block("attention"), ["y"], (), FORMULAS)
    with pytest.raises(MeaningError, match="no quantity 'z'"):
        lowered(block("attention"), ["z"], (), FORMULAS)
    own = (Index("j", 1, "N"),)
    graph = Graph((Quantity(name="x", axes=own, role=D), Quantity(
        name="y", axes=own, role=Role.INTERMEDIATE, definition=ref("x", *own) * 2)))  # fmt: skip
    with pytest.raises(LimitError, match="x has a size that is a letter"):
        lowered(graph, ["y"], (), ())


def test_the_output_is_the_prediction_or_what_comes_last() -> None:
    graph = model("x = 1; w = 2; yhat = w x; y = 3; J = (y - yhat)^2")
    assert outputs_of(graph, ()) == ("yhat",)
    assert outputs_of(block("layer_norm"), ()) == ("y",)
    with pytest.raises(AskError, match="x is given"):
        outputs_of(graph, ["x"])
    with pytest.raises(AskError, match="works nothing out"):
        outputs_of(base(("x", D, ())), ())
