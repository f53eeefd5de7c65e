"""The command export: files written whole, a report in 80 columns, one message for what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.publishing.test_moodle import SMALL
from typer.testing import CliRunner

from backhand.cli import app
from backhand.cli.exporting import PlatformName, report
from backhand.publishing.packages import Told
from backhand.publishing.platforms import PLATFORMS
from backhand.reading.document import read


@pytest.fixture
def page(tmp_path: Path) -> Path:
    made = tmp_path / "page.md"
    made.write_text(SMALL, encoding="utf-8")
    return made


@pytest.mark.parametrize("platform", ["canvas", "moodle"])
def test_an_export_is_written_and_reported(page: Path, platform: str) -> None:
    out = page.with_name("out")
    arguments = ["export", str(page), "--to", platform, "-o", str(out), "-n", "2", "--seed", "3"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert out.stat().st_size > 2000
    lines = done.output.split("\n")
    assert all(len(line) <= 80 for line in lines)
    assert [line[0] for line in lines[:4]] == ["1", "2", "3", "4"]


def test_several_files_are_written_to_a_folder(page: Path) -> None:
    out = page.with_name("questions")
    arguments = ["export", str(page), "--to", "prairielearn", "-o", str(out)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    files = PLATFORMS["prairielearn"].export(read(page), ()).files
    assert {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} == set(files)
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 2
    assert "no empty folder" in again.output


def test_the_command_knows_every_platform() -> None:
    assert [name.value for name in PlatformName] == list(PLATFORMS)


def test_what_goes_wrong_is_one_message(page: Path, tmp_path: Path) -> None:
    before = page.read_bytes()
    for output in (page, tmp_path):
        done = CliRunner().invoke(app, ["export", str(page), "--to", "moodle", "-o", str(output)])
        assert done.exit_code == 2
        assert "Traceback" not in done.output
    assert page.read_bytes() == before
    assert CliRunner().invoke(app, ["export", str(page), "--to", "paper", "-o", "x"]).exit_code == 2


def test_the_report_numbers_what_is_lost() -> None:
    told = (
        Told("1", "an essay", ("it is long",)),
        Told("2.1", "numbers " * 14, ("colour", "it is long")),
    )
    said = report(told).split("\n")
    assert said[0].split() == ["1", "an", "essay", "1"]
    assert said[1].startswith("2.1  numbers")
    assert said[1].endswith("  1 2")
    assert said[-3:] == ["Lost:", "  1  it is long", "  2  colour"]


def test_wheels_are_for_gradescope_only(page: Path, tmp_path: Path) -> None:
    arguments = ["export", str(page), "--to", "moodle", "-o", str(tmp_path / "out.xml")]
    done = CliRunner().invoke(app, [*arguments, "--wheels", str(tmp_path)])
    assert done.exit_code == 2
    assert "only Gradescope's export takes wheels" in done.output
