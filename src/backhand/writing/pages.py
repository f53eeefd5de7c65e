"""A page's own words: Markdown with formulas in dollars, to be set in any notation.

The words are somebody else's text: raw HTML is never passed on, and a formula that doesn't read is
shown as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

from backhand.errors import BackhandError
from backhand.functions import READ_AS, TABLE
from backhand.reading.maths import Known, parse, statements
from backhand.reading.signatures import in_pieces
from backhand.syntax import Entry, Formula, Name, Num, Words, replaced
from backhand.working import Worksheet
from backhand.writing.typesetting import printable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Kind = Literal["text", "emphasis", "strong", "code"]
_FUNCTION = re.compile(r"\\(?:text\{|mathrm\{|operatorname\{)?(\w+)\}?")
"""A function's sign without an argument, which is no formula."""
_STYLES: dict[str, Kind] = {"em": "emphasis", "strong": "strong"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """How a notation sets words: plain and styled ones, formulas in a line or on their own.

    `gap` stands between paragraphs.
    """

    text: Callable[[str], str]
    emphasis: Callable[[str], str]
    strong: Callable[[str], str]
    code: Callable[[str], str]
    formula: Callable[[Formula], str]
    display: Callable[[Formula], str]
    gap: str


def page_names(sheet: Worksheet) -> Known:
    """Every name that a page defines."""
    quantities = (q.name for graph in sheet.graphs for q in graph)
    functions = (name for graph in sheet.graphs for name in graph.functions)
    return Known(frozenset(quantities), frozenset(functions))


def read_formulas(source: str, known: Known) -> tuple[Formula, ...]:
    """The formulas of a display, one a line; none where one of them doesn't read."""
    single = read_formula(source, known)
    if single is not None:
        return (single,)
    found: list[Formula] = []
    try:
        for piece in in_pieces(source):
            if isinstance(piece, str):
                found += (_with_entries(s.formula, known) for s in statements(piece, known))
            else:
                found.append(piece)
    except BackhandError:
        return ()
    return tuple(found)


def read_formula(source: str, known: Known) -> Formula | None:
    """A formula in somebody's words, or None where it doesn't read."""
    sign = _FUNCTION.fullmatch(source.strip())
    if sign and READ_AS.get(sign[1]):
        return Words(TABLE[READ_AS[sign[1]]].notation.text)
    try:
        return _with_entries(parse(source, known).formula, known)
    except BackhandError:
        return None


def _with_entries(formula: Formula, known: Known) -> Formula:
    """`W_{2,1,1}` as the entry (1, 1) of `W_2`, where the page has that."""

    def entry(found: Formula) -> Formula | None:
        match found:
            case Entry(Name(name, font), (Num(layer), *slots), point):
                whole = f"{name}_{layer}"
                if name not in known.quantities and whole in known.quantities:
                    return Entry(Name(whole, font), tuple(slots), point)
            case _:
                pass
        return None

    return replaced(formula, entry)


def without_comments(markdown: str) -> str:
    """A block without its lines that start with %, which MyST doesn't show."""
    lines = (printable(line) for line in markdown.expandtabs(4).split("\n"))
    return "\n".join(line for line in lines if not line.lstrip().startswith("%"))


def words(markdown: str, known: Known, setting: Setting) -> str:
    """Markdown in another notation; its lists become paragraphs that start with a bullet."""
    paragraphs: list[str] = []
    mark = ""
    for token in _tokens(_parser(), markdown):
        match token.type:
            case "list_item_open":
                mark = setting.text("• ")
            case "inline":
                paragraphs.append(mark + "".join(_inline(token.children or (), known, setting)))
                mark = ""
            case "math_block":
                paragraphs += _displays(token.content, known, setting)
            case "fence" | "code_block":
                paragraphs.append(setting.code(token.content.rstrip("\n")))
            case _:
                pass
    return setting.gap.join(paragraphs)


def _inline(tokens: Sequence[Token], known: Known, setting: Setting) -> Iterator[str]:
    style: list[Kind] = ["text"]
    for token in tokens:
        match token.type:
            case "em_open" | "strong_open":
                style.append(_STYLES[token.tag])
            case "em_close" | "strong_close":
                style.pop()
            case "math_inline" | "math_inline_double":
                yield _maths(token.content, known, setting, setting.formula)
            case "code_inline":
                yield setting.code(token.content)
            case "softbreak" | "hardbreak":
                yield "\n"
            case _ if token.content:
                yield getattr(setting, style[-1])(token.content)
            case _:
                pass


def _tokens(parser: MarkdownIt, markdown: str) -> list[Token]:
    """The blocks of a page; a fence of definitions is a display like any other."""
    found = parser.parse(without_comments(markdown))
    for token in found:
        if token.type == "fence" and token.info.startswith(("{math}", "{model}")):
            token.type = "math_block"
    return found


def _displays(source: str, known: Known, setting: Setting) -> list[str]:
    read = read_formulas(source, known)
    return [setting.display(f) for f in read] or [setting.code(source.strip())]


def _maths(source: str, known: Known, setting: Setting, formula: Callable[[Formula], str]) -> str:
    read = read_formula(source, known)
    return setting.code(source.strip()) if read is None else formula(read)


def words_html(markdown: str, known: Known, formula: Callable[[Formula, str], str]) -> str:
    """Markdown as HTML, raw HTML escaped, every formula set by `formula(formula, display)`."""

    def maths(source: str, options: dict[str, bool]) -> str:
        display = "block" if options.get("display_mode") else "inline"
        read = read_formulas(source, known)
        return "".join(formula(f, display) for f in read) or f"<code>{escape(source)}</code>"

    parser = _parser(maths)
    return str(parser.renderer.render(_tokens(parser, markdown), parser.options, {}))


def _parser(maths: Callable[[str, dict[str, bool]], str] | None = None) -> MarkdownIt:
    """A Markdown parser that passes on no HTML, no images, and links to the web only."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_inline"])
    parser.validateLink = _is_safe_link  # type: ignore[method-assign]
    return parser.use(dollarmath_plugin, renderer=maths, double_inline=True)


def _is_safe_link(url: str) -> bool:
    return url.startswith(("https://", "http://", "#"))
