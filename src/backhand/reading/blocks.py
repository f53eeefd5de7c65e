"""The walk down a worksheet's page: Markdown tokens to blocks, questions and growing graphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from textwrap import dedent
from typing import TYPE_CHECKING, Literal

from backhand.errors import AskError, BackhandError, Place, ReadingError
from backhand.graph import Graph, Layout
from backhand.reading.asks import ASKS, parse_ask
from backhand.reading.claims import claim
from backhand.reading.numbering import Numbers, joined
from backhand.working import Ask, Block, Question

if TYPE_CHECKING:
    from markdown_it.token import Token

_ASK = re.compile(r"(?mi)^\s*ask:")
_FORMULAS = ("math_block", "math_block_label", "amsmath")
_FENCES = ("{math}", "{model}", "math", "model")


@dataclass
class _Item:
    """A list item or a paragraph that is, or may become, a question."""

    start: int
    end: int
    prefix: str = ""
    """The number of what it stands in."""
    typed: int | None = None
    """Its own number, as its author typed it."""
    asking: bool = False
    words: list[str] = field(default_factory=list[str])
    asks: list[Ask] = field(default_factory=list[Ask])


@dataclass(frozen=True)
class _Piece:
    """A run of lines that is more than prose."""

    start: int
    end: int
    block: Block


@dataclass
class Page:
    """What is known while a page is walked from top to bottom."""

    lines: list[str]
    title: str = ""
    layout: Layout = "numerator"
    definitions: list[str] = field(default_factory=list[str])
    """The definitions of the model so far, each on its line of the page."""
    notes: list[str] = field(default_factory=list[str])
    graphs: list[Graph] = field(default_factory=list[Graph])
    pieces: list[_Piece] = field(default_factory=list[_Piece])
    asked: list[tuple[Question, int]] = field(default_factory=list[tuple[Question, int]])
    """Every question, and which of the page's models it stands under."""
    items: list[_Item] = field(default_factory=list[_Item])
    """The open list items, the innermost last."""
    paragraph: _Item | None = None
    """The paragraph right above, outside of questions."""
    prose: bool = False
    """Whether `% prose` stands right above."""
    marked: bool = False
    """Whether the page has formulas on display or asks; else it is all definitions."""
    body: int = 0
    """Where the page begins, after its front matter."""
    numbers: Numbers = field(default_factory=Numbers)
    _graph: Graph | None = None

    def walk(self, tokens: Sequence[Token]) -> None:
        """Go down the page, block by block."""
        asking = set(_asking(tokens))
        lists: list[int] = []
        for at, token in enumerate(tokens):
            start, end = token.map or (0, 0)
            kind = token.type
            goes_on = kind in ("myst_line_comment", "inline") or (self.prose and kind in _FORMULAS)
            if not goes_on and token.nesting >= 0:
                self._end_paragraph()
            match kind:
                case "front_matter":
                    self._front_matter(token.content)
                    self.body = end
                case "heading_open":
                    self._heading(int(token.tag[1:]), tokens[at + 1].content, start, end)
                case "ordered_list_open" | "bullet_list_open":
                    lists.append(0)
                case "ordered_list_close" | "bullet_list_close":
                    lists.pop()
                case "list_item_open":
                    typed = None
                    if token.info:
                        # "1. 1. 1." counts on, as every renderer does; a gap is the author's.
                        typed = max(int(token.info), lists[-1] + 1)
                        lists[-1] = typed
                    self._open_item(start, end, typed, at in asking)
                case "list_item_close":
                    item = self.items.pop()
                    if item.asking:
                        self._question(item)
                case "paragraph_open":
                    self._paragraph(tokens[at + 1].content, start, end)
                case "myst_line_comment":
                    self._comment(start, end)
                    continue
                case "fence" if token.info.split()[:1] and token.info.split()[0] in _FENCES:
                    self._fence(token, start, end)
                case _ if kind in _FORMULAS:
                    self._formula(token.content, start, end)
                case _:
                    continue
            self.prose = False
        self._end_paragraph()

    def _front_matter(self, content: str) -> None:
        for row, line in enumerate(content.split("\n"), 2):
            name, _, value = line.partition(":")
            value = value.strip().strip("\"'")
            if name == "title":
                self.title = value
            elif name == "layout":
                if value not in ("numerator", "denominator"):
                    raise ReadingError(
                        f"there is no layout {value!r}",
                        "write numerator or denominator, or leave the line out",
                        self._place(row, line.find(value) + 1),
                    )
                self.layout = value

    def _heading(self, level: int, words: str, start: int, end: int) -> None:
        if level == 1 and not self.title:
            self.title = words
        self.numbers.heading(level, words)
        self._piece(start, end, "heading", level=level)

    def _open_item(self, start: int, end: int, typed: int | None, asking: bool) -> None:
        prefix = self.numbers.section
        if self.items:
            outer = self.items[-1]
            prefix = outer.prefix if outer.typed is None else joined(outer.prefix, outer.typed)
        self.items.append(_Item(start, end, prefix, typed, asking))

    def _paragraph(self, content: str, start: int, end: int) -> None:
        if "$$" in re.sub(r"(`+).*?\1", "", content, flags=re.DOTALL):
            row, column = self._find("$$", start, end)
            raise ReadingError(
                "this $$ opens or closes no block",
                "put each $$ block on lines of its own, an empty line before it and none inside; "
                "a formula in a sentence goes between single $",
                self._place(row, column),
            )
        if question := self._open_question():
            question.words.append(content)
        else:
            prefix = self.items[-1].prefix if self.items else self.numbers.section
            self.paragraph = _Item(start, end, prefix, words=[content])

    def _open_question(self) -> _Item | None:
        """The innermost open list item that is a question."""
        return next((item for item in reversed(self.items) if item.asking), None)

    def _end_paragraph(self) -> None:
        """The paragraph above has got all its asks."""
        if self.paragraph and self.paragraph.asks:
            self._question(self.paragraph)
        self.paragraph = None

    def _fence(self, token: Token, start: int, end: int) -> None:
        """A fence; its first lines may be options of the directive, `:label: loss`."""
        directive, _, argument = token.info.partition(" ")
        content = re.sub(r"(?m)\A(:[\w-]+:.*\n)+", lambda m: "\n" * m[0].count("\n"), token.content)
        if directive.strip("{}") == "model":
            if argument.strip() not in ("", "new"):
                raise ReadingError(
                    f"a model takes 'new' or nothing here, not {argument.strip()!r}",
                    "put the definitions on the next lines",
                    self._place(*self._find(argument.strip(), start, end)),
                )
            if argument.strip() == "new":
                self.start_afresh()
            argument = ""
        self._formula(f"{argument}\n{content}", start, end)

    def _formula(self, content: str, start: int, end: int) -> None:
        """A displayed formula: a definition, unless it is marked or stands in a question."""
        self.marked = True
        inside = self._open_question()
        if not inside and not self.prose:
            self.define(self._aligned(content, start), start, end)
            return
        if question := inside or self.paragraph:
            question.words.append(self._source(start, end))
            question.end = max(question.end, end)
        if not self.prose:
            note = f"line {start + 1}: the formula in this question's words is read as prose"
            self.notes.append(note)
            self._graph = None

    def define(self, text: str, start: int, end: int) -> None:
        """Add the definitions in `text`, whose first line is line `start`, to the model."""
        self.definitions += [""] * (start - len(self.definitions)) + text.split("\n")[: end - start]
        self._graph = None
        self._piece(start, end, "model")

    def graph(self) -> Graph:
        """The model so far. It is read as one text, on the page's own lines, so that places agree."""
        from backhand.reading.meaning import model

        if self._graph is None:
            try:
                graph = model("\n".join(self.definitions)) if self.definitions else Graph(())
            except BackhandError as error:
                if error.place:
                    error.place = self._place(error.place.line, error.place.column)
                    error.mend += self._hint(error.place.line)
                raise
            self._graph = replace(graph, notes=(*graph.notes, *self.notes))
        return self._graph

    def _hint(self, line: int) -> str:
        """What else may mend an error on this line: a display may be no definition at all."""
        for piece in self.pieces:
            if piece.start < line <= piece.end and "$$" in self.lines[piece.start]:
                return "; or put the line % prose above, if this formula defines nothing"
        return ""

    def define_all(self) -> None:
        """Read the whole text as definitions: it has no formulas on display and no asks."""
        self.pieces = []
        self.define("\n".join(self.lines[self.body :]), self.body, len(self.lines))
        try:
            self.graph()
        except BackhandError as error:
            hint = "on a page of Markdown, definitions stand between $$ and $$"
            error.mend = f"{error.mend}; {hint}" if error.mend else hint
            raise

    def start_afresh(self) -> None:
        """End the model so far."""
        if self.graph().quantities:
            self.graphs.append(self.graph())
        self.definitions, self.notes, self._graph = [], [], None

    def _comment(self, start: int, end: int) -> None:
        for row in range(start, end):
            words = self.lines[row].partition("%")[2]
            command = " ".join(words.split()).lower()
            if command == "prose":
                self.prose = True
            elif command.startswith("not read:"):
                self.marked = True  # a question that has no ask yet
            elif command in ("new", "new model"):
                self._end_paragraph()
                self.start_afresh()
            elif command.startswith("ask:"):
                self._ask(row, words.partition(":")[2])
            elif command.startswith("ask ") and command.split()[1] in ASKS:
                column = self.lines[row].find("%") + 1
                raise AskError(
                    "an ask needs a colon",
                    f"write: % ask: {words.strip()[4:]}",
                    self._place(row + 1, column),
                )

    def _ask(self, row: int, words: str) -> None:
        line = self.lines[row]
        place = self._place(row + 1, len(line) - len(words.lstrip()) + 1)
        item = self._open_question() or self.paragraph
        if item is None:
            raise AskError(
                "no question stands right above this ask",
                "put it below the question's paragraph; in a list, indent it like the item's text",
                place,
            )
        self.marked = True
        item.asks.append(parse_ask(words, place))
        item.end = max(item.end, row + 1)

    def _question(self, item: _Item) -> None:
        number = self.numbers.question(item.prefix, item.typed)
        if number is None:
            raise ReadingError(
                f"there are two questions {joined(item.prefix, item.typed or 0)}",
                "go on counting, or give the second list a heading of its own",
                self._place(item.start + 1, 1),
            )
        graph = self.graph()
        asks = tuple(_with_claim(ask, graph) for ask in item.asks)
        question = Question(number, "\n\n".join(item.words), asks, graph)
        self.asked.append((question, len(self.graphs)))
        self._piece(item.start, item.end, "question", question=question)

    def _piece(
        self,
        start: int,
        end: int,
        kind: Literal["heading", "model", "question"],
        *,
        level: int = 0,
        question: Question | None = None,
    ) -> None:
        self.pieces.append(_Piece(start, end, Block(kind, "", level, question)))

    def blocks(self) -> Iterator[Block]:
        """Every line of the page in its block; what is nothing else is prose."""
        at = self.body
        pieces = sorted(self.pieces, key=lambda piece: piece.start)
        limits = [*(piece.start for piece in pieces), len(self.lines)]
        for piece, limit in zip(pieces, limits[1:], strict=True):
            yield from self._prose(at, piece.start)
            at = min(piece.end, limit)
            yield replace(piece.block, source=self._source(piece.start, at))
        yield from self._prose(at, len(self.lines))

    def _prose(self, start: int, end: int) -> Iterator[Block]:
        source = self._source(start, end)
        if source:
            yield Block("prose", source)

    def _source(self, start: int, end: int) -> str:
        return dedent("\n".join(self.lines[start:end])).strip("\n").rstrip()

    def _aligned(self, content: str, start: int) -> str:
        """The content with every line put at its own column of the file, so that places agree."""
        rows = content.split("\n")
        return "\n".join(
            " " * max(line.find(row.strip()), 0) + row.strip()
            for row, line in zip(rows, self.lines[start:], strict=False)
        )

    def _find(self, words: str, start: int, end: int) -> tuple[int, int]:
        """The line and column, from 1, of the first of some lines that holds these words."""
        for row in range(start, end):
            if words in self.lines[row]:
                return row + 1, self.lines[row].find(words) + 1
        return start + 1, 1

    def _place(self, line: int, column: int) -> Place:
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Place(line, column, text)


def _asking(tokens: Sequence[Token]) -> Iterator[int]:
    """The positions of the list items that hold an ask of their own."""
    items: list[int] = []
    for at, token in enumerate(tokens):
        if token.type == "list_item_open":
            items.append(at)
        elif token.type == "list_item_close":
            items.pop()
        elif items and token.type == "myst_line_comment" and _ASK.search(token.content):
            yield items[-1]


def _with_claim(ask: Ask, graph: Graph) -> Ask:
    """A `check` with the claim that its text makes; errors carry the place in the page."""
    if ask.verb != "check":
        return ask
    try:
        return replace(ask, claim=claim(ask.words[0], base=graph))
    except BackhandError as error:
        error.place = ask.place
        raise
