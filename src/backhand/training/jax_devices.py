"""Devices and hosts that share the points of a batch; every one of them has the parameters whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError
from backhand.training.jax_operations import Array, jax_module

AXIS = "points"


def initialise(address: str, processes: int, rank: int, *, seconds: int = 60) -> None:
    """Join the other hosts of a run: call it in each process, before anything else of JAX.

    `address`: `host:port` of process 0, which listens there; `rank`: this process's number, from 0.
    From then on `jax.devices()` are those of all hosts. A process waits `seconds` for the others;
    where they don't come JAX itself ends it with a message, which no program can catch.
    Raises `AskError` for an address, a count or a rank that makes no sense and where JAX is running
    already.

    >>> import pytest; _ = pytest.importorskip("jax")
    >>> initialise("host-0:5000", processes=2, rank=2)
    Traceback (most recent call last):
    backhand.errors.AskError: there is no process 2 of 2; ranks are 0 to 1
    """
    jax = jax_module()
    host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")  # type: ignore[reportUnnecessaryIsInstance]
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise AskError(f"{address!r} is no address", "write host:port, such as host-0:5000")
    for name, value, least in (
        ("processes", processes, 1),
        ("rank", rank, 0),
        ("seconds", seconds, 1),
    ):
        if not isinstance(value, int) or value < least:  # type: ignore[reportUnnecessaryIsInstance]
            raise AskError(f"{name} is {value!r}", f"give a whole number from {least}")
    if rank >= processes:
        raise AskError(
            f"there is no process {rank} of {processes}", f"ranks are 0 to {processes - 1}"
        )
    # Without it several hosts that have CPUs only couldn't add up; other devices don't look at it.
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(address, processes, rank, initialization_timeout=seconds)
    except RuntimeError as error:
        raise AskError(
            f"process {rank} can't join: {str(error).splitlines()[0].split('. ')[0]}",
            "call initialise once, before anything else of JAX, in every process",
        ) from None


@dataclass(frozen=True, slots=True)
class Devices:
    """Where arrays lie: `whole` on every device, or with an axis of points `split` among them."""

    count: int
    whole: Any
    split: Any

    def put(self, array: NDArray[Any], sharding: Any) -> Array:
        """An array on the devices; every process gives the same one, and keeps its part of it."""
        return jax_module().make_array_from_callback(array.shape, sharding, array.__getitem__)

    def padded(self, size: int) -> int:
        """The least multiple of the number of devices that is no less than `size`."""
        return -(-size // self.count) * self.count


def devices_for(devices: Sequence[Any] | None) -> Devices:
    """The given devices of JAX; by default its first, or with several processes all of all of them.

    Raises `AskError` for what isn't a list of devices, and where a process has no part in them.
    """
    jax = jax_module()
    chosen: list[Any] = jax.devices() if jax.process_count() > 1 else jax.devices()[:1]
    if isinstance(devices, Sequence):
        chosen = list(devices)
    elif devices is not None:  # type: ignore[reportUnnecessaryComparison]
        raise AskError(f"{devices!r} is no list of devices", "give devices=jax.devices()")
    if not all(isinstance(d, jax.Device) for d in chosen):
        raise AskError("devices= holds what is no device", "give devices=jax.devices()")
    if not chosen or len(set(chosen)) < len(chosen):
        raise AskError("devices= is empty, or has one twice", "give devices=jax.devices()")
    if {d.process_index for d in chosen} != set(range(jax.process_count())):
        raise AskError("a process has none of the devices", "give devices of every process")
    mesh = jax.sharding.Mesh(np.array(chosen, dtype=object), (AXIS,))
    named, spec = jax.sharding.NamedSharding, jax.sharding.PartitionSpec
    return Devices(len(chosen), named(mesh, spec()), named(mesh, spec(None, AXIS)))


def check_agreement(mark: int) -> None:
    """Raise `AskError` in every process where they hold different marks: they would wait for ever."""
    jax = jax_module()
    if jax.process_count() > 1:
        gather = import_module("jax.experimental.multihost_utils").process_allgather
        if len(set(np.asarray(gather(np.uint32(mark))).tolist())) > 1:
            raise AskError(
                "the processes were given different data or settings",
                "call it with the same arguments in every process",
            )
