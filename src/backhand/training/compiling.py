"""Emitted functions, compiled by Numba and kept on disk, so that the next process starts at once.

The file in the cache is there to be read and to carry Numba's own record; what runs is always the
text that was just emitted, never what lies on the disk.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from types import ModuleType
from typing import Any

from backhand.errors import AskError, BackhandError
from backhand.training import blas, exponential

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


class Loop:
    """An emitted function, compiled at its first call; what Numba keeps on the disk is only a help.

    A record that is damaged, can't be written or vanishes costs another compilation, never the run.
    """

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.path = _written(text)
        if self.path is not None:
            _discard_damaged(self.path)
        self._function: Any = None
        self._known = 0

    def __call__(self, *args: Any) -> Any:
        """The function's own result."""
        try:
            if self._function is None:
                self._function = self._translated(self.path)
            found = self._function(*args)
        except BackhandError:
            raise
        except Exception:
            # The emitted code itself raises nothing, so nothing has run yet.
            if self.path is None:
                raise
            self.path, self._function = None, self._translated(None)
            return self._function(*args)
        if self.path is not None and len(self._function.signatures) > self._known:
            self._known = len(self._function.signatures)
            _seal(self.path)
        return found

    def _translated(self, path: Path | None) -> Any:
        """The function in Numba's hands, kept on the disk beside `path`."""
        numba = _numba()
        module = ModuleType(f"backhand_loop_{_mark(self.text)}")
        # What Numba finds on the disk looks for its module by name.
        sys.modules[module.__name__] = module
        exec(compile(self.text, str(path or "<backhand loop>"), "exec"), module.__dict__)
        if "gemm" in vars(module):  # It takes SciPy's time to be imported.
            blas.register()
        if "exp" in vars(module):
            exponential.register()
        options = {"fastmath": FAST, "error_model": "numpy", "nogil": True}
        return numba.njit(**options, cache=path is not None)(getattr(module, self.name))


@lru_cache(maxsize=256)
def compiled(text: str, name: str = "steps") -> Loop:
    """The function `name` of an emitted module, compiled at its first call.

    Without a folder that can be written to, it is compiled in memory only. Its first call raises
    `AskError` where Numba isn't installed.
    """
    return Loop(text, name)


def _numba() -> Any:
    try:
        return import_module("numba")
    except ImportError:
        raise AskError(
            "training needs the package numba", 'pip install "backhand[train]"'
        ) from None


def _mark(text: str) -> str:
    """A name for the text; another for another meaning of what it calls."""
    return hashlib.sha256(_meanings() + text.encode()).hexdigest()[:24]


@lru_cache(maxsize=1)
def _meanings() -> bytes:
    return b"".join(inspect.getsource(module).encode() for module in (blas, exponential))


def _written(text: str) -> Path | None:
    """The file that holds exactly this text, or None where none can be written."""
    try:
        path = cache_folder() / "loops" / f"{_mark(text)}.py"
        if path.is_file() and path.read_bytes() == text.encode():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{token_hex(6)}.part")
        part.write_bytes(text.encode())
        os.replace(part, path)
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder.
        return None
    return path


# ---- Numba's record on the disk ----------------------------------------------------------------


def _record(path: Path) -> list[Path]:
    return sorted((path.parent / "__pycache__").glob(f"{path.stem}.*.nb[ci]"))


def _checksum(path: Path) -> str:
    found = hashlib.sha256()
    for each in _record(path):
        found.update(each.name.encode() + each.read_bytes())
    return found.hexdigest()


def _seal(path: Path) -> None:
    """Leave the checksum of Numba's record: machine code with a wrong bit would end the process."""
    with suppress(OSError):
        path.with_suffix(".sum").write_text(_checksum(path), encoding="ascii")


def _discard_damaged(path: Path) -> None:
    """Remove Numba's record where it isn't the one that was sealed."""
    with suppress(OSError):
        seal = path.with_suffix(".sum")
        if seal.is_file() and seal.read_bytes() == _checksum(path).encode():
            return
        for each in _record(path):
            each.unlink(missing_ok=True)
