"""Names that want to be code, and names that want to be each other."""

from __future__ import annotations

import ast
import keyword

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.training.emitted import agree_in_every_form, interpreted, loop, points

from backhand.errors import AskError, LimitError
from backhand.expr import ref, total
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity, Role
from backhand.slots import Index
from backhand.training.frame import Plan
from backhand.training.loops import loop_source
from backhand.training.optimizers import OPTIMIZERS, optimizer
from backhand.training.spelling import RESERVED, Spelling, comment, in_precision, literal

HOSTILE = [
    *("np", "order", "lambda", "W_1); import os #", "x", "i", "n0", "σ̂", "w" * 500, "x_now", "eta"),
    *(
        "a\nimport os",
        "a\rb",
        "a b",
        "a_b",
        "a\u2028b",
        "\ud800",
        '"""',
        "\\",
        "",
        "1",
        "_",
        "__class__",
    ),
    *("t", "s", "top", "scale", "runs", "total", "range", "max", "W[1,2]", "W", "dJ_dW", "∂J/∂W"),
    *(
        "weight",
        "def",
        "None",
        "ﬁ",
        "fi",
        "Ａ",
        "A",
        "ª",
        "self",
        "W[1,1]",
        "W_1_1",
        "n_3",
        "steps",
    ),
]


def named(w: str, x: str, h: str, loss: str) -> Graph:
    """A layer and a square, with these names and with axes whose letters are in the way."""
    j, k = Index("i", 1, 2), Index("s", 1, 3)
    made = ref(w, j, k) * ref(x, k)
    out = ref(h, j)
    return Graph(
        (
            Quantity(name=x, axes=(k,), role=Role.DATA),
            Quantity(name=w, axes=(j, k), role=Role.PARAMETER, value=np.ones((2, 3)) / 4),
            Quantity(name=h, axes=(j,), role=Role.INTERMEDIATE, definition=total(k, made)),
            Quantity(name=loss, axes=(), role=Role.OBJECTIVE, definition=total(j, out**4)),
        ),
        loss,
    )


@pytest.mark.parametrize("at", range(0, len(HOSTILE), 4))
def test_hostile_names_train_as_any_others(at: int) -> None:
    names = (HOSTILE + HOSTILE)[at : at + 4]
    graph = named(*names)
    agree_in_every_form(graph, points(graph, 4))


@pytest.mark.parametrize("at", range(0, len(HOSTILE), 4))
def test_no_name_becomes_code(at: int) -> None:
    """The program is the one of a graph with plain names, its identifiers apart."""
    hostile = named(*(HOSTILE + HOSTILE)[at : at + 4])
    plain = named("W", "u", "h", "L")
    for entry in OPTIMIZERS:
        for plan in (Plan(), Plan(batch_size=3, l1=True, l2=True)):
            shapes = [
                [type(node) for node in ast.walk(ast.parse(text))]
                for graph in (hostile, plain)
                for data in [[q.name for q in graph.with_role(Role.DATA)]]
                for text in [loop_source(graph, optimizer(entry), data, plan).text]
            ]
            assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", ["•eta", "m of W"])
def test_a_name_of_trainings_own_is_refused(name: str) -> None:
    graph = named("W", name, "h", "L")
    with pytest.raises(AskError, match=name):
        loop_source(graph, optimizer("adam"), [name], Plan())


def test_every_name_is_bound_once_and_none_is_the_functions_own() -> None:
    for at in range(0, len(HOSTILE), 4):
        graph = named(*(HOSTILE + HOSTILE)[at : at + 4])
        with interpreted("loops"):
            text = loop(graph, points(graph, 2), optimizer="adam", l1=0.1).source.text
        (function,) = (n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
        given_names = [argument.arg for argument in function.args.args]
        assert len(set(given_names)) == len(given_names)
        assert not {"np", "math", "real", "range", "i", "total"} & set(given_names)


@given(st.lists(st.text(max_size=60), max_size=20, unique=True))
def test_spelling_is_one_to_one(names: list[str]) -> None:
    spelled = Spelling()
    found = [spelled(name) for name in names]
    assert len(set(found)) == len(names)
    assert found == [spelled(name) for name in names]
    for each in found:
        assert each.isidentifier()
        assert each.isascii()
        assert not keyword.iskeyword(each)
        assert each not in RESERVED


def test_a_letter_of_a_loop_is_nothing_else() -> None:
    spelled = Spelling()
    assert spelled("j") == "j"
    assert spelled.letter("ijk", ()) == "k"
    assert spelled.letter("ijk", ()) == "k"
    assert spelled.fresh("k") == "k_2"
    with pytest.raises(LimitError):
        spelled.letter("ijk", {"k"})


@given(st.text())
def test_a_comment_is_one_line(text: str) -> None:
    line = comment(text)
    assert line.startswith("# ")
    assert len(line.splitlines()) == 1
    assert len(line) <= 162
    assert ast.dump(ast.parse(line + "\n")) == ast.dump(ast.parse(""))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_literal_is_its_number(value: float) -> None:
    assert float(literal(value, "float64")) == value
    assert eval(literal(value, "float32"), {"real": float}) == value


@pytest.mark.parametrize("name", TABLE)
def test_a_functions_line_in_precision_means_the_same(name: str) -> None:
    import math

    line = TABLE[name].loop.format("u", "v", x="u")
    space = {"math": math, "u": 0.3, "v": 0.7, "real": float, "abs": abs, "max": max, "min": min}
    assert eval(in_precision(line, "float32"), space) == eval(line, space)
