"""Wheels made of what is installed: whole, unchanged, and refused where that can't be known."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest

from backhand.errors import BackhandError
from backhand.publishing import wheels as module
from backhand.publishing.wheels import Wheel, own, rebuilt, wheels


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of an installed package that a test may spoil."""
    found = distribution("mdurl")
    for path in found.files or ():
        if ".." not in path.parts and path.suffix != ".pyc":
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(path.locate()), tmp_path / path)
    info = next(tmp_path.glob("*.dist-info"))

    def installed(name: str) -> Distribution:
        return PathDistribution(info)

    monkeypatch.setattr(module, "distribution", installed)
    return tmp_path


def test_a_rebuilt_wheel_holds_what_was_installed(copied: Path) -> None:
    wheel = rebuilt("mdurl")
    assert wheel.file == f"mdurl-{wheel.version}-py3-none-any.whl"
    archive = zipfile.ZipFile(io.BytesIO(wheel.content))
    for name in archive.namelist():
        if not name.endswith("RECORD"):
            assert archive.read(name) == (copied / name).read_bytes()
    info = f"mdurl-{wheel.version}.dist-info"
    rows = list(csv.reader(io.StringIO(archive.read(f"{info}/RECORD").decode())))
    assert {row[0] for row in rows} == set(archive.namelist())
    assert f"{info}/INSTALLER" not in archive.namelist()


def test_a_file_that_was_changed_or_lost_is_refused(copied: Path) -> None:
    path = copied / "mdurl" / "_parse.py"
    path.write_text("print('other')")
    with pytest.raises(BackhandError, match=r"_parse\.py of the package mdurl isn't as it was"):
        rebuilt("mdurl")
    path.unlink()
    with pytest.raises(BackhandError, match="isn't as it was installed"):
        rebuilt("mdurl")


def test_what_was_not_installed_from_a_wheel_is_refused(copied: Path) -> None:
    info = next(copied.glob("*.dist-info"))
    (info / "direct_url.json").write_text('{"url": "file:///x", "dir_info": {"editable": true}}')
    with pytest.raises(BackhandError, match="wasn't installed from a wheel"):
        rebuilt("mdurl")
    (info / "direct_url.json").unlink()
    (info / "WHEEL").unlink()
    with pytest.raises(BackhandError, match="wasn't installed from a wheel"):
        rebuilt("mdurl")


def test_the_own_wheel_is_the_package_that_runs() -> None:
    wheel = own()
    archive = zipfile.ZipFile(io.BytesIO(wheel.content))
    assert archive.read("backhand/publishing/wheels.py") == Path(module.__file__).read_bytes()
    (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    assert "Requires-Dist: numpy" in archive.read(metadata).decode()
    assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    assert archive.testzip() is None


def test_a_wheel_in_the_folder_goes_before_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rebuilt("mdurl")

    def one(name: str) -> Wheel:
        return Wheel(name, "1", frozenset({"py3-none-any"}), b"")

    monkeypatch.setattr(module, "rebuilt", one)
    name = "mdurl-9.9-cp311.cp312-none-any.whl"
    (tmp_path / name).write_bytes(made.content)
    found = {wheel.name: wheel for wheel in wheels(tmp_path)}
    assert found["mdurl"].tags == {"cp311-none-any", "cp312-none-any"}
    assert found["mdurl"].file == name
    assert found["numpy"].version == "1"
    assert {"backhand", "markdown-it-py", "mpmath"} < set(found)
    (tmp_path / "broken-1-py3-none-any.whl").write_bytes(b"no zip")
    with pytest.raises(BackhandError, match="is no wheel"):
        wheels(tmp_path)
    with pytest.raises(BackhandError, match="there is no folder"):
        wheels(tmp_path / "nowhere")


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(BackhandError, match="no-such-package"):
        rebuilt("no-such-package")
