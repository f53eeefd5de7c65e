"""Each layer, operation, option and loss of PyTorch that is read: as PyTorch has it, or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.reading.against_torch import agree

from backhand.errors import BackhandError
from backhand.reading.torch import from_torch

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn, F = torch.nn, torch.nn.functional
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]


class Of(nn.Module):
    """A forward pass given as a function of the module and its inputs."""

    def __init__(self, function: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            if isinstance(part, nn.Module | nn.Parameter):
                setattr(self, name, part)
            else:
                self.register_buffer(name, part)

    def forward(self, *x):
        return self.function(self, *x)


def normal(*shape: int):
    return torch.randn(*shape, dtype=torch.float64)


def learned(*shape: int):
    return nn.Parameter(normal(*shape))


def check(module, x, loss=None, y=None):
    """Against PyTorch, with the squared error to some target where no loss is given."""
    torch.manual_seed(1)
    module = module.double()
    inputs = x if isinstance(x, tuple) else (x,)
    goal = normal(*module(*inputs).shape) if y is None else y
    return agree(module, x, loss or nn.MSELoss(), goal)


# ---- entry by entry ----------------------------------------------------------------------------

ACTIVATIONS = {
    "relu6": F.relu6, "elu": F.elu, "elu, wide": lambda a: F.elu(a, 2.0), "celu": lambda a: F.celu(a, 2.0),
    "selu": F.selu, "mish": F.mish, "hardswish": F.hardswish, "log-sigmoid": F.logsigmoid,
    "softsign": F.softsign, "tanhshrink": F.tanhshrink, "hardtanh": lambda a: F.hardtanh(a, -0.5, 0.7),
    "leaky": F.leaky_relu, "leaky, 0.3": lambda a: F.leaky_relu(a, 0.3),
    "leaky, -0.3": lambda a: F.leaky_relu(a, -0.3), "leaky, 2": lambda a: F.leaky_relu(a, 2.0),
    "from below": lambda a: a.clamp(min=0.1), "from above": lambda a: a.clamp(max=0.1),
    "expm1": torch.expm1, "log1p": lambda a: torch.log1p(a.abs()), "log2": lambda a: torch.log2(a.abs()),
    "log10": lambda a: torch.log10(a.abs()), "exp2": torch.exp2, "2^a": lambda a: 2**a,
    "sqrt": lambda a: a.abs().sqrt(), "a^3": lambda a: a**3, "gelu": F.gelu, "erf": torch.erf,
    "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "glu": F.glu, "softmin": lambda a: F.softmin(a, -1),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    torch.manual_seed(len(name))
    check(Of(lambda s, x: ACTIVATIONS[name](s.inner(x)), inner=nn.Linear(3, 4)), normal(2, 3))


KINKS = {
    "leaky": nn.LeakyReLU(), "leaky, 0.2": nn.LeakyReLU(0.2), "elu": nn.ELU(1.5), "relu6": nn.ReLU6(),
    "hardtanh": nn.Hardtanh(0, 1), "clamp": Of(lambda s, a: a.clamp(0, 1)), "relu": nn.ReLU(),
    "abs": Of(lambda s, a: a.abs()), "celu": nn.CELU(2.0), "prelu": nn.PReLU(),
}  # fmt: skip


@pytest.mark.parametrize("name", KINKS)
def test_at_a_kink_the_derivative_is_pytorchs(name: str) -> None:
    inner = nn.Linear(3, 4)
    nn.init.zeros_(inner.bias)
    check(nn.Sequential(inner, KINKS[name]), torch.zeros(1, 3, dtype=torch.float64))


@pytest.mark.parametrize("padding", [0, 1])
def test_of_equal_entries_in_a_pool_the_first_gets_the_gradient(padding: int) -> None:
    def pooled(s, x):
        return F.max_pool1d(x + s.shift, 3, 1, padding).flatten(1) ** 2

    module = Of(pooled, shift=nn.Parameter(torch.zeros(1, 6)))
    for sign in (1, -1):
        check(module, sign * torch.tensor([[[1.0, 1, 2, 2, 1, 2]]], dtype=torch.float64))


# ---- layers ------------------------------------------------------------------------------------


def first(s, x):
    return s.r(x)[0]


def last_state(s, x):
    states = s.r(x)[1]
    return (states[0] if isinstance(states, tuple) else states)[-1]


LAYERS = {
    "conv, no batch": lambda: (nn.Conv2d(2, 3, 2), (2, 4, 4)),
    "conv, padded to the same size": lambda: (nn.Conv1d(2, 3, 4, padding="same"), (1, 2, 5)),
    "conv, stride and padding by axis": lambda: (
        nn.Conv2d(1, 2, (3, 2), stride=(2, 1), padding=(1, 0)), (2, 1, 5, 4)),
    "max pool, no batch": lambda: (nn.Sequential(nn.Conv1d(2, 3, 1), nn.MaxPool1d(2)), (2, 6)),
    "max pool, padded": lambda: (nn.Sequential(nn.Conv2d(1, 2, 1), nn.MaxPool2d(3, 2, 1)), (1, 1, 6, 6)),
    "max pool, rounded up": lambda: (
        nn.Sequential(nn.Conv2d(1, 2, 1), nn.MaxPool2d(2, ceil_mode=True)), (1, 1, 5, 5)),
    "max pool, dilated": lambda: (
        nn.Sequential(nn.Conv1d(1, 2, 1), nn.MaxPool1d(2, 1, dilation=2)), (1, 1, 6)),
    "mean pool, padded": lambda: (nn.Sequential(nn.Conv1d(1, 2, 1), nn.AvgPool1d(3, 2, 1)), (2, 1, 6)),
    "mean pool, own divisor": lambda: (
        nn.Sequential(nn.Conv2d(1, 2, 1), nn.AvgPool2d(2, divisor_override=3)), (1, 1, 4, 4)),
    "zeros around": lambda: (nn.Sequential(nn.Conv1d(1, 2, 1), nn.ConstantPad1d((1, 2), 0.0)), (1, 1, 4)),
    "group norm": lambda: (nn.Sequential(nn.Conv1d(2, 4, 2), nn.GroupNorm(2, 4)), (2, 2, 5)),
    "instance norm": lambda: (
        nn.Sequential(nn.Conv1d(2, 3, 2), nn.InstanceNorm1d(3, affine=True)), (2, 2, 5)),
    "rms norm": lambda: (nn.Sequential(nn.Linear(3, 4), nn.RMSNorm(4)), (2, 3)),
    "layer norm, two axes": lambda: (
        nn.Sequential(nn.Linear(3, 4), nn.LayerNorm((5, 4), bias=False)), (1, 5, 3)),
    "batch norm of sequences": lambda: (nn.Sequential(nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3)), (3, 2, 4)),
    "batch norm, nothing learned": lambda: (
        nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, affine=False)), (5, 3)),
    "causal attention": lambda: (
        Of(lambda s, x: F.scaled_dot_product_attention(s.q(x), s.k(x), x, is_causal=True),
           q=nn.Linear(4, 4), k=nn.Linear(4, 4)), (2, 3, 4)),
    "attention, a mask of truth values": lambda: (
        Of(lambda s, x: F.scaled_dot_product_attention(s.q(x), s.k(x), x, s.mask, scale=0.3),
           q=nn.Linear(4, 4), k=nn.Linear(4, 4),
           mask=torch.tensor([[1, 0, 1], [1, 1, 0], [1, 1, 1]]) > 0), (1, 3, 4)),
    "attention, sequence first": lambda: (
        Of(lambda s, x: s.r(x, x, x, need_weights=False)[0], r=nn.MultiheadAttention(4, 2)), (3, 2, 4)),
    "decoder layer": lambda: (
        Of(lambda s, x: s.r(x, x), r=nn.TransformerDecoderLayer(4, 2, 8, 0.0, batch_first=True)), (1, 3, 4)),
    "rnn": lambda: (Of(first, r=nn.RNN(3, 2, nonlinearity="relu", bias=False)), (4, 2, 3)),
    "rnn, both ways": lambda: (
        Of(last_state, r=nn.RNN(3, 2, 2, bidirectional=True, batch_first=True)), (1, 3, 3)),
    "lstm": lambda: (Of(first, r=nn.LSTM(3, 2, 2, batch_first=True)), (2, 3, 3)),
    "lstm, both ways, no batch": lambda: (Of(first, r=nn.LSTM(3, 2, bidirectional=True)), (3, 3)),
    "lstm cell": lambda: (Of(lambda s, x: s.r(x, s.r(x))[1], r=nn.LSTMCell(3, 2)), (2, 3)),
    "gru": lambda: (Of(last_state, r=nn.GRU(3, 2, batch_first=True)), (1, 3, 3)),
    "gru cell": lambda: (Of(lambda s, x: s.r(x, s.r(x)), r=nn.GRUCell(3, 2)), (1, 3)),
    "slope by channel": lambda: (nn.Sequential(nn.Conv1d(2, 3, 2), nn.PReLU(3)), (2, 2, 4)),
    "dropout of features, not training": lambda: (
        nn.Sequential(nn.Conv1d(1, 2, 1), nn.Dropout1d(), nn.AlphaDropout()).eval(), (1, 1, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    torch.manual_seed(len(name))
    module, shape = LAYERS[name]()
    check(module, normal(*shape))


# ---- operations --------------------------------------------------------------------------------

OPERATIONS = {
    "mT": lambda s, a: s.w @ a[:, None].mT,
    "T": lambda s, a: a.T @ a,
    "moving": lambda s, a: a.movedim(0, 1).swapaxes(0, 1).flip(1).repeat(2, 1, 2),
    "unbind": lambda s, a: torch.stack(a.unbind(1), 0),
    "einsum": lambda s, a: torch.einsum("bi,oi->bo", a, s.w),
    "einsum, a diagonal, no arrow": lambda s, a: torch.einsum("bi,ii", a, s.w.T @ s.w),
    "addmm": lambda s, a: torch.addmm(s.w[0], a, s.w.T, alpha=2, beta=3),
    "rsub": lambda s, a: torch.rsub(a, s.w.sum(), alpha=2),
    "broadcast": lambda s, a: torch.broadcast_tensors(a, torch.zeros(5, *a.shape))[0].sum(0),
    "log-sum-exp": lambda s, a: a - a.logsumexp(-1, keepdim=True),
    "var": lambda s, a: a / a.var(-1, keepdim=True) + a.var(),
    "std": lambda s, a: (s.inner(s.x) - a.mean()) / s.inner(s.x).std(-1, keepdim=True) + a,
    "norm": lambda s, a: F.normalize(a, dim=-1) + a.norm(p=1),
    "max": lambda s, a: a - a.max(-1, keepdim=True)[0] + a.amax(0) * a.max(),
    "masked": lambda s, a: a.masked_fill(torch.ones(a.shape).tril() > 0, 3.0),
    "in place, by another name": lambda s, a: (a * 1).mul_(2.0).add_(a, alpha=3),
    "constants": lambda s, a: a * torch.tensor([1.0, 2, 3, 4]) + torch.tensor([4.0, 2, 3, 1]),
    "a constant made in place": lambda s, a: a @ _corner(),
    "a buffer changed between uses": lambda s, a: _changed(s, a),
    "attention by hand": lambda s, a: torch.softmax(
        (a @ a.T).masked_fill(torch.ones(len(a), len(a)).tril() == 0, float("-inf")), -1) @ a,
}  # fmt: skip


def _corner():
    m = torch.zeros(4, 4, dtype=torch.float64)
    m[0, 1] = 1
    return m


def _changed(s, a):
    before = a * s.x.sum(0, keepdim=True)[:, :1]
    s.x.mul_(3.0)
    return before + a * s.x[0, 0]


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(name: str, size: int) -> None:
    torch.manual_seed(len(name))
    module = Of(
        lambda s, x: OPERATIONS[name](s, s.inner(x)),
        inner=nn.Linear(3, 4), w=learned(4, 4), x=normal(2, 3),
    )  # fmt: skip
    check(module, normal(size, 3))


# ---- losses ------------------------------------------------------------------------------------

TARGETS = {
    "numbers": torch.tensor([1, 3, 2]),
    "probabilities": torch.softmax(torch.arange(12.0).double().sin().view(3, 4), 1),
}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", TARGETS)
def test_cross_entropy(kind: str, weighted: bool, smoothing: float, reduction: str) -> None:
    weight = torch.tensor([0.5, 1, 2, 0.1], dtype=torch.float64) if weighted else None
    loss = nn.CrossEntropyLoss(weight, label_smoothing=smoothing, reduction=reduction)
    check(nn.Linear(3, 4), normal(3, 3), loss, TARGETS[kind])


LOSSES = {
    "ignored classes": (nn.CrossEntropyLoss(ignore_index=3), TARGETS["numbers"]),
    "each point, then the mean": (
        lambda o, t: F.cross_entropy(o, t, reduction="none").mean(), TARGETS["numbers"]),
    "nll": (lambda o, t: F.nll_loss(o.log_softmax(1), t, ignore_index=3), TARGETS["numbers"]),
    "half the square": (lambda o, t: ((o - t) ** 2).sum() / 2, torch.ones(3, 4)),
    "huber": (nn.HuberLoss(delta=0.3), torch.ones(3, 4)),
    "smooth": (nn.SmoothL1Loss(reduction="sum", beta=0.5), torch.ones(3, 4)),
    "smooth, no width": (nn.SmoothL1Loss(beta=0.0), torch.ones(3, 4)),
    "with logits": (nn.BCEWithLogitsLoss(), torch.ones(3, 4) / 3),
    "a constant in the loss": (
        lambda o, t: ((o - t) ** 2 * torch.tensor([4.0, 1, 1, 5])).sum(), torch.ones(3, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    loss, y = LOSSES[name]
    module = Of(lambda s, x: s.inner(x) * torch.tensor([1.0, 2, 1, 1]), inner=nn.Linear(3, 4))
    check(module, normal(3, 3), loss, y.double() if y.is_floating_point() else y)


def test_a_class_for_one_point_without_a_batch() -> None:
    check(nn.Linear(3, 4), normal(3), nn.CrossEntropyLoss(), torch.tensor(2))


# ---- names and constants -----------------------------------------------------------------------


def test_names_of_parameters_and_quantities_never_meet() -> None:
    own = ("gamma", "a", "h", "mu", "z", "x", "y", "yhat", "J", "W", "weight_1", "c")

    def forward(s, x, w):
        z = s.norm(torch.relu(s.inner(x))) * w
        return sum((getattr(s, name) * z for name in own), z * torch.tensor([1.0, 2, 3, 4]))

    parts = {name: learned(4) for name in own}
    module = Of(forward, inner=nn.Linear(3, 4), norm=nn.LayerNorm(4), **parts)
    graph = check(module, (normal(2, 3), normal(2, 4)))
    assert len(graph.parameters) == len(own) + 4


def test_frozen_parameters_are_data() -> None:
    inner = nn.Linear(3, 4).requires_grad_(False)
    graph = check(nn.Sequential(inner, nn.Tanh(), nn.Linear(4, 2)), normal(2, 3))
    assert [q.name for q in graph.parameters] == ["W_2", "b_2"]
    assert any("frozen" in note for note in graph.notes)


class Language(nn.Module):
    """A small language model: positions, a causal mask, the table of words used twice."""

    def __init__(self, length: int = 4, words: int = 6, width: int = 4) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(words, width), nn.Embedding(length, width)
        self.inward, self.outward = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)
        self.head.weight = self.words.weight
        self.register_buffer(
            "mask", torch.tril(torch.ones(length, length)).view(1, 1, length, length)
        )

    def forward(self, tokens):
        points, length = tokens.shape
        x = self.words(tokens) + self.positions(torch.arange(length))
        heads = (t.view(points, length, 2, -1).transpose(1, 2)
                 for t in self.inward(self.norm(x)).split(x.shape[-1], dim=2))  # fmt: skip
        q, k, v = heads
        scores = (q @ k.transpose(-2, -1)) / 2**0.5
        scores = scores.masked_fill(self.mask[:, :, :length, :length] == 0, float("-inf"))
        mixed = (F.softmax(scores, -1) @ v).transpose(1, 2).contiguous().view(x.shape)
        return self.head(x + self.outward(mixed))


@pytest.mark.parametrize("points", [1, 2])
def test_a_language_model(points: int) -> None:
    def loss(o, t):
        return F.cross_entropy(o.view(-1, 6), t.view(-1))

    tokens = torch.randint(6, (points, 4))
    graph = check(Language(), tokens, loss, torch.randint(6, (points, 4)))
    assert sum("words.weight" in note for note in graph.notes) == 1


class Residual(nn.Module):
    """The pieces of a residual network: a padded pool, activations in place, a mean over the image."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 2, 3, 2, 1, bias=False), nn.Conv2d(2, 2, 3, 1, 1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(2), nn.BatchNorm2d(2)])
        self.pool, self.head = nn.MaxPool2d(3, 2, 1), nn.Linear(2, 3)

    def forward(self, x):
        x = self.pool(F.relu(self.norms[0](self.first(x)), inplace=True))
        x = F.relu(self.norms[1](self.second(x)) + x, inplace=True)
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


