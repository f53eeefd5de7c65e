"""From text to graph: one model in many notations, entries by name, and bounds."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import peers
from tests.models import ASCII, INDEXED, LATEX, NUMPY, UNICODE, error
from tests.strategies import networks

from backhand.compositions import COMPOSITIONS
from backhand.errors import BackhandError, MeaningError
from backhand.expr import show
from backhand.functions import TABLE
from backhand.graph import Graph, Role, floats
from backhand.reading.meaning import entry, expression, model, spelled


@pytest.mark.parametrize("text", [UNICODE, ASCII, INDEXED, NUMPY])
def test_one_model_written_in_many_ways_gives_equal_graphs(text: str) -> None:
    assert model(text) == model(LATEX)


def test_the_worked_example() -> None:
    graph = model(LATEX)
    values = graph.forward().values
    assert floats(values["a"]).tolist() == [3, -2]
    assert floats(values["z"]).tolist() == [3, 0]
    assert float(values["b"]) == -5
    assert float(values["J"]) == pytest.approx(0.98666, abs=5e-6)
    assert [q.name for q in graph.parameters] == ["W_1", "W_2"]
    assert graph.objective == "J"
    assert graph["y"].role is Role.TARGET
    assert graph["W_1"].folded
    assert graph["W_2"].folded


# ---- names of entries ----


def test_an_entry_that_is_also_a_name_is_refused() -> None:
    assert "write a[1]" in str(error("a = [1;2]; a_1 = 3; y = a_1"))
    text = "W = [[1,2],[3,4]]; W_1 = [5;6]; y = W_{1,2}"
    assert "W or of W_1" in error(text).what


def test_a_run_of_digits_is_two_numbers_for_a_small_matrix_only() -> None:
    graph = model("W = [[1,2],[3,4]]; y = W_{12}")
    assert show(graph["y"].definition) == "W[1,2]"
    assert "I read W_12 as W[1,2]" in graph.notes
    error("W ∈ R^{2×10}; y = W_{12}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("W_{2,1,1}", ("W_2", (1, 1))),
        ("W_2[1,1]", ("W_2", (1, 1))),
        ("W₂[1,1]", ("W_2", (1, 1))),
        ("W_{2}[1, 1]", ("W_2", (1, 1))),
        ("a_1", ("a", (1,))),
        ("a[2]", ("a", (2,))),
        ("W_1", ("W_1", ())),
        (r"\hat{y}", ("yhat", ())),
        ("b_1", ("b", ())),
    ],
)
def test_entries_are_read_in_every_spelling(text: str, found: tuple[str, tuple[int, ...]]) -> None:
    assert entry(text, model(LATEX)) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("W_1[3,0]", "2×3, with rows 1 to 2 and columns 0 to 2 (column 0 is the bias)"),
        ("a_3", "entries 1 to 2"),
        ("W_3", "I don't know the name W_3"),
        ("a[1,2]", "a vector of 2 entries"),
        ("x^{(1)}", "superscript"),
        ("2 a", "I don't know the name"),
    ],
)
def test_an_entry_that_is_not_there_lists_what_is(text: str, words: str) -> None:
    with pytest.raises(MeaningError) as caught:
        entry(text, model(LATEX))
    assert words in str(caught.value)


def test_an_expression_over_a_graph() -> None:
    graph = model(LATEX)
    found = expression("(y - yhat)^2", graph)
    assert found.axes == ()
    assert found.expr is graph["J"].definition
    assert [axis.size for axis in expression("2 W_1 x", graph).axes] == [2]


@settings(max_examples=30, deadline=None)
@given(networks(4, 5), st.data())
def test_every_entry_is_found_by_its_spelling(graph: Graph, data: st.DataObject) -> None:
    quantity = data.draw(st.sampled_from(list(graph)))
    slots = tuple(
        data.draw(st.integers(axis.lower, axis.lower + axis.size - 1)) for axis in quantity.axes
    )
    text = quantity.name + (f"[{','.join(map(str, slots))}]" if slots else "")
    assert entry(text, graph) == (quantity.name, slots)
    assert spelled(text, graph) == text


def test_every_function_and_loss_occurs_in_the_random_networks() -> None:
    assert {f.name for f in TABLE.values() if f.arity == 1} <= set(peers.ACTIVATIONS)
    assert {c.name for c in COMPOSITIONS.values() if c.target_first} == set(peers.LOSSES)


# ---- anything at all ----

PIECES = (
    *(
        "u",
        "v",
        "A",
        "W",
        "w",
        "c",
        "f",
        "s",
        "q",
        "u_1",
        "u_k",
        "A[1,k]",
        "W[1,0]",
        "x^{(1)}",
        "i",
    ),
    *(
        "1",
        "0",
        "2",
        "-",
        "+",
        "*",
        "@",
        "·",
        "⊙",
        "/",
        "^",
        "^T",
        "^2",
        "(",
        ")",
        "[",
        "]",
        ",",
        ";",
    ),
    *(
        "sum_k",
        "sum_{k=0}^2",
        "softmax(",
        "f(",
        "max(",
        "mean(",
        "relu(",
        "||",
        "=",
        "∈ R^2",
        "[1; u]",
    ),
)
SETTING = (
    "A = [[1,2],[3,4]]; W = [[1,2,3],[4,5,6]]; w = [1;2;3]; u = [5;6]; v = 2 u; c = 3; f(q) = q u"
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map(" ".join))
def test_any_formula_ends_in_a_graph_or_a_placed_error(formula: str) -> None:
    text = f"{SETTING}; s = {formula}"
    found: BackhandError | None = None
    try:
        assert "s" in model(text)
    except BackhandError as error:
        found = error
    assert found is None or (found.what and found.place is not None)


# ---- bounds ----


def calls(text: str) -> int:
    """How many Python calls it takes to read a text: work, whatever else the machine does."""
    count = 0

    def profile(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        model(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "line",
    [
        "a_{n} = a_{m} + x",
        "a_{n} = tanh(w a_{m})",
        "f_{n}(t) = t + x; a_{n} = f_{n}(a_{m})",
        "W_{n} = [[1,2],[3,4]]; a_{n} = sum(W_{n} @ a_{m})",
        "a_{n} = tanh(w a_{m}) = tanh(a_{m} w)",
    ],
)
def test_work_grows_in_proportion_to_the_number_of_lines(line: str) -> None:
    spent = []
    for lines in (100, 200):
        chain = "\n".join(line.format(n=n, m=n - 1) for n in range(1, lines))
        spent.append(calls(f"x = 1; w = 2; a_0 = 3\n{chain}"))
    assert spent[1] < 2.3 * spent[0]


def test_a_chain_of_a_thousand_lines_written_backwards() -> None:
    lines = [f"a_{n} = a_{n - 1} + x" for n in range(1000, 0, -1)]
    graph = model("\n".join([*lines, "a_0 = 3", "x = 1"]))
    assert graph.objective == "a_1000"
    assert next(q.name for q in graph if q.definition is not None) == "a_1"


def test_a_word_with_a_subscript_is_one_name_in_latex_where_its_definition_says_so() -> None:
    graph = model(
        r"a = 2; gate_{h1} = \frac{a}{2}; gate_{out} = 3; E = a \cdot gate_{h1} gate_{out}"
    )
    assert graph.forward().value == 6
    with pytest.raises(BackhandError, match="stands right after another factor"):
        model(r"x = [1; 2]; y = \frac{1}{2} x_{i1}")
