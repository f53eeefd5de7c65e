"""A class for tests, and `python long_grade.py RESULTS CSV`, which is killed half-way."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from backhand.grading.grade import Graded, grade
from backhand.reading.document import worksheet

PAGE = """# Small

$$ x = 3, w = 2, u = w x, J = (u - 5)^2 $$

1. How large is $u$?
   % ask: value u

2. How large is $J$?
   % ask: value J

3. What is the derivative by $w$?
   % ask: derivative J w

4. Draw it.
   % ask: draw
"""
SHEET = worksheet(PAGE)


def write(path: Path, count: int) -> Path:
    """A class of which every second answer is right, with many that nobody else gives."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["student", "1", "2", "3", "4"])
        for at in range(count):
            wrong = f"{at + 7}.5"
            rows = (["6", "1", "6", "drawn"], [wrong, "2", wrong, ""])
            table.writerow([f"s{at:04}", *rows[at % 2]])
    return path


def run(submitted: Path, folder: Path, **more: object) -> Graded:
    """A run on one worker."""
    return grade(SHEET, submitted, folder, **{"workers": 1, **more})  # type: ignore[arg-type]


if __name__ == "__main__":
    run(Path(sys.argv[2]), Path(sys.argv[1]))
