"""The examples end to end: their numbers, their schema, and what a reader sees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.goldens import agrees

import backhand
from backhand.writing import json as json_writer
from backhand.writing.formats import FORMATS

SUFFIXES = {"html": "html", "json": "json", "latex": "tex", "markdown": "md", "terminal": "txt"}
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.md"))
NAMES = [path.stem for path in EXAMPLES]
SEED = Path(__file__).parents[2] / "shared" / "seed" / "recitation.md"


def answers(name: str) -> dict[str, list[dict[str, Any]]]:
    """The answers of an example's JSON by question number."""
    path = next(p for p in EXAMPLES if p.stem == name)
    found: dict[str, list[dict[str, Any]]] = {}
    for answer in json.loads(json_writer.document(backhand.read(path).solve()))["answers"]:
        found.setdefault(answer["number"], []).append(answer)
    return found


@pytest.fixture(scope="module")
def two_neurons() -> dict[str, list[dict[str, Any]]]:
    return answers("two-neurons")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("3.1.2", 2),
        ("3.1.4", [3, -2]),
        ("3.1.5", [3, 0]),
        ("3.1.6", -5),
        ("3.1.7", 0.006693),
        ("3.1.8", 0),
        ("3.1.9", 0.9867),
        ("3.2.2", -1.987),
        ("3.2.4", 3),
        ("3.2.5", -0.03962),
        ("3.2.7", -2),
        ("3.2.8", 1),
        ("3.2.9", 5),
        ("3.2.10", 0.1321),
        ("3.3.1", 6),
        ("3.3.2", 0),
        ("3.3.3", 9),
    ],
)
def test_the_worked_example(
    two_neurons: dict[str, list[dict[str, Any]]], number: str, expected: object
) -> None:
    assert two_neurons[number][0]["value"] == pytest.approx(expected, rel=5e-4)


def test_both_shapes_and_both_updates(two_neurons: dict[str, list[dict[str, Any]]]) -> None:
    assert [a["value"] for a in two_neurons["3.1.3"]] == [[2, 3], [1, 3]]
    updated = [a["value"] for a in two_neurons["3.2.11"]]
    assert updated == pytest.approx([-1.921, -1.264], rel=5e-4)


def test_the_chains_of_the_worked_example(two_neurons: dict[str, list[dict[str, Any]]]) -> None:
    assert two_neurons["3.2.1"][0]["text"] == "∂J/∂W₂[1,1] = ∂J/∂ŷ · ∂ŷ/∂b · ∂b/∂W₂[1,1]"
    assert two_neurons["3.2.6"][0]["text"] == (
        "∂J/∂W₁[1,2] = ∂J/∂ŷ · ∂ŷ/∂b · ∂b/∂z₁ · ∂z₁/∂a₁ · ∂a₁/∂W₁[1,2]"
    )


def test_section_two_of_the_worksheet() -> None:
    found = answers("chain-rule")
    assert found["2.1"][0]["text"] == "dy/dx = dy/du · du/dx + dy/dv · dv/dx"
    assert found["2.2"][0]["text"] == "dy/dx = x² cos(x) + 2 x sin(x)"


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_the_json_fits_its_schema(path: Path) -> None:
    schema = json_writer.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(json_writer.document(backhand.read(path).solve()))
    jsonschema.validate(document, schema)
    assert document["answers"]


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_what_a_reader_sees(path: Path) -> None:
    shown = FORMATS["terminal"](backhand.read(path).solve())
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert agrees(shown, f"examples/{path.stem}.txt")


@pytest.mark.parametrize("format", sorted(FORMATS))
@pytest.mark.parametrize("layout", ["numerator", "denominator"])
@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_every_format_writes_every_example(path: Path, layout: Any, format: str) -> None:
    text = FORMATS[format](backhand.read(path).solve(layout=layout))
    assert "Traceback" not in text
    assert "None" not in text
    assert "∘" not in text
    assert "•" not in text


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
@pytest.mark.parametrize("format", ["html", "json", "latex", "markdown", "terminal"])
@pytest.mark.parametrize("name", ["definitions", "chain-rule"])
def test_sections_one_and_two_in_every_notation_and_both_layouts(
    name: str, format: str, layout: Any
) -> None:
    path = next(p for p in EXAMPLES if p.stem == name)
    text = FORMATS[format](backhand.read(path).solve(layout=layout))
    bare = re.sub(r"<(svg|style)\b.*?</\1>", r"<\1></\1>", text, flags=re.DOTALL)
    assert agrees(bare, f"examples/{name}-{layout}.{SUFFIXES[format]}")


@pytest.mark.skipif(not SEED.exists(), reason="the shared worksheet lies beside the project only")
def test_the_formulas_of_the_real_worksheet_read() -> None:
    text = SEED.read_text(encoding="utf-8")
    displays = [part for at, part in enumerate(text.split("$$")) if at % 2]
    wanted = ("W_1 = ", "W_2 = ", r"\mathbf{a} =", r"\mathbf{z} =", "b = W", r"\hat{y} =")
    model = [d.strip() for d in displays if d.strip().startswith(wanted)]
    given = [r"\mathbf{x} = \begin{bmatrix} 2 \\ 5 \end{bmatrix}", "y = 1"]
    objective = r"J(W_1, W_2; y, \mathbf{x}) = (y - \hat{y})^2"
    graph = backhand.model("\n".join([*given, *model, objective]))
    assert len(model) == 6
    assert graph.derivative("J", "W_{1,1,2}").value == pytest.approx(0.1321, rel=5e-4)
