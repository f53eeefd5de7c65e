"""Writing a working in text costs its length: no part of a formula is set again for every line."""

from __future__ import annotations

import pytest

import backhand
from backhand.syntax import Formula
from backhand.writing import text
from backhand.writing.text import formula_text


def _deep(layers: int) -> backhand.Graph:
    weights = [f"w_{n} = 0.{n % 7 + 2}" for n in range(1, layers + 1)]
    units = [f"u_{n} = tanh(w_{n} u_{n - 1})" for n in range(1, layers + 1)]
    return backhand.model("\n".join(["u_0 = 0.3", *weights, *units, f"J = (u_{layers} - 1)^2"]))


def _settings(layers: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many parts of formulas are set for the derivative through all layers."""
    working = _deep(layers).derivative("J", "w_1")
    done = 0

    def counted(found: Formula) -> str:
        nonlocal done
        done += 1
        return formula_text(found)

    with monkeypatch.context() as patch:
        patch.setattr(text, "formula_text", counted)
        shown = working.text()
    assert shown.count("∂J/∂w₁ = ") >= 1
    return done


def test_the_work_of_writing_grows_with_the_layers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = (_settings(layers, monkeypatch) for layers in (20, 40))
    assert short > 100
    assert long < 2.2 * short
