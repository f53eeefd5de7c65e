"""Each student had another variant: everyone is marked by their own numbers."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from long_grade import SHEET, run

from backhand.checking.marking import Marker
from backhand.checking.variants import variants
from backhand.errors import DataError
from backhand.publishing.folder import write_variants
from backhand.reading.document import worksheet
from backhand.values import floats


def test_everyone_is_marked_by_their_own_variant(tmp_path: Path) -> None:
    made = list(variants(SHEET, 3, seed=7))
    write_variants(made, tmp_path / "v", ".md", seed=7, count=3)
    rows = ["student,variant,1,2"]
    for variant in made:
        parts = Marker(variant.worksheet).parts[:2]
        values = [
            f"{floats(p.expected.value).item():g}" for p in parts if p.expected.value is not None
        ]
        rows.append(f"s{variant.number},{variant.number:03},{','.join(values)}")
    rows += [rows[1].replace("s1,001", "x,2"), "y,9,1,1", "z,,1,1"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    found = run(tmp_path / "a.csv", tmp_path / "r", variants=tmp_path / "v")
    with (tmp_path / "r/marks.csv").open(newline="") as file:
        totals = {row["student"]: float(row["total"]) for row in csv.DictReader(file)}
    assert [totals[f"s{number}"] for number in (1, 2, 3)] == [2, 2, 2]
    assert totals["x"] < 2
    assert totals["y"] == totals["z"] == 0
    assert "y: there is no variant '9'" in found.notes
    assert "z: no variant" in found.notes


def test_variants_of_another_worksheet_are_refused(tmp_path: Path) -> None:
    write_variants(variants(SHEET, 3, seed=7), tmp_path / "v", ".md", seed=7, count=3)
    (tmp_path / "a.csv").write_text("student,variant,1\na,1,6\n")
    index = tmp_path / "v/index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"seed": 8}))
    with pytest.raises(DataError, match="aren't those of this worksheet"):
        run(tmp_path / "a.csv", tmp_path / "r", variants=tmp_path / "v")
    with pytest.raises(DataError, match="is no index of variants"):
        run(tmp_path / "a.csv", tmp_path / "r", variants=tmp_path)
    assert worksheet(SHEET.source).source == SHEET.source
