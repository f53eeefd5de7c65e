"""Every address of the server answers as the page expects it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.page.asking import EXAMPLE, Client, asked

import backhand
from backhand.training.datasets import DATASETS

ROOT = Path(__file__).parents[3]
RAW = "Let $x = 3$ and\n\n$$ y = x^2 $$\n\n1. What is $y$?\n2. Why is the sky blue?\n"


def test_the_example_is_that_of_the_examples() -> None:
    assert (ROOT / "examples/two-neurons.md").read_text("utf-8") == EXAMPLE


def test_the_start_is_the_example() -> None:
    found = Client().get("/api/start").json()
    assert found["file"] is None
    assert found["error"] is None
    assert found["sheet"]["title"] == "Two neurons, by hand"
    assert found["sheet"] == asked("read", text=EXAMPLE)


def test_the_start_is_the_file_as_it_is_now(tmp_path: Path) -> None:
    file = tmp_path / "own page.md"
    file.write_text("x = 3; y = x^2", encoding="utf-8")
    here = Client(file=file)
    found = here.get("/api/start").json()
    assert (found["file"], found["sheet"]["text"]) == ("own page.md", "x = 3; y = x^2")
    file.write_text("x = ", encoding="utf-8")
    found = here.get("/api/start").json()
    assert found["sheet"]["text"] == "x = "
    assert found["error"]["line"] == 1
    file.unlink()
    assert here.get("/api/start").status == 422


def test_a_sheet_has_its_questions_and_their_parts() -> None:
    sheet = asked("read", text=EXAMPLE)
    parts = {part["number"]: part for q in sheet["questions"] for part in q["parts"]}
    assert parts["3.2.10"] == {
        "number": "3.2.10",
        "kind": "number",
        "ask": "derivative J W_1[1,2]",
        "about": ["J", "W_1[1,2]"],
    }
    assert parts["3.1.3.2"]["kind"] == "shape"
    assert "<math" in sheet["questions"][10]["words"]
    assert [q["name"] for q in sheet["net"]["quantities"]][:4] == ["x", "y", "W_1", "W_2"]
    assert any("W_1 has one column more" in note for note in sheet["notes"])


def test_a_raw_page_becomes_an_explicit_one() -> None:
    sheet = asked("read", text=RAW)
    assert "% ask: value y" in sheet["text"]
    assert asked("read", text=sheet["text"])["questions"] == sheet["questions"]
    assert any("question 2 isn't answered" in note for note in sheet["notes"])


def test_a_page_whose_questions_cannot_be_answered_is_still_shown() -> None:
    text = "$$ x ∈ R^2, y = x_1 $$\n\nHow large is y?\n% ask: value y\n"
    sheet = asked("read", text=text)
    assert sheet["questions"][0]["parts"][0] == {
        "number": None, "kind": None, "ask": "value y", "about": None,
    }  # fmt: skip
    assert any("can't be marked" in note for note in sheet["notes"])
    assert asked("mark", 422, text=text, part="1", answer="3")["error"]["what"]


def test_an_error_has_its_place() -> None:
    error = asked("read", 422, text="x = 3\ny = q x")["error"]
    assert (error["line"], error["column"]) == (2, 5)
    assert error["what"]
    assert error["mend"]


# ---- working -----------------------------------------------------------------------------------


def test_a_derivative_is_worked_out() -> None:
    asking = {"text": EXAMPLE, "of": "J", "by": "W_{1,1,2}"}
    told = asked("working", **asking, values={"x": [-2, 5]})
    assert (told["of"], told["by"], told["layout"]) == ("J", "W_1[1,2]", "numerator")
    assert told["steps"][0]["rule"] == "chain rule"
    assert told == asked("working", **asking, question="3.2.10")
    other = asked("working", **{**asking, "by": "a"}, layout="denominator")
    assert other["layout"] == "denominator"


def test_a_derivative_by_what_is_not_there_is_an_error_without_a_place() -> None:
    error = asked("working", 422, text=EXAMPLE, of="J", by="W_1[9,2]")["error"]
    assert error["line"] is None
    assert "W_1" in error["what"]


def test_the_passes_are_worked_out() -> None:
    for task in ("forward", "backward"):
        told = asked(task, text=EXAMPLE, values={"x": [-2, 5], "y": [0]})
        assert told["steps"]


@pytest.mark.parametrize(
    "fields",
    [
        {"values": {"x": [1]}},
        {"values": {"q": [1]}},
        {"values": {"a": [1, 2]}},
        {"question": "9.9"},
    ],
)
def test_values_that_do_not_fit_are_refused(fields: dict[str, object]) -> None:
    assert asked("forward", 422, text=EXAMPLE, **fields)["error"]["what"]


# ---- questions ---------------------------------------------------------------------------------


def test_an_answer_is_marked() -> None:
    made = asked("mark", text=EXAMPLE, part="3.1.4", answer="(1, -1)")
    assert made == {
        "verdict": "partly",
        "credit": 0.5,
        "slip": "bias forgotten",
        "feedback": "The bias is missing: a 1 goes before the vector.",
        "understood": "[1, -1]",
        "followed": False,
    }
    full = asked("mark", text=EXAMPLE, part="3.1.4", answer="(1, -1)", level="full")
    assert len(full["feedback"]) > len(made["feedback"])


def test_an_answer_follows_from_an_earlier_one() -> None:
    earlier = {"3.1.5": "(3, 1)"}
    made = asked("mark", text=EXAMPLE, part="3.1.6", answer="-3", earlier=earlier)
    plain = backhand.mark(
        backhand.read(ROOT / "examples/two-neurons.md"), "3.1.6", "-3", earlier=earlier
    )
    assert made["followed"] == plain.followed
    assert made["verdict"] == plain.verdict


@pytest.mark.parametrize(
    ("part", "answer", "math"),
    [
        ("3.1.4", "(3, -2)", "<mn>3</mn>"),
        ("3.1.6", "-0.50", "<mn>0.50</mn>"),
        ("3.1.3.1", "2x3", "<mi>ℝ</mi>"),
        ("3.1.2", "two", "<mn>2</mn>"),
        ("3.2.1", "dJ/dyhat * dyhat/db", "<mfrac>"),
        ("3.2.2", "-2(y - yhat)", "<mover"),
        ("3.1.1", "a <drawing>", "&lt;drawing&gt;"),
    ],
)
def test_an_answer_is_previewed(part: str, answer: str, math: str) -> None:
    found = asked("preview", text=EXAMPLE, part=part, answer=answer)["math"]
    assert found.startswith("<math")
    assert math in found


@pytest.mark.parametrize(
    ("answer", "column"), [("3 + )", 5), ("  3 + )", 7), ("$3 + )$", 6), ("", 1)]
)
def test_what_cannot_be_previewed_has_its_place_in_the_answer(answer: str, column: int) -> None:
    error = asked("preview", 422, text=EXAMPLE, part="3.1.6", answer=answer)["error"]
    assert (error["line"], error["column"]) == (1, column)


def test_a_key_holds_no_style_of_its_own() -> None:
    for part in ("3.1.1", "3.2.10"):
        found = asked("key", text=EXAMPLE, part=part)["html"]
        assert found.startswith('<div class="working">')
        assert "<style" not in found
        assert " style=" not in found
    assert 'src="data:image/svg+xml;base64,' in asked("key", text=EXAMPLE, part="3.1.1")["html"]


def test_a_variant_is_another_page_with_the_same_questions() -> None:
    first, same, other = (asked("variant", text=EXAMPLE, seed=n) for n in (1, 1, 2))
    assert first == same
    assert len({EXAMPLE, first["text"], other["text"]}) == 3
    numbers = [q["number"] for q in asked("read", text=EXAMPLE)["questions"]]
    assert [q["number"] for q in first["questions"]] == numbers


# ---- building, data, files ---------------------------------------------------------------------


def test_a_network_is_built() -> None:
    layers = [{"width": 2}, {"width": 3, "activation": "tanh"}, {"width": 1}]
    sheet = asked("network", layers=layers, loss="squared_error", seed=3)
    assert sheet["title"] == "A network 2 → 3 tanh → 1"
    assert sheet["net"]["objective"] == "J"
    assert sheet["questions"]
    assert not [note for note in sheet["notes"] if "can't" in note]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"layers": [{"width": 2}]}, 400),
        ({"layers": [{"width": 0}, {"width": 1}]}, 400),
        ({"layers": [{"width": 2, "activation": "relu"}, {"width": 1}]}, 400),
        ({"layers": [{"width": 2}, {"width": 1, "activation": "frobnicate"}]}, 422),
        ({"layers": [{"width": 2}, {"width": 1}], "loss": "none"}, 422),
        ({"layers": [{"width": 1000}, {"width": 1000}]}, 422),
        ({"layers": [{"width": 2}] * 21}, 413),
    ],
)
def test_a_network_that_cannot_be_is_refused(fields: dict[str, object], status: int) -> None:
    assert asked("network", status, **fields)["error"]["what"]


def test_the_functions_are_listed() -> None:
    found = Client().get("/api/functions").json()
    assert {"relu", "sigmoid", "softmax"} <= {each["name"] for each in found["activations"]}
    assert {"squared_error", "cross_entropy"} <= {each["name"] for each in found["losses"]}
    for each in (*found["activations"], *found["losses"]):
        assert each["math"].startswith("<math")
        assert each["text"]


def test_every_data_set_gives_points_that_fit_its_task() -> None:
    here = Client()
    listed = here.get("/api/data").json()
    names = listed["names"]
    assert names == [each["name"] for each in listed["data"]] == list(DATASETS)
    inputs = {each["name"]: each["inputs"] for each in listed["data"]}
    for name in names:
        found = here.get(f"/api/data/{name}?n=7&seed=1").json()
        assert len(found["inputs"]) == len(found["targets"]) in (1, 7)
        assert {len(row) for row in found["inputs"]} == {len(found["names"])} == {inputs[name]}
        if found["classes"]:
            assert set(found["targets"]) <= set(range(found["classes"]))
    assert here.get("/api/data/nothing").status == 422
    assert here.get("/api/data/moons?n=0").status == 400
    assert here.get("/api/data/moons?n=x").status == 400
    assert here.get("/api/data/moons?seed=" + "9" * 5000).status == 400


@pytest.mark.parametrize(("classes", "logistic"), [(0, False), (2, True), (3, True)])
def test_the_models_beside_a_network(classes: int, logistic: bool) -> None:
    found = asked("beside", inputs=2, classes=classes)
    assert found["linear"]["objective"] == "J"
    assert (found["logistic"] is not None) == logistic


@pytest.mark.parametrize(
    ("format", "start", "suffix"),
    [
        ("markdown", b"# Two neurons", "md"),
        ("html", b"<!doctype html>", "html"),
        ("pdf", b"%PDF", "pdf"),
        ("svg", b"<svg", "svg"),
        ("python", b'"""Two neurons', "py"),
        ("json", b"{", "json"),
        ("latex", b"\\documentclass", "tex"),
    ],
)
def test_a_page_is_exported(format: str, start: bytes, suffix: str) -> None:
    fields = {"text": EXAMPLE, "values": {"x": [-2, 0.25]}, "format": format}
    response = Client().post("/api/export", **fields)
    assert response.status == 200
    assert response.content.startswith(start)
    name = f'attachment; filename="two-neurons-by-hand.{suffix}"'
    assert response.headers["content-disposition"] == name


def test_the_exported_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    fields = {"text": EXAMPLE, "values": {"x": [-2, 5]}, "format": "python"}
    code = Client().post("/api/export", **fields).text
    exec(compile(code, "exported", "exec"), {})
    graph = backhand.read(ROOT / "examples/two-neurons.md").graph.with_values(x=[-2, 5])
    assert capsys.readouterr().out.endswith(f"{graph.gradient()}\n")
