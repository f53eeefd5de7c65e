"""Explanations: every contribution against a list of all paths, every derivative against autograd."""

from __future__ import annotations

from math import exp, prod

import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.peers import Network, build, networks
from tests.unit.calculus.graphs import given as known
from tests.unit.calculus.graphs import made

import backhand
from backhand.calculus import entries as entries_module
from backhand.calculus.contributions import Contributions, contributions, cut
from backhand.calculus.entries import entries, in_floats
from backhand.calculus.evaluate import evaluate
from backhand.calculus.explain import explain
from backhand.calculus.forward import trace
from backhand.calculus.paths import paths, spot
from backhand.calculus.units import flat_below, flat_units
from backhand.errors import AskError, LimitError
from backhand.expr import apply, ref, total
from backhand.functions import TABLE
from backhand.graph import Graph, Role, floats
from backhand.slots import Index, affine

RESIDUAL = """
x = [0.5, -1, 2]; y = [1, 0, 2]; W = [[1, -2, 0.5], [0.3, 0.4, -1], [2, 1, 1]]
a = W @ x
h = x + tanh(a)
b = W @ h
z = h + sigmoid(b)
J = squared_error(y, z)
"""
RECURRENT = """
x_1 = [1, 2]; x_2 = [-1, 0.5]; x_3 = [0.2, -0.7]; y = 1
U = [[0.5, -0.3], [0.1, 0.8]]; V = [[1, 0.2], [-0.6, 0.4]]; w = [[1, -2]]
h_1 = tanh(V @ x_1)
h_2 = tanh(U @ h_1 + V @ x_2)
h_3 = tanh(U @ h_2 + V @ x_3)
s = w @ h_3
J = (y - s)^2
"""
ATTENTION = """
X = [[0.5, -1, 2], [1, 0.3, -0.4]]
Q = [[1, 2, 0.5], [0.3, -1, 1], [0.7, 0.2, -0.5]]; K = [[0.4, 1, -1], [2, 0.1, 0.6], [-0.2, 0.5, 1]]
q_{t,d} = sum_{k=1}^3 X_{t,k} Q_{k,d}
k_{t,d} = sum_{n=1}^3 X_{t,n} K_{n,d}
S_{t,u} = sum_{d=1}^3 q_{t,d} k_{u,d}
P_{t,u} = exp(S_{t,u}) / sum_{v=1}^2 exp(S_{t,v})
A_{t,d} = sum_{u=1}^2 P_{t,u} X_{u,d}
J = sum_{t=1}^2 sum_{d=1}^3 A_{t,d}^2
"""
GATED = """
x = [0.5, -1]; W = [[1, 2], [-0.5, 0.3]]; V = [[0.2, 1], [1, -1]]
a = W @ x
g = sigmoid(V @ a) ⊙ tanh(a) + relu(W @ a)
J = g_1 g_2 + a_1 g_1
"""
MODELS = {
    "residual": (RESIDUAL, ["W[1,2]", "W[3,3]", "x[2]", "h[1]"]),
    "recurrent": (RECURRENT, ["U[1,2]", "V[2,1]", "x_1[1]", "w[1,2]"]),
    "attention": (ATTENTION, ["Q[2,3]", "K[1,1]", "X[1,2]"]),
    "gated": (GATED, ["W[1,2]", "V[2,2]", "x[1]", "a[1]"]),
}


def explained(graph: Graph, by: str, of: str = "J", most: int = 5) -> Contributions:
    graph = in_floats(graph)
    found = entries(graph, spot(of, graph), spot(by, graph), trace(graph))
    return contributions(found, most)


def listed(graph: Graph, by: str, of: str = "J") -> list[float] | None:
    """The product of every path, one by one; None where there are too many."""
    graph = in_floats(graph)
    values = trace(graph)
    found = paths(graph, spot(of, graph), spot(by, graph))
    if found is None or found.count > 20_000:
        return None
    slopes = {hop: floats(evaluate(hop.slope, (), graph, values)).item() for hop in found.hops}
    return [prod(slopes[hop] for hop in path) for path in found.each()]


