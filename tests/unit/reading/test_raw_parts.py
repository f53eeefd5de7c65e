"""Raw pages as people write them: parts, exercises, paragraphs, code, folded answers, new numbers."""

from __future__ import annotations

import pytest

from backhand.errors import ReadingError
from backhand.reading.document import worksheet
from backhand.reading.raw import is_raw, raw_page
from backhand.reading.scanned import elements

LINE = "Take $x = 3$, $w = 2$ and $p = w x$.\n\n"


def asks(text: str) -> dict[str, tuple[str, ...]]:
    return {q.number: tuple(a.text for a in q.understood.asks) for q in raw_page(text).questions}


def values(text: str) -> dict[str, object]:
    answers = worksheet(text).solve().answers
    return {a.question.number: a.workings[0].value for a in answers}


@pytest.mark.parametrize(
    "marks",
    [("(a)", "(b)"), ("a)", "b)"), ("a.", "b."), ("(i)", "(ii)"), ("**(a)**", "**(b)**"),
     ("- a)", "- b)")],
)  # fmt: skip
def test_parts_without_a_question_above_are_questions(marks: tuple[str, str]) -> None:
    page = f"{LINE}{marks[0]} What is $p$?\n\n{marks[1]} What is $x$?"
    assert asks(page) == {"1": ("value p",), "2": ("value x",)}


def test_parts_are_numbered_inside_their_question() -> None:
    page = (
        f"{LINE}1. A start:\n\n   (a) What is $p$?\n   (b) What is $x$?\n\n"
        "2. What is $w$?\n   a) What is $p$?\n   b) Two more.\n      i. What is $x$?\n"
        "      ii. What is $w$?\n\n3. What is $x$?"
    )
    assert asks(page) == {
        "1.1": ("value p",), "1.2": ("value x",), "2": ("value w",), "2.1": ("value p",),
        "2.2.1": ("value x",), "2.2.2": ("value w",), "3": ("value x",),
    }  # fmt: skip
    assert values(page) == {
        "1.1": 6.0, "1.2": 3.0, "2": 2.0, "2.1": 6.0, "2.2.1": 3.0, "2.2.2": 2.0, "3": 3.0
    }  # fmt: skip


def test_a_letter_out_of_order_is_no_part() -> None:
    assert [e.kind for e in elements("e. coli grows.\n\ni.e. What is p?")] == ["prose", "prose"]


def test_a_display_between_parts_keeps_their_numbers() -> None:
    page = f"{LINE}1. Look:\n\n(a) What is $p$?\n\n$$ q = p + 1 $$\n\n(b) What is $q$?"
    assert values(page) == {"1.1": 6.0, "1.2": 7.0}


def test_exercises_by_name_are_sections() -> None:
    page = (
        "# Sheet\n\n### Exercise 1: a line\n\n$x = 3$\n\n- Compute $x$.\n\n"
        "### Exercise 2 -- another\n\n$x = 4$\n\n- Compute $x$."
    )
    assert values(page) == {"1.1": 3.0, "2.1": 4.0}


def test_paragraphs_ask_where_no_list_does() -> None:
    page = f"## One\n\n{LINE}What is $p$?\n\n## Two\n\nShall we go on?\n\n1. What is $x$?"
    assert asks(page) == {"1.1": ("value p",), "2.1": ("value x",)}
    assert not is_raw("x = 3\nevaluate = 2 x\nw = x + 1")


@pytest.mark.parametrize("label", ["Question 4.", "**Problem 4** (2 points)", "Q4:", "**4.**"])
def test_questions_with_a_label_have_its_number(label: str) -> None:
    assert list(asks(f"{LINE}{label} What is $p$?")) == ["4"]


def test_code_and_folded_answers_are_not_read() -> None:
    page = (
        f"{LINE}1. What is $p$?\n\n```python\n# 2 Not a heading\nx = 4\n# What is x?\n```\n\n"
        "<details><summary>Answer</summary>\n\n$$ p = 7 $$\n\n2. What is $x$?\n\n</details>\n\n"
        "<!-- 3. What is $w$? -->"
    )
    assert asks(page) == {"1": ("value p",)}
    assert values(page) == {"1": 6.0}


