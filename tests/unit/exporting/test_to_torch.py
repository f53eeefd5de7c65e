"""Modules made from graphs: values and autograd's gradients against Backhand's own."""

from __future__ import annotations

import copy
import io
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from tests.strategies import networks
from tests.unit.exporting.export_cases import (
    LAYERS,
    OTHERS,
    Arrays,
    activation,
    batch_for,
    filled,
    loss,
    named,
    renamed,
    slopes,
    values,
)
from tests.unit.training.single_nodes import NODES, node

import backhand
from backhand.calculus.forward import ancestors
from backhand.compositions import COMPOSITIONS
from backhand.errors import AskError, MeaningError
from backhand.exporting.options import output_of
from backhand.functions import TABLE, Function, define, forget
from backhand.graph import Graph
from backhand.reading.building import BLOCKS
from backhand.values import as_value, floats

torch: Any = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
CLOSE = {"rtol": 1e-12, "atol": 1e-12}


def tensors(data: Arrays) -> list[Any]:
    return [torch.tensor(rows) for rows in data.values()]


def agree(graph: Graph, output: str | None = None) -> Any:
    """Assert that values and gradients are the graph's, and give the module."""
    name = output_of(graph, output)
    module = backhand.to_torch(graph, output, dtype="float64")
    data = batch_for(graph, name)
    found = module(*tensors(data))
    np.testing.assert_allclose(found.detach().numpy(), values(graph, name, data), **CLOSE)
    if not list(module.parameters()):
        return module
    (found**2).sum().backward()
    # The gradients go the way back that trained values do.
    got = backhand.load_state_dict(graph, {n: p.grad for n, p in module.named_parameters()}, output)
    expected = slopes(graph, name, data)
    used = [key for key in expected if got[key].value is not graph[key].value]
    assert used
    for key in used:
        scale = max(1.0, float(np.abs(expected[key]).max()))
        np.testing.assert_allclose(floats(got[key].value) / scale, expected[key] / scale, **CLOSE)
    return module


def reread(graph: Graph, module: Any) -> None:
    """Assert that `from_torch` reads the module's values and gradients."""
    name = output_of(graph, None)
    data = batch_for(graph, name)
    inputs = tuple(tensors(data))
    again = backhand.from_torch(
        module, lambda out, y: ((out - y) ** 2).sum(), inputs=inputs, target=0 * module(*inputs)
    )
    trace = again.forward().values
    np.testing.assert_allclose(
        floats(trace["yhat"]), values(graph, name, data), rtol=1e-9, atol=1e-11
    )
    theirs = [note.removesuffix(" in PyTorch").split(" is ") for note in again.notes]
    slope = again.gradient().values if again.parameters else {}
    shapes = {key: tuple(p.shape) for key, p in module.named_parameters()}
    state = {
        key: floats(slope[f"∂J/∂{own}"]).reshape(shapes[key])
        for own, key in (pair for pair in theirs if len(pair) == 2 and pair[1] in shapes)
    }
    assert set(state) == set(shapes)
    got = backhand.load_state_dict(graph, state)
    expected = slopes(graph, name, data)
    for key in expected if shapes else ():
        np.testing.assert_allclose(floats(got[key].value), expected[key], rtol=1e-8, atol=1e-9)


# ---- stacks of layers --------------------------------------------------------------------------


@pytest.mark.parametrize("case", LAYERS)
def test_a_stack_is_sequential(case: str) -> None:
    graph = named(LAYERS[case])
    module = agree(graph)
    assert type(module) is torch.nn.Sequential
    reread(graph, module)


