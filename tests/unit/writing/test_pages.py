"""A page's own words in other notations."""

from __future__ import annotations

import pytest

from backhand.reading.maths import Known
from backhand.writing.latex import escaped
from backhand.writing.pages import read_formula, without_comments, words, words_html
from backhand.writing.paper import PAPER
from backhand.writing.terminal import PLAIN
from backhand.writing.text import formula_text

KNOWN = Known(frozenset(("W_1", "W_2", "x", "y")))


@pytest.mark.parametrize(
    ("markdown", "text", "latex"),
    [
        (
            "Give *the* **vector** $x$.",
            "Give the vector x.",
            r"Give \emph{the} \textbf{vector} $x$.",
        ),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("- a\n- $y^2$", "• a\n\n• y²", "\\(\\bullet\\) a\n\n\\(\\bullet\\) $y^{2}$"),
        ("`W[1]` and $$x + y$$", "W[1] and x + y", r"\texttt{W[1]} and $x + y$"),
        ("$$\nx = 1\n$$", "x = 1", r"\[ x = 1 \]"),
        ("what is $\\tanh$?", "what is tanh?", r"what is $\text{tanh}$?"),
        (
            "[words](https://example.org) & <i>",
            "words & <i>",
            r"words \& \textless{}i\textgreater{}",
        ),
        ("$x +$ 5", "x + 5", r"\texttt{x +} 5"),
    ],
)
def test_words_keep_their_sense_in_every_notation(markdown, text, latex):
    assert words(markdown, KNOWN, PLAIN) == text
    assert words(markdown, KNOWN, PAPER) == latex


def test_an_entry_is_spelled_as_in_the_answers():
    found = read_formula(r"\frac{\partial J}{\partial W_{2,1,1}}", KNOWN)
    assert found is not None
    assert formula_text(found) == "∂J/∂W₂[1,1]"
    assert formula_text(read_formula("W_{3,1,1}", KNOWN)) == "W[3,1,1]"


@pytest.mark.parametrize("source", ["x +", "\\input{a}", "", "((((", "x" * 100_000])
def test_what_is_no_formula_stays_as_it_was_typed(source):
    assert read_formula(source, KNOWN) is None


def test_a_link_that_runs_something_is_no_link():
    for link in ("javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "file:///etc"):
        assert "<a" not in words_html(f"[go]({link})", KNOWN, lambda *_: "")
    assert "<a" in words_html("[go](https://example.org)", KNOWN, lambda *_: "")


def test_lines_of_comment_are_not_shown():
    assert without_comments("What?\n  % ask: value a\nSo.") == "What?\nSo."


def test_latex_shows_what_its_fonts_lack_by_number():
    assert escaped("é ∂ α 😀 \x1b") == r"é \(\partial\) \(\alpha\) [U+1F600] [U+001B]"


@pytest.mark.parametrize(
    "source",
    [
        "$$\n\\begin{aligned} s &= W x \\\\ J &= s^2 \\end{aligned}\n$$",
        "```{math}\ns = W x\nJ = s^2\n```",
        "```{model}\ns = W x; J = s^2\n```",
    ],
)
def test_a_display_of_several_definitions_is_set_line_by_line(source: str) -> None:
    assert words(source, KNOWN, PLAIN).split("\n\n") == ["s = W x", "J = s²"]
    shown = words_html(source, KNOWN, lambda f, display: f"<{display}:{formula_text(f)}>")
    assert "<block:s = W x><block:J = s²>" in shown
    assert "<code>" not in shown
