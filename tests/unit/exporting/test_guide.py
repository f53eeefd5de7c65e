"""The guide to exports runs from its first line to its last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "export.md"


def test_the_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in ("torch", "onnx", "safetensors"):
        pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```py\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    names: dict[str, Any] = {}
    exec("\n".join(blocks), names)
    said = capsys.readouterr().out
    assert "(4): Flatten" in said
    assert "torch.Size([2])" in said
    assert "yhat = torch.sigmoid(a_2)" in said
    assert {path.name for path in tmp_path.iterdir()} == {"net.onnx", "net.safetensors"}
