"""The Gradescope autograder: unpacked, set up without a network, and run as Gradescope runs it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from backhand.checking.variants import variants
from backhand.errors import BackhandError
from backhand.publishing import gradescope, gradescope_run
from backhand.publishing.packages import Package
from backhand.publishing.wheels import Wheel, own, rebuilt
from backhand.reading.document import read, worksheet
from backhand.working import Worksheet

HERE = Path(__file__).parent
NEURONS = Path(__file__).parents[3] / "examples" / "two-neurons.md"
SCHEMA = json.loads((HERE / "gradescope_results.schema.json").read_text())
RIGHT = {
    "3.1.2": "2", "3.1.3.1": "2x3", "3.1.3.2": "1x3", "3.1.4": "(3, -2)", "3.1.5": "(3, 0)",
    "3.1.6": "-5", "3.1.7": "0.00669", "3.1.8": "0", "3.1.9": "0.987",
    "3.2.1": "dJ/dyhat * dyhat/db * db/dW_2[1,1]", "3.2.2": "-2(y - yhat)",
    "3.2.3.1": "sigma(b)(1 - sigma(b))", "3.2.3.2": "yhat(1 - yhat)", "3.2.4": "3",
    "3.2.5": "-0.0396",
    "3.2.6": "dJ/dyhat * dyhat/db * db/dz_1 * dz_1/da_1 * da_1/dW_1[1,2]", "3.2.7": "-2",
    "3.2.8": "1", "3.2.9": "5", "3.2.10": "0.132", "3.2.11.1": "-1.92", "3.2.11.2": "-1.26",
    "3.3.1": "6", "3.3.2": "0", "3.3.3": "9",
}  # fmt: skip


@pytest.fixture(scope="module")
def neurons() -> Worksheet:
    return read(NEURONS)


@pytest.fixture(scope="module")
def package(neurons: Worksheet) -> Package:
    return gradescope.export(neurons, ())


def laid_out(folder: Path, files: Mapping[str, bytes], pages: Mapping[int, str]) -> Path:
    """A root as Gradescope has it, with worksheets and a submission."""
    for at, content in files.items():
        path = folder / "submission" / at
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for number, source in pages.items():
        path = folder / "source" / "worksheets" / f"{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    (folder / "results").mkdir()
    return folder


def marked(folder: Path, files: Mapping[str, bytes], pages: Mapping[int, str]) -> dict[str, Any]:
    assert gradescope_run.main([str(laid_out(folder, files, pages))]) == 0
    found = json.loads((folder / "results" / "results.json").read_text())
    jsonschema.validate(found, SCHEMA)
    return found


def of_part(found: dict[str, Any], number: str) -> list[dict[str, Any]]:
    return [test for test in found["tests"] if test["number"] == number]


def lines(answers: Mapping[str, str]) -> bytes:
    return "".join(f"{number}: {answer}\n\n" for number, answer in answers.items()).encode()


# ---- the zip, for real -------------------------------------------------------------------------


def without_network() -> list[str]:
    """What takes the network away from a command, where this system lets us."""
    program = shutil.which("unshare")
    tried = [program, "--user", "--map-root-user", "--net"] if program else []
    if tried and subprocess.run([*tried, "true"], capture_output=True, check=False).returncode == 0:
        return [str(part) for part in tried]
    return []


@pytest.mark.skipif(sys.platform != "linux", reason="Gradescope's scripts are for Linux")
def test_the_zip_marks_a_submission_from_its_wheels_alone(package: Package, tmp_path: Path) -> None:
    root, bare = tmp_path / "autograder", tmp_path / "bin"
    zipfile.ZipFile(io.BytesIO(package.files["autograder.zip"])).extractall(root / "source")
    (root / "submission").mkdir()
    (root / "submission" / "answers.md").write_bytes(lines(RIGHT))
    bare.mkdir()
    version = f"3.{sys.version_info.minor}"
    # Linked from elsewhere, an interpreter has none of this environment's packages.
    (bare / f"python{version}").symlink_to(Path(sys.executable).resolve())
    env = {"PATH": f"{bare}:/usr/bin:/bin", "AUTOGRADER_ROOT": str(root), "HOME": str(tmp_path)}
    for script in ("setup.sh", "run_autograder"):
        command = [*without_network(), "bash", str(root / "source" / script)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    found = json.loads((root / "results" / "results.json").read_text())
    jsonschema.validate(found, SCHEMA)
    assert sum(test.get("score", 0) for test in found["tests"]) == pytest.approx(25, abs=1e-9)
    assert sum(test.get("max_score", 0) for test in found["tests"]) == pytest.approx(25, abs=1e-9)
    # Without an interpreter that works, students still get a result with words.
    (root / "source" / "python").write_text("/no/python")
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    broken = json.loads((root / "results" / "results.json").read_text())
    jsonschema.validate(broken, SCHEMA)
    assert "tell your instructor" in broken["output"]


def test_the_zip_has_what_it_needs(package: Package) -> None:
    archive = zipfile.ZipFile(io.BytesIO(package.files["autograder.zip"]))
    assert archive.getinfo("run_autograder").external_attr >> 16 == 0o100755
    assert {"setup.sh", "run_autograder", "worksheets/0.md", "pythons.txt"} < set(
        archive.namelist()
    )
    assert f"3.{sys.version_info.minor}" in archive.read("pythons.txt").decode().split()
    names = [name for name in archive.namelist() if name.endswith(".whl")]
    assert any(name.startswith("wheels/numpy-") for name in names)
    (ours,) = (name for name in names if name.startswith("wheels/backhand-"))
    inside = zipfile.ZipFile(io.BytesIO(archive.read(ours))).namelist()
    assert "backhand/publishing/autograder/setup.sh" in inside
    assert "backhand/publishing/gradescope_run.py" in inside
    assert not [name for name in inside if "__pycache__" in name]


def test_the_zip_is_the_same_each_time(neurons: Worksheet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradescope, "wheels", lambda given: (rebuilt("mdurl"), own()))
    first = gradescope.export(neurons, ())
    assert gradescope.export(neurons, ()) == first


def test_what_only_a_person_can_mark_has_no_score(tmp_path: Path) -> None:
    model = "$$ x = 2, w = 3, y = 1 $$\n\n$$ p = w x $$\n\n$$ J = (y - p)^2 $$"
    source = f"{model}\n\nLike which?\n\n% ask: compare\n"
    found = marked(tmp_path, {"answers.md": b"1: alike"}, {0: f"{source}\nx?\n\n% ask: value x\n"})
    assert [("score" in t, "max_score" in t) for t in found["tests"]] == [(False,) * 2, (True,) * 2]


def test_a_python_that_the_default_image_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    later = Wheel("w", "1", frozenset({"cp312-abi3-manylinux2014_x86_64"}), b"")
    monkeypatch.setattr(gradescope, "wheels", lambda given: (later,))
    package = gradescope.export(worksheet("$$ x = 3 $$\n\nx?\n\n% ask: value x"), ())
    assert package.report[-1].how == "Python 3.12"
    archive = zipfile.ZipFile(io.BytesIO(package.files["autograder.zip"]))
    assert archive.read("pythons.txt") == b"3.12\n3.13\n3.14\n3.15\n"


def test_the_report_and_the_students_files(package: Package) -> None:
    told = {each.part: each for each in package.report}
    assert list(told) == ["3.1.1", *RIGHT]
    assert told["3.1.1"].lost
    assert told["3.2.6"].how == "5 tests, one for each factor"
    template = package.files["students/answers.md"].decode()
    assert "3.1.3.2 (shape W_2):" in template
    assert "0.0396" not in template + package.files["students/worksheet.md"].decode()


# ---- marking -----------------------------------------------------------------------------------


def test_steps_slips_and_earlier_answers(tmp_path: Path, neurons: Worksheet) -> None:
    answers = RIGHT | {
        "3.1.4": "(3, -1)",
        "3.1.6": "-4",
        "3.1.7": "0.018",
        "3.2.5": "-0.0198",
        "3.2.6": "dJ/dyhat * dyhat/db * db/dz_1 * dz_1/da_1",
    }
    found = marked(tmp_path, {"answers.txt": lines(answers)}, {0: neurons.source})
    assert [test["score"] for test in of_part(found, "3.1.4")] == [0.5, 0.0]
    assert [test["score"] for test in of_part(found, "3.1.6")] == [0.0]
    (followed,) = of_part(found, "3.1.7")
    assert followed["score"] == 1.0
    assert "given your earlier answer" in followed["output"]
    (half,) = of_part(found, "3.2.5")
    assert (half["score"], half["status"]) == (0.5, "failed")
    assert "factor 2" in half["output"]
    factors = of_part(found, "3.2.6")
    assert [test["status"] for test in factors] == ["passed"] * 4 + ["failed"]
    assert sum(test["score"] for test in factors) == pytest.approx(0.8)
    assert not any("da_1/dW" in test["output"] + test["name"] for test in factors)


def test_the_key_is_printed_and_not_shown(
    tmp_path: Path, neurons: Worksheet, capsys: pytest.CaptureFixture[str]
) -> None:
    found = marked(tmp_path, {"answers.md": b"3.1.2: 5"}, {0: neurons.source})
    assert "−0.03962" in capsys.readouterr().out
    assert "0.0396" not in json.dumps(found, ensure_ascii=False)
    assert "stdout_visibility" not in found


def test_the_students_notebook_is_marked(
    tmp_path: Path, package: Package, neurons: Worksheet
) -> None:
    book = json.loads(package.files["students/worksheet.ipynb"])
    questions: dict[str, list[str]] = {}
    for number, answer in RIGHT.items():
        questions.setdefault(".".join(number.split(".")[:3]), []).append(answer)
    for each in book["cells"]:
        marks = each["metadata"]["nbgrader"]
        number = ".".join(marks["grade_id"].split("-")[2:])
        if marks["solution"] and number in questions:
            each["source"] = "\n".join(questions[number])
    content = json.dumps(book).encode()
    found = marked(tmp_path, {"my work/final (2).ipynb": content}, {0: neurons.source})
    assert sum(test.get("score", 0) for test in found["tests"]) == pytest.approx(25)


def test_variants_are_marked_by_the_number_that_the_student_names(
    tmp_path: Path, neurons: Worksheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradescope, "wheels", lambda given: (Wheel("w", "1", PURE, b""),))
    made = list(variants(neurons, 2, seed=3))
    package = gradescope.export(neurons, made)
    assert [told.part for told in package.report[-2:]] == ["3.3.3", "all"]
    assert "variant: 2" in package.files["students/variant-2.ipynb"].decode()
    assert "variant:" in package.files["students/answers.md"].decode()
    archive = zipfile.ZipFile(io.BytesIO(package.files["autograder.zip"]))
    pages = {n: archive.read(f"worksheets/{n}.md").decode() for n in (1, 2)}
    for each in made:
        b = each.worksheet.graph.forward().values["b"].item()
        text = f"variant: {each.number}\n\n3.1.6: {b}\n".encode()
        found = marked(tmp_path / str(each.number), {"answers.md": text}, pages)
        assert of_part(found, "3.1.6")[0]["score"] == 1.0
    lost = marked(tmp_path / "none", {"answers.md": b"3.1.6: 1"}, pages)
    assert "which variant" in lost["output"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no file answers.md"),
        ({"answers.json": b"{"}, "can't be marked"),
        ({"answers.json": b"[" * 200_000}, "can't be marked"),
        ({"a.ipynb": b'{"cells": [3, null, {"source": {}}]}'}, "No answers were found"),
        ({"answers.md": b"\xff\xfe\0"}, "No answers were found"),
        ({"answers.md": b"3.2.6: " + b"(" * 1_500 + b"\n3.1.6: " + b"9" * 100_000}, "Read from"),
        ({"answers.md": b"3.2.5: <script>alert(1)</script>\n3.1.7: \\input{/etc/passwd}"}, "Read"),
    ],
)
def test_a_bad_submission_gets_a_result_with_words(
    tmp_path: Path, neurons: Worksheet, files: dict[str, bytes], said: str
) -> None:
    (tmp_path / "submission").mkdir()
    found = marked(tmp_path, files, {0: neurons.source})
    assert said in found["output"]
    assert sum(test.get("score", 0) for test in found["tests"]) == 0
    assert {found[key] for key in ("output_format", "test_output_format")} == {"text"}


def test_a_broken_autograder_blames_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(page: object, layout: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(gradescope_run, "prepared", broken)
    found = marked(tmp_path, {"answers.md": b"1: 1"}, {0: "$$ x = 3 $$"})
    assert found["score"] == 0
    assert "tell your instructor" in found["output"]
    assert "ZeroDivisionError" in capsys.readouterr().out


# ---- where the wheels run ----------------------------------------------------------------------

PURE = frozenset({"py3-none-any"})


@pytest.mark.parametrize(
    ("tags", "minors"),
    [
        ({"py3-none-any"}, tuple(gradescope.PYTHONS)),
        ({"cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_27_x86_64"}, (12,)),
        ({"cp312-abi3-manylinux2014_x86_64"}, (12, 13, 14, 15)),
    ],
)
def test_tags_say_which_pythons(tags: set[str], minors: tuple[int, ...]) -> None:
    assert gradescope.pythons([Wheel("w", "1", frozenset(tags), b"")]) == minors


@pytest.mark.parametrize(
    "tag",
    [
        "cp311-cp311-macosx_11_0_arm64",
        "cp311-cp311-win_amd64",
        "cp311-cp311-manylinux_2_28_aarch64",
        "cp311-cp311-manylinux_2_39_x86_64",
        "cp311-cp311-linux_x86_64",
        "cp311-cp311-musllinux_1_2_x86_64",
        "cp313-cp313t-manylinux_2_28_x86_64",
    ],
)
def test_wheels_for_other_machines_are_refused(tag: str) -> None:
    made = Wheel("numpy", "2.0", frozenset({tag}), b"")
    with pytest.raises(BackhandError, match="doesn't run on Gradescope") as error:
        gradescope.pythons([made])
    assert "numpy==2.0" in str(error.value)
    other = Wheel("numpy", "2.0", frozenset({"cp311-cp311-manylinux_2_28_x86_64"}), b"")
    assert gradescope.pythons([made, other]) == (11,)


def test_a_worksheet_from_no_page_is_refused() -> None:
    with pytest.raises(BackhandError, match="stands on no page"):
        gradescope.export(Worksheet("", (), ()), ())
    assert worksheet("$$ x = 3 $$").source
