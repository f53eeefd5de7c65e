"""Whole solutions in every format: the golden outputs, and what must hold of each."""

from __future__ import annotations

import json as plain_json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from itertools import pairwise

import jsonschema
import pytest
from rich.console import Console
from tests.goldens import agrees
from tests.unit.writing.sample import ANSWERED, SOLUTION, chain

from backhand.working import Block, Worksheet
from backhand.writing import json, markdown, paper, terminal
from backhand.writing.formats import FORMATS
from backhand.writing.html import working_html
from backhand.writing.latex import working_latex
from backhand.writing.text import working_text

SUFFIX = {"terminal": "txt", "markdown": "md", "html": "html", "latex": "tex", "json": "json"}
VOID = {"meta", "br", "hr", "img"}


@pytest.mark.parametrize("name", FORMATS)
def test_the_sample_is_written_as_it_was_read_by_eye(name):
    text = FORMATS[name](SOLUTION)
    # Drawings and the style sheet have an eye of their own.
    bare = re.sub(r"<(svg|style)\b.*?</\1>", r"<\1></\1>", text, flags=re.DOTALL)
    assert agrees(bare, f"writing/sample.{SUFFIX[name]}")


# ---- HTML --------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a browser would make of a page: tags, ids, and whether all of them are closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.attributes, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()


@pytest.fixture(scope="module")
def page():
    return Page(FORMATS["html"](SOLUTION))


def test_the_page_is_whole(page):
    assert not page.open
    assert page.tags.count("main") == page.tags.count("h1") == 1
    assert len(set(page.ids)) == len(page.ids)
    labels = {v for _, n, v in page.attributes if n == "aria-labelledby" for v in v.split()}
    assert labels <= set(page.ids)
    assert ("html", "lang", "en") in page.attributes


def test_headings_are_in_order(page):
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_page_runs_nothing_and_asks_nobody(page):
    assert not {"script", "link", "iframe", "object", "img", "b", "form", "base"} & set(page.tags)
    names = {name for _, name, _ in page.attributes}
    assert not any(name.startswith("on") or name in ("src", "srcset", "action") for name in names)
    links = [value for _, name, value in page.attributes if name == "href"]
    assert not any(link.startswith(("javascript:", "data:", "file:")) for link in links)
    policy = next(v for t, n, v in page.attributes if t == "meta" and n == "content" and "src" in v)
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    styles = re.findall(r"url\(|@import", FORMATS["html"](SOLUTION))
    assert not styles


def test_a_fragment_stands_in_a_page_of_others():
    fragment = Page(working_html(chain))
    assert not fragment.open
    assert fragment.tags[0] == "div"
    assert not {"html", "head", "body", "main"} & set(fragment.tags)


# ---- LaTeX -------------------------------------------------------------------------------------


def test_latex_passes_no_command_on():
    text = FORMATS["latex"](SOLUTION)
    assert r"\input" not in text
    assert r"\textbackslash{}input" in text
    for name in ("begin", "end"):
        assert text.count(rf"\{name}{{document}}") == 1
    packages = set(re.findall(r"\\usepackage(?:\[[^]]*\])?\{([^}]*)\}", text))
    assert packages <= {"amsmath,amssymb", "fontenc", "inputenc", "geometry"}


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_latex_compiles(tmp_path):
    (tmp_path / "sample.tex").write_text(paper.document(SOLUTION), encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "sample.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_a_latex_fragment_has_balanced_groups():
    text = working_latex(chain)
    begun = re.findall(r"\\begin\{(.*?)\}", text)
    assert sorted(begun) == sorted(re.findall(r"\\end\{(.*?)\}", text))
    assert text.count(r"\left") == text.count(r"\right")


# ---- JSON --------------------------------------------------------------------------------------


def test_json_keeps_to_its_schema():
    jsonschema.Draft202012Validator.check_schema(json.schema())
    jsonschema.validate(plain_json.loads(FORMATS["json"](SOLUTION)), json.schema())


def test_json_is_strict_and_exact():
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    found = plain_json.loads(FORMATS["json"](SOLUTION), parse_constant=refuse)["answers"]
    assert [a["number"] for a in found] == ["3.1.1", "3.1.4", "3.1.8", "3.1.8", "3.2.5", "3.2.5"]
    values = [a["value"] for a in found]
    assert values == [
        None,
        [3, -2],
        "class 0",
        [["inf", "-inf"], ["nan", 0.5]],
        -0.039623,
        -1.920753,
    ]
    assert all(type(x) is int for x in values[1])
    assert found[4]["layout"] == "numerator"
    assert found[4]["steps"][1]["formula"] == "∂J/∂ŷ = −2 (y − ŷ)"


# ---- terminal and Markdown ---------------------------------------------------------------------


def test_the_terminal_has_80_columns_and_no_colour_when_piped():
    text = FORMATS["terminal"](SOLUTION)
    assert "\x1b" not in text
    long = [line for line in text.splitlines() if len(line) > 80]
    assert not long
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_the_terminal_has_colour_where_a_person_watches():
    out = StringIO()
    terminal.document(
        SOLUTION, Console(file=out, force_terminal=True, width=80, color_system="256")
    )
    assert "\x1b[" in out.getvalue()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    assert [s.rstrip() for s in plain.splitlines()] == FORMATS["terminal"](SOLUTION).splitlines()


def test_markup_of_the_terminal_is_only_text():
    words = "[red]not red[/red] \x1b[31mnor this\x1b[0m [link=file:///x]y[/link]"
    text = terminal.plain(asked(words))
    assert "[red]not red[/red]" in text
    assert "\x1b" not in text


def test_markdown_opens_in_a_myst_parser():
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    text = markdown.document(SOLUTION)
    parser = MarkdownIt("commonmark").use(dollarmath_plugin)
    kinds = [token.type for token in parser.parse(text)]
    assert kinds.count("math_block") == 1 + sum(
        step.formula is not None for a in ANSWERED for w in a.workings for step in w.steps
    )
    assert "% ask" not in text


# ---- all of them -------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [working_text, working_latex, working_html])
def test_a_working_alone_starts_with_its_answer(write):
    text = write(chain)
    assert text.index("0.03962") < text.index("chain rule")


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_words_are_shown_and_not_obeyed(name):
    text = FORMATS[name](SOLUTION)
    if name == "json":
        return
    assert "alert(1)" in text
    assert ("<script" in text) == (name in ("terminal", "markdown"))


@pytest.mark.parametrize("name", FORMATS)
def test_control_characters_of_words_go_no_further(name):
    text = FORMATS[name](
        asked("bell \x07, escape \x1b[2J, null \x00, $a \x1b$", title="A \x1b[31m title")
    )
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)


def asked(words, title=""):
    """The first question of the sample, alone and in these words."""
    question = replace(ANSWERED[0].question, words=words)
    sheet = Worksheet(title, (Block("question", "", question=question),), ())
    return replace(SOLUTION, worksheet=sheet, answers=(replace(ANSWERED[0], question=question),))


def test_writing_text_stays_cheap_to_import():
    heavy = "{'rich', 'markdown_it'}"
    code = f"import sys, backhand.writing.text; print(list({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