def test_the_parts_are_those_that_one_would_write() -> None:
    graph = backhand.network("2 -> 3 relu -> 1 sigmoid", seed=0)
    module = backhand.to_torch(graph)
    kinds = [type(part).__name__ for part in module]
    assert kinds == ["Linear", "ReLU", "Linear", "Sigmoid", "Flatten"]
    assert list(module.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert all(p.dtype == torch.float32 for p in module.parameters())


def test_numbers_in_and_out_have_the_batch_alone() -> None:
    graph = backhand.model(
        "x = 2; w_1 = [1, 2, 3]; z = tanh(w_1 x); w_2 = [3, 2, 1]; yhat = w_2ᵀ z"
    )
    module = agree(graph)
    assert type(module) is torch.nn.Sequential
    for size in (0, 1, 4):
        assert module(torch.zeros(size, dtype=torch.float64)).shape == (size,)


def test_no_random_number_is_drawn_and_nothing_is_shared() -> None:
    graph = named(LAYERS["several layers"])
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    module = backhand.to_torch(graph, dtype=torch.float64)
    assert torch.rand(1) == expected
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    assert floats(graph["W_1"].value).any()


# ---- anything else -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_no_stack_is_a_module_with_the_graphs_names(case: str) -> None:
    graph = named(OTHERS[case])
    module = agree(graph)
    assert isinstance(module, torch.fx.GraphModule)
    assert [n for n, _ in module.named_parameters()] == [q.name for q in graph.parameters]
    reread(graph, module)


@pytest.mark.parametrize("name", TABLE)
def test_every_function(name: str) -> None:
    graph = activation(name)
    reread(graph, agree(graph))


def test_softplus_is_exact_where_pytorchs_own_becomes_a_line() -> None:
    x = torch.tensor([[20.5], [25.0], [60.0], [-800.0]], dtype=torch.float64)
    expected = torch.logaddexp(x[:, 0], torch.zeros(4, dtype=torch.float64))
    for text in ("yhat = softplus(a)", "yhat = w softplus(a)"):
        graph = backhand.model(f"x = 25; w = 1; a = w x; {text}")
        found = backhand.to_torch(graph, dtype="float64")(x[:, 0])
        np.testing.assert_allclose(found.detach(), expected, rtol=1e-15)


@pytest.mark.parametrize("name", [n for n, e in COMPOSITIONS.items() if e.arity == 2])
def test_every_loss(name: str) -> None:
    module = agree(loss(name), "J")
    assert "def forward(self, x, y):" in module.code


@pytest.mark.parametrize("name", BLOCKS)
def test_every_building_block(name: str) -> None:
    graph = filled(name)
    reread(graph, agree(graph))


@pytest.mark.parametrize("sizes", [{"stride": 2, "padding": 1}, {"padding": 2}], ids=str)
def test_convolutions_with_padding(sizes: dict[str, int]) -> None:
    graph = filled("convolution_2d", **sizes)
    reread(graph, agree(graph))


@settings(max_examples=25, deadline=None)
@given(networks(4, 8))
def test_random_networks(graph: Graph) -> None:
    # A softmax of one number is 1, and needs no data.
    assume(batch_for(graph, output_of(graph, None)))
    agree(graph)
    agree(graph, "J")


@pytest.mark.parametrize("case", NODES)
def test_every_kind_of_node(case: str) -> None:
    graph, data, _ = node(case)
    given = {q: rows for q, rows in data.items() if q in ancestors(graph, "y")}
    if given:
        found = backhand.to_torch(graph, dtype="float64")(*tensors(given)).detach().numpy()
        np.testing.assert_allclose(found, values(graph, "y", data), rtol=1e-10, atol=1e-11)
    else:
        found = backhand.to_torch(graph, dtype="float64")().detach().numpy()
        np.testing.assert_allclose(found, values(graph, "y", data)[0], rtol=1e-10, atol=1e-11)


def test_functions_of_matrices() -> None:
    agree(backhand.model("x = [1, 2]; A = [[2, 1], [0, 3]]; y = xᵀ A⁻¹ x + log(det(A))"), "y")


def test_the_code_reads_like_the_page() -> None:
    graph = named(OTHERS["a gate"])
    code = backhand.to_torch(graph).code
    for line in ("def forward(self, x):", "v = self.V", "g = torch.sigmoid(", "yhat = g * a"):
        assert line in code


def test_a_module_is_copied_saved_moved_and_traced() -> None:
    graph = filled("convolution_1d", padding=1)
    module = backhand.to_torch(graph, dtype="float64")
    x = torch.randn(2, *graph["x"].shape, dtype=torch.float64)
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    for other in (copy.deepcopy(module), torch.load(file, weights_only=False)):
        assert torch.equal(other(x), module(x))
        assert list(other.state_dict()) == list(module.state_dict())
    assert torch.allclose(copy.deepcopy(module).float()(x.float()), module(x).float(), atol=1e-5)


@pytest.mark.parametrize("size", [0, 1, 5])
@pytest.mark.parametrize("name", BLOCKS)
def test_batches_of_any_size(name: str, size: int) -> None:
    graph = filled(name)
    data = batch_for(graph, "y", size)
    found = backhand.to_torch(graph, dtype="float64")(*tensors(data))
    assert found.shape == (size, *graph["y"].shape)


def test_several_inputs_come_in_the_graphs_order() -> None:
    graph = backhand.model("u = 1; v = [1, 2]; W = [[1, 2], [3, 4]]; yhat = u W v - v")
    assert "def forward(self, u, v):" in agree(graph).code


def test_inputs_that_the_graph_has_late() -> None:
    graph = backhand.model("x = [1, 2]; m = [3, 4]; W = [[1, 2], [3, 4]]; a = W x; yhat = a ⊙ m")
    x, m, w, a, yhat = graph
    late = Graph((w, x, a, m, yhat))
    assert "def forward(self, x, m):" in agree(late).code


# ---- what is fixed -----------------------------------------------------------------------------


def test_fixed_data_are_buffers() -> None:
    graph = backhand.model("x = [1, 2]; m = [3, 4]; w = 2; yhat = w (x - m)")
    module = backhand.to_torch(graph, fixed=["m"], dtype="float64")
    assert [name for name, _ in module.named_buffers()] == ["m"]
    assert module(torch.zeros(1, 2, dtype=torch.float64)).tolist() == [[-6, -8]]
    assert list(backhand.state_dict(graph, fixed="m")) == ["w", "m"]
    graph = named(LAYERS["no bias"])
    assert not list(backhand.to_torch(graph, fixed=["x"]).named_children())


def test_data_that_all_points_share_is_fixed() -> None:
    graph = backhand.model("x = [1, 2]; m = [3, 4]; w = 2; yhat = w (x - m)")
    graph = Graph(graph.quantities, points={"x": as_value([[1, 2], [5, 6]])})
    assert "def forward(self, x):" in backhand.to_torch(graph).code


def test_a_quantity_without_data_is_one_value() -> None:
    graph = backhand.model("w = [1, 2]; V = [[1, 2], [3, 4]]; x = 1; s = V w; yhat = x s")
    assert backhand.to_torch(graph, "s")().shape == (2,)


# ---- names -------------------------------------------------------------------------------------

HOSTILE = [
    {"x": "x); import os", "W": "W_1); import os; (", "b": "σ̂", "y": "\n\"'\\"},
    {"x": "self", "W": "forward", "b": "training", "y": "torch"},
    {"x": "lambda", "W": "W 1", "b": "W_1", "y": "W-1"},
    {"x": "x", "W": "positions_1", "b": "constant_1", "y": "__class__"},
    {"x": "", "W": " ", "b": "1", "y": "." * 300},
    {"x": "x.y", "W": "a.b", "b": "a_b", "y": "return"},
    {"x": "print", "W": "graph", "b": "code", "y": "_parameters"},
]


@pytest.mark.parametrize("names", HOSTILE, ids=lambda names: names["W"].strip())
def test_hostile_names_are_only_names(names: dict[str, str]) -> None:
    graph = renamed(named(LAYERS["a bias of its own"]), names)
    module = agree(graph, names["y"])
    assert all(name.isidentifier() for name, _ in module.named_parameters())
    assert "import" not in module.code.replace("import_os", "")
    assert module.train(False).eval() is module


# ---- states ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", LAYERS | OTHERS)
def test_a_trained_module_comes_back(case: str) -> None:
    graph = named((LAYERS | OTHERS)[case])
    module = backhand.to_torch(graph, dtype="float64")
    state = backhand.state_dict(graph, dtype="float64")
    assert {n: t.tolist() for n, t in module.state_dict().items()} == {
        n: t.tolist() for n, t in state.items()
    }
    assert backhand.load_state_dict(graph, state) == graph
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(random.Random(0).uniform(0.5, 0.9))
    trained = backhand.load_state_dict(graph, module.state_dict())
    data = batch_for(graph, "yhat")
    found = module(*tensors(data)).detach().numpy()
    np.testing.assert_allclose(found, values(trained, "yhat", data), **CLOSE)


def test_states_of_float32_arrays_are_read_too() -> None:
    graph = named(OTHERS["a residual"])
    again = backhand.load_state_dict(graph, {"W": np.ones((2, 2), dtype=np.float32)})
    assert floats(again["W"].value).tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("case", ["several layers", "a gate"])
def test_what_is_wrong_with_a_state_is_said_at_once(case: str) -> None:
    graph = named((LAYERS | OTHERS)[case])
    state = backhand.state_dict(graph)
    first, second, *_ = state
    with pytest.raises(MeaningError) as caught:
        backhand.load_state_dict(
            graph, {**state, second: torch.zeros(7), "other": torch.zeros(1)} | {first: [[0.0]]}
        )
    said = str(caught.value)
    assert "unexpected: other" in said
    assert f"{second} has the shape (7,)" in said
    assert f"{first} has the shape (1, 1)" in said
    with pytest.raises(MeaningError, match=f"missing: {first}, {second}"):
        backhand.load_state_dict(graph, {})
    with pytest.raises(MeaningError, match="is no array of numbers"):
        backhand.load_state_dict(graph, state | {first: "W"})


def test_buffers_in_a_state_are_no_parameters() -> None:
    graph = filled("convolution_1d")
    state = backhand.state_dict(graph, dtype="float64")
    assert set(state) == {"W", "b", "positions_1"}
    assert backhand.load_state_dict(graph, state) == graph


# ---- errors ------------------------------------------------------------------------------------


def test_errors_say_what_is_missing() -> None:
    graph = named(LAYERS["several layers"])
    with pytest.raises(AskError, match="W_Q has no value"):
        backhand.to_torch(backhand.block("attention"))
    with pytest.raises(AskError, match="precision int8"):
        backhand.to_torch(graph, dtype=torch.int8)
    with pytest.raises(MeaningError, match="no quantity 'q'"):
        backhand.to_torch(graph, "q")
    with pytest.raises(AskError, match="x is given"):
        backhand.to_torch(graph, "x")
    with pytest.raises(AskError, match="W_1 is no data"):
        backhand.to_torch(graph, fixed=["W_1"])
    with pytest.raises(MeaningError, match="no quantity 'q'"):
        backhand.to_torch(graph, fixed=["q"])


def test_a_function_of_ones_own_is_written_out() -> None:
    entry = TABLE["tanh"]
    fields = {name: getattr(entry, name) for name in Function.__slots__}
    own = {"name": "mine", "aliases": (), "formula": lambda x: backhand.model and x**3 + x}
    own |= {"value": lambda x: x**3 + x, "derivative": lambda y, x: 3 * x**2 + 1}
    define(**fields | own)
    try:
        graph = named("W = [[1, 2], [3, -4]]; yhat = mine(W x)")
        assert isinstance(agree(graph), torch.fx.GraphModule)
    finally:
        forget("mine")
