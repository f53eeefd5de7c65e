"""Programs for the page: what is in them, what they refuse, and pictures with their entries."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from tests.unit.calculus.graphs import given, made, two_neurons

import backhand
from backhand.errors import BackhandError, LimitError
from backhand.expr import apply, ref
from backhand.functions import TABLE, Function, define, forget
from backhand.graph import Graph, Role
from backhand.page.program import MAX_ENTRIES, program
from backhand.reading.meaning import model


def test_each_quantity_comes_after_those_that_it_uses() -> None:
    found = program(two_neurons())
    nodes = found["expressions"]
    known: set[str] = set()
    for quantity in found["quantities"]:
        if quantity["equation"] is not None:
            assert _names(nodes, quantity["equation"]) <= known, quantity["name"]
        known.add(quantity["name"])
    assert {"∂J/∂W_1", "∂J/∂W_2", "∂J/∂x", "∂J/∂a"} <= known


def _names(nodes: list[Any], index: int) -> set[str]:
    kind, *rest = nodes[index]
    if kind in ("ref", "pad"):
        return {rest[0]}
    inner = {"add": 0, "mul": 0, "call": 1}.get(kind)
    below = rest[inner] if inner is not None else {"sum": rest[-1:], "pow": rest}.get(kind, [])
    below = rest[1:] if kind == "cmp" else below
    assert all(at < index for at in below)
    return set().union(*(_names(nodes, at) for at in below))


def test_the_equations_do_not_grow_with_the_sizes() -> None:
    def nodes(text: str) -> int:
        return len(program(backhand.network(text, loss="cross_entropy", seed=0))["expressions"])

    assert nodes("64 -> 32 relu -> 10 softmax") == nodes("3 -> 2 relu -> 4 softmax")


def test_the_picture_names_the_entries_that_it_shows() -> None:
    drawn = program(two_neurons())["picture"]
    units = {u["id"]: u for column in drawn["columns"] for u in column["units"]}
    assert (units["x[2]"]["shown"], units["x[2]"]["inner"]) == (["x", 1], None)
    assert (units["z[1]"]["shown"], units["z[1]"]["inner"]) == (["z", 0], ["a", 0])
    assert units["z[1]"]["text"] == "z₁"
    assert (units["1→a"]["bias"], units["1→a"]["shown"]) == (True, None)
    weights = {(e["start"], e["end"]): e["weight"] for e in drawn["edges"]}
    assert weights["x[2]", "z[1]"] == ["W_1", 2]
    assert weights["1→a", "z[2]"] == ["W_1", 3]
    assert weights["z[2]", "yhat"] == ["W_2", 2]


def test_what_has_no_value_is_null() -> None:
    found = program(backhand.network("2 -> 1 sigmoid"))
    assert {q["name"]: q["value"] for q in found["quantities"]}["W_1"] is None


def test_a_graph_without_objective_has_no_gradients() -> None:
    found = program(model("x = [1, 2]; z = tanh(x)"))
    assert (found["objective"], found["updates"]) == (None, [])
    assert [q["name"] for q in found["quantities"]] == ["x", "z"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("X = [[2, 1], [1, 3]]\nY = X^-1\nJ = sum_i sum_j Y[i,j]", "inv"),
        ("X = [[2, 1], [1, 3]]\nJ = log(det(X))", "det"),
        ("x in R\nf: R -> R\nJ = f(x)", "f"),
    ],
)
def test_what_cannot_be_expressed_is_said(text: str, said: str) -> None:
    with pytest.raises(BackhandError, match=f"can't work out {said}:"):
        program(model(text))


def test_a_function_defined_later_is_refused() -> None:
    define(
        **{f.name: getattr(TABLE["tanh"], f.name) for f in fields(Function)}
        | {"name": "later", "aliases": ()}
    )
    try:
        with pytest.raises(BackhandError, match="doesn't know the function later"):
            program(model("x = 1; J = later(x)"))
    finally:
        forget("later")


def test_sizes_that_are_letters_are_refused() -> None:
    with pytest.raises(LimitError, match="size N"):
        program(model("x in R^N\nJ = sum_i x_i^2"))


def test_a_million_entries_are_refused() -> None:
    graph = backhand.network("1000 -> 1000 relu -> 1")
    with pytest.raises(LimitError, match=f"over {MAX_ENTRIES} numbers"):
        program(graph)


def test_too_many_quantities_are_refused() -> None:
    lines = ["u_0 = 1", *(f"u_{n} = sin(u_{n - 1})" for n in range(1, 600)), "J = u_599"]
    with pytest.raises(LimitError, match="room for 1000 quantities"):
        program(model("\n".join(lines)))


def test_a_deep_equation_is_refused() -> None:
    deep = ref("x")
    for _ in range(401):
        deep = apply("sin", deep)
    graph = Graph((given("x", Role.PARAMETER, 1), made("J", deep, role=Role.OBJECTIVE)), "J")
    with pytest.raises(LimitError, match="nested over 400 deep"):
        program(graph)


def test_too_many_points_are_refused() -> None:
    graph = two_neurons(x=np.zeros((130_000, 2)), y=np.zeros(130_000))
    with pytest.raises(LimitError, match="too large"):
        program(graph)


def test_too_many_operations_are_refused() -> None:
    text = "A in R^{150x150}\nB in R^{150x150}\nC = A B\nJ = sum_i sum_j C[i,j]^2"
    with pytest.raises(LimitError, match="operations"):
        program(model(text))


def test_a_wide_network_stays_small() -> None:
    found = program(backhand.network("64 -> 32 relu -> 10 softmax", loss="cross_entropy", seed=0))
    values = sum(len(json.dumps(q["value"])) for q in found["quantities"])
    assert len(json.dumps(found, ensure_ascii=False, separators=(",", ":"))) - values < 20_000


def test_a_row_is_drawn_unit_by_unit_with_its_bias() -> None:
    drawn = program(
        backhand.model(
            "parameters: W, b\ndata: x\nx = [[2, 5]]\nW = [[1, 2], [3, 4], [5, 6]]\nb = [7, 8, 9]\n"
            "a[j,k] = Σ_{m=1}^{2} x[j,m] W[k,m] + b[k]\nJ = Σ_{k=1}^{3} a[1,k]^2"
        )
    )["picture"]
    assert [column["size"] for column in drawn["columns"]][:2] == [3, 3]
    weights = [tuple(edge["weight"]) for edge in drawn["edges"] if edge["weight"]]
    assert set(weights) == {("W", n) for n in range(6)} | {("b", n) for n in range(3)}
