"""The exported STACK questions in Maxima: their values are ours, and their trees give our marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from tests.maxima_trees import MAXIMA, outcomes, questions, text, variables
from tests.unit.publishing.test_moodle import EXAMPLES, SMALL

import backhand
from backhand.calculus.chain import backward
from backhand.calculus.forward import trace
from backhand.publishing import moodle
from backhand.publishing.maxima import identifier
from backhand.reading.document import read, worksheet
from backhand.values import floats

pytestmark = pytest.mark.skipif(MAXIMA is None, reason="Maxima isn't installed")
NEURONS = Path(__file__).parents[3] / "examples" / "two-neurons.md"
Case = tuple[str, str, Mapping[str, str]]
ALONE = (
    ("3.1.2", "2"), ("3.1.2", "3"), ("3.1.3.1", "3x2"), ("3.1.3.1", "2x2"), ("3.1.3.1", "2x7"),
    ("3.1.4", "(3, -2)"), ("3.1.4", "(1, -1)"), ("3.1.4", "(3, 7)"), ("3.1.4", "(8, 8)"),
    ("3.1.5", "(3, -2)"), ("3.1.6", "-5"), ("3.1.6", "5"), ("3.1.6", "4"), ("3.1.7", "0.0067"),
    ("3.1.7", "0.007"), ("3.1.7", "0.006693"), ("3.1.8", "0"), ("3.1.8", "1"), ("3.2.5", "-0.0396"),
    ("3.2.5", "-0.040"), ("3.2.5", "-0.0198"), ("3.2.5", "0.0396"), ("3.2.5", "-0.3"),
    ("3.2.8", "1"), ("3.2.10", "0.132"), ("3.2.11.1", "-1.921"), ("3.2.11.1", "-2.079"),
    ("3.2.4", "3"), ("3.2.4", "z_1"), ("3.2.2", "-2*(y-yhat)"), ("3.2.2", "2*(y-yhat)"),
    ("3.2.2", "yhat-y"), ("3.2.3.1", "sigma(b)*(1-sigma(b))"), ("3.2.3.1", "yhat*(1-yhat)"),
    ("3.2.3.1", "sigma(b)"), ("3.2.3.2", "yhat-yhat^2"), ("3.2.9", "x_2"), ("3.2.9", "x_1"),
)  # fmt: skip
"""Parts and answers that both read; vectors are turned into STACK's matrices."""
CHAINS = (
    ("dJ_dyhat*dyhat_db*db_dW_2_1_1", 1.0), ("db_dW_2_1_1*dell_dyhat*dyhat_db", 1.0),
    ("dJ_db*db_dW_2_1_1", 1.0), ("dJ_dyhat*db_dW_2_1_1", 2 / 3), ("dJ_dyhat", 1 / 3),
    ("dyhat_dJ*dyhat_db*db_dW_2_1_1", 2 / 3), ("db_dx_1", 0.0),
)  # fmt: skip
FOLLOWED = (
    ("3.1.5", "(1, 0)", {"3.1.4": "(1, -1)"}), ("3.1.6", "-1", {"3.1.5": "(1, 0)"}),
    ("3.1.6", "-1", {"3.1.4": "(1, -1)"}), ("3.1.7", "0.269", {"3.1.6": "-1"}),
    ("3.1.8", "1", {"3.1.7": "0.9"}), ("3.1.9", "0.0625", {"3.1.7": "0.75"}),
    ("3.1.6", "1", {"3.1.5": "(0, 0)"}), ("3.2.5", "-0.18", {"3.1.7": "0.9", "3.2.4": "10"}),
    ("3.2.11.1", "-4", {"3.2.5": "1"}), ("3.2.11.1", "0", {"3.2.5": "1"}),
    ("3.2.8", "0", {"3.1.4": "(-3, 2)"}), ("3.2.11.1", "-2", {"3.1.5": "(0, 0)"}),
    ("3.1.7", "0.269", {"3.1.6": "-1", "3.1.5": "(0, 0)"}),
)  # fmt: skip


ARRAYS = (
    ("2.4", "[0.5, 1; -0.5, -1; 0.1, 0.2]", {"2.3": "(0.5, -0.5, 0.1)"}),
    ("2.4", "[7, 7; 7, 7; 7, 7]", {"2.3": "(0.5, -0.5, 0.1)"}),
    ("2.5", "-1.25", {"2.4": "[1, 2; 0.25, 2; 3, 3]"}), ("2.5", "-0.5", {"2.3": "(0.5, -0.5, 0.1)"}),
    ("2.2", "-0.4", {"1.2": "(0.3, 0.6, 0.1)"}), ("2.3", "(0.3, -0.4, 0.1)", {"1.2": "(0.3, 0.6, 0.1)"}),
    ("2.5", "-1", {"2.3": "(0, 0, 0)"}),
)  # fmt: skip


