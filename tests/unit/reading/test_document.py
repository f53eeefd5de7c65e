"""Worksheets: blocks, questions, numbers, the graph at each question, and errors with their places."""

from __future__ import annotations

import io
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backhand.errors import BackhandError, LimitError, ReadingError
from backhand.reading.document import MAX_BYTES, read, worksheet
from backhand.working import Worksheet

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.md"))


def asked(sheet: Worksheet) -> list[tuple[str, list[str]]]:
    return [(q.number, [ask.text for ask in q.asks]) for q in sheet.questions]


def names(sheet: Worksheet) -> list[list[str]]:
    return [[quantity.name for quantity in graph] for graph in sheet.graphs]


def place_of(text: str) -> tuple[int, int]:
    with pytest.raises(BackhandError) as caught:
        worksheet(text)
    place = caught.value.place
    assert place is not None
    assert place.text == text.split("\n")[place.line - 1]
    return place.line, place.column


# ---- definitions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "$$ x = 3 $$\n\n$$ y = 2 x $$",
        "$$x = 3$$\n\ntext between\n\n$$\ny = 2 x\n$$ (label)",
        "# Title\n\n```{model}\nx = 3\ny = 2 x\n```",
        "```{math}\n:label: given\n\nx = 3\n```\n\n```{math} y = 2 x\n```",
        "- given\n\n  $$ x = 3 $$\n\n> $$ y = 2 x $$",
        "\\begin{align}\nx &= 3 \\\\\ny &= 2 x\n\\end{align}",
        "x = 3\ny = 2 x\n",
        "x = 3\r\ny = 2 x\r\n",
        "# given\nx = 3\n\n# wanted\ny = 2 x",
        "---\ntitle: Plain\n---\nx = 3; y = 2 x",
        "$$ x = 3 $$\n\n% an ordinary comment\n\n$$ y = 2 x $$\n",
    ],
)
def test_every_way_to_define_gives_the_same_graph(text: str) -> None:
    (graph,) = worksheet(text).graphs
    (plain,) = worksheet("x = 3; y = 2 x").graphs
    assert graph == plain


def test_a_new_model_starts_afresh() -> None:
    sheet = worksheet("$$ x = 3 $$\n\n% new model\n$$ x = 4 $$\n\n```{model} new\ny = 5\n```\n")
    assert names(sheet) == [["x"], ["x"], ["y"]]
    assert sheet.graph is sheet.graphs[-1]


def test_a_definition_over_several_lines() -> None:
    (graph,) = worksheet(
        "$$\nW = \\begin{bmatrix}\n  1 & 2 \\\\\n  3 & 4\n\\end{bmatrix}\n$$"
    ).graphs
    assert graph["W"].shape == (2, 2)


def test_functions_defined_in_one_block_serve_in_the_next() -> None:
    (graph,) = worksheet("$$ f(t) = t^2 $$\n\n$$ x = 3 $$\n\n$$ y = f(x) $$").graphs
    (plain,) = worksheet("x = 3; y = x^2").graphs
    assert graph == plain


@pytest.mark.parametrize(
    "text",
    [
        "$$ x = 3 $$\n\n% prose\n$$ f(a x) \\le a f(x) $$",
        "$$ x = 3 $$\n\nHere $y = 4$ is in a sentence.",
        "$$ x = 3 $$\n\n```python\ny = 4\n```",
        "$$ x = 3 $$\n\n`$$ y = 4 $$` is code.",
    ],
)
def test_what_is_prose_defines_nothing(text: str) -> None:
    assert names(worksheet(text)) == [["x"]]


def test_a_formula_in_a_question_is_prose_and_the_graph_says_so() -> None:
    sheet = worksheet("$$ x = 3 $$\n\n1. Is this so?\n\n   $$ x = 4 $$\n   % ask: value x\n")
    (question,) = sheet.questions
    assert question.words == "Is this so?\n\n$$ x = 4 $$"
    assert names(sheet) == [["x"]]
    assert any("line 5" in note for note in question.graph.notes)


def test_a_page_without_a_model_says_so_when_asked() -> None:
    sheet = worksheet("# Only words\n\nNothing here.\n\n% prose\n$$ x = 3 $$")
    assert sheet.graphs == ()
    with pytest.raises(BackhandError, match="defines no model"):
        _ = sheet.graph


# ---- questions ---------------------------------------------------------------------------------

PAGE = """\
# Title

$$ x = 3 $$

## 3.1 Forward

1. One
   % ask: value x

2. Two, with
   a second line
   % ask: value x
   % ask: shape x

4. Four

   - a hint

   % ask: value x

A paragraph.
% ask: value x

- a bullet
  % ask: value x

1. not asked

## Backward

1. One
   1. nested
      % ask: value x
   2. nested too
      % ask: value x
   % an ordinary comment
2. Two
   % ask: value x

$$ y = 2 x $$

Last.

% ask: value y
% ask: value x
"""


