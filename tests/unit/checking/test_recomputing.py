"""Slips are worked out from values alone, each thing once, and come to what the working says."""

from __future__ import annotations

from collections.abc import Iterator
from cProfile import Profile
from pathlib import Path

import numpy as np
import pytest

import backhand
from backhand.calculus.answer import answer
from backhand.checking import recomputing
from backhand.checking.mistakes import slipped
from backhand.checking.parts import prepared
from backhand.checking.recomputing import AT_ONCE
from backhand.graph import Graph
from backhand.reading.document import worksheet
from backhand.values import floats
from backhand.working import Ask

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.md"))


def _chain(layers: int) -> str:
    lines = ["u_0 = 0.3", *(f"w_{n} = 0.{n % 7 + 2}" for n in range(1, layers + 1))]
    lines += [f"u_{n} = tanh(w_{n} u_{n - 1})" for n in range(1, layers + 1)]
    return "\n".join([*lines, f"J = (u_{layers} - 1)^2"])


def test_an_ask_at_once_comes_to_what_its_working_comes_to() -> None:
    seen: set[str] = set()
    for ask, graph in _asks():
        found = AT_ONCE[ask.verb](graph, ask)
        whole = answer(graph, ask, "numerator").result
        if found is None:
            continue
        assert whole is not None
        assert not isinstance(whole, str)
        np.testing.assert_allclose(floats(np.asarray(found)), floats(np.asarray(whole)))
        seen.add(ask.verb)
    assert seen == set(AT_ONCE)


def _asks() -> Iterator[tuple[Ask, Graph]]:
    for path in EXAMPLES:
        for question in backhand.read(path).questions:
            yield from ((ask, question.graph) for ask in question.asks if ask.verb in AT_ONCE)


def test_no_working_is_written_for_a_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = backhand.read(Path(__file__).parents[3] / "examples/two-neurons.md")
    parts = [p for p in prepared(sheet, None) if p.part.ask.verb in AT_ONCE]
    written: list[Ask] = []

    def counted(graph: Graph, ask: Ask, layout: str) -> backhand.Working:
        written.append(ask)
        return answer(graph, ask, "numerator")

    monkeypatch.setattr(recomputing, "answer", counted)
    names = {name for part in parts for name, _ in part.slips}
    assert {"bias forgotten", "index off by one", "activation forgotten"} <= names
    assert not written


def test_the_work_of_all_slips_grows_with_the_layers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = (_evaluations(layers, monkeypatch) for layers in (6, 12))
    assert 40 < short < 200
    assert long < 2.2 * short


def _evaluations(layers: int, monkeypatch: pytest.MonkeyPatch) -> int:
    page = f"$$\n{_chain(layers)}\n$$\n\nSlope?\n% ask: derivative J w_1\n"
    part = next(iter(prepared(worksheet(page), None)))
    done: list[object] = []
    plain = recomputing.evaluate

    def counted(*args: object) -> object:
        done.append(args[0])
        return plain(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(recomputing, "evaluate", counted)
        found = [name for name, _ in slipped(part.case)]
    assert {"sign", "factor 2 forgotten", "factor missing", "activation forgotten"} <= set(found)
    return len(done)


def test_rounding_early_is_that_of_the_point_asked_for() -> None:
    sheet = backhand.read(Path(__file__).parents[3] / "examples/logistic-regression.md")
    part = next(p for p in prepared(sheet, None) if p.part.number == "2.2")
    assert part.part.ask.options["point"] == "3"
    assert part.right is not None
    early = [value.item() for name, value in part.slips if name == "rounded too early"]
    assert early
    assert all(abs(float(value) - part.right[1][0]) < 0.1 for value in early)


def test_preparing_a_deep_network_costs_its_layers() -> None:
    short, long = map(_preparing, (8, 16))
    assert short > 10_000
    assert long < 2.8 * short


def _preparing(layers: int) -> int:
    """How many functions are called to prepare one question about a network of dense layers."""
    lines = ["u_0 = [0.3; 0.2]"]
    for n in range(1, layers + 1):
        lines.append(f"W_{n} = [0.{n % 7 + 2}, -0.3; 0.4, 0.{n % 5 + 1}]")
        lines.append(f"u_{n} = tanh(W_{n} u_{n - 1})")
    lines.append(f"J = sum_j (u_{layers}[j] - 1)^2")
    page = "$$\n" + "\n".join(lines) + "\n$$\n\nSlope?\n% ask: derivative J W_1[1,1]\n"
    sheet = worksheet(page)
    profile = Profile()
    profile.runcall(list, prepared(sheet, None))
    return sum(entry.callcount for entry in profile.getstats())
