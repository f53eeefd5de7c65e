"""Step and Working: the record that every writer and checker reads; Ask and Worksheet: what was asked.

Nothing here is text in a notation yet: sentences are `Prose`, words and formulas mixed, and each
writer sets them its own way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.errors import BackhandError, Place
from backhand.expr import Expr
from backhand.functions import Interval
from backhand.graph import Graph, Layout, Value, floats
from backhand.slots import Index
from backhand.syntax import Formula

if TYPE_CHECKING:
    from backhand.page.widget import NetworkWidget

Prose: TypeAlias = tuple[str | Formula, ...]
"""A sentence: words and formulas in turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A rule that fired: `formula` holds by `rule`; the same with numbers put in; what comes out.

    `note` says what a reader might stumble over. `place`: the author's line that it rests on.
    """

    title: Prose
    rule: str
    formula: Formula | None = None
    substitution: Formula | None = None
    value: Formula | None = None
    note: Prose = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A neuron or an input in a picture; `label` and `value` as formulas, `bias` for a constant 1.

    `factor`: what a lit path multiplies by inside the neuron, its activation's slope. `inner`: the
    layer's entry inside the neuron, in plain spelling (a[1]), where that is another one.
    """

    name: str
    label: Formula | None
    value: Formula | None
    bias: bool = False
    lit: bool = False
    factor: Formula | None = None
    inner: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A layer of units, top to bottom; `size` is their true number where some are left out."""

    title: Prose
    units: tuple[Unit, ...]
    size: int
    function: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection between two units by name, with its weight, or its factor where it is lit.

    `entry`: the weight in plain spelling (W_1[1,2]), or "".
    """

    start: str
    end: str
    weight: Formula | None
    value: Formula | None
    lit: bool = False
    factor: Formula | None = None
    entry: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """A network to be drawn: columns of units, the edges between them, and what it is about."""

    columns: tuple[Column, ...]
    edges: tuple[Edge, ...]
    caption: Prose = ()


@dataclass(frozen=True, slots=True)
class Chord:
    """A function along the line from x₁ (t = 0) to x₂ (t = 1), for a picture with its chord.

    `t`, `values`: points of the curve. `ends`: f(x₁) and f(x₂), the ends of the chord. `mark`: the t
    at which the definition of convexity is shown to hold or to fail; `left` is f there, `right` the
    chord.
    """

    name: str
    t: tuple[float, ...]
    values: tuple[float, ...]
    ends: tuple[float, float]
    mark: float
    left: float
    right: float


