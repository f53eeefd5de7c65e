"""Backpropagation by hand: neural networks with the working shown.

>>> import backhand
>>> graph = backhand.model("x = 3; w = 2; J = (w x - 5)^2")
>>> graph.derivative("J", "w").value
6.0
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backhand.checking.audit import audit
    from backhand.checking.gradients import check_gradients
    from backhand.checking.marking import Marker, mark
    from backhand.checking.marks import Mark
    from backhand.checking.variants import variants
    from backhand.errors import BackhandError
    from backhand.estimators.linear import LinearRegression, LogisticRegression
    from backhand.estimators.networks import NetworkClassifier, NetworkRegressor
    from backhand.exporting.onnx import to_onnx
    from backhand.exporting.parameters import load_parameters, save_parameters
    from backhand.exporting.torch import load_state_dict, state_dict, to_torch
    from backhand.expr import compare
    from backhand.formulas import chain, check, convex
    from backhand.functions import define
    from backhand.grading.grade import grade
    from backhand.graph import Graph
    from backhand.reading.building import block
    from backhand.reading.document import read
    from backhand.reading.meaning import model
    from backhand.reading.onnx import from_onnx
    from backhand.reading.shorthand import network
    from backhand.reading.torch import from_torch
    from backhand.sweeping.sweep import sweep
    from backhand.training.jax import to_jax
    from backhand.training.jax_fit import fit_jax
    from backhand.working import Solution, Verdict, Working, Worksheet

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
    "BackhandError": "backhand.errors",
    "Graph": "backhand.graph",
    "LinearRegression": "backhand.estimators.linear",
    "LogisticRegression": "backhand.estimators.linear",
    "Mark": "backhand.checking.marks",
    "Marker": "backhand.checking.marking",
    "NetworkClassifier": "backhand.estimators.networks",
    "NetworkRegressor": "backhand.estimators.networks",
    "Solution": "backhand.working",
    "Verdict": "backhand.working",
    "Working": "backhand.working",
    "Worksheet": "backhand.working",
    "audit": "backhand.checking.audit",
    "block": "backhand.reading.building",
    "chain": "backhand.formulas",
    "check": "backhand.formulas",
    "check_gradients": "backhand.checking.gradients",
    "compare": "backhand.expr",
    "convex": "backhand.formulas",
    "define": "backhand.functions",
    "fit_jax": "backhand.training.jax_fit",
    "from_onnx": "backhand.reading.onnx",
    "from_torch": "backhand.reading.torch",
    "grade": "backhand.grading.grade",
    "load_parameters": "backhand.exporting.parameters",
    "load_state_dict": "backhand.exporting.torch",
    "mark": "backhand.checking.marking",
    "model": "backhand.reading.meaning",
    "network": "backhand.reading.shorthand",
    "read": "backhand.reading.document",
    "save_parameters": "backhand.exporting.parameters",
    "state_dict": "backhand.exporting.torch",
    "sweep": "backhand.sweeping.sweep",
    "to_jax": "backhand.training.jax",
    "to_onnx": "backhand.exporting.onnx",
    "to_torch": "backhand.exporting.torch",
    "variants": "backhand.checking.variants",
}
"""A name is imported when it is first used, so that an import costs what it uses."""


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        found = getattr(import_module(_WHERE[name]), name)
    elif not name.startswith("_") and find_spec(f"{__name__}.{name}"):
        found = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
