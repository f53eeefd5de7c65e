"""The parts of a worksheet that are marked one by one, and what is worked out once for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from string import ascii_lowercase

from backhand.calculus.answer import solve
from backhand.calculus.forward import trace
from backhand.checking.answers import Reader
from backhand.checking.case import Case
from backhand.checking.chains import Chains
from backhand.checking.direct import Direct
from backhand.checking.equality import inlined
from backhand.checking.expected import Expected, expected
from backhand.checking.mistakes import BEFORE, EARLY, slipped
from backhand.checking.once import Once
from backhand.expr import Expr
from backhand.graph import Graph, Layout, Value
from backhand.values import floats
from backhand.working import Ask, Question, Working, Worksheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One ask of a question. `number` is the question's, with .1, .2 where it has several asks."""

    number: str
    question: Question
    ask: Ask
    working: Working
    expected: Expected


@dataclass(frozen=True, slots=True)
class Aims:
    """Numbers that an answer is held against, in their shape: as they are, and as floats."""

    shape: tuple[int, ...]
    exact: tuple[Fraction | float, ...]
    numbers: tuple[float, ...]


def aims(value: Value) -> Aims:
    """The numbers of an array."""
    return Aims(
        value.shape, tuple(value.reshape(-1).tolist()), tuple(floats(value).ravel().tolist())
    )


@dataclass(eq=False)
class Prepared:
    """A part with what doesn't depend on an answer to it. As a key it is itself only."""

    part: Part
    layout: Layout
    reader: Reader
    chains: Chains

    @property
    def graph(self) -> Graph:
        return self.part.question.graph

    @cached_property
    def right(self) -> tuple[Value, tuple[float, ...]] | None:
        """The right value, and its entries as floats."""
        value = self.part.expected.value
        return None if value is None else (value, tuple(floats(value).ravel().tolist()))

    @cached_property
    def formula(self) -> Expr | None:
        """The right formula with every equation put in, but for the names that it is asked in."""
        found = self.part.expected.formula
        return None if found is None else inlined(found, self.graph, self.part.expected.allowed)

    @cached_property
    def case(self) -> Case:
        """The part as a question to be worked out wrongly."""
        part = self.part
        return Case(self.graph, part.ask, part.expected, self.layout)

    @cached_property
    def direct(self) -> Direct | None:
        """The right formula modulo a prime."""
        return None if self.formula is None else Direct(self.case, self.formula, self.values)

    @cached_property
    def slips(self) -> Once[tuple[str, Value]]:
        """What the known slips lead to; each is worked out where an answer gets as far as it."""
        return Once(slipped(self.case))

    @cached_property
    def aims(self) -> Aims | None:
        """The right numbers."""
        return None if self.right is None else aims(self.right[0])

    @cached_property
    def slip_aims(self) -> Once[tuple[str, Aims]]:
        """The numbers that the known slips lead to, but for rounding too early."""
        return Once((slip, aims(value)) for slip, value in slipped(self.case, BEFORE))

    @cached_property
    def early_aims(self) -> Once[tuple[str, Aims]]:
        """The numbers that rounding too early leads to: many, so worked out for answers near by."""
        return Once((slip, aims(value)) for slip, value in slipped(self.case, (EARLY,)))

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """The value of every quantity."""
        return trace(self.graph)


def prepared(worksheet: Worksheet, layout: Layout | None) -> Iterator[Prepared]:
    """Every part of a worksheet in order of the page."""
    solution = solve(worksheet, None, layout)
    shared: dict[int, tuple[Reader, Chains]] = {}
    for answered in solution.answers:
        question = answered.question
        graph = question.graph
        reader, chains = shared.setdefault(id(graph), (Reader(graph), Chains(graph)))
        several = len(question.asks) > 1
        for at, (ask, working) in enumerate(zip(question.asks, answered.workings, strict=True), 1):
            part = Part(
                number=f"{question.number}.{at}" if several else question.number,
                question=question,
                ask=ask,
                working=working,
                expected=expected(ask, working, graph),
            )
            yield Prepared(part, solution.layout, reader, chains)


def other_name(part: Part) -> str:
    """The part's number with a letter: 3.1.3a for 3.1.3.1."""
    if part.number == part.question.number:
        return part.number
    at = int(part.number.rpartition(".")[2])
    letter = ascii_lowercase[at - 1] if at <= len(ascii_lowercase) else f".{at}"
    return part.question.number + letter
