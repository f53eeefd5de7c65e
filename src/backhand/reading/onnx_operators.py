"""The ONNX operators that make numbers: entry by entry, sums, norms, convolution and pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial, reduce
from math import prod

from backhand.expr import Expr, number
from backhand.reading import layers
from backhand.reading.arrays import Array, matmul, summed, transposed
from backhand.reading.onnx_nodes import Node, Operator, axes_of, decimal, entry
from backhand.reading.windows import Window, average_pool, convolution, max_pool

MAX_WINDOW = 1000
"""The largest of more entries than this makes no formula."""
NUMBERS: dict[str, Operator] = {}
"""Every operator of this kind, by its name in ONNX."""

# ---- entry by entry ----------------------------------------------------------------------------

_TABLE = (
    "Abs",
    "Cos",
    "Erf",
    "Exp",
    "Log",
    "Relu",
    "Sigmoid",
    "Sin",
    "Softplus",
    "Sqrt",
    "Tan",
    "Tanh",
)
"""Functions of Backhand's own table."""
_UNARY: dict[str, Callable[[Array], Array]] = {
    "Identity": lambda x: x,
    "Cast": lambda x: x,
    "Dropout": lambda x: x,
    "Neg": lambda x: x * -1,
    "Reciprocal": lambda x: x**-1,
    "Softsign": lambda x: x / (x.apply("abs") + 1),
    "Mish": lambda x: x * x.apply("softplus").apply("tanh"),
}
_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Div": lambda a, b: a / b,
    "Pow": lambda a, b: a**b,
    "Max": lambda a, b: a.largest(b),
    "Min": lambda a, b: a.least(b),
    "Sum": lambda a, b: a + b,
}
ACTIVATIONS = frozenset(
    {*_TABLE, "Softsign", "Mish", "LeakyRelu", "Elu", "Swish", "HardSigmoid", "Gelu", "Softmax"}
)
"""What makes an activation z of a pre-activation a."""


def _number(node: Node, name: str, default: float) -> Expr:
    """An attribute as an exact number."""
    return layers.exact(decimal(node.option(name, default)))


def _from_table(function: str, node: Node) -> Sequence[Array]:
    return (node.array(0).apply(function),)


def _unary(function: Callable[[Array], Array], node: Node) -> Sequence[Array]:
    return (function(node.array(0)),)


def _binary(function: Callable[[Array, Array], Array], node: Node) -> Sequence[Array]:
    stem = "b" if node.operator == "Add" else ""
    return (reduce(function, [node.array(at, stem) for at in range(node.count)]),)


for _name in _TABLE:
    NUMBERS[_name] = partial(_from_table, _name.lower())
for _name, _one in _UNARY.items():
    NUMBERS[_name] = partial(_unary, _one)
for _name, _two in _BINARY.items():
    NUMBERS[_name] = partial(_binary, _two)


@entry(NUMBERS, "LeakyRelu")
def _leaky_relu(node: Node) -> Array:
    x, slope = node.array(0), _number(node, "alpha", 0.01)
    if slope is number(Fraction(1, 100)):
        return x.apply("leaky_relu")
    if not 0 <= node.option("alpha") <= 1:
        raise node.refuse("its slope is not between 0 and 1")
    return (x * slope).largest(x)


@entry(NUMBERS, "Elu")
def _elu(node: Node) -> Array:
    x = node.array(0)
    return x.apply("relu") + (x.least(0).apply("exp") - 1) * _number(node, "alpha", 1.0)


@entry(NUMBERS, "Swish")
def _swish(node: Node) -> Array:
    x = node.array(0)
    return x * (x * _number(node, "alpha", 1.0)).apply("sigmoid")


@entry(NUMBERS, "HardSigmoid")
def _hard_sigmoid(node: Node) -> Array:
    line = node.array(0) * _number(node, "alpha", 0.2) + _number(node, "beta", 0.5)
    return line.least(1).largest(0)


@entry(NUMBERS, "Gelu")
def _gelu(node: Node) -> Array:
    tanh = node.option("approximate", b"none") == b"tanh"
    return node.array(0).apply("gelu_tanh" if tanh else "gelu")


# ---- products and sums -------------------------------------------------------------------------


@entry(NUMBERS, "MatMul")
def _matmul(node: Node) -> Array:
    return matmul(node.array(0, "W"), node.array(1, "W"))


@entry(NUMBERS, "Gemm")
def _gemm(node: Node) -> Array:
    left, right = node.array(0), node.array(1, "W")
    if node.option("transA", 0):
        left = transposed(left, (1, 0))
    if node.option("transB", 0):
        right = transposed(right, (1, 0))
    found = matmul(left, right) * _number(node, "alpha", 1.0)
    if not node.has(2):
        return found
    return found + node.array(2, "b") * _number(node, "beta", 1.0)


_REDUCTIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array, int], Array]]] = {
    "ReduceSum": (lambda x: x, lambda s, n: s),
    "ReduceMean": (lambda x: x, lambda s, n: s / n),
    "ReduceSumSquare": (lambda x: x**2, lambda s, n: s),
    "ReduceL1": (lambda x: x.apply("abs"), lambda s, n: s),
    "ReduceL2": (lambda x: x**2, lambda s, n: s.apply("sqrt")),
    "ReduceLogSumExp": (lambda x: x.apply("exp"), lambda s, n: s.apply("log")),
}
"""What is done to the entries before they are added, and to their sum."""


def _reduction(
    before: Callable[[Array], Array], after: Callable[[Array, int], Array], node: Node
) -> Sequence[Array]:
    x = node.array(0)
    along = axes_of(node, x.rank)
    sums = summed(before(x), along, bool(node.option("keepdims", 1)))
    return (after(sums, prod(x.shape[axis] for axis in along)),)


for _name, (_before, _after) in _REDUCTIONS.items():
    NUMBERS[_name] = partial(_reduction, _before, _after)


# ---- over an axis ------------------------------------------------------------------------------


@entry(NUMBERS, "Softmax")
def _softmax(node: Node) -> Array:
    return layers.softmax(node.array(0), node.option("axis", -1))


@entry(NUMBERS, "LogSoftmax")
def _log_softmax(node: Node) -> Array:
    return layers.log_softmax(node.array(0), node.option("axis", -1))


@entry(NUMBERS, "LayerNormalization")
def _layer_normalization(node: Node) -> Array:
    if node.outputs > 1:
        raise node.refuse("mean and deviation as results of their own are not read")
    x = node.array(0)
    axes = x.rank - node.option("axis", -1) % x.rank
    shift = node.array(2, "beta") if node.has(2) else None
    epsilon = decimal(node.option("epsilon", 1e-5))
    return layers.layer_norm(node.define, x, axes, epsilon, node.array(1, "gamma"), shift)


@entry(NUMBERS, "BatchNormalization")
def _batch_normalization(node: Node) -> Array:
    if node.option("training_mode", 0) or node.outputs > 1:
        raise node.refuse("it is in training mode; export the model in evaluation mode")
    gamma, beta = node.array(1, "gamma"), node.array(2, "beta")
    running = node.array(3, "mu"), node.array(4, "v")
    epsilon = decimal(node.option("epsilon", 1e-5))
    return layers.batch_norm(node.define, node.array(0), epsilon, gamma, beta, running)


# ---- windows -----------------------------------------------------------------------------------


def window_of(node: Node, spatial: tuple[int, ...], kernel: tuple[int, ...]) -> Window:
    """The window of a convolution or a pooling."""
    rank = len(spatial)
    strides = tuple(node.option("strides", (1,) * rank))
    dilations = tuple(node.option("dilations", (1,) * rank))
    pads = tuple(node.option("pads", (0,) * (2 * rank)))
    automatic = node.option("auto_pad", b"NOTSET")
    if automatic in (b"SAME_UPPER", b"SAME_LOWER"):
        reach = zip(spatial, strides, kernel, dilations, strict=True)
        missing = [max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0) for n, s, k, d in reach]
        low = [m // 2 if automatic == b"SAME_UPPER" else m - m // 2 for m in missing]
        pads = (*low, *(m - first for m, first in zip(missing, low, strict=True)))
    if node.option("ceil_mode", 0):
        raise node.refuse("ceil_mode is not read")
    return Window(kernel, strides, dilations, pads[:rank], pads[rank:])


@entry(NUMBERS, "Conv")
def _conv(node: Node) -> Array:
    x, kernel = node.array(0), node.array(1, "W")
    window = window_of(node, x.shape[2:], kernel.shape[2:])
    out = convolution(x, kernel, window, node.option("group", 1))
    if not node.has(2):
        return out
    return out + layers.by_channel(node.array(2, "b"), x.rank)


@entry(NUMBERS, "MaxPool")
def _max_pool(node: Node) -> Array:
    x = node.array(0)
    window = window_of(node, x.shape[2:], tuple(node.option("kernel_shape")))
    if any((*window.before, *window.after)) or node.outputs > 1:
        raise node.refuse("padding and indices are not read")
    if prod(window.kernel) > MAX_WINDOW:
        raise node.refuse(f"its window has over {MAX_WINDOW} entries")
    return max_pool(x, window)


@entry(NUMBERS, "AveragePool")
def _average_pool(node: Node) -> Array:
    x = node.array(0)
    window = window_of(node, x.shape[2:], tuple(node.option("kernel_shape")))
    if any((*window.before, *window.after)) and not node.option("count_include_pad", 0):
        raise node.refuse("padding that the mean leaves out is not read")
    return average_pool(x, window)


@entry(NUMBERS, "GlobalAveragePool")
def _global_average_pool(node: Node) -> Array:
    x = node.array(0)
    return summed(x, range(2, x.rank), keep=True) / prod(x.shape[2:])