@dataclass(frozen=True, kw_only=True)
class Working:
    """An answer with its working.

    `answer` is the result as a sentence, `result` its value: exact or float64 array, words or None.
    `values` are the quantities worked out on the way. `layout` is named where it matters.
    """

    ask: str
    answer: Prose
    result: Value | str | None = None
    steps: tuple[Step, ...] = ()
    notes: tuple[Prose, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    layout: Layout | None = None
    picture: Picture | None = None
    chord: Chord | None = None

    @property
    def value(self) -> float | NDArray[np.float64] | str | None:
        """The result: a float for a scalar, a float64 array, words, or None."""
        if self.result is None or isinstance(self.result, str):
            return self.result
        array = floats(self.result)
        return float(array) if array.ndim == 0 else array

    def text(self) -> str:
        """The working in plain text with Unicode maths, the answer first."""
        from backhand.writing.text import working_text

        return working_text(self)

    def latex(self) -> str:
        """The working in LaTeX."""
        from backhand.writing.latex import working_latex

        return working_latex(self)

    def html(self) -> str:
        """The working as an HTML fragment with MathML."""
        from backhand.writing.html import working_html

        return working_html(self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Working of {self.ask!r} in {len(self.steps)} step{'s' * (len(self.steps) != 1)}>"

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_latex_(self) -> str:
        return self.latex()

    def _repr_svg_(self) -> str | None:
        if self.chord is not None:
            from backhand.writing.chords import chord_svg

            return chord_svg(self.chord)
        if self.picture is None:
            return None
        from backhand.writing.drawing import draw

        return draw(self.picture)


@dataclass(frozen=True, slots=True)
class Derivative:
    """A derivative that stands in a claim: its sign, what is differentiated, and by what."""

    sign: Formula
    body: Expr
    by: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement about formulas that may be true or false: `d/dx(sin x) = cos x`.

    `left` and `right` have the axes `axes` and no derivative signs any more: those were worked out
    in reading, and `derivatives` lists them. `graph` holds the names, without values where they are
    free. `domain`: where the claim is made, a closed interval for a name; no entry means everywhere.
    """

    text: str
    formula: Formula
    graph: Graph
    left: Expr
    right: Expr
    axes: tuple[Index, ...] = ()
    derivatives: tuple[Derivative, ...] = ()
    domain: Mapping[str, Interval] = field(default_factory=dict[str, Interval])


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A decision with its grounds: about a claim, or about a function's shape.

    `verdict` is the decision in a word or two, `reason` a sentence, `witness` what shows it (names
    to numbers, nested lists or words, ready for JSON), `working` how it was found, step by step.
    """

    verdict: str
    reason: str
    working: Working
    witness: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return self.working.text()

    def _repr_html_(self) -> str:
        return self.working.html()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One explicit question to a graph: `derivative J W_2[1,1]` is a verb and its words.

    `options`: what stood as `name=value`, still as text. `claim`: what a `check` is about.
    """

    text: str
    verb: str
    words: tuple[str, ...]
    options: Mapping[str, str]
    place: Place | None = None
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a worksheet's page. `source` is its Markdown as the author wrote it."""

    kind: Literal["heading", "prose", "model", "question"]
    source: str
    level: int = 0
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A numbered question: its words, its asks, and the graph that holds at its place of the page."""

    number: str
    words: str
    asks: tuple[Ask, ...]
    graph: Graph


@dataclass(frozen=True, slots=True)
class Worksheet:
    """A page that was read: its blocks and its graphs in order; `layout` is its author's choice.

    `source`: the whole page as it was written, on whose lines the places are.
    """

    title: str
    blocks: tuple[Block, ...]
    graphs: tuple[Graph, ...]
    layout: Layout = "numerator"
    unread: tuple[str, ...] = ()
    """Why a question in words alone has no answer, and what had to be read as a number, a sentence each."""
    source: str = ""
    worded: bool = False
    """Whether the asks were read from words: one that can't be answered is then said, no error."""

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions in order."""
        return tuple(b.question for b in self.blocks if b.question)

    @property
    def graph(self) -> Graph:
        """The last graph of the page; `BackhandError` where it defines none."""
        if not self.graphs:
            raise BackhandError("the worksheet defines no model", "add one between $$ and $$")
        return self.graphs[-1]

    def __repr__(self) -> str:
        asked, models = len(self.questions), len(self.graphs)
        return (
            f"<Worksheet {self.title!r}: {asked} question{'s' * (asked != 1)}, "
            f"{models} model{'s' * (models != 1)}>"
        )

    def widget(self) -> NetworkWidget:
        """The page in a notebook: the last graph to touch, the questions to practise."""
        from backhand.page.widget import NetworkWidget

        return NetworkWidget(self)

    def solve(
        self, *, only: str | Sequence[str] | None = None, layout: Layout | None = None
    ) -> Solution:
        """Answer every ask, or those of the questions numbered `only`: 3.1.4, or the section 3.1."""
        from backhand.calculus.answer import solve

        return solve(self, only, layout)


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with the working of each of its asks."""

    question: Question
    workings: tuple[Working, ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """A worksheet with its answers, in the worksheet's order."""

    worksheet: Worksheet
    answers: tuple[Answered, ...]
    layout: Layout

    @property
    def notes(self) -> tuple[str, ...]:
        """How the page was read where it could have been read otherwise, unless an answer tells."""
        graphs = {id(a.question.graph): a.question.graph for a in self.answers}
        told = {note for a in self.answers for working in a.workings for note in working.notes}
        every = (note for graph in graphs.values() for note in graph.notes)
        own = tuple(note for note in dict.fromkeys(every) if (note,) not in told)
        return own + self.worksheet.unread

    @classmethod
    def of_one(cls, working: Working, title: str) -> Solution:
        """A solution that holds one working, asked for without a worksheet."""
        question = Question("", "", (), Graph(()))
        block = Block("question", "", question=question)
        sheet = Worksheet(title, (block,), ())
        return cls(sheet, (Answered(question, (working,)),), working.layout or "numerator")

    def page(self) -> Iterator[tuple[Block, Answered | None]]:
        """The page's blocks, each question with its answers; of a selection the title and those."""
        chosen = {id(answered.question): answered for answered in self.answers}
        whole = len(chosen) == len(self.worksheet.questions)
        for block in self.worksheet.blocks:
            if block.question is not None:
                if id(block.question) in chosen:
                    yield block, chosen[id(block.question)]
            elif whole or (block.kind == "heading" and block.level == 1):
                yield block, None

    def text(self) -> str:
        """All answers in plain text of 80 columns."""
        return self._written("terminal")

    def html(self) -> str:
        """One self-contained HTML page."""
        return self._written("html")

    def latex(self) -> str:
        """A complete LaTeX article."""
        return self._written("latex")

    def markdown(self) -> str:
        """MyST-flavoured Markdown."""
        return self._written("markdown")

    def json(self) -> str:
        """JSON by the schema in `writing/solution.schema.json`."""
        return self._written("json")

    def _written(self, format: str) -> str:
        from backhand.writing.formats import FORMATS

        return FORMATS[format](self)

    def __repr__(self) -> str:
        return f"<Solution of {self.worksheet.title!r}: {len(self.answers)} answered>"

    def _repr_html_(self) -> str:
        from backhand.writing.html import fragment

        return fragment(self)

    def __str__(self) -> str:
        return self.text()
