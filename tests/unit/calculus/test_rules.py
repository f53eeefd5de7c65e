"""Derivations: every step is true in itself, and the last one is the derivative."""

from __future__ import annotations

import pytest
from autograd import grad
from autograd import numpy as anp
from hypothesis import given, settings
from hypothesis import strategies as st

import backhand
from backhand.calculus.canonical import compared
from backhand.calculus.identity import identity
from backhand.calculus.rules import MAX_STEPS, derivation
from backhand.differentiation import local
from backhand.expr import Expr, apply, ref
from backhand.graph import Graph, Quantity, Role
from backhand.reading.claims import claim
from backhand.syntax import Equal
from backhand.working import Step
from backhand.writing import text

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
