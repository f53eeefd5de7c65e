"""The documentation site builds without a warning, needs no network, and its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
import typer

import backhand
from backhand.cli import app

ROOT = Path(__file__).parents[1]
for package in ("sphinx", "myst_parser", "furo", "sphinx_copybutton"):
    pytest.importorskip(package)

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""What a browser fetches by itself, besides what `link` elements name."""
LINKED = {"stylesheet", "icon", "preload", "shortcut", "prefetch"}
ELSEWHERE = re.compile(r"(?:[a-z][a-z+.-]*:)?//|(?!data:)[a-z][a-z+.-]*:", re.I)


class Page(HTMLParser):
    """What a page loads, where its links lead, and the places in it that links can name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if tag in LOADED and LOADED[tag] in given:
            self.loaded.append(given[LOADED[tag]])
        if tag == "link" and LINKED & set(given.get("rel", "").split()):
            self.loaded.append(given["href"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def built(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    settings = ["-c", str(ROOT / "docs"), "-d", str(out / "doctrees")]
    return subprocess.run(
        [*command, *settings, str(source), str(out / "html")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = built(ROOT / "docs", out)
    assert done.returncode == 0, done.stderr
    return out / "html"


@cache
def page(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


def test_every_source_is_a_page_without_a_message(site: Path) -> None:
    for source in (ROOT / "docs").glob("*.md"):
        text = (site / f"{source.stem}.html").read_text("utf-8")
        assert "system-message" not in text
        assert 'class="problematic"' not in text


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert sum(bool(page(path).loaded) for path in pages) > 20
    for path in pages:
        assert not [what for what in page(path).loaded if ELSEWHERE.match(what)], path.name
    for sheet in (site / "_static").rglob("*.css"):
        text = sheet.read_text("utf-8")
        named = re.findall(r"url\(\s*['\"]?([^)'\"]+)|@import\s+['\"]([^'\"]+)", text)
        assert not [what for pair in named for what in pair if ELSEWHERE.match(what)], sheet.name


def test_every_file_that_a_page_loads_is_there(site: Path) -> None:
    for path in site.glob("*.html"):
        for what in page(path).loaded:
            name = unquote(what.partition("?")[0])
            assert name.startswith("data:") or (path.parent / name).is_file(), (path.name, what)


def test_every_link_within_the_site_leads_to_its_place(site: Path) -> None:
    lost: list[tuple[str, str]] = []
    for path in site.rglob("*.html"):
        for link in page(path).links:
            if ELSEWHERE.match(link):
                continue
            name, place = urldefrag(link)
            target = (path.parent / unquote(name)).resolve() if name else path
            if not target.is_file() or (
                place and target.suffix == ".html" and unquote(place) not in page(target).places
            ):
                lost.append((path.name, link))
    assert not lost


def test_every_worksheet_has_its_key(site: Path) -> None:
    listed = page(site / "examples.html").links
    for path in (ROOT / "examples").glob("*.md"):
        assert f"examples/{path.stem}.html" in listed
        assert "math" in page(site / "examples" / f"{path.stem}.html").tags
    assert "svg" in page(site / "examples" / "functions.html").tags


def test_formulas_are_mathml(site: Path) -> None:
    for name in ("tutorial", "reading", "variants"):
        assert "math" in page(site / f"{name}.html").tags
    for path in site.glob("*.html"):
        assert 'class="math notranslate' not in path.read_text("utf-8"), path.name


def test_every_public_name_and_every_command_is_there(site: Path) -> None:
    places = page(site / "api.html").places
    where = {"define": "backhand.functions.define"}
    public = [name for name in backhand.__all__ if not name.startswith("_")]
    assert not [name for name in public if where.get(name, f"backhand.{name}") not in places]
    text = (site / "api.html").read_text("utf-8")
    assert not [sign for sign in ("ForwardRef", ":func:", "set_fit_request") if sign in text]
    assert {"backhand.Graph.derivative", "backhand.working.Step"} <= places
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    places = page(site / "command-line.html").places
    assert not [name for name in commands if f"backhand-{name}" not in places]


def test_a_formula_that_does_not_read_stops_the_build(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text("# One\n\nTrue is $x = 2$.\n\nBut $\\frac{1}{$ isn't.\n")
    done = built(source, tmp_path / "out")
    assert done.returncode != 0
    assert "index.md:5: WARNING: Backhand doesn't read this formula" in done.stderr
    assert done.stderr.count("WARNING") == 1
