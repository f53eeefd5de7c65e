"""Whole pages that mean harm or make no sense: one clear error or a right answer, soon and small."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.memory import growth

import backhand
from backhand.errors import BackhandError

MODEL = "x = [2; 5]; y = 1; W = [[2, 3, -1]]; "
PAGES = {
    "a tower of powers": "x = 9^9^9^9",
    "a tower of a name": "x = 9; y = x^9^9^9",
    "a high power": "x = 2; y = x^1000000",
    "squares of squares": "x_0 = 1.0000001\n"
    + "\n".join(f"x_{n} = x_{n - 1}^2" for n in range(1, 200)),
    "ten thousand brackets": "x = " + "(" * 10_000 + "1" + ")" * 10_000,
    "ten thousand functions": "x = 1; y = " + "sin(" * 10_000 + "x" + ")" * 10_000,
    "an import": "y = __import__('os').system('true')",
    "a call of a shell": "y = os.system(1)",
    "a lambda": "f = (lambda: 1)()",
    "not a number": "x = NaN; y = x",
    "infinity": "x = 1e999; y = x",
    "a ragged matrix": "W = [[1, 2], [3]]; a = W",
    "a ragged LaTeX matrix": r"W = \begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}",
    "a wrong shape": "x = [1; 2; 3]; W = [[1, 2], [3, 4], [5, 6]]; a = W x",
    "an unknown name": MODEL + "a = W q",
    "an unknown function": MODEL + "a = frobnicate(x)",
    "a cycle": "a = b; b = c; c = a",
    "itself": "a = a + 1",
    "a function of itself": "x = 1; f(t) = f(t) + 1; y = f(x)",
    "functions of each other": "x = 1; f(t) = g(t); g(t) = f(t); y = f(x)",
    "functions that double": "x = 1\nf_0(t) = t + t\n"
    + "\n".join(f"f_{n}(t) = f_{n - 1}(t) + f_{n - 1}(2 t + 1)" for n in range(1, 40))
    + "\ny = f_39(x)",
    "a duplicate": "a = 1; a = 2",
    "control characters": "a = 1\x00; b = \x1b[31m2",
    "a right-to-left override": "a = 1 + \u202e2",
    "a Cyrillic a": "a = 1; b = \u0430 + 1",
    "a vast declared shape": "x ∈ R^{1000000000}; y = sum(x)",
    "a vast declared matrix": "W ∈ R^{3000000×3000000}; x ∈ R^{3000000}; a = W x",
    "a vast sum": "x = [1; 2]; y = sum_{k=1}^{1000000000} x_1",
    "a division by zero": "x = 0; y = 1/x",
    "zero over zero": "x = 0; y = x/x",
    "the log of zero": "x = 0; y = log(x)",
    "a matrix as objective": "W = [[1, 2], [3, 4]]; J = W",
    "a point without its number": "x^{(2)} = 1; y = x",
    "nothing": "",
    "an equals sign": "=",
    "only a left side": "x =",
    "a long name": "a" * 5_000 + " = 1",
    "a thousand definitions": "x_0 = 1\n"
    + "\n".join(f"x_{n} = sin(x_{n - 1}) + 1" for n in range(1, 1000)),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.no_cover
def test_a_page_ends_soon_in_an_answer_or_an_error(page: str) -> None:
    before = time.process_time()
    message = outcome(page)
    # Generous, for slow machines: what never ends is meant here, not what is slow.
    assert time.process_time() - before < 10
    assert len(message) < 2_000


def test_no_page_takes_much_memory() -> None:
    setting = "from tests.test_hostile_pages import PAGES, outcome"
    assert growth(setting, "for page in PAGES.values(): outcome(page)") < 200 * 2**20


def outcome(page: str) -> str:
    """What comes of a page: its whole working, or the error's message. Any other error fails."""
    try:
        graph = backhand.model(page)
        shown = str(graph)
        if graph.objective:
            graph.forward()
            given = [q.name for q in graph if q.definition is None]
            graph.gradient(*given[:1])
    except BackhandError as error:
        return str(error)
    return shown[:100]


ALPHABET = st.sampled_from(
    [*"xyWabJ0123 =+-*/^()[]{}|,;_&\n·⊙@ŷσΣ", "\\frac", "\\hat", "\\sum", "sum", "relu", "softmax",
     "x = [1;2]\n", "W = [[1,2,3]]\n", "y = 1\n", "^T", "_{1,2}", "^{(1)}", "∈ R^2", "exp", "log"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(ALPHABET, max_size=40).map("".join))
def test_no_text_brings_anything_but_a_graph_or_a_clear_error(text: str) -> None:
    assert isinstance(outcome(text), str)
