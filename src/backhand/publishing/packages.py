"""What an export to a teaching platform is: its files, and what was lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """How one part of a worksheet is expressed on a platform, and what the platform can't express."""

    part: str
    how: str
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """The files of an export by their relative paths, and its report in order of the page."""

    files: Mapping[str, bytes]
    report: tuple[Told, ...]
