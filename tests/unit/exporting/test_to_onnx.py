"""ONNX files of graphs: checked by ONNX, run by onnxruntime, read back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from tests.strategies import networks
from tests.unit.exporting.export_cases import (
    LAYERS,
    OTHERS,
    activation,
    batch_for,
    filled,
    loss,
    named,
    renamed,
    values,
)
from tests.unit.training.single_nodes import NODES, node

import backhand
from backhand.calculus.forward import ancestors
from backhand.compositions import COMPOSITIONS
from backhand.errors import AskError, BackhandError, LimitError, MeaningError
from backhand.exporting import onnx as exporter
from backhand.exporting.options import output_of
from backhand.functions import TABLE
from backhand.graph import Graph
from backhand.reading.building import BLOCKS
from backhand.values import floats

onnx: Any = pytest.importorskip("onnx")
runtime: Any = pytest.importorskip("onnxruntime")
CLOSE = {"float32": {"rtol": 2e-5, "atol": 2e-5}, "float64": {"rtol": 1e-11, "atol": 1e-12}}
LACKING = {"erf", "gelu"}
"""What onnxruntime has in float32 only."""


def exported(graph: Graph, path: Path, output: str | None = None, **options: Any) -> Any:
    """The file's model, after the checks that come with ONNX."""
    backhand.to_onnx(graph, path, output, **options)
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    return model


def run(model: Any, data: dict[str, Any], kind: str) -> Any:
    session = runtime.InferenceSession(model.SerializeToString())
    return session.run(None, {name: rows.astype(kind) for name, rows in data.items()})[0]


def agree(graph: Graph, path: Path, kind: str, output: str | None = None) -> Any:
    """Assert that onnxruntime gives the graph's values, for any batch, and give the model."""
    name = output_of(graph, output)
    model = exported(graph, path, output, dtype=kind)
    data = batch_for(graph, name)
    expected = values(graph, name, data)
    found = run(model, data, kind)
    assert found.dtype == kind
    np.testing.assert_allclose(found, expected, **CLOSE[kind])
    for size in (0, 1):
        part = run(model, {n: rows[:size] for n, rows in data.items()}, kind)
        assert part.shape == (size, *graph[name].shape)
        np.testing.assert_allclose(part, expected[:size], **CLOSE[kind])
    return model


def reread(graph: Graph, model: Any, kind: str = "float64") -> Graph:
    """Assert that `from_onnx` reads the same values, and give what it read."""
    name = output_of(graph, None)
    data = batch_for(graph, name)
    again = backhand.from_onnx(model, inputs=data)
    np.testing.assert_allclose(
        floats(again.forward().values["yhat"]), values(graph, name, data), **CLOSE[kind]
    )
    return again


def operators(model: Any) -> list[str]:
    return [node.op_type for node in model.graph.node]


both = pytest.mark.parametrize("kind", ["float32", "float64"])


@both
@pytest.mark.parametrize("case", LAYERS | OTHERS)
def test_layers_and_others(case: str, kind: str, tmp_path: Path) -> None:
    graph = named((LAYERS | OTHERS)[case])
    model = agree(graph, tmp_path / "m.onnx", kind)
    assert "Gemm" in operators(model) or case in OTHERS
    reread(graph, model, kind)


@both
@pytest.mark.parametrize("name", TABLE)
def test_every_function(name: str, kind: str, tmp_path: Path) -> None:
    graph = activation(name)
    if kind == "float64" and name in LACKING:
        model = exported(graph, tmp_path / "m.onnx", dtype=kind)
        reference: Any = pytest.importorskip("onnx.reference")
        data = batch_for(graph, "yhat")
        (found,) = reference.ReferenceEvaluator(model).run(None, data)
        # Even ONNX's own reference works erf out in float32.
        np.testing.assert_allclose(found, values(graph, "yhat", data), rtol=1e-6, atol=1e-6)
    else:
        model = agree(graph, tmp_path / "m.onnx", kind)
    reread(graph, model, kind)


@both
@pytest.mark.parametrize("name", [n for n, e in COMPOSITIONS.items() if e.arity == 2])
def test_every_loss(name: str, kind: str, tmp_path: Path) -> None:
    agree(loss(name), tmp_path / "m.onnx", kind, "J")


@both
@pytest.mark.parametrize("name", BLOCKS)
def test_every_building_block(name: str, kind: str, tmp_path: Path) -> None:
    graph = filled(name)
    reread(graph, agree(graph, tmp_path / "m.onnx", kind), kind)


@pytest.mark.parametrize("case", NODES)
def test_every_kind_of_node(case: str, tmp_path: Path) -> None:
    graph, data, _ = node(case)
    data = {q: rows for q, rows in data.items() if q in ancestors(graph, "y")}
    if "inverse" in case:
        with pytest.raises(MeaningError, match="inv can't be exported"):
            backhand.to_onnx(graph, tmp_path / "m.onnx")
    elif "determinant" in case:
        # The runtime has determinants in float32 only.
        found = run(exported(graph, tmp_path / "m.onnx"), data, "float32")
        np.testing.assert_allclose(found, values(graph, "y", data), rtol=1e-3)
    elif data:
        agree(graph, tmp_path / "m.onnx", "float64")
    else:
        found = run(exported(graph, tmp_path / "m.onnx", dtype="float64"), {}, "float64")
        assert found.tolist() == floats(graph.forward().values["y"]).tolist()


@pytest.mark.parametrize("sizes", [{"stride": 2, "padding": 1}, {"padding": 2}], ids=str)
def test_convolutions_with_padding(sizes: dict[str, int], tmp_path: Path) -> None:
    graph = filled("convolution_2d", **sizes)
    reread(graph, agree(graph, tmp_path / "m.onnx", "float64"))


