"""ONNX files: values against onnxruntime, gradients against the PyTorch model that was exported."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backhand.errors import AskError, BackhandError, LimitError, MeaningError, ReadingError
from backhand.graph import Graph, floats
from backhand.reading import onnx as reader
from backhand.reading.onnx import from_onnx

torch: Any = pytest.importorskip("torch")
onnx: Any = pytest.importorskip("onnx")
runtime: Any = pytest.importorskip("onnxruntime")
nn, F = torch.nn, torch.nn.functional
pytestmark = pytest.mark.torch


def exported(module: Any, inputs: Any) -> Any:
    """The ONNX model of a module, in float64 where its input is."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (inputs,), file, dynamo=False, opset_version=17)
    return onnx.load_from_string(file.getvalue())


def given_names(graph: Graph) -> dict[str, str]:
    """The graph's own names of what the file calls otherwise."""
    said = " is the model's "
    pairs = [note.rstrip(".").split(said) for note in graph.notes if said in note]
    return {theirs: ours for ours, theirs in pairs}


def compared(module: Any, inputs: Any, tolerance: float = 1e-10) -> Graph:
    """The graph, after its values are held against the runtime and its gradients against PyTorch."""
    # The runtime has convolutions in float32 only.
    single = exported(module, inputs)
    session = runtime.InferenceSession(single.SerializeToString())
    (expected,) = session.run(None, {single.graph.input[0].name: inputs.numpy()})
    module = module.double()
    inputs = inputs.double() if inputs.is_floating_point() else inputs
    model = exported(module, inputs)
    output = module(inputs)
    target = torch.randn_like(output)
    graph = from_onnx(model, "squared_error", target.numpy(), inputs=inputs.numpy())
    values = graph.forward().values
    np.testing.assert_allclose(floats(values["yhat"]), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        floats(values["yhat"]), output.detach().numpy(), rtol=1e-9, atol=tolerance
    )

    loss = ((output - target) ** 2).sum() / len(output)
    loss.backward()
    assert float(floats(values["J"])) == pytest.approx(float(loss.detach()))
    gradients = graph.gradient().values
    names = given_names(graph)
    found = [name for name, _ in module.named_parameters() if name in names]
    assert len(found) == len(graph.parameters)
    for name, parameter in module.named_parameters():
        ours = floats(gradients[f"∂J/∂{names[name]}"])
        np.testing.assert_allclose(ours, parameter.grad.numpy(), rtol=1e-7, atol=tolerance)
    return graph


class After(nn.Module):
    """A function of a linear layer's output."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(self.linear(x))


def drawn(*shape: int) -> Any:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape)))


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Softplus": F.softplus,
    "Erf": F.gelu,
    "Pow": lambda a: F.gelu(a, approximate="tanh") + a.abs() ** 1.5,
    "Mul": F.silu,
    "LeakyRelu": lambda a: F.leaky_relu(a, 0.2) + F.leaky_relu(a),
    "Elu": F.elu,
    "Exp": torch.exp,
    "Log": lambda a: torch.log(1 + a * a),
    "Sqrt": lambda a: a / torch.sqrt((a * a).sum(1, keepdim=True) + 0.5),
    "Sin": lambda a: torch.sin(a) + torch.cos(a),
    "Div": lambda a: (1 - a) / (2 + a * a),
    "Reciprocal": lambda a: torch.reciprocal(2 + a * a) - (-a),
    "Softmax": lambda a: a.softmax(dim=-1),
    "LogSoftmax": lambda a: a.log_softmax(dim=0),
    "ReduceMean": lambda a: a.mean(1, keepdim=True) + a.mean(0),
    "ReduceSum": lambda a: a.sum(1),
    "ReduceL2": lambda a: torch.linalg.vector_norm(a, dim=1),
    "ReduceLogSumExp": lambda a: a.logsumexp(1),
    "LayerNormalization": lambda a: F.layer_norm(a, (4,)),
    "Concat": lambda a: torch.cat([a, 2 * a], 1),
    "Slice": lambda a: a[:, 3] * a[:, 1] + a[::2].sum(),
    "Split": lambda a: sum(part**2 for part in a.split(2, 1)),
    "Reshape": lambda a: a.reshape(-1, 2, 2).tanh().reshape(-1, 4),
    "Transpose": lambda a: a.reshape(-1, 2, 2).permute(0, 2, 1).reshape(-1, 4) ** 2,
    "Unsqueeze": lambda a: (a.unsqueeze(2) * a.unsqueeze(1)).sum(2),
    "Gather": lambda a: a[:, 2],
    "Expand": lambda a: a + a[:, :1].expand(-1, 4),
    "Max": lambda a: torch.maximum(a, 0.5 - a),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_operator_has_the_runtimes_value_and_pytorchs_gradient(name: str) -> None:
    torch.manual_seed(0)
    module = After(FUNCTIONS[name])
    assert name in {node.op_type for node in exported(module, drawn(5, 3)).graph.node}
    compared(module, drawn(5, 3))


class Recurrent(nn.Module):
    """Three steps of one cell: each weight is used three times."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.RNNCell(3, 4)

    def forward(self, x: Any) -> Any:
        h = x.new_zeros(2, 4)
        for t in range(3):
            h = self.cell(x[:, t], h)
        return h


