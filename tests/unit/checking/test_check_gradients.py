"""check_gradients: right models pass, each kind of error is named where it is made."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backhand.checking import formulas
from backhand.checking.gradients import check_gradients
from backhand.checking.report import GradientReport
from backhand.errors import AskError, MeaningError
from backhand.reading.torch import from_torch

torch: Any = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional
pytestmark = pytest.mark.torch


class LostSlope(torch.autograd.Function):
    """The sigmoid with σ(1 - σ) replaced by σ in its backward."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        y = torch.sigmoid(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (y,) = ctx.saved_tensors
        return grads[0] * y


class Scaled(torch.autograd.Function):
    """tanh with a backward that is `factor` times too large."""

    @staticmethod
    def forward(ctx: Any, x: Any, factor: float) -> Any:
        y = torch.tanh(x)
        ctx.save_for_backward(y)
        ctx.factor = factor
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (y,) = ctx.saved_tensors
        return grads[0] * (1 - y * y) * ctx.factor, None


class Between(nn.Module):
    """A function between two linear layers."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 2)
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.last(self.function(self.first(x)))


def report(function: Callable[[Any], Any], scale: float = 1.0, **options: Any) -> GradientReport:
    torch.manual_seed(0)
    inputs, target = scale * torch.randn(5, 3), torch.randn(5, 2)
    return check_gradients(Between(function), inputs, target, nn.MSELoss(), **options)


captured = LostSlope.apply


def lost(a: Any) -> Any:
    return captured(a)


def overwritten(a: Any) -> Any:
    z = torch.exp(a)
    z.add_(1)
    return z


def overwritten_unseen(a: Any) -> Any:
    z = torch.exp(a)
    z.data.add_(1)
    return z


def doubled_unseen(a: Any) -> Any:
    z = a + 1
    with torch.no_grad():
        z.mul_(2)
    return z


def overflow(a: Any) -> Any:
    e = torch.exp(1000 * a)
    return e / (1 + e)


def root_of_zero(a: Any) -> Any:
    return a + torch.sqrt((a - a) ** 2)


def zero_times_infinity(a: Any) -> Any:
    return a + torch.where(a * 0 > 0, torch.log(a * 0), torch.zeros_like(a))


def detached(a: Any) -> Any:
    return a / a.detach().norm()


def without_grad(a: Any) -> Any:
    with torch.no_grad():
        size = a.std()
    return a / size


def as_number(a: Any) -> Any:
    return a * a.abs().sum().detach().item()


def all_masked(a: Any) -> Any:
    return torch.softmax(a.masked_fill(a < 9, float("-inf")), dim=-1)


@pytest.mark.parametrize(
    ("function", "kind", "name", "line"),
    [
        (lost, "wrong backward", "LostSlope", "return captured(a)"),
        (overwritten, "overwritten", "add_", "z.add_(1)"),
        (overwritten_unseen, "overwritten", "add_", "z.data.add_(1)"),
        (doubled_unseen, "overwritten", "mul_", "z.mul_(2)"),
        (overflow, "non-finite", "exp", "e = torch.exp(1000 * a)"),
        (root_of_zero, "non-finite", "sqrt", "return a + torch.sqrt((a - a) ** 2)"),
        (detached, "cut", "detach", "return a / a.detach().norm()"),
        (without_grad, "cut", "std", "size = a.std()"),
        (as_number, "cut", "detach", "return a * a.abs().sum().detach().item()"),
        (all_masked, "non-finite", "softmax", None),
    ],
)
@pytest.mark.no_cover
def test_the_operation_that_goes_wrong_is_named(
    function: Callable[[Any], Any], kind: str, name: str, line: str | None
) -> None:
    found = report(function)
    assert not found.ok
    assert found.first_wrong is not None
    assert found.first_wrong.operation is not None
    assert found.first_wrong.kind == kind
    assert found.first_wrong.operation.name == name
    source = found.first_wrong.operation.source
    assert source is not None
    assert source.file == __file__
    assert line is None or source.text == line
    assert name in str(found)


def test_zero_times_infinity_in_backward_is_found_where_it_arises() -> None:
    found = report(zero_times_infinity).first_wrong
    assert found is not None
    assert found.operation is not None
    assert (found.kind, found.operation.name) == ("non-finite", "log")
    assert "nan" in found.reason


def shifted_softmax(a: Any) -> Any:
    e = torch.exp(a - a.max(dim=-1, keepdim=True).values.detach())
    return e / e.sum(dim=-1, keepdim=True)


def logged(a: Any) -> Any:
    assert a.detach().mean().item() < 100
    return a + torch.zeros_like(a)


def masked(a: Any) -> Any:
    keep = torch.tensor([True, True, False, True])
    return torch.softmax(a.masked_fill(~keep, float("-inf")), dim=-1)


def half(a: Any) -> Any:
    return torch.tanh(a.float()).to(torch.float32)


def in_place(a: Any) -> Any:
    z = a * 1
    z[:, 0] = 2 * a[:, 1]
    return F.relu(z, inplace=True)


@pytest.mark.parametrize(
    "function",
    [
        *(torch.tanh, torch.relu, F.gelu, F.softplus, F.silu, F.logsigmoid),
        *(shifted_softmax, logged, masked, half, in_place, nn.Dropout(), nn.BatchNorm1d(4)),
        *(nn.LayerNorm(4), nn.Softmax(dim=-1), nn.Sequential(nn.Linear(4, 4), nn.ELU())),
    ],
)
@pytest.mark.no_cover
def test_nothing_is_wrong_with_a_right_model(function: Callable[[Any], Any]) -> None:
    found = report(function)
    assert found.ok, str(found)
    assert found.first_wrong is None
    for row in found.rows:
        gap = abs((row.framework or 0.0) - row.difference)
        assert gap < 1e-6 * max(1.0, row.norm)


@pytest.mark.parametrize(
    ("module", "inputs"),
    [
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (2, 5, 8)),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten()), (2, 1, 8, 8)),
        (nn.LSTM(3, 4, num_layers=2), (6, 2, 3)),
    ],
)
@pytest.mark.no_cover
def test_whole_layers_pass(module: Any, inputs: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    found = check_gradients(module, torch.randn(inputs), entries=3)
    assert found.ok, str(found)


def test_the_framework_column_is_autograd() -> None:
    torch.manual_seed(2)
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    inputs, target = torch.randn(5, 3).double(), torch.randint(2, (5,))
    found = check_gradients(module, inputs, target, nn.CrossEntropyLoss())
    nn.CrossEntropyLoss()(module(inputs), target).backward()
    for row, (name, parameter) in zip(found.rows, module.named_parameters(), strict=True):
        assert row.name == name
        assert row.shape == tuple(parameter.shape)
        assert row.norm == pytest.approx(float(parameter.grad.norm()))
        assert row.framework == pytest.approx(float(parameter.grad[row.entry]))
        assert row.difference == pytest.approx(row.framework, rel=1e-6, abs=1e-8)


@settings(max_examples=8, deadline=None)
@given(
    depth=st.integers(1, 5), at=st.integers(0, 4), factor=st.sampled_from([0.0, 0.5, 1.001, -1.0])
)
@pytest.mark.no_cover
def test_the_wrong_one_of_many_is_named(depth: int, at: int, factor: float) -> None:
    at %= depth

    class Layer(nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.linear, self.factor = nn.Linear(3, 3), factor

        def forward(self, x: Any) -> Any:
            return Scaled.apply(self.linear(x), self.factor)

    torch.manual_seed(depth)
    factors = [1.0] * at + [factor] + [1.0] * (depth - at - 1)
    found = check_gradients(nn.Sequential(*map(Layer, factors)), torch.randn(4, 3), entries=2)
    assert found.first_wrong is not None
    assert found.first_wrong.operation is not None
    assert (found.first_wrong.operation.name, found.first_wrong.operation.module) == (
        "Scaled",
        str(at),
    )
    before = [row for row in found.rows if int(row.name[0]) > at]
    assert all(row.ok for row in before)


def test_an_overflow_of_the_modules_own_precision_is_found_though_float64_has_none() -> None:
    found = report(lambda a: torch.log(1 + torch.exp(a)), scale=200)
    assert np.isfinite(found.loss)
    assert found.first_wrong is not None
    assert found.first_wrong.operation is not None
    assert found.first_wrong.operation.name == "exp"
    assert "float32" in found.first_wrong.reason


def test_a_kink_is_said_and_is_no_error() -> None:
    class AtZero(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(3))

        def forward(self, x: Any) -> Any:
            return torch.relu(self.weight * x)

    found = check_gradients(AtZero(), torch.tensor([1.0, 2.0, 3.0]))
    assert found.ok
    assert found.rows[0].verdict == "kink"
    assert "kink" in str(found)
    assert any("relu" in note for note in found.notes)


@pytest.mark.no_cover
def test_the_module_and_the_random_generators_stay_as_they_are() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 1))
    module[0].weight.grad = torch.ones(4, 3)
    state = {name: value.clone() for name, value in module.state_dict().items()}
    torch.manual_seed(3)
    random.seed(3)
    drawn = torch.rand(1), random.random()
    torch.manual_seed(3)
    random.seed(3)
    inputs = torch.randn(6, 3)
    torch.manual_seed(3)
    first, second = check_gradients(module, inputs), check_gradients(module, inputs)
    assert first == second
    assert (torch.rand(1), random.random()) == drawn
    assert module.training
    assert torch.equal(module[0].weight.grad, torch.ones(4, 3))
    assert module[0].weight.dtype == torch.float32
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_what_requires_no_gradient_gets_no_row_and_an_input_that_does_gets_one() -> None:
    module = nn.Linear(3, 2)
    module.bias.requires_grad_(False)
    found = check_gradients(module, torch.randn(4, 3, requires_grad=True))
    assert [row.name for row in found.rows] == ["weight", "input"]
    assert found.ok


def test_an_unused_parameter_has_no_framework_gradient_and_is_right() -> None:
    module = Between(torch.tanh)
    module.spare = nn.Parameter(torch.ones(2))
    spare = check_gradients(module, torch.randn(2, 3)).rows[0]
    assert (spare.name, spare.framework, spare.difference, spare.ok) == ("spare", None, 0.0, True)


def test_a_value_that_is_nan_from_the_start_is_said() -> None:
    module = nn.Linear(2, 2)
    with torch.no_grad():
        module.weight[0, 1] = float("nan")
    found = check_gradients(module, torch.randn(3, 2))
    assert found.first_wrong is not None
    assert (found.first_wrong.kind, found.first_wrong.operation) == ("given", None)
    assert "weight holds nan" in str(found)


def test_sampled_entries_are_counted_and_a_large_parameter_is_bounded() -> None:
    found = check_gradients(nn.Linear(300, 300), torch.randn(2, 300), entries=5)
    assert [row.sampled for row in found.rows] == [5, 5]
    assert "at 10 of 90300 entries" in str(found).replace("\n", " ")


def scripted() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(nn.Linear(3, 2))


@pytest.mark.parametrize(
    "loss", [nn.MSELoss(), lambda output, target: (output - target).abs().sum()]
)
def test_the_formula_stands_beside_where_the_model_is_read(loss: Callable[..., Any]) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    found = check_gradients(module, torch.randn(5, 3), torch.randn(5, 2), loss)
    assert found.ok, str(found)
    assert found.unread == ""
    for row in found.rows:
        assert row.formula == pytest.approx(row.framework, rel=1e-9)


def test_without_a_loss_the_formula_is_that_of_the_sum() -> None:
    torch.manual_seed(0)
    found = check_gradients(nn.Sequential(nn.Linear(3, 4), nn.GELU()), torch.randn(5, 3))
    assert found.unread == ""
    assert all(row.formula == pytest.approx(row.framework, rel=1e-9) for row in found.rows)


def test_the_formula_of_a_wrong_backward_is_the_right_one() -> None:
    row = report(lost).rows[0]
    assert row.formula == pytest.approx(row.difference, rel=1e-6)
    assert row.formula != pytest.approx(row.framework, rel=1e-2)


def test_an_operation_that_is_not_read_is_named_and_the_other_columns_stand() -> None:
    found = report(shifted_softmax)
    assert found.ok
    assert "detach" in found.unread
    assert all(row.formula is None for row in found.rows)
    assert "No formula" in str(found)


def test_a_formula_that_is_off_is_not_laid_at_pytorchs_door(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def doubled(module: Any, loss: Any, **given: Any) -> Any:
        return from_torch(module, lambda output, target: 2 * loss(output, target), **given)

    monkeypatch.setattr(formulas, "from_torch", doubled)
    found = report(torch.tanh)
    assert found.ok
    assert all(row.misread for row in found.rows)
    assert "isn't read as it runs" in " ".join(str(found).split())


@pytest.mark.parametrize("function", [lost, overwritten, overflow, detached, torch.tanh])
def test_the_table_is_80_columns_wide(function: Callable[[Any], Any]) -> None:
    text = str(report(function))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert text.splitlines()[2].split() == [
        *("parameter", "norm", "entry", "formula", "PyTorch", "difference", "error")
    ]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: check_gradients(len, torch.ones(1)), AskError, "no torch.nn.Module"),
        (lambda: check_gradients(nn.ReLU(), torch.ones(1)), AskError, "requires a gradient"),
        (lambda: check_gradients(nn.Linear(3, 2), torch.ones(4)), MeaningError, "forward pass"),
        (
            lambda: check_gradients(nn.Linear(3, 2), torch.ones(4, 3), None, lambda o: o),
            AskError,
            "8 entries",
        ),
        (
            lambda: check_gradients(nn.Sequential(scripted()), torch.ones(1, 3)),
            MeaningError,
            "0 is a scripted module",
        ),
        (lambda: check_gradients(nn.LazyLinear(2), torch.ones(4, 3)), MeaningError, "no values"),
        (
            lambda: check_gradients(nn.Linear(3, 2), torch.ones(1, 3), None, lambda o: 1.0),
            AskError,
            "float",
        ),
    ],
)
def test_errors_say_what_to_give(
    call: Callable[[], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call()
