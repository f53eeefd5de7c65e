"""What the documentation shows runs, and lists everything that there is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tests import documented

from backhand.functions import TABLE, forget
from backhand.reading.asks import ASKS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.no_cover
def test_what_a_page_shows_is_what_comes_out(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.symlink(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    before = set(TABLE)
    try:
        documented.run(page.read_text("utf-8"), {})
    finally:
        for new in set(TABLE) - before:
            forget(new)


def test_the_tutorial_shows_what_it_does() -> None:
    """A block that prints has what it prints below it, where the test above compares the two."""
    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    found = list(documented.blocks(page))
    ran = [at for at, block in enumerate(found) if block.language == "python"]
    silent = [at for at in ran if found[at + 1].language != "text" or not found[at + 1].follows]
    assert not [found[at].text for at in silent if "print(" in found[at].text]
    assert {block.language for block in found} <= {"python", "text", "console", "markdown", "sh"}


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("```python\nprint(2)\n```\n\n```text\n3\n```\n", "2"),
        ("```console\n$ backhand --version\nbackhand 0\n```\n", "backhand 0."),
        ("```console\n$ rm -r examples\n```\n", "isn't a command that can be: rm"),
    ],
)
def test_a_page_that_shows_something_else_fails(page: str, shown: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(shown)):
        documented.run(page, {})


def test_words_between_a_block_and_a_text_part_them() -> None:
    page = "```python\nprint(2)\n```\nfor example\n```text\n3\n```\n"
    assert documented.run(page, {}) == 0


@pytest.mark.torch
@pytest.mark.parametrize("name", ["debug.md", "pytorch.md"])
def test_what_needs_pytorch_runs_where_that_is(name: str) -> None:
    pytest.importorskip("torch")
    names: dict[str, object] = {}
    for block in documented.blocks((ROOT / "docs" / name).read_text("utf-8")):
        if block.language == "py":
            exec(block.text, names)
    assert "graph" in names


def test_every_ask_is_in_the_guide() -> None:
    guide = (ROOT / "docs" / "worksheets.md").read_text("utf-8")
    assert not [verb for verb in ASKS if f"`{verb}" not in guide]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert not [target for target in targets if not (page.parent / target).exists()]
