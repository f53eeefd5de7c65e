"""`python -m benchmarks [NAME …]` prints each table, measured now; without names all but `ASKED_FOR`."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import accelerator, answers, derivatives, grading, page, serving, training, working

TABLES: dict[str, Callable[[Path | None], None]] = {
    "working": lambda _: working.run(),
    "derivatives": lambda _: derivatives.run(),
    "training": training.run,
    "answers": lambda _: answers.run(),
    "grading": lambda _: grading.run(),
}
ASKED_FOR: dict[str, Callable[[Path | None], None]] = {
    "accelerator": accelerator.run,
    "page": lambda _: page.run(),
    "serving": lambda _: serving.run(),
}
"""Tables that need more than this machine may have, or all of it: only where they are named."""


def main(arguments: list[str]) -> int:
    """Run the tables named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join([*TABLES, *ASKED_FOR])}"
    )
    parser.add_argument("-o", "--output", type=Path, help="a JSON file for the times of training")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in {**TABLES, **ASKED_FOR}]
    if unknown:
        print(
            f"no benchmark {unknown[0]}; there are {', '.join([*TABLES, *ASKED_FOR])}",
            file=sys.stderr,
        )
        return 2
    print(f"Python {platform.python_version()}, {platform.machine()}\n")
    for name in given.names or TABLES:
        {**TABLES, **ASKED_FOR}[name](given.output)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
