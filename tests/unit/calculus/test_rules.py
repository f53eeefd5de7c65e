"""Derivations: every step is true in itself, and the last one is the derivative."""

from __future__ import annotations

from autograd import numpy as anp

from backhand.expr import ref
from backhand.graph import Graph, Quantity, Role

X = ref("x")
GRAPH = Graph((Quantity(name="x", axes=(), role=Role.DATA),))
OUTER = {
    "sin": anp.sin,
    "cos": anp.cos,
    "exp": anp.exp,
    "tanh": anp.tanh,
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "softplus": lambda z: anp.log(1 + anp.exp(z)),
}
