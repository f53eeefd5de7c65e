"""Compiled loops and their cache: whatever lies on the disk, training goes on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backhand.errors import AskError
from backhand.training import compiling
from backhand.training.compiling import cache_folder, compiled

pytest.importorskip("numba")
SMALL = "import numpy as np\n\n\ndef steps(x):\n    x[0] += 41.0\n    return x[0]\n"
SCRIPT = f"""
import numpy as np
from backhand.training.compiling import compiled
print(compiled({SMALL!r})(np.ones(1)))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of its own, in which nothing is remembered from test to test."""
    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    compiled.cache_clear()
    yield tmp_path / "loops"
    compiled.cache_clear()


def run() -> Any:
    """What a process that starts afresh would get."""
    compiled.cache_clear()
    return compiled(SMALL)(np.ones(1))


def record(folder: Path) -> list[Path]:
    return sorted(folder.glob("__pycache__/*.nb[ci]"))


def hits() -> int:
    """How many signatures the loop took from the disk."""
    return sum(compiled(SMALL)._function.stats.cache_hits.values())


def test_the_second_process_finds_the_first_ones_work(folder: Path) -> None:
    assert run() == 42
    assert hits() == 0
    assert len(record(folder)) == 2
    assert run() == 42
    assert hits() == 1


@pytest.mark.parametrize("damage", ["empty", "cut", "garbage", "a bit", "gone"])
@pytest.mark.parametrize("which", ["index", "code"])
def test_a_damaged_record_costs_a_compilation_only(folder: Path, which: str, damage: str) -> None:
    run()
    code, index = record(folder)
    victim = index if which == "index" else code
    data = victim.read_bytes()
    match damage:
        case "empty":
            victim.write_bytes(b"")
        case "cut":
            victim.write_bytes(data[: len(data) // 2])
        case "garbage":
            victim.write_bytes(b"\x80\x04garbage")
        case "a bit":
            at = random.Random(1).randrange(len(data) // 4, len(data) // 2)
            victim.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        case _:
            victim.unlink()
    assert run() == 42
    assert hits() == 0
    assert run() == 42
    assert hits() == 1


def test_damage_that_the_seal_covers_costs_a_compilation_too(folder: Path) -> None:
    run()
    for each in record(folder):
        each.write_bytes(b"garbage")
    (path,) = folder.glob("*.py")
    compiling._seal(path)
    assert run() == 42


@pytest.mark.parametrize("garbage", [b"\xff\xfe\x00", b"import os; os._exit(3)\n", b""])
def test_the_text_on_the_disk_is_never_run(folder: Path, garbage: bytes) -> None:
    run()
    (path,) = folder.glob("*.py")
    path.write_bytes(garbage)
    assert run() == 42
    assert path.read_bytes() == SMALL.encode()


def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    monkeypatch.setenv("BACKHAND_CACHE", str(file / "inside"))
    assert run() == 42
    assert file.read_text() == "no folder"


def test_a_record_that_cannot_be_written(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "__pycache__").write_text("in the way")
    assert run() == 42


@pytest.mark.no_cover
def test_two_processes_at_once(tmp_path: Path) -> None:
    environment = {**os.environ, "BACKHAND_CACHE": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in started:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert out.decode().strip() == "42.0"
    assert run() == 42
    assert hits() == 1


def test_where_the_cache_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BACKHAND_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / "backhand"


def test_an_error_in_the_text_is_not_hidden() -> None:
    with pytest.raises(Exception, match="nobody"):
        compiled("def steps(x):\n    return nobody(x)\n")(np.ones(1))


def test_without_numba_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(AskError, match=r"backhand\[train\]"):
        compiled(SMALL)(np.ones(1))
