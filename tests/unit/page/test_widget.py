"""The widget's Python side: what is assigned, what the page sends, what is answered."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("anywidget")

import comm
import traitlets
from comm.base_comm import BaseComm

import backhand
from backhand.errors import BackhandError
from backhand.page.alike import alike
from backhand.page.graph_text import text_of
from backhand.page.sheets import example, sheet_json
from backhand.page.widget import NetworkWidget
from backhand.reading.document import read, worksheet

WORKSHEET = Path(__file__).parents[3] / "examples/two-neurons.md"


class Line(BaseComm):
    """A connection to a page that isn't there: it keeps what is sent."""

    def __init__(self, **options: object) -> None:
        self.sent: list[tuple[dict, list]] = []
        super().__init__(**options)

    def publish_msg(self, msg_type: str, data=None, metadata=None, buffers=None, **_) -> None:
        self.sent.append((data or {}, list(buffers or [])))

    def hear(self, **data: object) -> None:
        """A message of the page."""
        self.handle_msg({"content": {"data": data}, "buffers": []})


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> NetworkWidget:
    monkeypatch.setattr(comm, "create_comm", Line)
    return worksheet(example()).widget()


def answer(widget: NetworkWidget, task: object, body: object) -> tuple[dict, list]:
    widget.comm.hear(method="custom", content={"id": "1", "task": task, "body": body})
    data, buffers = widget.comm.sent[-1]
    assert data["method"] == "custom"
    assert data["content"]["id"] == "1"
    return data["content"], buffers


def sent_state(widget: NetworkWidget) -> dict:
    """The traits that were sent to the page, the latest of each."""
    found: dict = {}
    for data, _ in widget.comm.sent:
        found |= data.get("state", {}) if data.get("method") == "update" else {}
    return found


def test_it_opens_with_the_numbers_of_the_worksheet(widget: NetworkWidget) -> None:
    state = widget.comm.sent[0][0]["state"]
    assert state["values"]["W_1"] == [[2, 3, -1], [-1, -3, 1]]
    assert state["values"]["y"] == 1
    assert state["text"] == example()
    assert "attachShadow" in state["_esm"]


def test_assigned_numbers_reach_the_page_and_the_others_stay(widget: NetworkWidget) -> None:
    widget.values = {"W_2": [[0, 1, 0]]}
    assert sent_state(widget)["values"]["W_2"] == [[0, 1, 0]]
    assert sent_state(widget)["values"]["W_1"] == [[2, 3, -1], [-1, -3, 1]]
    widget.values = {"W_1": [0, 0, 0, 0, 0, 7]}
    assert widget.values["W_1"] == [[0, 0, 0], [0, 0, 7]]
    assert widget.values["W_2"] == [[0, 1, 0]]


def test_an_edit_on_the_page_reaches_the_graph(widget: NetworkWidget) -> None:
    widget.comm.hear(method="update", state={"values": {"W_1": [[2, 3, 4], [-1, -3, 1]]}})
    plain = worksheet(example()).graph.with_values(W_1=[[2, 3, 4], [-1, -3, 1]])
    assert widget.graph == plain
    assert widget.graph.forward().value == plain.forward().value


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": {"W_1": [[1]]}},
        {"values": {"W_1": [[None] * 3] * 2}},
        {"values": {"nothing": 1}},
        {"values": {"J": 1}},
        {"values": {"x": [float("nan"), 0]}},
        {"values": [1]},
        {"text": "x = "},
        {"selected": "W_9[1,1]"},
        {"selected": "W_1"},
        {"layout_name": "sideways"},
    ],
)
def test_what_does_not_fit_is_refused_and_the_page_told(widget: NetworkWidget, wrong: dict) -> None:
    before = widget.values, widget.text, widget.selected, widget.layout_name
    count = len(widget.comm.sent)
    widget.comm.hear(method="update", state=wrong)
    assert (widget.values, widget.text, widget.selected, widget.layout_name) == before
    assert sent_state(widget)["values"] == before[0]
    assert len(widget.comm.sent) > count
    for name, value in wrong.items():
        with pytest.raises(traitlets.TraitError):
            setattr(widget, name, value)


def test_of_an_update_that_is_refused_nothing_stays(widget: NetworkWidget) -> None:
    before = widget.values
    widget.comm.hear(method="update", state={"values": {"x": [1, 2]}, "layout_name": 3})
    assert widget.values == before
    assert widget.graph == worksheet(example()).graph


def test_an_entry_is_chosen_in_any_spelling(widget: NetworkWidget) -> None:
    widget.selected = "W1[1,2]"
    assert widget.selected == "W_1[1,2]"
    assert sent_state(widget)["selected"] == "W_1[1,2]"
    widget.comm.hear(method="update", state={"selected": None})
    assert widget.selected is None


def test_another_worksheet_brings_its_own_numbers(widget: NetworkWidget) -> None:
    widget.selected = "W_1[1,2]"
    widget.text = "x = 3; w = 2; J = (w x - 5)^2"
    assert widget.values == {"x": 3, "w": 2}
    assert widget.selected is None
    both = {"text": example(), "values": {"y": 0}}
    widget.comm.hear(method="update", state=both)
    assert widget.graph["y"].value == 0
    assert widget.values["W_2"] == [[1, -2, 2]]


def test_tasks_are_answered(widget: NetworkWidget) -> None:
    start, _ = answer(widget, "start", {})
    assert start["status"] == 200
    assert start["body"]["sheet"]["text"] == example()
    body = {"text": example(), "values": {}, "of": "J", "by": "W_1[1,2]", "layout": "numerator"}
    working, _ = answer(widget, "working", body)
    assert working["body"]["by"] == "W_1[1,2]"
    assert working["body"]["steps"]


