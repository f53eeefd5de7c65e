"""Sheets and keys: every format holds the page, sets hostile words as words, and leaves no answers."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from backhand.errors import BackhandError
from backhand.publishing import pdf, typst
from backhand.publishing.formats import KEYS, SHEETS
from backhand.publishing.room import blank_drawings
from backhand.reading.document import read, worksheet
from backhand.working import Worksheet

EXAMPLES = Path(__file__).parents[3] / "examples"
HOSTILE = (
    '<script>alert(1)</script> <img src=x onerror=alert(1)> #read("/etc/passwd") '
    r'\input{/etc/passwd} \write18{ls} [a](javascript:alert(2)) "#panic()" #{panic()} '
    "*b* _c_ `#eval` $\\href{javascript:alert(3)}{x}$ @label <tag> // comment /* open"
)


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.marks: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.marks += [(name, value or "") for name, value in attrs]


@pytest.fixture(scope="module")
def neurons() -> Worksheet:
    return read(EXAMPLES / "two-neurons.md")


@pytest.fixture(scope="module")
def hostile() -> Worksheet:
    return worksheet(
        f"# T {HOSTILE}\n\n$$ x = 2 $$\n\n$$ J = x^2 $$\n\nWords {HOSTILE}\n\n"
        f"## 1 {HOSTILE}\n\n1. Say {HOSTILE}\n   % ask: value J\n"
    )


@pytest.mark.parametrize("suffix", [s for s in SHEETS if s != ".pdf"])
def test_a_sheet_asks_and_does_not_answer(suffix: str, neurons: Worksheet) -> None:
    sheet, key = SHEETS[suffix](neurons), KEYS[suffix](neurons.solve())
    assert isinstance(sheet, str)
    assert isinstance(key, str)
    assert "What goes into the hidden neurons?" in sheet
    assert "0.006693" not in sheet
    assert "0.006693" in key
    assert "ask:" not in sheet


def test_a_blank_drawing_names_everything_and_gives_no_number(neurons: Worksheet) -> None:
    (drawn,) = blank_drawings(neurons.questions[0])
    units = [unit for column in drawn.columns for unit in column.units]
    assert len(units) == 7
    assert {str(u.value) for u in units if not u.bias} == {str(units[1].value)}
    assert all(edge.weight is not None for edge in drawn.edges)
    assert "____" in str(units[1].value)


def test_the_markdown_sheet_reads_back(neurons: Worksheet) -> None:
    for name in ("two-neurons", "definitions", "linear-regression", "softmax-classifier"):
        page = read(EXAMPLES / f"{name}.md")
        sheet = SHEETS[".md"](page)
        assert isinstance(sheet, str)
        again = worksheet(sheet)
        assert again.graphs == page.graphs
        assert "Name:" in sheet


def test_hostile_words_stay_words_in_html(hostile: Worksheet) -> None:
    sheet = SHEETS[".html"](hostile)
    assert isinstance(sheet, str)
    found = Tags()
    found.feed(sheet)
    assert not found.tags & {"script", "img", "tag", "iframe"}
    assert {"math", "section"} <= found.tags
    assert not any(name.startswith("on") or "javascript" in value for name, value in found.marks)


def test_hostile_words_stay_words_in_latex(hostile: Worksheet) -> None:
    sheet = SHEETS[".tex"](hostile)
    assert isinstance(sheet, str)
    assert r"\input{" not in sheet.partition(r"\begin{document}")[2]
    assert r"\write18" not in sheet
    assert r"\href" not in sheet


def test_hostile_words_stay_words_in_a_notebook(hostile: Worksheet) -> None:
    for made in (SHEETS[".ipynb"](hostile), KEYS[".ipynb"](hostile.solve())):
        source = "\n".join("".join(cell["source"]) for cell in json.loads(made)["cells"])
        # Code in backticks is set as it is by every Markdown reader; nothing else may be raw.
        outside = "".join(source.split("`")[::2])
        assert "<script" not in outside
        assert "<img" not in outside
        assert not re.search(r"(?<!\\)\]\(javascript", outside)
        assert r"\href" not in outside


def test_hostile_words_are_only_strings_in_typst(hostile: Worksheet) -> None:
    for made in (typst.sheet(hostile), typst.key(hostile.solve())):
        _, _, body = made.partition("#show: page-of.with(")
        code = body.replace("\\\\", "").replace('\\"', "")
        outside = "".join(code.split('"')[::2])
        assert "read(" not in outside
        assert "panic" not in outside
        assert "@label" not in outside
        assert "/*" not in outside


def test_drawings_for_typst_use_no_custom_properties() -> None:
    made = typst.key(read(EXAMPLES / "definitions.md").solve())
    assert 'class="curve"' in made.replace('\\"', '"')
    assert "var(--" not in made


def test_hostile_words_compile(hostile: Worksheet) -> None:
    pytest.importorskip("typst")
    assert pdf.sheet(hostile).startswith(b"%PDF")
    assert pdf.key(hostile.solve()).startswith(b"%PDF")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.md")), ids=lambda p: p.stem)
def test_every_example_becomes_a_pdf(path: Path) -> None:
    pytest.importorskip("typst")
    page = read(path)
    assert pdf.sheet(page).startswith(b"%PDF")
    assert pdf.key(page.solve()).startswith(b"%PDF")


def test_the_same_sheet_gives_the_same_pdf(neurons: Worksheet) -> None:
    pytest.importorskip("typst")
    assert pdf.sheet(neurons) == pdf.sheet(neurons)


def test_without_typst_an_error_says_what_to_install(
    neurons: Worksheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(BackhandError, match=r'pip install "backhand\[pdf\]"'):
        pdf.sheet(neurons)


def test_notebooks_are_valid_and_nbgrader_can_mark_them(neurons: Worksheet) -> None:
    nbformat = pytest.importorskip("nbformat")
    for made in (SHEETS[".ipynb"](neurons), KEYS[".ipynb"](neurons.solve())):
        assert isinstance(made, str)
        nbformat.validate(nbformat.reads(made, as_version=4))
        marks = [cell["metadata"]["nbgrader"] for cell in json.loads(made)["cells"]]
        names = [mark["grade_id"] for mark in marks]
        assert len(set(names)) == len(names)
        answers = [mark for mark in marks if mark["grade"]]
        assert len(answers) == len(neurons.questions)
        for mark in marks:
            # nbgrader's schema 3: these keys, and points where a cell is graded.
            needed = {"schema_version", "grade_id", "locked", "grade", "solution", "task"}
            assert set(mark) == needed | ({"points"} if mark["grade"] else set())
            assert mark["solution"] == mark["grade"] != mark["locked"]
            assert mark["schema_version"] == 3
