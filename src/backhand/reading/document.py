r"""Worksheets: a page of MyST-flavoured Markdown to blocks, questions and graphs.

- A `$$ … $$` block, a `\begin{align}` block and a ```` ```{math} ```` or ```` ```{model} ```` fence
  define quantities. They add up down the page; a line `% new model` (or `{model} new`) starts afresh.
- A formula is prose where the line `% prose` stands above it, inside a sentence, and in a question's
  own words (its list item).
- One or more lines `% ask: …` right below a paragraph, or in a list item, make it a question.

Lines that start with `%` are comments in MyST, so no reader of the page sees them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from backhand.errors import AskError, BackhandError, LimitError, Place, ReadingError
from backhand.graph import Graph
from backhand.reading.asks import quantities
from backhand.reading.blocks import Page
from backhand.reading.notebooks import is_notebook, page_of
from backhand.reading.raw import is_raw, raw_page
from backhand.working import Ask, Question, Worksheet

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

MAX_BYTES = 2_000_000
"""The largest worksheet."""
_UTF_16 = ("the file is text in UTF-16", "save the file in the encoding UTF-8")
_NO_TEXT = (
    (b"%PDF", "this is a PDF", "name its source, or copy its text into a Markdown file"),
    (b"\xff\xfe", *_UTF_16),
    (b"\xfe\xff", *_UTF_16),
)
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:equation|align|alignat|flalign|gather|multline|eqnarray)\*?)\}"
)


def read(path: str | os.PathLike[str]) -> Worksheet:
    """The worksheet in a file, UTF-8 text.

    Raises `ReadingError` where there is no such file or it isn't text, `LimitError` where it is over
    2 MB, `BackhandError` with the line and column where a definition or an ask can't be read.
    """
    return worksheet(text_of(path))


def text_of(path: str | os.PathLike[str]) -> str:
    """The text of a file, UTF-8; of a notebook, the page that its Markdown cells make.

    Raises `ReadingError` where there is no such file or it isn't text, `LimitError` where it is
    over 2 MB.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise ReadingError("this is a folder", "name a worksheet in it") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ReadingError(
            f"the file can't be read: {reason or error}", "check its name and its permissions"
        ) from None
    if len(data) > MAX_BYTES:
        raise LimitError(f"a worksheet has at most {MAX_BYTES:,} bytes", "split the file")
    for start, what, mend in _NO_TEXT:
        if data.startswith(start):
            raise ReadingError(what, mend)
    if b"\0" in data:
        raise ReadingError("this is no text file", "name a worksheet in Markdown")
    if not data.strip():
        raise ReadingError(
            "the file is empty", "write definitions between $$ and $$, and questions"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        row, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ReadingError(
            f"the byte {data[error.start]:#04x} isn't UTF-8 text",
            "save the file in the encoding UTF-8",
            Place(row, column),
        ) from None
    return page_of(text) if is_notebook(text) else text


def worksheet(text: str) -> Worksheet:
    """The worksheet in a text. A text with neither displays nor asks is all definitions.

    Raises `BackhandError` with the line and column where a definition or an ask can't be read.

    >>> sheet = worksheet("$$ x = 3 $$\\n\\nWhat is $x$?\\n\\n% ask: value x")
    >>> [(q.number, q.words, q.asks[0].text) for q in sheet.questions]
    [('1', 'What is $x$?', 'value x')]
    """
    return _of_raw(text) if is_raw(text) else _explicit(text)


def _explicit(text: str) -> Worksheet:
    """The worksheet in a page that says itself what it defines and asks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    page = Page(lines)
    page.walk(_tokens("\n".join(lines) + "\n"))
    if not page.marked:
        page.define_all()
    page.start_afresh()
    for question, model in page.asked:
        _check_names(question, page.graphs[model] if model < len(page.graphs) else Graph(()))
    blocks, graphs = tuple(page.blocks()), tuple(page.graphs)
    return Worksheet(page.title, blocks, graphs, page.layout, source="\n".join(lines))


def _of_raw(text: str) -> Worksheet:
    """The worksheet that a page of questions in words makes, by way of the explicit page."""
    raw = raw_page(text)
    unread = tuple(
        f"question {q.number} isn't answered: {q.understood.missed}"
        for q in raw.questions
        if q.understood.missed
    )
    if not raw.questions:
        raise ReadingError("no question was found on this page", "number them: 1. What is a?")
    return replace(_explicit(raw.text), unread=(*raw.free, *unread), worded=True)


def _tokens(text: str) -> Sequence[Token]:
    """The blocks of a page. Text inside a block stays unparsed: formulas in a sentence are prose."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.front_matter import front_matter_plugin
    from mdit_py_plugins.myst_blocks import myst_block_plugin

    parser = MarkdownIt("commonmark")
    parser.use(front_matter_plugin).use(myst_block_plugin)
    parser.use(dollarmath_plugin, allow_blank_lines=False)
    parser.block.ruler.before("blockquote", "amsmath", _environment)
    parser.block.ruler.at("html_block", _hidden)
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser.parse(text)


def _hidden(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The block rule for what no viewer shows, a comment or a style; other tags stand in paragraphs.

    A block of HTML would take the words of a list item with it, and the asks below them.
    """
    from markdown_it.rules_block.html_block import html_block

    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].lower()
    return line.startswith(("<!--", "<style")) and html_block(state, start, end, silent)


def _environment(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The block rule for an environment of displayed formulas; one that an empty line cuts is none.

    The plugin for these searches the whole rest of the page for each one that isn't closed.
    """
    name = _ENVIRONMENT.match(state.src, state.bMarks[start] + state.tShift[start])
    if name is None:
        return False
    for row in range(start, end):
        line = state.src[state.bMarks[row] + state.tShift[row] : state.eMarks[row]].rstrip()
        if not line:
            break
        if line.endswith(f"\\end{{{name[1]}}}"):
            if not silent:
                token = state.push("amsmath", "math", 0)
                token.content = state.getLines(start, row + 1, state.sCount[start], False)
                token.map = [start, row + 1]
                state.line = row + 1
            return True
    return False


def _check_names(question: Question, whole: Graph) -> None:
    """Raise `AskError` where an ask names what isn't defined at its place; `whole` is its model."""
    from backhand.reading.meaning import entry

    for ask in question.asks:
        for word in quantities(ask):
            try:
                entry(word, question.graph)
            except BackhandError as error:
                error.place = _word_place(ask, word)
                try:
                    name, _ = entry(word, whole)
                except BackhandError:
                    raise error from None
                below = whole[name].place
                raise AskError(
                    f"{word} isn't defined yet: it is defined further down"
                    + (f", at line {below.line}" if below else ""),
                    "put the question below the definition",
                    error.place,
                ) from None


def _word_place(ask: Ask, word: str) -> Place | None:
    if ask.place is None:
        return None
    return replace(ask.place, column=ask.place.column + max(ask.text.find(word), 0))
