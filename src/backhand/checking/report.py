"""What a check of gradients found, as data and as text 80 columns wide."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from textwrap import fill
from typing import Literal, TypeAlias

from backhand.checking.operations import Operation
from backhand.checking.slopes import Verdict

Kind: TypeAlias = Literal["wrong backward", "overwritten", "non-finite", "cut", "given"]
WIDTH = 80
_MARKS = {"right": "ok", "kink": "kink", "wrong": "WRONG", "unknown": "?"}
"""`?`: no finite difference there is finite."""


@dataclass(frozen=True, slots=True)
class GradientRow:
    """One parameter: its gradient's norm, and its worst entry three ways.

    `entry` counts from 0, as PyTorch does. `formula` is None where Backhand doesn't read the
    model, `framework` where autograd gives none. `error` is the largest difference between any two
    of the three over all the entries compared: all of them for the formula, `sampled` of them
    for finite differences.
    """

    name: str
    shape: tuple[int, ...]
    norm: float
    entry: tuple[int, ...]
    formula: float | None
    framework: float | None
    difference: float
    error: float
    sampled: int
    verdict: Verdict

    @property
    def ok(self) -> bool:
        """Whether the finite differences confirm the framework's gradient."""
        return self.verdict in ("right", "kink")

    @property
    def misread(self) -> bool:
        """Whether it is the formula that is off: the other two agree."""
        if self.formula is None or self.verdict != "right":
            return False
        return abs(self.formula - (self.framework or 0.0)) > 1e-4 * max(1e-4, self.norm)


@dataclass(frozen=True, slots=True)
class Finding:
    """What goes wrong at an operation, and why that is so; no operation where it was given so."""

    kind: Kind
    operation: Operation | None
    reason: str

    def __str__(self) -> str:
        if self.operation is None:
            return self.reason
        return f"{self.operation}: {self.reason}"


@dataclass(frozen=True, slots=True)
class GradientReport:
    """What `check_gradients` found; `str()` gives it as a table of 80 columns.

    `first_wrong` is the first operation, in forward order, at which something goes wrong.
    `unread` says why there is no formula, where there is none.
    """

    loss: float
    rows: tuple[GradientRow, ...]
    first_wrong: Finding | None
    notes: tuple[str, ...] = ()
    unread: str = ""

    @property
    def ok(self) -> bool:
        """Whether every gradient agrees and no operation is wrong."""
        return self.first_wrong is None and all(row.ok for row in self.rows)

    def __str__(self) -> str:
        return _table(self)


def _table(report: GradientReport) -> str:
    """The rows, what goes wrong first, and the notes."""
    entries = ["entry", *(_entry(row) for row in report.rows)]
    wide = max(map(len, entries))
    rows = [
        _row("parameter", "norm", entries[0], "formula", "PyTorch", "difference", "error", "", wide)
    ]
    rows += [_line(row, wide) for row in report.rows]
    sampled = sum(row.sampled for row in report.rows)
    total = sum(prod(row.shape) for row in report.rows)
    notes = [
        f"Each parameter at the entry where the three are furthest apart. Central differences "
        f"at {sampled} of {total} entries, and along a random direction through each parameter."
    ]
    misread = ", ".join(row.name for row in report.rows if row.misread)
    if misread:
        notes.append(f"The formula is off at {misread}: this module isn't read as it runs.")
    unused = ", ".join(row.name for row in report.rows if row.framework is None and row.ok)
    if unused:
        notes.append(f"PyTorch gives no gradient by {unused}: the loss doesn't depend on it.")
    if report.unread:
        notes.append(f"No formula: {report.unread}.")
    parts = [f"Gradients of the loss {report.loss:.6g}, in float64", "", *rows, ""]
    parts += _verdict(report)
    return "\n".join([*parts, "", *(_wrapped(note) for note in (*notes, *report.notes))])


def _verdict(report: GradientReport) -> list[str]:
    if report.first_wrong is not None:
        return _finding(report.first_wrong)
    if report.ok:
        return ["Nothing is wrong."]
    names = ", ".join(row.name for row in report.rows if not row.ok)
    return [_wrapped(f"The gradient by {names} is not confirmed; no single operation shows why.")]


def _finding(finding: Finding) -> list[str]:
    operation = finding.operation
    if operation is None:
        return [_wrapped(f"First wrong: {finding.reason}")]
    lines = [_wrapped(f"First wrong, in forward order: {operation}")]
    if operation.source:
        lines.append(f"    {operation.source.text}"[:WIDTH])
    return [*lines, _wrapped(finding.reason)]


def _wrapped(text: str) -> str:
    return fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _line(row: GradientRow, wide: int) -> str:
    return _row(
        row.name,
        f"{row.norm:.3g}",
        _entry(row),
        _number(row.formula),
        _number(row.framework),
        _number(row.difference),
        f"{row.error:.0e}",
        _MARKS[row.verdict],
        wide,
    )


def _row(
    name: str,
    norm: str,
    entry: str,
    formula: str,
    framework: str,
    difference: str,
    error: str,
    mark: str,
    wide: int,
) -> str:
    """One line; a long name loses its beginning, which the lines near it have too."""
    left = WIDTH - wide - 58
    if len(name) > left:
        name = "…" + name[-max(left - 1, 1) :]
    numbers = f"{formula:>11}{framework:>11}{difference:>11}{error:>8}"
    return f"{name:<{left}} {norm:>9} {entry:<{wide}}{numbers} {mark:<5}".rstrip()


def _entry(row: GradientRow) -> str:
    return f"[{','.join(map(str, row.entry))}]" if row.entry else ""


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
