"""Checkpoints: to the same bits after any end, and nothing but clear errors from a wrong file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.training.emitted import interpreted

from backhand import network
from backhand.errors import AskError, BackhandError, ReadingError
from backhand.training import checkpoints, run
from backhand.training.fit import Fit, fit
from backhand.training.tensors import read_tensors, write_tensors
from backhand.values import floats

GRAPH = network("3 -> 4 tanh -> 1", seed=3)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
Y = np.sin(X[:, 0]) - X[:, 1]
HELD = X[:7], Y[:7] + 1


@pytest.fixture(autouse=True)
def plain() -> Iterator[None]:
    """Loops run without Numba."""
    with interpreted():
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


def trained(**options: Any) -> Fit:
    usual: dict[str, Any] = {"epochs": 6, "learning_rate": 0.02, "optimizer": "adam"}
    return fit(GRAPH, X, Y, **{**usual, "batch_size": 4, **options})


def same(one: Fit, other: Fit) -> bool:
    """Equal to the bit."""
    pairs = [(one.parameters[name], other.parameters[name]) for name in one.parameters]
    curves = (one.history, one.validation) == (other.history, other.validation)
    return curves and all(np.array_equal(a, b) for a, b in pairs)


class StoppedError(Exception):
    """What a failing program would end with."""


@pytest.mark.parametrize("calls", [1, 3, 4, 10])
@pytest.mark.parametrize(
    "options", [{}, {"schedule": "cosine"}, {"validation": HELD}, {"dtype": "float64", "l1": 0.01}]
)
def test_a_run_goes_on_as_if_it_had_never_stopped(
    calls: int, options: dict[str, Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = trained(**options)
    monkeypatch.setattr(run, "CALL_POINTS", 12)
    monkeypatch.setattr(run, "CHECKPOINT_SECONDS", 0)
    seen: list[Any] = []

    def stop(progress: Any) -> None:
        seen.append(progress)
        if len(seen) > calls:
            raise StoppedError

    with pytest.raises(StoppedError):
        trained(**options, checkpoint=file, progress=stop)
    found = trained(**options, checkpoint=file, resume=True)
    assert same(found, expected)
    assert found.steps == expected.steps


def test_more_epochs_go_on_from_the_end(file: Path) -> None:
    trained(epochs=3, checkpoint=file)
    assert same(trained(epochs=6, checkpoint=file, resume=True), trained(epochs=6))
    done = file.read_bytes()
    again = trained(epochs=6, checkpoint=file, resume=True)
    assert same(again, trained(epochs=6))
    assert len(file.read_bytes()) == len(done)


def test_a_run_that_ended_early_stays_ended(file: Path) -> None:
    options: dict[str, Any] = {"validation": HELD, "patience": 2, "epochs": 200, "tolerance": 1e9}
    ended = trained(**options, checkpoint=file)
    assert ended.ended == "early"
    again = trained(**options, checkpoint=file, resume=True)
    assert again.ended == "early"
    assert same(again, ended)


def test_without_a_file_resuming_starts(file: Path) -> None:
    assert same(trained(checkpoint=file, resume=True), trained())
    assert file.exists()


# ---- killed ------------------------------------------------------------------------------------

SCRIPT = """
import os, signal, sys
from tests.unit.training import test_checkpoints as t
from backhand.training import files, run

run.CHECKPOINT_SECONDS, run.CALL_POINTS = 0, 12
left, usual = [int(sys.argv[2])], os.replace

def replace(*names):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    usual(*names)