def test_a_fence_of_maths_and_other_signs_for_formulas_are_read() -> None:
    page = "```math\nx = 3\n```\n\nLet \\\\(w = 2\\\\), $`u = 5`$ and $$ p = w x $$ too.\n\n1. What is $p$?"
    assert values(page) == {"1": 6.0}


def test_a_value_given_again_holds_for_the_questions_below_only() -> None:
    page = f"{LINE}1. What is $p$?\n\nNow let $x = 10$.\n\n2. What is $p$?"
    assert values(page) == {"1": 6.0, "2": 20.0}


def test_numbers_put_into_a_formula_do_not_replace_it() -> None:
    page = (
        "$$x = 3$$\n\n$$w = 2$$\n\n$$p = w x = 2 \\cdot 3 = 6$$\n\n$$p = 6.0$$\n\n"
        "1. What is $\\frac{\\partial p}{\\partial w}$?"
    )
    assert values(page) == {"1": 3.0}
    assert any("it says what p comes to" in note for note in raw_page(page).notes)


def test_a_model_that_was_not_read_whole_is_not_asked_about() -> None:
    page = "$x = 3$, $W = [[1, 2], [3]]$, $p = 2 x$\n\n1. How many parameters are there?\n\n2. What is $p$?"
    found = raw_page(page).questions
    assert "couldn't be read" in found[0].understood.missed
    assert [a.text for a in found[1].understood.asks] == ["value p"]


def test_a_change_that_was_not_read_is_not_passed_over() -> None:
    page = f"{LINE}1. What is $p$?\n\nNow $p = w x + q$ with some $q$.\n\n2. What is $p$?"
    found = raw_page(page).questions
    assert [bool(q.understood.asks) for q in found] == [True, False]
    assert "would change the answer" in found[1].understood.missed


def test_a_network_in_words_is_not_the_model_above() -> None:
    page = (
        f"# 1 One\n\n{LINE}1. What is $p$?\n\n# 2 Two\n\nA network has 784 inputs and one hidden "
        "layer.\n\n1. How many parameters does it have in total?"
    )
    assert asks(page) == {"1.1": ("value p",), "2.1": ()}


def test_an_equation_must_be_known_before_the_model_is_asked_about() -> None:
    assert asks("Let $x = 4$.\n\n1. Carry out the forward pass.") == {"1": ()}


def test_a_layout_of_a_blog_is_left_alone() -> None:
    page = f"---\nlayout: post\ntitle: A line\n---\n\n{LINE}1. What is $p$?"
    assert worksheet(page).title == "A line"
    assert worksheet(page).layout == "numerator"


def test_a_question_that_cannot_be_answered_is_said_with_the_others() -> None:
    page = (
        "Let $v = 1$ and $x \\in \\mathbb{R}^2$, $p = 2 x$.\n\n1. What is $p$?\n\n2. What is $v$?"
    )
    solution = worksheet(page).solve()
    assert [a.question.number for a in solution.answers] == ["2"]
    assert any("question 1 isn't answered" in note for note in solution.notes)
    with pytest.raises(ReadingError, match="no question of this page could be answered"):
        worksheet(page.replace("2. What is $v$?", "")).solve()


def test_the_explicit_page_reads_back() -> None:
    page = f"{LINE}1. Look:\n\n(a) What is $p$?\n\n- a remark\n\n(b) Why?\n\n(c) What is $x$?"
    raw = raw_page(page)
    assert not is_raw(raw.text)
    back = {q.number: tuple(a.text for a in q.asks) for q in worksheet(raw.text).questions}
    assert back == {"1.1": ("value p",), "1.3": ("value x",)}


