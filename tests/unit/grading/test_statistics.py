"""The statistics against NumPy, and the report and the command."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from long_grade import PAGE, run, write
from typer.testing import CliRunner

from backhand.cli import app

ANSWERS = [
    ("6", "1", "6"),
    ("-6", "1", "6"),
    ("7", "4", ""),
    ("", "1", "6"),
    ("6", "2", "-6"),
    ("5", "0", "3"),
]


def test_facility_discrimination_and_alpha_are_numpys(tmp_path: Path) -> None:
    rows = [f"s{at},{','.join(ANSWERS[at * at % 6])},x" for at in range(24)]
    (tmp_path / "a.csv").write_text("\n".join(["student,1,2,3,4", *rows]))
    found = run(tmp_path / "a.csv", tmp_path / "r", points={"2": 3, "4": 0}).statistics
    lines = (tmp_path / "r/marks.csv").read_text().splitlines()[1:]
    earned = np.array([[float(cell) for cell in line.split(",")[1:5]] for line in lines])
    totals = earned.sum(axis=1)
    assert found.mean == pytest.approx(totals.mean())
    assert found.median == pytest.approx(np.median(totals))
    assert found.deviation == pytest.approx(totals.std())
    for at, item in enumerate(found.items[:3]):
        assert item.facility == pytest.approx(earned[:, at].mean() / item.points)
        rest = np.corrcoef(earned[:, at], totals - earned[:, at])[0, 1]
        assert item.discrimination == pytest.approx(rest)
    assert found.items[3].discrimination is None
    alpha = 4 / 3 * (1 - earned.var(axis=0).sum() / totals.var())
    assert found.alpha == pytest.approx(alpha)
    assert sum(found.totals) == 24
    assert found.items[0].slips["sign"] == sum(ANSWERS[at * at % 6][0] == "-6" for at in range(24))


def test_the_report_shows_hostile_answers_as_text(tmp_path: Path) -> None:
    evil = '"<script>alert(1)</script>"'
    (tmp_path / "a.csv").write_text(f"student,1,2\n<b>x</b>,{evil},{evil}\n<b>x</b>,{evil},6\n")
    run(tmp_path / "a.csv", tmp_path / "r")
    page = (tmp_path / "r/report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page
    assert not re.search(r"(?:src|href)\s*=", page)


def test_the_command(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.md"
    sheet.write_text(PAGE)
    made = write(tmp_path / "a.csv", 6)
    words = ["grade", str(sheet), str(made), "-o", str(tmp_path / "r"), "--jobs", "1"]
    done = CliRunner().invoke(app, [*words, "--points", "2=3", "--level", "step"])
    assert done.exit_code == 0, done.output
    assert "6 submissions, 6 marked now" in done.output
    assert "3 answers wait for a person" in done.output
    bad = CliRunner().invoke(app, [*words, "--points", "2"])
    assert bad.exit_code == 2
    assert "write --points 3.1.4=" in bad.output
    gone = CliRunner().invoke(app, [*words[:2], str(tmp_path / "no.csv"), *words[3:]])
    assert gone.exit_code == 2
    assert f"{tmp_path / 'no.csv'}: there is no such file" in gone.output


def test_a_cluster_gives_the_same(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    made = write(tmp_path / "a.csv", 60)
    options = {
        "n_workers": 1,
        "threads_per_worker": 2,
        "processes": False,
        "dashboard_address": None,
    }
    with distributed.LocalCluster(**options) as here:
        run(made, tmp_path / "r", workers=None, engine="dask", scheduler=here.scheduler_address)
    run(made, tmp_path / "one")
    for name in ("marks.csv", "feedback.jsonl"):
        assert (tmp_path / "r" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