files.os.replace = replace
with t.interpreted():
    t.trained(checkpoint=sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_while_it_writes(file: Path) -> None:
    """The third writing is never done; the file is that of the second."""
    found = subprocess.run([sys.executable, "-c", SCRIPT, str(file), "3"], timeout=120, check=False)
    assert found.returncode == -signal.SIGKILL
    _, metadata = read_tensors(file)
    assert metadata["at"] == "12"
    assert same(trained(checkpoint=file, resume=True), trained())


# ---- wrong files -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"learning_rate": 0.03}, r"learning_rate 0.02, not 0.03"),
        ({"optimizer": "sgd"}, "optimizer adam, not sgd"),
        ({"batch_size": 5}, "batch_size 4, not 5"),
        ({"dtype": "float64"}, "dtype float32, not float64"),
        ({"seed": 1}, "seed 0, not 1"),
        ({"shuffle": False}, "seed 0, not None"),
        ({"schedule": "linear"}, "schedule constant, not linear"),
        ({"settings": {"beta_1": 0.8}}, "beta_1 0.9, not 0.8"),
        ({"l2": 0.1}, "l2 None, not 0.1|other equations"),
    ],
)
def test_other_settings_are_named(options: dict[str, Any], said: str, file: Path) -> None:
    trained(checkpoint=file)
    before = file.read_bytes()
    with pytest.raises(AskError, match=said):
        trained(**options, checkpoint=file, resume=True)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "loss", "said"),
    [
        ("3 -> 5 tanh -> 1", "squared_error", "W_1 has the shape"),
        ("3 -> 4 tanh -> 1 tanh -> 1", "squared_error", "has no W_3"),
        ("3 -> 4 relu -> 1", "squared_error", "other equations"),
        ("3 -> 4 tanh -> 1", "absolute_error", "other equations"),
    ],
)
def test_another_model_is_named(text: str, loss: str, said: str, file: Path) -> None:
    trained(checkpoint=file)
    before = file.read_bytes()
    graph = network(text, loss=loss, seed=1)
    kept = {q.name: floats(q.value).copy() for q in graph.parameters}  # type: ignore[arg-type]
    with pytest.raises(AskError, match=said):
        fit(graph, X, Y, epochs=6, learning_rate=0.02, optimizer="adam", batch_size=4,
            checkpoint=file, resume=True)  # fmt: skip
    assert file.read_bytes() == before
    for name, value in kept.items():
        assert np.array_equal(floats(graph[name].value), value)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_truncated_file(share: float, file: Path) -> None:
    trained(checkpoint=file)
    cut = file.read_bytes()[: int(share * file.stat().st_size)]
    file.write_bytes(cut)
    with pytest.raises(BackhandError, match="safetensors"):
        trained(checkpoint=file, resume=True)
    assert file.read_bytes() == cut


@pytest.mark.parametrize("content", [b"not a checkpoint", b"\x00" * 100, b"\xff" * 64])
def test_a_file_of_something_else(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(BackhandError):
        trained(checkpoint=file, resume=True)
    assert file.read_bytes() == content


def test_parameters_are_no_checkpoint(file: Path) -> None:
    write_tensors(file, {"W_1": np.zeros(3)}, {})
    with pytest.raises(AskError, match="no checkpoint"):
        trained(checkpoint=file, resume=True)


@pytest.mark.parametrize("gone", ["state/m of W_1", "best/W_2", "numbers", "history", "runs/"])
def test_a_checkpoint_with_something_missing(gone: str, file: Path) -> None:
    trained(checkpoint=file)
    tensors, metadata = read_tensors(file)
    write_tensors(file, {n: a for n, a in tensors.items() if n != gone}, metadata)
    with pytest.raises(ReadingError, match="damaged"):
        trained(checkpoint=file, resume=True)


@pytest.mark.parametrize(
    "change", [{"at": "x"}, {"marks": "{"}, {"marks": "[]"}, {"marks": json.dumps({})}]
)
def test_a_checkpoint_with_nonsense_in_it(change: dict[str, str], file: Path) -> None:
    trained(checkpoint=file)
    tensors, metadata = read_tensors(file)
    write_tensors(file, tensors, {**metadata, **change})
    with pytest.raises(BackhandError):
        trained(checkpoint=file, resume=True)


def test_a_place_that_cannot_be_written_to_shows_before_the_training(tmp_path: Path) -> None:
    seen: list[Any] = []
    for place in (tmp_path, tmp_path / "none" / "run.safetensors"):
        with pytest.raises(BackhandError):
            trained(checkpoint=place, progress=seen.append)
    assert not seen
    assert os.listdir(tmp_path) == []


def test_a_checkpoint_holds_every_changing_array(file: Path) -> None:
    trained(checkpoint=file)
    tensors, metadata = read_tensors(file)
    assert metadata["kind"] == checkpoints.KIND
    kinds = {name.split("/")[0] for name in tensors}
    assert kinds == {"parameter", "state", "runs", "best", "history", "validation", "numbers"}


def test_other_data_of_the_same_size_is_noticed(file: Path) -> None:
    trained(epochs=1, checkpoint=file)
    before = file.read_bytes()
    with pytest.raises(AskError, match="other data"):
        fit(GRAPH, X + 1, Y, epochs=6, learning_rate=0.02, optimizer="adam", batch_size=4,
            checkpoint=file, resume=True)  # fmt: skip
    assert file.read_bytes() == before
