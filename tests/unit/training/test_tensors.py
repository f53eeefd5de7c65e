"""Files of arrays: every bit comes back, and no failure leaves half a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from backhand.errors import AskError, MeaningError, ReadingError
from backhand.training import files
from backhand.training.files import write_whole
from backhand.training.tensors import KINDS, read_tensors, write_tensors

safetensors: Any = pytest.importorskip("safetensors")
ANY = st.sampled_from(KINDS).flatmap(
    lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(
    lambda name: name != "__metadata__"
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, ANY, max_size=4), st.dictionaries(NAMES, NAMES, max_size=3))
def test_every_array_and_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, Any], metadata: dict[str, str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    write_tensors(path, tensors, metadata)
    found, text = read_tensors(path)
    assert text == metadata
    assert set(found) == set(tensors)
    for name, tensor in tensors.items():
        assert (found[name].dtype, found[name].shape) == (tensor.dtype, tensor.shape)
        assert found[name].tobytes() == tensor.tobytes()


def test_arrays_that_are_turned_cut_or_high_byte_first(tmp_path: Path) -> None:
    whole = np.arange(24, dtype=">f8").reshape(4, 6)
    tensors = {"turned": whole.T, "cut": whole[::2, 1::3], "scalar": np.array(3.0)}
    write_tensors(tmp_path / "a", tensors, {})
    found, _ = read_tensors(tmp_path / "a")
    assert all(np.array_equal(found[name], tensors[name]) for name in tensors)


def test_others_read_the_file(tmp_path: Path) -> None:
    torch: Any = pytest.importorskip("torch")
    load: Any = pytest.importorskip("safetensors.torch").load_file
    write_tensors(tmp_path / "a", {"W": np.eye(2)}, {"format": "x"})
    assert torch.equal(load(tmp_path / "a")["W"], torch.eye(2, dtype=torch.float64))


def test_what_is_no_array_of_numbers(tmp_path: Path) -> None:
    for wrong in (np.array(["a"]), np.array([object()]), np.array([1j])):
        with pytest.raises(MeaningError, match="W is an array of"):
            write_tensors(tmp_path / "a", {"W": wrong}, {})
    with pytest.raises(MeaningError, match="metadata"):
        write_tensors(tmp_path / "a", {}, {"epoch": 3})  # type: ignore[dict-item]
    for name in ("__metadata__", "\ud800"):
        with pytest.raises(MeaningError, match="the name"):
            write_tensors(tmp_path / "a", {name: np.ones(1)}, {"k": "v"})
    assert not list(tmp_path.iterdir())


def test_a_file_cut_short_anywhere_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_tensors(path, {"W": np.eye(3), "b": np.ones(2)}, {"k": "v"})
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ReadingError, match="damaged or is no safetensors file"):
            read_tensors(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(ReadingError):
        read_tensors(path)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(data)
    with suppress(ReadingError):
        read_tensors(path)


def test_places_that_hold_no_file(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="no file"):
        read_tensors(tmp_path / "none")
    with pytest.raises(ReadingError, match="is a folder"):
        read_tensors(tmp_path)
    with pytest.raises(AskError, match="is a folder"):
        write_tensors(tmp_path, {}, {})
    with pytest.raises(AskError, match="no folder"):
        write_tensors(tmp_path / "none" / "a", {}, {})
    for name in ("a" * 300, "nul\0"):
        with pytest.raises(AskError):
            write_tensors(tmp_path / name, {}, {})
        with pytest.raises(ReadingError):
            read_tensors(tmp_path / name)


def test_a_file_that_is_read_only_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    write_whole(path, b"old")
    path.chmod(0o444)
    # Root may write anywhere, so the system's answer is given here.
    monkeypatch.setattr(files.os, "access", lambda place, mode: False)
    with pytest.raises(AskError, match="read-only"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    write_whole(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(AskError, match="No space left"):
        write_whole(path, b"new")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_permissions_stay_and_are_the_usual_ones(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"old")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "a").chmod(0o600)
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL")
@pytest.mark.parametrize("at", ["fsync", "replace"])
def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path: Path, at: str) -> None:
    path = tmp_path / "a"
    write_whole(path, b"old")
    script = f"""
        import os, signal
        from backhand.training import files
        files.os.{at} = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
        files.write_whole({str(path)!r}, b"new" * 100000)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
