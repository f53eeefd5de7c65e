"""Wheels for a machine without a network: made again from what is installed here, or given.

A distribution's RECORD lists its files with their hashes, so a wheel that is made of them holds what
the one that was installed held, but for scripts, which its entry points make anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import backhand
from backhand.errors import BackhandError
from backhand.publishing.zipping import zipped

OURS = "backhand"
_NOT_IN_A_WHEEL = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PURE = "Wheel-Version: 1.0\nGenerator: backhand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel: the distribution's name and version, its tags such as `cp311-cp311-manylinux…`."""

    name: str
    version: str
    tags: frozenset[str]
    content: bytes

    @property
    def file(self) -> str:
        """Its file name, the tags compressed as the packaging standard has them."""
        columns = zip(*(tag.split("-") for tag in self.tags), strict=True)
        tags = "-".join(".".join(sorted(set(column))) for column in columns)
        return f"{self.name.replace('-', '_')}-{self.version}-{tags}.whl"


def wheels(given: Path | None = None) -> tuple[Wheel, ...]:
    """The wheels of Backhand and of all that it needs, by name; those in the folder `given` as they are.

    Raises `BackhandError` where one is neither given nor can be made from what is installed.
    """
    there = _in_folder(given) if given is not None else {}
    found = [own()]
    for name in _needed():
        found += there.get(name, []) or [rebuilt(name)]
    return tuple(found)


def normal(name: str) -> str:
    """A distribution's name in its normal form.

    >>> normal("Markdown_It.Py")
    'markdown-it-py'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def _needed() -> list[str]:
    """Every distribution that Backhand needs, by way of others too.

    A requirement under a condition counts where it is installed: one too many does no harm.
    """
    found: dict[str, None] = {}
    waiting = [OURS]
    while waiting:
        for requirement in _installed(waiting.pop()).requires or ():
            wanted, _, condition = requirement.partition(";")
            match = _NAME.match(wanted.strip())
            if match is None or "extra" in condition or normal(match[0]) in found:
                continue
            name = normal(match[0])
            if not condition or _is_installed(name):
                found[name] = None
                waiting.append(name)
    return sorted(found)


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise BackhandError(
            f"the package {name} isn't installed here, so it can't be put into the autograder",
            f"pip install {name}",
        ) from None


def own() -> Wheel:
    """Backhand's own wheel, from the files of the package that runs, installed or in a checkout."""
    dist = _installed(OURS)
    root = Path(backhand.__file__).parent
    files = {
        f"{OURS}/{path.relative_to(root).as_posix()}": path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not _is_passing(path.relative_to(root))
    }
    info = f"{OURS}-{dist.version}.dist-info"
    for name in ("METADATA", "entry_points.txt", "licenses/LICENSE"):
        text = dist.read_text(name)
        if text is not None:
            files[f"{info}/{name}"] = text.encode()
    files[f"{info}/WHEEL"] = _PURE.encode()
    return Wheel(OURS, dist.version, frozenset({"py3-none-any"}), _packed(files, info))


def _is_passing(path: Path) -> bool:
    """Whether a file is left by an interpreter or an editor."""
    return "__pycache__" in path.parts or any(part.startswith(".") for part in path.parts)


def rebuilt(name: str) -> Wheel:
    """A wheel of an installed distribution.

    Raises `BackhandError` where its files aren't those that were installed, or aren't on record.
    """
    dist = _installed(name)
    form = dist.read_text("WHEEL")
    if form is None or dist.files is None or _is_editable(dist):
        raise BackhandError(
            f"the package {name} wasn't installed from a wheel, so none can be made of it",
            f"pip install --force-reinstall {name}, or download its wheel and name the folder",
        )
    files = dict(_recorded(dist, name))
    info = next(path.split("/")[0] for path in files if path.endswith(".dist-info/WHEEL"))
    tags = frozenset(line[5:].strip() for line in form.splitlines() if line.startswith("Tag: "))
    return Wheel(normal(name), dist.version, tags, _packed(files, info))


def _is_editable(dist: Distribution) -> bool:
    found = json.loads(dist.read_text("direct_url.json") or "{}")
    return bool(found.get("dir_info", {}).get("editable"))


def _recorded(dist: Distribution, name: str) -> Iterator[tuple[str, bytes]]:
    """A distribution's files with their contents, each as it was when it was installed."""
    for path in sorted(dist.files or (), key=str):
        passing = path.suffix == ".pyc" or ".." in path.parts or path.is_absolute()
        if passing or (path.parent.suffix == ".dist-info" and path.name in _NOT_IN_A_WHEEL):
            continue
        try:
            content = Path(str(path.locate())).read_bytes()
        except OSError:
            content = b""
        if path.hash is None or _hash(content, path.hash.mode) != path.hash.value:
            raise BackhandError(
                f"{path} of the package {name} isn't as it was installed",
                f"pip install --force-reinstall {name}",
            )
        yield path.as_posix(), content


def _hash(content: bytes, kind: str = "sha256") -> str:
    digest = hashlib.new(kind, content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _packed(files: Mapping[str, bytes], info: str) -> bytes:
    """The files and their RECORD as a wheel."""
    lines = [f"{_quoted(path)},sha256={_hash(c)},{len(c)}" for path, c in files.items()]
    record = "\n".join([*lines, f"{info}/RECORD,,", ""])
    return zipped({**files, f"{info}/RECORD": record.encode()})


def _quoted(path: str) -> str:
    return f'"{path}"' if "," in path else path


def _in_folder(folder: Path) -> dict[str, list[Wheel]]:
    """The wheels in a folder by the normal names of their distributions."""
    if not folder.is_dir():
        raise BackhandError(f"there is no folder {folder}", "name the folder with the wheels")
    found: dict[str, list[Wheel]] = {}
    for path in sorted(folder.glob("*.whl")):
        parts = path.stem.split("-")
        if len(parts) not in (5, 6) or not zipfile.is_zipfile(path):
            raise BackhandError(f"{path.name} is no wheel", "leave only whole wheels in the folder")
        tags = frozenset(
            f"{python}-{abi}-{platform}"
            for python in parts[-3].split(".")
            for abi in parts[-2].split(".")
            for platform in parts[-1].split(".")
        )
        wheel = Wheel(normal(parts[0]), parts[1], tags, path.read_bytes())
        found.setdefault(wheel.name, []).append(wheel)
    return found
