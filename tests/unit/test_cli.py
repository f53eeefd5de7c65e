"""The command: what it writes, where, and what it says when something is wrong."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import backhand
from backhand.cli import SUFFIXES, Format, app
from backhand.reading.asks import ASKS
from backhand.writing.formats import FORMATS

ROOT = Path(__file__).parents[2]
SHEET = "# Cube\n\n$$ x = 2 $$\n\n$$ J = x^3 $$\n\n1. What is $J$?\n   % ask: value J\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    file = tmp_path / "sheet.md"
    file.write_text(SHEET, encoding="utf-8")
    return file


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def process(*args: object, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "backhand", *(str(arg) for arg in args)]
    return subprocess.run(command, capture_output=True, timeout=60, **options)  # type: ignore[call-overload]


# ---- what it writes ----------------------------------------------------------------------------


def test_solve_prints_the_answers(sheet: Path) -> None:
    result = run("solve", sheet)
    assert result.exit_code == 0
    assert "8" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("format", Format)
def test_every_format_is_printed(sheet: Path, format: Format) -> None:
    result = run("solve", sheet, "--format", format.value)
    assert result.exit_code == 0
    assert result.stdout == FORMATS[format.value](backhand.read(sheet).solve()).rstrip("\n") + "\n"


def test_the_formats_of_the_command_are_those_of_the_writers() -> None:
    assert {format.value for format in Format} == set(FORMATS)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_name_of_the_output_says_its_format(sheet: Path, suffix: str) -> None:
    out = sheet.with_name(f"out{suffix}")
    assert run("solve", sheet, "-o", out).exit_code == 0
    wanted = FORMATS[SUFFIXES[suffix].value](backhand.read(sheet).solve())
    assert out.read_text(encoding="utf-8") == wanted.rstrip("\n") + "\n"


def test_only_takes_the_questions_named(sheet: Path) -> None:
    sheet.write_text(SHEET + "\n2. What is $x$?\n   % ask: value x\n", encoding="utf-8")
    result = run("solve", sheet, "--only", "2", "--format", "json")
    assert [answer["number"] for answer in json.loads(result.stdout)["answers"]] == ["2"]


def test_only_takes_several_numbers() -> None:
    file = ROOT / "examples" / "two-neurons.md"
    result = run("solve", file, "--only", "3.1.6", "--only", "3.2.", "--format", "json")
    numbers = {answer["number"] for answer in json.loads(result.stdout)["answers"]}
    assert numbers == {"3.1.6", *(f"3.2.{at}" for at in range(1, 12))}
    result = run("solve", file, "--only", "3.1.6", "--only", "9")
    assert result.exit_code == 2
    assert result.stderr.startswith("backhand: there is no question 9\n  the questions are 3.1.1, ")


def test_derive_gives_one_derivative(sheet: Path) -> None:
    answers = json.loads(run("derive", sheet, "J", "x", "--format", "json").stdout)["answers"]
    assert [answer["value"] for answer in answers] == [12]


def test_derive_takes_entries_and_a_layout(sheet: Path) -> None:
    sheet.write_text("$$ x = [1; 2] $$\n\n$$ W = [[3, 4]] $$\n\n$$ J = W x $$\n", encoding="utf-8")

    def value(*args: str) -> object:
        result = run("derive", sheet, *args, "--format", "json")
        return json.loads(result.stdout)["answers"][0]["value"]

    assert value("J", "x[2]") == 4
    assert value("J", "x") == [[3, 4]]
    assert value("J", "x", "--layout", "denominator") == [3, 4]


def test_show_shows_every_model(sheet: Path) -> None:
    sheet.write_text("$$ u = 2 $$\n\n% new model\n$$ v = 3 $$\n", encoding="utf-8")
    result = run("show", sheet)
    assert result.exit_code == 0
    assert "u = 2" in result.stdout
    assert "v = 3" in result.stdout


def test_draw_writes_a_picture(sheet: Path) -> None:
    sheet.write_text("$$ x = [1; 2] $$\n\n$$ W = [[3, 4]] $$\n\n$$ J = W x $$\n", encoding="utf-8")
    out = sheet.with_name("net.svg")
    assert run("draw", sheet, "-o", out, "--derivative", "W[1,2]").exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("<svg")
    assert run("draw", sheet).stdout.startswith("<svg")


def test_derive_says_which_of_several_models_it_takes(sheet: Path) -> None:
    sheet.write_text("$$ x = 2 $$\n\n% new model\n$$ x = 3 $$\n\n$$ y = x^2 $$\n", encoding="utf-8")
    result = run("derive", sheet, "y", "x", "--format", "json")
    assert json.loads(result.stdout)["answers"][0]["value"] == 6
    assert "2 models; this is the last" in result.stderr


# ---- help --------------------------------------------------------------------------------------


def test_help_has_examples_for_every_command() -> None:
    whole = run("--help").stdout
    for command in ("solve", "derive", "draw", "show"):
        assert f"backhand {command} worksheet.md" in whole
        result = run(command, "--help")
        assert result.exit_code == 0
        assert f"backhand {command} worksheet.md" in result.stdout


def test_asks_lists_every_form() -> None:
    out = run("asks").stdout
    assert all(form.usage in out for form in ASKS.values())


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run("--version").stdout == f"backhand {project['version']}\n"


# ---- bad input ---------------------------------------------------------------------------------


def test_an_error_names_file_line_and_column_and_points_there(sheet: Path) -> None:
    sheet.write_text(SHEET.replace("x^3", "3 q"), encoding="utf-8")
    result = run("solve", sheet)
    lines = result.stderr.split("\n")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert lines[0].startswith(f"backhand: {sheet}:5:10: ")
    assert lines[1] == "    $$ J = 3 q $$"
    assert lines[2] == "             ^"


def test_an_unknown_ask_is_one_message(sheet: Path) -> None:
    sheet.write_text(SHEET.replace("value J", "valeu J"), encoding="utf-8")
    result = run("solve", sheet)
    assert result.exit_code == 2
    assert f"{sheet}:8:11: there is no ask 'valeu'" in result.stderr
    assert "did you mean value" in result.stderr


@pytest.mark.parametrize("command", ["solve", "show", "draw"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"\x89PNG\0\0", "no text file"),
        (b"line\ncaf\xe9\n", "sheet.md:2:4: the byte 0xe9 isn't UTF-8"),
        (b"#\n" * 1_100_000, "at most 2,000,000 bytes"),
        (b"%PDF-1.7\n\xe2\xe3", "this is a PDF"),
        ("# Sheet\n".encode("utf-16"), "text in UTF-16"),
        (b" \n", "the file is empty"),
        (b"# Title\n", "has no questions|defines no model"),
    ],
)
def test_bad_files(tmp_path: Path, command: str, content: bytes | None, said: str) -> None:
    file = tmp_path / "sheet.md"
    if content is not None:
        file.write_bytes(content)
    result = run(command, file)
    assert result.exit_code == 2
    assert re.search(said, result.stderr)
    assert "Traceback" not in result.stderr


def test_a_folder_is_no_worksheet(tmp_path: Path) -> None:
    result = run("solve", tmp_path)
    assert result.exit_code == 2
    assert "folder" in result.stderr


def test_a_long_line_is_cut_around_the_place(sheet: Path) -> None:
    sheet.write_text(f"$$ x = 1 $$\n\n$$ y = {'x + ' * 60}q $$\n", encoding="utf-8")
    message, line, caret, *_ = run("show", sheet).stderr.split("\n")
    assert ":3:248:" in message
    assert len(line) <= 80
    assert line[caret.index("^")] == "q"


def test_control_signs_of_the_input_never_reach_the_terminal(sheet: Path) -> None:
    sheet.write_text(SHEET.replace("value J", "value \x1b[2J\x07"), encoding="utf-8")
    result = run("solve", sheet)
    assert result.exit_code == 2
    assert not {"\x1b", "\x07"} & set(result.stderr)


def test_a_sign_that_the_terminal_lacks_is_one_message(sheet: Path) -> None:
    sheet.write_text("$$ x = 1 $$\n\n$$ \\hat{y} = x $$\n", encoding="utf-8")
    done = process("show", sheet, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"can't show" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="shells differ there")
@pytest.mark.parametrize("command", ["solve", "asks"])
def test_a_closed_output_is_no_traceback(sheet: Path, command: str) -> None:
    words = [
        sys.executable,
        "-m",
        "backhand",
        command,
        *([str(sheet)] if command == "solve" else []),
    ]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words], capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes differ there")
def test_a_reader_that_leaves_is_no_error(sheet: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "backhand", "solve", str(sheet)]
    with os.fdopen(write_end, "wb") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 141
    assert done.stderr == b""


# ---- files are written whole or not at all ------------------------------------------------------


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = sheet.with_name("key.html")
    out.write_text("old", encoding="utf-8")

    def full(self: Path, *args: object, **options: object) -> int:
        with self.open("w", encoding="utf-8") as stream:
            stream.write("half")
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_text", full)
    result = run("solve", sheet, "-o", out)
    assert result.exit_code == 2
    assert "No space left" in result.stderr
    assert out.read_text(encoding="utf-8") == "old"
    assert sorted(p.name for p in sheet.parent.iterdir()) == ["key.html", "sheet.md"]


def test_an_interrupt_while_writing_leaves_nothing(
    sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: object, target: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    result = run("solve", sheet, "-o", sheet.with_name("key.html"))
    assert result.exit_code == 130
    assert [p.name for p in sheet.parent.iterdir()] == ["sheet.md"]


def test_bad_input_leaves_no_output(sheet: Path) -> None:
    sheet.write_text(SHEET.replace("x^3", "q"), encoding="utf-8")
    out = sheet.with_name("key.html")
    assert run("solve", sheet, "-o", out).exit_code == 2
    assert not out.exists()


def test_a_file_that_is_replaced_keeps_its_permissions_and_its_link(sheet: Path) -> None:
    out, link = sheet.with_name("real.md"), sheet.with_name("link.md")
    out.write_text("old", encoding="utf-8")
    out.chmod(0o640)
    link.symlink_to(out)
    assert run("solve", sheet, "-o", link).exit_code == 0
    assert link.is_symlink()
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert out.read_text(encoding="utf-8") != "old"


def test_the_worksheet_itself_is_never_replaced(sheet: Path) -> None:
    result = run("solve", sheet, "-o", sheet)
    assert result.exit_code == 2
    assert "would replace the worksheet" in result.stderr
    assert sheet.read_text(encoding="utf-8") == SHEET


def test_a_dash_is_the_standard_output(sheet: Path) -> None:
    assert run("draw", sheet, "-o", "-").stdout == run("draw", sheet).stdout
    assert run("solve", sheet, "-o", "-").stdout == run("solve", sheet).stdout


def test_the_case_of_a_format_doesnt_matter(sheet: Path) -> None:
    out = sheet.with_name("KEY.HTML")
    assert run("solve", sheet, "-o", out).exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "<html" in run("solve", sheet, "--format", "HTML").stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("solve", "-o", "key.pdf"), "backhand sheet FILE --key -o key.pdf writes the key as one"),
        (("draw", "-o", "net.png"), "a drawing is written as SVG\n  name it net.svg"),
    ],
)
def test_what_a_command_doesnt_write_is_refused(
    sheet: Path, args: tuple[str, str, str], said: str
) -> None:
    command, option, name = args
    result = run(command, sheet, option, sheet.with_name(name))
    assert result.exit_code == 2
    assert said in result.stderr
    assert not sheet.with_name(name).exists()


def test_an_output_without_a_format_is_refused(sheet: Path) -> None:
    result = run("solve", sheet, "-o", sheet.with_name("key"))
    assert result.exit_code == 2
    assert "--format" in result.stderr


def test_an_output_in_no_folder_is_one_message(sheet: Path) -> None:
    result = run("solve", sheet, "-o", sheet.parent / "nowhere" / "key.html")
    assert result.exit_code == 2
    assert (
        result.stderr
        == f"backhand: there is no folder {sheet.parent / 'nowhere'}\n  make it first\n"
    )


# ---- start-up ----------------------------------------------------------------------------------


def test_starting_loads_nothing_heavy() -> None:
    heavy = ("numpy", "rich", "markdown_it", "scipy", "torch", "sympy", "backhand.reading")
    code = (
        "import sys, backhand, backhand.cli; "
        f"print([module for module in {heavy} if module in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
