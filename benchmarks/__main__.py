"""`python -m benchmarks [working] [derivatives]` prints each table, measured now, on this machine."""

from __future__ import annotations

import platform
import sys

from benchmarks import derivatives, working

TABLES = {"working": working.run, "derivatives": derivatives.run}


def main(names: list[str]) -> int:
    """Run the tables named, or all of them."""
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        print(f"no benchmark {unknown[0]}; there are {', '.join(TABLES)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {platform.machine()}\n")
    for name in names or TABLES:
        TABLES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
