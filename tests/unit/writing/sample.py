"""A solution made by hand: pieces of the two-neuron network, and words that mean harm."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from backhand.graph import Graph
from backhand.syntax import (
    Call,
    Entry,
    Equal,
    Minus,
    Name,
    Num,
    Over,
    Partial,
    Plus,
    Raised,
    Rows,
    Times,
)
from backhand.working import (
    Answered,
    Block,
    Column,
    Edge,
    Picture,
    Question,
    Solution,
    Step,
    Unit,
    Working,
    Worksheet,
)

HOSTILE = (
    'Is <script>alert(1)</script> <img src=x onerror="alert(2)"> $z$ & 5% of \\input{/etc/passwd} '
    "or ![p](https://example.org/p.png) or [go](javascript:alert(3)) or $\\undefined{q$?"
)


def n(value, text=""):
    return Num(Fraction(value), text)


def rough(text):
    """A number whose shown digits are not all it has."""
    return Num(float(text) * (1 + 1e-9), text)


def column(*values):
    return Rows(tuple((value if not isinstance(value, int) else n(value),) for value in values))


def equation(*sides, last="="):
    return Equal(sides, (*["="] * (len(sides) - 2), last))


x, a, z = (Name(name, "bold") for name in "xaz")
b, y, yhat, J, eta = (Name(name) for name in ("b", "y", "yhat", "J", "eta"))
W_1 = Name("W_1")
weight = Entry(Name("W_2"), (n(1), n(1)))
z_1 = Entry(Name("z"), (n(1),))

value = Working(
    ask="value a",
    answer=(equation(a, column(3, -2)),),
    result=np.array([Fraction(3), Fraction(-2)], dtype=object),
    steps=(
        Step(
            title=("Fold the bias in: put a 1 before ", x),
            rule="bias folded in",
            formula=equation(column(1, x), column(1, 2, 5)),
            note=("column 0 of ", W_1, " is the bias"),
        ),
        Step(
            title=("Work out ", a),
            rule="matrix product",
            formula=equation(a, Times((W_1, column(1, x)))),
            substitution=Times(
                (Rows(((n(2), n(3), n(-1)), (n(-1), n(-3), n(1)))), column(1, 2, 5))
            ),
            value=column(3, -2),
        ),
    ),
)
chain = Working(
    ask="derivative J W_2[1,1]",
    answer=(equation(Partial(J, weight), rough("-0.03962"), last="≈"),),
    result=np.array(-0.039623),
    steps=(
        Step(
            title=("Chain rule along the one path",),
            rule="chain rule",
            formula=equation(
                Partial(J, weight),
                Times((Partial(J, yhat), Partial(yhat, b), Partial(b, weight)), "·"),
            ),
        ),
        Step(
            title=("The factor ", Partial(J, yhat)),
            rule="power rule",
            formula=equation(Partial(J, yhat), Minus(Times((n(2), Plus((y, Minus(yhat))))))),
            substitution=Minus(Times((n(2), Plus((n(1), Minus(rough("0.006693"))))))),
            value=rough("-1.987"),
        ),
        Step(
            title=("The factor ", Partial(yhat, b)),
            rule="derivative of σ",
            formula=equation(
                Partial(yhat, b),
                Over(
                    Call("exp", (Minus(b),)), Raised(Plus((n(1), Call("exp", (Minus(b),)))), n(2))
                ),
                Times((yhat, Plus((n(1), Minus(yhat))))),
            ),
            value=rough("6.648e-03"),
        ),
        Step(
            title=("Multiply the factors",),
            rule="chain rule",
            formula=Partial(J, weight),
            substitution=Times((rough("-1.987"), rough("0.006648"), n(3)), "·"),
            value=rough("-0.03962"),
        ),
    ),
    layout="numerator",
)
update = Working(
    ask="update W_2[1,1] eta=2",
    answer=(weight, " becomes ", rough("-1.921")),
    result=np.array(-1.920753),
    steps=(
        Step(
            title=("Step against the derivative",),
            rule="gradient descent",
            formula=Equal(
                (weight, Plus((weight, Minus(Times((eta, Partial(J, weight)), "·"))))), ("←",)
            ),
            substitution=Plus((n(-2), Minus(Times((n(2), rough("-0.03962")), "·")))),
            value=rough("-1.921"),
        ),
    ),
    notes=(("Stochastic gradient descent: one data point.",),),
)
words = Working(ask="class", answer=("class 0",), result="class 0")
endless = Working(
    ask="value b",
    answer=(equation(b, Num(float("inf"), "inf")),),
    result=np.array([[np.inf, -np.inf], [np.nan, 0.5]]),
)
picture = Working(
    ask="draw",
    answer=("The network",),
    picture=Picture(
        columns=(
            Column(("Input",), (Unit("x1", Entry(Name("x"), (n(1),)), n(2)),), 1),
            Column(("Output <b>",), (Unit("y1", yhat, rough("0.006693")),), 1, "sigmoid"),
        ),
        edges=(Edge("x1", "y1", weight, n(-2)),),
        caption=("A network & its weights",),
    ),
)


def question(number, text):
    return Question(number, text, (), Graph(()))


ANSWERED = (
    Answered(question("3.1.1", "Draw it."), (picture,)),
    Answered(question("3.1.4", "What is $\\mathbf{a}$?\nGive the *vector*."), (value,)),
    Answered(question("3.1.8", HOSTILE), (words, endless)),
    Answered(
        question("3.2.5", "What is $\\frac{\\partial J}{\\partial W_{2,1,1}}$?"), (chain, update)
    ),
)
MODEL = "$$\n\\mathbf{x} = \\begin{bmatrix} 2 \\\\ 5 \\end{bmatrix}\n$$"
SOLUTION = Solution(
    Worksheet(
        "Two neurons & a <title>",
        (
            Block("heading", "# Two neurons & a <title>", 1),
            Block("prose", "Words with `code`, $y = 1$ and <b>raw</b> HTML."),
            Block("model", MODEL),
            Block("heading", "## 3 Questions", 2),
            *(Block("question", "", question=answered.question) for answered in ANSWERED),
        ),
        (),
    ),
    ANSWERED,
    "numerator",
)
