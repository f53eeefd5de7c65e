"""The teaching platforms a worksheet can be exported to, by the name that the command takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backhand.checking.variants import Variant
from backhand.publishing import canvas, gradescope, moodle, prairielearn
from backhand.publishing.packages import Package
from backhand.working import Worksheet


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform: its name for people, and what makes its files."""

    name: str
    export: Callable[[Worksheet, Sequence[Variant]], Package]


PLATFORMS: dict[str, Platform] = {
    "canvas": Platform("Canvas", canvas.export),
    "gradescope": Platform("Gradescope", gradescope.export),
    "moodle": Platform("Moodle with STACK", moodle.export),
    "prairielearn": Platform("PrairieLearn", prairielearn.export),
}
