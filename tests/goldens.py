"""Whole outputs that were read by eye, kept beside the tests and compared exactly.

`BACKHAND_WRITE_GOLDEN=1 pytest ...` writes them anew, for a person to read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def agrees(text: str, name: str) -> bool:
    """Whether an output is what the golden file of this name holds."""
    golden = FOLDER / name
    if os.environ.get("BACKHAND_WRITE_GOLDEN"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8", newline="\n")
    return golden.read_text(encoding="utf-8") == text
