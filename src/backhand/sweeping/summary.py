"""The runs of a sweep put together: mean and spread over the seeds, the best first, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from backhand.sweeping.choices import GRID
from backhand.sweeping.database import Record


@dataclass(frozen=True, slots=True)
class Group:
    """The runs that differ in their seed only."""

    runs: tuple[Record, ...]

    @property
    def done(self) -> tuple[Record, ...]:
        """Those that came to an end."""
        return tuple(run for run in self.runs if run.status == "done")

    @property
    def failed(self) -> int:
        """How many ended in an error."""
        return sum(run.status == "failed" for run in self.runs)

    @property
    def score(self) -> tuple[float, float | None] | None:
        """Mean and standard deviation over the seeds; no deviation of a single one."""
        return _spread([run.score for run in self.done])

    @property
    def loss(self) -> tuple[float, float | None] | None:
        """As `score`, of the mean loss on the points held out."""
        return _spread([run.loss for run in self.done])


def _spread(given: Iterable[float | None]) -> tuple[float, float | None] | None:
    values = [value for value in given if value is not None]
    if not values:
        return None
    return fmean(values), stdev(values) if len(values) > 1 else None


def ranked(records: Iterable[Record]) -> tuple[Group, ...]:
    """The groups of runs on one data set, the best mean score first.

    Settings of which a seed failed come after all that didn't fail: their mean leaves out the worst.
    """
    found: dict[object, list[Record]] = {}
    for record in records:
        same = (record.fingerprint, record.held_out, record.network, replace(record.choice, seed=0))
        found.setdefault(same, []).append(record)
    groups = [Group(tuple(runs)) for runs in found.values()]
    return tuple(sorted((g for g in groups if g.score), key=_place) + _unscored(groups))


def _place(group: Group) -> tuple[bool, float, float]:
    score, loss = group.score, group.loss
    assert score is not None
    return group.failed > 0, -score[0], loss[0] if loss else 0.0


def _unscored(groups: Iterable[Group]) -> list[Group]:
    return [group for group in groups if not group.score]


# ---- as text -----------------------------------------------------------------------------------


def table(records: Sequence[Record], count: int = 10) -> str:
    """The best `count` settings for each data set, with what went wrong; only what varies is shown."""
    data: dict[tuple[str, float], list[Record]] = {}
    for record in records:
        data.setdefault((record.fingerprint, record.held_out), []).append(record)
    return "\n\n".join(_of_one(runs, count) for runs in data.values()) or "no runs are recorded"


def _of_one(runs: Sequence[Record], count: int) -> str:
    groups = ranked(runs)
    states = [run.status for run in runs]
    said = ", ".join(f"{states.count(s)} {s}" for s in ("done", "failed", "waiting") if s in states)
    first = runs[0]
    lines = [f"{first.data}: {len(runs)} runs ({said}), {first.held_out:g} of the points held out"]
    varied = [name for name in GRID if len({getattr(run.choice, name) for run in runs}) > 1]
    head = ["", first.measure, "loss", "seeds", "s a run", "network", *varied]
    rows = [_row(at, group, varied) for at, group in enumerate(groups[:count], 1)]
    lines += ["", *_aligned([head, *rows])]
    if len(groups) > count:
        lines.append(f"and {len(groups) - count} more")
    lines += _errors(runs)
    return "\n".join(lines)


def _row(at: int, group: Group, varied: Sequence[str]) -> list[str]:
    first = group.runs[0]
    seconds = _spread([run.seconds for run in group.done])
    return [
        *(str(at), _shown(group.score), _shown(group.loss)),
        f"{len(group.done)}/{len(group.runs)}",
        f"{seconds[0]:.3g}" if seconds else "–",
        first.network,
        *(_setting(getattr(first.choice, name)) for name in varied),
    ]


def _shown(found: tuple[float, float | None] | None) -> str:
    if found is None:
        return "–"
    mean, spread = found
    return f"{mean:.4g}" if spread is None else f"{mean:.4g} ± {spread:.2g}"


def _setting(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _errors(runs: Sequence[Record]) -> list[str]:
    """The first few errors, each with the run that it ended."""
    failed = [run for run in runs if run.status == "failed"]
    lines = [
        f"  {run.network}, {run.choice.optimizer}, learning rate {run.choice.learning_rate:g}, "
        f"seed {run.choice.seed}: {run.error}"
        for run in failed[:3]
    ]
    more = [f"  and {len(failed) - 3} more"] if len(failed) > 3 else []
    return ["", "failed:", *lines, *more] if failed else []