def agree(found: Contributions, products: list[float]) -> None:
    """Sum, sum of sizes, numbers of paths, and the largest ones, as in the list of all."""
    scale = sum(map(abs, products))
    assert found.derivative == pytest.approx(sum(products), rel=1e-9, abs=1e-12 * scale)
    assert exp(found.log_absolute) == pytest.approx(scale, rel=1e-9)
    assert found.count == len(products)
    assert found.live == sum(1 for p in products if p)
    sizes = sorted(map(abs, products), reverse=True)[: len(found.best)]
    assert [abs(one.value) for one in found.best] == pytest.approx(sizes, rel=1e-9)
    assert sum(found.share(one) for one in found.best) <= 1 + 1e-9


def entry_of(data: st.DataObject, graph: Graph) -> tuple[str, tuple[int, ...]]:
    parameter = data.draw(st.sampled_from(graph.parameters))
    at = tuple(data.draw(st.integers(0, size - 1)) for size in parameter.shape)
    slots = [str(n + axis.lower) for n, axis in zip(at, parameter.axes, strict=True)]
    return f"{parameter.name}[{','.join(slots)}]" if slots else parameter.name, at


@settings(max_examples=100, deadline=None)
@given(networks(most_layers=5, widest=12), st.data())
def test_contributions_add_up_to_autograds_gradient(network: Network, data: st.DataObject) -> None:
    graph = backhand.model(network.page)
    text, at = entry_of(data, graph)
    name = text.partition("[")[0]
    whole = grad(network.loss)(network.parameters)[name].reshape(graph[name].shape)
    found = explained(graph, text)
    room = 1e-12 * exp(min(found.log_absolute, 700)) + 1e-9 * float(np.max(np.abs(whole)))
    assert found.derivative == pytest.approx(float(whole[at]), rel=1e-9, abs=room + 1e-300)


@settings(max_examples=100, deadline=None)
@given(networks(most_layers=3, widest=3), st.data())
def test_the_best_paths_are_the_best_of_all(network: Network, data: st.DataObject) -> None:
    graph = backhand.model(network.page)
    text, _ = entry_of(data, graph)
    products = listed(graph, text)
    if products is not None:
        agree(explained(graph, text, most=data.draw(st.integers(1, 20))), products)


@pytest.mark.parametrize(("model", "by"), [(m, e) for m, es in MODELS.values() for e in es])
def test_any_graph_has_its_paths_and_its_slope(model: str, by: str) -> None:
    graph = backhand.model(model)
    found = explained(graph, by, most=12)
    products = listed(graph, by)
    assert products is not None
    agree(found, products)
    name = by.partition("[")[0]
    if graph[name].definition is not None:
        return
    step = 1e-5
    ends: list[float] = []
    for sign in (1, -1):
        moved = floats(graph[name].value).copy()  # type: ignore[arg-type]
        moved[tuple(s - 1 for s in spot(by, graph).slots)] += sign * step
        ends.append(floats(trace(graph.with_values(**{name: moved}))["J"]).item())
    assert found.derivative == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-8)


