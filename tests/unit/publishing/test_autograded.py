"""Notebooks for nbgrader and Otter: the key earns everything, nothing of it reaches students."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backhand.checking.marking import Marker
from backhand.cli import app
from backhand.grading.columns import Numbers
from backhand.grading.folders import read_file
from backhand.publishing import autograded
from backhand.publishing.gradescope_run import results
from backhand.publishing.submission import submission
from backhand.reading.document import read
from backhand.working import Worksheet

SOFTMAX = Path(__file__).parents[3] / "examples" / "softmax-classifier.md"
NEURONS = SOFTMAX.with_name("two-neurons.md")


@pytest.fixture(scope="module")
def neurons() -> Worksheet:
    return read(NEURONS)


def cells(made: str) -> list[dict[str, Any]]:
    return [{**c, "source": "".join(c["source"])} for c in json.loads(made)["cells"]]


def test_the_key_earns_every_point_in_nbgrader_s_cells(neurons: Worksheet) -> None:
    space: dict[str, object] = {}
    earned = 0.0
    for cell in cells(autograded.nbgrader(neurons)):
        if cell["cell_type"] != "code":
            continue
        *lines, last, end = cell["source"].split("\n")
        exec("\n".join([*lines, last, end]), space)  # our own notebook, as a kernel runs it
        earned += eval(last, space) if last == "mark.credit" else 0
    assert earned == len(Marker(neurons).parts) - 1  # all but the drawing


def test_nbgrader_s_rules_hold(neurons: Worksheet) -> None:
    """nbgrader/nbgraderformat/v3.json and v3.py of nbgrader 0.9.6."""
    made = cells(autograded.nbgrader(neurons))
    names = [cell["metadata"]["nbgrader"]["grade_id"] for cell in made]
    assert len(set(names)) == len(names)
    for cell in made:
        marks = cell["metadata"]["nbgrader"]
        needed = {"schema_version", "grade_id", "locked", "grade", "solution", "task"}
        assert set(marks) == needed | ({"points"} if marks["grade"] else set())
        assert marks["schema_version"] == 3
        if cell["cell_type"] == "markdown":
            assert marks["grade"] == marks["solution"]
        assert ("BEGIN SOLUTION" in cell["source"]) == marks["solution"]
        hidden = "BEGIN HIDDEN TESTS" in cell["source"]
        assert hidden == (marks["grade"] and not marks["solution"])


def test_otter_s_tests_pass_with_the_key_and_fail_without() -> None:
    made = cells(autograded.otter(read(SOFTMAX)))
    begins = [c["source"] for c in made if c["source"].startswith("# BEGIN")]
    ends = [c["source"] for c in made if c["source"].startswith("# END")]
    assert len(begins) == len(ends)
    answers = [c["source"] for c in made if c["source"].endswith("# SOLUTION")]
    tests = [c["source"] for c in made if "BEGIN TEST CONFIG" in c["source"]]
    space: dict[str, object] = {}
    exec("\n".join(answers), space)
    assert len(tests) > len(answers) > 5
    for test in tests:
        exec(test, space)
        with pytest.raises(AssertionError):
            exec(test, {})


def test_grade_reads_what_students_hand_in(neurons: Worksheet, tmp_path: Path) -> None:
    made = json.loads(autograded.nbgrader(neurons))
    for cell in made["cells"]:
        source = "".join(cell["source"])
        if "answer_3_1_4 =" in source:
            cell["source"] = "answer_3_1_4 = '(3, -2)'\nraise NotImplementedError()"
        elif "answer_3_1_6 =" in source:
            cell["source"] = ["answer_3_1_6 = ...\n", "answer_3_1_6 = -5"]
        elif "answer_" in source:
            cell["source"] = "answer_3_1_5 = (3, 0"
    (tmp_path / "ann.ipynb").write_text(json.dumps(made))
    found = read_file(tmp_path / "ann.ipynb", Numbers.of(Marker(neurons).parts))
    assert {n: a for n, a in found.items() if "SOLUTION" not in a} == {
        "3.1.4": "(3, -2)",
        "3.1.6": "-5",
    }


@pytest.mark.parametrize("form", [autograded.nbgrader, autograded.otter])
def test_gradescope_marks_what_students_hand_in(form: Callable[[Worksheet], str]) -> None:
    page = read(SOFTMAX)
    found = results(page, lambda asked: submission("m.ipynb", form(page), asked))
    scored = [test for test in found["tests"] if "score" in test]
    assert len(scored) > 5
    assert all(test["score"] == test["max_score"] for test in scored)


def test_the_command_writes_notebooks_only(tmp_path: Path) -> None:
    def run(*args: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["sheet", str(SOFTMAX), *map(str, args)])
        return result.exit_code, result.output

    assert run("--for", "otter", "-o", tmp_path / "a.ipynb")[0] == 0
    code, said = run("--for", "otter", "-o", tmp_path / "a.md")
    assert code == 2
    assert ".ipynb" in said


@pytest.mark.skipif(shutil.which("otter") is None, reason="needs otter-grader")
def test_otter_assign_passes(tmp_path: Path) -> None:
    (tmp_path / "m.ipynb").write_text(autograded.otter(read(SOFTMAX)))
    subprocess.run(["otter", "assign", "m.ipynb", "dist"], cwd=tmp_path, check=True, timeout=120)
    student = (tmp_path / "dist" / "student" / "m.ipynb").read_text()
    assert "answer_1_1 = ..." in student
    assert "marked(" not in student


@pytest.mark.skipif(shutil.which("nbgrader") is None, reason="needs nbgrader")
def test_nbgrader_generates_the_assignment(tmp_path: Path) -> None:
    source = tmp_path / "source" / "ps1"
    source.mkdir(parents=True)
    (source / "m.ipynb").write_text(autograded.nbgrader(read(SOFTMAX)))
    command = ["nbgrader", "generate_assignment", "ps1"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    student = (tmp_path / "release" / "ps1" / "m.ipynb").read_text()
    assert "answer_1_1 = ''" in student
    assert "marked(" not in student
