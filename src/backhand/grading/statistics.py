"""What many marks say of the questions: how hard, how telling, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from backhand.grading.database import Database

MOST = 5
"""Slips, and wrong answers, that are listed for a part."""
BINS = 20
VERDICTS = ("right", "partly", "wrong", "undecided", "unreadable", "unanswered")
FEW = 10
"""With fewer students than this, correlations say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One part. `facility`: the mean credit. `discrimination`: how its credit goes with the points for
    all other parts (Pearson's r), None where either doesn't vary or there are few students.

    `verdicts`, `slips`, `wrong` (answers that weren't right): how often each.
    """

    part: str
    points: float
    facility: float
    discrimination: float | None
    verdicts: Mapping[str, int]
    followed: int = 0
    by_hand: int = 0
    slips: Mapping[str, int] = field(default_factory=dict[str, int])
    wrong: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """All parts together. `alpha`: Cronbach's; `totals`: students by twentieths of the points."""

    students: int
    out_of: float
    mean: float
    deviation: float
    median: float
    alpha: float | None
    totals: tuple[int, ...]
    items: tuple[Item, ...]

    @property
    def waiting(self) -> int:
        """Answers that wait for a person."""
        waits = sum(i.verdicts["undecided"] + i.verdicts["unreadable"] for i in self.items)
        return waits - sum(i.by_hand for i in self.items)


def statistics(kept: Database, parts: Sequence[str], points: Sequence[float]) -> Statistics:
    """The statistics of all that is marked; the database does the sums, so memory stays as it is."""
    kept.connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS worth (part INTEGER PRIMARY KEY, p REAL)"
    )
    kept.connection.execute("DELETE FROM worth")
    kept.connection.executemany("INSERT INTO worth VALUES (?, ?)", enumerate(points))
    kept.connection.execute("DROP TABLE IF EXISTS temp.totals")
    kept.connection.execute(
        "CREATE TEMP TABLE totals AS SELECT student, sum(credit * p) AS total"
        " FROM earned JOIN worth USING (part) GROUP BY student"
    )
    kept.connection.execute("CREATE UNIQUE INDEX temp.of_student ON totals (student)")
    totals = [
        float(t) for [t] in kept.connection.execute("SELECT total FROM totals ORDER BY total")
    ]
    count, out_of = len(totals), sum(points)
    mean = sum(totals) / count if count else 0.0
    variance = sum((t - mean) ** 2 for t in totals) / count if count else 0.0
    sums = _sums(kept, mean)
    inside = (
        sum(s.variance * p**2 for s, p in zip(sums.values(), points, strict=True)) if sums else 0
    )
    several = len(parts) > 1 and variance > 1e-12 and count >= FEW
    return Statistics(
        students=count,
        out_of=out_of,
        mean=mean,
        deviation=sqrt(variance),
        median=(totals[count // 2] + totals[(count - 1) // 2]) / 2 if count else 0.0,
        alpha=len(parts) / (len(parts) - 1) * (1 - inside / variance) if several else None,
        totals=_binned(totals, out_of),
        items=tuple(_items(kept, parts, points, sums, variance, count)),
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of a part's credits: mean, variance, covariance with the totals."""

    mean: float
    variance: float
    covariance: float


def _sums(kept: Database, mean: float) -> dict[int, _Sums]:
    rows = kept.connection.execute(
        "SELECT part, count(*), sum(credit), sum(credit * credit), sum(credit * (total - ?))"
        " FROM earned JOIN totals USING (student) GROUP BY part ORDER BY part",
        (mean,),
    )
    return {
        part: _Sums(c / n, max(squares / n - (c / n) ** 2, 0.0), products / n)
        for part, n, c, squares, products in rows
    }


def _binned(totals: Sequence[float], out_of: float) -> tuple[int, ...]:
    bins = [0] * BINS
    for total in totals:
        bins[min(int(BINS * total / out_of + 1e-9), BINS - 1) if out_of else 0] += 1
    return tuple(bins)


def _items(
    kept: Database,
    parts: Sequence[str],
    points: Sequence[float],
    sums: Mapping[int, _Sums],
    variance: float,
    count: int,
) -> list[Item]:
    verdicts: dict[int, dict[str, int]] = {
        at: dict.fromkeys(VERDICTS, 0) for at in range(len(parts))
    }
    followed, by_hand = [0] * len(parts), [0] * len(parts)
    for part, verdict, n, f, h in kept.connection.execute(
        "SELECT part, verdict, count(*), sum(followed), sum(by_hand) FROM earned GROUP BY 1, 2"
    ):
        verdicts[part][verdict] += n
        followed[part] += f
        by_hand[part] += h
    slips = _commonest(kept, "slip", "slip IS NOT NULL", len(parts))
    wrong = _commonest(kept, "answer", "verdict IN ('wrong', 'partly', 'unreadable')", len(parts))
    none = _Sums(0.0, 0.0, 0.0)
    return [
        Item(
            part=part,
            points=points[at],
            facility=sums.get(at, none).mean,
            discrimination=_rest(sums.get(at, none), points[at], variance)
            if count >= FEW
            else None,
            verdicts=verdicts[at],
            followed=followed[at],
            by_hand=by_hand[at],
            slips=slips[at],
            wrong=wrong[at],
        )
        for at, part in enumerate(parts)
    ]


def _rest(sums: _Sums, points: float, variance: float) -> float | None:
    """The correlation of a part with the points for all others, from that with the totals."""
    covariance = sums.covariance - points * sums.variance
    rest = variance - 2 * points * sums.covariance + points**2 * sums.variance
    if sums.variance < 1e-12 or rest < 1e-12:
        return None
    return covariance / sqrt(sums.variance * rest)


def _commonest(kept: Database, column: str, which: str, parts: int) -> list[dict[str, int]]:
    """How often the commonest values of a column come, for each part."""
    found: list[dict[str, int]] = [{} for _ in range(parts)]
    rows = kept.connection.execute(
        f"SELECT part, {column}, n FROM (SELECT part, {column}, count(*) AS n, row_number() OVER"
        f" (PARTITION BY part ORDER BY count(*) DESC, {column}) AS at FROM earned WHERE {which}"
        f" GROUP BY part, {column}) WHERE at <= ? ORDER BY part, at",
        (MOST,),
    )
    for part, value, n in rows:
        found[part][value] = n
    return found
