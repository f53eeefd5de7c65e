"""Gradients of random networks against autograd, and chains against gradients."""

from __future__ import annotations

import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.peers import ACTIVATIONS, LOSSES, Network, build, networks

import backhand
from backhand.calculus.chain import partial_name


def close(ours: np.ndarray, theirs: np.ndarray, *, tolerance: float = 1e-9) -> bool:
    """Equal to `tolerance` relative to the largest entry."""
    scale = max(1.0, float(np.max(np.abs(theirs), initial=0.0)))
    return bool(np.max(np.abs(ours - theirs), initial=0.0) <= tolerance * scale)


def check(network: Network) -> None:
    graph = backhand.model(network.page)
    assert close(np.asarray(graph.forward().value), network.loss(network.parameters))
    ours = graph.gradient().values
    theirs = grad(network.loss)(network.parameters)
    assert {q.name for q in graph.parameters} == set(theirs)
    for name, expected in theirs.items():
        found = ours[partial_name("J", name)].astype(float)
        assert close(found.reshape(expected.shape), expected), name


@settings(max_examples=40, deadline=None)
@given(networks())
@pytest.mark.no_cover
def test_gradients_equal_autograd(network: Network) -> None:
    check(network)


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_function_with_every_loss(activation: str, loss: str) -> None:
    check(build([3, 4, 2], [activation, activation], loss, [True, False], seed=7))


@settings(max_examples=60, deadline=None)
@given(networks(most_layers=3, widest=3), st.data())
@pytest.mark.no_cover
def test_chains_of_entries_give_the_gradient(network: Network, data: st.DataObject) -> None:
    graph = backhand.model(network.page)
    parameter = data.draw(st.sampled_from(graph.parameters))
    slots = tuple(
        data.draw(st.integers(axis.lower, axis.lower + axis.size - 1)) for axis in parameter.axes
    )
    entry = f"{parameter.name}[{','.join(map(str, slots))}]" if slots else parameter.name
    working = graph.derivative("J", entry)
    whole = grad(network.loss)(network.parameters)[parameter.name].reshape(parameter.shape)
    lows = [axis.lower for axis in parameter.axes]
    expected = whole[tuple(s - low for s, low in zip(slots, lows, strict=True))]
    assert working.value == pytest.approx(float(expected), rel=1e-9, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(networks(most_layers=3, widest=4), st.data())
def test_denominator_layout_is_the_transpose(network: Network, data: st.DataObject) -> None:
    graph = backhand.model(network.page)
    names = [q.name for q in graph if q.rank >= 1 and q.name not in ("y",)]
    by = data.draw(st.sampled_from(names)) if names else "x"
    if graph[by].size == 1:
        return
    numerator = np.asarray(graph.derivative("J", by, layout="numerator").value)
    denominator = np.asarray(graph.derivative("J", by, layout="denominator").value)
    row = numerator.reshape(1, -1) if denominator.ndim == 1 else numerator
    column = denominator.reshape(-1, 1) if denominator.ndim == 1 else denominator
    assert np.array_equal(row.T, column)
