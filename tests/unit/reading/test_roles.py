"""What each quantity is for."""

from __future__ import annotations

import pytest
from tests.models import error

from backhand.graph import Role
from backhand.reading.meaning import model


def roles(text: str) -> dict[str, str]:
    return {q.name: q.role.value for q in model(text) if q.definition is None}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 1; w = 2; b = 3; y = 4; L = (y - w x - b)^2", "x:data w:parameter b:parameter y:target"),
        ("x = 3; y = x^2", "x:data"),
        ("x = 1; y = 2; s = x y", "x:data y:data"),
        ("y = 3; w = 2; a = w y; J = a^2", "y:data w:parameter"),
        ("t = 1; theta_1 = 2; J = (t - theta_1)^2", "t:target theta_1:parameter"),
        ("X = [[1,2]]; A = [[3,4]]; J = sum(X ⊙ A)", "X:data A:parameter"),
        ("J(c; b, y) = (y - c b)^2; c = 1; b = 2; y = 3", "c:parameter b:data y:target"),
        ("J(c, d) = c d; c = 1; d = 2", "c:data d:data"),
        ("parameters: c\ntarget: u, v\nc=1; u=2; v=3; J = (u - c)^2 + v", "c:parameter u:target v:target"),
        ("inputs: w\nlabels: b\nw = 1; b = 2; J = w b", "w:data b:target"),
    ],
)  # fmt: skip
def test_roles(text: str, found: str) -> None:
    assert roles(text) == dict(part.split(":") for part in found.split())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 2; J = x^2; s = J + 1", "J"),
        ("x = 2; loss = x^2; s = loss + 1", "loss"),
        ("x = 2; L = x^2; E = L + 1", "E"),
        ("x = 2; a = x^2; b = a + 1", "b"),
        ("x = 2; y = g(x); g(x) = x^2", "y"),
        ("x = [1;2]; a = 2 x", None),
        ("x = 2", None),
    ],
)
def test_the_objective(text: str, found: str | None) -> None:
    graph = model(text)
    assert graph.objective == found
    assert [q.name for q in graph.with_role(Role.OBJECTIVE)] == ([found] if found else [])


def test_an_objective_is_one_number() -> None:
    assert "J = sum(...)" in str(error("x = [1;2]; J = x^2"))


def test_a_role_of_nothing_is_said() -> None:
    assert any("Q is listed" in note for note in model("parameters: Q\nx = 1").notes)
    assert error("x = 1\nparameters: 3 +").place.line == 2  # type: ignore[union-attr]