def test_a_problem_in_a_paragraph_may_give_its_own_function() -> None:
    page = (
        "## One\n\nGiven $L(w) = (4 - 2w)^2$ and $w = 1$, compute $\\frac{dL}{dw}$.\n\n"
        "## Two\n\nWhat is $L$ if $w = 3$?"
    )
    assert values(page) == {"1.1": -8.0}
    assert asks(page)["2.1"] == ()


def test_a_definition_of_a_later_section_holds_for_no_question_above() -> None:
    page = "# 1 One\n\n1. What is the loss?\n\n# 2 Two\n\n$w = 3$ and $L = w^2$\n\n1. What is the loss?"
    assert asks(page) == {"1.1": (), "2.1": ("loss",)}
    assert values(page) == {"2.1": 9.0}


@pytest.mark.parametrize(
    "words", ["Add a bias to the neuron.", "Now replace the weight by its square:"]
)
def test_words_that_change_the_model_are_not_passed_over(words: str) -> None:
    page = (
        f"{LINE}1. What is $p$?\n\n2. {words}\n\n   (a) What is $p$?\n\n# More\n\n1. What is $x$?"
    )
    found = {q.number: q.understood for q in raw_page(page).questions}
    assert "changes the model" in found["2.1"].missed
    assert [n for n in found if not found[n].asks] == ["2.1"]


def test_letters_that_nothing_gives_a_value_are_numbers_and_that_is_said() -> None:
    page = (
        "## A neuron\n\nLet $L = (a - y)^2$ with $a = \\sigma(z)$ and $z = w x + b$.\n\n"
        "(a) Find $\\frac{\\partial z}{\\partial w}$.\n(b) How many parameters are there?\n"
        "(c) Find $\\frac{\\partial L}{\\partial a}$."
    )
    assert asks(page) == {"1.1": ("local z w",), "1.2": (), "1.3": ("derivative L a",)}
    solution = worksheet(page).solve()
    assert "x" in solution.answers[0].workings[0].text()
    assert "nothing gives w, x, b a value: I read w, x, b as numbers" in solution.notes


def test_letters_that_may_be_vectors_stay_unknown() -> None:
    page = (
        "Let $h = \\sigma(W x + b)$ and $o = v h$.\n\n1. Find $\\frac{\\partial o}{\\partial v}$."
    )
    assert asks(page) == {"1": ()}


def test_a_function_that_a_question_differentiates_has_a_number_for_its_letter() -> None:
    page = (
        "### Problem 1\n\nFor $f(t) = \\sin(t^2 + 3t)$:\n\na) Find $\\frac{df}{dt}$.\n\n"
        "### Problem 2\n\nGiven $y = (2u + 1)^3$, compute $\\frac{dy}{du}$.\n\n"
        "### Problem 3\n\nLet $y = \\sigma(3u - 2)$. Compute $\\frac{dy}{du}$."
    )
    assert asks(page) == {
        "1.1": ("derivative f t",), "2.1": ("derivative y u",), "3.1": ("derivative y u",)
    }  # fmt: skip
    answers = [a.workings[0].text() for a in worksheet(page).solve().answers]
    assert "cos(t² + 3 t)" in answers[0]
    assert "(2 u + 1)²" in answers[1]
    assert "σ(3 u − 2)" in answers[2]


def test_a_letter_of_one_exercise_is_not_that_of_the_next() -> None:
    page = (
        "## One\n\nLet $y = \\sigma(3x - 2)$. Compute $\\frac{dy}{dx}$.\n\n## Two\n\nGiven $w = 2$, $x = 3$, "
        "$y = 1$ and $L = (w x - y)^2$.\n\n1. What is $L$?"
    )
    page += "\n\n2. What is the loss?"
    assert asks(page) == {"1.1": ("derivative y x",), "2.1": ("value L",), "2.2": ("loss",)}
    assert values(page)["2.2"] == values(page)["2.1"] == 25.0


def test_a_page_without_formulas_is_not_all_definitions() -> None:
    with pytest.raises(ReadingError, match="no question of this page could be answered"):
        worksheet("# Nets\n\nSome words: about nets.\n\n1. Why are they deep?").solve()
