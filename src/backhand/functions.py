"""The table of scalar functions: one entry each, and nothing about them anywhere else.

An entry has no defaults, so a forgotten rule is an error at import. Writers read `notation`,
the forward pass `value`, the chain rule `derivative`, the analysis of shapes the rest. To add a
function, call `define` with one entry; it can then be read, solved, differentiated and drawn.

Sources: Goodfellow, Bengio and Courville, Deep Learning (2016), sections 3.10 and 6.3;
Hendrycks and Gimpel, Gaussian Error Linear Units (2016), for GELU and SiLU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, Literal, ParamSpec, TypeAlias

import numpy as np

from backhand.errors import BackhandError
from backhand.expr import Expr, add, apply, compare, constant, number, power

Numeric: TypeAlias = Callable[[Any], Any] | Callable[[Any, Any], Any]
Derivative: TypeAlias = (
    Callable[[Expr, Expr], Expr | int] | Callable[[Expr, Expr, Expr], tuple[Expr, Expr]]
)


class Direction(Enum):
    """How a function moves as its (first) argument grows."""

    INCREASING = "increasing"
    DECREASING = "decreasing"
    NEITHER = "neither"


class Curvature(Enum):
    """How a function bends, in all its arguments together."""

    AFFINE = "affine"
    CONVEX = "convex"
    CONCAVE = "concave"
    NEITHER = "neither"


INCREASING, DECREASING = Direction.INCREASING, Direction.DECREASING
AFFINE, CONVEX, CONCAVE = Curvature.AFFINE, Curvature.CONVEX, Curvature.CONCAVE


@dataclass(frozen=True, slots=True)
class Interval:
    """The closed hull of a domain or range."""

    low: float
    high: float


REALS = Interval(-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Notation:
    """How a function is written.

    `prefix` stands before its argument in brackets, `fence` around it, `root` over it, `exponent`
    as the power of e. `latex` and `text` are the sign; a fence has its two ends in one string.
    """

    latex: str
    text: str
    style: Literal["prefix", "fence", "root", "exponent"] = "prefix"


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """One scalar function.

    `aliases`: other names under which it is read. `arity`: its number of arguments. `value`: on
    NumPy arrays, without overflow where the result is finite. `formula`: its textbook meaning in
    terms of other entries, or None for one that needs no explaining. `derivative`: the expression
    in terms of the output y and the inputs, a tuple of partial derivatives for more than one.
    `rational`: takes fractions to fractions, so that a working stays exact. `kinks`: where the
    derivative doesn't exist, in the argument (in first minus second, for two). `loop`: the same
    value as a line of Python on floats, `{x}` (or `{0}`, `{1}`) its arguments, `math` at hand.
    """

    name: str
    aliases: tuple[str, ...]
    arity: int
    notation: Notation
    value: Numeric
    formula: Callable[[Expr], Expr] | None
    derivative: Derivative
    domain: Interval
    range: Interval
    monotone: Direction
    curvature: Curvature
    kinks: tuple[float, ...]
    rational: bool
    loop: str

    def partials(self, output: Expr, *inputs: Expr) -> tuple[Expr, ...]:
        """The derivative by each input, in terms of the output and the inputs."""
        found = self.derivative(output, *inputs)
        each = found if isinstance(found, tuple) else (found,)
        return tuple(add(d) for d in each)


_Fields = ParamSpec("_Fields")

TABLE: dict[str, Function] = {}
READ_AS: dict[str, str] = {}
"""Every name under which a function is read, and the entry it means."""
COMPOSED_AS: dict[str, str] = {}
"""The same for the compositions, which share the one space of names."""
ARRAYS_AS: dict[str, str] = {}
"""The same for the functions of whole matrices."""


def claim(meanings: dict[str, str], name: str, aliases: Iterable[str]) -> None:
    """Let a name and its aliases mean one entry. Raises `BackhandError` where one is taken."""
    for each in (name, *aliases):
        if held := READ_AS.get(each) or COMPOSED_AS.get(each) or ARRAYS_AS.get(each):
            raise BackhandError(f"{each} already means {held}", "choose another name")
    meanings.update(dict.fromkeys((name, *aliases), name))


def _entered(make: Callable[_Fields, Function]) -> Callable[_Fields, Function]:
    """`make`, with what it makes put into the table."""

    def define(*args: _Fields.args, **fields: _Fields.kwargs) -> Function:
        function = make(*args, **fields)
        claim(READ_AS, function.name, function.aliases)
        TABLE[function.name] = function
        return function

    return define


define = _entered(Function)
"""Add an entry to the table: takes the fields of `Function`, every one of them.

