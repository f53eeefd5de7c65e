"""Steps over a whole batch with BLAS: when they are chosen, what they allocate, that they agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.training.emitted import agree, by_hand, interpreted, loop, points, taken

from backhand import block, model, network
from backhand.graph import Graph
from backhand.training import batches
from backhand.training.frame import Frame, Plan
from backhand.training.loops import loop_source
from backhand.training.optimizers import optimizer
from backhand.training.products import batch_of
from backhand.training.program import derived

DEEP = network("6 -> 5 relu -> 4 tanh -> 3 softmax", loss="cross_entropy", seed=2)


def test_dense_layers_are_products_forward_and_back() -> None:
    found = batch_of(derived(DEEP, ["x", "y"]))
    assert found is not None
    for name in ("a_1", "a_2", "a_3", "∂J/∂z_1", "∂J/∂z_2", "∂J/∂W_1", "∂J/∂W_2", "∂J/∂W_3"):
        assert name in found.products


@pytest.mark.parametrize("rows", [2, 3, 4, 5, 1024])
@pytest.mark.parametrize("batch", [4, 5, 11])
def test_pieces_of_any_size_give_the_gradients(
    rows: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LARGE", 1)
    monkeypatch.setattr(batches, "CHUNK", rows)
    arrays = points(DEEP, 11, "one-hot")
    expected, loss = by_hand(DEEP, arrays, batch)
    with interpreted():
        made = loop(DEEP, arrays, batch_size=batch)
        assert "gemm(" in made.source.text
        assert taken(made) == pytest.approx(loss, rel=1e-12)
        agree(made, expected)


@pytest.mark.parametrize(
    ("text", "size", "dots"),
    [
        ("784 -> 100 relu -> 10 softmax", 64, True),
        ("784 -> 100 relu -> 10 softmax", 1, False),
        ("2 -> 2 relu -> 1 sigmoid", 64, False),
    ],
)
def test_blas_is_called_where_it_is_worth_it(text: str, size: int, dots: bool) -> None:
    source = loop_source(network(text), optimizer("sgd"), ["x", "y"], Plan(batch_size=size))
    assert ("gemm(" in source.text) == dots


def test_a_penalty_in_the_equations_takes_point_after_point() -> None:
    """Its adjoint doesn't depend on the data, so it would be kept for every point."""
    graph = _with_penalty(network("6 -> 5 relu -> 4", seed=2))
    assert batch_of(derived(graph, ["x", "y"])) is None
    arrays = points(graph, 5)
    expected, loss = by_hand(graph, arrays, 3)
    with interpreted():
        made = loop(graph, arrays, batch_size=3)
        assert taken(made) == pytest.approx(loss, rel=1e-12)
        agree(made, expected)


def _with_penalty(graph: Graph) -> Graph:
    from dataclasses import replace

    from backhand.expr import ref, total
    from backhand.graph import Quantity, Role

    j, k = graph["W_1"].axes
    size = total(j, total(k, ref("W_1", j, k) ** 2))
    penalty = Quantity(name="R", axes=(), role=Role.INTERMEDIATE, definition=size)
    *others, loss = graph
    assert loss.definition is not None
    return Graph((*others, penalty, replace(loss, definition=loss.definition + ref("R"))), "J")


@pytest.mark.parametrize("kinds", [("float32", "float64"), ("int8", "float32"), ("bool", "int64")])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_data_of_any_kind_is_cast_on_the_way_in(
    kinds: tuple[str, str], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LARGE", 1)
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "x": rng.integers(0, 2, (7, 6)).astype(kinds[0]),
        "y": np.eye(3)[rng.integers(0, 3, 7)].astype(kinds[1]),
    }
    expected, _ = by_hand(DEEP, {n: a.astype(float) for n, a in arrays.items()}, 3)
    with interpreted():
        made = loop(DEEP, arrays, batch_size=3, dtype=dtype)
        taken(made)
    agree(made, expected, 1e-5 if dtype == "float32" else 1e-12)


def test_a_frame_of_convolutions_is_no_batch_of_products() -> None:
    from tests.unit.training.test_loops import squared, valued

    graph = valued(squared(block("convolution_2d")))
    program = derived(graph, ["x"])
    assert not batches.is_mostly_products(Frame(program, optimizer("sgd"), Plan(batch_size=8)))


@pytest.mark.parametrize("rows", [3, 1024])
@pytest.mark.parametrize("name", ["momentum", "nesterov", "adam", "adamw"])
def test_an_optimizer_takes_the_same_mean_gradient_from_blas_as_from_points(
    name: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update that states its gradient once more must not work out the product again."""
    monkeypatch.setattr(batches, "CHUNK", rows)
    arrays = points(DEEP, 11, "one-hot")
    with interpreted("loops"):
        apart = loop(DEEP, arrays, batch_size=5, optimizer=name, l2=0.1)
        taken(apart)
    monkeypatch.setattr(batches, "LARGE", 1)
    with interpreted():
        together = loop(DEEP, arrays, batch_size=5, optimizer=name, l2=0.1)
        assert "gemm(" in together.source.text
        taken(together)
    agree(together, dict(apart.parameters))


@pytest.mark.parametrize("rows", [3, 1024])
def test_sums_over_points_and_windows_are_taken_point_by_point(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CHUNK", rows)
    monkeypatch.setattr(batches, "LARGE", 1)
    from tests.unit.training.test_loops import valued

    graph = model(
        "x ∈ R^{6×6}; W ∈ R^{2×3×3}; V ∈ R^{3×2×4×4}; y ∈ R^3\n"
        "a_{m,p,q} = sum_{u=1}^3 sum_{v=1}^3 W_{m,u,v} x_{p+u-1,q+v-1}\n"
        "z_{m,p,q} = relu(a_{m,p,q})\n"
        "s_o = sum_m sum_p sum_q V_{o,m,p,q} z_{m,p,q}\n"
        "J = sum_o (s_o - y_o)^2"
    )
    graph = valued(graph)
    arrays = points(graph, 7)
    expected, loss = by_hand(graph, arrays, 5)
    with interpreted():
        made = loop(graph, arrays, batch_size=5)
        assert "dJ_dW[j, k, l] +=" in made.source.text
        assert taken(made) == pytest.approx(loss, rel=1e-12)
        agree(made, expected)
