"""Auditing: a worked solution line by line, each as following from the page and the lines before it.

A line that is wrong is counted once: what comes after is judged with what the author wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from backhand.checking.audit_author import Author
from backhand.checking.audit_claims import is_claim, judged_claim, with_arguments
from backhand.checking.audit_findings import Audit, Finding
from backhand.checking.audit_saying import explained
from backhand.checking.audit_sides import Pool
from backhand.checking.audit_statements import Chain, begun, judged_chain
from backhand.checking.audit_text import MAX_SOURCE, RELATIONS, Lines, Piece, pieces
from backhand.checking.audit_updates import give_rate, is_update, rate_of, without_new
from backhand.checking.audit_worlds import changed_by
from backhand.checking.chains import Chains
from backhand.checking.marks import Level
from backhand.errors import BackhandError, Place
from backhand.functions import COMPOSED_AS, READ_AS
from backhand.graph import Graph, Layout
from backhand.reading.maths import Known, Statement, statements
from backhand.syntax import Entry, Equal, Formula, Name
from backhand.working import Worksheet

MAX_LENGTH = 2_000
"""The longest line, in characters."""
MAX_LINES = 1_000
"""The most lines with formulas in one solution."""
MAX_UNREADABLE = 200
"""After so many lines that can't be read the rest isn't looked at."""
_WORDS = frozenset((*READ_AS, *COMPOSED_AS, "eta", "alpha", "np", "frac", "partial", "max", "min"))


def audit(
    worksheet: Worksheet, text: str, *, layout: Layout | None = None, level: Level = "hint"
) -> Audit:
    """The findings on a worked solution of a worksheet, line by line.

    `text`: Markdown, LaTeX or plain lines. `layout`: the layout of derivatives, else the worksheet's.
    `level`: `full` also says what should stand in a wrong line. What can't be read is reported with
    its place and stops nothing.

    >>> import backhand
    >>> sheet = backhand.reading.document.worksheet("$$ x = 3, w = 2, u = w x, J = u^2 $$")
    >>> found = audit(sheet, "u = w x = 6\\ndJ/du = u = 6\\ndJ/dw = 6 x = 18")
    >>> [(f.verdict, f.slip) for f in found.findings][:2]
    [('follows', None), ("doesn't follow", 'factor 2 forgotten')]
    """
    return Audit(tuple(_Auditor(worksheet, text, layout or worksheet.layout, level).findings()))


@dataclass
class _Auditor:
    """An audit under way: the author so far, and the chain of equalities that a line may continue."""

    worksheet: Worksheet
    text: str
    layout: Layout
    level: Level
    author: Author = field(init=False)
    chain: Chain | None = None
    updated: set[str] = field(default_factory=set[str])
    """The parameters that a line above gave their new values."""

    def __post_init__(self) -> None:
        graph = self.worksheet.graph
        self.author = Author(Pool(graph, self.layout, Chains(graph)))
        rate = rate_of(self.worksheet)
        if rate is not None:
            give_rate(self.author.pool, rate)

    def findings(self) -> Iterator[Finding]:
        """A finding for each line."""
        lines = Lines.of(self.text)
        known = _words_known(self.author.pool)
        formulas, unreadable = count(1), 0
        for piece in pieces(self.text, known):
            line, column = lines.place(piece.start)
            blank = Finding(
                line=line,
                column=column,
                end=column + len(piece.text),
                text=" ".join(piece.text.split()),
                verdict="prose",
            )
            if piece.prose:
                self.chain = None if piece.text.startswith("#") else self.chain
                yield replace(blank, why="prose: not judged")
                continue
            if next(formulas) > MAX_LINES or unreadable >= MAX_UNREADABLE:
                yield replace(
                    blank, verdict="unreadable", why="too many lines: the rest isn't looked at"
                )
                return
            for found in self._judged(piece, blank):
                unreadable += found.verdict == "unreadable"
                yield found
        if len(self.text) > MAX_SOURCE:
            line, column = lines.place(MAX_SOURCE)
            yield Finding(
                line=line, column=column, end=column, text="", verdict="unreadable",
                why=f"the solution is longer than {MAX_SOURCE:,} characters: the rest isn't looked at",
            )  # fmt: skip

    def _judged(self, piece: Piece, blank: Finding) -> Iterator[Finding]:
        if len(piece.text) > MAX_LENGTH:
            why = f"longer than {MAX_LENGTH:,} characters: write it in several lines"
            yield replace(blank, verdict="unreadable", why=why, text=blank.text[:80] + "…")
            return
        try:
            yield from self._statements(piece, blank)
        except BackhandError as error:
            self.chain = None
            yield _unreadable(blank, error)
        except (RecursionError, OverflowError, ArithmeticError, ValueError):
            self.chain = None
            why = "too deep or too large to work out: write it in smaller steps"
            yield replace(blank, verdict="unreadable", why=why)

    def _statements(self, piece: Piece, blank: Finding) -> Iterator[Finding]:
        if piece.continues:
            yield self._continued(piece, blank)
            return
        text = with_arguments(piece.text)
        update = is_update(text)
        try:
            found = self._read(without_new(text) if update else text, blank)
        except BackhandError:
            # Letters of the author's own may be in the way of a rule's letters: d/dx where d is one.
            claimed = self._claim(text, blank)
            if claimed is None:
                raise
            yield claimed
            return
        for statement in found:
            own = _cut_out(blank, statement, piece, len(found))
            if is_claim(statement.formula, self.author.pool):
                claimed = self._claim(statement.source, own)
                if claimed is not None:
                    self.chain = None
                    yield claimed
                    continue
            self.chain = begun(self.author, statement.formula, update)
            if update:
                self.updated.add(_left_name(statement.formula))
            yield self._chained(own, statement.formula, 0)

    def _continued(self, piece: Piece, blank: Finding) -> Finding:
        if self.chain is None:
            why = "it starts with a relation, and no line before says of what"
            return replace(blank, verdict="unreadable", why=why)
        sign = RELATIONS.match(piece.text)
        assert sign is not None
        rest = piece.text[sign.end() :]
        shift = len(rest) - len(rest.lstrip())
        start = replace(blank, column=blank.column + sign.end() + shift)
        found = self._read(rest.strip(), start)
        if len(found) != 1:
            return replace(blank, verdict="unreadable", why="several formulas on one line")
        relation = "=" if sign[0] == "=" else "≈"
        self.chain = self.chain.longer(found[0].formula, relation)
        return self._chained(blank, found[0].formula, 1)

    def _read(self, text: str, blank: Finding) -> tuple[Statement, ...]:
        pool = self.author.pool
        functions = frozenset((*pool.graph.functions, *pool.graph.signatures))
        known = Known(pool.names(), functions)
        found = statements(text, known, Place(blank.line, blank.column, text))
        if not found:
            raise BackhandError("there is nothing to read")
        return found

    def _chained(self, blank: Finding, formula: Formula, continued: int) -> Finding:
        chain = self.chain
        assert chain is not None
        count_of_new = len(formula.sides) if isinstance(formula, Equal) else 1
        first = len(chain.sides) - count_of_new
        before = self.author.before()
        judgement = judged_chain(self.author, chain, max(first, 1) if continued else 1)
        found = explained(before, blank, chain, judgement, self.level)
        name = _left_name(chain.sides[0])
        if found.verdict == "doesn't follow" and self.updated & changed_by(self.author.pool, name):
            why = "a step has changed what it rests on, and what comes after a step isn't followed"
            return replace(found, verdict="undecided", slip=None, hint="", expected=None, why=why)
        return found

    def _claim(self, text: str, blank: Finding) -> Finding | None:
        try:
            verdict, why = judged_claim(text, self.author.pool)
        except BackhandError:
            return None
        slip = "wrong rule" if verdict == "claim false" else None
        return replace(blank, verdict=verdict, why=why, slip=slip)


def _left_name(formula: Formula) -> str:
    """The quantity on the left of an equation; empty for any other side."""
    side = formula.sides[0] if isinstance(formula, Equal) else formula
    base = side.of if isinstance(side, Entry) else side
    return base.name if isinstance(base, Name) else ""


def _words_known(pool: Pool) -> frozenset[str]:
    """Names and functions as they stand on a plain line."""
    graph: Graph = pool.graph
    return frozenset((*(q.name for q in graph), *graph.functions, *graph.signatures, *_WORDS))


def _cut_out(blank: Finding, statement: Statement, piece: Piece, several: int) -> Finding:
    """The finding of one statement of several on a line."""
    if several == 1:
        return blank
    place = statement.place
    same_line = place.line == blank.line
    column = place.column if same_line else blank.column
    text = " ".join(statement.source.split())
    return replace(blank, column=column, end=column + len(statement.source), text=text)


def _unreadable(blank: Finding, error: BackhandError) -> Finding:
    place = error.place
    here = place is not None and place.line == blank.line
    column = place.column if place is not None and here else blank.column
    why = error.what + (f"; {error.mend}" if error.mend else "")
    return replace(blank, verdict="unreadable", column=column, why=why)


__all__ = ["Audit", "Finding", "audit"]
