"""`python -m backhand` is the command `backhand`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; Ctrl-C ends it quietly, even while it is still being loaded."""
    try:
        from backhand.cli import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
