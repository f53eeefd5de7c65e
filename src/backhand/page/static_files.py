"""The front end's files, read once: what isn't among them can't be asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

KINDS: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
"""The media types of the files that are served; others aren't."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file with its media type, and a mark of its content for a browser that has it already."""

    kind: str
    content: bytes
    mark: str


def static_files() -> dict[str, StaticFile]:
    """Every file by its path from the root, `index.html` also as `/`; none where none were built."""
    found = dict(_walked(files("backhand.page").joinpath("static"), "/"))
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    return found


def _walked(folder: Traversable, path: str) -> Iterator[tuple[str, StaticFile]]:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walked(entry, f"{path}{entry.name}/")
            continue
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in KINDS:
            content = entry.read_bytes()
            mark = f'"{sha256(content).hexdigest()[:16]}"'
            yield f"{path}{entry.name}", StaticFile(KINDS[suffix], content, mark)