@settings(max_examples=25, deadline=None)
@given(networks(4, 8))
def test_random_networks(tmp_path_factory: pytest.TempPathFactory, graph: Graph) -> None:
    path = tmp_path_factory.getbasetemp() / "random.onnx"
    # A softmax of one number is 1, and needs no data.
    assume(batch_for(graph, output_of(graph, None)))
    agree(graph, path, "float32")
    model = exported(graph, path, dtype="float64")
    if "Erf" not in operators(model):
        agree(graph, path, "float64")
    reread(graph, model)


# ---- what the file says ------------------------------------------------------------------------


def test_names_sizes_and_plain_operators(tmp_path: Path) -> None:
    graph = named("W = [[1, 2], [3, -4], [0, 1]]; b = [1, 2, 3]; a = W x + b; yhat = softmax(a)")
    model = exported(graph, tmp_path / "m.onnx")
    assert operators(model) == ["Gemm", "Softmax"]
    assert [tensor.name for tensor in model.graph.initializer] == ["W", "b"]
    assert [node.output[0] for node in model.graph.node] == ["a", "yhat"]
    (x,), (y,) = model.graph.input, model.graph.output
    sizes = [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in (x, y)]
    assert (x.name, y.name, sizes) == ("x", "yhat", [["batch", 2], ["batch", 3]])
    assert model.opset_import[0].version >= 17


def test_parameters_come_back_as_they_were(tmp_path: Path) -> None:
    graph = named(LAYERS["several layers"])
    again = reread(graph, exported(graph, tmp_path / "m.onnx", dtype="float64"))
    theirs = dict(
        note.rstrip(".").split(" is the model's ") for note in again.notes if "model's" in note
    )
    assert sorted(theirs.values()) == ["W_1", "W_2", "b_2", "x"]
    for name in (each.name for each in again.parameters):
        assert floats(again[name].value).tolist() == floats(graph[theirs[name]].value).tolist()


def test_large_arguments_overflow_nowhere(tmp_path: Path) -> None:
    graph = backhand.model("x = [1, 2]; yhat = logsumexp(x)")
    model = exported(graph, tmp_path / "m.onnx")
    assert run(model, {"x": np.array([[1000.0, 1000.0]])}, "float32")[0] == pytest.approx(1000.693)


def test_fixed_data_are_stored(tmp_path: Path) -> None:
    graph = backhand.model("x = [1, 2]; m = [3, 4]; w = 2; yhat = w (x - m)")
    model = exported(graph, tmp_path / "m.onnx", fixed=["m"])
    assert [each.name for each in model.graph.input] == ["x"]
    assert run(model, {"x": np.zeros((1, 2))}, "float32").tolist() == [[-6, -8]]


def test_an_output_that_is_another_name(tmp_path: Path) -> None:
    graph = backhand.model("x = [1, 2]; W = [[1, 2], [3, 4]]; a = W x; b = a; c = b")
    for output in ("b", "c"):
        model = agree(graph, tmp_path / "m.onnx", "float64", output)
        assert model.graph.output[0].name == output


def test_a_value_without_inputs(tmp_path: Path) -> None:
    graph = backhand.model("w = [1, 2]; V = [[1, 2], [3, 4]]; x = 1; s = V w; yhat = x s")
    model = exported(graph, tmp_path / "m.onnx", "s")
    assert run(model, {}, "float32").tolist() == [5, 11]


@pytest.mark.parametrize(
    "names",
    [
        {"x": "x); import os", "W": "W_1); import os; (", "b": "σ̂", "y": "\n\"'\\"},
        {"x": "gemm_1", "W": "c_1", "b": "cos_1", "y": "batch"},
        {"x": "/x:0", "W": " ", "b": "1", "y": "." * 300},
    ],
    ids=["code", "its own", "signs"],
)
def test_any_name_is_kept(names: dict[str, str], tmp_path: Path) -> None:
    graph = renamed(named(LAYERS["a bias of its own"]), names)
    model = agree(graph, tmp_path / "m.onnx", "float64", names["y"])
    assert [tensor.name for tensor in model.graph.initializer][:2] == [names["W"], names["b"]]


# ---- errors ------------------------------------------------------------------------------------


def test_what_onnx_lacks_is_named(tmp_path: Path) -> None:
    graph = backhand.model("x = [1, 2]; A = [[2, 1], [0, 3]]; y = xᵀ A⁻¹ x; d = log(det(A)) sum(x)")
    with pytest.raises(MeaningError, match="inv can't be exported"):
        backhand.to_onnx(graph, tmp_path / "m.onnx", "y")
    model = exported(graph, tmp_path / "d.onnx", "d")
    assert run(model, {"x": np.ones((1, 2))}, "float32")[0] == pytest.approx(2 * np.log(6))
    assert not (tmp_path / "m.onnx").exists()


def test_errors_leave_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, path = named(LAYERS["no bias"]), tmp_path / "m.onnx"
    path.write_bytes(b"old")
    with pytest.raises(AskError, match="W_Q has no value"):
        backhand.to_onnx(backhand.block("attention"), path)
    with pytest.raises(AskError, match="precision float16"):
        backhand.to_onnx(graph, path, dtype=np.float16)
    with pytest.raises(MeaningError, match="too large for float32"):
        backhand.to_onnx(graph.with_values(W=np.full((3, 2), 1e300)), path)
    with pytest.raises(AskError, match="is a folder"):
        backhand.to_onnx(graph, tmp_path)
    monkeypatch.setattr(exporter, "MAX_BYTES", 10)
    with pytest.raises(LimitError, match="2 GB"):
        backhand.to_onnx(graph, path)
    monkeypatch.undo()

    def broken(*names: Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(BackhandError, match="Input/output error"):
        backhand.to_onnx(graph, path)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"old"]
