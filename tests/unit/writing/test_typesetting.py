from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.functions import TABLE
from backhand.syntax import (
    Call,
    Entry,
    Equal,
    Flipped,
    Formula,
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
from backhand.writing.typesetting import Run, line, plain, printable, shortened, width

A, B, ONE = Name("a"), Name("b"), Num(Fraction(1))
SUM = Plus((A, B))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (Name("yhat_1"), "ŷ_1"),
        (Name("theta"), "θ"),
        (Name("W_out"), "W_out"),
        (Entry(Name("W_1"), (ONE, Num(Fraction(2)))), "W_1,1,2"),
        (Entry(Name("x"), (ONE,), Name("i")), "x^(i)_1"),
        (Partial(Name("J"), Entry(Name("z"), (ONE,))), "∂J/∂z_1"),
        (Partial(Name("y"), Name("x"), straight=True), "dy/dx"),
        (Num(-1.9866, "-1.987"), "−1.987"),
        (Num(6.7e-5, "6.7e-05"), "6.7 · 10^−5"),
        (Num(Fraction(1, 3)), "1/3"),
        (Num(float("-inf")), "−∞"),
        (Minus(SUM), "−(a + b)"),
        (Plus((A, Minus(B))), "a − b"),
        (Plus((A, Num(Fraction(-2)))), "a − 2"),
        (Times((A, SUM)), "a (a + b)"),
        (Times((ONE, A), "·"), "1 · a"),
        (Times((A, Num(Fraction(-2))), "·"), "a · (−2)"),
        (Over(SUM, Times((A, B))), "(a + b)/(a b)"),
        (Raised(SUM, Num(Fraction(2))), "(a + b)^2"),
        (Raised(Raised(A, B), ONE), "(a^b)^1"),
        (Flipped(Name("W")), "W^⊤"),
        (Call("sigmoid", (A,)), "σ(a)"),
        (Call("sigmoid", (A,), primes=1), "σ′(a)"),
        (Call("exp", (Minus(A),)), "e^−a"),
        (Call("abs", (A,)), "|a|"),
        (Call("g", (A, B)), "g(a, b)"),
        (Call("softmax", (A,)), "softmax(a)"),
        (Sum("k", ONE, Num(Fraction(3)), A), "Σ^3_k=1 a"),
        (Norm(A), "‖a‖"),
        (Test(A, ">=", B), "[a ≥ b]"),
        (Rows(((ONE, A), (B, ONE))), "[1, a; b, 1]"),
        (Space((ONE, Num(Fraction(2)))), "ℝ^1×2"),
        (Equal((A, B), ("≈",)), "a ≈ b"),
        (Words("if so"), "if so"),
    ],
    ids=str,
)
def test_formulas_on_one_line(formula: Formula, expected: str) -> None:
    # A script ends where the line comes back to its own height; nothing marks that in bare text.
    assert plain(line(formula)).replace("\u2009", " ") == expected


def test_letters_are_italic_digits_upright_and_vectors_bold() -> None:
    (head, script) = line(Entry(Name("W"), (ONE, Name("k"))))[:2]
    assert (head.font, script.font, script.text) == ("italic", "upright", "1,")
    assert line(Name("x", "bold"))[0].font == "bold"
    assert line(Name("loss"))[0].font == "upright"


def test_scripts_are_small_and_shifted_and_scripts_of_scripts_more_so() -> None:
    base, raised, below = line(Raised(A, Entry(B, (ONE,))))
    assert base == Run("a", "italic")
    assert (raised.text, below.text) == ("b", "1")
    assert 0 < below.rise < raised.rise
    assert below.scale < raised.scale < 1


def test_sentences_hold_formulas() -> None:
    assert plain(line(("The slope of ", Name("J"), " is ", ONE))) == "The slope of J is 1"


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_function_of_the_table_has_a_line(name: str) -> None:
    function = TABLE[name]
    text = plain(line(Call(name, (A, B)[: function.arity])))
    assert "a" in text
    assert function.notation.style == "exponent" or function.notation.text.strip("|") in text


@given(st.text(), st.floats(20, 200))
def test_what_is_shortened_fits_and_keeps_its_beginning(text: str, most: float) -> None:
    whole = line(Words(text))
    short = shortened(whole, 13.0, most)
    assert short == whole or width(short, 13.0) <= most
    assert plain(whole).startswith(plain(short).removesuffix("…"))


@given(st.text())
def test_nothing_that_xml_cant_hold_is_printed(text: str) -> None:
    assert len(printable(text)) == len(text)
    assert all(c >= " " and not 0xD800 <= ord(c) <= 0xDFFF for c in printable(text))


def test_marks_take_no_width() -> None:
    assert width(line(Name("xhat")), 10) == width(line(Name("x")), 10)
