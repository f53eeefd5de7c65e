"""The commands on typed formulas: what they print, their JSON, and what bad input ends in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backhand.cli import app

RUNNER = CliRunner()
EXAMPLE = "examples/two-neurons.md"


def run(*args: str, code: int = 0) -> str:
    result = RUNNER.invoke(app, list(args))
    assert result.exit_code == code, result.output
    return result.output


def test_check_shows_the_wrong_row_of_the_table_false() -> None:
    claim = "d/dz sigmoid(z) = sigmoid(z)(1 - e^(-z))"
    assert "False: at z = 1 the left side is 0.1966, the right side 0.4621" in run("check", claim)
    found = json.loads(run("check", claim, "--format", "json"))
    assert list(found) == ["verdict", "reason", "witness", "working"]
    assert found["verdict"] == "false"
    assert found["witness"]["point"] == {"z": 1.0}
    assert found["witness"]["left"] == pytest.approx(0.19661193324)
    assert found["witness"]["right"] == pytest.approx(0.46211715726)
    assert found["working"]["steps"]


def test_check_proves_the_product_rule() -> None:
    found = json.loads(run("check", "d(u v)/dx = u dv/dx + v du/dx", "-f", "json"))
    assert found["verdict"] == "proved"
    assert found["witness"] is None
    assert any("multivariate chain rule" in step["rule"] for step in found["working"]["steps"])


@pytest.mark.parametrize(
    ("function", "verdict"),
    [
        ("f(x, y) = x^2 + x y + y^2", "convex"),
        ("log(x) for x > 0", "concave"),
        ("2 x - 3 y + 1", "affine"),
        ("f(x) = sin(x)", "neither"),
        ("norm(x) where x in R^3", "convex"),
        ("max(x, y)", "convex"),
    ],
)
def test_convex(function: str, verdict: str) -> None:
    found = json.loads(run("convex", function, "--format", "json"))
    assert found["verdict"] == verdict
    assert found["reason"]
    assert (found["witness"] is not None) == (verdict == "neither")


def test_a_counterexample_holds_both_sides_of_the_definition() -> None:
    found = json.loads(run("convex", "f(x) = x^3", "--format", "json"))
    witness = found["witness"]["not convex"]
    assert witness["left"] > witness["right"]
    assert 0 < witness["alpha"] < 1
    x1, x2, alpha = witness["x1"]["x"], witness["x2"]["x"], witness["alpha"]
    assert (alpha * x1 + (1 - alpha) * x2) ** 3 == pytest.approx(witness["left"])
    assert alpha * x1**3 + (1 - alpha) * x2**3 == pytest.approx(witness["right"])


def test_chain_shows_both_layouts_or_one() -> None:
    text = "g: R^M -> R^N; f: R^N -> R; ∂/∂v f(g(v)) where v in R^M"
    both = run("chain", text)
    assert "in numerator layout" in both
    assert "shapes: 1×N by N×M is 1×M" in both
    assert "shapes: M×N by N×1 is M×1" in both
    one = run("chain", text, "--layout", "denominator")
    assert "∂f/∂v = ∂g/∂v · ∂f/∂g" in one
    assert "numerator" not in one


@pytest.mark.parametrize("format", ["terminal", "markdown", "html", "latex", "json"])
@pytest.mark.parametrize(
    "command",
    [("chain", "d/dt f(g(t), h(t))"), ("check", "sin(x)^2 + cos(x)^2 = 1"), ("convex", "x^4")],
)
def test_every_format(command: tuple[str, str], format: str, tmp_path: Path) -> None:
    assert run(*command, "--format", format)
    out = tmp_path / "out.txt"
    run(*command, "--format", format, "-o", str(out))
    assert out.read_text(encoding="utf-8").strip()


def test_functions_is_the_table() -> None:
    text = run("functions")
    assert max(map(len, text.splitlines())) <= 80
    assert "sigmoid" in text
    assert "σ'(z) = σ(z) (1 − σ(z))" in text
    only = json.loads(run("functions", "relu", "--format", "json"))
    assert [row["name"] for row in only] == ["relu"]
    assert run("functions", "tanh", "--format", "html").lstrip().startswith("<!doctype html>")


def test_explain_names_the_dead_unit() -> None:
    text = run("explain", EXAMPLE, "W_1[2,1]")
    assert "dead" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    "args",
    [
        ("check", "x +"),
        ("check", "x"),
        ("check", "f(x) = "),
        ("convex", "[1; x]"),
        ("convex", "x = y = z"),
        ("convex", "x where x in R^2"),
        ("chain", "x^2"),
        ("chain", "d/dx"),
        ("chain", "∂/∂v f(g(v)) where v in R^"),
        ("functions", "sigmiod"),
        ("functions", "--format", "markdown"),
        ("explain", EXAMPLE, "W_1"),
        ("explain", EXAMPLE, "Q[1]"),
        ("check", "(" * 5000),
        ("convex", "x" + "^2" * 3000),
        ("chain", "d/dx " * 300 + "x"),
    ],
)
def test_bad_input_ends_in_one_message(args: tuple[str, ...]) -> None:
    result = RUNNER.invoke(app, list(args))
    assert result.exit_code == 2
    assert result.output.startswith("backhand: ")
    assert "Traceback" not in result.output
