"""The page's evaluator against the Python one: every value and gradient, training, functions."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from tests import peers
from tests.unit.calculus.graphs import softmax_graph, two_neurons
from tests.unit.page.engine import needs_node, run

import backhand
from backhand.calculus.evaluate import evaluate
from backhand.graph import Graph
from backhand.page.functions_ts import source
from backhand.page.program import program, with_gradients
from backhand.reading.meaning import model
from backhand.values import Value, floats

GENERATED = Path(__file__).parents[3] / "web" / "src" / "engine" / "functions.generated.ts"
CLOSE = 1e-12

ATTENTION = """
Q = [[1,2],[3,4],[0.5,1]]
K = [[1,0],[0.2,1],[1,1]]
V = [[1,2],[3,4],[1,-1]]
parameters: Q, K, V
S = Q K^T / sqrt(2)
E[i,j] = exp(S[i,j])
A[i,j] = E[i,j] / sum_k E[i,k]
O = A V
J = sum_i sum_j O[i,j]^2
"""
CONVOLUTION = """
x = [1, 2, 3, 4, -1, 0.5, 2]
w = [0.5, -1, 0.25]
parameters: w
c_i = sum_{k=1}^3 w_k x_{i+k-1}
J = sum_i tanh(c_i)^2
"""
STRIDED = """
x = [1, 2, 3, 4, -1, 0.5, 2]
w = [0.5, -1, 0.25]
parameters: w
c_i = sum_{k=1}^3 w_k x_{2i+k-2}
J = sum_i c_i^3
"""
RESIDUAL = """
x = [1, -2, 0.3]
y = [0.2, 0.1, 0.7]
W = [[0.1, 0.2, -0.3], [0.5, -0.1, 0.2], [0.3, 0.3, 0.3]]
b = [0.1, 0, -0.2]
parameters: W, b
h = tanh(W x + b) + x
g = silu(W h) + h
s = sum_j g_j / 3
v = sum_j (g_j - s)^2 / 3
n[j] = (g[j] - s) / sqrt(v + 0.00001)
J = sum_j (n_j - y_j)^2 + 0.01 * sum_i sum_j W[i,j]^2
"""
ODD = {
    "attention": ATTENTION,
    "convolution": CONVOLUTION,
    "strided": STRIDED,
    "residual": RESIDUAL,
    "scalars": "x = 3; u = x^2; v = sin(u) / (1 + e^(-x)); J = v^3 - pi u",
    "powers": "x = 1.7; n = 2.3; J = x^n + n^x + x^(1/3) + x^(-4) + x^5",
    "0 log 0": "y = [0, 1]\np = [0, 1]\nJ = -sum_j y_j log(p_j)",
    "a pole": "x = 0; J = 1/x",
    "too large": "x = 800; u = exp(x); J = u",
    "undefined": "x = -2; u = log(x); v = relu(u); J = v + 1",
    "kinks": "x = 0; J = relu(x) + abs(x) + max(x, 0) + min(0, x) + leaky_relu(x)",
    "no objective": "x = [1, 2]\nW = [[1, 2], [3, 4]]\na = W x\nz = softmax(a)",
    "logsumexp": "s = [710, 3, -800]\nJ = logsumexp(s)",
}


def _networks() -> dict[str, Graph]:
    """Every function of the table, every loss, and sizes and biases at random."""
    rng = np.random.default_rng(20)
    found: dict[str, Graph] = {}
    pairs = zip(sorted(peers.ACTIVATIONS), itertools.cycle(sorted(peers.LOSSES)), strict=False)
    for name, loss in pairs:
        found[f"{name}, {loss}"] = _network(rng, [name] * 2, loss)
    for n in range(16):
        depth = int(rng.integers(1, 5))
        names = [str(x) for x in rng.choice(sorted(peers.ACTIVATIONS), depth)]
        found[f"random {n}"] = _network(rng, names, str(rng.choice(sorted(peers.LOSSES))))
    return found


def _network(rng: np.random.Generator, names: list[str], loss: str) -> Graph:
    widths = [int(w) for w in rng.integers(1, 9, len(names) + 1)]
    folded = [bool(b) for b in rng.integers(0, 2, len(names))]
    return model(peers.build(widths, names, loss, folded, int(rng.integers(2**31))).page)


def _graphs() -> dict[str, Graph]:
    odd = {name: model(text) for name, text in ODD.items()}
    wide = backhand.network("64 -> 32 relu -> 10 softmax", loss="cross_entropy", seed=3)
    return {
        **_networks(),
        **odd,
        "the worked example": two_neurons(),
        "softmax": softmax_graph([1.0, 2.0, -1.0], [0.0, 1.0, 0.0]),
        "far apart": softmax_graph([900.0, 2.0, -1000.0], [1.0, 0.0, 0.0]),
        "64-32-10": wide,
    }


def values_of(graph: Graph) -> dict[str, Value]:
    """Every value of a graph in float64."""
    known: dict[str, Value] = {}
    for q in graph:
        if q.definition is None:
            assert q.value is not None
            known[q.name] = floats(q.value)
        else:
            known[q.name] = floats(evaluate(q.definition, q.axes, graph, known))
    return known


def _agree(found: list[float], wanted: Value, close: float = CLOSE) -> bool:
    size = np.max(np.abs(wanted[np.isfinite(wanted)]), initial=1.0)
    return np.allclose(found, wanted.ravel(), rtol=close, atol=close * size, equal_nan=True)


@needs_node
def test_every_value_and_gradient_is_that_of_python(tmp_path: Path) -> None:
    graphs = _graphs()
    answers = run([{"program": program(graph)} for graph in graphs.values()], tmp_path)
    wrong: list[str] = []
    for (title, graph), answer in zip(graphs.items(), answers, strict=True):
        wanted = values_of(with_gradients(graph))
        assert set(wanted) == set(answer["values"])
        for name, value in wanted.items():
            if not _agree(answer["values"][name], value):
                wrong.append(f"{title}: {name} is {answer['values'][name]}, not {value}")
    assert not wrong, "\n".join(wrong[:5])
    assert len(graphs) > 50


@needs_node
def test_an_edit_gives_what_a_graph_with_that_number_gives(tmp_path: Path) -> None:
    graph = two_neurons()
    moved = graph.with_values(x=[-2, 5], W_2=[[0.5, 1, -1]])
    job = {"program": program(graph), "set": {"x": [-2, 5], "W_2": [0.5, 1, -1]}}
    (answer,) = run([job], tmp_path)
    for name, value in values_of(with_gradients(moved)).items():
        assert _agree(answer["values"][name], value), name


@needs_node
def test_fifty_steps_of_training_are_those_of_the_compiled_loop(tmp_path: Path) -> None:
    count, epochs, batch = 10, 17, 4  # so that every epoch ends with a smaller batch
    graph = backhand.network("2 -> 3 gelu -> 3 softmax", loss="cross_entropy", seed=5)
    x = np.random.default_rng(1).normal(size=(count, 2))
    y = np.eye(3)[np.arange(count) % 3]
    fitted = graph.fit(
        x,
        y,
        batch_size=batch,
        epochs=epochs,
        learning_rate=0.05,
        shuffle=False,
        dtype="float64",
    )
    training = {
        "inputs": {"x": x.ravel().tolist(), "y": y.ravel().tolist()},
        "count": count,
        "rate": 0.05,
        "batch": batch,
        "steps": epochs * math.ceil(count / batch),
    }
    (answer,) = run([{"program": program(graph), "train": training}], tmp_path)
    for name, value in fitted.parameters.items():
        assert _agree(answer["values"][name], np.asarray(value), 1e-10), name
    assert answer["after"] < answer["before"]


@needs_node
def test_a_step_is_that_of_the_working(tmp_path: Path) -> None:
    graph = two_neurons(x=[[2, 5], [1, -1]], y=[1, 0])
    for _ in range(25):
        for point in (1, 2):
            moved = graph.step(0.1, point=point).values
            graph = graph.with_values(**{name: floats(value) for name, value in moved.items()})
    training = {
        "inputs": {"x": [2, 5, 1, -1], "y": [1, 0]},
        "count": 2,
        "rate": 0.1,
        "batch": 1,
        "steps": 50,
    }
    (answer,) = run([{"program": program(two_neurons()), "train": training}], tmp_path)
    for q in graph.parameters:
        assert q.value is not None
        assert _agree(answer["values"][q.name], floats(q.value), 1e-10), q.name


@needs_node
@pytest.mark.parametrize(
    ("network", "loss", "target"),
    [
        ("1 -> 1 sigmoid", "binary_cross_entropy", [0.0]),
        ("1 -> 2 softmax", "cross_entropy", [0.0, 1.0]),
    ],
)
def test_a_confident_wrong_answer_is_learned_from(
    tmp_path: Path, network: str, loss: str, target: list[float]
) -> None:
    graph = backhand.network(network, loss=loss, seed=1)
    weights = [[900.0, 0.0], [-900.0, 0.0]][: len(target)]
    graph = graph.with_values(x=[1.0], y=target, W_1=weights)
    training = {
        "inputs": {"x": [1.0], "y": target},
        "count": 1,
        "rate": 10.0,
        "batch": 1,
        "steps": 400,
    }
    (answer,) = run([{"program": program(graph), "train": training}], tmp_path)
    assert answer["before"] >= 900
    assert answer["after"] < 0.01


@needs_node
def test_predictions_at_many_points(tmp_path: Path) -> None:
    graph = backhand.network("2 -> 4 tanh -> 3 softmax", loss="cross_entropy", seed=2)
    points = np.random.default_rng(0).normal(size=(7, 2))
    job = {
        "program": program(graph),
        "predict": {"name": "yhat", "inputs": points.ravel().tolist()},
    }
    (answer,) = run([job], tmp_path)
    assert _agree(answer["predicted"], np.asarray(graph.predict(points)))


@needs_node
def test_the_error_function_to_the_last_digits(tmp_path: Path) -> None:
    points = [*np.linspace(-7, 7, 2001).tolist(), 1e-300, 1e-9, 30.0, -30.0, 2.5, -2.5]
    (answer,) = run([{"erf": points}], tmp_path)
    wanted = [math.erf(x) for x in points]
    np.testing.assert_allclose(answer["erf"], wanted, rtol=2e-15)


def test_the_functions_file_is_fresh() -> None:
    if not GENERATED.exists():
        pytest.skip("the front end's sources aren't here")
    assert GENERATED.read_text(encoding="utf-8") == source()


def test_a_program_is_plain_json() -> None:
    found = program(two_neurons(x=[[2, 5], [1, -1]], y=[1, 0]))
    assert json.loads(json.dumps(found)) == found
    assert found["points"] == {"x": [[2, 5], [1, -1]], "y": [[1], [0]]}
    assert found["updates"] == [["W_1", "∂J/∂W_1"], ["W_2", "∂J/∂W_2"]]
