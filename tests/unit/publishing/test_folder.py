"""A folder of variants: whole, readable by others, and never over somebody's files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backhand.checking.marking import Marker
from backhand.cli import app
from backhand.reading.document import read

EXAMPLE = Path(__file__).parents[3] / "examples" / "softmax-classifier.md"


def run(*args: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    return result.exit_code, result.output


def test_a_folder_holds_sheets_keys_and_an_index(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said = run("variants", EXAMPLE, "-n", 3, "--seed", 7, "-o", out, "--format", "html")
    assert code == 0
    assert "3 variants" in said
    index = json.loads((out / "index.json").read_text())
    assert index["complete"] is True
    assert index["seed"] == 7
    files = {"index.json"}
    for entry in index["variants"]:
        files |= {entry["sheet"], entry["worksheet"], entry["key"], entry["machine_key"]}
        sheet = read(out / entry["sheet"])
        assert [int(x) for x in sheet.graph["x"].value] == entry["values"]["x"]
        key = json.loads((out / entry["machine_key"]).read_text())
        scores = next(a["value"] for a in key["answers"] if a["ask"] == "value s")
        w, b, x = (entry["values"][name] for name in ("W", "b", "x"))
        assert scores == [sum(map(int.__mul__, r, x)) + c for r, c in zip(w, b, strict=True)]
        marker = Marker(read(out / entry["worksheet"]))
        assert len(marker.parts) == len(key["answers"])
        (part,) = (p.number for p in marker.parts if p.ask.text == "value s")
        assert marker.mark(part, str(scores)).verdict == "right"
        assert "<math" in (out / entry["key"]).read_text()
    assert {path.name for path in out.iterdir()} == files


def test_an_earlier_run_is_replaced_and_gives_the_same_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("variants", EXAMPLE, "-n", 3, "-o", out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert run("variants", EXAMPLE, "-n", 2, "-o", out)[0] == 0
    after = {path.name: path.read_bytes() for path in out.iterdir()}
    assert len(after) == 9
    assert all(before[name] == after[name] for name in after if name != "index.json")


@pytest.mark.parametrize("name", ["thesis.md", "variant-notes.md", "index.json.bak"])
def test_a_folder_with_other_things_is_left_alone(name: str, tmp_path: Path) -> None:
    run("variants", EXAMPLE, "-n", 1, "-o", tmp_path)
    (tmp_path / name).write_text("mine")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, said = run("variants", EXAMPLE, "-n", 2, "-o", tmp_path)
    assert code == 2
    assert name in said
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_a_sheet_never_replaces_the_worksheet(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("$$ x = 2 $$\n\nWhat is $x$?\n\n% ask: value x\n")
    code, said = run("sheet", page, "-o", page)
    assert code == 2
    assert "would replace" in said
    code, said = run("sheet", page, "-o", tmp_path / "page.doc")
    assert code == 2
    assert ".ipynb" in said
    assert run("sheet", page, "--key", "-o", tmp_path / "key.html")[0] == 0
    assert "x = 2" in page.read_text()
