"""Backpropagation by hand: neural networks with the working shown.

>>> graph = model("x = 3; w = 2; J = (w x - 5)^2")
>>> graph.derivative("J", "w").value
6.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from backhand.errors import BackhandError
from backhand.expr import compare
from backhand.formulas import chain, check, convex
from backhand.functions import define
from backhand.graph import Graph
from backhand.reading.document import read
from backhand.reading.meaning import model
from backhand.reading.shorthand import network
from backhand.working import Solution, Verdict, Working, Worksheet

if TYPE_CHECKING:
    from backhand.checking.audit import audit
    from backhand.checking.gradients import check_gradients
    from backhand.checking.marking import Marker, mark
    from backhand.checking.marks import Mark
    from backhand.checking.variants import variants
    from backhand.estimators.linear import LinearRegression, LogisticRegression
    from backhand.estimators.networks import NetworkClassifier, NetworkRegressor
    from backhand.exporting.onnx import to_onnx
    from backhand.exporting.parameters import load_parameters, save_parameters
    from backhand.exporting.torch import load_state_dict, state_dict, to_torch
    from backhand.grading.grade import grade
    from backhand.reading.building import block
    from backhand.reading.onnx import from_onnx
    from backhand.reading.torch import from_torch
    from backhand.sweeping.sweep import sweep
    from backhand.training.jax import to_jax
    from backhand.training.jax_fit import fit_jax

__version__ = "0.1.0"

__all__ = [
    "BackhandError",
    "Graph",
    "LinearRegression",
    "LogisticRegression",
    "Mark",
    "Marker",
    "NetworkClassifier",
    "NetworkRegressor",
    "Solution",
    "Verdict",
    "Working",
    "Worksheet",
    "__version__",
    "audit",
    "block",
    "chain",
    "check",
    "check_gradients",
    "compare",
    "convex",
    "define",
    "fit_jax",
    "from_onnx",
    "from_torch",
    "grade",
    "load_parameters",
    "load_state_dict",
    "mark",
    "model",
    "network",
    "read",
    "save_parameters",
    "state_dict",
    "sweep",
    "to_jax",
    "to_onnx",
    "to_torch",
    "variants",
]

_WHERE = {
    "LinearRegression": "backhand.estimators.linear",
    "LogisticRegression": "backhand.estimators.linear",
    "Mark": "backhand.checking.marks",
    "Marker": "backhand.checking.marking",
    "NetworkClassifier": "backhand.estimators.networks",
    "NetworkRegressor": "backhand.estimators.networks",
    "audit": "backhand.checking.audit",
    "block": "backhand.reading.building",
    "check_gradients": "backhand.checking.gradients",
    "fit_jax": "backhand.training.jax_fit",
    "from_onnx": "backhand.reading.onnx",
    "from_torch": "backhand.reading.torch",
    "grade": "backhand.grading.grade",
    "load_parameters": "backhand.exporting.parameters",
    "load_state_dict": "backhand.exporting.torch",
    "mark": "backhand.checking.marking",
    "save_parameters": "backhand.exporting.parameters",
    "state_dict": "backhand.exporting.torch",
    "sweep": "backhand.sweeping.sweep",
    "to_jax": "backhand.training.jax",
    "to_onnx": "backhand.exporting.onnx",
    "to_torch": "backhand.exporting.torch",
    "variants": "backhand.checking.variants",
}
"""What only some readers of the package need is imported when it is first named."""


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
