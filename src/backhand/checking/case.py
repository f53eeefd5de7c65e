"""A question that is to be worked out wrongly."""

from __future__ import annotations

from dataclasses import dataclass

from backhand.checking.expected import Expected
from backhand.graph import Graph, Layout, Value
from backhand.working import Ask


@dataclass(frozen=True, slots=True)
class Case:
    """A question to be worked out wrongly."""

    graph: Graph
    ask: Ask
    expected: Expected
    layout: Layout

    @property
    def value(self) -> Value | None:
        """The right value."""
        return self.expected.value
