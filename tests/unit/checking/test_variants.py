"""Variants: other numbers that keep what makes a worksheet worth asking, on a page that reads back."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from backhand.calculus.classify import limit
from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients
from backhand.calculus.structure import function_name, layers, prediction
from backhand.checking.variants import Variant, variants
from backhand.errors import AskError, LimitError, MeaningError
from backhand.graph import Graph, floats
from backhand.reading.document import read, worksheet
from backhand.working import Worksheet

EXAMPLES = Path(__file__).parents[3] / "examples"
VARIED = (
    "two-neurons",
    "linear-regression",
    "logistic-regression",
    "softmax-classifier",
    "three-layers",
)


def example(name: str) -> Worksheet:
    return read(EXAMPLES / f"{name}.md")


@pytest.fixture(scope="module")
def forty() -> list[Variant]:
    return list(variants(example("two-neurons"), 40, seed=7))


@pytest.mark.parametrize("name", VARIED)
def test_the_page_of_a_variant_reads_back_as_the_variant(name: str) -> None:
    for variant in variants(example(name), 5, seed=3):
        again = worksheet(variant.worksheet.source)
        assert again.graph == variant.worksheet.graph
        for point, values in again.graph.points.items():
            assert np.array_equal(values, variant.worksheet.graph.points[point])
        assert [b.source for b in again.blocks] == [b.source for b in variant.worksheet.blocks]
        for read_back, made in zip(again.questions, variant.worksheet.questions, strict=True):
            assert read_back.graph == made.graph


def test_only_numbers_of_the_page_change(forty: list[Variant]) -> None:
    page = example("two-neurons").source.split("\n")
    for variant in forty[:5]:
        lines = variant.worksheet.source.split("\n")
        changed = [n for n, (a, b) in enumerate(zip(page, lines, strict=True), 1) if a != b]
        assert set(changed) <= {9, 13, 21, 25}
        assert len(changed) >= 2


def test_a_variant_is_the_same_however_many_are_made(forty: list[Variant]) -> None:
    sheet = example("two-neurons")
    few = [v.worksheet.source for v in variants(sheet, 5, seed=7)]
    assert few == [v.worksheet.source for v in forty[:5]]
    assert few != [v.worksheet.source for v in variants(sheet, 5, seed=8)]
    assert [v.number for v in forty] == list(range(1, 41))


def slopes(graph: Graph) -> dict[str, np.ndarray]:
    names = [p.name for p in graph.parameters]
    _, values = gradients(graph, graph.objective or "", names, trace(graph))
    return {n: floats(values[f"∂{graph.objective}/∂{n}"]) for n in names}


def test_every_constraint_holds_by_the_exact_working(forty: list[Variant]) -> None:
    for variant in forty:
        graph = variant.worksheet.graph
        values = trace(graph)
        before = floats(values["a"])
        assert (before > 0).any()
        assert (before < 0).any()
        assert (before != 0).all()
        output = prediction(graph)
        distance = abs(float(values[output.name]) - float(limit(graph, output)))
        assert distance >= 0.05
        assert 0.005 <= float(values["yhat"]) <= 0.995
        found = slopes(graph)
        for layer in layers(graph):
            assert max(np.abs(found[p.name]).max() for p in layer.parameters) >= 1e-3
        assert abs(found["W_1"][0, 2]) >= 1e-3  # it is asked for, and isn't 0 on the page
        assert set(np.ravel(variant.values["y"]).tolist()) <= {0, 1}


def test_answers_differ_in_three_digits(forty: list[Variant]) -> None:
    solved = [variant.worksheet.solve() for variant in forty[:8]]
    answers = [
        tuple(
            f"{float(x):.2e}"
            for answered in solution.answers
            for working in answered.workings
            if not isinstance(working.result, str) and working.result is not None
            for x in np.ravel(working.result)
        )
        for solution in solved
    ]
    assert all(a != b for a, b in combinations(answers, 2))
    assert len({v.worksheet.source for v in forty}) == len(forty)


def test_labels_stay_labels() -> None:
    for variant in variants(example("softmax-classifier"), 10, seed=1):
        label = floats(variant.values["y"])
        assert sorted(label.tolist()) == [0, 0, 1]
        assert any("class 2" in note for note in variant.notes) == (label[1] != 1)


def test_words_that_may_be_wrong_now_are_named() -> None:
    (variant,) = variants(example("linear-regression"), 1)
    assert variant.notes == ("line 3: $p = 2x + 1$ may not hold any more",)
    page = "The point has label 1.\n\n$$ y = 1 $$\n\n$$ x = 2 $$\n\n$$ J = (y - x)^2 $$\n\n"
    made = list(variants(worksheet(page), 5))
    told = {float(v.values["y"]): v.notes for v in made}
    assert told[1.0] == ()
    assert told[0.0] == ("line 1: “label 1” names a number that has changed: see y",)


def test_kept_quantities_keep_their_numbers() -> None:
    for variant in variants(example("two-neurons"), 5, keep=("y", "x")):
        assert set(variant.values) == {"W_1", "W_2"}
        assert variant.worksheet.graph["x"].same_as(example("two-neurons").graph["x"])


@pytest.mark.parametrize(
    "given",
    ["[1.5; 2]", r"\begin{bmatrix} \frac{1}{2} \\ 1 \end{bmatrix}", "[-1/2, 3]", "[[2, 5]]^T"],
)
def test_numbers_are_written_as_they_were(given: str) -> None:
    page = f"$$ x = {given} $$\n\n$$ J = x_1^2 + 3 x_2 $$"
    for variant in variants(worksheet(page), 5):
        again = worksheet(variant.worksheet.source)
        assert again.graph == variant.worksheet.graph


def test_a_page_whose_constraints_cannot_be_met_is_told_which() -> None:
    # Both units get the same weighted sum, so they are never on both sides of 0.
    page = "x = 2\nw = 1\na = [w x; w x]\nz = relu(a)\nJ = z_1 + z_2\nparameters: w"
    with pytest.raises(AskError, match="some are above 0 and some below"):
        list(variants(worksheet(page), 1))


def test_a_page_with_few_variants_is_told_so() -> None:
    with pytest.raises(AskError, match="no two variants have the same answers"):
        list(variants(worksheet("x = 2\nJ = x^2"), 100))


def test_a_page_without_numbers_has_no_variants() -> None:
    with pytest.raises(AskError, match="no number on this page can change"):
        variants(worksheet(r"x \in \mathbb{R}" + "\ny = x^2"), 1)
    with pytest.raises(MeaningError):
        variants(example("two-neurons"), 1, keep=("q",))


def test_another_activation_is_written_on_the_page_and_noted() -> None:
    for variant in variants(example("two-neurons"), 3, activation="tanh"):
        again = worksheet(variant.worksheet.source)
        assert again.graph == variant.worksheet.graph
        assert function_name(again.graph["z"], again.graph) == "tanh"
        assert function_name(again.graph["yhat"], again.graph) == "sigmoid"
        assert variant.notes[0] == "line 16: “ReLU” names the activation, which has changed"


def test_every_hidden_layer_gets_the_activation() -> None:
    (variant,) = variants(example("three-layers"), 1, activation="relu")
    graph = variant.worksheet.graph
    assert [function_name(graph[n], graph) for n in ("h_1", "h_2")] == ["relu", "relu"]


@pytest.mark.parametrize("name", ["nonsense", "softmax", "max"])
def test_what_is_no_activation_is_refused(name: str) -> None:
    with pytest.raises(AskError, match="there is no activation"):
        variants(example("two-neurons"), 1, activation=name)
    with pytest.raises(AskError, match="no hidden layer"):
        variants(example("linear-regression"), 1, activation="tanh")


def test_hidden_layers_of_other_sizes() -> None:
    for variant in variants(example("two-neurons"), 3, widths=(4,)):
        graph = variant.worksheet.graph
        assert (graph["W_1"].shape, graph["W_2"].shape) == ((4, 3), (1, 5))
        assert worksheet(variant.worksheet.source).graph == graph
        assert variant.worksheet.solve().answers
        assert any("“two” may count units" in note for note in variant.notes)
    (deep,) = variants(example("three-layers"), 1, widths=(3, 2))
    graph = deep.worksheet.graph
    assert [graph[n].shape for n in ("W_1", "b_1", "W_2", "b_2")] == [(3, 2), (3,), (2, 3), (2,)]


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(AskError, match="hidden layers on the page: 1; sizes given: 2"):
        variants(example("two-neurons"), 1, widths=(2, 3))
    with pytest.raises(LimitError):
        variants(example("two-neurons"), 1, widths=(1000,))


def test_rows_in_other_notations_grow_too() -> None:
    page = (
        "x = [1; 2]\nW = [[1, 2], [2, -1]]\nb = [1; 2]\nV = [[1, 2]]\ny = 1\n"
        "a = W x + b\nz = tanh(a)\nyhat = V z\nJ = (y - yhat)^2"
    )
    (variant,) = variants(worksheet(page), 1, widths=(3,))
    graph = variant.worksheet.graph
    assert [graph[n].shape for n in ("W", "b", "V")] == [(3, 2), (3,), (1, 3)]
    assert worksheet(variant.worksheet.source).graph == graph
