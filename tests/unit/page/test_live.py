"""Live workings: filled with the page's numbers, they say what the terminal's working says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import peers
from tests.goldens import agrees
from tests.unit.calculus.graphs import two_neurons
from tests.unit.page.engine import needs_node, run

import backhand
from backhand.errors import AskError, MeaningError
from backhand.graph import Graph
from backhand.page.live import live_backward, live_forward, live_working
from backhand.page.program import program
from backhand.reading.meaning import model
from backhand.syntax import Num
from backhand.values import floats
from backhand.working import Working

DEEP = "2 -> 4 tanh -> 3 gelu -> 3 softmax"


def _asked(working: dict[str, Any]) -> dict[str, Any]:
    numbers = [live for live in working["live"] if isinstance(live, int)]
    return {"nodes": working["expressions"], "wanted": numbers}


def _filled(working: dict[str, Any], numbers: list[float]) -> dict[int, float]:
    """The number in each hole that is a number."""
    holes = [hole for hole, live in enumerate(working["live"]) if isinstance(live, int)]
    return dict(zip(holes, numbers, strict=True))


def _cases() -> Iterator[tuple[Graph, str, str]]:
    worked = two_neurons()
    for by in ("W_1[1,2]", "W_1[2,0]", "x[1]", "b", "W_2[1,0]", "J", "y"):
        yield worked, "J", by
    yield worked, "yhat", "W_1[1,1]"
    yield worked, "z[1]", "x[2]"
    yield worked, "z[1]", "W_1[2,1]"
    deep = backhand.network(DEEP, loss="cross_entropy", seed=4)
    for of, by in (("J", "W_1[2,1]"), ("J", "x[2]"), ("yhat[2]", "W_1[1,0]"), ("J", "a_3[2]")):
        yield deep, of, by
    yield model("x = 3; u = x^2; v = sin(u); J = v u + x"), "J", "x"
    rng = np.random.default_rng(8)
    names = sorted(peers.ACTIVATIONS)
    for _ in range(12):
        widths = [int(w) for w in rng.integers(1, 5, 4)]
        chosen = [str(name) for name in rng.choice(names, 3)]
        loss = str(rng.choice(sorted(peers.LOSSES)))
        folded = [bool(b) for b in rng.integers(0, 2, 3)]
        page = peers.build(widths, chosen, loss, folded, int(rng.integers(2**31))).page
        graph = model(page)
        axes = graph[name := f"W_{rng.integers(1, 4)}"].axes
        last = ",".join(str(axis.upper) for axis in axes)
        yield graph, "J", f"{name}[{last}]" if axes else name


def _number(found: object) -> float | None:
    if not isinstance(found, Num):
        return None
    value = found.value
    return float(value) if isinstance(value, Fraction | float) else None


def _agree(a: float, b: float) -> bool:
    return bool(np.isclose(a, b, rtol=1e-10, atol=1e-12, equal_nan=True))


@needs_node
def test_filled_holes_are_the_numbers_of_the_working(tmp_path: Path) -> None:
    cases = list(_cases())
    live = [live_working(graph, of, by) for graph, of, by in cases]
    jobs = [
        {"program": program(graph), "expressions": _asked(working)}
        for (graph, _, _), working in zip(cases, live, strict=True)
    ]
    for (graph, of, by), found, answer in zip(cases, live, run(jobs, tmp_path), strict=True):
        numbers = _filled(found, answer["expressions"])
        working = graph.derivative(of, by)
        assert working.result is not None
        wanted = float(floats(np.asarray(working.result)))
        assert _agree(numbers[found["result"]["live"]], wanted), (of, by)
        _check_steps(found, working, numbers)
        _check_paths(found, numbers, wanted)


def _check_steps(found: dict[str, Any], working: Working, numbers: dict[int, float]) -> None:
    assert [s["rule"] for s in found["steps"]] == [s.rule for s in working.steps]
    for step, wanted in zip(found["steps"], working.steps, strict=True):
        value = _number(wanted.value)
        if value is not None and step["value"] in numbers:
            assert _agree(numbers[step["value"]], value), step["title"]


def _check_paths(found: dict[str, Any], numbers: dict[int, float], wanted: float) -> None:
    if found["paths"]:
        each = [np.prod([numbers[hop["live"]] for hop in path]) for path in found["paths"]]
        assert _agree(float(np.sum(each)), wanted)


@needs_node
def test_an_edit_refills_the_same_working(tmp_path: Path) -> None:
    graph = two_neurons()
    found = live_working(graph, "J", "W_1[1,2]")
    moved = graph.with_values(x=[-2, 5], W_2=[[1, -2, 0.5]])
    job = {
        "program": program(graph),
        "set": {"x": [-2, 5], "W_2": [1, -2, 0.5]},
        "expressions": _asked(found),
    }
    (answer,) = run([job], tmp_path)
    numbers = _filled(found, answer["expressions"])
    wanted = moved.derivative("J", "W_1[1,2]").value
    assert isinstance(wanted, float)
    assert _agree(numbers[found["result"]["live"]], wanted)


@needs_node
def test_a_kink_is_told_where_it_is(tmp_path: Path) -> None:
    graph = model("x = 2; w = -1; z = relu(x + 2 w); J = z^2")
    found = live_working(graph, "J", "x")
    (answer,) = run([{"program": program(graph), "expressions": _asked(found)}], tmp_path)
    numbers = _filled(found, answer["expressions"])
    told = [k for s in found["steps"] for k in s["kinks"] if numbers[k["when"]] == 0]
    assert len(told) == 1
    assert "ReLU has no derivative here" in told[0]["note"]


def test_every_hole_is_used_and_every_use_is_a_hole() -> None:
    graph = backhand.network(DEEP, loss="cross_entropy", seed=4)
    for found in (
        live_working(graph, "J", "W_1[2,1]"),
        live_working(graph, "J", "W_1"),
        live_forward(graph),
        live_backward(graph),
    ):
        used = set(map(int, re.findall(r'data-live="(\d+)"', json.dumps(found).replace("\\", ""))))
        used |= {s["value"] for s in found["steps"] if s["value"] is not None}
        used |= {hop["live"] for path in found["paths"] for hop in path}
        used |= {kink["when"] for s in found["steps"] for kink in s["kinks"]}
        used |= {found["result"]["live"]} if found["result"] else set()
        assert used == set(range(len(found["live"])))
        assert "⟦" not in json.dumps(found, ensure_ascii=False)
        assert all(0 <= n < len(found["expressions"]) for n in found["live"] if isinstance(n, int))


def test_a_whole_parameter_goes_backwards_to_it() -> None:
    found = live_working(two_neurons(), "J", "W_1", "denominator")
    assert found["live"][found["result"]["live"]] == {"array": "∂J/∂W_1", "turned": False}
    assert len(found["steps"]) > 4
    turned = live_working(two_neurons(), "J", "W_1", "numerator")
    assert turned["live"][turned["result"]["live"]] == {"array": "∂J/∂W_1", "turned": True}


def test_an_array_by_an_array_comes_with_its_numbers() -> None:
    found = live_working(two_neurons(), "z", "x")
    assert found["result"] is None
    assert found["live"] == []
    assert found["steps"]


def test_many_paths_are_worked_layer_by_layer() -> None:
    found = live_working(backhand.network(DEEP, loss="cross_entropy", seed=4), "J", "W_1[2,1]")
    assert found["paths"] == []
    assert found["steps"][0]["title"] == "Sum over every path"
    assert {"array": "∂J/∂a_2", "turned": False} in found["live"]


def test_no_path_is_said() -> None:
    (step,) = live_working(two_neurons(), "z[1]", "W_1[2,1]")["steps"]
    assert "doesn&#x27;t depend on" in step["title"]


@pytest.mark.parametrize(
    ("of", "by", "error"),
    [("J", "W_1[3,1]", AskError), ("J", "q", MeaningError), ("J", "W_1[1,a]", AskError)],
)
def test_what_is_not_there_is_said(of: str, by: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        live_working(two_neurons(), of, by)


def test_the_worked_example_is_the_one_that_was_looked_at() -> None:
    """Look at the page before replacing the file."""
    graph = two_neurons()
    found = {
        "W_1[1,2]": live_working(graph, "J", "W_1[1,2]"),
        "W_1": live_working(graph, "J", "W_1"),
        "forward": live_forward(graph),
        "backward": live_backward(graph),
    }
    text = json.dumps(found, ensure_ascii=False, indent=1)
    assert agrees(text + "\n", "page/live.json")
