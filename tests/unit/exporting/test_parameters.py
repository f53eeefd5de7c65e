"""Files of parameters: back into the graph they are of, and into no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from tests.strategies import networks

import backhand
from backhand.errors import AskError, MeaningError, ReadingError
from backhand.exporting.names import identifiers
from backhand.graph import Graph
from backhand.training.tensors import read_tensors, write_tensors
from backhand.values import floats

pytest.importorskip("safetensors")
NET = "x = [1, 2]; W = [[1, 2, 0.3], [3, -4, 1]]; a = W x; v = [1, 2]; w_2 = 1/3; yhat = w_2 sum(a)"


def parameters(graph: Graph) -> dict[str, Any]:
    return {q.name: floats(q.value).tolist() for q in graph.parameters}


@settings(max_examples=25, deadline=None)
@given(networks(4, 8))
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, graph: Graph) -> None:
    path = tmp_path_factory.getbasetemp() / "net.safetensors"
    backhand.save_parameters(graph, path)
    blank = graph.with_values(**{q.name: np.zeros(q.shape) for q in graph.parameters})
    assert backhand.load_parameters(blank, path) == graph


def test_numbers_keep_every_bit(tmp_path: Path) -> None:
    graph = backhand.model(NET)
    odd = graph.with_values(W=[[np.pi, -0.0, 1e-310], [np.inf, np.nan, 1e300]], w_2=0.1 + 0.2)
    backhand.save_parameters(odd, tmp_path / "p")
    again = backhand.load_parameters(graph, tmp_path / "p")
    for name in ("W", "w_2"):
        assert floats(again[name].value).tobytes() == floats(odd[name].value).tobytes()


def test_the_file_says_whose_it_is(tmp_path: Path) -> None:
    backhand.save_parameters(backhand.model(NET), tmp_path / "p")
    tensors, metadata = read_tensors(tmp_path / "p")
    assert set(tensors) == {"W", "w_2"}
    assert metadata["format"] == "backhand"
    assert len(metadata["fingerprint"]) == 16


LARGER = NET.replace("[3, -4, 1]", "[3, -4, 1], [0, 0, 1]")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (LARGER, r"W has the shape \(2, 3\) there, and \(3, 3\) here"),
        (NET.replace("W", "W_1"), "it has no W_1"),
        (NET.replace("w_2", "w_5"), "it has no w_5"),
        (NET.replace("w_2 = 1/3; yhat = w_2", "yhat ="), "its w_2 isn't here"),
    ],
)
def test_another_model_is_refused_by_its_first_parameter(
    other: str, said: str, tmp_path: Path
) -> None:
    backhand.save_parameters(backhand.model(NET), tmp_path / "p")
    with pytest.raises(MeaningError, match=f"is of another model: {said}"):
        backhand.load_parameters(backhand.model(other), tmp_path / "p")


def test_a_changed_fingerprint_is_damage_and_none_is_none(tmp_path: Path) -> None:
    graph = backhand.model(NET)
    values = {q.name: floats(q.value) for q in graph.parameters}
    write_tensors(tmp_path / "p", values, {"fingerprint": "0" * 16})
    with pytest.raises(MeaningError, match="fingerprint"):
        backhand.load_parameters(graph, tmp_path / "p")
    write_tensors(tmp_path / "p", values, {})
    assert backhand.load_parameters(graph, tmp_path / "p") == graph


def test_places_and_files_that_are_none(tmp_path: Path) -> None:
    graph = backhand.model(NET)
    with pytest.raises(AskError, match="is a folder"):
        backhand.save_parameters(graph, tmp_path)
    with pytest.raises(ReadingError, match="is a folder"):
        backhand.load_parameters(graph, tmp_path)
    with pytest.raises(ReadingError, match="no file"):
        backhand.load_parameters(graph, tmp_path / "none")
    backhand.save_parameters(graph, tmp_path / "p")
    (tmp_path / "p").write_bytes((tmp_path / "p").read_bytes()[:-1])
    with pytest.raises(ReadingError, match="damaged"):
        backhand.load_parameters(graph, tmp_path / "p")


def test_a_graph_without_values_or_parameters(tmp_path: Path) -> None:
    with pytest.raises(AskError, match="W_Q has no value"):
        backhand.save_parameters(backhand.block("attention"), tmp_path / "p")
    with pytest.raises(AskError, match="no parameter"):
        backhand.save_parameters(backhand.model("x = 2; y = x^2"), tmp_path / "p")
    assert not list(tmp_path.iterdir())


def test_names_of_any_kind(tmp_path: Path) -> None:
    from tests.unit.exporting.export_cases import LAYERS, named, renamed

    base = named(LAYERS["a bias of its own"])
    graph = renamed(base, {"x": "x", "W": "W_1); import os", "b": "σ̂\n", "y": "y"})
    backhand.save_parameters(graph, tmp_path / "p")
    assert backhand.load_parameters(graph, tmp_path / "p") == graph


# ---- identifiers -------------------------------------------------------------------------------


@given(networks(2, 2))
@settings(max_examples=5, deadline=None)
def test_the_names_of_a_page_stay(graph: Graph) -> None:
    names = [q.name for q in graph]
    assert identifiers(names) == {name: name for name in names}


def test_identifiers_are_ones_own() -> None:
    names = [
        "W",
        "W\u200b",
        "Ŵ",
        "ŵ",
        "W-",
        "-W",
        "class",
        "class_",
        "match",
        "",
        "𝑾",
        "W_2",
        "漢字",
    ]
    found = identifiers(names, taken={"W_2_2"})
    assert all(own.isidentifier() and own.isascii() for own in found.values())
    assert len(set(found.values())) == len(names)
    assert found["W"] == "W"
    assert found["W_2"] == "W_2"
    assert found["class_"] != "class"
