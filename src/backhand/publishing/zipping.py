"""Files in one zip archive, the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The one date of every file: when an archive was made is no part of it."""
LEVEL = 1
"""A third of the time of the usual 6, for 15% more bytes of a wheel with compiled code."""
PACKED = (".whl", ".zip", ".png")
"""Files that don't get smaller a second time."""


def zipped(files: Mapping[str, bytes], programs: Collection[str] = ()) -> bytes:
    """An archive of the files by their paths, in that order; `programs` may be run.

    >>> zipped({"a": b"x"}) == zipped({"a": b"x"})
    True
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.create_system = 3  # Unix, on whatever system this runs: else rights are lost
            entry.external_attr = (0o100755 if name in programs else 0o100644) << 16
            stored = name.endswith(PACKED)
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=LEVEL)
    return out.getvalue()
