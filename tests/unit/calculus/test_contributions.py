"""Every contribution against a list of all paths, every derivative against autograd and PyTorch."""

from __future__ import annotations

from math import exp, prod

import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.peers import Network, build, networks
from tests.unit.calculus.explaining import explained, layered
from tests.unit.calculus.graphs import given as known
from tests.unit.calculus.graphs import made

import backhand
from backhand.calculus import entries as entries_module
from backhand.calculus.contributions import Contributions, cut
from backhand.calculus.entries import in_floats
from backhand.calculus.evaluate import evaluate
from backhand.calculus.explain import explain
from backhand.calculus.forward import trace
from backhand.calculus.paths import paths, spot
from backhand.errors import LimitError
from backhand.expr import apply, ref, total
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


@settings(max_examples=50, deadline=None)
@given(networks(most_layers=5, widest=12), st.data())
@pytest.mark.no_cover
def test_contributions_add_up_to_autograds_gradient(network: Network, data: st.DataObject) -> None:
    graph = backhand.model(network.page)
    text, at = entry_of(data, graph)
    name = text.partition("[")[0]
    whole = grad(network.loss)(network.parameters)[name].reshape(graph[name].shape)
    found = explained(graph, text)
    room = 1e-12 * exp(min(found.log_absolute, 700)) + 1e-9 * float(np.max(np.abs(whole)))
    assert found.derivative == pytest.approx(float(whole[at]), rel=1e-9, abs=room + 1e-300)


@settings(max_examples=60, deadline=None)
@given(networks(most_layers=3, widest=3), st.data())
@pytest.mark.no_cover
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
@pytest.mark.no_cover
def test_blocks_of_networks_equal_pytorch(which: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    nn = torch.nn
    torch.manual_seed(0)
    if which == "attention":
        block = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True)
        module, x = nn.Sequential(block, nn.Linear(4, 2)), torch.randn(1, 3, 4)
    else:
        first = [nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        module, x = nn.Sequential(*first, nn.Linear(8, 2)), torch.randn(1, 1, 4, 4)
    module, x = module.double(), x.double()
    for theirs in module.parameters():
        nn.init.normal_(theirs)  # so that no two are equal, and each is known by its numbers
    target = torch.zeros_like(module(x))
    graph = backhand.from_torch(module, nn.MSELoss(), inputs=x, target=target)
    nn.functional.mse_loss(module(x), target).backward()
    pairs = 0
    for theirs in module.parameters():
        for ours in graph.parameters:
            assert ours.value is not None
            if ours.shape == tuple(theirs.shape) and np.allclose(
                floats(ours.value), theirs.detach().numpy(), atol=1e-12
            ):
                slots = ",".join(str(axis.lower) for axis in ours.axes)
                found = explained(graph, f"{ours.name}[{slots}]", graph.objective or "")
                expected = theirs.grad.flatten()[0].item()
                assert found.derivative == pytest.approx(expected, rel=1e-9, abs=1e-12)
                pairs += 1
    assert pairs >= 4


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


def test_too_many_edges_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries_module, "MAX_EDGES", 500)
    with pytest.raises(LimitError, match="over 500"):
        explain(layered(3, 20), "x[1]")
