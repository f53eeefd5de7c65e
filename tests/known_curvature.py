"""Functions of known curvature, from the literature's standard atoms and compositions of them.

Boyd and Vandenberghe, Convex Optimization (2004), sections 3.1.5, 3.2 and 3.5 and their exercises;
the table of atomic functions in CVXPY's manual; Grant, Boyd and Ye (2006); the losses and
activations of neural networks.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from backhand.functions import Interval
from backhand.graph import Graph
from backhand.reading.meaning import model


@dataclass(frozen=True)
class Known:
    """`f` of the `variables`, each a name, perhaps a size and limits: `x`, `x:3`, `0<x<1`, `x>0`."""

    variables: str
    f: str
    truth: str

    def __str__(self) -> str:
        return f"{self.f} of {self.variables}"

    def graph(self) -> Graph:
        """The function as a graph with the scalar f."""
        spaces = [
            f"{name} in R" + (f"^{size}" if size else "") for name, size, _, _ in self._read()
        ]
        return model("; ".join([*spaces, f"f = {self.f}"]))

    @property
    def domain(self) -> dict[str, Interval]:
        """The limits of the variables that have some."""
        return {
            name: Interval(low, high)
            for name, _, low, high in self._read()
            if (low, high) != (-math.inf, math.inf)
        }

    def _read(self) -> list[tuple[str, str, float, float]]:
        found: list[tuple[str, str, float, float]] = []
        for part in self.variables.split():
            below, name, size, sign, end = re.fullmatch(  # type: ignore[union-attr]
                r"(?:([-\d.]+)<)?([a-z])(?::(\d+))?(?:([<>])([-\d.]+))?", part
            ).groups()
            low = float(below) if below else float(end) if sign == ">" else -math.inf
            high = float(end) if sign == "<" else math.inf
            found.append((name, size or "", low, high))
        return found


def _all(truth: str, *cases: tuple[str, str]) -> tuple[Known, ...]:
    return tuple(Known(variables, f, truth) for variables, f in cases)


AFFINE = _all(
    "affine",
    ("x", "x"),
    ("x", "3 - 2x"),
    ("x y", "2x - y/3 + 1"),
    ("x:4", "sum_{i=1}^4 x_i"),
    ("x", "(x+1)^2 - x^2"),
    ("x>0 y>0", "x + max(y, 0)"),
    ("x", "x/2 + x/3 - 7"),
    ("x y", "(x+y)(x-y) - x^2 + y^2 + x"),
    ("x:3", "x_1 - 2 x_2 + x_3"),
    ("x>0", "abs(x)"),
    ("x<0", "abs(x)"),
    ("x>0", "relu(x) + 1"),
    ("x>0", "sqrt(x^2)"),
    ("x>0", "log(exp(2x))"),
)
CONVEX_ONE = _all(
    "convex",
    ("x", "x^2"),
    ("x", "x^4"),
    ("x", "x^6 + x^2"),
    ("x", "abs(x)"),
    ("x", "abs(x)^3"),
    ("x", "abs(x)^(3/2)"),
    ("x", "exp(x)"),
    ("x", "exp(-3x+1)"),
    ("x", "2^x"),
    ("x", "(1/2)^x"),
    ("x", "max(x, 0)"),
    ("x", "relu(x)"),
    ("x", "relu(x)^2"),
    ("x", "relu(1-x)"),
    ("x", "leaky_relu(x)"),
    ("x", "softplus(x)"),
    ("x", "log(1+exp(x))"),
    ("x", "log(1+exp(-x))"),
    ("x", "-log(sigmoid(x))"),
    ("x", "-log(1-sigmoid(x))"),
    ("x", "log(exp(x)+exp(-x))"),
    ("x", "exp(x^2)"),
    ("x", "exp(abs(x))"),
    ("x", "exp(exp(x))"),
    ("x", "sqrt(1+x^2)"),
    ("x", "sqrt(4+(x-1)^2) - x"),
    ("x", "(exp(x)+exp(-x))/2"),
    ("x", "x^4 - x^3 + x^2"),
    ("x", "x^4 + 2x^2 - 5x + 1"),
    ("x", "x^2 + abs(x-1) + exp(x)"),
    ("x", "max(x^2, 1-x)"),
    ("x", "max(max(x, -x), 1)"),
    ("x", "abs(x-1) + abs(x+1)"),
    ("x", "max(abs(x)-1, 0)"),
    ("x", "relu(x)^3 + relu(-x)^3"),
    ("x", "x^2 exp(-log(2))"),
    ("x", "(x-3)^2/2 + 4x"),
    ("x", "softplus(x) - x/2"),
    ("x", "x + exp(-x)"),
    ("x", "-min(x, 2-x)"),
    ("x", "log(1+exp(x)+exp(2x))"),
    ("x", "x^2/2 - cos(x)/2"),
    ("x", "2x^2 + sin(x)"),
    ("x", "(x^2+1)^2"),
    ("x", "(x^2+1)^(3/2)"),
    ("x", "x sigmoid(x) + x^2"),
    ("x>0", "1/x"),
    ("x>0", "1/x^2"),
    ("x>0", "x^3"),
    ("x>0", "x^(3/2)"),
    ("x>0", "x^(-1/2)"),
    ("x>0", "x + 1/x"),
    ("x>0", "-sqrt(x)"),
    ("x>0", "-x^(1/3)"),
    ("x", "-log(x)"),
    ("x", "x log(x)"),
    ("x>0", "x log(x) - x + 1"),
    ("x", "-sqrt(x)"),
    ("x>0", "exp(1/x)"),
    ("x>0", "x exp(x)"),
    ("x>0", "-tanh(x)"),
    ("x<0", "sigmoid(x)"),
    ("x<0", "tanh(x)"),
    ("x<0", "-1/x"),
    ("x<0", "-x^3"),
    ("x>0", "-log(1-exp(-x))"),
    ("x>0", "x^2/(x+1)"),
    ("x>0", "1/(x+1) + x"),
    ("x>0", "1/sqrt(x)"),
    ("x>0", "-x/(1+x)"),
    ("x>1", "-log(log(x))"),
    ("-1<x<1", "-sqrt(1-x^2)"),
    ("-1<x<1", "1/(1-x^2)"),
    ("-1<x<1", "-log(1-x^2)"),
    ("-1<x<1", "-log(1-x) - log(1+x)"),
    ("-1<x<1", "-cos(x)"),
    ("-1.5<x<1.5", "1/cos(x)"),
    ("0<x<1", "tan(x)"),
    ("0<x<1", "x log(x) + (1-x) log(1-x)"),
    ("0<x<1", "-log(x) - log(1-x)"),
    ("0<x<3", "-sin(x)"),
    ("-1<x<1", "silu(x)"),
    ("-1<x<1", "gelu(x)"),
    ("-0.5<x<0.5", "exp(-x^2) * (-1)"),
    ("x>2", "x^3 - 3x^2"),
    ("x>1", "exp(-x^2/2)"),
    ("x>0", "-erf(x)"),
)
CONVEX_MANY = _all(
    "convex",
    ("x y", "x^2 + y^2"),
    ("x y", "x^2 + x y + y^2"),
    ("x y", "x^2 + 2x y + y^2"),
    ("x y", "(x-2y+1)^2"),
    ("x y", "abs(x) + abs(y)"),
    ("x y", "max(x, y)"),
    ("x y", "max(abs(x), abs(y))"),
    ("x y", "sqrt(x^2+y^2)"),
    ("x y", "sqrt(x^2+x y+y^2)"),
    ("x y", "sqrt(1+x^2+y^2)"),
    ("x y", "log(exp(x)+exp(y))"),
    ("x y", "log(1+exp(x)+exp(y))"),
    ("x y", "log(exp(2x+1)+3exp(-y))"),
    ("x y", "exp(x+y)"),
    ("x y", "exp(x^2+y^2)"),
    ("x y", "(abs(x)^3+abs(y)^3)^(1/3)"),
    ("x y", "(x^4+y^4)^(1/4)"),
    ("x y", "x^4 + x^2 y^2 + y^4"),
    ("x y", "(x^2+y^2)^2"),
    ("x y", "max(x^2+y^2, exp(x-y))"),
    ("x y", "relu(x+y) + relu(-x)"),
    ("x y", "relu(1-x)^2 + (y/3)^2"),
    ("x y", "exp(x) + exp(y) + exp(-x-y)"),
    ("x y", "abs(x-y) + (x+y)^2"),
    ("x y", "sqrt((x-1)^2+(2y+1)^2) + sqrt(x^2+y^2)"),
    ("x y", "log(exp(x+y)+exp(x-y)) + x^2"),
    ("x y>0", "x^2/y"),
    ("x y>0", "x^4/y^2"),
    ("x>0 y>0", "x^3/y^2"),
    ("x>0 y>0", "1/(x y)"),
    ("x>0 y>0", "1/sqrt(x y)"),
    ("x>0 y>0", "x log(x/y)"),
    ("x>0 y>0", "x log(x/y) - x + y"),
    ("x y>0", "y exp(x/y)"),
    ("x y>0", "y log(1+exp(x/y))"),
    ("x>0 y>0", "-sqrt(x y)"),
    ("x>0 y>0", "-x^(1/3) y^(2/3)"),
    ("x>0 y>0", "-log(x) - log(y)"),
    ("x>0 y>0", "-log(x y)"),
    ("x>0 y>0", "-x y/(x+y)"),
    ("x>0 y>0", "1/x + 1/y + x y^0"),
    ("x>0 y>0", "(x+y)^2/(x+1)"),
    ("x y>0", "abs(x)^3/y^2"),
    ("x>0 y>0", "-y log(x/y)"),
    ("x y z", "max(max(x, y), z)"),
    ("x y z", "sqrt(x^2+y^2+z^2)"),
    ("x y z", "log(exp(x)+exp(y)+exp(z))"),
    ("x y z>0", "(x^2+y^2)/z"),
    ("x>0 y>0 z>0", "-(x y z)^(1/3)"),
    ("x>0 y>0 z>0", "1/(x y z)"),
    ("x y z", "x^2 + y^2 + z^2 - x y - y z"),
    ("x:3", "sum_{i=1}^3 x_i^2"),
    ("x:3", "sum_{i=1}^3 abs(x_i)"),
    ("x:5", "sqrt(sum_{i=1}^5 x_i^2)"),
    ("x:5", "log(sum_{i=1}^5 exp(x_i))"),
    ("x:4", "logsumexp(x)"),
    ("x:3", "sum_{i=1}^3 x_i log(x_i)"),
    ("x:3", "-sum_{i=1}^3 log(x_i)"),
    ("x:3", "norm(x)"),
    ("x:3", "norm(x)^2 + logsumexp(x)"),
    ("x:3", "sum_{i=1}^3 relu(1 - x_i)"),
    ("x:3", "sum_{i=1}^3 softplus(x_i) - x_1"),
    ("x:3>0", "sum_{i=1}^3 1/x_i"),
    ("x:4", "abs(x_1-x_2) + abs(x_2-x_3) + abs(x_3-x_4)"),
    ("x:3", "logsumexp(x) - (x_1+x_2)/2"),
    ("x:3 y:3", "sum_{i=1}^3 (x_i-y_i)^2"),
)
CONCAVE = _all(
    "concave",
    ("x", "-x^2"),
    ("x", "log(x)"),
    ("x", "sqrt(x)"),
    ("x", "min(x, 1)"),
    ("x", "min(min(x, 1-x), 0)"),
    ("x", "-abs(x)"),
    ("x", "log(sigmoid(x))"),
    ("x", "log(1-sigmoid(x))"),
    ("x", "-exp(x) + x"),
    ("x", "1 - exp(-x)"),
    ("x", "log(2-x) + sqrt(x)"),
    ("x", "-softplus(-x)"),
    ("x", "-x log(x)"),
    ("x>0", "tanh(x)"),
    ("x>0", "sigmoid(x)"),
    ("x>0", "x/(1+x)"),
    ("x>0", "log(1+x)"),
    ("x>0", "x^(2/3)"),
    ("x>0", "erf(x)"),
    ("0<x<3", "sin(x)"),
    ("0<x<1", "x(1-x)"),
    ("0<x<1", "-x log(x) - (1-x) log(1-x)"),
    ("x>0 y>0", "sqrt(x y)"),
    ("x>0 y>0", "2/(1/x+1/y)"),
    ("x>0 y>0", "x^(1/4) y^(1/2)"),
    ("x>0 y>0", "log(x) + log(y)"),
    ("x>0 y>0", "log(x+y)"),
    ("x>0 y>0", "min(sqrt(x), log(y))"),
    ("x y", "min(x, y) - x^2"),
    ("x y", "-log(exp(x)+exp(y))"),
    ("x y", "log(1-x^2-y^2)"),
    ("x y", "sqrt(1-x^2-y^2)"),
    ("x>0 y>0", "(sqrt(x)+sqrt(y))^2"),
    ("x>0 y>0", "y log(x/y)"),
    ("x:3>0", "sum_{i=1}^3 sqrt(x_i)"),
    ("x:3>0", "log(sum_{i=1}^3 x_i)"),
)
NEITHER = _all(
    "neither",
    ("x", "x^3"),
    ("x", "x^3 - x"),
    ("x", "x^4 - 2x^2"),
    ("x", "sin(x)"),
    ("x", "cos(x)"),
    ("x", "sigmoid(x)"),
    ("x", "tanh(x)"),
    ("x", "silu(x)"),
    ("x", "gelu(x)"),
    ("x", "erf(x)"),
    ("x", "exp(-x^2)"),
    ("x", "x exp(x)"),
    ("x", "1/(1+x^2)"),
    ("x", "log(1+x^2)"),
    ("x", "abs(abs(x)-1)"),
    ("x", "min(x^2, 1)"),
    ("x", "sqrt(abs(x))"),
    ("x", "(1-sigmoid(x))^2"),
    ("x", "(1-tanh(x))^2"),
    ("x", "relu(x) - relu(x-1)"),
    ("x", "max(min(x, 1), -1)"),
    ("x", "x^2 + 3cos(2x)"),
    ("x", "sigmoid(x)(1-sigmoid(x))"),
    ("x", "x sin(x)"),
    ("x", "(x^2-1)^2"),
    ("x>0", "x^2 - x^3"),
    ("x>0", "log(x)^2"),
    ("x>0", "x - sqrt(x) - x^2/100 + x^3/1000 - x^3/500"),
    ("x>0", "sin(x)"),
    ("x>0", "1/x - 1/x^2"),
    ("x y", "x y"),
    ("x y", "x^2 - y^2"),
    ("x y", "x^2 + 3x y + y^2"),
    ("x y", "x^3 + y^3"),
    ("x y", "exp(x) - exp(y)"),
    ("x y", "x^2 y"),
    ("x y", "x^2 y^2"),
    ("x y", "max(x, y) + min(x, -y)"),
    ("x y", "sqrt(x^2+y^2) - 2abs(x)"),
    ("x y", "relu(x) relu(y)"),
    ("x y", "y relu(x)"),
    ("x y", "(1 - y relu(x))^2"),
    ("x y", "(1 - sigmoid(x y))^2"),
    ("x y", "x sigmoid(y)"),
    ("x y", "log(1+exp(x y))"),
    ("x>0 y>0", "x/y"),
    ("x>0 y>0", "x y"),
    ("x>0 y>0", "x^2 y^(1/2)"),
    ("x y", "sin(x+y)"),
    ("x y", "x exp(y)"),
    ("x:3", "x_1 x_2 x_3"),
    ("x:3", "sum_{i=1}^3 sigmoid(x_i)"),
    ("x:3", "x_1^2 - x_2^2 + x_3"),
    ("x y z", "x y + y z + z x"),
    ("x:3", "exp(x_1)/sum_{i=1}^3 exp(x_i)"),
)
KNOWN = AFFINE + CONVEX_ONE + CONVEX_MANY + CONCAVE + NEITHER