class Attention(nn.Module):
    """One head, its projections without bias so that the exporter keeps their names."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(4, 4)) for _ in range(3)])

    def forward(self, x: Any) -> Any:
        q, k, v = (x @ weight for weight in self.weights)
        return x + torch.softmax(q @ k.transpose(1, 2) / 2, dim=-1) @ v


class Words(nn.Module):
    """The mean of some words' embeddings, classified."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.last = nn.Embedding(7, 4), nn.Linear(4, 2)

    def forward(self, words: Any) -> Any:
        return self.last(self.table(words).mean(1))


MODELS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "two layers": (lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), (5, 3)),
    "norms": (
        lambda: nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Tanh(), nn.BatchNorm1d(4)),
        (5, 3),
    ),
    "images": (
        lambda: nn.Sequential(
            *(nn.Conv2d(2, 4, 3, padding=1, stride=2), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Dropout(), nn.Linear(16, 3)),
        ),
        (2, 2, 8, 8),
    ),
    "groups": (
        lambda: nn.Sequential(
            *(nn.Conv1d(4, 6, 3, groups=2, dilation=2, padding=1), nn.Tanh()),
            *(nn.AvgPool1d(2), nn.AdaptiveAvgPool1d(1), nn.Flatten()),
        ),
        (2, 4, 9),
    ),
    "depthwise": (
        lambda: nn.Sequential(nn.Conv2d(3, 3, 2, groups=3), nn.AdaptiveAvgPool2d(1)),
        (1, 3, 4, 5),
    ),
    "attention": (Attention, (1, 5, 4)),
    "recurrent": (Recurrent, (2, 3, 3)),
}


@pytest.mark.parametrize("name", MODELS)
def test_whole_models(name: str) -> None:
    torch.manual_seed(1)
    make, shape = MODELS[name]
    module = make()
    # The exporter makes one of arrays that are equal, as the ones and zeros of norms are at first.
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.5, 1.5)
    compared(module, drawn(*shape))


def test_an_embedding_reads_rows_by_number() -> None:
    torch.manual_seed(2)
    compared(Words(), torch.tensor([[0, 3, 3], [6, 1, 0]]))


@settings(max_examples=20, deadline=None)
@given(
    size=st.integers(4, 7),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
)
def test_convolutions_of_every_geometry(
    size: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    if size + 2 * padding < dilation * (kernel - 1) + 1:
        return
    torch.manual_seed(size)
    compared(nn.Conv1d(2, 3, kernel, stride, padding, dilation), drawn(2, 2, size))


def test_a_weight_used_twice_is_one_parameter() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 3)

        def forward(self, x: Any) -> Any:
            return self.linear(torch.tanh(self.linear(x))) + x

    graph = compared(Twice(), drawn(2, 3))
    assert [each.name for each in graph.parameters] == ["W_1", "b_1"]


def test_names_follow_the_page_and_notes_give_the_files_own() -> None:
    graph = from_onnx(exported(MODELS["two layers"][0](), drawn(5, 3)))
    assert [each.name for each in graph] == [
        *("x", "W_1", "b_1", "a_1", "z_1", "W_2", "b_2", "yhat")
    ]
    assert "W_2 is the model's 2.weight." in graph.notes
    assert str(graph)


