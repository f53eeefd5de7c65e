"""Emitted functions, compiled by Numba and kept on disk, so that the next process starts at once.

The file in the cache is there to be read and to carry Numba's own record; what runs is always the
text that was just emitted, never what lies on the disk.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

FAST = {"reassoc", "contract", "arcp", "nsz", "afn"}
"""Sums may be reordered, so that they run in vectors; NaN and infinity stay what they are."""


def cache_folder() -> Path:
    """Where compiled loops are kept: BACKHAND_CACHE, else the user's own folder for caches."""
    if chosen := os.environ.get("BACKHAND_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "backhand" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "backhand"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "backhand"


@lru_cache(maxsize=256)
def compiled(text: str, name: str = "steps") -> Callable[..., Any]:
    """The function `name` of an emitted module, compiled at its first call.

    Without a folder that can be written to, it is compiled in memory only. Raises `ImportError`
    where Numba isn't installed.
    """
    numba: Any = import_module("numba")
    path = _written(text)
    module = ModuleType(f"backhand_loop_{_mark(text)}")
    # What Numba finds on the disk looks for its module by name.
    sys.modules[module.__name__] = module
    exec(compile(text, str(path or "<backhand loop>"), "exec"), module.__dict__)
    options = {"fastmath": FAST, "error_model": "numpy", "nogil": True}
    return numba.njit(**options, cache=path is not None)(getattr(module, name))


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _written(text: str) -> Path | None:
    """The file that holds exactly this text, or None where none can be written."""
    folder = cache_folder() / "loops"
    path = folder / f"{_mark(text)}.py"
    try:
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return path
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError:
        return None
    return path