def test_numbers_and_asks() -> None:
    assert asked(worksheet(PAGE)) == [
        ("3.1.1", ["value x"]),
        ("3.1.2", ["value x", "shape x"]),
        ("3.1.4", ["value x"]),
        ("3.1.5", ["value x"]),
        ("3.1.6", ["value x"]),
        ("3.2.1.1", ["value x"]),
        ("3.2.1.2", ["value x"]),
        ("3.2.2", ["value x"]),
        ("3.2.3", ["value y", "value x"]),
    ]


def test_words_leave_out_the_asks() -> None:
    words = {q.number: q.words for q in worksheet(PAGE).questions}
    assert words["3.1.2"] == "Two, with\na second line"
    assert words["3.1.4"] == "Four\n\na hint"
    assert words["3.2.3"] == "Last."


def test_a_question_carries_the_graph_at_its_place() -> None:
    graphs = {q.number: q.graph for q in worksheet(PAGE).questions}
    assert "y" not in graphs["3.2.2"]
    assert "y" in graphs["3.2.3"]


def test_blocks_hold_the_page_in_order_and_lose_no_line() -> None:
    blocks = worksheet(PAGE).blocks
    kept = [line.strip() for block in blocks for line in block.source.split("\n")]
    assert [line for line in kept if line] == [
        s for line in PAGE.split("\n") if (s := line.strip())
    ]
    kinds = [block.kind for block in blocks]
    assert kinds[:4] == ["heading", "model", "heading", "question"]
    assert [b.level for b in blocks if b.kind == "heading"] == [1, 2, 2]
    assert "2. Two, with\n   a second line\n   % ask: value x\n   % ask: shape x" in [
        block.source for block in blocks
    ]


def test_a_list_of_ones_counts_on() -> None:
    text = "$$ x = 3 $$\n\n1. a\n   % ask: value x\n1. b\n   % ask: value x\n"
    assert [number for number, _ in asked(worksheet(text))] == ["1", "2"]


def test_two_lists_with_the_same_numbers_are_refused() -> None:
    text = "$$ x = 3 $$\n\n1. a\n   % ask: value x\n\nNow:\n\n1. b\n   % ask: value x\n"
    with pytest.raises(ReadingError, match="two questions 1"):
        worksheet(text)
    assert place_of(text) == (8, 1)


@pytest.mark.parametrize(
    ("head", "title", "layout"),
    [
        ("# The *title* $x$\n", "The *title* $x$", "numerator"),
        ("---\ntitle: 'Week 3'\nlayout: denominator\n---\n# Other\n", "Week 3", "denominator"),
        ("---\nkernelspec:\n  title: no\n---\n# Yes\n", "Yes", "numerator"),
        ("## No title\n", "", "numerator"),
    ],
)
def test_title_and_layout(head: str, title: str, layout: str) -> None:
    sheet = worksheet(head)
    assert (sheet.title, sheet.layout) == (title, layout)
    assert all("kernelspec" not in block.source for block in sheet.blocks)


# ---- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("$$ x = 3 q $$", (1, 10)),
        ("# T\n\n$$\nx = 3\n$$\n\n$$\n  y = x + q\n$$", (8, 11)),
        ("1. text\n\n   $$\n   y = q\n   $$\n", (4, 8)),
        ("> $$ y = q $$", (1, 10)),
        ("```{model}\nx = 3\ny = q\n```", (3, 5)),
        ("```{math}\n:label: a\n\n  y = q\n```", (4, 7)),
        ("x = 3\ny = q", (2, 5)),
        ("$$ x = 3 $$\n\n$$ y = x +\n    q $$", (4, 5)),
        ("---\nlayout: sideways\n---\n", (2, 9)),
        ("# Words\n\nonly words", (3, 1)),
        ("text $$ x = 3 $$ text", (1, 6)),
        ("text\n$$ x = 3 $$", (2, 1)),
        ("$$\nx = 3\n\ny = 4\n$$", (1, 1)),
        ("$$ x = 3 $$\n\n# T\n\n% ask: value x", (5, 8)),
        ("$$ x = 3 $$\n\nWhat?\n\n% ask: valeu x", (5, 8)),
        ("$$ x = 3 $$\n\n1. What?\n   %   ask: value q", (4, 19)),
        ("$$ x = 3 $$\n\nWhat?\n\n% ask value x", (5, 1)),
        ("```{model} fresh\nx = 3\n```", (1, 12)),
    ],
)
def test_errors_name_the_line_and_column_of_the_file(text: str, place: tuple[int, int]) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize("text", ["$$ 2 \\le 3 $$", "$$\n\\frac{dy}{dx} = 3\n$$", "$$ x $$"])
def test_a_display_that_defines_nothing_is_told_how_to_be_prose(text: str) -> None:
    with pytest.raises(BackhandError, match="% prose"):
        worksheet(text)
    assert worksheet(f"% prose\n{text}").graphs == ()


