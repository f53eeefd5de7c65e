"""Matrix notation says the same as index notation: it is read back and evaluated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from tests.peers import Network, build, networks

import backhand
from backhand.calculus.evaluate import evaluate
from backhand.calculus.forward import trace
from backhand.calculus.gradient import gradients
from backhand.graph import Graph, Quantity, Role, axes, floats
from backhand.matrices import matrix_form
from backhand.reading.meaning import expression_of
from backhand.syntax import Flipped, Formula, Name, Partial, replaced


def stand_in(part: Formula) -> Formula | None:
    """A derivative by a plain name of its own, which the reader knows."""
    if isinstance(part, Partial) and isinstance(part.by, Name):
        return Name(f"slope_{part.by.name.replace('_', '')}")
    return None


def turned_stand_in(part: Formula) -> Formula | None:
    """The same where a derivative stands as a row."""
    name = stand_in(part)
    return None if name is None else Flipped(name)


def with_slopes(graph: Graph, values: dict[str, np.ndarray]) -> Graph:
    """The graph with every derivative as a given quantity."""
    slopes = tuple(
        Quantity(
            name=f"slope_{q.name.removeprefix('∂J/∂').replace('_', '')}",
            axes=axes(*q.shape),
            role=Role.DATA,
            value=values[q.name],
        )
        for q in graph.with_role(Role.GRADIENT)
    )
    kept = tuple(q for q in graph if q.role is not Role.GRADIENT)
    return replace(graph, quantities=(*kept, *slopes))


def agreements(page: str) -> int:
    """How many equations of a page's backward pass agree with their matrix notation, read back.

    What the reader doesn't read, such as a matrix without its bias column, doesn't count; a
    disagreement fails.
    """
    graph = backhand.model(page)
    names = [q.name for q in graph if q.name != "J"]
    whole, values = gradients(graph, "J", names, trace(graph))
    known = with_slopes(whole, values)
    everything = trace(known)
    agreed = 0
    for quantity in whole:
        for layout, leaf in (("denominator", stand_in), ("numerator", turned_stand_in)):
            found = matrix_form(quantity, whole, layout)  # type: ignore[arg-type]
            if found is None:
                continue
            try:
                meant = expression_of(replaced(found, leaf), known)
            except backhand.BackhandError:
                continue
            shown = evaluate(meant.expr, meant.axes, known, everything)
            expected = floats(values[quantity.name])
            if layout == "numerator" and quantity.role is Role.GRADIENT:
                expected = expected.T
            assert floats(shown).ravel() == pytest.approx(expected.ravel(), rel=1e-9, abs=1e-12), (
                f"{quantity.name} in {layout} layout: {found}"
            )
            agreed += 1
    return agreed


@settings(max_examples=60, deadline=None)
@given(networks(most_layers=3, widest=4))
@pytest.mark.no_cover
def test_matrix_notation_equals_index_notation(network: Network) -> None:
    assert agreements(network.page) > 0


def test_every_equation_of_a_dense_network_has_matrix_notation() -> None:
    network = build([3, 4, 2], ["tanh", "sigmoid"], "squared_error", [False, False], seed=1)
    graph = backhand.model(network.page)
    made = [q for q in graph if q.definition is not None]
    slopes = [q for q in graph if q.name != "J"]
    assert agreements(network.page) == 2 * (len(made) + len(slopes))