def test_convolutions_have_edges_only_where_the_kernel_reaches() -> None:
    j, k = Index("j", 1, 4), Index("k", 1, 3)
    reach = affine({j: 1, k: 1}, -1, Index("", 1, 6))
    assert reach is not None
    graph = Graph(
        (
            known("x", Role.DATA, [1, -2, 3, 0.5, 4, -1]),
            known("w", Role.PARAMETER, [0.5, -1, 2]),
            made("a", total(k, ref("w", k) * ref("x", reach)), 4),
            made("z", apply("relu", ref("a", j)), 4),
            made("J", total(j, ref("z", j) ** 2), role=Role.OBJECTIVE),
        ),
        "J",
    )
    for by, count in (("x[3]", 3), ("x[1]", 1), ("w[2]", 4)):
        products = listed(graph, by)
        assert products is not None
        assert len(products) == count
        found = explained(graph, by)
        agree(found, products)
        assert len(found.entries.slope) == 3 * count


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("which", ["attention", "convolution"])
def test_blocks_of_networks_equal_pytorch(which: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    nn = torch.nn
    torch.manual_seed(0)
    if which == "attention":
        module, x = nn.MultiheadAttention(4, 2, batch_first=True), torch.randn(1, 3, 4).double()
        call = lambda data: module(data, data, data, need_weights=False)[0]  # noqa: E731
    else:
        convolution = [nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        module, x = nn.Sequential(*convolution, nn.Linear(8, 2)), torch.randn(1, 1, 4, 4).double()
        call = module


def layered(depth: int, width: int, function: str = "tanh", gain: float = 1.0) -> Graph:
    rng = np.random.default_rng(3)
    lines = [f"x = {rng.normal(size=width).round(3).tolist()}", "y = 1"]
    for layer in range(1, depth + 1):
        weights = (gain * rng.normal(size=(width, width)) / np.sqrt(width)).round(3).tolist()
        before = f"z_{layer - 1}" if layer > 1 else "x"
        lines += [f"W_{layer} = {weights}", f"a_{layer} = W_{layer} @ {before}"]
        lines.append(f"z_{layer} = {function}(a_{layer})")
    lines += [f"v = {rng.normal(size=(1, width)).round(3).tolist()}", f"s = v @ z_{depth}"]
    return backhand.model("\n".join([*lines, "J = (y - s)^2"]))


def test_work_grows_with_the_edges_and_not_with_the_paths() -> None:
    graph = layered(50, 20)
    found = explained(graph, "W_1[1,2]")
    assert found.count == 20**49
    # One unit of the first layer, then 20 by 20 weights and 20 activations a layer, then v and J.
    assert len(found.entries.slope) == 2 + 49 * (20 * 20 + 20) - 19 * 20 + 20 + 1
    whole = graph.gradient("W_1").value
    assert found.derivative == pytest.approx(whole[0, 1], rel=1e-9)  # type: ignore[index]
    assert len(found.best) == 5
    assert all(a.log_size >= b.log_size for a, b in zip(found.best, found.best[1:], strict=False))


def test_a_wide_layer_is_a_few_edges_for_one_weight() -> None:
    rng = np.random.default_rng(0)
    graph = backhand.model(
        "x in R^784; y in R^10; W in R^{100×784}; V in R^{10×100}\n"
        "a = W x; z = relu(a); s = V z; p = softmax(s); J = cross_entropy(y, p)"
    ).with_values(
        x=rng.normal(size=784),
        y=np.eye(10)[2],
        W=rng.normal(size=(100, 784)) / 28,
        V=rng.normal(size=(10, 100)) / 10,
    )
    assert len(explained(graph, "W[1,2]").entries.slope) == 2 + 10 + 100 + 10


def test_products_beyond_float64_are_still_ranked() -> None:
    lines = ["w = 1", "v = 2", "y_0 = v w"]
    lines += [f"y_{n} = {'1e-30' if n <= 12 else '1'} y_{n - 1}" for n in range(1, 14)]
    found = explained(backhand.model("\n".join([*lines, "J = y_13"])), "w")
    assert found.derivative == 0.0
    assert found.live == 1
    assert found.best[0].log_size / np.log(10) == pytest.approx(-360 + np.log10(2))
    words = explain(backhand.model("\n".join([*lines, "J = y_13"])), "w").text()
    assert "too small for float64" in words


def test_a_chain_as_deep_as_any_is_no_error() -> None:
    chain = [known("x", Role.DATA, 1)]
    for n in range(3000):
        chain.append(made(f"y_{n}", apply("sin", ref(chain[-1].name))))
    working = explain(Graph(tuple(chain)), "x", "y_2999")
    assert "3000 factors" in working.text()


# ---- what is said ------------------------------------------------------------------------------

TWO_NEURONS = """
x = [2, 5]; y = 1; W_1 = [[2, 3, -1], [-1, -3, 1]]; W_2 = [[1, -2, 2]]
a = W_1 x
z = relu(a)
b = W_2 z
yhat = sigmoid(b)
J = (y - yhat)^2
"""


def first_line(model: str, by: str, of: str | None = None) -> str:
    return explain(backhand.model(model), by, of).text().splitlines()[0]


def test_a_dead_unit_is_named_with_its_function_and_input() -> None:
    line = first_line(TWO_NEURONS, "W_1[2,1]")
    assert line.startswith("∂J/∂W₁[2,1] = 0: its one path meets a factor of 0")
    assert "ReLU'(−2) = 0: the unit z₂ is dead" in line


def test_a_small_factor_is_named_with_its_function_and_input() -> None:
    line = first_line(TWO_NEURONS, "W_1[1,2]")
    assert "one path carries it" in line
    assert "σ'(−5) ≈ 0.006648" in line
    assert "nearly saturated" in line


def test_a_function_inside_an_equation_is_named_too() -> None:
    line = first_line("x = 2; w = -3; z = relu(w x); J = z + w", "w", "z")
    assert "∂z/∂w = 0: the unit z is dead, since ReLU'(−6) = 0" in line
    line = first_line("x = 1; w = -9; c = 2; z = c sigmoid(w x + 1); J = z", "w")
    assert "the unit z is saturated" in line
    assert "σ'(−8) ≈ 0.0003352" in line


def test_a_saturated_unit_is_named() -> None:
    line = first_line("w = 1; x = 8; a = w x; z = sigmoid(a); J = (z - 0)^2", "w")
    assert "the unit z is saturated" in line


def test_a_large_factor_is_named() -> None:
    line = first_line("w = 1; v = 5000; a = 2 w; b = v a; J = b - 1", "w")
    assert "largest factor is ∂b/∂a = v = 5000" in line


def test_a_zero_weight_blocks_too() -> None:
    line = first_line("w = 1; v = 0; a = 2 w; b = v a; J = b - 1", "w")
    assert "∂b/∂a = v = 0" in line


def test_the_cut_is_the_smaller_one() -> None:
    # All three hidden units are dead, but J'(s) = 0 alone would do.
    graph = backhand.model(
        "x = 1; y = 0; w = -1; u = [1, 2, 3]; v = [[1, 1, 1]]\n"
        "h = w x\na_i = u_i h\nz = relu(a)\ns = v @ z\nJ = (y - s)^2"
    )
    found = explained(graph, "w")
    assert (found.count, found.live) == (3, 0)
    zeros = cut(found.entries)
    assert [found.entries.spot(int(found.entries.target[e])).name for e in zeros] == ["J"]
    other = explained(graph.with_values(y=1), "w")
    zeros = cut(other.entries)
    assert [other.entries.spot(int(other.entries.target[e])).name for e in zeros] == ["z"] * 3
    assert "There are 3 such factors" in explain(graph.with_values(y=1), "w").text()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 3), min_size=3, max_size=4), st.integers(0, 2**32 - 1), st.data())
