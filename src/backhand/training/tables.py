"""A file of numbers as a `Table`: CSV, Parquet, Arrow and Feather, NumPy's .npy and .npz.

The kind of file is told by its first bytes, not by its name; the readers, one file for each family,
stand beside this one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from backhand.errors import BackhandError, DataError
from backhand.training.arrow_table import read_arrow, read_parquet, read_stream
from backhand.training.csv_table import read_csv
from backhand.training.numpy_table import read_npy, read_npz
from backhand.training.table import Table

__all__ = ["Table", "read_table"]

Reader: TypeAlias = Callable[[Path, str | int | None], Table]
PRINTED = frozenset(b"\t\n\r" + bytes(range(32, 127)))
READERS: tuple[tuple[bytes, Reader], ...] = (
    (b"PAR1", read_parquet),
    (b"ARROW1", read_arrow),
    (b"\xff\xff\xff\xff", read_stream),
    (b"\x93NUMPY", read_npy),
    (b"PK\x03\x04", read_npz),
    (b"PK\x05\x06", read_npz),
)
"""First bytes and the reader; all else is text."""
AS_CSV = "save the table as CSV"
AS_UTF8 = "save the file as UTF-8"
UNPACK = "unpack it first"
REFUSED = (
    (b"\xff\xfe", "is text in UTF-16", AS_UTF8),
    (b"\xfe\xff", "is text in UTF-16", AS_UTF8),
    (b"\x1f\x8b", "is compressed with gzip", UNPACK),
    (b"BZh", "is compressed with bzip2", UNPACK),
    (b"\xfd7zXZ", "is compressed with xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", UNPACK),
    (b"\xd0\xcf\x11\xe0", "is an old spreadsheet", AS_CSV),
    (b"\x89HDF", "is an HDF5 file", AS_CSV),
    (b"SQLite format 3", "is a database", AS_CSV),
    (b"FEA1", "is a Feather file of version 1", "save it as version 2, or as Parquet"),
    (b"PARE", "is an encrypted Parquet file", "save it without encryption"),
    (b"\x80", "is a pickle, and reading that could run code", "save the numbers with np.save"),
    (b"%PDF", "is a PDF", AS_CSV),
)
"""First bytes of what isn't read, what it is, and what to do about it."""


def read_table(path: str | os.PathLike[str], target: str | int | None = None) -> Table:
    """A file as a table of features and a target.

    CSV (separated by commas, semicolons, tabs or blanks; with a header or without), Parquet, Arrow,
    Feather, .npy and .npz. `target`: the name of the target's column or its number from 1; the last
    column otherwise. A target of text becomes classes. An .npy file is memory-mapped, and so are
    the numbers of another file that are over `intake.MAX_IN_MEMORY` bytes, in a temporary file.
    Raises `DataError` naming file, row and column of what can't be used.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "points.csv")
    ...     _ = path.write_text("age,height,sport\\n12,1.52,chess\\n14,1.8,rowing\\n")
    ...     table = read_table(path)
    >>> table.features.tolist(), table.columns
    ([[12.0, 1.52], [14.0, 1.8]], ('age', 'height'))
    >>> table.target.tolist(), table.name, table.labels
    ([0, 1], 'sport', ('chess', 'rowing'))
    """
    try:
        place = Path(path)
        start = _start(place)
        if not start:
            raise DataError("the file is empty", "give a row for each data point")
        return _reader(start)(place, target)
    except BackhandError as error:
        raise type(error)(f"{path}: {error.what}", error.mend) from error
    except (OSError, ValueError, MemoryError) as error:
        said = (isinstance(error, OSError) and error.strerror) or str(error) or "out of memory"
        raise DataError(f"{path} can't be read: {said}", "check the file") from error


def _reader(start: bytes) -> Reader:
    # The header of a text may begin with PAR1; no other kind of file goes on with letters alone.
    if all(byte in PRINTED for byte in start):
        return read_csv
    for first, what, mend in REFUSED:
        if start.startswith(first):
            raise DataError(f"the file {what}", mend)
    for first, reader in READERS:
        if start.startswith(first):
            return reader
    if b"\0" in start:
        raise DataError("the file is no text, nor a table that I know", AS_CSV)
    return read_csv


def _start(place: Path) -> bytes:
    """The first bytes of a file that is there."""
    if not place.exists():
        raise DataError("there is no such file", "check its name")
    if place.is_dir():
        raise DataError("this is a folder", "name a file in it")
    if not place.is_file():
        raise DataError("this is no ordinary file", "save the table in one")
    with place.open("rb") as file:
        return file.read(64)
