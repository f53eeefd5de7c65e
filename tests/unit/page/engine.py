"""The page's TypeScript engine, bundled and run in Node on many programs at once."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[3] / "web"
HARNESS = Path(__file__).with_name("harness.ts")


def _bundler() -> Path | None:
    """esbuild, which the front end's own tools bring along."""
    folders = [WEB / "node_modules", Path(os.environ.get("BACKHAND_NODE_MODULES", WEB))]
    found = (folder / ".bin" / "esbuild" for folder in folders)
    return next((path for path in found if path.exists()), None)


needs_node = pytest.mark.skipif(
    shutil.which("node") is None or _bundler() is None,
    reason="needs Node and the front end's tools: `npm ci` in web/",
)


@cache
def _bundle(folder: Path) -> Path:
    bundler = _bundler()
    assert bundler is not None
    out = folder / "engine.cjs"
    subprocess.run(
        [bundler, HARNESS, "--bundle", "--platform=node", f"--outfile={out}", "--log-level=error"],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return out


def run(jobs: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """The engine's answer to each job, all in one process; see `harness.ts`."""
    asked = folder / "jobs.json"
    asked.write_text(json.dumps(jobs), encoding="utf-8")
    done = subprocess.run(
        ["node", _bundle(folder), asked], check=True, capture_output=True, timeout=120
    )
    return [_read(answer) for answer in json.loads(done.stdout)]


def _read(item: Any) -> Any:
    """JSON with its strings for numbers that aren't finite read back."""
    if isinstance(item, dict):
        return {key: _read(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_read(value) for value in item]
    return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}.get(item, item)