def test_without_a_live_path_every_path_crosses_the_cut(
    widths: list[int], seed: int, data: st.DataObject
) -> None:
    layers = len(widths) - 1
    page = build(widths, ["relu"] * layers, "squared_error", [False] * layers, seed).page
    graph = backhand.model(page)
    found = explained(graph, entry_of(data, graph)[0], most=100)
    if found.count and not found.live:
        zeros = set(cut(found.entries))
        assert zeros
        assert len(found.best) == found.count
        assert all(zeros & set(one.edges) for one in found.best)


def test_paths_that_cancel_are_said_to() -> None:
    line = first_line("w = 3; a = 2 w; b = -2 w; J = a + b", "w")
    assert line.endswith("2 paths carry it, and cancel")
    line = first_line("w = 3; a = 2 w; b = -1.999 w; J = a + b", "w")
    assert "nearly cancel" in line


def test_what_does_not_matter_and_what_is_itself() -> None:
    assert first_line("w = 3; v = 1; J = v^2", "w").endswith("J doesn't depend on w")
    assert first_line("w = 3; J = w^2", "J").startswith("dJ/dJ = 1")


def test_any_entry_can_be_asked_about() -> None:
    graph = backhand.model(TWO_NEURONS)
    working = explain(graph, "W_1[1,2]", "a[1]")
    assert working.value == 5.0
    assert explain(graph, "W_1[1,2]", "a[2]").value == 0.0