def test_a_file_comes_as_bytes(widget: NetworkWidget) -> None:
    body = {"text": example(), "values": {"y": [0]}, "format": "markdown"}
    reply, (content,) = answer(widget, "export", body)
    assert reply["name"].endswith(".md")
    assert "y = 0" in bytes(content).decode()
    body = {"text": example(), "values": {}, "format": "json"}
    reply, (content,) = answer(widget, "export", body)
    assert json.loads(bytes(content))
    assert reply["body"] is None


@pytest.mark.parametrize(
    ("task", "body"),
    [
        ("nothing", {}),
        (None, {}),
        ({"a": 1}, {}),
        ("read", None),
        ("read", 3),
        ("read", {"text": "x = "}),
        ("read", {"text": "x" * 300_000}),
        ("read", {"text": float("nan")}),
        ("working", {"text": example(), "of": "J", "by": "W_9"}),
        ("read", {"text": b"no JSON"}),
    ],
)
def test_bad_messages_are_answered_in_words(widget: NetworkWidget, task, body) -> None:
    reply, _ = answer(widget, task, body)
    assert reply["status"] >= 400
    assert reply["body"]["error"]["what"]


@pytest.mark.parametrize("content", [None, 3, "a", [], {}, {"id": 3, "task": "start"}])
def test_messages_for_nobody_have_no_answer(widget: NetworkWidget, content: object) -> None:
    count = len(widget.comm.sent)
    widget.comm.hear(method="custom", content=content)
    assert len(widget.comm.sent) == count


GRAPHS = {
    "dense": lambda: backhand.network("3 -> 4 tanh -> 3 softmax", loss="cross_entropy", seed=1),
    "scalars": lambda: backhand.model("x = 3; w = 1/3; J = (w x - 5)^2"),
    "roles": lambda: backhand.model("parameters: a\ndata: w\nw = [1; 1e-7]; a = 2; L = a sum(w)"),
    "points": lambda: backhand.model(
        "x^(1) = [2; 5]; x^(2) = [1; 0]; y^(1) = 1; y^(2) = 0\n"
        "W = [[1, 2, 3]]; yhat = sigmoid(W x); J = (yhat - y)^2"
    ),
    "gradients": lambda: backhand.network("2 -> 1 sigmoid", seed=0).with_values(x=[1, 2]),
    "worksheet": lambda: read(WORKSHEET).graph,
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_is_written_as_a_worksheet_of_the_same_graph(name: str) -> None:
    graph = GRAPHS[name]()
    again = worksheet(text_of(graph)).graph
    assert again == graph
    assert again.points.keys() == graph.points.keys()
    assert graph.widget().graph == graph


def module(*layers: str) -> backhand.Graph:
    """A PyTorch module of these layers, its loss on one point."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    made = {
        "hidden": lambda: torch.nn.Linear(2, 3),
        "relu": torch.nn.ReLU,
        "norm": lambda: torch.nn.LayerNorm(3),
        "output": lambda: torch.nn.Linear(3, 1),
    }
    net = torch.nn.Sequential(*(made[layer]() for layer in layers)).double()
    x, y = torch.tensor([[2.0, 5.0]]).double(), torch.tensor([[1.0]]).double()
    return backhand.from_torch(net, torch.nn.MSELoss(), inputs=x, target=y)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layer", ["relu", "norm"])
def test_a_module_of_pytorch_is_shown_with_its_own_loss(layer: str) -> None:
    graph = module("hidden", layer, "output")
    shown = graph.widget().graph
    assert alike(shown, graph)
    assert shown.forward().value == pytest.approx(graph.forward().value, rel=1e-12)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_an_onnx_file_is_shown_with_all_its_units(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    backhand.to_onnx(module("hidden", "relu", "output"), tmp_path / "net.onnx")
    shown = sheet_json(text_of(backhand.from_onnx(tmp_path / "net.onnx")))["net"]
    columns = shown["picture"]["columns"]
    assert [len(column["units"]) for column in columns] == [3, 4, 1]
    assert sum(edge["weight"] is not None for edge in shown["picture"]["edges"]) == 13


def test_what_a_page_would_change_is_refused() -> None:
    with pytest.raises(BackhandError, match="would be read as another graph"):
        text_of(backhand.block("layer_norm", width=4))
    with pytest.raises(BackhandError, match=r"has 3 axes, and it writes matrices at most"):
        text_of(backhand.block("convolution_2d"))


def test_graphs_that_differ_are_not_alike() -> None:
    one = backhand.model("x = 3; w = 2; J = (w x - 5)^2")
    for other in ("x = 4; w = 2; J = (w x - 5)^2", "x = 3; w = 2; J = (w + x - 5)^2"):
        assert not alike(one, backhand.model(other))
    assert not alike(one, backhand.model("x = 3; w = 2; v = w x; J = (v - 5)^2"))
    assert not alike(one, backhand.model("parameters: x\ndata: w\nx = 3; w = 2; J = (w x - 5)^2"))


def test_a_graph_that_no_text_gives_is_refused() -> None:
    graph = backhand.model("x = 3; w = 2; J = (w x - 5)^2").with_values(w=np.nan)
    with pytest.raises(BackhandError, match="can't be written as a worksheet"):
        graph.widget()


def test_a_worksheet_without_a_network_is_refused() -> None:
    with pytest.raises(BackhandError):
        worksheet("# Words\n\nIs it so?\n% ask: check d/dx x^2 = 2 x\n").widget()