def test_a_name_from_further_down_is_told_from_an_unknown_one() -> None:
    text = "$$ x = 3 $$\n\nWhat?\n\n% ask: value y\n\n$$ y = 2 x $$\n"
    with pytest.raises(BackhandError, match="further down, at line 7"):
        worksheet(text)
    assert place_of(text) == (5, 14)
    with pytest.raises(BackhandError) as caught:
        worksheet(text.replace("value y", "value q"))
    assert "further down" not in str(caught.value)


def test_files_are_bounded_and_utf8(tmp_path: Path) -> None:
    file = tmp_path / "sheet.md"
    file.write_bytes(b"\xef\xbb\xbf$$ x = 3 $$\r\n")
    assert names(read(file)) == [["x"]]
    file.write_bytes("é\n".encode() + b"ab\xff")
    with pytest.raises(ReadingError) as caught:
        read(str(file))
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (2, 3)
    file.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(LimitError):
        read(file)
    for bad in (tmp_path, tmp_path / "none.md", "a\0b"):
        with pytest.raises(ReadingError):
            read(bad)


@pytest.mark.parametrize(
    "text",
    [
        "$$" * 50_000,
        "$$a\n" * 50_000,
        "$$a\n\n" * 20_000,
        "[" * 100_000,
        "> " * 50_000,
        "- " * 50_000,
        "1. a\n" * 20_000,
        "`" * 100_000,
        "% ask: value x\n" * 20_000,
        "# h\n" * 20_000,
        "\\begin{align}\n" * 20_000,
        "```{model}\n" * 20_000,
        "%",
        "% \n ",
    ],
)
@pytest.mark.no_cover
def test_hostile_pages_end_soon(text: str) -> None:
    begin = time.process_time()
    with suppress(BackhandError):
        worksheet(text)
    # Two seconds at most on a quiet machine; the bound says that it ends, also beside other work.
    assert time.process_time() - begin < 20


PARTS = [
    "# 1 a\n",
    "1. a\n",
    "   % ask: value x\n",
    "% ask: shapes\n",
    "$$ x = 1 $$\n",
    "$$\n",
    "\n",
    "- b\n",
    "  c\n",
    "% new model\n",
    "% prose\n",
    "> d\n",
    "```{model}\n",
]


@given(st.lists(st.sampled_from(PARTS), max_size=14))
@settings(max_examples=200, deadline=None)
def test_a_page_that_reads_keeps_every_word(parts: list[str]) -> None:
    text = "".join(parts)
    with suppress(BackhandError):
        blocks = worksheet(text).blocks
        assert "\n".join(block.source for block in blocks).split() == text.split()


# ---- the examples ------------------------------------------------------------------------------


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_open_without_warnings_in_a_myst_parser(file: Path) -> None:
    core = pytest.importorskip("docutils.core")
    parser = pytest.importorskip("myst_parser.docutils_").Parser()
    warnings = io.StringIO()
    page = core.publish_string(
        file.read_text(encoding="utf-8"),
        parser=parser,
        writer="html5",
        settings_overrides={
            "warning_stream": warnings,
            "myst_enable_extensions": ["dollarmath", "amsmath"],
            "output_encoding": "unicode",
        },
    )
    assert warnings.getvalue() == ""
    assert "<h1" in page


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_read(file: Path) -> None:
    sheet = read(file)
    assert sheet.title
    assert sheet.questions
    assert file.read_text(encoding="utf-8").count("% ask:") == sum(
        len(question.asks) for question in sheet.questions
    )


def test_the_worked_example_has_every_question_of_the_worksheet() -> None:
    numbers = [q.number for q in read(EXAMPLES[-1].with_name("two-neurons.md")).questions]
    assert numbers == [
        *(f"3.1.{n}" for n in range(1, 10)),
        *(f"3.2.{n}" for n in range(1, 12)),
        *(f"3.3.{n}" for n in range(1, 4)),
    ]


def test_a_list_item_that_begins_with_a_tag_keeps_its_words() -> None:
    ask = "\n   % ask: value x\n\n"
    page = f"$$ x = 3 $$\n\n1. <script>First</script> find $x$.{ask}2. <div> What is $x$?{ask}"
    assert [q.words for q in worksheet(page).questions] == [
        "<script>First</script> find $x$.",
        "<div> What is $x$?",
    ]
