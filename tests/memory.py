"""How much memory something takes at its worst, told by the system, at full speed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import resource, sys
{setting}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
{work}
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * (1 if sys.platform == "darwin" else 1024))
"""


def growth(setting: str, work: str) -> int:
    """By how many bytes a fresh process grows while it does `work`, after `setting`.

    Tracing every allocation from within would take several times as long.
    """
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(setting=setting, work=work)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout.split()[-1])
