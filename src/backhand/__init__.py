"""Backpropagation by hand: neural networks with the working shown.

>>> graph = model("x = 3; w = 2; J = (w x - 5)^2")
>>> graph.derivative("J", "w").value
6.0
"""

from __future__ import annotations

from backhand.errors import BackhandError
from backhand.expr import compare
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
    "compare",
    "define",
    "model",
    "network",
    "read",
]