def test_a_file_is_read_and_an_open_batch_is_one(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            nn.Linear(3, 2),
            (drawn(5, 3),),
            path,
            dynamo=False,
            input_names=["features"],
            dynamic_axes={"features": {0: "batch"}},
        )
    assert from_onnx(path)["x"].shape == (1, 3)
    assert "Open sizes of features are taken as 1." in from_onnx(str(path)).notes
    assert from_onnx(path, inputs={"features": np.zeros((4, 3))})["yhat"].shape == (4, 2)


def node_model(operator: str, **options: Any) -> Any:
    """A model of one node, with input and result of shape (2, 3)."""
    sort = onnx.TensorProto.FLOAT
    node = onnx.helper.make_node(operator, ["x"], ["out"], name="the_node", **options)
    infos = [onnx.helper.make_tensor_value_info(name, sort, (2, 3)) for name in ("x", "out")]
    graph = onnx.helper.make_graph([node], "one", infos[:1], infos[1:])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)])


@pytest.mark.parametrize(
    ("operator", "options"),
    [
        ("Gelu", {}),
        ("Gelu", {"approximate": "tanh"}),
        ("HardSigmoid", {}),
        ("Softsign", {}),
        ("Mish", {}),
    ],
)
def test_operators_that_the_exporter_takes_apart(operator: str, options: dict[str, Any]) -> None:
    model = node_model(operator, **options)
    x = drawn(2, 3).numpy()
    expected = onnx.reference.ReferenceEvaluator(model).run(None, {"x": x})[0]
    values = from_onnx(model, inputs=x).forward().values
    np.testing.assert_allclose(floats(values["yhat"]), expected, rtol=1e-5, atol=1e-6)


def test_an_unread_operator_is_named_with_its_node() -> None:
    with pytest.raises(ReadingError, match=r"operator Det of node 'the_node' is not read.*Gemm"):
        from_onnx(node_model("Det"))


def test_an_option_that_is_not_read_is_named_with_its_node() -> None:
    with pytest.raises(ReadingError, match=r"the_node.*LeakyRelu.*slope"):
        from_onnx(node_model("LeakyRelu", alpha=2.0))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: from_onnx("no/such/file.onnx"), ReadingError, "No such file"),
        (lambda: from_onnx(3), AskError, "no ONNX model"),
        (lambda: from_onnx(node_model("Relu"), "L7"), AskError, "squared_error"),
        (lambda: from_onnx(node_model("Relu"), inputs={"y": [1]}), AskError, "its inputs: x"),
        (lambda: from_onnx(node_model("Relu"), inputs=[1.0]), MeaningError, "shape"),
        (
            lambda: from_onnx(node_model("Relu"), "squared_error", [1.0]),
            MeaningError,
            "the target has the shape",
        ),
        (lambda: from_onnx(exported(Words(), torch.tensor([[0]]))), AskError, "whole numbers"),
    ],
)
def test_errors_say_what_to_give(
    call: Callable[[], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_huge_file_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(node_model("Relu").SerializeToString())
    monkeypatch.setattr(reader, "MAX_BYTES", 10)
    with pytest.raises(LimitError, match="10 bytes"):
        from_onnx(path)


def test_a_small_file_that_asks_for_a_huge_array_is_refused() -> None:
    tensor = onnx.helper.make_tensor("n", onnx.TensorProto.INT64, [2], [10**6, 10**6])
    make, info = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [make("ConstantOfShape", ["n"], ["zeros"]), make("Add", ["x", "zeros"], ["out"])],
        "huge",
        [info("x", onnx.TensorProto.FLOAT, (1, 1))],
        [info("out", onnx.TensorProto.FLOAT, (10**6, 10**6))],
        [tensor],
    )
    with pytest.raises(LimitError, match="entries"):
        from_onnx(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]))


def test_an_old_opset_is_refused() -> None:
    model = node_model("Relu")
    model.opset_import[0].version = 9
    with pytest.raises(ReadingError, match="opset 13 or newer"):
        from_onnx(model)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_an_error_of_ours_or_a_graph(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = bytearray(DAMAGED)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    path = tmp_path_factory.getbasetemp() / "damaged.onnx"
    path.write_bytes(whole)
    with suppress(BackhandError):
        assert isinstance(from_onnx(path), Graph)


torch.manual_seed(4)
DAMAGED = exported(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)), drawn(1, 2)).SerializeToString()
