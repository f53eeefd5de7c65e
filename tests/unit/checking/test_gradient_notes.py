"""What a report of gradients says beside them: shapes that spread, parameters without a gradient."""

from __future__ import annotations

from typing import Any

import pytest

from backhand.checking.gradients import check_gradients

torch: Any = pytest.importorskip("torch")
nn = torch.nn
pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("shape", "spread"), [((4,), True), ((4, 1), False), ((1,), False), ((1, 4), True)]
)
def test_a_target_that_spreads_the_output_is_said(shape: tuple[int, ...], spread: bool) -> None:
    """PyTorch's own warning is easily lost, and every single gradient of that loss is right."""
    report = check_gradients(nn.Linear(3, 1), torch.ones(4, 3), torch.zeros(shape), nn.MSELoss())
    assert report.ok
    said = [note for note in report.notes if "each against each" in note]
    assert len(said) == spread
    if spread:
        assert f"the shape (4, 1), the target {shape}" in said[0]


def test_classes_as_numbers_spread_nothing() -> None:
    classes = torch.tensor([0, 1, 2, 1])
    report = check_gradients(nn.Linear(3, 3), torch.ones(4, 3), classes, nn.CrossEntropyLoss())
    assert not [note for note in report.notes if "each against each" in note]


def test_a_parameter_that_the_loss_doesnt_use_is_named() -> None:
    class Spare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.spare = nn.Linear(2, 1), nn.Linear(2, 1)

        def forward(self, x: Any) -> Any:
            return self.used(x)

    report = check_gradients(Spare(), torch.ones(1, 2))
    assert report.ok
    words = " ".join(str(report).split())
    assert "no gradient by spare.weight, spare.bias: the loss doesn't depend on it" in words
    assert "no gradient by" not in str(check_gradients(nn.Linear(2, 1), torch.ones(1, 2)))
