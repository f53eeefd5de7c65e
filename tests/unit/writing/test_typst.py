"""Formulas in Typst: brackets by the common rules, and every sign compiles."""

from __future__ import annotations

import pytest

from backhand.compositions import COMPOSITIONS
from backhand.functions import TABLE
from backhand.reading.maths import Known, parse
from backhand.syntax import Call, Formula, Name, Words
from backhand.writing.typst import aligned_typst, formula_typst, text_typst

NAMES = ("a", "x", "y", "z", "yhat", "W_1", "theta", "b_out", "loss", "J", "thetahat", "xbar")
KNOWN = Known(frozenset(NAMES))
WRITTEN = (
    "(a + x)^2 y", "a - (x - y)", "-(a + x)", "(a/x)^2", "W_1[1,2] x", "W_1^T x", "a * x",
    "1/2 + 3 · (-2)", "1.5e-7 x", "∑_{i=1}^{3} x_i", "∂J/∂W_1[1,2]", "d/dx(x^2)", "‖x‖", "[a > 0]",
    "[[1, 2], [3, -4]]", "[1; x]", "a = x = y", "x ∈ R^{2×3}", "loss = theta", "|x| + √y", "x^(2)",
)  # fmt: skip


def read_all() -> list[Formula]:
    found = [parse(text, KNOWN).formula for text in WRITTEN]
    found += [Call(name, (Name("x"),)) for name, f in TABLE.items() if f.arity == 1]
    found += [Call(name, (Name("x"), Name("y"))) for name, f in TABLE.items() if f.arity == 2]
    found += [Call(name, (Name("x"),)) for name in COMPOSITIONS]
    found += [Call("f", (Name("x"),), 2), Name("x", "bold"), Name("theta", "bold")]
    found += [Words('say "hi" \\ #x'), *(Name(name) for name in NAMES)]
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("(a + x)^2", "lr((a + x))^(2)"),
        ("a - (x - y)", "a − lr((x − y))"),
        ("(a + x) y", "lr((a + x)) thin y"),
        ("2 · (-3)", "2 dot.op lr((−3))"),
        ("W_1[1,2]", "W_(1,1,2)"),
        ("yhat", "hat(y)"),
    ],
)
def test_brackets_stand_where_they_are_needed(text: str, wanted: str) -> None:
    assert formula_typst(parse(text, KNOWN).formula) == wanted


def test_every_sign_compiles() -> None:
    typst = pytest.importorskip("typst")
    lines = [f"$ {formula_typst(f)} $\n{aligned_typst(f)}" for f in read_all()]
    assert typst.compile("\n\n".join(lines).encode(), format="pdf").startswith(b"%PDF")


@pytest.mark.parametrize("text", ['"', "\\", '\\"', '")#panic("', "$x$", "#read()"])
def test_words_are_one_string(text: str) -> None:
    typst = pytest.importorskip("typst")
    source = f"#assert.eq({text_typst(text)[1:]}, sys.inputs.text)"
    assert typst.compile(source.encode(), format="pdf", sys_inputs={"text": text})
