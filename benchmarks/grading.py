"""Marking many: made-up classes of 1,000 and 10,000 students with 20 questions each, all cores.

Six in ten answers are right, in one of several spellings; of the others a third is a known slip, some are
blank or unreadable, and the rest are numbers that nobody else has.
"""

from __future__ import annotations

import csv
import random
import resource
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter

from joblib.externals.loky import get_reusable_executor
from tests.answer_pairs import EXAMPLES
from tests.answers_by_hand import BY_HAND

import backhand
from backhand.checking.parts import Prepared, prepared
from backhand.grading.grade import grade
from backhand.values import floats

SIZES = (1_000, 10_000)
QUESTIONS = 20
HOSTILE = (
    "\\input{/etc/passwd}",
    "(" * 400,
    "9^9^9^9^9",
    "<img src=x onerror=alert(1)>",
    "I don't know",
)


def run() -> None:
    """Print students a second and the memory of the parent and of the largest worker."""
    page = backhand.read(EXAMPLES / "two-neurons.md")
    parts = [part for part in prepared(page, None) if part.part.expected.kind != "drawing"][
        -QUESTIONS:
    ]
    print(
        f"{'students':>9} {'answers':>9} {'seconds':>8} {'students/s':>11}"
        f" {'parent MB':>10} {'worker MB':>10}"
    )
    for count in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "answers.csv"
            write(made, parts, count)
            start = perf_counter()
            found = grade(page, made, Path(folder) / "results")
            seconds = perf_counter() - start
        assert found.marked == count
        get_reusable_executor().shutdown(wait=True)  # so that their memory can be asked for
        memory = [resource.getrusage(who).ru_maxrss // 1024
                  for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]  # fmt: skip
        print(f"{count:>9,} {count * len(parts):>9,} {seconds:>8.1f} {count / seconds:>11.0f} "
              f"{memory[0]:>10} {memory[1]:>10}")  # fmt: skip
    print()


def write(path: Path, parts: Sequence[Prepared], count: int) -> None:
    """The answers of a class as a CSV file, the same for the same count."""
    chance = random.Random(count)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["student", *(part.part.number for part in parts)])
        for number in range(count):
            table.writerow([f"s{number:06}", *(answer(part, chance) for part in parts)])


def answer(part: Prepared, chance: random.Random) -> str:
    """One answer to a part."""
    draw = chance.random()
    right, wrong = spellings(part)
    if draw < 0.6:
        return chance.choice(right)
    if draw < 0.73 and wrong:
        return chance.choice(wrong)
    if draw < 0.80:
        return ""
    if draw < 0.81:
        return chance.choice(HOSTILE)
    if part.right is None or part.part.expected.kind in ("shape", "count", "class"):
        return chance.choice([*wrong, "3", "2x2", "y - yhat"])
    return spelled([value + chance.gauss(0, 3) for value in part.right[1]], 4)


def spellings(part: Prepared) -> tuple[list[str], list[str]]:
    """Right answers and slips, each as students write it."""
    key = part.part.number
    if key not in KNOWN:
        KNOWN[key] = [*_right(part)], [*_wrong(part)]
    return KNOWN[key]


KNOWN: dict[str, tuple[list[str], list[str]]] = {}


def _right(part: Prepared) -> Iterator[str]:
    by_hand: Mapping[tuple[str, str], tuple[Sequence[str], Sequence[str]]] = BY_HAND
    yield from by_hand.get(("two-neurons", part.part.number), ((), ()))[0]
    kind = part.part.expected.kind
    if kind == "shape" and part.right is not None:
        yield "x".join(f"{size:g}" for size in part.right[1])
    elif kind not in ("formula", "chain") and part.right is not None:
        yield from (spelled(part.right[1], digits) for digits in (3, 4, 5))


def _wrong(part: Prepared) -> Iterator[str]:
    by_hand: Mapping[tuple[str, str], tuple[Sequence[str], Sequence[str]]] = BY_HAND
    yield from by_hand.get(("two-neurons", part.part.number), ((), ()))[1]
    if part.part.expected.kind not in ("formula", "chain", "shape"):
        yield from (spelled(floats(value).ravel().tolist(), 4) for _, value in part.slips)


def spelled(values: Sequence[float], digits: int) -> str:
    """Numbers as they are typed."""
    each = [f"{value:.{digits}g}" for value in values]
    return each[0] if len(each) == 1 else f"({', '.join(each)})"
