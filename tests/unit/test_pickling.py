"""A graph that goes to another process and back is the same graph, its expressions the same nodes."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import backhand
from backhand.expr import Expr, apply, constant, image, postorder, ref, same
from backhand.graph import Graph
from backhand.slots import Affine, Index, affine

GRAPHS: list[Callable[[], Graph]] = [
    lambda: backhand.network("3 -> 4 relu -> 2 softmax", loss="cross_entropy", seed=1),
    lambda: backhand.model(
        "x = [2; 5]; y = 1; w = [1; 2]; J = max(y, pi)^2 + sin(w^T x) + (x[1] > 0)"
    ),
    lambda: backhand.model("X = [[1, 2], [3, 4]]; J = det(X) + trace(inv(X))"),
]


@pytest.mark.parametrize("make", GRAPHS)
@pytest.mark.parametrize("way", [lambda g: pickle.loads(pickle.dumps(g)), copy.deepcopy])
def test_a_copy_has_the_very_nodes(
    make: Callable[[], Graph], way: Callable[[Graph], Graph]
) -> None:
    graph = make()
    found = way(graph)
    assert found == graph
    assert all(found[q.name].definition is q.definition for q in graph)


def test_every_kind_of_leaf() -> None:
    i, j = Index("i", 1, 3), Index("j", 1, 3)
    shifted = affine({i: 2, j: 1}, -2, Index("p", 1, 6))
    assert isinstance(shifted, Affine)
    for node in (
        same(i, j),
        constant("pi") / 3,
        image("f", ("x", "y"), (i,), [("x", (j,)), ("x", (1,))]),
        ref("x", shifted) * ref("y", j),
    ):
        assert pickle.loads(pickle.dumps(node)) is node


def test_depth_is_no_error() -> None:
    deep: Expr = ref("x")
    for _ in range(20_000):
        deep = apply("sin", deep)
    assert pickle.loads(pickle.dumps(deep)) is deep


def test_another_process_makes_them_anew(tmp_path: Path) -> None:
    graph = GRAPHS[0]()
    (tmp_path / "graph").write_bytes(pickle.dumps(graph))
    program = (
        "import pickle, sys, backhand\n"
        "graph = pickle.loads(open(sys.argv[1], 'rb').read())\n"
        "made = backhand.network('3 -> 4 relu -> 2 softmax', loss='cross_entropy', seed=1)\n"
        "assert graph == made and all(graph[q.name].definition is q.definition for q in made)\n"
        "print(graph.gradient('W_1').value.sum())"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "graph")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    value = graph.gradient("W_1").value
    assert float(said) == pytest.approx(float(value.sum()))  # type: ignore[union-attr]


def test_a_node_keeps_its_free_indices() -> None:
    node = backhand.network("3 -> 2")["a_1"].definition
    assert node is not None
    parts = list(postorder(pickle.loads(pickle.dumps(node))))
    assert [p.free for p in parts] == [p.free for p in postorder(node)]