def test_the_first_value_that_is_not_finite_is_named() -> None:
    model = "x = [1, 500]; w = 2\na_i = w x_i\nz = exp(a)\nJ = sum_{i=1}^2 z_i"
    text = explain(backhand.model(model), "w").text()
    assert "The first value that isn't finite is z₂" in text
    assert "exp(1000)" in text or "e^1000" in text or "e¹⁰⁰⁰" in text


def test_dead_units_at_this_point_and_at_every_point() -> None:
    graph = backhand.model(
        "x^(1) = 1; x^(2) = 2; x^(3) = -1; y^(1) = 0; y^(2) = 0; y^(3) = 1\n"
        "w = [1, -1, 1]; b = [0, 0, -9]; a_i = w_i x + b_i; z = relu(a)\n"
        "s = z_1 + z_2 + z_3; J = (y - s)^2"
    )
    assert graph.point_count == 3
    (units,) = flat_units(in_floats(graph), {"z"}, trace(graph))
    assert [at.slots for at in units.dead] == [(2,), (3,)]
    assert units.always is not None
    assert [at.slots for at in units.always] == [(3,)]
    text = explain(graph, "w[3]").text()
    assert "dead at every one of the 3 points: z₃" in text


def test_saturated_units_are_counted_by_layer() -> None:
    graph = backhand.model("x = [0, 1, 8]; z = sigmoid(x); t = tanh(z); J = t_1 + t_2 + t_3")
    found = {u.quantity: u for u in flat_units(in_floats(graph), {"z", "t"}, trace(graph))}
    assert [at.slots for at in found["z"].saturated] == [(3,)]
    assert found["t"].saturated == ()


def test_which_functions_flatten_out_is_read_off_the_table() -> None:
    flat = {name for name, function in TABLE.items() if flat_below(function) is not None}
    assert {"relu", "sigmoid", "tanh", "softplus", "erf", "gelu", "silu"} <= flat
    assert not flat & {"identity", "exp", "log", "sqrt", "sin", "cos", "tan", "abs", "leaky_relu"}
    assert flat_below(TABLE["sigmoid"]) == pytest.approx(0.0025)


def test_norms_are_those_of_the_gradient() -> None:
    graph = layered(4, 3)
    gradients = graph.gradient("W_2", "z_3").values
    shown = {
        step.formula: step.value
        for step in explain(graph, "W_1[1,1]").steps
        if step.rule == "gradient norm"
    }
    norms = [float(value.value) for value in shown.values()]  # type: ignore[union-attr]
    for name in ("∂J/∂W_2", "∂J/∂z_3"):
        assert any(np.isclose(float(np.linalg.norm(floats(gradients[name]))), n) for n in norms)


def test_vanishing_and_exploding_are_said_in_words() -> None:
    assert "vanishes" in explain(layered(20, 3, "sigmoid"), "W_1[1,1]").text().splitlines()[0]
    assert "explodes" in explain(layered(20, 3, "identity", 5.0), "W_1[1,1]").text().splitlines()[0]
    assert "vanishes" not in explain(layered(2, 3), "W_1[1,1]").text().splitlines()[0]


def test_the_paths_are_drawn() -> None:
    drawn = explain(backhand.model(TWO_NEURONS), "W_1[1,2]").picture
    assert drawn is not None
    assert any(edge.lit for edge in drawn.edges)


# ---- what can't be explained -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "by", "of", "most", "message"),
    [
        (TWO_NEURONS, "W_1", None, 5, "more than one entry"),
        (TWO_NEURONS, "W_1[1,2]", "a", 5, "more than one entry"),
        (TWO_NEURONS, "W_1[9,9]", None, 5, "no entry"),
        (TWO_NEURONS, "W_1[1,2]", None, 0, "paths"),
        ("x in R; J = x^2", "x", None, 5, "no value"),
    ],
)
def test_what_cannot_be_explained_says_why(
    model: str, by: str, of: str | None, most: int, message: str
) -> None:
    with pytest.raises(AskError, match=message):
        explain(backhand.model(model), by, of, most)


def test_too_many_edges_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries_module, "MAX_EDGES", 500)
    with pytest.raises(LimitError, match="over 500"):
        explain(layered(3, 20), "x[1]")
