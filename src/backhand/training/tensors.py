"""Named arrays in a safetensors file: numbers and text only, so that reading one runs nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError, MeaningError, ReadingError
from backhand.training.files import read_whole, write_whole

KINDS = (
    *("float16", "float32", "float64", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
"""The kinds of numbers that a file keeps exactly."""


def write_tensors(
    path: str | PathLike[str],
    tensors: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str],
) -> None:
    """Write arrays of any shapes under their names, with some text; the file is whole or not there.

    Every array comes back with its own shape, kind and bits, NaN and infinities too. Raises
    `MeaningError` for an array that isn't of numbers, `AskError` where the path can't be written.
    """
    stored = {name: _plain(name, tensor) for name, tensor in tensors.items()}
    for key, value in metadata.items():
        if not isinstance(key, str) or not isinstance(value, str):  # type: ignore[reportUnnecessaryIsInstance]
            raise MeaningError(f"the metadata {key!r} is no text", "give str(...) of it")
    try:
        # With no array and an empty dict safetensors writes what it can't read.
        data: bytes = _package("safetensors.numpy").save(stored, dict(metadata) or None)
    except UnicodeEncodeError as error:
        raise MeaningError(f"the name {error.object!r} is no text", "choose another") from None
    write_whole(path, data)


def read_tensors(
    path: str | PathLike[str],
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The arrays of a safetensors file by name, and its text.

    Raises `ReadingError` where the file isn't there, is cut short or is no safetensors file.
    """
    numpy = _package("safetensors.numpy")
    damage = _package("safetensors").SafetensorError
    data = read_whole(path, ReadingError)
    try:
        tensors: dict[str, NDArray[Any]] = numpy.load(data)
        metadata = _metadata(data)
    except (damage, ValueError, KeyError, TypeError) as error:
        raise ReadingError(
            f"{path} is damaged or is no safetensors file: {error}", "write it again"
        ) from error
    return tensors, metadata


def _plain(name: str, tensor: NDArray[Any]) -> NDArray[Any]:
    """An array as the file holds it: rows first, low byte first, without gaps."""
    array = np.asarray(tensor)
    if name == "__metadata__":
        raise MeaningError(f"the name {name} is the file format's own", "choose another")
    if array.dtype.name not in KINDS:
        raise MeaningError(
            f"{name} is an array of {array.dtype}", f"a file holds {', '.join(KINDS)}"
        )
    return array.astype(array.dtype.newbyteorder("<"), order="C")


def _metadata(data: bytes) -> dict[str, str]:
    """The text in a file's header: 8 bytes say how long it is, and it is JSON."""
    length = int.from_bytes(data[:8], "little")
    found: dict[str, str] = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    return found


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise AskError(
            "writing and reading parameters needs the package safetensors",
            "pip install safetensors",
        ) from None
