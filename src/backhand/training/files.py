"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from secrets import token_hex

from backhand.errors import AskError, BackhandError


@contextmanager
def in_place_of(path: Path) -> Generator[Path]:
    """A name beside `path` for a file that takes its place when all of it is written, or goes."""
    refuse(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        if error.filename in (None, str(part)):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_whole(path: str | PathLike[str], data: bytes) -> None:
    """Put `data` into the file `path`; whatever happens, the file is the old one or the new one.

    The bytes go to a file beside it, reach the disk, and only then take its name. Raises `AskError`
    where the path is a folder, its folder is missing, or nothing may be written there.
    """
    try:
        # A link is followed, so that the file it names is replaced and not the link.
        place = Path(os.path.realpath(path))
        refuse(path)
        _replace(place, data)
    except (OSError, ValueError) as error:
        raise AskError(
            f"{path} can't be written: {_reason(error)}", "choose another place"
        ) from error
    _settle(place.parent)


def refuse(path: str | PathLike[str]) -> None:
    """Raise `AskError` for a place that can't take a file."""
    place = Path(os.path.realpath(path))
    if place.is_dir():
        raise AskError(f"{path} is a folder", "name a file in it")
    if not place.parent.is_dir():
        raise AskError(f"there is no folder {Path(path).parent}", "make it first")
    if place.exists() and not os.access(place, os.W_OK):
        raise AskError(f"{path} is read-only", "choose another name, or allow writing to it")


def _replace(place: Path, data: bytes) -> None:
    beside = place.with_name(f".{token_hex(6)}.part")
    try:
        _write(beside, data)
        if place.exists():
            beside.chmod(stat.S_IMODE(place.stat().st_mode))
        os.replace(beside, place)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _write(place: Path, data: bytes) -> None:
    with open(place, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_whole(path: str | PathLike[str], failure: type[BackhandError]) -> bytes:
    """The bytes of a file. Raises `failure` where it isn't there, is a folder or can't be read."""
    place = Path(path)
    try:
        if place.is_dir():
            raise failure(f"{path} is a folder", "name a file in it")
        return place.read_bytes()
    except FileNotFoundError:
        raise failure(f"there is no file {path}", "check its name") from None
    except (OSError, ValueError) as error:
        raise failure(f"{path} can't be read: {_reason(error)}") from error


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