Raises `BackhandError` where a name is taken, `TypeError` where a field is missing.
"""


def forget(name: str) -> None:
    """Take an entry out of the table again."""
    entry = TABLE.pop(name)
    for alias in (entry.name, *entry.aliases):
        del READ_AS[alias]


def exp(x: Expr) -> Expr:
    """e to the power x."""
    return apply("exp", x)


def log(x: Expr) -> Expr:
    """The natural logarithm."""
    return apply("log", x)


def sigmoid(x: Expr) -> Expr:
    """1 / (1 + e^-x)."""
    return apply("sigmoid", x)


_erf = np.vectorize(math.erf, otypes=[float])
_PI = constant("pi")
_HALF = number(Fraction(1, 2))
_GELU_C = apply("sqrt", 2 / _PI)


def _normal(x: Expr) -> Expr:
    """The standard normal density at x."""
    return exp(-(x**2) / 2) / apply("sqrt", 2 * _PI)


def _np_sigmoid(x: Any) -> Any:
    # Neither power overflows, and a small result keeps all its digits.
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def _np_leaky_relu(x: Any) -> Any:
    return np.maximum(x, x / 100)


def _np_gelu_tanh(x: Any) -> Any:
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def _gelu_tanh_inner(x: Expr) -> Expr:
    return _GELU_C * (x + number(Fraction(44715, 1000000)) * x**3)


# ---- activations -------------------------------------------------------------------------------

define(
    name="identity",
    aliases=("linear", "id"),
    arity=1,
    notation=Notation(r"\mathrm{id}", "id"),
    value=lambda x: x,
    formula=lambda x: x,
    derivative=lambda y, x: 1,
    domain=REALS,
    range=REALS,
    monotone=INCREASING,
    curvature=AFFINE,
    kinks=(),
    rational=True,
    loop="{x}",
)
define(
    name="relu",
    aliases=("ReLU", "ReLu", "Relu", "RELU"),
    arity=1,
    notation=Notation(r"\mathrm{ReLU}", "ReLU"),
    value=lambda x: np.maximum(x, 0),
    formula=lambda x: apply("max", 0, x),
    derivative=lambda y, x: compare(x, ">", 0),
    domain=REALS,
    range=Interval(0, math.inf),
    monotone=INCREASING,
    curvature=CONVEX,
    kinks=(0,),
    rational=True,
    loop="({x} if {x} > 0 else 0.0)",
)
define(
    name="leaky_relu",
    aliases=("LeakyReLU", "leakyrelu", "leaky"),
    arity=1,
    notation=Notation(r"\mathrm{LeakyReLU}", "LeakyReLU"),
    value=_np_leaky_relu,
    formula=lambda x: apply("max", x / 100, x),
    derivative=lambda y, x: Fraction(1, 100) + number(Fraction(99, 100)) * compare(x, ">", 0),
    domain=REALS,
    range=REALS,
    monotone=INCREASING,
    curvature=CONVEX,
    kinks=(0,),
    rational=True,
    loop="({x} if {x} > 0 else 0.01 * {x})",
)
define(
    name="sigmoid",
    aliases=("sigma", "logistic", "expit", "Sigmoid"),
    arity=1,
    notation=Notation(r"\sigma", "σ"),
    value=_np_sigmoid,
    formula=lambda x: 1 / (1 + exp(-x)),
    derivative=lambda y, x: y * (1 - y),
    domain=REALS,
    range=Interval(0, 1),
    monotone=INCREASING,
    curvature=Curvature.NEITHER,
    kinks=(),
    rational=False,
    loop="((1.0 if {x} > 0 else math.exp(-abs({x}))) / (1.0 + math.exp(-abs({x}))))",
)
define(
    name="tanh",
    aliases=("Tanh",),
    arity=1,
    notation=Notation(r"\tanh", "tanh"),
    value=np.tanh,
    formula=lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)),
    derivative=lambda y, x: 1 - y**2,
    domain=REALS,
    range=Interval(-1, 1),
    monotone=INCREASING,
    curvature=Curvature.NEITHER,
    kinks=(),
    rational=False,
    loop="math.tanh({x})",
)
define(
    name="softplus",
    aliases=("Softplus",),
    arity=1,
    notation=Notation(r"\mathrm{softplus}", "softplus"),
    value=lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    formula=lambda x: log(1 + exp(x)),
    derivative=lambda y, x: sigmoid(x),
    domain=REALS,
    range=Interval(0, math.inf),
    monotone=INCREASING,
    curvature=CONVEX,
    kinks=(),
    rational=False,
    loop="(max({x}, 0.0) + math.log1p(math.exp(-abs({x}))))",
)
define(
    name="gelu",
    aliases=("GELU",),
    arity=1,
    notation=Notation(r"\mathrm{GELU}", "GELU"),
    value=lambda x: 0.5 * x * (1.0 + _erf(x / math.sqrt(2))),
    formula=lambda x: x * (1 + apply("erf", x / apply("sqrt", 2))) / 2,
    derivative=lambda y, x: (1 + apply("erf", x / apply("sqrt", 2))) / 2 + x * _normal(x),
    domain=REALS,
    range=Interval(-0.16997120747990369, math.inf),
    monotone=Direction.NEITHER,
    curvature=Curvature.NEITHER,
    kinks=(),
    rational=False,
    loop="0.5 * {x} * (1.0 + math.erf({x} / math.sqrt(2.0)))",
)
define(
    name="gelu_tanh",
    aliases=("GELUtanh",),
    arity=1,
    notation=Notation(r"\mathrm{GELUtanh}", "GELUtanh"),
    value=_np_gelu_tanh,
    formula=lambda x: x * (1 + apply("tanh", _gelu_tanh_inner(x))) / 2,
    derivative=lambda y, x: (
        (1 + apply("tanh", _gelu_tanh_inner(x))) / 2
        + x
        * (1 - apply("tanh", _gelu_tanh_inner(x)) ** 2)
        * _GELU_C
        * (1 + number(Fraction(134145, 1000000)) * x**2)
        / 2
    ),
    domain=REALS,
    range=Interval(-0.17004075057125412, math.inf),
    monotone=Direction.NEITHER,
    curvature=Curvature.NEITHER,
    kinks=(),
    rational=False,
    loop="0.5 * {x} * (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * ({x} + 0.044715 * {x} ** 3)))",
)
define(
    name="silu",
    aliases=("SiLU", "swish", "Swish"),
    arity=1,
    notation=Notation(r"\mathrm{SiLU}", "SiLU"),
    value=lambda x: x * _np_sigmoid(x),
    formula=lambda x: x * sigmoid(x),
    derivative=lambda y, x: sigmoid(x) + y * (1 - sigmoid(x)),
    domain=REALS,
    range=Interval(-0.27846454276107380, math.inf),
    monotone=Direction.NEITHER,
    curvature=Curvature.NEITHER,
    kinks=(),
    rational=False,
    loop="({x} * (1.0 if {x} > 0 else math.exp(-abs({x}))) / (1.0 + math.exp(-abs({x}))))",
)

# ---- elementary functions ----------------------------------------------------------------------

define(
    name="exp",
    aliases=(),
    arity=1,
    notation=Notation("e", "exp", "exponent"),
    value=np.exp,
    formula=None,
    derivative=lambda y, x: y,
    domain=REALS,
    range=Interval(0, math.inf),
    monotone=INCREASING,
    curvature=CONVEX,
    kinks=(),
    rational=False,
    loop="math.exp({x})",
)
define(
    name="log",
    aliases=("ln",),
    arity=1,
    notation=Notation(r"\log", "log"),
    value=np.log,
    formula=None,
    derivative=lambda y, x: 1 / x,
    domain=Interval(0, math.inf),
    range=REALS,
    monotone=INCREASING,
    curvature=CONCAVE,
    kinks=(),
    rational=False,
    loop="math.log({x})",
)
define(
    name="sqrt",
    aliases=(),
    arity=1,
    notation=Notation(r"\sqrt", "√", "root"),
    value=np.sqrt,
    formula=lambda x: power(x, _HALF),
    derivative=lambda y, x: 1 / (2 * y),
    domain=Interval(0, math.inf),
    range=Interval(0, math.inf),
    monotone=INCREASING,
    curvature=CONCAVE,
    kinks=(0,),
    rational=False,
    loop="math.sqrt({x})",
)
define(
    name="erf",
    aliases=(),
    arity=1,
    notation=Notation(r"\mathrm{erf}", "erf"),
    value=_erf,
    formula=None,
    derivative=lambda y, x: 2 * exp(-(x**2)) / apply("sqrt", _PI),
    domain=REALS,
    range=Interval(-1, 1),
    monotone=INCREASING,
    curvature=Curvature.NEITHER,
    kinks=(),
    rational=False,
    loop="math.erf({x})",
)
define(
    name="sin",
    aliases=(),
    arity=1,
    notation=Notation(r"\sin", "sin"),
    value=np.sin,
    formula=None,
    derivative=lambda y, x: apply("cos", x),
    domain=REALS,
    range=Interval(-1, 1),
    monotone=Direction.NEITHER,
    curvature=Curvature.NEITHER,
    kinks=(),
    rational=False,
    loop="math.sin({x})",
)
define(
    name="cos",
    aliases=(),
    arity=1,
    notation=Notation(r"\cos", "cos"),
    value=np.cos,
    formula=None,
    derivative=lambda y, x: -apply("sin", x),
    domain=REALS,
    range=Interval(-1, 1),
    monotone=Direction.NEITHER,
    curvature=Curvature.NEITHER,
    kinks=(),
    rational=False,
    loop="math.cos({x})",
)
define(
    name="tan",
    aliases=(),
    arity=1,
    notation=Notation(r"\tan", "tan"),
    value=np.tan,
    formula=lambda x: apply("sin", x) / apply("cos", x),
    derivative=lambda y, x: 1 + y**2,
    domain=REALS,
    range=REALS,
    # Increasing between two poles only, so of the whole line nothing can be said.
    monotone=Direction.NEITHER,
    curvature=Curvature.NEITHER,
    kinks=(),
    rational=False,
    loop="math.tan({x})",
)
define(
    name="abs",
    aliases=(),
    arity=1,
    notation=Notation(r"\left|\right|", "||", "fence"),
    value=np.abs,
    formula=lambda x: apply("max", x, -x),
    derivative=lambda y, x: compare(x, ">", 0) - compare(-x, ">", 0),
    domain=REALS,
    range=Interval(0, math.inf),
    monotone=Direction.NEITHER,
    curvature=CONVEX,
    kinks=(0,),
    rational=True,
    loop="abs({x})",
)
define(
    name="max",
    aliases=("maximum",),
    arity=2,
    notation=Notation(r"\max", "max"),
    value=np.maximum,
    formula=None,
    derivative=lambda y, a, b: (compare(a, ">", b), compare(b, ">=", a)),
    domain=REALS,
    range=REALS,
    monotone=INCREASING,
    curvature=CONVEX,
    kinks=(0,),
    rational=True,
    loop="max({0}, {1})",
)
define(
    name="min",
    aliases=("minimum",),
    arity=2,
    notation=Notation(r"\min", "min"),
    value=np.minimum,
    formula=None,
    derivative=lambda y, a, b: (compare(b, ">", a), compare(a, ">=", b)),
    domain=REALS,
    range=REALS,
    monotone=INCREASING,
    curvature=CONCAVE,
    kinks=(0,),
    rational=True,
    loop="min({0}, {1})",
)

BUILT_IN = frozenset(TABLE)
"""What comes with Backhand: the page, whose functions are written when it is built, has these."""