def as_maxima(answer: str, kind: str) -> str:
    if kind == "matrix":
        rows = answer.strip("[]").split(";") if "[" in answer else answer.strip("()").split(",")
        return f"matrix({','.join(f'[{row}]' for row in rows)})"
    return f"[{answer.replace('x', ',')}]" if "x" in answer and answer[0].isdigit() else answer


@pytest.fixture(scope="module")
def neurons() -> tuple[Element, dict[str, tuple[str, str]]]:
    return stacked("two-neurons")


def stacked(name: str) -> tuple[Element, dict[str, tuple[str, str]]]:
    """The first question, and for each of its parts the input and that one's kind."""
    package = moodle.export(read(NEURONS.with_stem(name)), ())
    question = questions(package.files["moodle.xml"])[0]
    parts = [told.part for told in package.report if told.how.startswith("STACK")]
    fields = [(text(f, "name"), text(f, "type")) for f in question.iter("input")]
    return question, dict(zip(parts, fields, strict=False))


def some(*names: str) -> pytest.MarkDecorator:
    pages = [page for page in EXAMPLES if page.stem in names]
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.stem)


@some("two-neurons", "softmax-classifier")
def test_the_variables_have_our_values(page: Path) -> None:
    sheet = read(page)
    question = questions(moodle.export(sheet, ()).files["moodle.xml"])[0]
    graph = sheet.questions[0].graph
    values = trace(backward(graph, graph.objective or ""))
    code = text(question, "questionvariables/text")
    named = {f"q__{identifier(name)}": value for name, value in values.items()}
    known = [name for name in named if f"\n{name}: " in code]
    assert len(known) > len(graph.quantities) - 2
    for name, said in variables(question, known).items():
        numbers = said.replace("matrix", "").replace("[", "").replace("]", "").strip("()")
        found = [_value(x) for x in numbers.split(",")]
        right = floats(named[name]).ravel()
        assert np.allclose(found, right, 1e-9, 1e-9), name


def _value(code: str) -> float:
    top, _, bottom = code.strip("()").partition("/")
    return float(top) / float(bottom or 1)


@some("two-neurons", "chain-rule")
def test_the_model_answers_earn_full_marks_and_no_answer_none(page: Path) -> None:
    for question in questions(moodle.export(read(page), ()).files["moodle.xml"]):
        model = {text(f, "name"): text(f, "tans") for f in question.iter("input")}
        full, empty = outcomes(question, [model, {}])
        assert {o.score for o in full.values()} == {1.0}
        assert {o.note for o in empty.values()} == {"stopped"}


def test_a_variant_has_its_own_values() -> None:
    made = list(backhand.variants(worksheet(SMALL), 2, seed=4))
    for question, variant in zip(
        questions(moodle.export(worksheet(SMALL), made).files["moodle.xml"]), made, strict=True
    ):
        found = variables(question, ["q__J"])["q__J"]
        assert _value(found) == variant.worksheet.graph.forward().value


def test_the_trees_give_our_marks(neurons: tuple[Element, dict[str, tuple[str, str]]]) -> None:
    question, fields = neurons
    marker = backhand.Marker(read(NEURONS))
    given = [{fields[p][0]: as_maxima(a, fields[p][1])} for p, a in ALONE]
    trees = [fields[p][0].replace("ans", "prt") for p, _ in ALONE]
    for (part, answer), tree, made in zip(
        ALONE, trees, outcomes(question, given, trees), strict=True
    ):
        mark = marker.mark(part, answer)
        assert made[tree].score == pytest.approx(mark.credit, abs=0.01), (part, answer, made, mark)


def test_chains_may_be_combined_and_turned(
    neurons: tuple[Element, dict[str, tuple[str, str]]],
) -> None:
    question, fields = neurons
    name = fields["3.2.1"][0]
    tree = name.replace("ans", "prt")
    found = outcomes(question, [{name: a} for a, _ in CHAINS], [tree] * len(CHAINS))
    assert [o[tree].score for o in found] == pytest.approx([score for _, score in CHAINS], abs=0.01)


@pytest.mark.parametrize(
    ("name", "cases"), [("two-neurons", FOLLOWED), ("softmax-classifier", ARRAYS)]
)
def test_follow_through_is_our_own(name: str, cases: Sequence[Case]) -> None:
    question, fields = stacked(name)
    marker = backhand.Marker(read(NEURONS.with_stem(name)))
    given = [
        {fields[p][0]: as_maxima(a, fields[p][1]) for p, a in (*earlier.items(), (part, answer))}
        for part, answer, earlier in cases
    ]
    trees = [fields[p][0].replace("ans", "prt") for p, _, _ in cases]
    found = outcomes(question, given, trees)
    followed = 0
    for (part, answer, earlier), tree, made in zip(cases, trees, found, strict=True):
        mark = marker.mark(part, answer, earlier=earlier)
        assert made[tree].score == pytest.approx(mark.credit, abs=0.01), (part, made[tree], mark)
        assert made[tree].note.endswith("follows") == mark.followed, (part, made[tree], mark)
        followed += mark.followed
    assert followed >= len(cases) // 2
