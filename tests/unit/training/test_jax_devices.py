"""Several devices, and several processes, train to what one device trains to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backhand.errors import AskError
from backhand.training.jax_devices import initialise

if find_spec("jax") is None:
    pytest.skip("JAX isn't installed", allow_module_level=True)
PROCESS = Path(__file__).with_name("jax_process.py")
SOURCE = Path(__file__).parents[3] / "src"


def started(
    *arguments: object, devices: int = 1, dump: Path | None = None
) -> subprocess.Popen[str]:
    """A process with so many devices; `dump`: a folder for what is compiled in it."""
    flags = f"--xla_force_host_platform_device_count={devices}"
    flags += f" --xla_dump_to={dump}" if dump else ""
    own = {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, str(PROCESS), *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=os.environ | own, stdout=pipe, stderr=pipe, text=True)


def told(process: subprocess.Popen[str]) -> Any:
    """What a process printed last."""
    try:
        out, err = process.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


def together(*seeds: int) -> list[Any]:
    """What each of several processes prints, each with its own seed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    processes = [started(address, len(seeds), rank, seed) for rank, seed in enumerate(seeds)]
    try:
        return [told(process) for process in processes]
    finally:
        for process in processes:
            process.kill()


@pytest.fixture(scope="module")
def alone() -> Any:
    return told(started(1))


def agrees(found: Any, expected: Any) -> None:
    assert found["history"] == pytest.approx(expected["history"], rel=1e-5)
    for name, value in expected["parameters"].items():
        np.testing.assert_allclose(found["parameters"][name], value, rtol=0, atol=1e-5)


@pytest.mark.parametrize("count", [3, 4])
def test_devices_share_the_points_of_a_batch(alone: Any, count: int, tmp_path: Path) -> None:
    """Batches of 10, and of 3 at the end, on 3 and on 4 devices."""
    found = told(started(count, devices=4, dump=tmp_path))
    compiled = [path.read_text() for path in tmp_path.glob("*jit_*cpu_after_optimizations.txt")]
    assert any("all-reduce" in text for text in compiled)
    assert (alone["devices"], found["devices"]) == (1, 4)
    agrees(found, alone)


def test_two_processes_train_as_one(alone: Any) -> None:
    first, second = together(0, 0)
    assert first["devices"] == second["devices"] == 2
    assert first["parameters"] == second["parameters"]
    agrees(first, alone)


def test_processes_that_were_given_different_things_are_told() -> None:
    for found in together(0, 1):
        assert "the processes were given different data or settings" in found["error"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("nowhere", 2, 0), "'nowhere' is no address; write host:port"),
        (("host:99999", 2, 0), "is no address"),
        ((5, 2, 0), "5 is no address"),
        (("host:5000", 0, 0), "processes is 0"),
        (("host:5000", 2, -1), "rank is -1"),
        (("host:5000", 2, 2), "there is no process 2 of 2; ranks are 0 to 1"),
    ],
)
def test_processes_that_make_no_sense(arguments: Any, text: str) -> None:
    with pytest.raises(AskError, match=text):
        initialise(*arguments)


def test_a_running_jax_cannot_join() -> None:
    import jax

    assert jax.devices()
    with pytest.raises(
        AskError, match=r"process 0 can't join: .*must be called before any JAX calls"
    ):
        initialise("127.0.0.1:5000", 1, 0)
