"""PyTorch modules as graphs: values and gradients equal PyTorch's, in float64 to 1e-8."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.reading.against_torch import agree, called

from backhand.calculus.counting import parameters
from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients
from backhand.errors import AskError, BackhandError
from backhand.notation import partial_name
from backhand.reading.torch import from_torch
from backhand.values import floats

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]


class Attention(nn.Module):
    """Self-attention with a residual connection and layer normalisation."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        mixed = nn.functional.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x))
        return self.norm(x + mixed)


class Recurrent(nn.Module):
    """A recurrent cell over three steps: its weights are used three times."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.RNNCell(3, 2)

    def forward(self, x):
        h = torch.zeros(x.shape[0], 2, dtype=x.dtype)
        for step in range(3):
            h = self.cell(x[:, step], h)
        return h


class Masked(nn.Module):
    """Dropout with a given mask."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)
        self.register_buffer("mask", torch.tensor([0.0, 2.0, 2.0], dtype=torch.float64))

    def forward(self, x):
        return self.inner(x) * self.mask


def shared() -> nn.Module:
    layer = nn.Linear(2, 2)
    return nn.Sequential(layer, nn.Tanh(), layer, nn.Softplus(), layer)


def rand(*shape: int):
    return torch.rand(*shape, dtype=torch.float64) + 0.1


def normal(*shape: int):
    return torch.randn(*shape, dtype=torch.float64)


CASES = {
    "mlp": lambda: (
        nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid()),
        normal(1, 2), nn.MSELoss(), rand(1, 1)),
    "mlp, a batch": lambda: (
        nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Sigmoid()),
        normal(5, 2), nn.BCELoss(), torch.rand(5, 1, dtype=torch.float64)),
    "cnn with batch norm": lambda: (
        nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2),
                      nn.Flatten(), nn.Linear(8, 3)),
        normal(2, 1, 4, 4), nn.CrossEntropyLoss(), torch.tensor([0, 2])),
    "strided conv 1d": lambda: (
        nn.Sequential(nn.Conv1d(2, 3, 3, stride=2, padding=1), nn.SiLU(), nn.AvgPool1d(2),
                      nn.Flatten(), nn.Linear(6, 4), nn.LogSoftmax(-1)),
        normal(1, 2, 8), nn.NLLLoss(), torch.tensor([3])),
    "dilated conv in groups": lambda: (
        nn.Sequential(nn.Conv2d(2, 4, 2, dilation=2, groups=2), nn.GELU(approximate="tanh"),
                      nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        normal(1, 2, 5, 5), nn.MSELoss(), normal(1, 4)),
    "attention": lambda: (Attention(), normal(1, 3, 4), nn.MSELoss(), normal(1, 3, 4)),
    "attention, a batch": lambda: (Attention(), normal(2, 3, 4), nn.MSELoss(), normal(2, 3, 4)),
    "transformer layer": lambda: (
        nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, dropout=0.0),
        normal(1, 3, 4), nn.HuberLoss(), normal(1, 3, 4)),
    "multi-head attention": lambda: (
        SelfAttention(), normal(1, 3, 4), nn.MSELoss(), normal(1, 3, 4)),
    "embedding": lambda: (
        nn.Sequential(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(6, 2), nn.GELU(), nn.Softmax(1)),
        torch.tensor([[1, 2]]), nn.L1Loss(), rand(1, 2)),
    "recurrent": lambda: (Recurrent(), normal(1, 3, 3), nn.SmoothL1Loss(), normal(1, 2)),
    "shared weights": lambda: (shared(), normal(1, 2), nn.MSELoss(), normal(1, 2)),
    "batch norm in training": lambda: (
        nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LeakyReLU(0.2), nn.Linear(4, 2)),
        normal(6, 3), nn.BCEWithLogitsLoss(), torch.rand(6, 2, dtype=torch.float64)),
    "batch norm, running moments": lambda: (
        nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ELU(), nn.Dropout(0.5), nn.Linear(4, 2)).eval(),
        normal(6, 3), nn.MSELoss(reduction="sum"), normal(6, 2)),
    "layer norm": lambda: (
        nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Hardtanh(), nn.Linear(4, 2)),
        normal(1, 3), lambda yhat, y: ((yhat - y) ** 2).sum() / 2, normal(1, 2)),
    "moving entries": lambda: (Moving(), normal(1, 4), nn.MSELoss(), normal(1, 1)),
    "more activations": lambda: (
        nn.Sequential(nn.Linear(2, 3), nn.ReLU6(), nn.Linear(3, 3), nn.Softplus(), nn.LayerNorm(3),
                      nn.Linear(3, 2), nn.LeakyReLU()),
        normal(1, 2), nn.L1Loss(reduction="sum"), normal(1, 2)),
    "a given mask": lambda: (Masked(), normal(1, 3), nn.MSELoss(), normal(1, 3)),
}  # fmt: skip


