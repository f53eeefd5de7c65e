"""Where a run stands, in a safetensors file: everything that the next step depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError, ReadingError
from backhand.training.kernel import Kernel
from backhand.training.tensors import read_tensors, write_tensors

KIND = "backhand training checkpoint"


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Losses of the epochs done, the place in the one under way, the best parameters so far."""

    history: tuple[float, ...]
    validation: tuple[float, ...]
    at: int
    partial: float
    best: Mapping[str, NDArray[Any]]
    best_loss: float
    waited: int
    seconds: float


def write_standing(
    path: Path, standing: Standing, kernel: Kernel, marks: Mapping[str, Any]
) -> None:
    """Write a checkpoint; the file is the old one or the new one, whatever happens.

    `marks`: what must be the same when the run goes on.
    """
    tensors = dict(kernel.changing)
    tensors |= {f"best/{name}": array for name, array in standing.best.items()}
    tensors["history"] = np.array(standing.history, float)
    tensors["validation"] = np.array(standing.validation, float)
    numbers = [standing.partial, standing.best_loss, standing.seconds]
    tensors["numbers"] = np.array(numbers, float)
    metadata = {
        "kind": KIND,
        "at": str(standing.at),
        "waited": str(standing.waited),
        "marks": json.dumps(_all_marks(kernel, marks)),
    }
    write_tensors(path, tensors, metadata)


def read_standing(path: Path, kernel: Kernel, marks: Mapping[str, Any]) -> Standing:
    """Put a checkpoint's arrays into the kernel and give back where the run stood.

    Raises `ReadingError` for a file that is damaged, `AskError` for one of another model, other
    data or other settings, naming the first difference. Nothing is changed then.
    """
    tensors, metadata = read_tensors(path)
    if metadata.get("kind") != KIND:
        raise AskError(f"{path} is no checkpoint of a training run", "leave resume out")
    try:
        return _standing(path, tensors, metadata, kernel, marks)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReadingError(f"{path} is damaged: {error}", "leave resume out") from error


def _standing(
    path: Path,
    tensors: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str],
    kernel: Kernel,
    marks: Mapping[str, Any],
) -> Standing:
    _check_shapes(path, tensors, kernel)
    there = json.loads(metadata["marks"])
    for name, here in _all_marks(kernel, marks).items():
        if there.get(name) != here:
            known = f"{name} {there.get(name)}, not {here}"
            said = f"other {name}" if name in ("equations", "data") else known
            raise AskError(f"{path} was made with {said}", _MEND)
    partial, best_loss, seconds = tensors["numbers"].tolist()
    found = Standing(
        tuple(tensors["history"].tolist()),
        tuple(tensors["validation"].tolist()),
        int(metadata["at"]),
        partial,
        {name: tensors[f"best/{name}"] for name in kernel.parameters},
        best_loss,
        int(metadata["waited"]),
        seconds,
    )
    changing = {name: tensors[name] for name in kernel.changing}
    for name, array in kernel.changing.items():
        array[...] = changing[name]
    return found


_MEND = "use the same model and settings, or another checkpoint file"


def _check_shapes(path: Path, tensors: Mapping[str, NDArray[Any]], kernel: Kernel) -> None:
    for name, array in kernel.parameters.items():
        stored = tensors.get(f"parameter/{name}")
        if stored is None:
            raise AskError(f"{path} has no {name}: it is of another model", _MEND)
        if stored.shape != array.shape:
            raise AskError(
                f"{name} has the shape {stored.shape} in {path}, here {array.shape}", _MEND
            )


def _all_marks(kernel: Kernel, marks: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the run, and those that are in the loop itself."""
    source = kernel.source
    # A float32 as it is written: 0.9 and not 0.8999999761581421.
    own = {name: float(str(kernel.settings[at])) for at, name in enumerate(source.settings)}
    return {
        "optimizer": source.optimizer,
        "dtype": source.plan.dtype,
        "batch_size": source.plan.batch_size,
        **marks,
        **own,
        "equations": hashlib.sha256(source.text.encode()).hexdigest(),
    }
