"""How single formulas look, in text and LaTeX: the textbook's own way."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest

from backhand.functions import TABLE
from backhand.reading.maths import Known, parse
from backhand.syntax import (
    Call,
    Entry,
    Equal,
    Flipped,
    Minus,
    Name,
    Norm,
    Num,
    Over,
    Partial,
    Plus,
    Raised,
    Rows,
    Space,
    Sum,
    Test,
    Times,
    Words,
)
from backhand.writing.latex import formula_latex
from backhand.writing.mathml import formula_mathml
from backhand.writing.text import fitted, formula_block, formula_text

a, b, c, x, y, yhat, J = (Name(name) for name in ("a", "b", "c", "x", "y", "yhat", "J"))
W_1 = Name("W_1")


def n(value, text=""):
    return Num(Fraction(value), text)


FORMULAS = [
    # brackets
    (Plus((a, Minus(Plus((b, Minus(c)))))), "a − (b − c)", r"a - \left(b - c\right)"),
    (Minus(Plus((a, b))), "−(a + b)", r"-\left(a + b\right)"),
    (Raised(Plus((y, Minus(yhat))), n(2)), "(y − ŷ)²", r"\left(y - \hat{y}\right)^{2}"),
    (Times((n(3), n(-1)), "·"), "3 · (−1)", r"3 \cdot \left(-1\right)"),
    (Plus((n(2), Times((n(-3), n(5)), "·"))), "2 + (−3) · 5", r"2 + \left(-3\right) \cdot 5"),
    (Raised(n(-2), n(2)), "(−2)²", r"\left(-2\right)^{2}"),
    (Minus(Raised(x, n(2))), "−x²", "-x^{2}"),
    (Over(Plus((a, b)), Times((n(2), c))), "(a + b)/(2 c)", r"\frac{a + b}{2 c}"),
    (Raised(Over(a, b), n(2)), "(a/b)²", r"\left(\frac{a}{b}\right)^{2}"),
    (Times((Over(n(1), Name("N")), a)), "1/N · a", r"\frac{1}{N} a"),
    (Minus(Sum("k", n(1), n(3), x)), "−Σ_{k=1}^{3} x", r"-\sum_{k=1}^{3} x"),
    (Times((Sum("k", None, None, a), b)), "(Σ_k a) b", r"\left(\sum_{k} a\right) b"),
    # numbers
    (n("0.006693", "0.006693"), "0.006693", "0.006693"),
    (Num(1.23401e-5, "1.234e-05"), "1.234×10⁻⁵", r"1.234 \times 10^{-5}"),
    (n("2/3"), "2/3", r"\frac{2}{3}"),
    (Num(float("-inf"), "-inf"), "−∞", r"-\infty"),
    # names and entries
    (Name("W_out"), "W_out", r"W_{\text{out}}"),
    (Name("theta"), "θ", r"\theta"),
    (Name("ell"), "ℓ", r"\ell"),
    (Name("loss"), "loss", r"\mathrm{loss}"),
    (Name("x", "bold"), "x", r"\mathbf{x}"),
    (Entry(W_1, (n(1), n(2))), "W₁[1,2]", "W_{1,1,2}"),
    (Entry(a, (n(1),)), "a₁", "a_1"),
    (Entry(Name("z_1"), (n(2),)), "z₁[2]", "z_{1,2}"),
    (Entry(x, (n(2),), Name("i")), "x^(i)[2]", "x_2^{(i)}"),
    # derivatives
    (
        Partial(J, Entry(W_1, (n(1), n(2)))),
        "∂J/∂W₁[1,2]",
        r"\frac{\partial J}{\partial W_{1,1,2}}",
    ),
    (Partial(y, x, True), "dy/dx", r"\frac{dy}{dx}"),
    (
        Times((Partial(J, yhat), Partial(yhat, b)), "·"),
        "∂J/∂ŷ · ∂ŷ/∂b",
        r"\frac{\partial J}{\partial \hat{y}} \cdot \frac{\partial \hat{y}}{\partial b}",
    ),
    # functions
    (Call("ReLU", (a,)), "ReLU(a)", r"\mathrm{ReLU}\left(a\right)"),
    (Call("exp", (Minus(b),)), "e^(−b)", "e^{-b}"),
    (Call("abs", (Minus(b),)), "|−b|", r"\left| -b \right|"),
    (Call("sqrt", (Plus((a, b)),)), "√(a + b)", r"\sqrt{a + b}"),
    (Call("BCE", (y, yhat)), "BCE(y, ŷ)", r"\operatorname{BCE}\left(y, \hat{y}\right)"),
    (Call("g", (x,), 1), "g'(x)", r"g'\left(x\right)"),
    # matrices, relations, the rest
    (
        Rows(((n(2), n(-1)), (n(0), n(1)))),
        "[2, −1; 0, 1]",
        r"\begin{bmatrix} 2 & -1 \\ 0 & 1 \end{bmatrix}",
    ),
    (Flipped(x), "xᵀ", r"x^{\top}"),
    (Norm(x), "‖x‖", r"\left\lVert x \right\rVert"),
    (Test(a, ">", n(0)), "[a > 0]", r"\mathbf{1}[a > 0]"),
    (
        Equal((W_1, Space((n(2), n(3)))), ("∈",)),
        "W₁ ∈ ℝ^{2×3}",
        r"W_1 \in \mathbb{R}^{2 \times 3}",
    ),
    (Equal((a, b), ("←",)), "a ← b", r"a \leftarrow b"),
    (Words("50% of {all}"), "50% of {all}", r"\text{50\% of \{all\}}"),
]


@pytest.mark.parametrize(
    ("found", "text", "latex"), FORMULAS, ids=[text for _, text, _ in FORMULAS]
)
def test_a_formula_in_text_and_latex(found, text, latex):
    assert formula_text(found) == text
    assert formula_latex(found) == latex


CORE = frozenset(
    (
        *("math", "mrow", "mi", "mn", "mo", "mtext", "mfrac", "msup", "msub", "msubsup"),
        *("mover", "munder", "munderover", "msqrt", "mtable", "mtr", "mtd"),
    )
)


@pytest.mark.parametrize("found", [found for found, _, _ in FORMULAS])
def test_mathml_is_well_formed_and_of_the_core(found):
    tags = {node.tag.rpartition("}")[2] for node in ET.fromstring(formula_mathml(found)).iter()}
    assert tags <= CORE


ARRAYS = [
    Equal((W_1, Rows(((n(2), n(-1)), (n(0), n(1))))), ("=",)),
    Equal((a, Times((W_1, Rows(((n(1),), (x,))), Flipped(y)), "@")), ("=",)),
    Equal((x, Space((Name("n"),))), ("∈",)),
]


@pytest.mark.parametrize("write", [formula_text, formula_latex])
@pytest.mark.parametrize("found", ARRAYS)
def test_matrices_and_spaces_are_written_as_they_are_read(write, found):
    written = write(found)
    known = Known(frozenset(("W_1", "x", "y", "a")))
    assert write(parse(written, known).formula) == written


@pytest.mark.parametrize("name", TABLE)
def test_every_function_of_the_table_is_written_as_it_is_read(name):
    args = (x, y)[: TABLE[name].arity]
    for write in (formula_text, formula_latex):
        again = parse(write(Call(name, args)), Known(frozenset("xy"))).formula
        assert write(again) == write(Call(name, args))


def test_a_block_has_tall_brackets_and_aligned_columns():
    found = Equal((a, Times((Rows(((n(2), n(-1)), (n(10), n(1)))), Rows(((n(1),), (x,)))))), ("=",))
    assert formula_block(found) == (
        "a = ⎡ 2  −1⎤ ⎡1⎤",
        "    ⎣10   1⎦ ⎣x⎦",
    )


def test_a_long_chain_goes_on_below_its_relation():
    found = Equal((a, Plus((b, c)), Plus((c, b)), n(3)), ("=", "=", "≈"))
    assert fitted(found, 14) == ("a = b + c", "  = c + b", "  ≈ 3")


@pytest.mark.parametrize("width", [24, 40, 60])
def test_a_long_sum_is_cut_before_its_signs(width):
    terms = tuple(Times((Plus((Name(f"x_{k}"), n(1))), y), "·") for k in range(1, 9))
    lines = fitted(Equal((J, Plus(terms)), ("=",)), width)
    assert all(len(line) <= width for line in lines)
    assert all(line.lstrip().startswith("+") for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == formula_text(Equal((J, Plus(terms)), ("=",)))


def test_a_product_of_arrays_inside_another_keeps_its_bracket() -> None:
    inner = Times((Flipped(Name("g")), Name("a")), "@")
    assert formula_text(Times((inner, Name("a")), "@")) == "(gᵀ a) a"
    assert formula_latex(Times((inner, Name("a")), "@")).startswith(r"\left(g^{\top} a\right)")