class Moving(nn.Module):
    """Everything that only moves entries, in one forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 6)

    def forward(self, x):
        a = self.inner(x)
        first, second, third = a.chunk(3, dim=1)
        left, right = a.split([2, 4], dim=1)
        halves = a.split(3, dim=1)
        stacked = torch.stack([first, second, third], dim=1)
        turned = stacked.transpose(1, 2).permute(0, 2, 1).contiguous()
        flat = turned.reshape(1, 6).unsqueeze(0).squeeze(0)
        picked = a[:, 1:5:2] + right[:, -2:] + left.expand(1, 2)
        joined = torch.cat([flat, picked, halves[1]], dim=1)
        ones = torch.ones_like(joined) + torch.zeros(1, 11, dtype=x.dtype)
        numbers = (
            (joined * ones).square() - 1 + joined.neg().exp().reciprocal() + 2 / (3 + joined**2)
        )
        bounded = torch.maximum(numbers, joined) + torch.minimum(numbers, joined).clamp(-2, 2)
        return (
            (bounded / 2).sum(dim=1, keepdim=True)
            + bounded.mean(dim=1, keepdim=True)
            + joined.mean()
        )


class SelfAttention(nn.Module):
    """PyTorch's own multi-head attention of a sequence with itself."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_pytorchs(name: str) -> None:
    torch.manual_seed(len(name))
    module, x, loss, y = CASES[name]()
    graph = agree(module.double(), x, loss, y)
    names = called(graph)
    assert sorted(names[q.name] for q in graph.parameters) == sorted(
        dict(module.named_parameters())
    )


def test_a_weight_that_is_used_twice_is_one_parameter() -> None:
    graph = from_torch(shared().double(), inputs=normal(1, 2))
    assert [q.name for q in graph.parameters] == ["W_1", "b_1"]
    assert parameters(graph).value == 6


def test_a_sequential_needs_no_example_and_reads_like_a_page() -> None:
    graph = from_torch(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid()))
    assert graph["x"].value is None
    text = str(graph)
    assert "a₁ = W₁ x + b₁" in text
    assert "z₁ = ReLU(a₁)" in text
    assert "a₂ = W₂ z₁ + b₂" in text
    assert "ŷ = σ(a₂)" in text


@pytest.mark.parametrize(
    ("module", "x", "words"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)), normal(1, 2), "1 (Dropout)"),
        (nn.Sequential(nn.Linear(3, 3), nn.GLU()), normal(1, 3), "torch.export"),
        (nn.Sequential(nn.Linear(4, 4), nn.Softshrink()), normal(1, 4), "softshrink"),
        (nn.Sequential(nn.LSTM(3, 2, proj_size=1)), normal(3, 1, 3), "projections"),
        (nn.Sequential(nn.AvgPool2d(2, ceil_mode=True)), normal(1, 1, 5, 5), "AvgPool2d"),
    ],
    ids=["dropout", "a shape that doesn't fit", "softshrink", "projections", "pool"],
)
def test_what_is_not_read_is_named(module, x, words: str) -> None:
    with pytest.raises(BackhandError) as caught:
        from_torch(module.double(), inputs=x)
    assert words in str(caught.value)
    assert caught.value.mend


class Overwriting(nn.Module):
    """An in-place change that a reader could overlook."""

    def __init__(self, by_item: bool) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.by_item = by_item

    def forward(self, x):
        z = self.inner(x)
        if self.by_item:
            z = z * 1
            z[:, 0] = 3.0
            return z
        y = z.relu_()
        return y + z


def test_a_change_in_place_is_read_right_or_refused() -> None:
    with pytest.raises(BackhandError, match="in place"):
        from_torch(Overwriting(by_item=True).double(), inputs=normal(1, 2))
    module, x = Overwriting(by_item=False).double(), normal(1, 2)
    values = trace(from_torch(module, inputs=x))
    expected = module(x).detach().numpy().ravel()
    assert floats(values["yhat"]).ravel() == pytest.approx(expected, rel=1e-12)


def test_of_several_outputs_the_first_is_read() -> None:
    class Two(nn.Module):
        def forward(self, x):
            return x * 2, x * 3

    graph = from_torch(Two(), inputs=normal(1, 2))
    assert any("2 outputs" in note for note in graph.notes)


