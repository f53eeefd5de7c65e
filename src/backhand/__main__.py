"""`python -m backhand` is the command `backhand`."""

from __future__ import annotations

from backhand.cli import main

main()
