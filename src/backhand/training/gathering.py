"""Rows that arrive block by block as the arrays of one `Table`: in memory, or on the disk if too many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError
from backhand.training import intake
from backhand.training.labels import MAX_CLASSES
from backhand.training.table import Table, column_name, without


class Classes:
    """The classes of a text target, each with a number in the order in which they are met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, label: str) -> int:
        """The number of a label. Raises `DataError` where there are too many to be classes."""
        found = self._numbers.setdefault(label, len(self._numbers))
        if found >= MAX_CLASSES:
            raise DataError(
                f"the target has over {MAX_CLASSES} different texts", "choose a target of classes"
            )
        return found

    def sorted(self, numbers: NDArray[Any]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
        """The numbers as places in the labels' sorted order, and the labels in that order."""
        labels = tuple(sorted(self._numbers))
        place = np.empty(len(labels), np.intp)
        place[[self._numbers[label] for label in labels]] = np.arange(len(labels))
        return place[numbers.astype(np.intp)], labels


def gathered(
    blocks: Iterable[tuple[NDArray[Any], NDArray[Any]]],
    columns: Sequence[str],
    at: int,
    classes: Classes | None = None,
) -> Table:
    """The table of all blocks, each features (n, m) and targets (n,); memory-mapped if it is large.

    `columns`: all names or (); `at`: which of them is the target, from 0. `classes`: gave the
    targets their numbers. Raises `DataError` where there are no rows, or no room on the disk.

    >>> gathered([(np.ones((2, 1)), np.zeros(2)), (np.ones((1, 1)), np.zeros(1))], ["a", "b"], 1).features
    array([[1.],
           [1.],
           [1.]])
    """
    features, targets = _Rows(), _Rows()
    try:
        for block, target in blocks:
            features.add(block)
            targets.add(target)
        if not features.count:
            raise DataError("there are no rows", "give at least one data point")
        array, target = features.array(), targets.array()
    finally:
        features.close()
        targets.close()
    labels = None
    if classes is not None:
        target, labels = classes.sorted(target)
    return Table(array, target, without(at, columns), column_name(at, columns), labels)


class _Rows:
    """Blocks of rows one after the other, in a list until they would fill the memory, then in a file.

    The file has no name: its room is free again when the array that maps it is gone.
    """

    def __init__(self) -> None:
        self.count = self._bytes = 0
        self._blocks: list[NDArray[Any]] = []
        self._file: BinaryIO | None = None
        self._like = np.empty(0)

    def add(self, block: NDArray[Any]) -> None:
        """Rows after those that are there, of the same width and kind of number."""
        self.count += len(block)
        self._bytes += block.nbytes
        self._like = block
        self._blocks.append(block)
        if self._bytes > intake.MAX_IN_MEMORY or self._file is not None:
            self._spill()

    def _spill(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
            for block in self._blocks:
                self._file.write(np.ascontiguousarray(block).data)
            self._file.flush()
        except OSError as error:
            raise DataError(
                f"{self._bytes} bytes of numbers have no room in {tempfile.gettempdir()}: "
                f"{error.strerror}",
                "set TMPDIR to a folder with more room",
            ) from error
        self._blocks.clear()

    def array(self) -> NDArray[Any]:
        """All rows."""
        if self._file is None:
            return np.concatenate(self._blocks)
        shape = (self.count, *self._like.shape[1:])
        return np.memmap(self._file, self._like.dtype, "r", shape=shape)

    def close(self) -> None:
        """Leave the file to the array that maps it."""
        if self._file is not None:
            self._file.close()
