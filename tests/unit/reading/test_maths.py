"""The parser: four notations, one formula; what is ambiguous is said or refused."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.errors import Place, ReadingError
from backhand.reading.maths import Known, canonical, defined_names, parse, statements
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
)

QUANTITIES = ("a", "b", "c", "u", "v", "x", "y", "z", "J", "W", "W_1", "W_2", "yhat")
KNOWN = Known(frozenset(QUANTITIES), frozenset({"f", "g", "h", "m"}))
a, b, c, u, v, x, y, z, J, W, W_1, W_2, yhat = (Name(name) for name in QUANTITIES)
i, j, k = (Name(letter) for letter in "ijk")


def n(value):
    return Num(Fraction(value))


def read(text, known=KNOWN):
    return parse(text, known).formula


def refused(text, known=KNOWN):
    with pytest.raises(ReadingError) as caught:
        statements(text, known)
    assert caught.value.place is not None
    assert caught.value.mend
    return str(caught.value)


# ---- the four notations ------------------------------------------------------------------------

MODELS = {
    "latex": r"""
        \mathbf{x} = \begin{bmatrix} 2 \\ 5 \end{bmatrix} \\
        W_1 = \begin{bmatrix} 2 & 3 & -1 \\ -1 & -3 & 1 \end{bmatrix} \\
        \mathbf{a} = W_1 \cdot \mathbf{x} \\
        \mathbf{z} = \text{ReLU}\left(\mathbf{a}\right) \\
        \hat{y} &= \sigma(z_1) \\
        J &= \left(y - \hat{y}\right)^2
    """,
    "unicode": """
        x = [2; 5]
        W₁ = [2, 3, −1; −1, −3, 1]
        a = W₁ · x
        z = ReLU(a)
        ŷ = σ(z₁)
        J = (y − ŷ)²
    """,
    "ascii": """
        x = (2, 5)
        W1 = [2, 3, -1; -1, -3, 1]
        a = W_1 × x
        z = relu(a)
        yhat = sigmoid(z1)
        J = (y - y_hat)^2
    """,
    "numpy": """
        x = np.array([2, 5])
        W1 = np.array([[2, 3, -1], [-1, -3, 1]])
        a = W1 · x
        z = torch.relu(a)
        yhat = F.sigmoid(z_1)  # the output
        J = (y - yhat)**2
    """,
}


@pytest.mark.parametrize("notation", list(MODELS))
def test_one_model_reads_the_same_in_four_notations(notation):
    text = MODELS[notation]
    found = [s.formula for s in statements(text, defined_names(text))]
    expected = [
        Rows(((n(2),), (n(5),))),
        Rows(((n(2), n(3), n(-1)), (n(-1), n(-3), n(1)))),
        Times((W_1, x), "·"),
        Call("relu", (a,)),
        Call("sigmoid", (Name("z_1"),)),
        Raised(Plus((y, Minus(yhat))), n(2)),
    ]
    names = (x, W_1, a, z, yhat, J)
    assert found == [
        Equal((left, right), ("=",)) for left, right in zip(names, expected, strict=True)
    ]


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (
            [r"\hat{y}", r"\hat y", "ŷ", "yhat", "y_hat", r"\hat{\mathbf{y}}", r"\mathbf{\hat{y}}"],
            "yhat",
        ),
        ([r"\bar x", "x̄", "xbar", "x_bar"], "xbar"),
        ([r"\tilde{x}", "x̃", "x_tilde"], "xtilde"),
        ([r"\alpha", "α", "alpha"], "alpha"),
        ([r"\ell", "ℓ", "ell"], "ell"),
        (["W_1", "W_{1}", "W₁", "W1", "W^{[1]}", r"\mathbf{W}_1", r"\mathrm{W}_{1}"], "W_1"),
        (["W_12", "W_{12}", "W₁₂", "W12"], "W_12"),
        ([r"W_{\text{out}}", "W_out", r"W_{\mathrm{out}}"], "W_out"),
        (["z_j", "z_{j}", "zⱼ"], "z_j"),
        ([r"\hat{y}_1", "ŷ₁", "yhat1", "y_hat_1", r"\hat{y_1}"], "yhat_1"),
        ([r"\theta_1", "θ₁", "theta1"], "theta_1"),
        ([r"\text{softplus-rate}"], "softplus_rate"),
        ([r"\vec{x}", r"\boldsymbol{x}", r"\mathit x", "{x}", "𝐱"], "x"),
    ],
)
def test_every_spelling_has_one_canonical_name(spellings, name):
    assert [canonical(s) for s in spellings] == [name] * len(spellings)


def test_canonical_refuses_what_is_not_one_name():
    with pytest.raises(ReadingError, match="not one name"):
        canonical("x + y")


# ---- formulas ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        # numbers
        ("0.05", n("0.05")),
        (".5", n("0.5")),
        ("1e-3", n("0.001")),
        ("2.5·10^{-3}", n("0.0025")),
        (r"2 \times 10^4", n(20000)),
        ("-3", n(-3)),
        ("½ x", Times((n("1/2"), x))),
        # precedence
        ("-x^2", Minus(Raised(x, n(2)))),
        ("a - b + c", Plus((a, Minus(b), c))),
        ("a - (b + c)", Plus((a, Minus(Plus((b, c)))))),
        ("a / b * c", Times((Over(a, b), c), "*")),
        ("a b / c", Over(Times((a, b)), c)),
        ("a ⊙ W b", Times((a, Times((W, b))), "⊙")),
        ("W @ x", Times((W, x), "@")),
        ("x**2 + 1", Plus((Raised(x, n(2)), n(1)))),
        ("x^-1", Raised(x, n(-1))),
        ("2 · 1 + 3 · 2", Plus((Times((n(2), n(1)), "·"), Times((n(3), n(2)), "·")))),
        # juxtaposition
        ("2x", Times((n(2), x))),
        ("3(a + 1)", Times((n(3), Plus((a, n(1)))))),
        ("(a)(b)", Times((a, b))),
        ("x(1 - x)", Times((x, Plus((n(1), Minus(x)))))),
        ("f(x)", Call("f", (x,))),
        ("q(x)", Call("q", (x,))),
        # functions
        ("e^{-z}", Call("exp", (Minus(z),))),
        ("e^(−b)", Call("exp", (Minus(b),))),
        (r"\sin^2 x", Raised(Call("sin", (x,)), n(2))),
        ("g^2(z)", Raised(Call("g", (z,)), n(2))),
        (r"\sin x \cos x", Times((Call("sin", (x,)), Call("cos", (x,))))),
        (r"\log \sigma(b)", Call("log", (Call("sigmoid", (b,)),))),
        ("g'(z)", Call("g", (z,), 1)),
        (r"g^{\prime\prime}(z)", Call("g", (z,), 2)),
        (r"\max\{0, z\}", Call("max", (n(0), z))),
        (r"\sqrt{x}", Call("sqrt", (x,))),
        (r"\sqrt[3]{x}", Raised(x, Over(n(1), n(3)))),
        ("√(x)", Call("sqrt", (x,))),
        (r"|x| + \left|a\right|", Plus((Call("abs", (x,)), Call("abs", (a,))))),
        ("2|x - 1|", Times((n(2), Call("abs", (Plus((x, Minus(n(1)))),))))),
        (r"\|v\| + ‖v‖ + ||v|| + norm(v)", Plus((Norm(v),) * 4)),
        ("np.dot(W, x)", Times((W, x), "@")),
        ("np.square(x)", Raised(x, n(2))),
        ("softmax(z)[1]", Entry(Call("softmax", (z,)), (n(1),))),
        ("(x - σ)/2", Over(Plus((x, Minus(Name("sigma")))), n(2))),
        # transposes
        ("x^T y", Times((Flipped(x), y))),
        (r"x^\top y", Times((Flipped(x), y))),
        ("xᵀ y", Times((Flipped(x), y))),
        ("W.T @ x", Times((Flipped(W), x), "@")),
        # entries
        ("W_{1,1,2}", Entry(W, (n(1), n(1), n(2)))),
        ("W_1[1,2]", Entry(W_1, (n(1), n(2)))),
        (r"W_1\left[1, 2\right]", Entry(W_1, (n(1), n(2)))),
        ("W₁[1][2]", Entry(W_1, (n(1), n(2)))),
        ("W_{1}[1,2]", Entry(W_1, (n(1), n(2)))),
        ("W_{jk}", Entry(W, (j, k))),
        ("W_{1,j,k}", Entry(W, (n(1), j, k))),
        ("W[j+1]", Entry(W, (Plus((j, n(1))),))),
        ("x^{(i)}", Entry(x, (), i)),
        ("x^(i)[2]", Entry(x, (n(2),), i)),
        (r"\hat{y}^{(3)}", Entry(yhat, (), n(3))),
        ("W^{(1)}", W_1),
        ("W^{(1)}_{1,2}", Entry(W_1, (n(1), n(2)))),
        ("W_{1,2}^{(1)}", Entry(W_1, (n(1), n(2)))),
        ("W^{(3)}", Entry(W, (), n(3))),
        # fractions and derivatives
        (r"\frac12", Over(n(1), n(2))),
        (r"\dfrac{a}{b + 1}", Over(a, Plus((b, n(1))))),
        (
            r"\frac{\partial J}{\partial W_{1,1,2}}",
            Partial(J, Entry(W, (n(1), n(1), n(2)))),
        ),
        ("∂J/∂W_1[1,2]", Partial(J, Entry(W_1, (n(1), n(2))))),
        (r"\frac{dy}{dx}", Partial(y, x, True)),
        (r"\frac{d\hat{y}}{db}", Partial(yhat, b, True)),
        (r"\frac{d(uv)}{dx}", Partial(Times((u, v)), x, True)),
        ("dy/du · du/dx", Times((Partial(y, u, True), Partial(u, x, True)), "·")),
        ("dJ/dW_1[1,2]", Partial(J, Entry(W_1, (n(1), n(2))), True)),
        (r"\frac{x}{d}", Over(x, Name("d"))),
        # sums
        (
            r"\sum_{k=0}^{2} W_{jk} x_k",
            Sum("k", n(0), n(2), Times((Entry(W, (j, k)), Name("x_k")))),
        ),
        ("Σ_k x[k] + 1", Plus((Sum("k", None, None, Entry(x, (k,))), n(1)))),
        ("sum_{k=1}^3 x[k]", Sum("k", n(1), n(3), Entry(x, (k,)))),
        ("sum(k=1..3, x[k])", Sum("k", n(1), n(3), Entry(x, (k,)))),
        ("sum(x[k], k)", Sum("k", None, None, Entry(x, (k,)))),
        ("np.sum(v)", Call("sum", (v,))),
        (r"\sum_{k}^{N} -x_k", Sum("k", None, Name("N"), Minus(Name("x_k")))),
        # matrices
        ("[2, 5]", Rows(((n(2),), (n(5),)))),
        ("(2, 5)", Rows(((n(2),), (n(5),)))),
        ("[[1,-2,2]]", Rows(((n(1), n(-2), n(2)),))),
        ("[1; x]", Rows(((n(1),), (x,)))),
        (r"\begin{array}{cc} 1 & 2 \\ 3 & 4 \\ \end{array}", Rows(((n(1), n(2)), (n(3), n(4))))),
        ("torch.tensor([[2],\n [5]])", Rows(((n(2),), (n(5),)))),
        # comparisons
        ("[a > 0]", Test(a, ">", n(0))),
        ("1[a ≥ 0] b", Times((Test(a, ">=", n(0)), b))),
        (r"\mathbb{1}[a > 0]", Test(a, ">", n(0))),
        (r"\mathbf 1\{a > 0\}", Test(a, ">", n(0))),
        ("b[a > 0]", Times((b, Test(a, ">", n(0))))),
        # relations
        ("a = b = 2", Equal((a, b, n(2)), ("=", "="))),
        (r"a \approx 0.5", Equal((a, n("0.5")), ("≈",))),
        ("a := 2", Equal((a, n(2)), ("=",))),
        (r"W \in \mathbb{R}^{2\times 3}", Equal((W, Space((n(2), n(3)))), ("∈",))),
        ("W ∈ ℝ²ˣ³", Equal((W, Space((n(2), n(3)))), ("∈",))),
        ("x in R^n", Equal((x, Space((Name("n"),))), ("∈",))),
        ("b ∈ R", Equal((b, Space(())), ("∈",))),
    ],
)
def test_a_formula_reads_as(text, formula):
    assert read(text) == formula


def test_the_letters_of_the_worksheet_s_activations_read():
    found = read(r"g(z) = \frac{e^z - e^{-z}}{e^z + e^{-z}}")
    up, down = Call("exp", (z,)), Call("exp", (Minus(z),))
    assert found == Equal(
        (Call("g", (z,)), Over(Plus((up, Minus(down))), Plus((up, down)))), ("=",)
    )


def test_the_objective_of_the_worksheet_reads():
    text = r"""J(W_1, W_2; y, \mathbf{x}) = \ell(y, \hat{y})
        = (y - \sigma (W_2 \text{ReLU}(W_1 \mathbf{x})))^2"""
    inside = Times((W_2, Call("relu", (Times((W_1, x)),))))
    assert read(text) == Equal(
        (
            Call("J", (W_1, W_2, y, x)),
            Call("ell", (y, yhat)),
            Raised(Plus((y, Minus(Call("sigmoid", (inside,))))), n(2)),
        ),
        ("=", "="),
    )


def test_a_parameter_of_a_definition_is_known_inside_it():
    assert read("p(t) = t(1 - t)", Known()) == Equal(
        (
            Call("p", (Name("t"),)),
            Times((Name("t"), Plus((n(1), Minus(Name("t")))))),
        ),
        ("=",),
    )


def test_a_page_s_own_meaning_goes_before_the_tables():
    known = Known(frozenset({"sigma", "e", "T"}), frozenset({"tanh"}))
    assert read("σ(x)", known) == Times((Name("sigma"), x))
    assert read("e^x", known) == Raised(Name("e"), x)
    assert read("x^T", known) == Raised(x, Name("T"))
    assert read("tanh(x)", known) == Call("tanh", (x,))


# ---- ambiguity ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("sin 2x", "I read sin 2x as sin(2x)"),
        ("2^3^2", "I read 2^3^2 as 2^(3^2)"),
        ("uv", "I read uv as u · v"),
        ("W_jk", "I read W_jk as W[j, k]"),
        ("√x", "I read √x as √(x)"),
    ],
)
def test_a_doubtful_reading_is_said(text, note):
    assert parse(text, KNOWN).notes == (note,)


@pytest.mark.parametrize(
    "text",
    ["1/2x", "a/bc", "a / b c", "1/2(x)", "x [1]", "x^2[1]", "[2 5]", "[1 -2]", "2 3", "a 2"],
)
def test_what_reads_in_two_ways_is_refused(text):
    refused(text)


def test_a_refusal_shows_both_mends():
    message = refused("1/2x")
    assert "(…/2) x" in message
    assert "…/(2 x)" in message


def test_a_word_that_can_be_cut_in_two_ways_is_refused():
    message = refused("abc", Known(frozenset({"a", "bc", "ab", "c"})))
    assert "a·bc" in message
    assert "ab·c" in message


def test_letters_are_a_product_in_latex_and_a_name_in_ascii():
    known = Known(frozenset({"p", "q"}))
    assert read(r"p\,q + pq", known) == Plus((Times((Name("p"), Name("q"))),) * 2)
    assert read("pq2 + 1", known) == Plus((Name("pq_2"), n(1)))
    assert r"\text{yhat}" in refused(r"\alpha yhat")
    assert r"x_{12}" in refused(r"\alpha x_12")
    assert "^{10}" in refused(r"\alpha^10")


@pytest.mark.parametrize(
    "text",
    [
        r"\sin^{-1} x",
        r"\log_2 x",
        "x'",
        "d/dx",
        "d/d x",
        "d^3y/dx^2",
        "∂^2/∂x^3 (x)",
        "d^9y/dx^9",
        r"\frac{\partial^2 J}{\partial x}",
        "a > 0",
        "[[1, 2], [3]]",
        "[1, 2; 3]",
        "[]",
        "f()",
        "y = 2, 5",
        "x =",
        "x_",
        "a ∈ [0, 1]",
        r"\begin{cases} 1 \end{cases}",
        "np.linalg.svd(x)",
        "x.sum()",
        "x[1:2]",
        "nan",
        "norm(x, y)",
        r"\left. x \right|",
        "∂J/dx",
        "a & b",
        r"\hat \sqrt x",
    ],
)
def test_what_has_no_reading_is_refused(text):
    refused(text)


def test_a_ragged_matrix_names_its_row():
    assert "row 2" in refused("[1, 2; 3]")


# ---- statements --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("a = 1\nb = 2", ["a = 1", "b = 2"]),
        ("a = 1; b = 2;", ["a = 1", "b = 2"]),
        ("a = 1, b = c.", ["a = 1", "b = c"]),
        (r"a = 1 \quad b = 2", ["a = 1", "b = 2"]),
        (r"a &= 1 \\ b &= 2", ["a &= 1", "b &= 2"]),
        (r"\begin{aligned} a &= 1 & b &= 2 \end{aligned}", ["a &= 1", "b &= 2"]),
        ("a = 1 +\n  2\n\n# note\nb = 2 % note\n  = c", ["a = 1 +\n  2", "b = 2 % note\n  = c"]),
        ("$$ a = (1,\n 2) $$", ["a = (1,\n 2)"]),
        ("", []),
    ],
)
def test_a_block_is_split_into_its_definitions(text, sources):
    assert [s.source for s in statements(text, KNOWN)] == sources


def test_a_statement_knows_its_place():
    found = statements("a = 1\n  b = 2; c = 3", KNOWN, Place(10, 4, "$$ a = 1"))
    assert [(s.place.line, s.place.column) for s in found] == [(10, 4), (11, 3), (11, 10)]


@pytest.mark.parametrize("text", ["", "a = 1; b = 2"])
def test_parse_wants_exactly_one_formula(text):
    with pytest.raises(ReadingError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "quantities", "functions"),
    [
        (r"a = 1; x \in R^2; W_1 ∈ R^{2×3}", {"a", "x", "W_1"}, set()),
        ("g(x) = x^2; J(W_1; y) = y", set(), {"g", "J"}),
        ("a_j = Σ_k W_jk x_k", {"a"}, set()),
        ("W_q = [1, 2]", {"W_q"}, set()),
        ("W^{(1)} = 1; x^{(1)} = 2; W^{[2]} = 3", {"W_1", "x", "W_2"}, set()),
        (r"\hat{y} = \sigma(b)", {"yhat"}, set()),
        ("1 + 2; x + y = 3", set(), set()),
    ],
)
def test_left_hand_sides_define_names(text, quantities, functions):
    assert defined_names(text) == Known(frozenset(quantities), frozenset(functions))


# ---- against Python ----------------------------------------------------------------------------

numbers = st.integers(0, 9).map(str)
arithmetic = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", " - ", " * ", " / "]), inner).map("".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        st.tuples(inner, st.integers(0, 3)).map(lambda p: f"({p[0]})**{p[1]}"),
    ),
    max_leaves=12,
)


def value(formula):
    match formula:
        case Num(number):
            return Fraction(number)
        case Plus(terms):
            return sum(map(value, terms), Fraction(0))
        case Minus(of):
            return -value(of)
        case Times(factors):
            return Fraction(np.prod([value(f) for f in factors]))
        case Over(top, bottom):
            return value(top) / value(bottom)
        case Raised(base, exponent):
            return value(base) ** int(value(exponent))
        case _:
            raise AssertionError(formula)


@given(arithmetic)
def test_arithmetic_binds_as_python_does(text):
    names = {f"n{d}": Fraction(d) for d in range(10)}
    source = "".join(f"n{ch}" if ch.isdigit() and prev != "*" else ch for prev, ch in _pairs(text))
    try:
        expected = eval(source, {}, names)
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError):
            value(read(text))
        return
    assert value(read(text)) == expected


def _pairs(text):
    previous = "  " + text
    return [("*" if previous[at : at + 2] == "**" else "", ch) for at, ch in enumerate(text)]