def test_what_is_missing_is_asked_for() -> None:
    with pytest.raises(AskError, match="example"):
        from_torch(nn.Sequential(nn.Conv2d(1, 1, 2)))
    with pytest.raises(AskError, match="target"):
        from_torch(nn.Linear(2, 1), nn.MSELoss())


def test_the_module_is_left_as_it_was() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).double()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    from_torch(module, nn.MSELoss(), inputs=normal(6, 3), target=normal(6, 4))
    assert all(torch.equal(before[name], now) for name, now in module.state_dict().items())
    assert module.training
    assert all(p.grad is None for p in module.parameters())


# ---- building blocks ---------------------------------------------------------------------------


def peers():
    """Each building block as PyTorch has it, on the values of the graph by name."""
    f = nn.functional

    def recurrent(v):
        h = v["h_0"]
        for x in v["X"]:
            h = torch.tanh(x @ v["W"].T + v["b"] + h @ v["U"].T + v["c"])
        return h

    def attention(v):
        q, k, w = (v["X"] @ v[name].T for name in ("W_Q", "W_K", "W_V"))
        return f.scaled_dot_product_attention(q, k, w)

    return {
        "batch_norm": lambda v: f.batch_norm(
            v["x"], None, None, v["gamma"], v["beta"], training=True
        ),
        "layer_norm": lambda v: f.layer_norm(v["x"], v["x"].shape, v["gamma"], v["beta"]),
        "convolution_1d": lambda v: f.conv1d(v["x"][None], v["W"], v["b"])[0],
        "convolution_2d": lambda v: f.conv2d(v["x"][None], v["W"], v["b"])[0],
        "max_pool": lambda v: f.max_pool1d(v["x"][None], 2)[0],
        "average_pool": lambda v: f.avg_pool1d(v["x"][None], 2)[0],
        "dropout": lambda v: v["x"] * v["mask"],
        "embedding": lambda v: v["x"] @ v["E"],
        "residual": lambda v: v["x"] + torch.relu(v["W"] @ v["x"] + v["b"]),
        "attention": attention,
        "recurrent": recurrent,
    }


@pytest.mark.parametrize("name", sorted(peers()))
def test_a_building_block_has_pytorchs_values_and_jacobians(name: str) -> None:
    from backhand.reading.building import block

    rng = np.random.default_rng(len(name))
    graph = block(name)
    given = [q for q in graph if q.definition is None]
    graph = graph.with_values(**{q.name: rng.normal(size=q.shape) for q in given})
    values = trace(graph)
    peer = peers()[name]
    tensors = {q.name: torch.tensor(floats(values[q.name])) for q in given}
    assert floats(values["y"]) == pytest.approx(peer(tensors).numpy(), rel=1e-8, abs=1e-10)
    _, known = gradients(graph, "y", [q.name for q in given], values)
    for quantity in given:

        def of_one(t, key=quantity.name):
            return peer({**tensors, key: t})

        expected = torch.func.jacrev(of_one)(tensors[quantity.name]).numpy()
        found = floats(known[partial_name("y", quantity.name)])
        assert found == pytest.approx(expected, rel=1e-8, abs=1e-10), quantity.name


def test_every_block_has_a_peer() -> None:
    from backhand.reading.building import BLOCKS

    assert set(BLOCKS) == set(peers())


class Branching(nn.Module):
    """What a trace can't follow: which way it goes depends on a value."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, x):
        return self.linear(x) if x.sum() > 0 else -self.linear(x)


LINEAR, ONES = nn.Linear(2, 1), torch.ones(1, 2)


@pytest.mark.parametrize(
    ("module", "loss", "inputs", "target", "said"),
    [
        (len, None, ONES, None, "is no torch.nn.Module; give the module itself"),
        (LINEAR, "mse", ONES, ONES, "the loss is 'mse'; give a loss of PyTorch"),
        (LINEAR, None, ONES.numpy(), None, "an input is ndarray, no tensor"),
        (LINEAR, nn.MSELoss(), ONES, 1.0, "the target is float, no tensor"),
        (LINEAR, None, torch.ones(1, 3), None, "check that it runs on these inputs"),
        (Branching(), None, ONES, None, "make its forward pass free of branches on values"),
        (nn.ConvTranspose1d(1, 1, 2), None, torch.ones(1, 1, 2), None, "ConvTranspose1d.*parts"),
    ],
)
def test_what_cant_be_read_is_one_message(
    module, loss, inputs, target, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BackhandError, match=said):
        from_torch(module, loss, inputs=inputs, target=target)
    assert capfd.readouterr() == ("", "")
