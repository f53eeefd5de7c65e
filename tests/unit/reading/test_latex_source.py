"""LaTeX sources: lists and the exam class make the same questions as a page does."""

from __future__ import annotations

import pytest

from backhand.errors import BackhandError
from backhand.reading.document import worksheet
from backhand.reading.latex_source import as_page, is_latex
from backhand.reading.raw import raw_page

EXAM = r"""
\documentclass[addpoints]{exam}
\usepackage{amsmath} % not read
\begin{document}
\section{A line}
Let \(x = 3\) and \(w = 2\). % an aside
\begin{align*}
  p &= w x \\
  J &= (p - 5)^2
\end{align*}
\begin{questions}
\question[2] What is \(p\)?
  \begin{solution} 6 \end{solution}
\question The derivatives:
  \begin{parts}
    \part[1] What is \(\frac{\partial p}{\partial w}\)?
    \part Find the derivative of $J$ with respect to $w$.
  \end{parts}
\question Explain \textbf{why}.
\end{questions}
\subsection*{More}
\begin{enumerate}
\item How many parameters are learned in total?
\end{enumerate}
\end{document}
"""


def test_questions_and_parts_are_numbered() -> None:
    found = {q.number: tuple(a.text for a in q.understood.asks) for q in raw_page(EXAM).questions}
    assert found == {
        "1.1": ("value p",),
        "1.2.1": ("local p w",),
        "1.2.2": ("derivative J w",),
        "1.3": (),
        "1.1.1": ("parameters",),
    }


def test_the_answers_come_out() -> None:
    answers = worksheet(EXAM).solve().answers
    values = {a.question.number: a.workings[0].value for a in answers}
    assert (values["1.1"], values["1.2.2"], values["1.1.1"]) == (6.0, 6.0, 1.0)


def test_pages_of_markdown_are_no_latex() -> None:
    assert not is_latex("$$\n\\begin{aligned}\nx &= 3\n\\end{aligned}\n$$")


def test_lists_that_are_not_closed_lose_nothing_else() -> None:
    assert "1. What is $x$?" in as_page(
        r"\begin{enumerate}\item What is $x$?\end{enumerate}\end{parts}"
    )
    assert as_page(r"\begin{enumerate}" * 5 + r"\item A" + r"\end{enumerate}" * 5)


def test_a_question_behind_one_with_parts_keeps_its_number() -> None:
    parts = r"\question A: \begin{parts}\part What is $x$? \end{parts}"
    text = rf"\begin{{questions}}{parts}\question What is $y$? \end{{questions}}"
    assert as_page(text).split("\n\n") == [
        "# 1 Question 1",
        "A:",
        "1. What is $x$?",
        "# 2 Question",
        "1. What is $y$?",
    ]


@pytest.mark.parametrize(
    "text",
    [
        r"\begin{enumerate}\item a " * 5000,
        r"\begin{enumerate}" + r"\[" * 50000,
        r"\begin{document}",
    ],
)
def test_hostile_sources_are_refused(text: str) -> None:
    with pytest.raises(BackhandError):
        worksheet(text)
