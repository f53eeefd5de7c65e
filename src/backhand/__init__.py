"""Backpropagation by hand: neural networks with the working shown.

>>> import backhand
>>> graph = backhand.model("x = 3; u = x^2; y = sin(u)")
>>> print(graph.derivative("y", "x").text())  # doctest: +ELLIPSIS
dy/dx = ...
"""

from __future__ import annotations

from backhand.errors import BackhandError
from backhand.functions import define
from backhand.graph import Graph
from backhand.reading.document import read
from backhand.reading.meaning import model
from backhand.reading.shorthand import network
from backhand.working import Solution, Working, Worksheet

__version__ = "0.1.0"

__all__ = [
    "BackhandError",
    "Graph",
    "Solution",
    "Working",
    "Worksheet",
    "__version__",
    "define",
    "model",
    "network",
    "read",
]
