"""Backpropagation by hand: neural networks with the working shown."""

from __future__ import annotations

__version__ = "0.1.0"
