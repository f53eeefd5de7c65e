"""What the documentation shows runs, and lists everything that there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from backhand.functions import TABLE, forget
from backhand.reading.asks import ASKS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(code, id=f"{page.name}-{at}")
    for page in PAGES
    for at, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.S))
]


@pytest.mark.parametrize("code", BLOCKS)
@pytest.mark.no_cover
def test_a_code_block_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = set(TABLE)
    names: dict[str, Any] = {}
    try:
        exec(code, names)
    finally:
        for new in set(TABLE) - before:
            forget(new)
    said = re.search(r"# (\d\.\d+)\.\.\.", code)
    if said:
        assert capsys.readouterr().out.startswith(said[1])


def test_every_ask_is_in_the_guide() -> None:
    guide = (ROOT / "docs" / "worksheets.md").read_text("utf-8")
    assert not [verb for verb in ASKS if f"`{verb}" not in guide]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert not [target for target in targets if not (page.parent / target).exists()]