def test_a_residual_network() -> None:
    check(Residual(), normal(2, 1, 8, 8), nn.CrossEntropyLoss(), torch.tensor([0, 2]))


def test_inputs_of_two_kinds_and_two_tables() -> None:
    def forward(s, tokens, kinds, z):
        there = (tokens != 0)[..., None]
        return (s.e(tokens) + s.f(kinds) + s.g(tokens) * there).sum(1) * z

    e, f, g = nn.Embedding(5, 4), nn.Embedding(2, 4), nn.Embedding(6, 4)
    module = Of(forward, e=e, f=f, g=g)
    tokens, kinds = torch.tensor([[1, 2, 0], [3, 0, 0]]), torch.tensor([[1, 1, 0], [0, 0, 1]])
    check(module, (tokens, kinds, normal(2, 4)))


def test_a_class_that_is_not_there_is_named() -> None:
    def loss(o, t):
        return F.cross_entropy(o, t * 5)

    with pytest.raises(BackhandError, match="no number 10 among 4"):
        from_torch(nn.Linear(3, 4).double(), loss, inputs=normal(2, 3), target=torch.tensor([0, 2]))


# ---- what is refused ---------------------------------------------------------------------------

REFUSED = {
    "softplus.default: I can't read it with beta=2": lambda s, a: F.softplus(a, beta=2.0),
    "detach": lambda s, a: a * a.detach(),
    "set_grad": lambda s, a: a * _without_gradient(a),
    "int64": lambda s, a: a * (3 * a).to(torch.int64),
    "div.Tensor_mode": lambda s, a: torch.div(a, 2, rounding_mode="floor"),
    "random": lambda s, a: a * torch.rand(4),
    "result 2": lambda s, a: a * a.max(-1, keepdim=True)[1],
    "dots": lambda s, a: torch.einsum("...i,oi->...o", a, s.w),
    "inf is not a number": lambda s, a: a.clamp(0, float("inf")),
    "padding_idx": lambda s, a: F.embedding(torch.tensor([2]), s.w, padding_idx=2),
    "other numbers than 0": lambda s, a: F.pad(a, (1, 1), value=2.0),
    "upsample": lambda s, a: F.interpolate(a[None], scale_factor=2),
}  # fmt: skip


def _without_gradient(a):
    with torch.no_grad():
        return a * 2


def _shared_memory(s, x):
    z = s.inner(x) * 1
    w = z.view(-1).relu_()
    return w.view(2, 4) + z


def test_memory_under_two_names_is_noticed() -> None:
    with pytest.raises(BackhandError, match="in place"):
        from_torch(Of(_shared_memory, inner=nn.Linear(3, 4)).double(), inputs=normal(2, 3))


@pytest.mark.parametrize("words", REFUSED)
def test_an_operation_or_option_that_is_not_read_is_named(words: str) -> None:
    module = Of(lambda s, x: REFUSED[words](s, s.inner(x)), inner=nn.Linear(3, 4), w=learned(5, 4))
    with pytest.raises(BackhandError) as caught:
        from_torch(module.double(), inputs=normal(2, 3))
    assert words in str(caught.value)
    assert caught.value.mend
