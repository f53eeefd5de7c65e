"""What the tests of explanations share."""

from __future__ import annotations

import numpy as np

import backhand
from backhand.calculus.contributions import Contributions, contributions
from backhand.calculus.entries import entries, in_floats
from backhand.calculus.forward import trace
from backhand.calculus.paths import spot
from backhand.graph import Graph


def explained(graph: Graph, by: str, of: str = "J", most: int = 5) -> Contributions:
    """A derivative as the sum over its paths, without the words."""
    graph = in_floats(graph)
    found = entries(graph, spot(of, graph), spot(by, graph), trace(graph))
    return contributions(found, most)


def layered(depth: int, width: int, function: str = "tanh", gain: float = 1.0) -> Graph:
    """A network of layers of one width, with a squared error."""
    rng = np.random.default_rng(3)
    lines = [f"x = {rng.normal(size=width).round(3).tolist()}", "y = 1"]
    for layer in range(1, depth + 1):
        weights = (gain * rng.normal(size=(width, width)) / np.sqrt(width)).round(3).tolist()
        before = f"z_{layer - 1}" if layer > 1 else "x"
        lines += [f"W_{layer} = {weights}", f"a_{layer} = W_{layer} @ {before}"]
        lines.append(f"z_{layer} = {function}(a_{layer})")
    lines += [f"v = {rng.normal(size=(1, width)).round(3).tolist()}", f"s = v @ z_{depth}"]
    return backhand.model("\n".join([*lines, "J = (y - s)^2"]))
